/* service.c - what to tell a service manager, and when. Knows publications; nothing of how a message gets there. */
#include "service.h"

#include "clock.h"
#include "sd_notify.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SCAN_MAX_MS        300000
#define SCAN_MAX_INTERVALS 10

void service_begin(struct service *service, int64_t now_ms)
{
    *service = (struct service){.beat_ms = sd_notify_watchdog_ms() / 2, .due_ms = now_ms};
}

bool service_scans_go_on(int64_t scanning_since_ms, unsigned interval_s, int64_t now_ms)
{
    const int64_t intervals_ms = (int64_t)interval_s * 1000 * SCAN_MAX_INTERVALS;

    return scanning_since_ms < 0 ||
           now_ms - scanning_since_ms <= (intervals_ms > SCAN_MAX_MS ? intervals_ms : SCAN_MAX_MS);
}

static void describe(const struct publication *publication, const char *master, char text[SERVICE_STATUS_SIZE])
{
    static const char *const words[] = {
        [PUBLICATION_NONE] = "no scan yet", [PUBLICATION_UP_TO_DATE] = "complete",
        [PUBLICATION_STALE] = "failed",     [PUBLICATION_PARTIAL] = "left something out",
        [PUBLICATION_FAILED] = "failed",
    };
    char when[16] = "";
    struct tm at;
    time_t seconds;

    if (!publication->snapshot) {
        snprintf(text, SERVICE_STATUS_SIZE, "%s; %s", publication->failure[0] ? "no scan succeeded yet" : "no scan yet",
                 master);
        return;
    }
    seconds = (time_t)publication->snapshot->stats.time;
    if (localtime_r(&seconds, &at))
        strftime(when, sizeof(when), "%T", &at);
    snprintf(text, SERVICE_STATUS_SIZE, "%u rows of %s; the last scan %s; %s", publication->snapshot->row_count, when,
             words[publication->status], master);
}

static void tell_status(struct service *service, const struct publication *publication, const char *master)
{
    char text[SERVICE_STATUS_SIZE], message[SERVICE_STATUS_SIZE + 8];

    describe(publication, master, text);
    if (strcmp(text, service->status) == 0)
        return;
    memcpy(service->status, text, sizeof(service->status));
    snprintf(message, sizeof(message), "STATUS=%s", text);
    sd_notify_send(message);
}

int service_tell(struct service *service, const struct publication *publication, const char *master,
                 int64_t scanning_since_ms, int64_t now_ms)
{
    tell_status(service, publication, master);
    if (!service->is_ready && publication->status != PUBLICATION_NONE) {
        service->is_ready = true;
        sd_notify_send("READY=1");
    }
    if (!service->beat_ms)
        return -1;
    if (now_ms >= service->due_ms) {
        if (service_scans_go_on(scanning_since_ms, publication->interval_s, now_ms))
            sd_notify_send("WATCHDOG=1");
        service->due_ms = now_ms + service->beat_ms;
    }
    return (int)(service->due_ms - now_ms);
}

void service_reloading(const struct service *service)
{
    char message[64];

    if (!service->is_ready)
        return;
    snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_ms() * 1000);
    sd_notify_send(message);
}

void service_reloaded(const struct service *service)
{
    if (service->is_ready)
        sd_notify_send("READY=1");
}

void service_stopping(void)
{
    sd_notify_send("STOPPING=1");
}
