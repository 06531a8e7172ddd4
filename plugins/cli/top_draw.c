/* top_draw.c - titles, rows and the last line. Every pass draws all of it; the canvas finds out what has changed. */
#include "top_draw.h"

#include "cut.h"

#include <string.h>

static const char blanks[] = "                                                                                ";

unsigned top_put(const struct top_state *state, const struct top_canvas *canvas, unsigned line, unsigned column,
                 const char *text, unsigned look)
{
    size_t length = strlen(text);

    if (line >= state->height || column >= state->width)
        return column;
    if (length > state->width - column)
        length = state->width - column;
    canvas->put(canvas->context, line, column, text, length, look);
    return column + (unsigned)length;
}

static void put_blanks(const struct top_state *state, const struct top_canvas *canvas, unsigned line, unsigned column,
                       unsigned count, unsigned look)
{
    const unsigned most = sizeof(blanks) - 1;

    for (; count; count -= count < most ? count : most) {
        column = top_put(state, canvas, line, column, blanks + (count < most ? most - count : 0), look);
    }
}

void top_put_line(const struct top_state *state, const struct top_canvas *canvas, unsigned line, const char *text,
                  unsigned look)
{
    const unsigned end = top_put(state, canvas, line, 0, text, look);

    put_blanks(state, canvas, line, end, state->width - end, look);
}

/* ---- cells ---- */

/* Text that is too long loses its middle, a number its right, which says that it is not the whole. */
static void put_cell(const struct top_state *state, const struct top_canvas *canvas, unsigned line, unsigned column,
                     const struct top_column *kind, unsigned width, const char *text, unsigned look)
{
    size_t length = strlen(text), columns = length;
    char cut[CELL_SIZE + 4];

    if (length > width) {
        length = cut_middle(text, length, width, canvas->utf8, cut, &columns);
        text = cut;
    }
    if (line < state->height && column + width <= state->width)
        canvas->put(canvas->context, line, kind->to_the_left ? column : column + width - (unsigned)columns, text,
                    length, look);
}

/* Of the column that is sorted by, the direction: v is downwards. */
static void put_title(const struct top_state *state, const struct top_canvas *canvas, unsigned line, unsigned column,
                      const struct top_placed *placed)
{
    const struct top_view *top = top_state_view(state);
    const struct top_place *place = top_state_where(state);
    const struct top_column *kind = &top->columns[placed->column];
    char text[32];
    const bool sorted = placed->column == place->sorted_by;
    const size_t length = strlen(kind->title);

    snprintf(text, sizeof(text), "%s", kind->title);
    if (sorted) /* where there is no room for the mark, it stands in the place of the last letter */
        snprintf(text, sizeof(text), "%.*s%s", (int)(length < placed->width ? length : placed->width - 1), kind->title,
                 place->descending ? "v" : "^");
    put_cell(state, canvas, line, column, kind, placed->width, text,
             sorted ? LOOK_REVERSED | LOOK_BRIGHT : LOOK_REVERSED);
}

static void draw_titles(const struct top_state *state, const struct top_canvas *canvas, const struct top_layout *layout,
                        unsigned line)
{
    unsigned column = 0;

    top_put_line(state, canvas, line, "", LOOK_REVERSED);
    for (size_t p = 0; p < layout->count; p++) {
        put_title(state, canvas, line, column, &layout->placed[p]);
        column += layout->placed[p].width + (unsigned)layout->gap;
    }
}

static void draw_row(const struct top_state *state, const struct top_canvas *canvas, const struct top_layout *layout,
                     const struct top_source *sources, unsigned line, uint32_t at)
{
    static const unsigned looks[] = {[FINE] = 0, [DOUBTFUL] = LOOK_DOUBTFUL, [BAD] = LOOK_BAD};
    const struct top_view *top = top_state_view(state);
    const void *item = top_item(top, state->pass, state->list.indices[at]);
    const unsigned selected = at == top_state_where(state)->selected ? LOOK_REVERSED : 0;
    char text[CELL_SIZE];
    unsigned column = 0;

    if (selected)
        top_put_line(state, canvas, line, "", selected);
    for (size_t p = 0; p < layout->count; p++) {
        const struct top_source *source = &sources[layout->placed[p].column];
        top_cell(top, state->pass, source, item, text);
        put_cell(state, canvas, line, column, source->column, layout->placed[p].width, text,
                 selected | looks[top_severity(top, state->pass, source, item)]);
        column += layout->placed[p].width + (unsigned)layout->gap;
    }
}

static void draw_rows(struct top_state *state, const struct top_canvas *canvas, unsigned line)
{
    const struct top_layout layout = top_fit(top_state_view(state), state->width);
    const struct top_place *place = top_state_where(state);
    struct top_source sources[TOP_COLUMNS_MAX];

    top_find_sources(top_state_view(state), sources);
    if (line + 1 < state->height)
        draw_titles(state, canvas, &layout, line++);
    state->page = line + 1 < state->height ? state->height - line - 1 : 1;
    top_state_scroll(state);
    for (uint32_t at = place->first; at < state->list.count && at - place->first < state->page; at++)
        draw_row(state, canvas, &layout, sources, line + at - place->first, at);
    if (state->pass && !state->list.count && line + 1 < state->height)
        top_put(state, canvas, line, 0, *state->filter ? "nothing has that text" : "nothing", 0);
}

/* ---- the last line ---- */

static int draw_prompt(const struct top_state *state, const struct top_canvas *canvas, unsigned line)
{
    char text[TOP_TYPED_SIZE + 32];
    size_t hidden;

    snprintf(text, sizeof(text), "%s%s", state->prompt == PROMPT_FILTER ? "/" : "seconds: ", state->typed);
    hidden = strlen(text) + 1 > state->width ? strlen(text) + 1 - state->width : 0; /* its end is what one types at */
    return (int)top_put(state, canvas, line, 0, text + hidden, LOOK_BRIGHT);
}

/* Whole words, as many as there is room for. */
static void draw_keys(const struct top_state *state, const struct top_canvas *canvas, unsigned line)
{
    static const char *const all[] = {"q quit", "? help",    "1-4 view", "Enter rows", "/ filter",
                                      "s sort", "r reverse", "p pause",  "+- interval"};
    static const char *const inside[] = {"q quit", "? help",    "Backspace back", "/ filter",
                                         "s sort", "r reverse", "p pause",        "+- interval"};
    const char *const *words = state->scope.of ? inside : all;
    const size_t count = state->scope.of ? sizeof(inside) / sizeof(*inside) : sizeof(all) / sizeof(*all);
    unsigned column = 0;

    for (size_t w = 0; w < count && column + strlen(words[w]) <= state->width; w++)
        column = top_put(state, canvas, line, column, words[w], 0) + 2;
}

int top_draw(struct top_state *state, const struct top_canvas *canvas)
{
    const unsigned last = state->height - 1;

    if (state->help) {
        top_draw_help(state, canvas);
        return -1;
    }
    draw_rows(state, canvas, last ? top_draw_header(state, canvas) : 0);
    if (state->prompt)
        return draw_prompt(state, canvas, last);
    if (last)
        draw_keys(state, canvas, last);
    return -1;
}
