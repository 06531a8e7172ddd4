/* help.c - see help.h. */
#include "help.h"

#include "measure.h"

#include <stdio.h>

static const char before_checks[] =
    "Usage: check_proctcp --check CHECK [--group NAME]... [--listener ADDRESS:PORT]... [-w RANGE] [-c RANGE]\n"
    "       check_proctcp -H HOST [-C COMMUNITY | -P 3 -U USER ...] --check CHECK ...\n"
    "Checks TCP sockets by group of processes and by listener: of this host by a scan of its own, or of another one "
    "that\n"
    "runs proctcp-agentx, over SNMP.\n"
    "\n"
    "  -k, --check CHECK      what is checked:\n";

static const char after_checks[] =
    "  -g, --group NAME       this group; may be given again. Without it: all, and the worst one decides\n"
    "  -l, --listener ADDRESS:PORT  this one, as proctcp --listeners prints it: 0.0.0.0:80, [::]:80; may be given "
    "again\n"
    "  -w, --warning RANGE    -c, --critical RANGE     10, 10:, ~:10, 10:20, @10:20\n"
    "  --missing STATE        where the listener or group is not there; unknown, of the check listener critical\n"
    "  --partial-ok           take what a scan saw that had to leave something out\n"
    "  --over SECONDS         between two scans that make a rate; 10\n"
    "  -t, --timeout SECONDS  for all of it; 10, of a rate --over and 40 more\n"
    "  -v, --verbose          a line for each group or listener behind the first line\n"
    "SNMP:\n"
    "  -H, --hostname HOST    -p, --port PORT          -P, --protocol 2c|3\n"
    "  -C, --community WORD   public, unless snmp.conf has another\n"
    "  -U, --secname USER     -L, --seclevel noAuthNoPriv|authNoPriv|authPriv   -N, --context NAME\n"
    "  -a, --authproto WORD   SHA (default), SHA-224, SHA-256, SHA-384, SHA-512, MD5   -A, --authpasswd WORDS\n"
    "  -x, --privproto WORD   AES (default), DES       -X, --privpasswd WORDS\n"
    "This host:\n"
    "  --group-by KEY         process (default), unit, cgroup, user, executable, container or none\n"
    "  --define NAME=RULES    a group by rules, as proctcp --group\n"
    "  --source SOURCE        auto (default), bpf, netlink or procfs\n"
    "  --proc-root DIRECTORY  another /proc\n"
    "  -h, --help             -V, --version\n"
    "\n"
    "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: nothing is known, for one reason or another; wrong options, "
    "this\n"
    "help and the version, too.\n";

void help_print(void)
{
    fputs(before_checks, stdout);
    for (size_t i = 0; i < measure_count; i++)
        printf("    %-23s%s\n", measures[i].name, measures[i].help);
    fputs(after_checks, stdout);
}
