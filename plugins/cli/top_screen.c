/* top_screen.c - ncurses, and all that is known of it: keys by its names, attributes by ours. */
#include "top_screen.h"

#include "terminal.h"

#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAIR_DOUBTFUL = 1, PAIR_BAD = 2 };

static SCREEN *screen;

/* What is put into places needs a cursor that goes to them. */
static bool can_move(void)
{
    const char *sequence = tigetstr("cup");
    return sequence && sequence != (const char *)-1;
}

static void open_colours(bool colour)
{
    if (!colour || !has_colors() || start_color() == ERR)
        return;
    use_default_colors();
    init_pair(PAIR_DOUBTFUL, COLOR_YELLOW, -1);
    init_pair(PAIR_BAD, COLOR_RED, -1);
}

const char *screen_open(bool colour)
{
    const char *term = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return "standard input and output must be a terminal";
    if (!term || !*term)
        return "TERM is not set, which says what the terminal can do";
    if (strcmp(term, "dumb") == 0)
        return "TERM is dumb: this takes a terminal that can place text";
    /* Of selections, whose regular expressions are of bytes, all have been compiled by now. */
    setlocale(LC_CTYPE, "");
    use_tioctl(TRUE); /* the size is that of the terminal, not what COLUMNS and LINES once said */
    screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return "the terminal that TERM names is not known here (Debian package ncurses-term has more)";
    if (!can_move()) {
        screen_close();
        return "the terminal that TERM names cannot place text";
    }
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    open_colours(colour);
    return NULL;
}

void screen_close(void)
{
    if (!screen)
        return;
    endwin();
    delscreen(screen);
    screen = NULL;
}

int screen_key(void)
{
    static const struct {
        int code, key;
    } keys[] = {
        {KEY_UP, KEY_OF_UP},       {KEY_DOWN, KEY_OF_DOWN},      {KEY_LEFT, KEY_OF_LEFT},
        {KEY_RIGHT, KEY_OF_RIGHT}, {KEY_PPAGE, KEY_OF_PAGE_UP},  {KEY_NPAGE, KEY_OF_PAGE_DOWN},
        {KEY_HOME, KEY_OF_HOME},   {KEY_END, KEY_OF_END},        {KEY_BACKSPACE, KEY_OF_ERASE},
        {KEY_DC, KEY_OF_ERASE},    {'\b', KEY_OF_ERASE},         {0x7f, KEY_OF_ERASE},
        {KEY_ENTER, KEY_OF_ENTER}, {'\r', KEY_OF_ENTER},         {'\n', KEY_OF_ENTER},
        {'\t', KEY_OF_NEXT_VIEW},  {KEY_BTAB, KEY_OF_LAST_VIEW}, {0x1b, KEY_OF_ESCAPE},
    };
    const int code = getch();

    if (code == ERR)
        return -1;
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        if (keys[k].code == code)
            return keys[k].key;
    }
    if (code == '\f') /* Ctrl-L: what another program wrote over the screen goes away */
        clearok(curscr, TRUE);
    return code >= ' ' && code < 0x7f ? code : 0;
}

void screen_size(unsigned *width, unsigned *height)
{
    *width = COLS > 0 ? (unsigned)COLS : 1;
    *height = LINES > 0 ? (unsigned)LINES : 1;
}

static void put(void *context, unsigned line, unsigned column, const char *text, size_t length, unsigned look)
{
    const chtype attributes = (look & LOOK_BRIGHT ? A_BOLD : 0) | (look & LOOK_REVERSED ? A_REVERSE : 0) |
                              (look & LOOK_BAD        ? (chtype)COLOR_PAIR(PAIR_BAD)
                               : look & LOOK_DOUBTFUL ? (chtype)COLOR_PAIR(PAIR_DOUBTFUL)
                                                      : 0);

    (void)context;
    attrset((int)attributes);
    /* In the last place of the screen it says ERR, for the cursor cannot go on from there. */
    mvaddnstr((int)line, (int)column, text, (int)length);
}

void screen_show(struct top_state *state)
{
    const struct top_canvas canvas = {.utf8 = terminal_is_utf8(), .put = put};
    int cursor;

    erase();
    cursor = top_draw(state, &canvas);
    attrset(A_NORMAL);
    curs_set(cursor >= 0);
    if (cursor >= 0)
        move((int)state->height - 1, cursor);
    wnoutrefresh(stdscr);
    doupdate();
}
