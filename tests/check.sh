#!/bin/bash
# Every test, plainly, then under AddressSanitizer and UndefinedBehaviorSanitizer, and the library under valgrind. Goes on
# after a failure, and ends with the names of the tests that failed and "N passed, N failed". All of it is in build/check/.
set -u
cd "$(dirname "$0")/.." || exit 1

if [ "$(id -u)" != 0 ]; then
    echo "proctcp: the tests make network namespaces and give up rights: run sudo make check" >&2
    exit 1
fi

logs=build/check
mkdir -p "$logs"
. tests/steps.sh
trap 'exit 130' INT # whatever the step that was interrupted makes of it

jobs=$(nproc)
build() { make --no-print-directory -j"$jobs" WERROR=1 "$@" all unit replay; }

# What an earlier build left is no test of this one: after a build that failed, finish.
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
    for test in scan peers listeners listeners_random model select grouping groups text field facts procfs_tcp sock_diag history history_connections connections \
        cli_fit cli_order cli_words cli_top_rates cli_top_state cli_top_draw check_text check_judge; do
        step "valgrind: test_$test" valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
            --child-silent-after-fork=yes "build/tests/unit/test_$test"
    done
    step "valgrind: a live scan" valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
        build/proctcp --count 3 --interval 0.1
}

step "build with gcc" build CC=gcc || finish
units build
corpora build
# Beside the live tests, which mostly wait: it makes no socket and no process that they would count.
nice -n 19 make --no-print-directory lint >"$logs/lint beside.log" 2>&1 &
lint=$!
trap 'kill "$lint" 2>/dev/null' EXIT
linted() { # what it said, and how it ended
    wait "$lint"
    local status=$?
    cat "$logs/lint beside.log"
    return "$status"
}
step "live" /usr/bin/python3 tests/live/run.py
step "live by procfs" env SOURCE=procfs /usr/bin/python3 tests/live/run.py test_zoo
step "live by bpf" env SOURCE=bpf /usr/bin/python3 tests/live/run.py test_zoo test_bpf test_bpf_agents test_connections test_selection test_churn
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
step "tsan: agent" env BUILD=build/tsan TSAN_OPTIONS="halt_on_error=1 die_after_fork=0 suppressions=$PWD/tests/tsan.supp" /usr/bin/python3 tests/live/run.py \
    test_snmp.Scans test_snmp_walkers.SideBySide test_agent_process.Hangup.test_any_moment_will_do \
    test_snmp_notifications.Notifications.test_a_listener_that_comes_and_one_that_goes_are_told_of

step "build with clang" build CC=clang BUILD=build/clang || finish
units build/clang
step "lint" linted

finish
