/* rules.h - options that select sockets: of a block, or of a <Group> in it. */
#ifndef PROCTCP_COLLECTD_RULES_H
#define PROCTCP_COLLECTD_RULES_H

#include "daemon.h"

#include "proctcp.h"

#include <stdbool.h>

struct rule_option {
    const char *name;  /* also with RULE_EXCLUDE before it */
    const char *kind;  /* the library's name */
    bool asks_sockets; /* else it asks about processes */
};

#define RULE_EXCLUDE "Exclude"

/* Up to one without a name. */
extern const struct rule_option rule_options[];

/* NULL: the key names no rule. */
const struct rule_option *rule_find(const char *key);

/* Takes one accepted rule: kind as the library has it. 0 or -errno, error says what the library said. */
typedef int rule_take_fn(void *to, const char *kind, const char *value, char *error, size_t error_size);

/* Hands each value of a line to take, and says which are wrong. Returns how many were; a line that is wrong as a whole
 * counts once. */
unsigned rules_read(const struct rule_option *option, const oconfig_item_t *item, rule_take_fn *take, void *to);

#endif
