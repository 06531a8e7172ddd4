/* capabilities.c - reads the effective capabilities of this process. Knows what a scan leaves out without
 * each. */
#include "capabilities.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* "CapEff:\t000001ffffffffff". What cannot be read is taken for granted, so that nothing false is said. */
static uint64_t effective_capabilities(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    unsigned long long mask = UINT64_MAX;
    char line[256];

    if (!status)
        return mask;
    while (fgets(line, sizeof(line), status)) {
        if (sscanf(line, "CapEff: %llx", &mask) == 1)
            break;
    }
    fclose(status);
    return mask;
}

bool capabilities_missing(const struct proctcp_stats *stats, char *names, size_t size)
{
    const struct {
        unsigned number;
        const char *name;
        bool made_a_difference;
    } needed[] = {
        {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", stats->denied},
        {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", stats->denied},
        {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", stats->source == PROCTCP_SOURCE_NETLINK && stats->namespaces_procfs},
    };
    const uint64_t effective = effective_capabilities();
    size_t used = 0;

    names[0] = '\0';
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]) && used < size; i++) {
        if (needed[i].made_a_difference && !(effective & 1ull << needed[i].number))
            used += (size_t)snprintf(names + used, size - used, "%s%s", used ? " " : "", needed[i].name);
    }
    return used > 0;
}

void capabilities_hidden(const char *names, char *text, size_t size)
{
    static const struct {
        const char *name, *hides;
    } hidden[] = {
        {"CAP_DAC_READ_SEARCH", "the descriptors of other users' processes cannot be listed"},
        {"CAP_SYS_PTRACE", "which socket a descriptor of another user is cannot be seen"},
        {"CAP_SYS_ADMIN", "other network namespaces cannot be asked for what sock_diag alone says"},
    };
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && used < size; i++) {
        if (strstr(names, hidden[i].name))
            used += (size_t)snprintf(text + used, size - used, "%swithout %s %s", used ? ", " : "", hidden[i].name,
                                     hidden[i].hides);
    }
}
