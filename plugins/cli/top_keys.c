/* top_keys.c - what each key does, and what is typed into the last line. */
#include "top_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_LEAST 0.1
#define INTERVAL_MOST  3600.0

/* ---- what is typed ---- */

static void set_interval(struct top_state *state, double seconds)
{
    state->interval_s = seconds < INTERVAL_LEAST ? INTERVAL_LEAST : seconds > INTERVAL_MOST ? INTERVAL_MOST : seconds;
}

/* 0.1, 0.2, 0.5, 1, 2, 5, 10 ... */
static double next_interval(double now, bool longer)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600};
    const size_t count = sizeof(steps) / sizeof(steps[0]);
    size_t s = longer ? 0 : count - 1;

    while (longer ? s < count - 1 && steps[s] <= now * 1.001 : s > 0 && steps[s] >= now * 0.999)
        s += longer ? 1 : (size_t)-1;
    return steps[s];
}

static void begin_prompt(struct top_state *state, enum top_prompt prompt)
{
    state->prompt = prompt;
    snprintf(state->typed, sizeof(state->typed), "%s", prompt == PROMPT_FILTER ? state->filter : "");
}

static void end_prompt(struct top_state *state)
{
    char *end;
    const double seconds = strtod(state->typed, &end);

    if (state->prompt == PROMPT_FILTER)
        memcpy(state->filter, state->typed, sizeof(state->filter));
    else if (end != state->typed && !*end && isfinite(seconds) && seconds > 0)
        set_interval(state, seconds);
    state->prompt = PROMPT_NONE;
}

static void type_key(struct top_state *state, int key)
{
    const size_t length = strlen(state->typed);

    if (key == KEY_OF_ENTER) {
        end_prompt(state);
    } else if (key == KEY_OF_ESCAPE) {
        if (state->prompt == PROMPT_FILTER)
            state->filter[0] = '\0';
        state->prompt = PROMPT_NONE;
    } else if (key == KEY_OF_ERASE) {
        state->typed[length ? length - 1 : 0] = '\0';
    } else if (key >= ' ' && key < 0x7f && length + 1 < sizeof(state->typed)) {
        state->typed[length] = (char)key;
        state->typed[length + 1] = '\0';
    }
    top_state_list(state);
}

static void escape(struct top_state *state)
{
    if (state->filter[0]) {
        state->filter[0] = '\0';
        top_state_list(state);
    } else if (state->scope.of) {
        top_state_go_back(state);
    } else {
        state->ended = true;
    }
}

/* ---- keys ---- */

static void move_key(struct top_state *state, int key)
{
    struct top_place *place = top_state_place(state);
    const int64_t selected = place->selected, page = state->page;

    switch (key) {
    case KEY_OF_UP:
    case 'k':
        top_state_move(state, selected - 1);
        break;
    case KEY_OF_DOWN:
    case 'j':
        top_state_move(state, selected + 1);
        break;
    case KEY_OF_PAGE_UP:
        top_state_move(state, selected - page);
        break;
    case KEY_OF_PAGE_DOWN:
        top_state_move(state, selected + page);
        break;
    case KEY_OF_END:
        top_state_move(state, state->list.count);
        break;
    case KEY_OF_HOME: /* and stays there, whatever comes first */
        top_state_move(state, 0);
        place->follows = false;
        break;
    default:
        break;
    }
}

static void view_key(struct top_state *state, int key)
{
    /* From the rows of a group one goes on as if from the groups. */
    const enum top_name from = state->scope.of ? state->came_from : state->name;

    switch (key) {
    case KEY_OF_NEXT_VIEW:
        top_state_show(state, (from + 1) % TOP_VIEWS);
        break;
    case KEY_OF_LAST_VIEW:
        top_state_show(state, (from + TOP_VIEWS - 1) % TOP_VIEWS);
        break;
    case KEY_OF_ENTER:
    case KEY_OF_RIGHT:
        top_state_go_into(state);
        break;
    case KEY_OF_ERASE:
    case KEY_OF_LEFT:
        top_state_go_back(state);
        break;
    default:
        if (key >= '1' && key < '1' + TOP_VIEWS)
            top_state_show(state, (enum top_name)(key - '1'));
        else
            move_key(state, key);
        break;
    }
}

void top_state_key(struct top_state *state, int key)
{
    if (state->prompt) {
        type_key(state, key);
        return;
    }
    if (state->help) { /* any key closes it */
        state->help = false;
        if (key != 'q')
            return;
    }
    switch (key) {
    case 'q':
        state->ended = true;
        break;
    case KEY_OF_ESCAPE:
        escape(state);
        break;
    case 'h':
    case '?':
        state->help = true;
        break;
    case 'p':
    case ' ':
        state->paused = !state->paused;
        break;
    case '+':
    case '-':
        set_interval(state, next_interval(state->interval_s, key == '+'));
        break;
    case 'd':
        begin_prompt(state, PROMPT_INTERVAL);
        break;
    case '/':
        begin_prompt(state, PROMPT_FILTER);
        break;
    case 's':
    case '>':
        top_state_sort(state, 1);
        break;
    case '<':
        top_state_sort(state, -1);
        break;
    case 'r':
        top_state_reverse(state);
        break;
    default:
        view_key(state, key);
        break;
    }
}
