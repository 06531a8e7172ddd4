/* top_state.c - keys into views, orders, filters and places. The selected item stays selected wherever it goes. */
#include "top_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_LEAST 0.1
#define INTERVAL_MOST  3600.0

void top_state_init(struct top_state *state, enum top_name name, double interval_s)
{
    *state = (struct top_state){.width = 80, .height = 24, .page = 1, .name = name, .interval_s = interval_s};
    for (size_t p = 0; p <= TOP_VIEWS; p++) {
        const size_t view = p < TOP_VIEWS ? p : TOP_SOCKETS;
        state->places[p] = (struct top_place){.sorted_by = top_views[view].sorted_by, .descending = true};
    }
}

void top_state_close(struct top_state *state)
{
    top_list_free(&state->list);
    pass_free(state->pass);
    state->pass = NULL;
}

const struct top_view *top_state_view(const struct top_state *state)
{
    return &top_views[state->name];
}

const struct top_place *top_state_where(const struct top_state *state)
{
    return &state->places[state->scope.of ? TOP_VIEWS : state->name];
}

struct top_place *top_state_place(struct top_state *state)
{
    return &state->places[state->scope.of ? TOP_VIEWS : state->name];
}

/* ---- the list and the place on it ---- */

void top_state_scroll(struct top_state *state)
{
    struct top_place *place = top_state_place(state);
    const uint32_t count = state->list.count, page = state->page ? state->page : 1;

    if (place->selected >= count)
        place->selected = count ? count - 1 : 0;
    if (place->first > place->selected)
        place->first = place->selected;
    if (place->selected - place->first >= page)
        place->first = place->selected - page + 1;
    if (place->first + page > count) /* no empty lines below where there are items above */
        place->first = count > page ? count - page : 0;
}

static const void *selected_item(const struct top_state *state)
{
    const struct top_place *place = top_state_where(state);

    if (!state->pass || place->selected >= state->list.count)
        return NULL;
    return top_item(top_state_view(state), state->pass, state->list.indices[place->selected]);
}

static void remember(struct top_state *state)
{
    const void *item = selected_item(state);

    if (item)
        top_state_place(state)->key = top_key_of(top_state_view(state), state->pass, item);
}

/* An item that is gone leaves its place to the one that is there now. */
static void find_selected(struct top_state *state)
{
    struct top_place *place = top_state_place(state);
    uint32_t at;

    if (!place->follows) {
        place->selected = place->first = 0;
        return;
    }
    at = top_list_find(&state->list, top_state_view(state), state->pass, &place->key);
    if (at < state->list.count)
        place->selected = at;
    top_state_scroll(state);
    remember(state);
}

static void list_anew(struct top_state *state)
{
    const struct top_place *place = top_state_where(state);
    const struct top_wish wish = {.top = top_state_view(state),
                                  .scope = &state->scope,
                                  .filter = state->prompt == PROMPT_FILTER ? state->typed : state->filter,
                                  .sorted_by = place->sorted_by,
                                  .descending = place->descending};

    if (!state->pass)
        return;
    if (!top_list_make(&wish, state->pass, &state->list)) {
        state->out_of_memory = true;
        return;
    }
    find_selected(state);
    top_state_scroll(state);
}

void top_state_pass(struct top_state *state, struct pass *pass)
{
    pass_free(state->pass);
    state->pass = pass;
    list_anew(state);
}

static void move_to(struct top_state *state, int64_t place)
{
    struct top_place *own = top_state_place(state);
    const int64_t last = (int64_t)state->list.count - 1;

    own->selected = (uint32_t)(place < 0 || last < 0 ? 0 : place > last ? last : place);
    own->follows = true;
    top_state_scroll(state);
    remember(state);
}

/* ---- views ---- */

static void show(struct top_state *state, enum top_name name)
{
    state->name = name;
    state->scope.of = NULL;
    list_anew(state);
}

static void go_into(struct top_state *state)
{
    const void *item = selected_item(state);
    const struct top_view *top = top_state_view(state);
    struct top_source sources[TOP_COLUMNS_MAX];

    if (!item || state->name == TOP_SOCKETS)
        return;
    state->came_from = state->name;
    state->scope = (struct top_scope){top, top_key_of(top, state->pass, item), ""};
    top_find_sources(top, sources);
    top_cell(top, state->pass, &sources[0], item, state->scope.name);
    top_state_place(state)->follows = false;
    /* One comes back to it, wherever it is then. */
    state->places[state->name].key = state->scope.key;
    state->places[state->name].follows = true;
    state->name = TOP_SOCKETS;
    state->filter[0] = '\0';
    list_anew(state);
}

static void go_back(struct top_state *state)
{
    if (state->scope.of)
        show(state, state->came_from);
}

/* ---- order ---- */

/* Among the columns that are on the screen. */
static void sort_by_next(struct top_state *state, int step)
{
    const struct top_view *top = top_state_view(state);
    const struct top_layout layout = top_fit(top, state->width);
    struct top_place *place = top_state_place(state);
    size_t at = 0;

    if (!layout.count)
        return;
    while (at < layout.count && layout.placed[at].column != place->sorted_by)
        at++;
    if (at == layout.count)
        at = step > 0 ? layout.count - 1 : 0;
    at = (at + layout.count + (size_t)step) % layout.count;
    place->sorted_by = layout.placed[at].column;
    place->descending = !top->columns[place->sorted_by].to_the_left; /* names from a on, numbers from the most */
    list_anew(state);
}

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
    list_anew(state);
}

static void escape(struct top_state *state)
{
    if (state->filter[0]) {
        state->filter[0] = '\0';
        list_anew(state);
    } else if (state->scope.of) {
        go_back(state);
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
        move_to(state, selected - 1);
        break;
    case KEY_OF_DOWN:
    case 'j':
        move_to(state, selected + 1);
        break;
    case KEY_OF_PAGE_UP:
        move_to(state, selected - page);
        break;
    case KEY_OF_PAGE_DOWN:
        move_to(state, selected + page);
        break;
    case KEY_OF_END:
        move_to(state, state->list.count);
        break;
    case KEY_OF_HOME: /* and stays there, whatever comes first */
        move_to(state, 0);
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
        show(state, (from + 1) % TOP_VIEWS);
        break;
    case KEY_OF_LAST_VIEW:
        show(state, (from + TOP_VIEWS - 1) % TOP_VIEWS);
        break;
    case KEY_OF_ENTER:
    case KEY_OF_RIGHT:
        go_into(state);
        break;
    case KEY_OF_ERASE:
    case KEY_OF_LEFT:
        go_back(state);
        break;
    default:
        if (key >= '1' && key < '1' + TOP_VIEWS)
            show(state, (enum top_name)(key - '1'));
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
        sort_by_next(state, 1);
        break;
    case '<':
        sort_by_next(state, -1);
        break;
    case 'r':
        top_state_place(state)->descending = !top_state_where(state)->descending;
        list_anew(state);
        break;
    default:
        view_key(state, key);
        break;
    }
}
