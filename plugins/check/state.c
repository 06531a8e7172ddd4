/* state.c - states of a monitoring plugin: their names and which of two is worse. */
#include "state.h"

#include <strings.h>

static const char *const names[] = {
    [STATE_OK] = "OK", [STATE_WARNING] = "WARNING", [STATE_CRITICAL] = "CRITICAL", [STATE_UNKNOWN] = "UNKNOWN"};

const char *state_name(enum state state)
{
    return names[state];
}

bool state_parse(const char *word, enum state *state)
{
    for (unsigned i = STATE_OK; i <= STATE_UNKNOWN; i++) {
        if (strcasecmp(word, names[i]) == 0) {
            *state = i;
            return true;
        }
    }
    return false;
}

enum state state_worse(enum state one, enum state other)
{
    static const unsigned char weights[] = {
        [STATE_OK] = 0, [STATE_UNKNOWN] = 1, [STATE_WARNING] = 2, [STATE_CRITICAL] = 3};

    return weights[one] > weights[other] ? one : other;
}
