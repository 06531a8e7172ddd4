/* main.c - proctcp-bpf: puts proctcp's BPF iterators where agents without rights can read them, takes them away, and
 * tells what is there. Runs once and ends: what it pinned stays. */
#include "loader.h"
#include "pins.h"

#include "proctcp.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(void)
{
    printf(
        "usage: proctcp-bpf load [--group GROUP] [--no-connections] | unload | status\n\n"
        "Iterators of the kernel that show proctcp which process holds which TCP socket, in one pass over all\n"
        "network namespaces, to root and to who is in GROUP; and programs that count connections, those that are over\n"
        "before anybody looks, too.\n\n"
        "  load       load them, and pin them in %s; replaces those of an earlier version\n"
        "  unload     take them away\n"
        "  status     tell what is there; status 1: not all is\n"
        "  -g, --group GROUP  who may read them, besides root\n"
        "  --no-connections   do not count connections: saves the CPU time that each of them takes, 4 to 7 us\n"
        "  -h, --help         this\n"
        "  -V, --version      the version\n",
        BPF_RECORDS_DIRECTORY);
}

static int usage(const char *problem, const char *what)
{
    fprintf(stderr, "proctcp-bpf: %s%s; proctcp-bpf --help tells more\n", problem, what);
    return 2;
}

/* A name or a number. */
static bool find_group(const char *text, gid_t *gid)
{
    const struct group *group = getgrnam(text);
    unsigned long number;
    char *end;

    if (group) {
        *gid = group->gr_gid;
        return true;
    }
    errno = 0;
    number = strtoul(text, &end, 10);
    *gid = (gid_t)number;
    return *text >= '0' && *text <= '9' && !*end && errno == 0 && number < UINT32_MAX;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"group", required_argument, NULL, 'g'},
                                            {"no-connections", no_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {0}};
    const char *group = NULL;
    bool connections = true;
    gid_t gid = 0;
    int option;

    while ((option = getopt_long(argc, argv, "g:hvV", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            group = optarg;
            break;
        case 'n':
            connections = false;
            break;
        case 'h':
            print_help();
            return 0;
        case 'v':
        case 'V':
            puts("proctcp-bpf " PROCTCP_VERSION);
            return 0;
        default:
            return usage("an option is wrong", "");
        }
    }
    if (optind + 1 != argc)
        return optind == argc ? usage("load, unload or status?", "") : usage("too much: ", argv[optind + 1]);
    if ((group || !connections) && strcmp(argv[optind], "load") != 0)
        return usage(group ? "--group is for load alone" : "--no-connections is for load alone", "");
    if (group && !find_group(group, &gid))
        return usage("--group: there is no group ", group);
    if (strcmp(argv[optind], "load") == 0)
        return loader_load(gid, connections) ? 1 : 0;
    if (strcmp(argv[optind], "unload") == 0)
        return pins_remove() ? 1 : 0;
    if (strcmp(argv[optind], "status") == 0)
        return pins_print() ? 1 : 0;
    return usage("load, unload or status, and not: ", argv[optind]);
}
