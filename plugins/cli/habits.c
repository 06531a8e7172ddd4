/* habits.c - letters of ss and netstat, and what asks for the same here. */
#include "habits.h"

#include <stdio.h>
#include <string.h>

static const struct habit {
    char letter;
    const char *meaning;
    const char *option;  /* that does it, or NULL */
    const char *columns; /* that are to be added, or NULL */
} habits[] = {
    {'t', "TCP is all that is shown", NULL, NULL},
    {'a', "listeners and connections are both shown", NULL, NULL},
    {'n', "addresses and ports are numeric already", NULL, NULL},
    {'p', "the process is always shown", NULL, NULL},
    {'l', "--state listen", "--state listen", NULL},
    {'i', "--info", "--info", NULL},
    {'e', "--columns with uid, inode and cookie", NULL, "uid,inode,cookie"},
    {'m', "--columns with the sizes of buffers", NULL,
     "rmem_alloc_bytes,rcvbuf_bytes,wmem_alloc_bytes,sndbuf_bytes,drops"},
    {'o', "--columns with timer and timer_expires_ms (-o is --output FORM here)", NULL, "timer,timer_expires_ms"},
    {'H', "--no-header", "--no-header", NULL},
    {'W', "--wide", "--wide", NULL},
    {'s', "--stats", "--stats", NULL},
    {'c', "--interval 1", "--interval 1", NULL},
    {'u', "UDP is not shown", NULL, NULL},
    {'x', "Unix sockets are not shown", NULL, NULL},
    {'r', "names are not looked up", NULL, NULL},
    {'6', "--local ::/0", "--local ::/0", NULL},
    {'4', "--local 0.0.0.0/0", "--local 0.0.0.0/0", NULL},
};

static const struct habit *find(char letter)
{
    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
        if (habits[i].letter == letter)
            return &habits[i];
    }
    return NULL;
}

static void append(char *text, size_t size, const char *before, const char *added)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", before, added);
}

/* Whether the letter stood in the word before. */
static bool is_repeated(const char *word, const char *letter)
{
    return memchr(word, *letter, (size_t)(letter - word)) != NULL;
}

bool habits_command(const char *word, char *command, size_t size)
{
    char columns[256] = "";

    if (*word != '-' || !word[1])
        return false;
    snprintf(command, size, "proctcp");
    for (const char *letter = word + 1; *letter; letter++) {
        const struct habit *habit = find(*letter);
        if (!habit)
            return false;
        if (habit->option && !is_repeated(word + 1, letter))
            append(command, size, " ", habit->option);
        if (habit->columns && !is_repeated(word + 1, letter))
            append(columns, sizeof(columns), ",", habit->columns);
    }
    if (*columns) {
        append(command, size, " --columns process,pid,fd,state,local,remote", columns);
    }
    return true;
}

bool habits_explain(const char *word)
{
    char command[512];

    if (!habits_command(word, command, sizeof(command)))
        return false;
    for (const char *letter = word + 1; *letter; letter++) {
        if (!is_repeated(word + 1, letter))
            fprintf(stderr, "proctcp: -%c: %s\n", *letter, find(*letter)->meaning);
    }
    fprintf(stderr,
            "proctcp: what selects by state, address or port is an option here: --state established, "
            "--local-port 80\n");
    fprintf(stderr, "proctcp: for \"%s\" give: %s; proctcp --help lists the options\n", word, command);
    return true;
}
