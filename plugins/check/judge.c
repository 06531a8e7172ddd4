/* judge.c - see judge.h. Knows the rules: what was not seen is never OK, and a fault that was seen is one, however much
 * was not seen beside it. Has no clock and asks nobody. */
#include "judge.h"

#include "perfdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_IN_LINE 10
#define MORE_LINES    200

/* What came of one item. */
struct verdict {
    const struct item *item;
    enum state state;
    bool has_value;
    double value;
    char words[256]; /* behind the name, in place of the value; "" if the value says all */
};

struct judgement {
    const struct options *options;
    const struct observation *now, *before;
    bool is_named, of_listeners;
    bool hides; /* the scan left out what may be of an item, and that was not said to be all right */
};

static void pass(struct verdict *verdict, enum state state, const char *words)
{
    verdict->state = state_worse(verdict->state, state);
    snprintf(verdict->words, sizeof(verdict->words), "%s", words);
}

static enum state limits_state(const struct options *options, double value)
{
    if (options->crit.text && range_alerts(&options->crit.range, value))
        return STATE_CRITICAL;
    return options->warn.text && range_alerts(&options->warn.range, value) ? STATE_WARNING : STATE_OK;
}

/* Of a value that may be more in truth: what is certain. */
static enum state limits_state_from(const struct options *options, double value)
{
    if (options->crit.text && range_alerts_from(&options->crit.range, value))
        return STATE_CRITICAL;
    return options->warn.text && range_alerts_from(&options->warn.range, value) ? STATE_WARNING : STATE_UNKNOWN;
}

/* What an agent is told to leave out may be what was asked for. */
static void pass_missing_listener(const struct judgement *judgement, struct verdict *verdict)
{
    const uint32_t skipped = judgement->now->scan.skipped;
    char words[256];

    if (skipped && !verdict->item->is_known) {
        snprintf(words, sizeof(words),
                 "is not seen, and the agent's configuration leaves out %u processes: see its selection", skipped);
        pass(verdict, STATE_UNKNOWN, words);
    } else {
        pass(verdict, judgement->options->missing,
             verdict->item->is_known ? "is gone: nobody listens there any more" : "is missing: nobody listens there");
    }
}

static void pass_missing(const struct judgement *judgement, struct verdict *verdict)
{
    if (judgement->hides)
        pass(verdict, STATE_UNKNOWN, "is not seen");
    else if (judgement->of_listeners)
        pass_missing_listener(judgement, verdict);
    else
        pass(verdict, judgement->options->missing,
             "was never seen: no process of that group holds a TCP socket, or it has another name");
}

/* Whether it is held by whom it should be. */
static void pass_holder(const struct judgement *judgement, struct verdict *verdict)
{
    const struct options *options = judgement->options;
    const char *group = verdict->item->group;
    char safe[TEXT_SAFE_SIZE], words[256];

    for (unsigned i = 0; i < options->group_count; i++) {
        if (strcmp(options->groups[i], group) == 0)
            return;
    }
    if (!*group) {
        pass(verdict, STATE_UNKNOWN, "is held by nobody who can be seen");
    } else {
        snprintf(words, sizeof(words), "is held by %.200s, which is another group",
                 text_safe(group, safe, sizeof(safe)));
        pass(verdict, STATE_CRITICAL, words);
    }
}

static void pass_value(const struct judgement *judgement, struct verdict *verdict)
{
    const struct options *options = judgement->options;
    const struct item *item = verdict->item;
    const struct item *before = judgement->before ? observation_find(judgement->before, item->name) : NULL;
    const char *why = "";

    verdict->has_value =
        measure_value(options->measure, &item->numbers, before ? &before->numbers : NULL, &verdict->value, &why);
    if (!verdict->has_value) {
        pass(verdict, STATE_UNKNOWN, why);
        return;
    }
    verdict->value = perfdata_round(verdict->value);
    /* What a listener counts is whole: the kernel told it. */
    if (judgement->hides && !judgement->of_listeners)
        pass(verdict, limits_state_from(options, verdict->value), "");
    else
        pass(verdict, limits_state(options, verdict->value), "");
}

static struct verdict judge_item(const struct judgement *judgement, const struct item *item)
{
    struct verdict verdict = {.item = item, .state = STATE_OK};

    if (!item->is_known || !item->is_there) {
        pass_missing(judgement, &verdict);
        return verdict;
    }
    pass_value(judgement, &verdict);
    if (measure_is_presence(judgement->options->measure) && judgement->options->group_count)
        pass_holder(judgement, &verdict);
    return verdict;
}

/* ---- what is said ---- */

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

