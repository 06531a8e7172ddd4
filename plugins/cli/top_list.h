/* top_list.h - the items of a view that are on the list, in order. */
#ifndef PROCTCP_CLI_TOP_LIST_H
#define PROCTCP_CLI_TOP_LIST_H

#include "top_key.h"

struct top_list {
    uint32_t *indices; /* for top_item() */
    uint32_t count;
};

/* What is listed, and how. */
struct top_wish {
    const struct top_view *top;
    const struct top_scope *scope; /* of rows */
    const char *filter;            /* text that a cell must have; "": none */
    size_t sorted_by;              /* index of a column */
    bool descending;
};

/* Equal items stand as the snapshot has them, absent values last. false: memory is out, and *list is as it was, else
 * what it had is freed. */
bool top_list_make(const struct top_wish *wish, const struct pass *pass, struct top_list *list);
void top_list_free(struct top_list *list);

/* The place of the item with that key, list->count if it is not there. */
uint32_t top_list_find(const struct top_list *list, const struct top_view *top, const struct pass *pass,
                       const struct top_key *key);

#endif
