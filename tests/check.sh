#!/bin/bash
# Every test, plainly, then under AddressSanitizer and UndefinedBehaviorSanitizer, and the library under valgrind. Goes on
# after a failure, and ends with "N passed, N failed". What failed is shown; all of it is in build/check/.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/check
passed=0
failed=0
mkdir -p "$logs"

if [ "$(id -u)" != 0 ]; then
    echo "proctcp: the tests make network namespaces and give up rights: run sudo make check" >&2
    exit 1
fi

# step NAME COMMAND...: runs it, and adds up what it counted: cmocka's closing lines, or "N passed, N failed". A step that
# counts nothing is one test.
step() {
    local name=$1 log="$logs/$1.log" status ok bad
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
    printf '%-44s %4d passed, %d failed\n' "$name" "$ok" "$bad"
    grep -E '^skipped: |^\[  SKIPPED \] [a-z]' "$log" | sort -u
    if [ "$status" != 0 ]; then
        echo "---- $name: status $status; the end of $log:"
        tail -n 60 "$log"
        echo "----"
    fi
    return "$status"
}

jobs=$(nproc)
build() { make --no-print-directory -j"$jobs" WERROR=1 "$@" all unit replay; }

# What an earlier build left is no test of this one.
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

units() { # BUILD
    local test
    for test in "$1"/tests/unit/test_*; do
        case $test in *.o | *.d) continue ;; esac
        step "${1#build/}: ${test##*/}" "$test"
    done
}

corpora() { # BUILD
    local entry
    for entry in tests/fuzz/corpus/*/; do
        entry=$(basename "$entry")
        step "${1#build/}: corpus of $entry" "$1/tests/fuzz/replay_$entry" "tests/fuzz/corpus/$entry"
    done
}

valgrinds() {
    local test
    for test in scan peers select text field facts procfs_tcp sock_diag history; do
        step "valgrind: test_$test" valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
            --child-silent-after-fork=yes "build/tests/unit/test_$test"
    done
    step "valgrind: a live scan" valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
        build/proctcp --count 3 --interval 0.1
}

step "build with gcc" build CC=gcc || finish
units build
corpora build
step "live" /usr/bin/python3 tests/live/run.py
step "live by procfs" env SOURCE=procfs /usr/bin/python3 tests/live/run.py test_zoo
step "demo" /usr/bin/python3 tests/demo/demo.py
valgrinds

san="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
step "build with gcc and sanitizers" build CC=gcc BUILD=build/san SANITIZE="$san" || finish
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
units build/san
corpora build/san
step "san: live" env BUILD=build/san SANITIZED=1 /usr/bin/python3 tests/live/run.py
unset ASAN_OPTIONS UBSAN_OPTIONS

step "build with gcc and ThreadSanitizer" make --no-print-directory -j"$jobs" BUILD=build/tsan \
    SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" all || finish
step "tsan: namespaces" env BUILD=build/tsan TSAN_OPTIONS=halt_on_error=1 /usr/bin/python3 tests/live/run.py \
    test_truth.Namespaces

step "build with clang" build CC=clang BUILD=build/clang || finish
units build/clang
step "lint" make --no-print-directory lint

finish
