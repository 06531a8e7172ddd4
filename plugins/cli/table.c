/* table.c - aligned columns for people, as wide as the terminal. Every text in a table is printable ASCII without
 * blanks, so that columns stay columns for awk as well; but for the mark where text was cut. */
#include "cells.h"
#include "cut.h"
#include "fit.h"
#include "severity.h"
#include "stamp.h"

#include <stdlib.h>
#include <string.h>

/* A column of the table that is being printed. */
struct place {
    size_t (*cell)(const struct output *output, const void *item, char text[CELL_SIZE]);
    enum severity (*severity)(const struct output *output, const void *item); /* NULL also where nothing has a colour */
    const struct proctcp_field *field;
    const char *title;
    size_t title_length, width, least;
    uint64_t most; /* of a field of numbers */
    bool to_the_left;
};

struct table {
    const struct output *output;
    size_t count, gap;
    struct place places[CHOICE_MAX];
};

/* ---- cells ---- */

static size_t put_value(const struct proctcp_field *field, const struct proctcp_value *value, char text[CELL_SIZE])
{
    switch (value->type) {
    case PROCTCP_SIGNED:
        return format_signed(text, value->signed_number);
    case PROCTCP_TEXT:
        return cell_escaped(text, value->text);
    case PROCTCP_ENUM:
        return cell_text(text, field->enum_name((unsigned)value->number));
    case PROCTCP_ADDRESS:
        return strlen(proctcp_address_text(value->address, text));
    default:
        return format_unsigned(text, value->number);
    }
}

static size_t put_cell(const struct output *output, const struct place *place, const void *item, char text[CELL_SIZE])
{
    struct proctcp_value value;
    size_t length = 0;

    if (place->cell)
        length = place->cell(output, item, text);
    else if (output->view->value(output, item, place->field, &value))
        length = put_value(place->field, &value, text);
    return length ? length : cell_text(text, "-");
}

static void write_blanks(struct writer *writer, size_t count)
{
    static const char blanks[] = "                                                                ";
    for (; count >= sizeof(blanks); count -= sizeof(blanks) - 1)
        writer_bytes(writer, blanks, sizeof(blanks) - 1);
    writer_bytes(writer, blanks, count);
}

/* The blanks behind a cell are left to the next one, so that the last column is not filled up; *blanks of them are due.
 */
static void write_cell(const struct table *table, const struct place *place, const char *text, size_t length,
                       enum severity severity, size_t *blanks)
{
    struct writer *writer = table->output->writer;
    size_t columns = length;
    char cut[CELL_SIZE + 4];

    if (length > place->width) {
        length = cut_middle(text, length, place->width, table->output->style.utf8, cut, &columns);
        text = cut;
    }
    write_blanks(writer, *blanks + (place->to_the_left ? 0 : place->width - columns));
    *blanks = table->gap + (place->to_the_left ? place->width - columns : 0);
    if (severity)
        writer_text(writer, severity_begin(severity));
    writer_bytes(writer, text, length);
    if (severity)
        writer_text(writer, severity_end(severity));
}

/* ---- widths ---- */

static bool is_text(const struct proctcp_field *field)
{
    return field->type == PROCTCP_TEXT || field->type == PROCTCP_NAME || field->type == PROCTCP_ADDRESS;
}

static void prepare_place(const struct output *output, const struct chosen *chosen, struct place *place)
{
    const struct column *column = chosen->column;

    *place = (struct place){.field = chosen->field, .title = chosen->title};
    if (column) {
        if (output->narrow && column->short_title)
            place->title = column->short_title;
        place->cell = column->cell;
        place->severity = output->style.colour ? column->severity : NULL;
        place->to_the_left = column->to_the_left;
        place->least = column->least;
    } else {
        place->to_the_left = is_text(place->field) || place->field->type == PROCTCP_ENUM;
        place->least = is_text(place->field) ? 15 : 0;
    }
    place->title_length = place->width = strlen(place->title);
    if (place->least && place->least < place->title_length)
        place->least = place->title_length;
}

static void prepare(const struct output *output, struct table *table)
{
    table->output = output;
    table->count = output->choice->count;
    for (size_t c = 0; c < table->count; c++)
        prepare_place(output, &output->choice->columns[c], &table->places[c]);
}

/* Numbers are not written to know how wide the widest is. Returns whether that has been done with. */
static bool note_number(const struct output *output, struct place *place, const void *item)
{
    struct proctcp_value value;

    if (place->cell || is_text(place->field) || place->field->type == PROCTCP_ENUM)
        return false;
    if (!output->view->value(output, item, place->field, &value))
        return true;
    if (value.type == PROCTCP_SIGNED && value.signed_number < 0)
        return false;
    place->most = value.number > place->most ? value.number : place->most;
    return true;
}

