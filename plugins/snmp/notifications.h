/* notifications.h - what a notification says of an event. */
#ifndef SNMP_NOTIFICATIONS_H
#define SNMP_NOTIFICATIONS_H

#include "events.h"
#include "walk.h"

#define NOTIFICATION_OBJECTS 6

struct notification {
    size_t count;
    struct {
        unsigned long oid[WALK_OID_MAX]; /* below the objects' root */
        size_t length;
        struct value value;
    } objects[NOTIFICATION_OBJECTS];
};

/* The objects, in the order of the MIB. */
void notification_of(const struct event *event, struct notification *notification);

#endif
