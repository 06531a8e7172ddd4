/* values.h - one value of the configuration: as text, as what an option needs, and what to say of one that does not do.
 * A value that does not do changes nothing, and is named in the log with what would be right. */
#ifndef PROCTCP_COLLECTD_VALUES_H
#define PROCTCP_COLLECTD_VALUES_H

#include "daemon.h"

#include <stdbool.h>

/* Large enough for every sensible value; a longer one is cut in messages only. */
struct text {
    char chars[256];
};

/* Without quotes, and as it was written. Both return text's characters. */
const char *value_bare(const oconfig_value_t *value, struct text *text);
const char *value_quoted(const oconfig_value_t *value, struct text *text);

/* Position of text among words, the last of which is NULL; letters in any case. -1: it is none. */
int value_position(const char *text, const char *const *words);
/* 1: true, yes or on; 0: false, no or off; -1: neither. */
int value_truth(const oconfig_value_t *value);
/* "one, two or three". */
void value_join(const char *const *words, struct text *text);

/* words: the member is first_word plus the position among them. */
void value_take_word(const char *option, const oconfig_value_t *value, const char *const *words, int first_word,
                     int *member);
void value_take_boolean(const char *option, const oconfig_value_t *value, bool *member);
/* Whole, from min to max. */
void value_take_number(const char *option, const oconfig_value_t *value, int min, int max, int *member);
void value_take_seconds(const char *option, const oconfig_value_t *value, double min, double max, double *member);
void value_take_path(const char *option, const oconfig_value_t *value, char **member);

#endif
