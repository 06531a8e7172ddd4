/* verdict.c - see verdict.h. Knows the words; nothing of rules. */
#include "verdict.h"

#include "perfdata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_IN_LINE 10
#define MORE_LINES    200
#define LINE_MAX_SIZE 640 /* of one of them, and of the one behind the last */

static char *name_of(const struct judgement *judgement, const struct verdict *verdict, char safe[TEXT_SAFE_SIZE])
{
    return judgement->of_listeners ? text_place(verdict->item->name, safe, TEXT_SAFE_SIZE)
                                   : text_name(verdict->item->name, safe, TEXT_SAFE_SIZE);
}

static void say_verdict(const struct judgement *judgement, const struct verdict *verdict, struct text *text)
{
    char safe[TEXT_SAFE_SIZE], number[PERFDATA_NUMBER_SIZE];

    text_add(text, "%s", name_of(judgement, verdict, safe));
    if (*verdict->words)
        text_add(text, " %s", verdict->words);
    else if (!measure_is_presence(judgement->options->measure))
        text_add(text, " %s%s", perfdata_number(verdict->value, number), judgement->options->measure->unit);
    else if (verdict->state == STATE_OK)
        text_add(text, " is there%s%s", *verdict->item->group ? ", held by " : "",
                 text_name(verdict->item->group, safe, sizeof(safe)));
    else
        text_add(text, " has %s socket%s", perfdata_number(verdict->value, number), verdict->value == 1 ? "" : "s");
}

static void add_perfdata(const struct judgement *judgement, const char *label, double value, struct text *perfdata)
{
    const struct options *options = judgement->options;
    const struct perfdatum datum = {.label = label,
                                    .value = value,
                                    .unit = options->measure->unit,
                                    .warn = options->warn.text,
                                    .crit = options->crit.text};

    perfdata_add(perfdata, &datum);
}

static int compare_names(const struct verdict *a, const struct verdict *b)
{
    if (a->state != b->state)
        return state_worse(a->state, b->state) == a->state ? -1 : 1;
    return a->value != b->value ? 0 : strcmp(a->item->name, b->item->name);
}

/* The worst first; of one state, most first. */
static int compare(const void *one, const void *other)
{
    const struct verdict *a = one, *b = other;
    const int by_names = compare_names(a, b);

    return by_names ? by_names : a->value > b->value ? -1 : a->value < b->value;
}

/* Or least first, where too little is what alerts. */
static int compare_from_below(const void *one, const void *other)
{
    const struct verdict *a = one, *b = other;
    const int by_names = compare_names(a, b);

    return by_names ? by_names : a->value < b->value ? -1 : a->value > b->value;
}

static bool is_from_below(const struct limit *limit)
{
    return limit->text && range_is_from_below(&limit->range);
}

static bool are_from_below(const struct judgement *judgement)
{
    return is_from_below(&judgement->options->warn) || is_from_below(&judgement->options->crit);
}

static bool is_well(const struct verdict *verdict)
{
    return verdict->state == STATE_OK || (!*verdict->words && verdict->state == STATE_UNKNOWN);
}

/* Those that are not well, or, if all are, each that was named and the greatest (or least) of all. */
static void say_all(const struct judgement *judgement, const struct verdict *verdicts, size_t count,
                    struct report *report)
{
    const char *thing = judgement->of_listeners ? "listener" : "group";
    const char *extreme = are_from_below(judgement) ? "least " : "most ";
    size_t said = 0, unwell = 0;

    for (size_t i = 0; i < count; i++)
        unwell += !is_well(&verdicts[i]);
    text_add(&report->line, "%s: ", judgement->options->measure->name);
    if (!judgement->is_named)
        text_add(&report->line, "%zu %s%s, ", count, thing, count == 1 ? "" : "s");
    for (size_t i = 0; i < count && said < NAMED_IN_LINE; i++) {
        const bool is_of_all = !judgement->is_named && is_well(&verdicts[i]);
        if (is_of_all && said)
            break;
        text_add(&report->line, "%s", said++ ? ", " : is_of_all ? extreme : "");
        say_verdict(judgement, &verdicts[i], &report->line);
        if (is_of_all)
            break;
    }
    if (judgement->is_named && said < count)
        text_add(&report->line, ", and %zu more", count - said);
    else if (!judgement->is_named && said < unwell)
        text_add(&report->line, ", and %zu more", unwell - said);
}

static void say_more(const struct judgement *judgement, const struct verdict *verdicts, size_t count,
                     struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        if (i == MORE_LINES || report->more.length + LINE_MAX_SIZE > sizeof(report->more.bytes)) {
            text_add(&report->more, "and %zu more\n", count - i);
            return;
        }
        text_add(&report->more, "%s: ", state_name(verdicts[i].state));
        say_verdict(judgement, &verdicts[i], &report->more);
        text_add(&report->more, "\n");
    }
}

static void add_all_perfdata(const struct judgement *judgement, const struct verdict *verdicts, size_t count,
                             struct text *perfdata)
{
    const struct perfdatum number = {
        .label = judgement->of_listeners ? "listeners" : "groups", .value = (double)count, .unit = ""};
    char safe[TEXT_SAFE_SIZE];
    const bool from_below = are_from_below(judgement);
    double extreme = from_below ? HUGE_VAL : 0;

    for (size_t i = 0; i < count; i++) {
        if (judgement->is_named && verdicts[i].has_value)
            add_perfdata(judgement, name_of(judgement, &verdicts[i], safe), verdicts[i].value, perfdata);
        if (verdicts[i].has_value && (verdicts[i].value > extreme) != from_below)
            extreme = verdicts[i].value;
    }
    if (judgement->is_named)
        return;
    add_perfdata(judgement, from_below ? "least" : "most", extreme, perfdata);
    perfdata_add(perfdata, &number);
}

void verdicts_say(const struct judgement *judgement, struct verdict *verdicts, size_t count, struct report *report)
{
    if (count == 0) {
        text_add(&report->line, "%s: there is no %s that has such a value", judgement->options->measure->name,
                 judgement->of_listeners ? "listener" : "group");
        return;
    }
    add_all_perfdata(judgement, verdicts, count, &report->perfdata);
    if (count > 1)
        qsort(verdicts, count, sizeof(*verdicts), are_from_below(judgement) ? compare_from_below : compare);
    say_all(judgement, verdicts, count, report);
    if (judgement->options->is_verbose)
        say_more(judgement, verdicts, count, report);
}

void verdicts_say_left_out(const struct judgement *judgement, struct report *report)
{
    struct text *line = &report->line;
    const struct observation *now = judgement->now, *before = judgement->before;
    const bool is_of_now = scan_hides(&now->scan, true) || !before;
    const struct scan *scan = is_of_now ? &now->scan : &before->scan;
    struct text left_out = {0};

    scan_say_left_out(scan, &left_out);
    text_add(line, "; the scan left something out: %s", left_out.bytes);
    if (*scan->remedy)
        text_add(line, ": %s", scan->remedy);
    text_add(line, " (or --partial-ok)");
}
