/* notifications.c - the objects of each notification, with their values of the moment of the event. Knows the MIB;
 * nothing of how they are sent. */
#include "notifications.h"

#include "order.h"

#include <stdlib.h>
#include <string.h>

/* The number of a column by its name in the MIB, or by its field. 0: there is none. */
static unsigned long column_id(const struct table *table, const char *name)
{
    for (size_t column = 0; column < table_column_count(table); column++) {
        const struct table_column found = table_column(table, column);
        if (strcmp(found.is_own ? found.own->name : found.field->name, name) == 0)
            return table_column_id(table, column);
    }
    return 0;
}

static size_t key_of(const struct event *event, enum publication_table table, unsigned long key[TABLE_INDEX_MAX])
{
    static const struct publication any; /* the event's namespace is as the index has it */
    const struct proctcp_listener listener = {.local_address = event->address,
                                              .local_port = event->port,
                                              .netns = event->netns,
                                              .interface = event->interface};

    if (table == PUBLICATION_LISTENERS)
        return order_listener_key(&any, &listener, key);
    if (table == PUBLICATION_THRESHOLDS)
        return order_threshold_key(event->threshold.name, event->instance, key);
    key[0] = 0;
    return 1;
}

/* Where its value is to be written. */
static struct value *add(struct notification *notification, const struct event *event, enum publication_table which,
                         const char *column)
{
    const struct table *table = &tables[which];
    unsigned long *oid = notification->objects[notification->count].oid;

    memcpy(oid, table->prefix, table->prefix_length * sizeof(*oid));
    oid[table->prefix_length] = column_id(table, column);
    notification->objects[notification->count].length =
        table->prefix_length + 1 + key_of(event, which, oid + table->prefix_length + 1);
    return &notification->objects[notification->count++].value;
}

static void add_generation(struct notification *notification, const struct event *event)
{
    value_set_counter64(add(notification, event, PUBLICATION_SCAN, "generation"), event->generation);
}

static void of_scan(const struct event *event, struct notification *notification)
{
    value_set_integer(add(notification, event, PUBLICATION_SCAN, "proctcpScanStatus"), (int32_t)event->status);
    value_set_text(add(notification, event, PUBLICATION_SCAN, "proctcpScanLastFailureText"), event->text);
    add_generation(notification, event);
}

static void of_listener(const struct event *event, struct notification *notification)
{
    value_set_text(add(notification, event, PUBLICATION_LISTENERS, "proctcpListenerLocalEndpoint"), event->instance);
    value_set_text(add(notification, event, PUBLICATION_LISTENERS, "process"), event->text);
    value_set_integer(add(notification, event, PUBLICATION_LISTENERS, "pid"), event->pid);
    add_generation(notification, event);
}

static void of_threshold(const struct event *event, struct notification *notification)
{
    const struct threshold *threshold = &event->threshold;
    const bool is_raised = event->kind == EVENT_THRESHOLD_RAISED;

    value_set_text(add(notification, event, PUBLICATION_THRESHOLDS, "proctcpThresholdName"), threshold->name);
    value_set_text(add(notification, event, PUBLICATION_THRESHOLDS, "proctcpThresholdInstance"), event->instance);
    value_set_unsigned(add(notification, event, PUBLICATION_THRESHOLDS, "proctcpThresholdValue"), event->value);
    value_set_unsigned(
        add(notification, event, PUBLICATION_THRESHOLDS, is_raised ? "proctcpThresholdHigh" : "proctcpThresholdLow"),
        is_raised ? threshold->high : threshold->low);
    value_set_integer(add(notification, event, PUBLICATION_THRESHOLDS, "proctcpThresholdPid"), event->pid);
    add_generation(notification, event);
}

void notification_of(const struct event *event, struct notification *notification)
{
    notification->count = 0;
    switch (event->kind) {
    case EVENT_SCAN_FAILING:
    case EVENT_SCAN_SUCCEEDS:
        of_scan(event, notification);
        break;
    case EVENT_LISTENER_WENT:
    case EVENT_LISTENER_CAME:
        of_listener(event, notification);
        break;
    case EVENT_THRESHOLD_RAISED:
    case EVENT_THRESHOLD_CLEARED:
        of_threshold(event, notification);
        break;
    }
}
