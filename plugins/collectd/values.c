/* values.c - one value of the configuration. Knows how collectd hands values over; knows no option. */
#include "values.h"

#include <stdio.h>

const char *value_bare(const oconfig_value_t *value, struct text *text)
{
    switch (value->type) {
    case OCONFIG_TYPE_STRING:
        snprintf(text->chars, sizeof(text->chars), "%s", value->value.string);
        break;
    case OCONFIG_TYPE_BOOLEAN:
        snprintf(text->chars, sizeof(text->chars), "%s", value->value.boolean ? "true" : "false");
        break;
    default:
        snprintf(text->chars, sizeof(text->chars), "%.15g", value->value.number);
    }
    return text->chars;
}

const char *value_quoted(const oconfig_value_t *value, struct text *text)
{
    struct text bare;

    value_bare(value, &bare);
    if (value->type == OCONFIG_TYPE_STRING)
        snprintf(text->chars, sizeof(text->chars), "\"%.*s\"", (int)sizeof(text->chars) - 3, bare.chars);
    else
        *text = bare;
    return text->chars;
}

int value_position(const char *text, const char *const *words)
{
    for (int position = 0; words[position]; position++) {
        if (strcasecmp(text, words[position]) == 0)
            return position;
    }
    return -1;
}

void value_join(const char *const *words, struct text *text)
{
    size_t length = 0;

    text->chars[0] = '\0';
    for (size_t i = 0; words[i] && length < sizeof(text->chars); i++) {
        const char *before = i == 0 ? "" : words[i + 1] ? ", " : " or ";

        length += (size_t)snprintf(text->chars + length, sizeof(text->chars) - length, "%s%s", before, words[i]);
    }
}

void value_take_word(const char *option, const oconfig_value_t *value, const char *const *words, int first_word,
                     int *member)
{
    struct text text, choices;
    const int position = value_position(value_bare(value, &text), words);

    if (position >= 0) {
        *member = first_word + position;
        return;
    }
    value_join(words, &choices);
    P_ERROR("%s %s: there is no such value, write %s; \"%s\" stays in force", option, value_quoted(value, &text),
            choices.chars, words[*member - first_word]);
}

int value_truth(const oconfig_value_t *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", NULL};
    struct text text;
    const int position = value->type == OCONFIG_TYPE_NUMBER ? -1 : value_position(value_bare(value, &text), words);

    return position < 0 ? -1 : position % 2;
}

void value_take_boolean(const char *option, const oconfig_value_t *value, bool *member)
{
    const int truth = value_truth(value);
    struct text text;

    if (truth >= 0)
        *member = truth;
    else
        P_ERROR("%s %s: neither true nor false, write one of these; %s stays in force", option,
                value_quoted(value, &text), *member ? "true" : "false");
}

void value_take_number(const char *option, const oconfig_value_t *value, int min, int max, int *member)
{
    struct text text;

    /* The first two also refuse what is no number at all. */
    if (value->type == OCONFIG_TYPE_NUMBER && value->value.number >= min && value->value.number <= max &&
        value->value.number == (int)value->value.number) {
        *member = (int)value->value.number;
        return;
    }
    P_ERROR("%s %s: write a whole number from %d to %d, without quotes; %d stays in force", option,
            value_quoted(value, &text), min, max, *member);
}

void value_take_seconds(const char *option, const oconfig_value_t *value, double min, double max, double *member)
{
    struct text text;

    if (value->type == OCONFIG_TYPE_NUMBER && value->value.number >= min && value->value.number <= max) {
        *member = value->value.number;
        return;
    }
    P_ERROR("%s %s: write seconds from %g to %g, without quotes; it is left out", option, value_quoted(value, &text),
            min, max);
}

void value_take_path(const char *option, const oconfig_value_t *value, char **member)
{
    struct text text;
    char *copy;

    if (value->type != OCONFIG_TYPE_STRING || value->value.string[0] != '/') {
        P_ERROR("%s %s: write an absolute path, in quotes; \"%s\" stays in force", option, value_quoted(value, &text),
                *member ? *member : "/proc");
        return;
    }
    copy = strdup(value->value.string);
    if (!copy) {
        P_ERROR("%s \"%s\": out of memory", option, value->value.string);
        return;
    }
    free(*member);
    *member = copy;
}
