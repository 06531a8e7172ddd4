/* top_header.c - the lines above the titles: when and how the scan was made, what it found, what it could not read, and
 * what of it is shown. Parts that have no room are left out whole, the last ones first. */
#include "top_draw.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A line in the making. */
struct line {
    const struct top_state *state;
    const struct top_canvas *canvas;
    unsigned number, column;
};

static void add(struct line *line, unsigned look, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add(struct line *line, unsigned look, const char *format, ...)
{
    const unsigned gap = line->column ? 2 : 0;
    char text[CELL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (line->column && line->column + gap + strlen(text) > line->state->width)
        return;
    line->column = top_put(line->state, line->canvas, line->number, line->column + gap, text, look);
}

static void next_line(struct line *line)
{
    line->number++;
    line->column = 0;
}

static void add_time(struct line *line, const struct top_state *state)
{
    const time_t instant = (time_t)state->pass->snapshot->stats.time;
    char text[16] = "-";
    struct tm local;

    if (localtime_r(&instant, &local))
        strftime(text, sizeof(text), "%H:%M:%S", &local);
    add(line, 0, "%s", text);
}

static void add_what_is_shown(struct line *line, const struct top_state *state)
{
    const struct top_scope *scope = &state->scope;

    if (!scope->of)
        add(line, LOOK_BRIGHT, "%s", top_state_view(state)->name);
    else if (scope->of == &top_views[TOP_PROCESSES])
        add(line, LOOK_BRIGHT, "sockets of process %s[%d]", scope->name, (int)scope->key.pid);
    else
        add(line, LOOK_BRIGHT, "sockets of %s %s", scope->of == &top_views[TOP_GROUPS] ? "group" : "listener",
            scope->name);
}

static void add_source(struct line *line, const struct proctcp_stats *stats)
{
    if (stats->namespaces_procfs && stats->source == PROCTCP_SOURCE_NETLINK)
        add(line, 0, "netlink, procfs of %u", stats->namespaces_procfs);
    else
        add(line, 0, "%s", proctcp_source_name(stats->source));
}

static bool is_partial(const struct proctcp_stats *stats)
{
    return stats->denied || stats->exhausted || stats->namespaces_failed || stats->unread || stats->failed ||
           stats->malformed;
}

static void draw_partial(struct line *line, const struct proctcp_stats *stats)
{
    const struct {
        uint32_t count;
        const char *what;
    } kinds[] = {
        {stats->denied, "processes denied"},     {stats->namespaces_failed, "namespaces not read"},
        {stats->unread, "descriptors not read"}, {stats->exhausted, "reads given up"},
        {stats->failed, "processes not read"},   {stats->malformed, "lines not understood"},
    };

    add(line, LOOK_DOUBTFUL, "partial:");
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        if (kinds[k].count)
            add(line, LOOK_DOUBTFUL, "%s %u", kinds[k].what, kinds[k].count);
    }
}

static void add_rate(struct line *line, const struct top_state *state, enum rate rate, enum reading reading,
                     const char *what)
{
    char text[CELL_SIZE];

    add(line, 0, "%s %s%s", what, top_rate_text(reading, state->pass->all.of[rate], text),
        state->pass->all.of[rate] < 0 ? "" : "/s");
}

static void draw_counts(struct line *line, const struct top_state *state)
{
    const struct proctcp_stats *stats = &state->pass->snapshot->stats;

    add(line, 0, "sockets %u", stats->sockets);
    add(line, 0, "processes %u", stats->processes);
    add(line, 0, "unattributed %u", stats->unattributed);
    add_rate(line, state, RATE_IN, READ_BYTE_RATE, "in");
    add_rate(line, state, RATE_OUT, READ_BYTE_RATE, "out");
    add_rate(line, state, RATE_OPENED, READ_RATE, "new");
}

unsigned top_draw_header(const struct top_state *state, const struct top_canvas *canvas)
{
    const bool roomy = state->height >= 10;
    struct line line = {.state = state, .canvas = canvas};

    add_what_is_shown(&line, state);
    if (state->paused)
        add(&line, LOOK_BRIGHT | LOOK_REVERSED, "PAUSED");
    if (*state->filter)
        add(&line, LOOK_BRIGHT, "with \"%s\"", state->filter);
    if (*state->failure) {
        next_line(&line);
        add(&line, LOOK_BAD, "%s", state->failure);
    }
    if (!state->pass) {
        if (!*state->failure)
            add(&line, 0, "reading ...");
        return line.number + 1;
    }
    if (roomy && *state->failure)
        next_line(&line);
    add_time(&line, state);
    add(&line, 0, "every %g s", state->interval_s);
    add_source(&line, &state->pass->snapshot->stats);
    if (is_partial(&state->pass->snapshot->stats) && !roomy)
        add(&line, LOOK_DOUBTFUL, "partial");
    if (roomy) {
        next_line(&line);
        draw_counts(&line, state);
    }
    if (roomy && is_partial(&state->pass->snapshot->stats)) {
        next_line(&line);
        draw_partial(&line, &state->pass->snapshot->stats);
    }
    return line.number + 1;
}
