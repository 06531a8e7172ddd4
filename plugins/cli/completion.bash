# Completion of proctcp for bash. Names of columns are asked of the program itself, so that they are those it has.
#
# Nothing of what a process calls itself is ever expanded or run: a name that has more than plain characters is left out.

# Candidates are words of which $2 is the beginning; $1 goes before each.
_proctcp_offer() { # BEFORE BEGINNING WORD...
    local before=$1 beginning=$2 word
    shift 2
    for word; do
        [[ $word == "$beginning"* ]] && COMPREPLY+=("$before$word")
    done
}

# The option that says what is shown, if one is there.
_proctcp_view() {
    local word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            --processes | --groups | --listeners | --sockets | --unattributed) printf '%s\n' "$word" && return ;;
        esac
    done
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do # these ask for groups
        case $word in --group | --group=* | --group-by | --group-by=* | --max-groups | --max-groups=*) printf -- '--groups\n' && return ;; esac
    done
}

_proctcp_columns() {
    "${1/#\~/$HOME}" $(_proctcp_view) --columns help 2>/dev/null | while read -r name _; do printf '%s\n' "$name"; done
}

_proctcp_processes() {
    local name file
    for file in /proc/[0-9]*/comm; do
        { IFS= read -r name <"$file"; } 2>/dev/null || continue
        [[ $name =~ ^[A-Za-z0-9_.:@/+-]+$ ]] && printf '%s\n' "$name"
    done | sort -u
}

_proctcp_namespaces() {
    local file
    printf '%s\n' all own
    for file in /run/netns/*; do
        [[ ${file##*/} =~ ^[A-Za-z0-9_.:@+-]+$ ]] && printf '%s\n' "${file##*/}"
    done
}

_proctcp_units() {
    local file
    for file in /sys/fs/cgroup/*.slice/*.service /sys/fs/cgroup/*.slice; do
        [[ ${file##*/} =~ ^[A-Za-z0-9_.:@+-]+$ ]] && printf '%s\n' "${file##*/}"
    done
}

# Whether what is typed stands behind --group NAME=, of which bash makes three words.
_proctcp_is_group_rule() {
    local equals=$((COMP_CWORD - 1))
    [[ ${COMP_WORDS[COMP_CWORD]} == = ]] && equals=$COMP_CWORD
    ((equals > 2)) && [[ ${COMP_WORDS[equals]} == = && ${COMP_WORDS[equals - 2]} == --group ]]
}

_proctcp_doctor() { # OPTION CURRENT
    case $1 in
    -o) _proctcp_offer "" "$2" table json ;;
    --collectd-conf) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    --agentx | --snmp) ;;
    *) _proctcp_offer "" "$2" -o --agentx --snmp --collectd-conf --help ;;
    esac
}

_proctcp() {
    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} list= last words=()

    COMPREPLY=()
    if _proctcp_is_group_rule; then
        [[ $current == = ]] && current=
        mapfile -t words < <(printf '%s=\n' pid process user command cgroup state local-port remote-port local remote netns)
        _proctcp_offer "" "$current" "${words[@]}"
        return
    fi
    if [[ $current == = ]]; then # --state=, of which bash makes two words
        current=
    elif [[ $option == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    [[ $current == *,* ]] && list=${current%,*},
    last=${current##*,}

    if [[ ${COMP_WORDS[1]} == doctor ]] && ((COMP_CWORD > 1)); then
        _proctcp_doctor "$option" "$current"
        return
    fi
    case ${option/#--exclude-/--} in
    -o | --output) _proctcp_offer "" "$current" table json csv && return ;;
    --color | --colour) _proctcp_offer "" "$current" auto always never && return ;;
    --group-by) _proctcp_offer "" "$current" process unit cgroup user executable container none && return ;;
    --source) _proctcp_offer "" "$current" auto bpf netlink procfs && return ;;
    --proc-root)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --interval | --count | --width | --group | --max-groups | --command | --local | --remote) return ;;
    --columns) mapfile -t words < <(_proctcp_columns "$1") ;;
    --sort)
        [[ $last == -* ]] && list+=- last=${last#-}
        mapfile -t words < <(_proctcp_columns "$1")
        ;;
    --state)
        words=(established listen closed synSent synReceived finWait1 finWait2 closeWait lastAck closing timeWait unbound)
        ;;
    --user) mapfile -t words < <(compgen -u) ;;
    --process) mapfile -t words < <(_proctcp_processes) ;;
    --pid) words=(/proc/[0-9]*) && words=("${words[@]##*/}") ;;
    --netns) mapfile -t words < <(_proctcp_namespaces) ;;
    --cgroup) mapfile -t words < <(_proctcp_units) ;;
    --local-port | --remote-port) mapfile -t words < <(compgen -A service) ;;
    *)
        ((COMP_CWORD == 1)) && _proctcp_offer "" "$current" doctor
        _proctcp_offer "" "$current" --processes --groups --listeners --sockets --unattributed --stats --top --group-by --group \
            --max-groups --output --columns --sort --info --wide \
            --width --no-header --color --interval --count --source --proc-root --help --version \
            --{,exclude-}{pid,process,user,command,cgroup,state,local-port,remote-port,local,remote,netns}
        return
        ;;
    esac
    compopt -o nospace 2>/dev/null # a comma and another one may follow
    _proctcp_offer "$list" "$last" "${words[@]}"
}

complete -F _proctcp proctcp
