/* doctor_words.h - a line as words, as the files of net-snmp and collectd, and the arguments of a command have them. */
#ifndef PROCTCP_CLI_DOCTOR_WORDS_H
#define PROCTCP_CLI_DOCTOR_WORDS_H

#include "doctor_file.h"

#define WORDS_MAX 32

struct words {
    char text[DOCTOR_LINE_SIZE];
    const char *at[WORDS_MAX + 1]; /* NULL behind the last one */
    size_t count;
};

/* Words are separated by blanks; a part in ' or " may have some, and \ takes the next character as it is. has_comments:
 * # at the begin of a word ends the line. false: a quote is not closed, or there are too many words. */
bool words_split(const char *line, bool has_comments, struct words *words);
/* Whether the first word is this token, in lower or upper case. */
bool words_begin_with(const struct words *words, const char *token);

#endif
