# For check.sh: runs the steps of a test run, whose output goes to the directory "$logs", and counts the tests in them.
passed=0
failed=0
failures=() # "step: test"
declare -A said=()

# The names of cmocka's and of unittest's tests that failed.
failed_tests() { # LOG
    sed -nE 's/^\[  FAILED  \] ([A-Za-z_].*)/\1/p; s/^(FAIL|ERROR): ([A-Za-z_]+ \(.*)/\2/p' "$1" | sort -u
}

# step NAME COMMAND...: runs it, and adds up what it counted: cmocka's closing lines, or "N passed, N failed". A step that
# counts nothing is one test.
step() {
    local name=$1 log="$logs/$1.log" begin=$SECONDS status ok bad line
    shift
    "$@" >"$log" 2>&1
    status=$?
    ok=$(sed -nE 's/^(.*: )?([0-9]+) passed, [0-9]+ failed.*/\2/p; s/^\[  PASSED  \] ([0-9]+) test.*/\1/p' "$log" |
        awk '{ sum += $1 } END { print sum + 0 }')
    bad=$(sed -nE 's/^(.*: )?[0-9]+ passed, ([0-9]+) failed.*/\2/p; s/^\[  FAILED  \] ([0-9]+) test.*/\1/p' "$log" |
        awk '{ sum += $1 } END { print sum + 0 }')
    if [ "$status" = 0 ] && [ "$ok" = 0 ]; then ok=1; fi
    if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    printf '%-44s %4d passed, %d failed, %d s\n' "$name" "$ok" "$bad" $((SECONDS - begin))
    while IFS= read -r line; do # once, however many steps skip it
        [ -n "${said[$line]:-}" ] || echo "$line"
        said[$line]=1
    done < <(grep -E '^skipped: |^\[  SKIPPED \] [a-z]' "$log" | sort -u)
    if [ "$bad" != 0 ]; then
        mapfile -t -O "${#failures[@]}" failures < <(failed_tests "$log" | sed "s|^|$name: |" | grep . ||
            echo "$name: status $status")
    fi
    if [ "$status" != 0 ]; then
        echo "---- $name: status $status; the end of $log:"
        tail -n 60 "$log"
        echo "----"
    fi
    return "$status"
}

finish() {
    [ "$failed" = 0 ] || printf 'failed: %s\n' "${failures[@]}"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}
