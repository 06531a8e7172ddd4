/* json.c - items as JSON, one object per line. Knows field types; which fields there are is the field table's matter.
 */
#include "json_string.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>

/* A word of our own: letters. */
static void write_word(struct writer *writer, const char *word)
{
    writer_char(writer, '"');
    writer_text(writer, word);
    writer_char(writer, '"');
}

static void write_value(struct writer *writer, const struct proctcp_field *field, const struct proctcp_value *value)
{
    char text[PROCTCP_ADDRESS_TEXT_SIZE];

    switch (value->type) {
    case PROCTCP_SIGNED:
        writer_signed(writer, value->signed_number);
        break;
    case PROCTCP_BOOLEAN:
        writer_text(writer, value->number ? "true" : "false");
        break;
    case PROCTCP_TEXT:
        json_string(writer, value->text);
        break;
    case PROCTCP_ADDRESS:
        write_word(writer, proctcp_address_text(value->address, text));
        break;
    case PROCTCP_ENUM:
        write_word(writer, field->enum_name((unsigned)value->number));
        break;
    default:
        writer_unsigned(writer, value->number);
    }
}

/* An object in the making: a comma stands before every member but the first. */
static void write_name(struct writer *writer, bool *first, const char *name, size_t length)
{
    writer_bytes(writer, *first ? "{\"" : ",\"", 2);
    writer_bytes(writer, name, length);
    writer_bytes(writer, "\":", 2);
    *first = false;
}

/* Returns whether the object is still empty. */
static bool begin_object(const struct output *output)
{
    bool first = true;

    if (output->repeated) {
        write_name(output->writer, &first, "generation", 10);
        writer_unsigned(output->writer, output->snapshot->stats.generation);
        write_name(output->writer, &first, "time", 4);
        writer_unsigned(output->writer, output->snapshot->stats.time);
    }
    return first;
}

static void end_object(struct writer *writer, bool first)
{
    writer_text(writer, first ? "{}\n" : "}\n");
}

static void write_combined(const struct output *output, const struct chosen *chosen, const void *item, bool *first)
{
    char text[CELL_SIZE];

    if (!chosen->column->cell(output, item, text))
        return;
    write_name(output->writer, first, chosen->name, chosen->name_length);
    json_string(output->writer, text);
}

void json_items(const struct output *output)
{
    const struct view *view = output->view;
    const struct chosen *columns = output->choice->columns;
    const size_t column_count = output->choice->count;
    const uint32_t count = view->count(output);

    for (uint32_t i = 0; i < count; i++) {
        const void *item = output_item(output, i);
        bool first = begin_object(output);
        for (size_t c = 0; c < column_count; c++) {
            const struct chosen *chosen = &columns[c];
            struct proctcp_value value;
            if (!chosen->field) {
                write_combined(output, chosen, item, &first);
            } else if (view->value(output, item, chosen->field, &value)) {
                write_name(output->writer, &first, chosen->name, chosen->name_length);
                write_value(output->writer, chosen->field, &value);
            }
        }
        end_object(output->writer, first);
    }
}

/* Which namespace was read how, and why not better. */
static void write_namespaces(struct writer *writer, const struct proctcp_snapshot *snapshot)
{
    writer_text(writer, ",\"by_namespace\":[");
    for (uint32_t i = 0; i < snapshot->namespace_count; i++) {
        const struct proctcp_netns *netns = &snapshot->namespaces[i];
        char reason[64];
        writer_text(writer, i ? ",{\"netns\":" : "{\"netns\":");
        writer_unsigned(writer, netns->inode);
        if (netns->source) {
            writer_text(writer, ",\"source\":");
            write_word(writer, proctcp_source_name(netns->source));
            writer_text(writer, ",\"sockets\":");
            writer_unsigned(writer, netns->sockets);
        }
        if (netns->error) {
            writer_text(writer, ",\"error\":");
            json_string(writer, strerror_r(netns->error, reason, sizeof(reason)));
        }
        writer_char(writer, '}');
    }
    writer_char(writer, ']');
}

void json_stats(const struct output *output)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_stats_fields(&count);
    bool first = true;

    for (size_t f = 0; f < count; f++) {
        struct proctcp_value value;
        if (!proctcp_stats_value(&output->snapshot->stats, &fields[f], &value))
            continue;
        write_name(output->writer, &first, fields[f].name, strlen(fields[f].name));
        write_value(output->writer, &fields[f], &value);
    }
    write_namespaces(output->writer, output->snapshot);
    end_object(output->writer, first);
}
