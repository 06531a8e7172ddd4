/* doctor_print.c - a finding as lines for people, or as a JSON object. */
#include "doctor_print.h"

#include "json_string.h"

/* Details and remedies stand below the text of the first line. */
#define INDENT "                            "

void doctor_print_begin(struct doctor_printer *printer, bool is_json)
{
    printer->writer.file = stdout;
    printer->is_json = is_json;
}

static void print_member(struct writer *writer, const char *before, const char *name, const char *value)
{
    writer_text(writer, before);
    json_string(writer, name);
    writer_char(writer, ':');
    json_string(writer, value);
}

static void print_json(struct writer *writer, const struct finding *finding)
{
    print_member(writer, "{", "check", finding->check);
    print_member(writer, ",", "result", finding_result_name(finding->result));
    print_member(writer, ",", "found", finding->found);
    if (*finding->remedy)
        print_member(writer, ",", "remedy", finding->remedy);
    writer_text(writer, "}\n");
}

static void print_lines(struct writer *writer, const char *text, const char *before, bool first_is_begun)
{
    while (*text) {
        const size_t length = strcspn(text, "\n");
        if (!first_is_begun)
            writer_text(writer, before);
        first_is_begun = false;
        writer_bytes(writer, text, length);
        writer_char(writer, '\n');
        text += length + (text[length] == '\n');
    }
}

static void print_for_people(struct writer *writer, const struct finding *finding)
{
    char begin[64];

    snprintf(begin, sizeof(begin), "%-8s %-*s ", finding_result_name(finding->result), (int)sizeof(INDENT) - 1 - 10,
             finding->check);
    writer_text(writer, begin);
    print_lines(writer, finding->found, INDENT, true);
    print_lines(writer, finding->remedy, INDENT "    ", false);
}

void doctor_print(struct doctor_printer *printer, const struct finding *finding)
{
    if (printer->is_json)
        print_json(&printer->writer, finding);
    else
        print_for_people(&printer->writer, finding);
    writer_flush(&printer->writer);
    fflush(stdout);
}
