#!/bin/sh
# Draws graphs of one of proctcp's groups from the files of collectd's rrdtool plugin:
#
#   graphs.sh RRD_DIRECTORY GROUP OUT_DIRECTORY
#
# RRD_DIRECTORY is that of the host, as /var/lib/collectd/rrd/HOST, or the one above if it has one host with the group.
# GROUP is written as the files are: behind "proctcp-" in the name of its directory.
# Makes GROUP-states.png, GROUP-throughput.png and GROUP-accept.png; what there are no values of is said and left out.
# START and END of the environment say from when to when, as rrdtool understands them: START=-1d graphs.sh ...
set -eu

fail()
{
    printf 'graphs.sh: %s\n' "$1" >&2
    exit 1
}

[ $# -eq 3 ] || fail "usage: graphs.sh RRD_DIRECTORY GROUP OUT_DIRECTORY"
rrd=$1 name=$2 out=$3
start=${START:--1h} end=${END:-now}
command -v rrdtool >/dev/null || fail "rrdtool is not installed (Debian package rrdtool)"
[ -d "$rrd" ] || fail "$rrd is no directory"
case $name in
'' | */* | .*) fail "\"$name\" is no name of a group" ;;
esac

directory=$rrd/proctcp-$name
if ! [ -d "$directory" ]; then
    found=0
    for candidate in "$rrd"/*/"proctcp-$name"; do
        [ -d "$candidate" ] || continue
        directory=$candidate
        found=$((found + 1))
    done
    [ $found -gt 0 ] || fail "no group \"$name\" in $rrd: there is no proctcp-$name"
    [ $found -eq 1 ] || fail "$found hosts in $rrd have the group \"$name\": name the directory of one"
fi
mkdir -p "$out" || fail "$out cannot be made"
host=$(basename "$(cd "$directory/.." && pwd)")

# In what rrdtool draws, ':' ends a field.
colons()
{
    printf '%s' "$1" | sed 's/[\\:]/\\&/g'
}

files=$(colons "$directory")
drawn=0

# draw WHAT TITLE UNIT ARGUMENT...
draw()
{
    what=$1 title=$2 unit=$3
    shift 3
    rrdtool graph "$out/$name-$what.png" --start "$start" --end "$end" --width 720 --height 240 --lower-limit 0 \
        --title "$title of $name on $host" --vertical-label "$unit" --border 0 --slope-mode --alt-autoscale-max \
        --color BACK#FFFFFF --color CANVAS#FFFFFF --color ARROW#555555 --color AXIS#555555 --font DEFAULT:9: --font TITLE:12: \
        --disable-rrdtool-tag \
        "$@" >/dev/null || fail "rrdtool could not draw $out/$name-$what.png"
    drawn=$((drawn + 1))
}

missing()
{
    printf 'graphs.sh: %s is not drawn: %s\n' "$1" "$2" >&2
}

states()
{
    set --
    for pair in ESTABLISHED=0072B2 LISTEN=56B4E9 CLOSE_WAIT=D55E00 SYN_SENT=F0E442 FIN_WAIT1=009E73 FIN_WAIT2=8FD3BC \
        LAST_ACK=CC79A7 CLOSING=882255 CLOSED=777777; do
        state=${pair%=*}
        [ -f "$directory/tcp_connections-$state.rrd" ] || continue
        [ $# -gt 0 ] || set -- "COMMENT:                      now     average     maximum\l"
        set -- "$@" "DEF:$state=$files/tcp_connections-$state.rrd:value:AVERAGE" \
            "DEF:max_$state=$files/tcp_connections-$state.rrd:value:MAX" \
            "AREA:$state#${pair#*=}:$(printf '%-12s' "$state"):STACK" \
            "GPRINT:$state:LAST:%9.1lf" "GPRINT:$state:AVERAGE:%9.1lf" "GPRINT:max_$state:MAX:%9.1lf\l"
    done
    if [ $# -eq 0 ]; then
        missing states "there is no tcp_connections-*.rrd in $directory"
    else
        draw states "TCP sockets by state" sockets "$@"
    fi
}

throughput()
{
    file=if_octets.rrd
    if ! [ -f "$directory/$file" ]; then
        case $name in
        *proctcp-listener-*) missing throughput "a listener has no traffic of its own; its group has" ;;
        *proctcp-self) missing throughput "this is what is told of scans; groups have traffic" ;;
        *) missing throughput "there is no $file in $directory; traffic is read over sock_diag or BPF only" ;;
        esac
        return
    fi
    draw throughput "Payload" "bytes per second" \
        "DEF:rx=$files/$file:rx:AVERAGE" "DEF:rx_max=$files/$file:rx:MAX" \
        "DEF:tx=$files/$file:tx:AVERAGE" "DEF:tx_max=$files/$file:tx:MAX" \
        VDEF:rx_total=rx,TOTAL VDEF:tx_total=tx,TOTAL \
        "COMMENT:                    now      average      maximum        total\l" \
        "AREA:rx#56B4E9:received  " "GPRINT:rx:LAST:%8.1lf %s" "GPRINT:rx:AVERAGE:%8.1lf %s" \
        "GPRINT:rx_max:MAX:%8.1lf %s" "GPRINT:rx_total:%8.1lf %s\l" \
        "LINE2:tx#D55E00:sent      " "GPRINT:tx:LAST:%8.1lf %s" "GPRINT:tx:AVERAGE:%8.1lf %s" \
        "GPRINT:tx_max:MAX:%8.1lf %s" "GPRINT:tx_total:%8.1lf %s\l"
}

# The limit is often far above what waits: it is drawn where it is not, and told in any case.
accept()
{
    file=queue_length-accept.rrd
    if ! [ -f "$directory/$file" ]; then
        missing accept "there is no $file in $directory; the group has never listened"
        return
    fi
    set -- "DEF:waiting=$files/$file:value:AVERAGE" "DEF:peak=$files/$file:value:MAX" VDEF:highest=peak,MAXIMUM \
        "COMMENT:                            now     average     maximum\l" \
        "AREA:waiting#56B4E9:waiting           " "GPRINT:waiting:LAST:%9.1lf" "GPRINT:waiting:AVERAGE:%9.1lf" \
        "GPRINT:peak:MAX:%9.1lf\l" "LINE1:peak#0072B2:most at one time\l"
    file=queue_length-accept_max.rrd
    if [ -f "$directory/$file" ]; then
        set -- "$@" "DEF:limit=$files/$file:value:AVERAGE" "CDEF:near=limit,highest,10,*,GT,UNKN,limit,IF" \
            "LINE2:near#D55E00:may wait at most  " "GPRINT:limit:LAST:%9.1lf" "GPRINT:limit:AVERAGE:%9.1lf" \
            "GPRINT:limit:MAX:%9.1lf\l"
    fi
    draw accept "Accept queue" connections "$@"
}

states
throughput
accept
[ $drawn -gt 0 ] || fail "nothing was drawn"
