/* shortfall.c - what a scan could not read, in words. Knows which capability would have made a difference; knows
 * nothing of collectd. */
#include "shortfall.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The capabilities that would have shown more, and that are missing: "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH" or "". */
static void name_missing(const struct proctcp_stats *stats, shortfall_has_fn *has, char *names, size_t size)
{
    const struct {
        int number;
        const char *name;
        bool made_a_difference;
    } needed[] = {
        {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", stats->denied},
        {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", stats->denied},
    };
    size_t length = 0;

    names[0] = '\0';
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]) && length < size; i++) {
        if (needed[i].made_a_difference && !has(needed[i].number))
            length += (size_t)snprintf(names + length, size - length, "%s%s", length ? " and " : "", needed[i].name);
    }
}

#define HOW_TO_GRANT                                                                                                   \
    "run collectd as root, or grant it with AmbientCapabilities= and CapabilityBoundingSet= of its systemd unit"

static size_t failure_text(const struct proctcp_stats *stats, shortfall_has_fn *has, char *text, size_t size)
{
    char missing[128];
    size_t length = (size_t)snprintf(text, size,
                                     "not everything could be read: %.500s (denied %u, exhausted %u, failed %u, "
                                     "namespaces_failed %u, malformed %u)",
                                     stats->failure, stats->denied, stats->exhausted, stats->failed,
                                     stats->namespaces_failed, stats->malformed);

    name_missing(stats, has, missing, sizeof(missing));
    if (*missing)
        length += (size_t)snprintf(
            text + length, size - length,
            "; %s missing, so sockets of other users' processes show as unattributed: " HOW_TO_GRANT, missing);
    else if (stats->denied)
        length += (size_t)snprintf(
            text + length, size - length,
            "; denied although no capability is missing (a security module, ptrace policy or container)");
    return length;
}

/* Where a namespace may not be entered, sock_diag cannot be asked. */
static bool has_poorer_namespaces(const struct proctcp_stats *stats, shortfall_has_fn *has)
{
    return stats->source == PROCTCP_SOURCE_NETLINK && stats->namespaces_procfs && !has(CAP_SYS_ADMIN);
}

bool shortfall_text(const struct proctcp_stats *stats, shortfall_has_fn *has, char text[SHORTFALL_TEXT_SIZE])
{
    size_t length = 0;

    text[0] = '\0';
    if (*stats->failure)
        length = failure_text(stats, has, text, SHORTFALL_TEXT_SIZE);
    if (has_poorer_namespaces(stats, has))
        length += (size_t)snprintf(text + length, SHORTFALL_TEXT_SIZE - length,
                                   "%sCAP_SYS_ADMIN missing, so %u of %u network namespaces were read through /proc, "
                                   "which says less of their sockets%s",
                                   length ? "; " : "", stats->namespaces_procfs, stats->namespaces,
                                   length ? "" : ": " HOW_TO_GRANT);
    return length > 0;
}
