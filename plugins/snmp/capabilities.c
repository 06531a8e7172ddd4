/* capabilities.c - reads the effective capabilities of this process. Knows which of them a complete scan needs. */
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

bool capabilities_missing(bool descriptors, bool namespaces, char *names, size_t size)
{
    static const struct {
        unsigned number;
        bool for_namespaces;
        const char *name;
    } needed[] = {
        {CAP_DAC_READ_SEARCH, false, "CAP_DAC_READ_SEARCH"},
        {CAP_SYS_PTRACE, false, "CAP_SYS_PTRACE"},
        {CAP_SYS_ADMIN, true, "CAP_SYS_ADMIN"},
    };
    const uint64_t effective = effective_capabilities();
    size_t used = 0;

    names[0] = '\0';
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        const bool wanted = needed[i].for_namespaces ? namespaces : descriptors;

        if (wanted && !(effective & 1ull << needed[i].number) && used < size)
            used += (size_t)snprintf(names + used, size - used, "%s%s", used ? " " : "", needed[i].name);
    }
    return used > 0;
}
