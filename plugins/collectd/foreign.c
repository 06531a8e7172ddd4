/* foreign.c - options of collectd's own plugins tcpconns and processes. Those that mean the same here work under their
 * names, and stand among the options of options.c; of the others it is said what does. */
#include "foreign.h"

#include <stddef.h>
#include <strings.h>

static const struct {
    const char *option, *advice;
} foreign[] = {
    {"ReportByPorts", "listeners have values by address and port: write ReportListeners true"},
    {"ReportByPort", "listeners have values by address and port: write ReportListeners true"},
    {"ReportByConnections", "connections have values by process and state: write Report states, or ReportSockets all"},
    {"CollectFileDescriptor", "write Report descriptors, which tells how near a process is to its limit"},
    {"CollectContextSwitch", "the processes plugin has that"},
    {"CollectDelayAccounting", "the processes plugin has that"},
    {"CollectMemoryMaps", "the processes plugin has that"},
    {"IgnoreSelected", "write Exclude before the name of the option whose values are to be left out"},
    {"Namespaces", "write NetNamespaces all or own, or NetNamespace \"name\""},
    {"ReportPerPid", "process ids are new after each restart: write a <Group> for what is to be told apart"},
    {"AllProcessesSummary", "write ReportAll true"},
};

const char *foreign_advice(const char *option)
{
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strcasecmp(option, foreign[i].option) == 0)
            return foreign[i].advice;
    }
    return NULL;
}
