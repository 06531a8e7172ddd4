/* cursor.h - reading text that cannot run past its end. Knows characters and numbers, not what they mean.
 * Every function reads at the cursor and moves past what it read; one that returns false has not moved. */
#ifndef PROCTCP_CURSOR_H
#define PROCTCP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const char *at;
    const char *end;
};

static inline bool cursor_expect(struct cursor *c, char expected)
{
    if (c->at == c->end || *c->at != expected)
        return false;
    c->at++;
    return true;
}

/* Any number of blanks, none too. */
static inline void cursor_blanks(struct cursor *c)
{
    while (c->at != c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
}

/* At least one blank. */
__attribute__((always_inline)) static inline bool cursor_gap(struct cursor *c)
{
    if (c->at == c->end || (*c->at != ' ' && *c->at != '\t'))
        return false;
    do {
        c->at++;
    } while (c->at != c->end && (*c->at == ' ' || *c->at == '\t'));
    return true;
}

/* Moves past a run of anything but blanks; false if there is none. */
static inline bool cursor_word(struct cursor *c)
{
    const char *start = c->at;
    while (c->at != c->end && *c->at != ' ' && *c->at != '\t' && *c->at != '\n')
        c->at++;
    return c->at != start;
}

static inline bool cursor_text(struct cursor *c, const char *text)
{
    const char *at = c->at;
    while (*text) {
        if (at == c->end || *at++ != *text++)
            return false;
    }
    c->at = at;
    return true;
}

static inline int cursor_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly so many digits, at most 8; a further digit is not looked at. */
static inline bool cursor_hex_digits(struct cursor *c, unsigned digits, uint32_t *value)
{
    uint32_t v = 0;
    if ((size_t)(c->end - c->at) < digits)
        return false;
    for (unsigned i = 0; i < digits; i++) {
        int digit = cursor_hex_digit(c->at[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (uint32_t)digit;
    }
    c->at += digits;
    *value = v;
    return true;
}

/* One digit or more; false if the number needs more than 64 bits. */
static inline bool cursor_hex64(struct cursor *c, uint64_t *value)
{
    static const char zeros[8] = "00000000"; /* as most columns of a table are */
    const char *at = c->at;
    uint64_t v = 0;
    if ((size_t)(c->end - at) >= sizeof(zeros) && memcmp(at, zeros, sizeof(zeros)) == 0)
        at += sizeof(zeros);
    for (; at != c->end; at++) {
        int digit = cursor_hex_digit(*at);
        if (digit < 0)
            break;
        if (v >> 60)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    if (at == c->at)
        return false;
    c->at = at;
    *value = v;
    return true;
}

/* One digit or more; false if the number needs more than 64 bits. */
static inline bool cursor_dec64(struct cursor *c, uint64_t *value)
{
    const char *at = c->at;
    uint64_t v = 0;
    for (; at != c->end && *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (at == c->at)
        return false;
    c->at = at;
    *value = v;
    return true;
}

/* One digit or more; false if the number needs more than 32 bits. */
static inline bool cursor_dec32(struct cursor *c, uint32_t *value)
{
    const char *at = c->at;
    uint64_t v = 0;
    for (; at != c->end && *at >= '0' && *at <= '9'; at++) {
        v = v * 10 + (uint64_t)(*at - '0');
        if (v > UINT32_MAX)
            return false;
    }
    if (at == c->at)
        return false;
    c->at = at;
    *value = (uint32_t)v;
    return true;
}

static inline bool cursor_signed32(struct cursor *c, int32_t *value)
{
    const char *start = c->at;
    bool negative = cursor_expect(c, '-');
    uint32_t v;
    if (!cursor_dec32(c, &v) || v > (uint32_t)INT32_MAX + negative) {
        c->at = start;
        return false;
    }
    *value = (int32_t)(negative ? -(int64_t)v : (int64_t)v);
    return true;
}

#endif
