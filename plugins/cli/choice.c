/* choice.c - names of columns into columns, and into what items are sorted by. Knows how a list is written. */
#include "choice.h"

#include "complain.h"

#include <stdio.h>
#include <string.h>

/* One name of a list, which lives in the command line. */
struct word {
    const char *text;
    size_t length;
    unsigned position; /* from 1 */
};

#define BLANKS " \t"

/* Moves on to the next name. */
static bool next_word(const char **list, struct word *word)
{
    const char *text = *list;
    size_t length;

    if (!text)
        return false;
    text += strspn(text, BLANKS);
    length = strcspn(text, ",");
    *list = text[length] ? text + length + 1 : NULL;
    while (length && strchr(BLANKS, text[length - 1]))
        length--;
    *word = (struct word){text, length, word->position + 1};
    return true;
}

static bool is_word(const struct word *word, const char *name)
{
    return strncmp(name, word->text, word->length) == 0 && !name[word->length];
}

static const struct proctcp_field *find_field(const struct view *view, const struct word *word)
{
    const struct proctcp_field *fields[VIEW_FIELDS_MAX];
    const size_t count = view_fields(view, fields);

    for (size_t f = 0; f < count; f++) {
        if (is_word(word, fields[f]->name))
            return fields[f];
    }
    return NULL;
}

static void add_chosen(struct choice *choice, const struct column *column, const struct proctcp_field *field)
{
    struct chosen *chosen = &choice->columns[choice->count++];
    const char *name = column ? column->name : field->name;

    *chosen = (struct chosen){.name = name, .name_length = strlen(name), .column = column, .field = field};
    snprintf(chosen->title, sizeof(chosen->title), "%s", column && column->title ? column->title : name);
    for (char *c = chosen->title; *c && !(column && column->title); c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
}

/* The names that a list may have. Returns how many. */
static size_t all_names(const struct view *view, const char *names[CHOICE_MAX])
{
    const struct proctcp_field *fields[VIEW_FIELDS_MAX];
    const size_t field_count = view_fields(view, fields);
    size_t count = 0;

    for (size_t f = 0; f < field_count; f++)
        names[count++] = fields[f]->name;
    for (size_t c = 0; c < view->column_count && count < CHOICE_MAX; c++) {
        if (view->columns[c].fields)
            names[count++] = view->columns[c].name;
    }
    return count;
}

static bool refuse(const struct view *view, const char *option, const struct word *word)
{
    const char *names[CHOICE_MAX];
    const size_t count = all_names(view, names);
    char wanted[64], shown[256], near[256];

    snprintf(wanted, sizeof(wanted), "%.*s", (int)(word->length < 63 ? word->length : 63), word->text);
    proctcp_escape(wanted, shown, sizeof(shown), true);
    proctcp_nearest_words(wanted, names, count, "", near, sizeof(near));
    return complain("--%s: value %u, \"%s\", is no column here: give %s (--columns help says what each is)", option,
                    word->position, shown, near);
}

void choice_default(const struct view *view, bool is_table, struct choice *choice)
{
    const struct proctcp_field *fields[VIEW_FIELDS_MAX];
    const size_t count = view_fields(view, fields);

    choice->count = 0;
    for (size_t c = 0; is_table && c < view->column_count; c++) {
        const struct column *column = &view->columns[c];
        const struct word word = {column->name, strlen(column->name), 0};
        if (!column->on_demand)
            add_chosen(choice, column, find_field(view, &word));
    }
    for (size_t f = 0; !is_table && f < count; f++)
        add_chosen(choice, NULL, fields[f]);
}

static bool is_chosen(const struct choice *choice, const struct word *word)
{
    for (size_t c = 0; c < choice->count; c++) {
        if (is_word(word, choice->columns[c].name))
            return true;
    }
    return false;
}

/* The column that has the word as its title, which becomes the name of that. */
static const struct column *by_title(const struct view *view, struct word *word)
{
    const struct column *column = view_column_by_title(view, word->text, word->length);

    if (column)
        *word = (struct word){column->name, strlen(column->name), word->position};
    return column;
}

bool choice_parse(const struct view *view, const char *list, struct choice *choice)
{
    struct word word = {0};

    choice->count = 0;
    while (next_word(&list, &word)) {
        const struct column *column = view_column(view, word.text, word.length);
        const struct proctcp_field *field = find_field(view, &word);
        if (!column && !field && (column = by_title(view, &word)))
            field = find_field(view, &word);
        if (!column && !field)
            return refuse(view, "columns", &word);
        if (is_chosen(choice, &word)) /* an object has one member of a name */
            return complain("--columns: value %u, \"%.*s\", is there already", word.position, (int)word.length,
                            word.text);
        add_chosen(choice, column, field);
    }
    return true;
}

static bool add_key(struct sort *sort, const struct proctcp_field *field, bool descending)
{
    if (sort->count == SORT_MAX)
        return complain("--sort: there are more than %d fields", SORT_MAX);
    sort->keys[sort->count++] = (struct sort_key){field, descending};
    return true;
}

bool sort_parse(const struct view *view, const char *list, struct sort *sort)
{
    struct word word = {0}, part;

    sort->count = 0;
    while (next_word(&list, &word)) {
        const bool descending = word.length && *word.text == '-';
        struct word name = {word.text + descending, word.length - descending, word.position};
        const struct proctcp_field *field = find_field(view, &name);
        const struct column *column = view_column(view, name.text, name.length);
        if (!column && !field && (column = by_title(view, &name)))
            field = find_field(view, &name);
        const char *parts = field || !column ? NULL : column->fields;

        if (!field && !parts)
            return refuse(view, "sort", &name);
        if (field && !add_key(sort, field, descending))
            return false;
        part.position = 0;
        while (next_word(&parts, &part)) {
            if (!add_key(sort, find_field(view, &part), descending))
                return false;
        }
    }
    return true;
}

void choice_print_names(const struct view *view)
{
    const struct proctcp_field *fields[VIEW_FIELDS_MAX];
    const size_t count = view_fields(view, fields);

    for (size_t f = 0; f < count; f++)
        printf("%-25s  %s%s%s%s\n", fields[f]->name, fields[f]->help, fields[f]->unit ? " (" : "",
               fields[f]->unit ? fields[f]->unit : "", fields[f]->unit ? ")" : "");
    for (size_t c = 0; c < view->column_count; c++) {
        if (view->columns[c].fields)
            printf("%-25s  %s in one\n", view->columns[c].name, view->columns[c].fields);
    }
}
