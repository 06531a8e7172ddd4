/* text.h - text that grows in a place of a fixed size, and words of strangers in it. */
#ifndef CHECK_TEXT_H
#define CHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_SIZE      4096
#define TEXT_NAME_SIZE 97 /* of a group, with the NUL: PROCTCP_GROUP_NAME_SIZE */
#define TEXT_SAFE_SIZE (3 * TEXT_NAME_SIZE)

/* Begins as {0}. What does not fit is left out. */
struct text {
    size_t length;
    char bytes[TEXT_SIZE];
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bytes for the output of a plugin: printable ASCII, and every byte as %NN that is not, or that means something to a
 * monitoring system, its web pages or the shell of its notifications: | ' " = \ ` ~ $ & < > %. Not as \xNN, which
 * printf %b of usual notifications would turn back. At most size bytes with the NUL, never half of an escape. Returns
 * safe. */
char *text_safe(const char *bytes, char *safe, size_t size);
/* The same for a name among others: commas and blanks at its ends are escaped, too. */
char *text_name(const char *bytes, char *safe, size_t size);
/* The same of a listener, whose % stands before an interface. */
char *text_place(const char *bytes, char *safe, size_t size);
/* The way back: %NN is a byte, as is \xNN, by which proctcp prints it, and everything else is itself. false: it is
 * empty, too long, or has a NUL or half of an escape. */
bool text_unsafe(const char *word, char bytes[TEXT_NAME_SIZE]);

#endif
