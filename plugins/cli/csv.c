/* csv.c - rows as comma-separated values (RFC 4180), but never more than one line each. */
#include "output.h"

#include <inttypes.h>
#include <string.h>

static void write_text(FILE *file, const char *text)
{
    bool quoted = strpbrk(text, "\", ") != NULL;

    if (quoted)
        putc_unlocked('"', file);
    while (*text) {
        unsigned steering;
        size_t length = utf8_next(text, &steering);
        if (length == 0) {
            fputs("\xef\xbf\xbd", file);
            length = 1;
        } else if (steering || *text == '\\') {
            for (size_t i = 0; i < length; i++)
                fprintf(file, "\\x%02x", (unsigned char)text[i]);
        } else {
            if (*text == '"')
                putc_unlocked('"', file);
            fwrite_unlocked(text, 1, length, file);
        }
        text += length;
    }
    if (quoted)
        putc_unlocked('"', file);
}

static void write_value(FILE *file, const struct proctcp_field *field, const struct proctcp_value *value)
{
    char text[PROCTCP_ADDRESS_TEXT_SIZE];

    switch (value->type) {
    case PROCTCP_SIGNED:
        fprintf(file, "%" PRId64, value->signed_number);
        break;
    case PROCTCP_TEXT:
        write_text(file, value->text);
        break;
    case PROCTCP_ADDRESS:
        fputs(proctcp_address_text(value->address, text), file);
        break;
    case PROCTCP_ENUM:
        fputs(field->enum_name((unsigned)value->number), file);
        break;
    default:
        fprintf(file, "%" PRIu64, value->number);
    }
}

static void begin_record(const struct output *output)
{
    if (output->repeated)
        fprintf(output->file, "%" PRIu64 ",", output->snapshot->stats.generation);
}

static void write_header(const struct output *output, const struct proctcp_field *fields, size_t count)
{
    FILE *file = output->file;

    if (!output->first)
        return;
    if (output->repeated)
        fputs("generation,", file);
    for (size_t f = 0; f < count; f++)
        fprintf(file, "%s%s", f ? "," : "", fields[f].name);
    putc_unlocked('\n', file);
}

static void write_items(const struct output *output, const struct items *items)
{
    size_t count;
    const struct proctcp_field *fields = items->fields(&count);

    write_header(output, fields, count);
    for (uint32_t i = 0; i < items->count(output); i++) {
        const void *item = items->item(output, i);
        begin_record(output);
        for (size_t f = 0; f < count; f++) {
            struct proctcp_value value;
            if (f)
                putc_unlocked(',', output->file);
            if (items->value(output, item, &fields[f], &value))
                write_value(output->file, &fields[f], &value);
        }
        putc_unlocked('\n', output->file);
    }
}

void csv_rows(const struct output *output)
{
    write_items(output, &row_items);
}

void csv_processes(const struct output *output)
{
    write_items(output, &process_items);
}

void csv_unattributed(const struct output *output)
{
    if (output->first)
        fprintf(output->file, "%snetns,state,sockets\n", output->repeated ? "generation," : "");
    for (uint32_t i = 0; i < output->snapshot->unattributed_count; i++) {
        const struct proctcp_unattributed *count = &output->snapshot->unattributed[i];
        begin_record(output);
        if (count->netns)
            fprintf(output->file, "%" PRIu32, count->netns);
        fprintf(output->file, ",%s,%" PRIu32 "\n", proctcp_state_name(count->state), count->sockets);
    }
}
