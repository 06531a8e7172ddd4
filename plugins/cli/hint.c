/* hint.c - where to look when there is nothing to show: a name in another case, a state that no process can hold. Reads
 * names of processes, and nothing else of them. */
#include "hint.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Calls look() for each value of a list, until it returns true. */
static bool each_value(const char *list, bool (*look)(const char *value, const struct settings *settings),
                       const struct settings *settings)
{
    char *copy = strdup(list), *rest = copy;
    bool found = false;

    for (char *value = copy ? strsep(&rest, ",") : NULL; value && !found; value = strsep(&rest, ","))
        found = look(value + strspn(value, " \t"), settings);
    free(copy);
    return found;
}

/* The name of a process, without the newline. */
static bool read_name(const char *root, const char *pid, char name[64])
{
    char path[512];
    FILE *file;
    bool found;

    snprintf(path, sizeof(path), "%s/%s/comm", root, pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    found = fgets(name, 64, file) != NULL;
    fclose(file);
    name[strcspn(name, "\n")] = '\0';
    return found;
}

/* Whether a process has that name in another case; says so. */
static bool is_in_another_case(const char *value, const struct settings *settings)
{
    const char *root = settings->options.proc_root ? settings->options.proc_root : "/proc";
    DIR *directory = opendir(root);
    const struct dirent *entry;
    char name[64], wanted[256], shown[256];
    bool found = false;

    while (directory && !found && (entry = readdir(directory))) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !read_name(root, entry->d_name, name))
            continue;
        found = strcasecmp(name, value) == 0 && strcmp(name, value) != 0;
    }
    if (directory)
        closedir(directory);
    if (found) {
        proctcp_escape(value, wanted, sizeof(wanted), true);
        proctcp_escape(name, shown, sizeof(shown), true);
        fprintf(stderr,
                "proctcp: --process: no row of \"%s\", but there is a process \"%s\": names are given as they are\n",
                wanted, shown);
    }
    return found;
}

static bool is_never_held(const char *value, const struct settings *settings)
{
    const unsigned state = proctcp_state_from_name(value);

    (void)settings;
    if (state != PROCTCP_TIME_WAIT && state != PROCTCP_SYN_RECEIVED)
        return false;
    fprintf(stderr,
            "proctcp: --state: no process holds a socket in %s; --unattributed counts them, --sockets lists them\n",
            proctcp_state_name(state));
    return true;
}

static bool is_listen(const char *value, const struct settings *settings)
{
    (void)settings;
    return proctcp_state_from_name(value) == PROCTCP_LISTEN;
}

void hint_empty(const struct settings *settings)
{
    if (settings->states && settings->view == &listener_view && !each_value(settings->states, is_listen, settings))
        fprintf(stderr, "proctcp: --state: listeners are in the state listen: add that to see them\n");
    else if (settings->states)
        each_value(settings->states, is_never_held, settings);
    if (settings->processes)
        each_value(settings->processes, is_in_another_case, settings);
}