/* lengths: CELL_SIZE numbers for each column, or NULL. */
static void measure(struct table *table, uint32_t *lengths)
{
    const struct output *output = table->output;
    const uint32_t count = output->view->count(output);
    char text[CELL_SIZE];

    for (uint32_t i = 0; i < count; i++) {
        const void *item = output->view->item(output, i);
        for (size_t c = 0; c < table->count; c++) {
            struct place *place = &table->places[c];
            if (note_number(output, place, item))
                continue;
            const size_t length = put_cell(output, place, item, text);
            place->width = length > place->width ? length : place->width;
            if (lengths)
                lengths[c * CELL_SIZE + length]++;
        }
    }
    for (size_t c = 0; c < table->count; c++) {
        struct place *place = &table->places[c];
        const size_t length = format_unsigned(text, place->most);
        place->width = length > place->width ? length : place->width;
    }
}

static bool has_room(const struct table *table, size_t room)
{
    size_t width = table->gap * (table->count - 1);

    for (size_t c = 0; c < table->count; c++)
        width += table->places[c].width;
    return width <= room;
}

/* Once for all scans. */
static void say_what_has_no_room(const struct table *table, size_t count)
{
    if (!table->output->first || count == table->count)
        return;
    fputs("proctcp: there is no room for ", stderr);
    for (size_t c = count; c < table->count; c++)
        fprintf(stderr, "%s%s", c > count ? ", " : "", table->places[c].title);
    fputs(" (--wide shows every column, --columns those that it names)\n", stderr);
}

static void fit(struct table *table, size_t room, const uint32_t *lengths)
{
    struct fit_column columns[CHOICE_MAX];
    size_t count;

    for (size_t c = 0; c < table->count; c++)
        columns[c] = (struct fit_column){.width = table->places[c].width,
                                         .least = table->places[c].least,
                                         .lengths = lengths ? lengths + c * CELL_SIZE : NULL};
    count = fit_columns(columns, table->count, room, &table->gap);
    say_what_has_no_room(table, count);
    table->count = count;
    for (size_t c = 0; c < count; c++)
        table->places[c].width = columns[c].width;
}

/* First as wide as it gets; short words, and a look at how long cells are, only if that is too wide. */
static void lay_out(struct output *output, struct table *table)
{
    const size_t room = output->style.width;

    prepare(output, table);
    table->gap = 2;
    measure(table, NULL);
    if (room && !has_room(table, room)) {
        uint32_t *lengths = calloc(table->count * CELL_SIZE, sizeof(*lengths));
        output->narrow = true;
        prepare(output, table);
        measure(table, lengths);
        fit(table, room, lengths);
        free(lengths);
    }
}

/* ---- lines ---- */

static void write_header(const struct table *table)
{
    size_t blanks = 0;

    for (size_t c = 0; c < table->count; c++)
        write_cell(table, &table->places[c], table->places[c].title, table->places[c].title_length, FINE, &blanks);
    writer_char(table->output->writer, '\n');
}

static void write_line(const struct output *output, const struct table *table, const void *item)
{
    char text[CELL_SIZE];
    size_t blanks = 0;

    for (size_t c = 0; c < table->count; c++) {
        const struct place *place = &table->places[c];
        const size_t length = put_cell(output, place, item, text);
        write_cell(table, place, text, length, place->severity ? place->severity(output, item) : FINE, &blanks);
    }
    writer_char(output->writer, '\n');
}

static void write_stamp(const struct output *output)
{
    char stamp[STAMP_SIZE];

    if (!output->first)
        writer_char(output->writer, '\n');
    writer_text(output->writer, stamp_text(output->snapshot->stats.time, stamp));
    writer_text(output->writer, " generation ");
    writer_unsigned(output->writer, output->snapshot->stats.generation);
    writer_char(output->writer, '\n');
}

/* Two passes: the widths of the columns, then the lines. Nothing is kept but the widths. */
void table_items(const struct output *given)
{
    struct output output = *given;
    struct table table;
    const uint32_t count = output.view->count(&output);

    lay_out(&output, &table);
    if (output.repeated)
        write_stamp(&output);
    if (output.style.header)
        write_header(&table);
    for (uint32_t i = 0; i < count; i++) {
        const void *item = output_item(&output, i);
        write_line(&output, &table, item);
        if (output.style.info)
            info_line(&output, item);
    }
}