static void say_left_out(const struct judgement *judgement, struct text *line)
{
    const struct scan *scan = &judgement->now->scan;
    struct text left_out = {0};

    scan_say_left_out(scan, &left_out);
    text_add(line, "; the scan left something out: %s", left_out.bytes);
    if (*scan->remedy)
        text_add(line, ": %s", scan->remedy);
    text_add(line, " (or --partial-ok)");
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

/* ---- all of it ---- */

/* Of all, those that have no such value say nothing. */
static size_t judge_each(const struct judgement *judgement, struct verdict *verdicts)
{
    size_t count = 0;

    for (size_t i = 0; i < judgement->now->count; i++) {
        const struct item *item = &judgement->now->items[i];
        if (!judgement->is_named && !item->is_there)
            continue;
        verdicts[count] = judge_item(judgement, item);
        count += judgement->is_named || verdicts[count].has_value;
    }
    return count;
}

static void judge_items(struct judgement *judgement, struct report *report)
{
    struct verdict *verdicts = calloc(judgement->now->count + 1, sizeof(*verdicts));
    const size_t count = verdicts ? judge_each(judgement, verdicts) : 0;
    /* Others may be worse than all that were seen. */
    const bool misses_some = !judgement->is_named && (judgement->hides || judgement->now->is_cut);

    report->state = misses_some ? STATE_UNKNOWN : STATE_OK;
    if (count)
        add_all_perfdata(judgement, verdicts, count, &report->perfdata);
    if (count > 1)
        qsort(verdicts, count, sizeof(*verdicts), compare);
    for (size_t i = 0; i < count; i++)
        report->state = state_worse(report->state, verdicts[i].state);
    if (count) {
        say_all(judgement, verdicts, count, report);
    } else {
        report->state = STATE_UNKNOWN;
        text_add(&report->line, "%s: there is no %s that has such a value", judgement->options->measure->name,
                 judgement->of_listeners ? "listener" : "group");
    }
    if (judgement->options->is_verbose)
        say_more(judgement, verdicts, count, report);
    if (judgement->hides && report->state != STATE_OK)
        say_left_out(judgement, &report->line);
    if (judgement->now->is_cut)
        text_add(&report->line, "; there are more than could be looked at: name those that matter");
    free(verdicts);
}

static void judge_scan(const struct options *options, const struct scan *scan, struct report *report)
{
    struct text left_out = {0};
    const struct perfdatum age = {"age", scan->age_s, "s", options->warn.text, options->crit.text};
    const struct perfdatum duration = {.label = "duration", .value = scan->duration_s, .unit = "s"};
    const bool is_old = !options->crit.text && scan->age_s > scan->fresh_s;

    report->state = *scan->stale || is_old ? STATE_CRITICAL : limits_state(options, scan->age_s);
    scan_say_left_out(scan, &left_out);
    text_add(&report->line, "scan: %.0f s old", scan->age_s);
    if (is_old)
        text_add(&report->line, ", which should be at most %.0f s", scan->fresh_s);
    if (*scan->stale)
        text_add(&report->line, ", %s", scan->stale);
    if (left_out.length) {
        report->state = state_worse(report->state, options->partial_is_ok ? STATE_OK : STATE_WARNING);
        text_add(&report->line, ", left out: %s%s%s", left_out.bytes, *scan->remedy ? ": " : "", scan->remedy);
    }
    perfdata_add(&report->perfdata, &age);
    perfdata_add(&report->perfdata, &duration);
}

static bool is_too_old(const struct scan *scan, struct report *report)
{
    if (!*scan->stale && scan->age_s <= scan->fresh_s)
        return false;
    report->state = STATE_UNKNOWN;
    text_add(&report->line,
             "what was seen is old (%.0f s, where %.0f s are in order)%s%s; on that host: proctcp doctor", scan->age_s,
             scan->fresh_s, *scan->stale ? ": " : "", scan->stale);
    return true;
}

void judge(const struct options *options, const struct observation *now, const struct observation *before,
           struct report *report)
{
    const bool of_listeners = options_are_of_listeners(options);
    struct judgement judgement = {
        .options = options,
        .now = now,
        .before = before,
        .is_named = options_are_of_named(options),
        .of_listeners = of_listeners,
        .hides = !options->partial_is_ok && scan_hides(&now->scan, !of_listeners || options->group_count),
    };

    if (now->is_blind || (before && before->is_blind)) {
        report->state = STATE_UNKNOWN;
        text_add(&report->line, "%s", now->is_blind ? now->why : before->why);
    } else if (measure_is_of_scan(options->measure)) {
        judge_scan(options, &now->scan, report);
    } else if (!is_too_old(&now->scan, report)) {
        if (before && before->scan.start != now->scan.start) {
            report->state = STATE_UNKNOWN;
            text_add(&report->line, "the agent began anew between the two scans");
        } else {
            judge_items(&judgement, report);
        }
    }
}
