/* messages.c - keeps the log of net-snmp from saying the same thing twice. Knows log messages as text; nothing of what
 * they are about. */
#include "messages.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS 8 /* standard error, a file, syslog... */

struct said {
    struct said *next;
    char text[];
};

/* The logging of net-snmp has no place of its own for these. */
static struct {
    struct {
        netsnmp_log_handler *target;
        NetsnmpLogHandler *handler; /* its own */
    } targets[TARGETS];
    size_t count;
    struct said *said;
} held;

static bool is_new(const char *text)
{
    const size_t size = strlen(text) + 1;
    struct said *more;

    for (const struct said *at = held.said; at; at = at->next) {
        if (strcmp(at->text, text) == 0)
            return false;
    }
    more = malloc(sizeof(*more) + size);
    if (!more)
        return true;
    memcpy(more->text, text, size);
    more->next = held.said;
    held.said = more;
    return true;
}

/* A message goes to each target: the first one decides for all. */
static int log_once(netsnmp_log_handler *target, int priority, const char *text)
{
    static bool goes_on;

    if (target == held.targets[0].target)
        goes_on = is_new(text);
    for (size_t i = 0; goes_on && i < held.count; i++) {
        if (held.targets[i].target == target)
            return held.targets[i].handler(target, priority, text);
    }
    return 1;
}

void messages_begin(void)
{
    for (netsnmp_log_handler *target = get_logh_head(); target && held.count < TARGETS; target = target->next) {
        if (!target->enabled)
            continue;
        held.targets[held.count].target = target;
        held.targets[held.count].handler = target->handler;
        held.count++;
        target->handler = log_once;
    }
}

void messages_end(void)
{
    while (held.count > 0) {
        held.count--;
        held.targets[held.count].target->handler = held.targets[held.count].handler;
    }
    while (held.said) {
        struct said *next = held.said->next;

        free(held.said);
        held.said = next;
    }
}
