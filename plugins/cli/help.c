/* help.c - what proctcp --help says. */
#include "help.h"

#include "view.h"

#include <stdio.h>

static const char before_views[] =
    "Usage: proctcp [OPTION]...\n"
    "       proctcp doctor [OPTION]...\n"
    "Shows which process holds which TCP socket, one row per descriptor; as a doctor, what is missing on this host "
    "for\n"
    "that, and for SNMP and collectd, and the remedies (proctcp doctor --help).\n"
    "\n"
    "Instead of rows:\n";

static const char after_views[] =
    "  --stats                one JSON object about the scan\n"
    "  --top                  watch them, full screen, with rates: groups first, or what else is named; ? lists keys\n"
    "Groups (of processes; a configured one is there at 0 when nothing of it runs):\n"
    "  --group-by KEY         process (default), unit, cgroup, user, executable, container or none\n"
    "  --group NAME=RULES     'web=process=nginx;local-port=443', 'app-\\1=command=java .*-Dapp=(\\w+)'\n"
    "  --max-groups N         at most so many; 100. The rest is summed as _other\n"
    "Output:\n"
    "  -o, --output FORM      table (default), json (one object per line) or csv\n"
    "  --columns LIST         pid,process,local,rtt_us ...: these, in this order; help lists them\n"
    "  --sort LIST            by these, -rtt_us downwards; what is absent is last\n"
    "  --info                 a second line per row: round-trip time, loss, rates, what limits the sender\n"
    "  --wide                 cut nothing to fit the terminal\n"
    "  --width N              cut to N columns, in a pipe too\n"
    "  --no-header            no titles\n"
    "  --color WHEN           what is wrong, in colour: auto (default, on a terminal), always or never\n"
    "  --interval SECONDS     scan again and again\n"
    "  --count N              end after N scans; every second without --interval\n"
    "Selection (a value may be a list: 80,443; kinds are combined; what is left out costs less):\n"
    "  --pid PID              --process NAME         --user USER\n"
    "  --command REGEX        found in the command line (extended; no list)\n"
    "  --cgroup GROUP         /system.slice and all below it, or the name of a group, nginx.service\n"
    "  --state STATE          established, listen, closeWait ... (as ss and the TCP-MIB name them)\n"
    "  --local-port PORT      --remote-port PORT     443, https, 8000-8099\n"
    "  --local ADDRESS        --remote ADDRESS       192.0.2.1, 10.0.0.0/8, 2001:db8::/32\n"
    "  --netns all|own|NETNS  tables of all network namespaces (default), of one's own, or of those\n"
    "                         with a name (ip netns) or an inode\n"
    "  --exclude-KIND VALUE   KIND is any of these: what it names is left out, whatever else selects it\n"
    "Reading:\n"
    "  --source SOURCE        auto (default), bpf (proctcp-bpf(8)), netlink (sock_diag) or procfs\n"
    "  --proc-root DIRECTORY  another /proc, such as a recorded tree\n"
    "  -h, --help             -V, -v, --version\n"
    "\n"
    "Exit status: 0 the tables were read (what is missing is said on stderr), 1 nothing could be read, 2 usage.\n";

void help_print(void)
{
    fputs(before_views, stdout);
    for (size_t v = 0; v < VIEW_COUNT; v++) {
        if (views[v]->option)
            printf("  --%-21s%s\n", views[v]->option, views[v]->help);
    }
    fputs(after_views, stdout);
}
