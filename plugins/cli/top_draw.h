/* top_draw.h - the screen of --top as text in places. Knows no terminal: a canvas does. */
#ifndef PROCTCP_CLI_TOP_DRAW_H
#define PROCTCP_CLI_TOP_DRAW_H

#include "top_state.h"

/* How text looks; any of them together. */
enum top_look { LOOK_BRIGHT = 1, LOOK_REVERSED = 2, LOOK_DOUBTFUL = 4, LOOK_BAD = 8 };

/* Empty at first. Text put onto it is printable ASCII, or the mark of cut_middle() if the canvas has UTF-8. */
struct top_canvas {
    void *context;
    bool utf8;
    void (*put)(void *context, unsigned line, unsigned column, const char *text, size_t length, unsigned look);
};

/* state->page becomes what fits. Nothing is put beyond width and height. Returns where the cursor belongs on the last
 * line, in a prompt; -1: nowhere. */
int top_draw(struct top_state *state, const struct top_canvas *canvas);

/* top_header.c: the lines above the titles; returns how many. */
unsigned top_draw_header(const struct top_state *state, const struct top_canvas *canvas);

/* top_help.c: what the keys do, instead of everything else. */
void top_draw_help(const struct top_state *state, const struct top_canvas *canvas);

/* Puts text at the line's column, cut at the right margin, and returns the column behind it. */
unsigned top_put(const struct top_state *state, const struct top_canvas *canvas, unsigned line, unsigned column,
                 const char *text, unsigned look);
/* The same over the whole width, filled up with blanks. */
void top_put_line(const struct top_state *state, const struct top_canvas *canvas, unsigned line, const char *text,
                  unsigned look);

#endif
