/* settings.h - what a <Plugin proctcp> block asks for. */
#ifndef PROCTCP_COLLECTD_SETTINGS_H
#define PROCTCP_COLLECTD_SETTINGS_H

#include "daemon.h"
#include "proctcp.h"

#include <stdbool.h>

struct settings {
    int own_netns_only;
    int source;      /* enum proctcp_source */
    char *proc_path; /* NULL: the library's default */
    bool report_by_state;
    bool report_sockets;
    bool report_unattributed;
    bool collect_tcp_info;
    int socket_sort; /* enum sockets_sort */
    int max_groups;
    int max_sockets;
    struct proctcp_selection *selection;
};

/* The defaults. -ENOMEM. */
int settings_new(struct settings *settings);
void settings_free(struct settings *settings);

/* Takes one block; says what is wrong in it, and takes the rest. */
void settings_take(struct settings *settings, const oconfig_item_t *block);

/* After the last block: completes the selection, and says which kinds of rules are all wrong, so that nothing is
 * selected. Leaving the kind out instead would publish what the configuration meant to keep out. */
void settings_finish(struct settings *settings);

#endif
