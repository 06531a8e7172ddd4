/* json.c - rows as JSON, one object per line. Knows field types; which fields there are is the field table's matter. */
#include "output.h"

#include <inttypes.h>
#include <string.h>

static void write_string(FILE *file, const char *text)
{
    putc_unlocked('"', file);
    while (*text) {
        unsigned steering;
        size_t length = utf8_next(text, &steering);
        unsigned char byte = (unsigned char)*text;
        if (length == 0) {
            fputs("\\ufffd", file);
            length = 1;
        } else if (byte == '"' || byte == '\\') {
            putc_unlocked('\\', file);
            putc_unlocked(byte, file);
        } else if (steering) {
            fprintf(file, "\\u%04x", steering);
        } else {
            fwrite_unlocked(text, 1, length, file);
        }
        text += length;
    }
    putc_unlocked('"', file);
}

static void write_value(FILE *file, const struct proctcp_field *field, const struct proctcp_value *value)
{
    char text[PROCTCP_ADDRESS_TEXT_SIZE];

    switch (value->type) {
    case PROCTCP_SIGNED:
        fprintf(file, "%" PRId64, value->signed_number);
        break;
    case PROCTCP_BOOLEAN:
        fputs(value->number ? "true" : "false", file);
        break;
    case PROCTCP_TEXT:
        write_string(file, value->text);
        break;
    case PROCTCP_ADDRESS:
        write_string(file, proctcp_address_text(value->address, text));
        break;
    case PROCTCP_ENUM:
        write_string(file, field->enum_name((unsigned)value->number));
        break;
    default:
        fprintf(file, "%" PRIu64, value->number);
    }
}

/* An object in the making: a comma stands before every member but the first. */
static void write_member(FILE *file, bool *first, const struct proctcp_field *field, const struct proctcp_value *value)
{
    fprintf(file, "%c\"%s\":", *first ? '{' : ',', field->name);
    write_value(file, field, value);
    *first = false;
}

/* Returns whether the object is still empty. */
static bool begin_object(const struct output *output)
{
    if (output->repeated)
        fprintf(output->file, "{\"generation\":%" PRIu64, output->snapshot->stats.generation);
    return !output->repeated;
}

static void end_object(FILE *file, bool first)
{
    fputs(first ? "{}\n" : "}\n", file);
}

static void write_items(const struct output *output, const struct items *items)
{
    size_t count;
    const struct proctcp_field *fields = items->fields(&count);

    for (uint32_t i = 0; i < items->count(output); i++) {
        const void *item = items->item(output, i);
        bool first = begin_object(output);
        for (size_t f = 0; f < count; f++) {
            struct proctcp_value value;
            if (items->value(output, item, &fields[f], &value))
                write_member(output->file, &first, &fields[f], &value);
        }
        end_object(output->file, first);
    }
}

void json_rows(const struct output *output)
{
    write_items(output, &row_items);
}

void json_processes(const struct output *output)
{
    write_items(output, &process_items);
}

void json_unattributed(const struct output *output)
{
    for (uint32_t i = 0; i < output->snapshot->unattributed_count; i++) {
        const struct proctcp_unattributed *count = &output->snapshot->unattributed[i];
        putc_unlocked(begin_object(output) ? '{' : ',', output->file);
        if (count->netns)
            fprintf(output->file, "\"netns\":%" PRIu32 ",", count->netns);
        fprintf(output->file, "\"state\":\"%s\",\"sockets\":%" PRIu32 "}\n", proctcp_state_name(count->state),
                count->sockets);
    }
}

/* Which namespace was read how, and why not better. */
static void write_namespaces(FILE *file, const struct proctcp_snapshot *snapshot)
{
    fputs(",\"by_namespace\":[", file);
    for (uint32_t i = 0; i < snapshot->namespace_count; i++) {
        const struct proctcp_netns *netns = &snapshot->namespaces[i];
        char reason[64];
        fprintf(file, "%s{\"netns\":%" PRIu32, i ? "," : "", netns->inode);
        if (netns->source)
            fprintf(file, ",\"source\":\"%s\",\"sockets\":%" PRIu32, proctcp_source_name(netns->source),
                    netns->sockets);
        if (netns->error) {
            fputs(",\"error\":", file);
            write_string(file, strerror_r(netns->error, reason, sizeof(reason)));
        }
        putc_unlocked('}', file);
    }
    putc_unlocked(']', file);
}

void json_stats(const struct output *output)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_stats_fields(&count);
    bool first = true;

    for (size_t f = 0; f < count; f++) {
        struct proctcp_value value;
        if (proctcp_stats_value(&output->snapshot->stats, &fields[f], &value))
            write_member(output->file, &first, &fields[f], &value);
    }
    write_namespaces(output->file, output->snapshot);
    end_object(output->file, first);
}
