/* publish.c - which values a snapshot has in collectd's terms. Knows what of a metric is told when; does not know how a
 * value reaches the daemon. */
#include "publish.h"

#include "identifier.h"

#include <stdio.h>
#include <string.h>

/* Of whatever has fields. */
struct subject {
    const char *plugin_instance;
    const char *name; /* of a socket: stands behind the type instance; else NULL */
    const struct proctcp_snapshot *snapshot;
    const struct proctcp_group *group; /* one of these three */
    const struct proctcp_listener *listener;
    const struct proctcp_row *row;
    const struct memory *memory; /* NULL: counters are told as they are */
    struct remembered *remembered;
};

static bool read_value(const struct subject *subject, const struct proctcp_field *field, struct proctcp_value *value)
{
    if (subject->group)
        return proctcp_group_value(subject->group, field, value);
    if (subject->listener)
        return proctcp_listener_value(subject->snapshot, subject->listener, field, value);
    return proctcp_row_value(subject->snapshot, subject->row, field, value);
}

/* false: absent, or a threshold that there is none of yet. */
static bool read_number(const struct subject *subject, const struct proctcp_field *field, uint64_t *number)
{
    struct proctcp_value value;

    if (!field || !read_value(subject, field, &value) || (value.type == PROCTCP_SIGNED && value.signed_number < 0))
        return false;
    *number = value.type == PROCTCP_SIGNED ? (uint64_t)value.signed_number : value.number;
    return true;
}

static bool is_time(const struct proctcp_field *field)
{
    return field->unit && strcmp(field->unit, "microseconds") == 0;
}

static const char *type_instance_of(const struct subject *subject, const struct metric *metric,
                                    char text[2 * IDENTIFIER_SIZE])
{
    if (!subject->name)
        return metric->type_instance;
    snprintf(text, (size_t)2 * IDENTIFIER_SIZE, "%s%s%s", metric->type_instance, *metric->type_instance ? "-" : "",
             subject->name);
    return text;
}

static void publish_counter(const struct publisher *publisher, const struct subject *subject,
                            const struct chosen_metric *chosen)
{
    const struct metric *metric = chosen->metric;
    uint64_t values[2];
    char text[2 * IDENTIFIER_SIZE];
    unsigned count = 0;

    for (; count < 2 && metric->fields[count]; count++) {
        if (!read_number(subject, chosen->fields[count], &values[count]))
            return;
        if (is_time(chosen->fields[count])) /* whole milliseconds of each, so that the difference of two is right */
            values[count] /= 1000;
        if (subject->memory)
            values[count] = memory_count(subject->memory, subject->remembered, chosen->counter + count, values[count]);
    }
    publisher->derive(publisher->to, subject->plugin_instance, metric->type, type_instance_of(subject, metric, text),
                      values, count);
}

static void publish_gauge(const struct publisher *publisher, const struct subject *subject,
                          const struct chosen_metric *chosen)
{
    const struct metric *metric = chosen->metric;
    const uint64_t bit = UINT64_C(1) << chosen->number;
    char text[2 * IDENTIFIER_SIZE];
    uint64_t number, whole;
    double value;

    if (!read_number(subject, chosen->fields[0], &number))
        return;
    value = is_time(chosen->fields[0]) ? (double)number / 1e6 : (double)number;
    if (metric->shape == METRIC_PERCENT) {
        if (!read_number(subject, chosen->fields[1], &whole) || whole == 0)
            return;
        /* A limit can be lowered below what is open; the type ends at 100.1. */
        value = number < whole ? 100.0 * (double)number / (double)whole : 100.0;
    }
    if (subject->remembered && number)
        subject->remembered->shown |= bit;
    if (metric->shape == METRIC_RARE && !publisher->with_zeros && subject->remembered &&
        !(subject->remembered->shown & bit))
        return;
    publisher->publish(publisher->to, subject->plugin_instance, metric->type, type_instance_of(subject, metric, text),
                       value);
}

