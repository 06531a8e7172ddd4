/* verdict.c - see verdict.h. Knows the words; nothing of rules. */
#include "verdict.h"

#include "perfdata.h"

#include <stdlib.h>
#include <string.h>

#define NAMED_IN_LINE 10
#define MORE_LINES    200

static void say_verdict(const struct judgement *judgement, const struct verdict *verdict, struct text *text)
{
    char safe[TEXT_SAFE_SIZE], number[PERFDATA_NUMBER_SIZE];

    text_add(text, "%s", text_safe(verdict->item->name, safe, sizeof(safe)));
    if (*verdict->words)
        text_add(text, " %s", verdict->words);
    else if (measure_is_presence(judgement->options->measure))
        text_add(text, " is there%s%s", *verdict->item->group ? ", held by " : "",
                 text_safe(verdict->item->group, safe, sizeof(safe)));
    else
        text_add(text, " %s%s", perfdata_number(verdict->value, number), judgement->options->measure->unit);
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

/* The worst first; of one state, most first. */
static int compare(const void *one, const void *other)
{
    const struct verdict *a = one, *b = other;

    if (a->state != b->state)
        return state_worse(a->state, b->state) == a->state ? -1 : 1;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return strcmp(a->item->name, b->item->name);
}

/* Those that are not well, or, if all are, each that was named and the greatest of all. */
static void say_all(const struct judgement *judgement, const struct verdict *verdicts, size_t count,
                    struct report *report)
{
    const char *thing = judgement->of_listeners ? "listener" : "group";
    size_t said = 0;

    text_add(&report->line, "%s: ", judgement->options->measure->name);
    if (!judgement->is_named)
        text_add(&report->line, "%zu %s%s, ", count, thing, count == 1 ? "" : "s");
    for (size_t i = 0; i < count && said < NAMED_IN_LINE; i++) {
        const bool is_well =
            verdicts[i].state == STATE_OK || (!*verdicts[i].words && verdicts[i].state == STATE_UNKNOWN);
        if (is_well && !judgement->is_named && said)
            break;
        text_add(&report->line, "%s", said++ ? ", " : is_well && !judgement->is_named ? "most " : "");
        say_verdict(judgement, &verdicts[i], &report->line);
        if (is_well && !judgement->is_named)
            break;
    }
    if (judgement->is_named && said < count)
        text_add(&report->line, ", and %zu more", count - said);
}

static void say_more(const struct judgement *judgement, const struct verdict *verdicts, size_t count,
                     struct report *report)
{
    for (size_t i = 0; i < count && i < MORE_LINES; i++) {
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
    double most = 0;

    for (size_t i = 0; i < count; i++) {
        if (judgement->is_named && verdicts[i].has_value)
            add_perfdata(judgement, text_safe(verdicts[i].item->name, safe, sizeof(safe)), verdicts[i].value, perfdata);
        most = verdicts[i].has_value && verdicts[i].value > most ? verdicts[i].value : most;
    }
    if (judgement->is_named)
        return;
    add_perfdata(judgement, "most", most, perfdata);
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
        qsort(verdicts, count, sizeof(*verdicts), compare);
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
