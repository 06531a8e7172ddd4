/* settings.h - what a <Plugin proctcp> block asks for. */
#ifndef PROCTCP_COLLECTD_SETTINGS_H
#define PROCTCP_COLLECTD_SETTINGS_H

#include "daemon.h"
#include "proctcp.h"

#include <stdbool.h>

/* Kinds of selection rules: Process, User, State, LocalPort, RemotePort, LocalAddress, RemoteAddress. */
#define SETTINGS_RULE_KINDS 7

struct settings {
    int source; /* enum proctcp_source */
    int own_netns_only;
    char *proc_path; /* NULL: the library's default */
    bool report_by_state;
    bool report_sockets;
    bool report_unattributed;
    bool collect_tcp_info;
    int socket_sort; /* enum sockets_sort */
    int max_groups;
    int max_sockets;
    struct proctcp_selection *selection; /* NULL: nothing is to be selected; see settings_finish() */
    int rules_given[SETTINGS_RULE_KINDS];
    int rules_taken[SETTINGS_RULE_KINDS];
};

/* The defaults. -ENOMEM. */
int settings_new(struct settings *settings);
void settings_free(struct settings *settings);

/* Takes one block; says what is wrong in it, and takes the rest. */
void settings_take(struct settings *settings, const oconfig_item_t *block);

/* After the last block. Rules of one kind are alternatives: where all that were given are wrong, nothing matches.
 * Leaving the kind out instead would publish what the configuration meant to exclude. */
void settings_finish(struct settings *settings);

#endif
