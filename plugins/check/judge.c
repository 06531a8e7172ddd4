/* judge.c - see judge.h. Knows the rules: what was not seen is never OK, and a fault that was seen is one, however much
 * was not seen beside it. Has no clock and asks nobody. */
#include "judge.h"

#include "perfdata.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A group that is not known has no process and no socket; of all other values it has none. */
static void pass_missing_group(const struct judgement *judgement, struct verdict *verdict)
{
    const struct options *options = judgement->options;
    const uint32_t left_out = judgement->now->scan.groups_left_out;
    enum state state = options->missing;
    char words[256];

    if (left_out) {
        snprintf(words, sizeof(words),
                 "is not seen, and %u names found no place and are in " PROCTCP_GROUP_OTHER
                 ": give it a proctcpGroup of its own, or see proctcpMaxGroups",
                 left_out);
        pass(verdict, STATE_UNKNOWN, words);
        return;
    }
    if (!options->missing_is_said && measure_is_of_being(options->measure))
        state = state_worse(limits_state(options, 0), state);
    pass(verdict, state, "is not known: no process of that group holds a TCP socket, or it has another name");
}

static void pass_missing(const struct judgement *judgement, struct verdict *verdict)
{
    if (judgement->hides)
        pass(verdict, STATE_UNKNOWN, "is not seen");
    else if (judgement->of_listeners)
        pass_missing_listener(judgement, verdict);
    else
        pass_missing_group(judgement, verdict);
}

/* Whether it is held by whom it should be. */
static void pass_holder(const struct judgement *judgement, struct verdict *verdict)
{
    const struct options *options = judgement->options;
    const char *group = verdict->item->group;
    char safe[TEXT_SAFE_SIZE], words[256];

    if (options_name_group(options, group))
        return;
    if (!*group) {
        pass(verdict, STATE_UNKNOWN, "is held by nobody who can be seen");
    } else {
        snprintf(words, sizeof(words), "is held by %.200s, which is another group",
                 text_name(group, safe, sizeof(safe)));
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
    /* What a listener counts is whole: the kernel told it. What is not seen may bring a rate up or down. */
    if (judgement->hides && !judgement->of_listeners && options->measure->is_rate)
        pass(verdict, STATE_UNKNOWN, "");
    else if (judgement->hides && !judgement->of_listeners)
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

/* The group of those that have none is always there, most often without a process. */
static bool is_nothing(const struct judgement *judgement, const struct item *item)
{
    return !item->is_there || (!judgement->of_listeners && measure_is_of_being(judgement->options->measure) &&
                               item->numbers.part == 0 && strcmp(item->name, PROCTCP_GROUP_OTHER) == 0);
}

/* Of all, those that have no such value say nothing. */
static size_t judge_each(const struct judgement *judgement, struct verdict *verdicts)
{
    size_t count = 0;

    for (size_t i = 0; i < judgement->now->count; i++) {
        const struct item *item = &judgement->now->items[i];
        if (!judgement->is_named && is_nothing(judgement, item))
            continue;
        verdicts[count] = judge_item(judgement, item);
        count += judgement->is_named || verdicts[count].has_value;
    }
    return count;
}

static void judge_items(const struct judgement *judgement, struct report *report)
{
    struct verdict *verdicts = calloc(judgement->now->count + 1, sizeof(*verdicts));
    const size_t count = verdicts ? judge_each(judgement, verdicts) : 0;
    /* Others may be worse than all that were seen. */
    const bool misses_some = !judgement->is_named && (judgement->hides || judgement->now->is_cut);

    report->state = misses_some || count == 0 ? STATE_UNKNOWN : STATE_OK;
    for (size_t i = 0; i < count; i++)
        report->state = state_worse(report->state, verdicts[i].state);
    verdicts_say(judgement, verdicts, count, report);
    if ((judgement->hides && report->state != STATE_OK) || (judgement->hides_holders && report->state == STATE_UNKNOWN))
        verdicts_say_left_out(judgement, report);
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

/* Either of the scans may have missed something. Who holds a listener that was named is another question than whether
 * it is there. */
static bool hides(const struct options *options, const struct observation *now, const struct observation *before)
{
    const bool from_groups = !options_are_of_listeners(options) || (options->group_count && !options->listener_count);

    return !options->partial_is_ok &&
           (scan_hides(&now->scan, from_groups) || (before && scan_hides(&before->scan, from_groups)));
}

void judge(const struct options *options, const struct observation *now, const struct observation *before,
           struct report *report)
{
    const struct judgement judgement = {
        .options = options,
        .now = now,
        .before = before,
        .is_named = options_are_of_named(options),
        .of_listeners = options_are_of_listeners(options),
        .hides = hides(options, now, before),
        .hides_holders =
            options->listener_count && options->group_count && !options->partial_is_ok && scan_hides(&now->scan, true),
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
