/* doctor_finding.h - what one check found, and what to do about it. Texts are printable ASCII in lines: what strangers
 * wrote is escaped where it comes in. */
#ifndef PROCTCP_CLI_DOCTOR_FINDING_H
#define PROCTCP_CLI_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stddef.h>

/* The worst of what a check says is its result. */
enum finding_result {
    FINDING_NONE, /* the check does not apply here, or could not be made */
    FINDING_OK,
    FINDING_WARNING,
    FINDING_MISSING,
};

#define FINDING_SIZE 1536

/* Has no pointers: a child process hands it over as bytes. */
struct finding {
    char check[24];
    enum finding_result result;
    char found[FINDING_SIZE];
    char remedy[FINDING_SIZE]; /* commands and lines to copy; "": none */
};

/* Empty, with the result FINDING_NONE. */
struct finding finding_begin(const char *check);
/* Each adds a line; what has no room any more is left out. */
void finding_say(struct finding *finding, enum finding_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_remedy(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A shell and a file of configuration take such a text for a word, whatever it means: letters, digits and _./:,+- and
 * no
 * - at its begin. */
bool finding_is_plain(const char *text);
/* For a text that strangers may have written: adds the line only if the text is plain. */
void finding_remedy_text(struct finding *finding, const char *before, const char *text, const char *after);

const char *finding_result_name(enum finding_result result);

#define FINDING_TEXT_SIZE 256
/* Text of a stranger as printable ASCII, cut where it is long. Returns escaped. */
const char *finding_escape(const char *text, char escaped[FINDING_TEXT_SIZE]);

#endif
