/* measure.c - see measure.h. Knows how a value comes of a group's or listener's fields; nothing of where these come
 * from. */
#include "measure.h"

#include <string.h>

/* With fewer, one that was sent again would be a large part. */
#define SEGMENTS_THAT_TELL 100

const struct measure measures[] = {
    {.name = "scan", .unit = "s", .help = "the scan is fresh and left nothing out; -w and -c are of its age"},
    {.name = "listener",
     .part = "sockets",
     .is_of_listeners = true,
     .unit = "",
     .help = "it is there; -w and -c are of its sockets (SO_REUSEPORT)"},
    {.name = "accept_queue_percent",
     .part = "accept_queue",
     .whole = "accept_queue_max",
     .is_of_listeners = true,
     .unit = "%",
     .help = "of listeners, each by itself"},
    {.name = "close_wait",
     .part = "close_wait",
     .is_of_groups = true,
     .is_of_listeners = true,
     .unit = "",
     .help = "connections that the peer has closed and the process has not"},
    {.name = "unbound",
     .part = "unbound",
     .is_of_groups = true,
     .unit = "",
     .help = "TCP sockets that are neither connected nor listening"},
    {.name = "fds_percent",
     .part = "fds",
     .whole = "fd_limit",
     .is_of_groups = true,
     .unit = "%",
     .help = "of the process of the group that is nearest to its limit"},
    {.name = "retransmission_percent",
     .part = "retransmissions",
     .whole = "segs_out",
     .is_of_groups = true,
     .is_rate = true,
     .unit = "%",
     .help = "of the segments sent, in --over SECONDS"},
    {.name = "processes", .part = "processes", .is_of_groups = true, .unit = "", .help = "that hold a TCP socket"},
    {.name = "sockets", .part = "sockets", .is_of_groups = true, .unit = "", .help = "that its processes hold"},
};
const size_t measure_count = sizeof(measures) / sizeof(measures[0]);

const struct measure *measure_by_name(const char *name)
{
    for (size_t i = 0; i < measure_count; i++) {
        if (strcmp(measures[i].name, name) == 0)
            return &measures[i];
    }
    return NULL;
}

bool measure_is_of_scan(const struct measure *measure)
{
    return !measure->part;
}

bool measure_is_presence(const struct measure *measure)
{
    return strcmp(measure->name, "listener") == 0;
}

bool measure_is_of_being(const struct measure *measure)
{
    return strcmp(measure->name, "processes") == 0 || strcmp(measure->name, "sockets") == 0;
}

static bool rate_value(const struct numbers *now, const struct numbers *before, double *value, const char **why)
{
    if (!before || !before->has_part || !before->has_whole) {
        *why = "was not there at the first of the two scans";
        return false;
    }
    if (now->whole < before->whole || now->part < before->part) {
        *why = "has counters that fell between the two scans";
        return false;
    }
    const uint64_t sent = now->whole - before->whole;
    *value = sent < SEGMENTS_THAT_TELL ? 0 : (double)(now->part - before->part) * 100 / (double)sent;
    return true;
}

bool measure_value(const struct measure *measure, const struct numbers *now, const struct numbers *before,
                   double *value, const char **why)
{
    if (!now->has_part) {
        *why = "has no such value: nothing of it runs, or the kernel does not tell";
        return false;
    }
    if (measure->whole && !now->has_whole) {
        *why = "has no known maximum: there is none, or the kernel does not tell (the source procfs never does)";
        return false;
    }
    if (measure->is_rate)
        return rate_value(now, before, value, why);
    if (!measure->whole) {
        *value = (double)now->part;
        return true;
    }
    *why = "has a maximum of 0";
    *value = now->whole ? (double)now->part * 100 / (double)now->whole : 0;
    return now->whole > 0;
}
