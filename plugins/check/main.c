/* main.c - check_proctcp: looks once, or twice for a rate, judges, and prints one line. */
#include "judge.h"
#include "source.h"

#include <fcntl.h>
#include <unistd.h>

#define BETWEEN_LOOKS_S 1
#define INTERVAL_MAX_S  3600
#define MORE_S          20 /* for an agent that is held up */

static bool is_old(const struct scan *scan)
{
    return *scan->stale || scan->age_s > scan->fresh_s;
}

/* How long the next scan of an agent may take to come. */
static bool has_time(const struct options *options, const struct observation *first, struct observation *second)
{
    const unsigned wanted_s = options->over_s + (unsigned)first->scan.interval_s + MORE_S;

    if (first->scan.interval_s == 0 || wanted_s <= options->timeout_s)
        return true;
    if (options->timeout_is_said || first->scan.interval_s > INTERVAL_MAX_S)
        return observation_blind(second, "the agent scans every %.0f s, so that two scans take up to %u s: see -t",
                                 first->scan.interval_s, wanted_s);
    report_time_out(wanted_s);
    return true;
}

/* The next scan, after those seconds; or that there comes none. */
static void look_again(const struct source *source, const struct options *options, const struct observation *first,
                       struct observation *second)
{
    if (!has_time(options, first, second))
        return;
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

/* Else what is opened first would be taken for one of them. What is printed must not seem to get out. */
static bool fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct options options;
    enum state state = STATE_UNKNOWN;

    if (!fill_standard_descriptors())
        return STATE_UNKNOWN;
    if (options_parse(argc, argv, &options)) {
        report_time_out(options.timeout_s);
        state = check(&options);
    }
    proctcp_grouping_free(options.grouping);
    return report_is_out() ? state : STATE_UNKNOWN;
}
