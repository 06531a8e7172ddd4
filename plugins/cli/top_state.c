/* top_state.c - the list of a view and the place on it, orders, and ways from one view to another. The selected item
 * stays selected wherever it goes. */
#include "top_state.h"

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

void top_state_list(struct top_state *state)
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
        top_list_free(&state->list); /* it may be of another view, or of a scan that is gone */
        return;
    }
    find_selected(state);
    top_state_scroll(state);
}

void top_state_pass(struct top_state *state, struct pass *pass)
{
    pass_free(state->pass);
    state->pass = pass;
    top_state_list(state);
}

void top_state_move(struct top_state *state, int64_t place)
{
    struct top_place *own = top_state_place(state);
    const int64_t last = (int64_t)state->list.count - 1;

    own->selected = (uint32_t)(place < 0 || last < 0 ? 0 : place > last ? last : place);
    own->follows = true;
    top_state_scroll(state);
    remember(state);
}

/* ---- views ---- */

void top_state_show(struct top_state *state, enum top_name name)
{
    state->name = name;
    state->scope.of = NULL;
    top_state_list(state);
}

void top_state_go_into(struct top_state *state)
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
    top_state_list(state);
}

void top_state_go_back(struct top_state *state)
{
    if (state->scope.of)
        top_state_show(state, state->came_from);
}

/* ---- order ---- */

/* Among the columns that are on the screen. */
void top_state_sort(struct top_state *state, int step)
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
    top_state_list(state);
}

void top_state_reverse(struct top_state *state)
{
    top_state_place(state)->descending = !top_state_where(state)->descending;
    top_state_list(state);
}
