/* top_screen.h - the terminal of --top, through ncurses. */
#ifndef PROCTCP_CLI_TOP_SCREEN_H
#define PROCTCP_CLI_TOP_SCREEN_H

#include "top_draw.h"

/* NULL, or why this terminal will not do; then nothing of it was changed. */
const char *screen_open(bool colour);
/* Leaves the terminal as it was found. */
void screen_close(void);

/* The key that was hit, as top_state_key() knows it; 0: one that means nothing, or a new size of the screen; -1: none
 * was. Does not wait. */
int screen_key(void);
void screen_size(unsigned *width, unsigned *height);
/* Everything, at once: what has changed is what is written. */
void screen_show(struct top_state *state);

#endif
