/* doctor_words.c - splits a line. Knows nothing of what the words mean. */
#include "doctor_words.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies a word to *out, and moves behind it. false: a quote is not closed. */
static bool take_word(const char **line, char **out)
{
    const char *at = *line;
    char quote = '\0';

    for (; *at && (quote || !is_blank(*at)); at++) {
        if (quote ? *at == quote : *at == '"' || *at == '\'') {
            quote = quote ? '\0' : *at;
            continue;
        }
        if (*at == '\\' && quote != '\'' && at[1])
            at++;
        *(*out)++ = *at;
    }
    *(*out)++ = '\0';
    *line = at;
    return quote == '\0';
}

bool words_split(const char *line, bool has_comments, struct words *words)
{
    char *out = words->text;

    words->count = 0;
    words->at[0] = NULL;
    if (strlen(line) >= sizeof(words->text) / 2) /* each word has a NUL more than the line has for it */
        return false;
    for (;;) {
        while (is_blank(*line))
            line++;
        if (!*line || (has_comments && *line == '#'))
            return true;
        if (words->count == WORDS_MAX)
            return false;
        words->at[words->count++] = out;
        words->at[words->count] = NULL;
        if (!take_word(&line, &out))
            return false;
    }
}

bool words_begin_with(const struct words *words, const char *token)
{
    return words->count && strcasecmp(words->at[0], token) == 0;
}