static void publish_all(const struct publisher *publisher, const struct subject *subject, const struct profile *profile,
                        bool counters)
{
    for (size_t i = 0; i < profile->count; i++) {
        if (profile->at[i].metric->shape != METRIC_COUNTER)
            publish_gauge(publisher, subject, &profile->at[i]);
        else if (counters)
            publish_counter(publisher, subject, &profile->at[i]);
    }
}

void publish_group(const struct publisher *publisher, const char *name, const struct proctcp_group *group,
                   const struct profile *profile, const struct memory *memory, struct remembered *remembered)
{
    const struct subject subject = {
        .plugin_instance = name, .group = group, .memory = memory, .remembered = remembered};

    publish_all(publisher, &subject, profile, true);
}

void publish_listener(const struct publisher *publisher, const char *name, const struct proctcp_snapshot *snapshot,
                      const struct proctcp_listener *listener, const struct profile *profile,
                      const struct memory *memory, struct remembered *remembered, bool counters)
{
    const struct subject subject = {.plugin_instance = name,
                                    .snapshot = snapshot,
                                    .listener = listener,
                                    .memory = memory,
                                    .remembered = remembered};

    publish_all(publisher, &subject, profile, counters);
}

void publish_socket(const struct publisher *publisher, const char *plugin_instance, const char *name,
                    const struct proctcp_snapshot *snapshot, const struct proctcp_row *row,
                    const struct profile *profile, bool counters)
{
    const struct subject subject = {.plugin_instance = plugin_instance, .name = name, .snapshot = snapshot, .row = row};

    publish_all(publisher, &subject, profile, counters);
}

void publish_unattributed(const struct publisher *publisher, const char *self, const struct proctcp_snapshot *snapshot,
                          struct remembered *remembered)
{
    uint32_t by_state[PROCTCP_STATES] = {0};
    char type_instance[IDENTIFIER_SIZE];

    for (uint32_t i = 0; i < snapshot->unattributed_count; i++) {
        const struct proctcp_unattributed *unattributed = &snapshot->unattributed[i];

        if (unattributed->state < PROCTCP_STATES)
            by_state[unattributed->state] += unattributed->sockets;
    }
    for (unsigned state = PROCTCP_CLOSED; state < PROCTCP_STATES; state++) {
        if (by_state[state])
            remembered->shown |= UINT64_C(1) << state;
        if (!publisher->with_zeros && !(remembered->shown & UINT64_C(1) << state))
            continue;
        snprintf(type_instance, sizeof(type_instance), "unattributed_%s", metric_state(state));
        publisher->publish(publisher->to, self, "tcp_connections", type_instance, by_state[state]);
    }
}

/* Counts of this scan. The number of the scan, its time and its source are no counts. */
static bool is_count(const struct proctcp_field *field)
{
    return field->type == PROCTCP_UNSIGNED && !field->is_counter && strcmp(field->name, "duration_us") != 0;
}

void publish_scan(const struct publisher *publisher, const char *self, const struct proctcp_stats *stats,
                  const struct pass_report *report, const struct memory *memory, struct remembered *remembered)
{
    publish_fn *publish = publisher->publish;
    void *to = publisher->to;
    size_t count;
    const struct proctcp_field *fields = proctcp_stats_fields(&count);

    publish(to, self, "duration", "scan", (double)stats->duration_us / 1e6);
    publish(to, self, "duration", "longest", report->longest_s);
    publish(to, self, "gauge", "source", stats->source);
    publish(to, self, "bool", "connections_counted", stats->connections_counted);
    if (stats->connections_counted && remembered) {
        const uint64_t missed = memory_count(memory, remembered, 0, stats->connections_missed);

        publisher->derive(to, self, "connections", "missed", &missed, 1);
    }
    for (size_t i = 0; i < count; i++) {
        struct proctcp_value value;

        if (is_count(&fields[i]) && proctcp_stats_value(stats, &fields[i], &value))
            publish(to, self, "count", fields[i].name, (double)value.number);
    }
    publish(to, self, "count", "groups", report->groups);
    publish(to, self, "count", "truncated_groups", report->groups_left_out);
    publish(to, self, "count", "truncated_listeners", report->listeners_left_out);
    publish(to, self, "count", "truncated_sockets", report->sockets_left_out);
}
