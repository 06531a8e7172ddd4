#!/bin/bash
# for_caller.sh DIRECTORY COMMAND: runs the shell command. Then the directory belongs to the user who called sudo, also if
# the command failed or was interrupted, so that the user's next make can write into it.
directory=$1
give_back() {
    if [ -n "${SUDO_UID:-}" ] && [ -d "$directory" ]; then
        chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$directory"
    fi
}
# The command is a process group of its own (set -m): a signal reaches all of it, and all of it ends before the directory is
# given back, if need be by force after 10 s.
pass_on() { # SIGNAL
    kill -s "$1" -- "-$child"
    for ((i = 0; i < 100; i++)); do
        kill -0 -- "-$child" 2>/dev/null || break
        sleep 0.1
    done
    kill -s KILL -- "-$child" 2>/dev/null
    exit $((128 + $(kill -l "$1")))
}
trap give_back EXIT
for signal in HUP INT TERM; do
    # shellcheck disable=SC2064 # the name is meant, as it is now
    trap "pass_on $signal" "$signal"
done
set -m
sh -c "$2" </dev/null &
child=$!
set +m
wait "$child"
