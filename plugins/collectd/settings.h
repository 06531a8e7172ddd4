/* settings.h - what a <Plugin proctcp> block asks for. */
#ifndef PROCTCP_COLLECTD_SETTINGS_H
#define PROCTCP_COLLECTD_SETTINGS_H

#include "identifier.h"
#include "proctcp.h"
#include "wishes.h"

#include <stdbool.h>

/* A group that the block configures. */
struct group_settings {
    char *name;
    int report_sockets;   /* enum report_sockets */
    int report_listeners; /* enum report_listeners */
};

struct settings {
    char name[INSTANCE_SIZE];       /* of the instance; "": it has none */
    char prefix[INSTANCE_SIZE + 1]; /* of its identifiers: the name and "-" */
    double interval_s;              /* 0: as collectd has it */
    int own_netns_only;
    int source;                   /* enum proctcp_source */
    char *proc_path;              /* NULL: the library's default */
    unsigned report, lean_report; /* kinds (enum report) in full, and lean ones */
    bool is_report_given;
    bool non_zero_states;
    bool report_by_state;
    bool report_all;
    bool report_unattributed;
    bool collect_tcp_info;
    int report_sockets;
    int report_listeners;
    unsigned socket_metrics; /* kinds */
    bool is_socket_metrics_given;
    int socket_sort; /* enum sockets_sort */
    int socket_min_age_s;
    int group_by; /* position among settings_group_by_words */
    int max_groups;
    int max_listeners;
    int max_sockets;
    int max_new_names;
    struct group_settings *groups;
    size_t group_count;
    char **processes; /* names of Process, each of which is a group of its own */
    size_t process_count;
    bool has_process_match;
    char socket_option[32]; /* the first one that selects sockets, and not processes; "": there is none */
    struct proctcp_selection *selection;
    struct proctcp_grouping *grouping;
    char *needs; /* all that a scan depends on, as text: blocks with the same may share scans */
};

/* How sockets are grouped, as the configuration and the library call it; NULL behind the last. */
extern const char *const settings_group_by_words[];

/* The defaults. -ENOMEM. */
int settings_new(struct settings *settings);
void settings_free(struct settings *settings);

/* Appends to needs: what is the kind of a rule, as the library has it, or the name of a setting; value is what was
 * given for it. -ENOMEM. */
int settings_need(struct settings *settings, const char *what, const char *value);

/* After the block: completes the selection and the groups, and says which kinds of rules are all wrong, so that nothing
 * is selected. Leaving the kind out instead would publish what the configuration meant to keep out. -ENOMEM. */
int settings_finish(struct settings *settings);

#endif
