/* notifier.c - one notification after the other, each once: while nobody takes them they wait, and what a master was
 * sent and did not answer before it went is not sent again, for it may have passed it on; but it is said. Knows order
 * and rate; what a notification holds is notifications.c's knowledge. */
#include "notifier.h"

#include "notifications.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#define MINUTE_MS 60000

/* net-snmp's callbacks get no pointer of their own. */
static struct notifier *sending;

void notifier_start(struct notifier *notifier, const struct notifier_way *way, struct events *events,
                    struct notified *counts, unsigned per_minute, int64_t now_ms)
{
    *notifier = (struct notifier){.way = way,
                                  .events = events,
                                  .counts = counts,
                                  .per_minute = per_minute,
                                  .credit = (int64_t)per_minute * MINUTE_MS,
                                  .last_ms = now_ms};
    sending = notifier;
}

static void lose(struct notifier *notifier)
{
    notifier->is_under_way = false;
    notifier->counts->lost++;
    snmp_log(LOG_WARNING, "%s; proctcpThresholdTable and proctcpListenerTable say how things are\n",
             notifier->way->when_lost);
}

static void answered(long error)
{
    if (!sending || !sending->is_under_way)
        return;
    if (error < 0) {
        lose(sending);
        return;
    }
    sending->is_under_way = false;
    sending->counts->sent += error == 0;
    sending->counts->lost += error != 0;
    if (error && !sending->refusal_said)
        snmp_log(LOG_WARNING,
                 "the AgentX master refuses notifications (AgentX error %ld); proctcpScanNotificationsLost "
                 "counts them\n",
                 error);
    sending->refusal_said = error;
}

/* Notifications of a minute may come at once; then one after the other as they are earned. */
static bool earn(struct notifier *notifier, int64_t now_ms)
{
    const int64_t most = (int64_t)notifier->per_minute * MINUTE_MS;

    notifier->credit += (now_ms - notifier->last_ms) * notifier->per_minute;
    if (notifier->credit > most)
        notifier->credit = most;
    notifier->last_ms = now_ms;
    return notifier->credit >= MINUTE_MS;
}

static void say_lost(struct notifier *notifier)
{
    const uint32_t lost = events_lost(notifier->events);

    if (lost == notifier->lost_said)
        return;
    if (!notifier->lost_said)
        snmp_log(LOG_WARNING,
                 "more happens than %u notifications in a minute tell of (proctcpNotifyMax): some are left out, and "
                 "proctcpScanNotificationsLost counts them\n",
                 notifier->per_minute);
    notifier->counts->lost += lost - notifier->lost_said;
    notifier->lost_said = lost;
}

int notifier_next(struct notifier *notifier, unsigned per_minute, int64_t now_ms)
{
    static struct notification notification; /* large, and there is one thread */
    struct event event;

    if (per_minute)
        notifier->per_minute = per_minute;
    say_lost(notifier);
    if (!notifier->way->is_open()) {
        if (notifier->is_under_way)
            lose(notifier);
        return -1;
    }
    if (notifier->is_under_way)
        return -1;
    if (!earn(notifier, now_ms))
        return (int)((MINUTE_MS - notifier->credit) / notifier->per_minute) + 1;
    if (!events_take(notifier->events, &event))
        return -1;
    notification_of(&event, &notification);
    notifier->is_under_way = true;
    notifier->credit -= MINUTE_MS;
    if (!notifier->way->send(event.kind, &notification, answered))
        lose(notifier);
    return notifier->is_under_way ? -1 : 0;
}
