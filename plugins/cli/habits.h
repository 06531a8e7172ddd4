/* habits.h - options of ss and netstat, which fingers know. */
#ifndef PROCTCP_CLI_HABITS_H
#define PROCTCP_CLI_HABITS_H

#include <stdbool.h>
#include <stddef.h>

/* The command of proctcp that shows what the letters of word (-tanp) ask of ss; false: one of them is no letter of ss's
 * or netstat's. */
bool habits_command(const char *word, char *command, size_t size);

/* Says on stderr what each letter is here, and the command. false: it is no such word, and nothing has been said. */
bool habits_explain(const char *word);

#endif
