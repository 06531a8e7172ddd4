/* doctor_finding.c - findings in the making. Knows nothing of what is checked, nor how it is printed. */
#include "doctor_finding.h"

#include "proctcp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct finding finding_begin(const char *check)
{
    struct finding finding = {.result = FINDING_NONE};
    snprintf(finding.check, sizeof(finding.check), "%s", check);
    return finding;
}

static void add_line(char text[FINDING_SIZE], const char *format, va_list arguments)
{
    const size_t used = strlen(text);
    char line[FINDING_SIZE];

    vsnprintf(line, sizeof(line), format, arguments);
    if (used + strlen(line) + 2 <= FINDING_SIZE)
        snprintf(text + used, FINDING_SIZE - used, "%s%s", used ? "\n" : "", line);
}

void finding_say(struct finding *finding, enum finding_result result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_line(finding->found, format, arguments);
    va_end(arguments);
    if (result > finding->result)
        finding->result = result;
}

void finding_remedy(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_line(finding->remedy, format, arguments);
    va_end(arguments);
}

bool finding_is_plain(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,+-";
    return *text && *text != '-' && text[strspn(text, plain)] == '\0';
}

void finding_remedy_text(struct finding *finding, const char *before, const char *text, const char *after)
{
    if (finding_is_plain(text))
        finding_remedy(finding, "%s%s%s", before, text, after);
}

const char *finding_result_name(enum finding_result result)
{
    static const char *const names[] = {
        [FINDING_NONE] = "none", [FINDING_OK] = "ok", [FINDING_WARNING] = "warning", [FINDING_MISSING] = "missing"};
    return names[result];
}

const char *finding_escape(const char *text, char escaped[FINDING_TEXT_SIZE])
{
    if (proctcp_escape(text, escaped, FINDING_TEXT_SIZE, true) >= FINDING_TEXT_SIZE)
        snprintf(escaped + strlen(escaped) - 2, 3, "..");
    return escaped;
}
