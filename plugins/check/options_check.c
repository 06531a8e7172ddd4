/* options_check.c - see options_check.h. Knows what depends on several options. */
#include "options_check.h"

#include "report.h"

#include <string.h>

#define TIMEOUT_S   10
#define OVER_MORE_S 40 /* for the second scan: as long as an agent holds one back */

bool options_are_of_listeners(const struct options *options)
{
    return options->measure->is_of_listeners && (!options->measure->is_of_groups || options->listener_count);
}

bool options_are_of_named(const struct options *options)
{
    return options->listener_count || (options->group_count && !options_are_of_listeners(options));
}

bool options_name_group(const struct options *options, const char *group)
{
    for (unsigned i = 0; i < options->group_count; i++) {
        if (strcmp(options->groups[i], group) == 0)
            return true;
    }
    return false;
}

static bool wrong_together(const char *what)
{
    report_unknown("usage: %s; check_proctcp --help lists the options", what);
    return false;
}

static bool check_wanted(const struct options *options)
{
    const struct measure *measure = options->measure;

    if (measure_is_of_scan(measure) && (options->group_count || options->listener_count))
        return wrong_together("--check scan is about no group and no listener");
    if (measure_is_presence(measure) && !options->listener_count)
        return wrong_together("--check listener needs --listener ADDRESS:PORT");
    if (options->listener_count && !measure->is_of_listeners)
        return wrong_together("--listener: listeners have no such value; give --group, or nothing for all groups");
    if (options->listener_count && options->group_count && !measure_is_presence(measure))
        return wrong_together("--group and --listener: give one of them; only --check listener takes both");
    return true;
}

static bool check_peer(const struct peer *peer)
{
    if (peer->is_v3 && peer->community)
        return wrong_together("-C is of SNMPv2c and -P 3 has users: give -U");
    if (!peer->is_v3 && (peer->user || peer->level || peer->auth_protocol || peer->auth_passphrase ||
                         peer->priv_protocol || peer->priv_passphrase || peer->context))
        return wrong_together("-U, -L, -a, -A, -x, -X and -N are of SNMPv3: give -P 3");
    return true;
}

bool options_complete(struct options *options, const struct said *said)
{
    char error[512], safe[512];

    if (!options->measure)
        return wrong_together("--check is missing: say what is to be checked");
    if (!check_wanted(options) || !check_peer(&options->peer))
        return false;
    if (options->peer.host && said->local) {
        report_unknown("usage: %s is for scans of this host; with -H the agent's own configuration says it",
                       said->local);
        return false;
    }
    if (!options->peer.host && said->remote) {
        report_unknown("usage: %s is for SNMP: give -H, too", said->remote);
        return false;
    }
    if (said->over && !options->measure->is_rate)
        return wrong_together("--over is for --check retransmission_percent");
    if (!options->timeout_is_said)
        options->timeout_s = options->measure->is_rate ? options->over_s + OVER_MORE_S : TIMEOUT_S;
    if (options->measure->is_rate && options->timeout_s <= options->over_s)
        return wrong_together("-t must be longer than --over");
    if (options->missing_is_said && !options->group_count && !options->listener_count)
        return wrong_together("--missing is of what --group and --listener name");
    if (!options->missing_is_said)
        options->missing = measure_is_presence(options->measure) ? STATE_CRITICAL : STATE_UNKNOWN;
    if (proctcp_grouping_check(options->grouping, error, sizeof(error)) < 0) {
        report_unknown("usage: --define: %s", text_safe(error, safe, sizeof(safe)));
        return false;
    }
    return true;
}
