/* view.c - the list of views, and what they have in common. */
#include "view.h"

#include <string.h>
#include <strings.h>

const struct view *const views[VIEW_COUNT] = {&row_view,      &process_view, &group_view,
                                              &listener_view, &socket_view,  &unattributed_view};

static size_t add_fields(const struct proctcp_field *(*table_of)(size_t *count), size_t listed,
                         const struct proctcp_field *fields[VIEW_FIELDS_MAX])
{
    size_t count = 0;
    const struct proctcp_field *table = table_of(&count);

    for (size_t f = 0; f < count && listed < VIEW_FIELDS_MAX; f++)
        fields[listed++] = &table[f];
    return listed;
}

size_t view_fields(const struct view *view, const struct proctcp_field *fields[VIEW_FIELDS_MAX])
{
    const size_t listed = add_fields(view->fields, 0, fields);
    return view->more_fields ? add_fields(view->more_fields, listed, fields) : listed;
}

const struct column *view_column(const struct view *view, const char *name, size_t length)
{
    for (size_t c = 0; c < view->column_count; c++) {
        const struct column *column = &view->columns[c];
        if (strncmp(column->name, name, length) == 0 && !column->name[length])
            return column;
    }
    return NULL;
}

/* However it is written, as people type. */
static bool is_title(const char *title, const char *name, size_t length)
{
    return title && strncasecmp(title, name, length) == 0 && !title[length];
}

const struct column *view_column_by_title(const struct view *view, const char *name, size_t length)
{
    for (size_t c = 0; c < view->column_count; c++) {
        if (is_title(view->columns[c].title, name, length) || is_title(view->columns[c].short_title, name, length))
            return &view->columns[c];
    }
    return NULL;
}
