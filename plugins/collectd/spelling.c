/* spelling.c - which option may be meant by a name that no option has. Knows how people write names; what is near is
 * the library's business. */
#include "spelling.h"

#include "proctcp.h"
#include "rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define RULES_MAX 16
#define NAMES_MAX (SPELLING_NAMES_MAX + 2 * RULES_MAX)

static void lower(const char *text, char lowered[SPELLING_SIZE])
{
    size_t i = 0;

    for (; text[i] && i + 1 < SPELLING_SIZE; i++)
        lowered[i] = (char)tolower((unsigned char)text[i]);
    lowered[i] = '\0';
}

/* Names that exclude stand last: of two that are as near, the other one is meant. */
static size_t spell_all(const char *const *names, size_t count, char spelled[NAMES_MAX][SPELLING_SIZE])
{
    size_t all = 0;

    for (; all < count && all < SPELLING_NAMES_MAX; all++)
        snprintf(spelled[all], SPELLING_SIZE, "%s", names[all]);
    for (size_t i = 0; i < RULES_MAX && rule_options[i].name; i++)
        snprintf(spelled[all++], SPELLING_SIZE, "%s", rule_options[i].name);
    for (size_t i = 0; i < RULES_MAX && rule_options[i].name; i++)
        snprintf(spelled[all++], SPELLING_SIZE, RULE_EXCLUDE "%s", rule_options[i].name);
    return all;
}

bool spelling_nearest(const char *key, const char *const *names, size_t count, char nearest[SPELLING_SIZE])
{
    char spelled[NAMES_MAX][SPELLING_SIZE], lowered[NAMES_MAX][SPELLING_SIZE], wanted[SPELLING_SIZE], near[128];
    const char *list[NAMES_MAX];
    const size_t all = spell_all(names, count, spelled);

    for (size_t i = 0; i < all; i++) {
        lower(spelled[i], lowered[i]);
        list[i] = lowered[i];
    }
    lower(key, wanted);
    if (!proctcp_nearest_words(wanted, list, all, "", near, sizeof(near)))
        return false;
    for (size_t i = 0; i < all; i++) {
        const size_t length = strlen(lowered[i]);

        /* The first one; a comma and the others may follow. */
        if (strncmp(near, lowered[i], length) == 0 && (near[length] == '\0' || near[length] == ',')) {
            memcpy(nearest, spelled[i], SPELLING_SIZE);
            return true;
        }
    }
    return false;
}
