/* writer.h - text and numbers into a stream, through one buffer: printf and locks cost more than all else of a long
 * listing. Knows nothing of what is written. */
#ifndef PROCTCP_CLI_WRITER_H
#define PROCTCP_CLI_WRITER_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct writer {
    FILE *file;
    int error; /* errno of the first write that failed; 0 */
    size_t length;
    char bytes[32768];
};

static inline void writer_through(struct writer *writer, const char *bytes, size_t length)
{
    if (fwrite_unlocked(bytes, 1, length, writer->file) < length && !writer->error)
        writer->error = errno;
}

static inline void writer_flush(struct writer *writer)
{
    writer_through(writer, writer->bytes, writer->length);
    writer->length = 0;
}

static inline void writer_bytes(struct writer *writer, const char *bytes, size_t length)
{
    if (length > sizeof(writer->bytes) - writer->length)
        writer_flush(writer);
    if (length > sizeof(writer->bytes)) {
        writer_through(writer, bytes, length);
        return;
    }
    memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static inline void writer_text(struct writer *writer, const char *text)
{
    writer_bytes(writer, text, strlen(text));
}

static inline void writer_char(struct writer *writer, char c)
{
    if (writer->length == sizeof(writer->bytes))
        writer_flush(writer);
    writer->bytes[writer->length++] = c;
}

#define WRITER_NUMBER_SIZE 24

/* Both put digits and a NUL at text, WRITER_NUMBER_SIZE bytes, and return how many digits (and sign). */
static inline size_t format_unsigned(char text[WRITER_NUMBER_SIZE], uint64_t number)
{
    char digits[WRITER_NUMBER_SIZE];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    memcpy(text, digits + at, sizeof(digits) - at);
    text[sizeof(digits) - at] = '\0';
    return sizeof(digits) - at;
}

static inline size_t format_signed(char text[WRITER_NUMBER_SIZE], int64_t number)
{
    size_t sign = number < 0;

    text[0] = '-';
    return sign + format_unsigned(text + sign, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static inline void writer_unsigned(struct writer *writer, uint64_t number)
{
    char text[WRITER_NUMBER_SIZE];
    const size_t length = format_unsigned(text, number);
    writer_bytes(writer, text, length);
}

static inline void writer_signed(struct writer *writer, int64_t number)
{
    char text[WRITER_NUMBER_SIZE + 1];
    const size_t length = format_signed(text, number);
    writer_bytes(writer, text, length);
}

#endif
