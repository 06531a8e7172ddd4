/* report_scans.c - the messages about scans: each names the place and the remedy and is said once, until the matter is
 * mended and comes back. */
#include "report_scans.h"

#include "capabilities.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

/* Nothing failed, but where a namespace may not be entered, sock_diag cannot be asked. */
static void report_poorer_namespaces(struct scan_report *report, const struct publication *publication)
{
    const struct proctcp_stats *stats = &publication->snapshot->stats;

    if (report->namespaces_said || *stats->failure || !strstr(publication->missing_capabilities, "CAP_SYS_ADMIN"))
        return;
    report->namespaces_said = true;
    snmp_log(LOG_WARNING,
             "%s%u of %u network namespaces were read through /proc, which says less of their sockets; missing "
             "capabilities: %s (%s)\n",
             report->prefix, stats->namespaces_procfs, stats->namespaces, publication->missing_capabilities,
             report->grant);
}

/* Names alone mean nothing to most. */
static void say_what_is_hidden(const struct scan_report *report, const char *missing)
{
    char text[512];

    capabilities_hidden(missing, text, sizeof(text));
    if (*text)
        snmp_log(LOG_WARNING, "%s%s\n", report->prefix, text);
}

/* Said once: what hides from one scan may hide from the next one or not, and the scan's objects tell of each. */
static void report_shortfall(struct scan_report *report, const struct publication *publication)
{
    const struct proctcp_stats *stats = &publication->snapshot->stats;
    const char *missing = publication->missing_capabilities;

    if (report->shortfall_said || !*stats->failure)
        return;
    report->shortfall_said = true;
    snmp_log(LOG_WARNING,
             "%snot everything could be read: %s (denied %u, exhausted %u, failed %u, namespacesFailed %u, malformed "
             "%u)%s%s%s%s%s\n",
             report->prefix, stats->failure, stats->denied, stats->exhausted, stats->failed, stats->namespaces_failed,
             stats->malformed, *missing ? "; missing capabilities: " : "", missing, *missing ? " (" : "",
             *missing ? report->grant : "",
             *missing        ? ")"
             : stats->denied ? "; denied although no capability is missing (a security module, ptrace policy or "
                               "container)"
                             : "");
    say_what_is_hidden(report, missing);
}

void report_scans(struct scan_report *report, const struct publication *publication)
{
    const bool succeeded = publication->status == PUBLICATION_UP_TO_DATE || publication->status == PUBLICATION_PARTIAL;
    const bool failing = !succeeded && publication->failure_time;

    if (failing && !report->failing_said)
        snmp_log(LOG_ERR, "%sscan failed: %s; %s. Trying again every %u s\n", report->prefix, publication->failure,
                 publication->snapshot ? "the last snapshot is served on, with proctcpScanStatus stale"
                                       : "there is nothing to serve yet",
                 publication->interval_s);
    if (report->failing_said && succeeded)
        snmp_log(LOG_NOTICE, "%sscans succeed again\n", report->prefix);
    report->failing_said = failing;
    if (succeeded) {
        report_shortfall(report, publication);
        report_poorer_namespaces(report, publication);
    }
}
