/* csv.c - items as comma-separated values (RFC 4180), but never more than one line each. */
#include "output.h"

#include <inttypes.h>
#include <string.h>

static void write_text(struct writer *writer, const char *text)
{
    const bool quoted = strpbrk(text, "\", ") != NULL;

    if (quoted)
        writer_char(writer, '"');
    while (*text) {
        unsigned steering;
        size_t length = utf8_next(text, &steering);
        if (length == 0) {
            writer_text(writer, "\xef\xbf\xbd");
            length = 1;
        } else if (steering || *text == '\\') {
            for (size_t i = 0; i < length; i++) {
                char escape[8];
                snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)text[i]);
                writer_text(writer, escape);
            }
        } else {
            if (*text == '"')
                writer_char(writer, '"');
            writer_bytes(writer, text, length);
        }
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
        write_text(writer, value->text);
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

static void write_header(const struct output *output, const struct proctcp_field *const *fields, size_t count)
{
    if (!output->first)
        return;
    if (output->repeated)
        writer_text(output->writer, "generation,");
    for (size_t f = 0; f < count; f++) {
        if (f)
            writer_char(output->writer, ',');
        writer_text(output->writer, fields[f]->name);
    }
    writer_char(output->writer, '\n');
}

void csv_items(const struct output *output, const struct items *items)
{
    const struct proctcp_field *fields[ITEMS_FIELDS_MAX];
    const size_t count = items_fields(items, fields);

    write_header(output, fields, count);
    for (uint32_t i = 0; i < items->count(output); i++) {
        const void *item = items->item(output, i);
        if (output->repeated) {
            writer_unsigned(output->writer, output->snapshot->stats.generation);
            writer_char(output->writer, ',');
        }
        for (size_t f = 0; f < count; f++) {
            struct proctcp_value value;
            if (f)
                writer_char(output->writer, ',');
            if (items->value(output, item, fields[f], &value))
                write_value(output->writer, fields[f], &value);
        }
        writer_char(output->writer, '\n');
    }
}
