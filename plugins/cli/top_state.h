/* top_state.h - what --top shows at the moment, and what a key makes of it. Knows no terminal. */
#ifndef PROCTCP_CLI_TOP_STATE_H
#define PROCTCP_CLI_TOP_STATE_H

#include "top_fit.h"
#include "top_list.h"

/* Keys that are no character. */
enum top_key_code {
    KEY_OF_UP = 256,
    KEY_OF_DOWN,
    KEY_OF_LEFT,
    KEY_OF_RIGHT,
    KEY_OF_PAGE_UP,
    KEY_OF_PAGE_DOWN,
    KEY_OF_HOME,
    KEY_OF_END,
    KEY_OF_ERASE,
    KEY_OF_ENTER,
    KEY_OF_NEXT_VIEW,
    KEY_OF_LAST_VIEW,
    KEY_OF_ESCAPE,
};

/* What is typed into the last line. */
enum top_prompt { PROMPT_NONE, PROMPT_FILTER, PROMPT_INTERVAL };

/* Each view remembers where one was, and how it was sorted; so do the rows of a group, process or listener. */
struct top_place {
    size_t sorted_by;
    bool descending;
    bool follows; /* the selected item, which has that key; else the first one is selected, whichever it is */
    struct top_key key;
    uint32_t selected, first; /* places on the list: the first one is that at the top of the screen */
};

#define TOP_TYPED_SIZE 64

struct top_state {
    unsigned width, height; /* of the screen */
    unsigned page;          /* rows that it shows; whoever draws sets it */
    enum top_name name;     /* TOP_SOCKETS under a scope */
    enum top_name came_from;
    struct top_scope scope;
    struct top_place places[TOP_VIEWS + 1]; /* the last one is that under a scope */
    struct top_list list;
    struct pass *pass; /* NULL: there was none yet */
    char filter[TOP_TYPED_SIZE], typed[TOP_TYPED_SIZE];
    enum top_prompt prompt;
    double interval_s;
    bool paused, help, ended;
    bool out_of_memory;
    char failure[256]; /* of the last scan, "" */
};

void top_state_init(struct top_state *state, enum top_name name, double interval_s);
void top_state_close(struct top_state *state);

const struct top_view *top_state_view(const struct top_state *state);
struct top_place *top_state_place(struct top_state *state);
const struct top_place *top_state_where(const struct top_state *state);

/* Takes the pass over; the one before is freed. */
void top_state_pass(struct top_state *state, struct pass *pass);
/* top_keys.c: what a key does. */
void top_state_key(struct top_state *state, int key);

/* Makes the list anew, of the filter that is typed at the moment if one is. */
void top_state_list(struct top_state *state);
/* Selects that place on the list, or the nearest that there is. */
void top_state_move(struct top_state *state, int64_t place);
void top_state_show(struct top_state *state, enum top_name name);
/* To the sockets of the selected item, and back to where it stands. */
void top_state_go_into(struct top_state *state);
void top_state_go_back(struct top_state *state);
/* By the column that is so many further to the right, among those that the width of the screen has room for. */
void top_state_sort(struct top_state *state, int step);
void top_state_reverse(struct top_state *state);
/* After the size of the screen, or the page, has changed: the selected item is on the page. */
void top_state_scroll(struct top_state *state);

#endif
