/* choice.h - the columns that are printed, and what they are sorted by, as names chose them. */
#ifndef PROCTCP_CLI_CHOICE_H
#define PROCTCP_CLI_CHOICE_H

#include "view.h"

#define CHOICE_MAX (VIEW_FIELDS_MAX + 16)
#define SORT_MAX   16

struct chosen {
    const char *name;
    size_t name_length;
    const struct column *column;       /* how tables show it, if they do so in a way of their own; or NULL */
    const struct proctcp_field *field; /* NULL: it is of several, and column says how it reads */
    char title[48];
};

struct choice {
    size_t count;
    struct chosen columns[CHOICE_MAX];
};

struct sort {
    size_t count; /* 0: as they come */
    struct sort_key {
        const struct proctcp_field *field;
        bool descending;
    } keys[SORT_MAX];
};

/* The view's own columns, for a table; every field, for programs. */
void choice_default(const struct view *view, bool is_table, struct choice *choice);

/* Both say what is wrong with the list, and return false. */
bool choice_parse(const struct view *view, const char *list, struct choice *choice);
bool sort_parse(const struct view *view, const char *list, struct sort *sort);

/* Every name that choice_parse() takes, on stdout, with what it means. */
void choice_print_names(const struct view *view);

#endif
