/* listeners.c - which listeners are published, and under what name. Address and port tell them apart; in network
 * namespaces other than the plugin's, whose numbers are new after each restart, the group that listens does, too. Knows
 * nothing of collectd and nothing of what is published of a listener. */
#include "listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_wished(const struct proctcp_listener *listener, const struct listener_wishes *wishes,
                      const struct proctcp_snapshot *snapshot)
{
    if (listener->row == PROCTCP_NONE)
        return wishes->of_nobody;
    return wishes->groups[snapshot->row_groups[listener->row]].listeners;
}

static void name_choice(const struct proctcp_snapshot *snapshot, const struct listener_wishes *wishes,
                        struct listener_choice *choice)
{
    const struct proctcp_listener *listener = &snapshot->listeners[choice->listener];
    char address[PROCTCP_ADDRESS_TEXT_SIZE], group[IDENTIFIER_SIZE], rest[3 * IDENTIFIER_SIZE];
    size_t length = (size_t)snprintf(rest, sizeof(rest), "%s-%u",
                                     proctcp_address_text(&listener->local_address, address), listener->local_port);

    if (listener->interface)
        length += (size_t)snprintf(rest + length, sizeof(rest) - length, "-if%u", listener->interface);
    if (listener->netns != snapshot->own_netns) {
        group[0] = '\0';
        if (choice->group != UINT32_MAX)
            identifier_of_group(&(struct identifiers){.prefix = ""}, snapshot->groups[choice->group].name, group);
        snprintf(rest + length, sizeof(rest) - length, "@%s", group);
    }
    identifier_of_own(wishes->identifiers, IDENTIFIER_LISTENER, rest, choice->name);
}

/* Containers of one group may listen at one address each: these are told apart by numbers, those of the system first,
 * then in the order of their namespaces. */
static int by_name(const void *one, const void *other)
{
    const struct listener_choice *a = one, *b = other;
    const int order = strcmp(a->name, b->name);

    if (order)
        return order;
    if (a->is_system != b->is_system)
        return a->is_system ? -1 : 1;
    return (a->listener > b->listener) - (a->listener < b->listener);
}

/* "+-" stands in no name, and behind what was cut there is more than a number. */
static void number_choices(struct listener_choices *choices)
{
    struct listener_choice *first = choices->choices;

    if (!choices->count)
        return;
    qsort(choices->choices, choices->count, sizeof(*choices->choices), by_name);
    for (uint32_t i = 1; i < choices->count; i++) {
        struct listener_choice *choice = &choices->choices[i];
        char longer[IDENTIFIER_SIZE + 16];

        if (strcmp(first->name, choice->name) != 0) {
            first = choice;
            continue;
        }
        snprintf(longer, sizeof(longer), "%s+-%u", first->name, (unsigned)(choice - first) + 1);
        identifier_cut(longer, choice->name, sizeof(choice->name));
        first->is_numbered = choice->is_numbered = true;
    }
}

static int by_rank(const void *one, const void *other)
{
    const struct listener_choice *a = one, *b = other;

    if (a->is_system != b->is_system)
        return a->is_system ? -1 : 1;
    if (a->is_named != b->is_named)
        return a->is_named ? -1 : 1;
    return strcmp(a->name, b->name);
}

int listeners_choose(const struct proctcp_snapshot *snapshot, const struct listener_wishes *wishes,
                     struct memory *memory, struct listener_choices *choices)
{
    *choices = (struct listener_choices){
        .choices = calloc((size_t)snapshot->listener_count + 1, sizeof(struct listener_choice))};
    if (!choices->choices)
        return -ENOMEM;
    for (uint32_t i = 0; i < snapshot->listener_count; i++) {
        const struct proctcp_listener *listener = &snapshot->listeners[i];
        struct listener_choice *choice = &choices->choices[choices->count];

        if (!is_wished(listener, wishes, snapshot))
            continue;
        *choice = (struct listener_choice){
            .listener = i,
            .group = listener->row == PROCTCP_NONE ? UINT32_MAX : snapshot->row_groups[listener->row],
            .is_system = listener->present & PROCTCP_HAS_LISTENER_UID && proctcp_is_system_user(listener->uid)};
        name_choice(snapshot, wishes, choice);
        choices->count++;
    }
    number_choices(choices);
    for (uint32_t i = 0; i < choices->count; i++)
        choices->choices[i].is_named = memory_has_named(memory, choices->choices[i].name);
    if (choices->count > wishes->max) {
        qsort(choices->choices, choices->count, sizeof(*choices->choices), by_rank);
        choices->left_out = choices->count - wishes->max;
        choices->count = wishes->max;
    }
    return 0;
}

void listener_choices_free(struct listener_choices *choices)
{
    free(choices->choices);
    *choices = (struct listener_choices){.choices = NULL};
}
