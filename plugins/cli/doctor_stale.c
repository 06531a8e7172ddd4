/* doctor_stale.c - daemons that go on with a program or a plugin that has been replaced since they started. */
#include "doctor.h"

#include "doctor_daemons.h"

static void check(const struct doctor *doctor, const char *daemon, const char *check, const char *library)
{
    const struct daemons daemons = daemons_find(daemon);
    struct finding finding = finding_begin(check);
    const char *what = library ? library : "program";
    enum daemon_state worst = DAEMON_ABSENT;

    for (size_t i = 0; i < daemons.count; i++) {
        const enum daemon_state state =
            library ? daemons_library(daemons.pid[i], library) : daemons_executable(daemons.pid[i]);
        if (state == DAEMON_REPLACED) {
            finding_say(&finding, FINDING_WARNING,
                        "process %d runs with a %s that has been replaced or removed since it started",
                        (int)daemons.pid[i], what);
            finding_remedy(&finding, "sudo systemctl restart %s   # process %d", daemon, (int)daemons.pid[i]);
        }
        worst = state == DAEMON_ABSENT || (worst == DAEMON_UNSEEN && state != DAEMON_REPLACED) ? worst : state;
    }
    if (!daemons.count && daemons.unsure) {
        finding_say(&finding, FINDING_NONE, "process %d may not be looked into by you", (int)daemons.unsure);
        finding_remedy(&finding, "sudo proctcp doctor");
    } else if (!daemons.count) {
        finding_say(&finding, FINDING_NONE, "no %s runs", daemon);
    } else if (finding.result == FINDING_NONE && worst == DAEMON_UNSEEN) {
        finding_say(&finding, FINDING_NONE, "process %d may not be looked into by you", (int)daemons.pid[0]);
        finding_remedy(&finding, "sudo proctcp doctor");
    } else if (finding.result == FINDING_NONE && worst == DAEMON_ABSENT) {
        finding_say(&finding, FINDING_NONE, "%s has no %s", daemon, what);
    } else if (finding.result == FINDING_NONE) {
        finding_say(&finding, FINDING_OK, "%s runs with the %s that is installed", daemon, what);
    }
    doctor_tell(doctor, &finding);
}

void doctor_check_stale(const struct doctor *doctor)
{
    check(doctor, "proctcp-agentx", "stale-agent", NULL);
    check(doctor, "snmpd", "stale-module", "proctcp.so");
    check(doctor, "collectd", "stale-plugin", "proctcp.so");
}
