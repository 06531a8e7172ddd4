/* source_snmp.c - observations of a proctcp-agentx, over SNMP. Knows the objects of PROCTCP-MIB by their numbers;
 * nothing of sessions. */
#include "snmp_peer.h"
#include "snmp_rows.h"
#include "source.h"

#include <stdio.h>
#include <string.h>

/* Of proctcpScan. */
enum scalar {
    GENERATION,
    DURATION_US,
    NAMESPACES_FAILED,
    DENIED,
    EXHAUSTED,
    PROCESSES_FAILED,
    MALFORMED,
    UNREAD,
    SKIPPED,
    INTERVAL,
    STATUS,
    AGE,
    LAST_FAILURE,
    MISSING_CAPABILITIES,
    LONGEST_US,
    START_SECONDS,
    GROUPS_LEFT_OUT,
    SCALAR_COUNT,
};

static const uint32_t scalar_ids[SCALAR_COUNT] = {
    [GENERATION] = 1,         [DURATION_US] = 3,
    [NAMESPACES_FAILED] = 11, [DENIED] = 14,
    [EXHAUSTED] = 17,         [PROCESSES_FAILED] = 18,
    [MALFORMED] = 19,         [UNREAD] = 23,
    [SKIPPED] = 26,           [INTERVAL] = 101,
    [STATUS] = 102,           [AGE] = 103,
    [LAST_FAILURE] = 105,     [MISSING_CAPABILITIES] = 108,
    [LONGEST_US] = 111,       [START_SECONDS] = 115,
    [GROUPS_LEFT_OUT] = 118,
};

enum status { STATUS_NONE = 1, STATUS_UP_TO_DATE = 2, STATUS_STALE = 3, STATUS_PARTIAL = 4, STATUS_FAILED = 5 };

/* Of the age that is wrong: see proctcpScanAge. */
#define INTERVALS 2
#define LONGEST   3
#define MORE_S    5

static bool snmp_open_peer(const struct options *options, struct observation *observation)
{
    struct text why = {0};

    return peer_open(&options->peer, options->timeout_s, &why) || observation_blind(observation, "%.1000s", why.bytes);
}

static bool ask_scalars(struct answer answers[SCALAR_COUNT], struct observation *observation)
{
    struct peer_oid names[SCALAR_COUNT];
    struct text why = {0};

    for (size_t i = 0; i < SCALAR_COUNT; i++)
        names[i] = rows_scalar(scalar_ids[i]);
    return peer_get(names, answers, SCALAR_COUNT, &why) || observation_blind(observation, "%.1000s", why.bytes);
}

static void say_remedy(const struct answer answers[SCALAR_COUNT], struct scan *scan)
{
    char safe[PEER_TEXT_MAX];

    if (!scan_hides(scan, true))
        return;
    text_safe(answers[MISSING_CAPABILITIES].text, safe, sizeof(safe));
    snprintf(scan->remedy, sizeof(scan->remedy), "%s%.160s%son that host, proctcp doctor says more",
             *safe ? "the agent lacks " : "", safe, *safe ? "; " : "");
}

/* Whether it says that something was left out, and not what; or may, for what would say it is out of the view. */
static bool is_untold(const struct answer answers[SCALAR_COUNT])
{
    static const enum scalar counters[] = {DENIED, NAMESPACES_FAILED, UNREAD, EXHAUSTED, PROCESSES_FAILED, MALFORMED};
    uint64_t sum = 0;

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (answers[counters[i]].kind != ANSWER_NUMBER)
            return true;
        sum += answers[counters[i]].number;
    }
    return sum == 0 && answers[STATUS].number == STATUS_PARTIAL;
}

static void take_scan(const struct answer answers[SCALAR_COUNT], struct scan *scan)
{
    char safe[PEER_TEXT_MAX];

    *scan = (struct scan){
        .generation = answers[GENERATION].number,
        .start = answers[START_SECONDS].number,
        .age_s = (double)answers[AGE].number,
        .duration_s = (double)answers[DURATION_US].number / 1e6,
        .fresh_s =
            (double)answers[INTERVAL].number * INTERVALS + (double)answers[LONGEST_US].number / 1e6 * LONGEST + MORE_S,
        .denied = (uint32_t)answers[DENIED].number,
        .namespaces_failed = (uint32_t)answers[NAMESPACES_FAILED].number,
        .unread = (uint32_t)answers[UNREAD].number,
        .exhausted = (uint32_t)answers[EXHAUSTED].number,
        .failed = (uint32_t)answers[PROCESSES_FAILED].number,
        .malformed = (uint32_t)answers[MALFORMED].number,
        .is_untold = is_untold(answers),
        .skipped = (uint32_t)answers[SKIPPED].number,
        .groups_left_out = (uint32_t)answers[GROUPS_LEFT_OUT].number,
        .interval_s = (double)answers[INTERVAL].number,
    };
    if (answers[STATUS].number == STATUS_STALE)
        snprintf(scan->stale, sizeof(scan->stale), "the last scan failed: %s",
                 text_safe(answers[LAST_FAILURE].text, safe, sizeof(safe)));
    say_remedy(answers, scan);
}

/* Whether there is a scan at all. */
static bool check_scan(const struct answer answers[SCALAR_COUNT], struct observation *observation)
{
    const uint64_t status = answers[STATUS].number;
    char safe[PEER_TEXT_MAX];

    if (answers[STATUS].kind != ANSWER_NUMBER || answers[INTERVAL].kind != ANSWER_NUMBER)
        return observation_blind(
            observation,
            "snmpd answers, but there is nothing of proctcp: proctcp-agentx does not run or has lost "
            "snmpd, or the view does not include .1.3.6.1.4.1.8072.9999.9999.793; on that host, "
            "proctcp doctor says which");
    if (status == STATUS_NONE)
        return observation_blind(observation, "proctcp-agentx has just begun: its first scan has not come to its end");
    if (status == STATUS_FAILED)
        return observation_blind(observation,
                                 "each scan of proctcp-agentx failed: %s; on that host, proctcp doctor says more",
                                 text_safe(answers[LAST_FAILURE].text, safe, sizeof(safe)));
    if ((status != STATUS_UP_TO_DATE && status != STATUS_STALE && status != STATUS_PARTIAL) ||
        answers[GENERATION].kind != ANSWER_NUMBER || answers[AGE].kind != ANSWER_NUMBER)
        return observation_blind(observation, "what answers is no proctcp-agentx that this check_proctcp knows");
    return true;
}

static bool snmp_look(const struct options *options, uint64_t after, struct observation *observation)
{
    struct answer answers[SCALAR_COUNT];

    if (!ask_scalars(answers, observation) || !check_scan(answers, observation))
        return false;
    take_scan(answers, &observation->scan);
    if (measure_is_of_scan(options->measure) || observation->scan.generation == after)
        return true;
    return options_are_of_listeners(options) ? rows_listeners(options, observation) : rows_groups(options, observation);
}

const struct source source_snmp = {snmp_open_peer, snmp_look, peer_close};
