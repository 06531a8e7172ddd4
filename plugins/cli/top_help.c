/* top_help.c - what the keys of --top do, over the whole screen. */
#include "top_draw.h"

static const char *const lines[] = {
    "1 2 3 4  groups, processes, listeners, sockets (or Tab)",
    "Enter    the sockets of what is selected; Backspace or Left goes back",
    "arrows   move, as do PgUp and PgDn; Home stays at the top, End is the last",
    "/        only what has that text: a name, an address, a pid; Esc ends that",
    "s < >    sort by the next column, the one before, the next",
    "r        reverse the order",
    "p Space  pause, and go on",
    "+ - d    scan less often, more often, type the seconds",
    "q Esc    end, as does Ctrl-C",
    "",
    "IN/s and OUT/s are bytes of payload per second, NEW/s sockets opened, RETR/s",
    "segments sent again, DROP/s what full queues of listeners dropped, all between",
    "the last two scans; - is what is not known. What was opened and closed between",
    "them is not seen. RTT95: 95 of 100 connections are not slower. CLOSEW: sockets",
    "in CLOSE_WAIT. ACC-Q: connections that nobody accepted yet.",
    "",
    "q ends; any other key goes on.",
};

void top_draw_help(const struct top_state *state, const struct top_canvas *canvas)
{
    const unsigned count = sizeof(lines) / sizeof(lines[0]);

    top_put_line(state, canvas, 0, "proctcp --top: keys", LOOK_REVERSED);
    for (unsigned l = 0; l < count; l++)
        top_put(state, canvas, l + 1, 0, lines[l], 0);
}
