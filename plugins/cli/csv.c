/* csv.c - items as comma-separated values (RFC 4180), but never more than one line each. */
#include "output.h"

#include <inttypes.h>
#include <string.h>

/* = + - and @, and what looks like them, begin a formula in a spreadsheet. */
static bool begins_formula(const char *text)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

    for (size_t i = 0; *text == '\xef' && i < sizeof(wide) / sizeof(wide[0]); i++) {
        if (strncmp(text, wide[i], 3) == 0)
            return true;
    }
    return *text == '=' || *text == '+' || *text == '-' || *text == '@';
}

static void write_escape(struct writer *writer, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char escape[8];
        snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)bytes[i]);
        writer_text(writer, escape);
    }
}

/* Most text is: without quotes, escapes and all that could be more than text. */
static bool is_plain(const char *text, size_t *length)
{
    size_t at = 0;

    while (text[at] > ' ' && text[at] < 0x7f && text[at] != '"' && text[at] != '\\' && text[at] != ',' &&
           text[at] != ';')
        at++;
    *length = at;
    return !text[at] && !begins_formula(text);
}

/* A cell begins at the first byte, and behind what other programs take for the end of one. escaped: backslashes stand
 * for something already. */
static void write_text(struct writer *writer, const char *text, bool escaped)
{
    bool quoted, begins = true;
    size_t plain;

    if (is_plain(text, &plain)) {
        writer_bytes(writer, text, plain);
        return;
    }
    quoted = strpbrk(text, "\", ;") != NULL;
    if (quoted)
        writer_char(writer, '"');
    while (*text) {
        unsigned steering;
        size_t length = utf8_next(text, &steering);
        const bool is_end = *text == ',' || *text == ';';
        if (length == 0) {
            writer_text(writer, "\xef\xbf\xbd");
            length = 1;
        } else if (steering || (*text == '\\' && !escaped) || (begins && begins_formula(text))) {
            write_escape(writer, text, length);
        } else {
            if (*text == '"')
                writer_char(writer, '"');
            writer_bytes(writer, text, length);
        }
        begins = is_end;
        text += length;
    }
    if (quoted)
        writer_char(writer, '"');
}

static void write_value(struct writer *writer, const struct proctcp_field *field, const struct proctcp_value *value)
{
    char text[PROCTCP_ADDRESS_TEXT_SIZE];

    switch (value->type) {
    case PROCTCP_SIGNED:
        writer_signed(writer, value->signed_number);
        break;
    case PROCTCP_TEXT:
        write_text(writer, value->text, false);
        break;
    case PROCTCP_ADDRESS:
        writer_text(writer, proctcp_address_text(value->address, text));
        break;
    case PROCTCP_ENUM:
        writer_text(writer, field->enum_name((unsigned)value->number));
        break;
    default:
        writer_unsigned(writer, value->number);
    }
}

static void write_header(const struct output *output)
{
    if (output->repeated)
        writer_text(output->writer, "generation,time,");
    for (size_t c = 0; c < output->choice->count; c++) {
        if (c)
            writer_char(output->writer, ',');
        writer_text(output->writer, output->choice->columns[c].name);
    }
    writer_char(output->writer, '\n');
}

static void write_scan(const struct output *output)
{
    writer_unsigned(output->writer, output->snapshot->stats.generation);
    writer_char(output->writer, ',');
    writer_unsigned(output->writer, output->snapshot->stats.time);
    writer_char(output->writer, ',');
}

/* false: it is absent. */
static bool write_combined(const struct output *output, const struct chosen *chosen, const void *item)
{
    char text[CELL_SIZE];

    if (!chosen->column->cell(output, item, text))
        return false;
    write_text(output->writer, text, true);
    return true;
}

/* Of one column, what is absent would be a line without anything, which readers take for none. */
static void write_absent(const struct output *output)
{
    if (output->choice->count == 1 && !output->repeated)
        writer_text(output->writer, "\"\"");
}

void csv_items(const struct output *output)
{
    const struct view *view = output->view;
    const struct chosen *columns = output->choice->columns;
    const size_t column_count = output->choice->count;
    const uint32_t count = view->count(output);

    if (output->first && output->style.header)
        write_header(output);
    for (uint32_t i = 0; i < count; i++) {
        const void *item = output_item(output, i);
        if (output->repeated)
            write_scan(output);
        for (size_t c = 0; c < column_count; c++) {
            const struct chosen *chosen = &columns[c];
            struct proctcp_value value;
            if (c)
                writer_char(output->writer, ',');
            if (chosen->field && view->value(output, item, chosen->field, &value))
                write_value(output->writer, chosen->field, &value);
            else if (chosen->field || !write_combined(output, chosen, item))
                write_absent(output);
        }
        writer_char(output->writer, '\n');
    }
}
