/* main.c - check_proctcp: looks once, or twice for a rate, judges, and prints one line. */
#include "judge.h"
#include "source.h"

#include <unistd.h>

#define BETWEEN_LOOKS_S 1

static bool is_old(const struct scan *scan)
{
    return *scan->stale || scan->age_s > scan->fresh_s;
}

/* The next scan, after those seconds; or that there comes none. */
static void look_again(const struct source *source, const struct options *options, const struct observation *first,
                       struct observation *second)
{
    sleep(options->over_s);
    while (source->look(options, first->scan.generation, second) && second->scan.generation == first->scan.generation &&
           second->scan.start == first->scan.start && !is_old(&second->scan))
        sleep(BETWEEN_LOOKS_S);
}

static enum state check(const struct options *options)
{
    static struct report report;
    static struct observation first, second;
    const struct source *source = options->peer.host ? &source_snmp : &source_local;
    const bool is_rate = options->measure->is_rate;

    if (source->open(options, &first) && source->look(options, 0, &first) && is_rate)
        look_again(source, options, &first, &second);
    if (is_rate && !first.is_blind)
        judge(options, &second, &first, &report);
    else
        judge(options, &first, NULL, &report);
    report_print(&report);
    source->close();
    observation_free(&first);
    observation_free(&second);
    return report.state;
}

int main(int argc, char **argv)
{
    static struct options options;
    enum state state = STATE_UNKNOWN;

    if (options_parse(argc, argv, &options)) {
        report_time_out(options.timeout_s);
        state = check(&options);
    }
    proctcp_grouping_free(options.grouping);
    return state;
}
