/* served.c - names of tables in the configuration. Knows the names; nothing of what the tables hold. */
#include "served.h"

#include "publication.h"

#include <stdio.h>
#include <string.h>

/* The scan's objects are always there: a manager sees by them what it can believe of the others. */
static const char *const names[PUBLICATION_TABLES] = {
    [PUBLICATION_PROCESSES] = "processes",     [PUBLICATION_SOCKETS] = "sockets", [PUBLICATION_LISTENERS] = "listeners",
    [PUBLICATION_CONNECTIONS] = "connections", [PUBLICATION_STATES] = "states",   [PUBLICATION_GROUPS] = "groups",
};

static void list_names(char *error, size_t size, const char *word, size_t length)
{
    size_t used = (size_t)snprintf(error, size, "\"%.*s\" is none of all", (int)length, word);

    for (size_t i = 0; i < PUBLICATION_TABLES && used < size; i++) {
        if (names[i])
            used += (size_t)snprintf(error + used, size - used, ", %s", names[i]);
    }
}

/* PUBLICATION_TABLES: there is none of that name. */
static size_t find(const char *word, size_t length)
{
    size_t table = 0;

    while (table < PUBLICATION_TABLES &&
           (!names[table] || strlen(names[table]) != length || strncmp(names[table], word, length) != 0))
        table++;
    return table;
}

bool served_parse(const char *text, unsigned *not_served, char *error, size_t size)
{
    static const char between[] = ", \t";
    unsigned served = 1u << PUBLICATION_SCAN;

    for (const char *word = text + strspn(text, between); *word; word += strspn(word, between)) {
        const size_t length = strcspn(word, between), table = find(word, length);
        if (length == 3 && strncmp(word, "all", length) == 0) {
            served = ~0u;
        } else if (table == PUBLICATION_TABLES) {
            list_names(error, size, word, length);
            return false;
        } else {
            served |= 1u << table;
        }
        word += length;
    }
    if (served == 1u << PUBLICATION_SCAN) {
        list_names(error, size, text, strlen(text));
        return false;
    }
    *not_served = ~served;
    return true;
}
