/* options.h - what the command line asked for. */
#ifndef CHECK_OPTIONS_H
#define CHECK_OPTIONS_H

#include "endpoint.h"
#include "measure.h"
#include "range.h"
#include "state.h"
#include "text.h"

#define OPTIONS_WANTED_MAX 64

/* Strings of these point into argv; NULL: not given. */
struct peer {
    const char *host; /* NULL: this host, without SNMP */
    const char *port;
    bool is_v3;
    const char *level, *user, *context;
    const char *auth_protocol, *priv_protocol;
    char *community, *auth_passphrase, *priv_passphrase; /* copies: those in argv are overwritten */
};

struct limit {
    const char *text; /* NULL: none */
    struct range range;
};

struct options {
    const struct measure *measure;
    char groups[OPTIONS_WANTED_MAX][TEXT_NAME_SIZE];
    struct endpoint listeners[OPTIONS_WANTED_MAX];
    unsigned group_count, listener_count; /* none of both: all */
    struct limit warn, crit;
    enum state missing;
    bool missing_is_said;
    bool partial_is_ok;
    bool is_verbose;
    unsigned timeout_s, over_s;
    bool timeout_is_said;
    struct peer peer;
    enum proctcp_source source;
    const char *proc_root;
    struct proctcp_grouping *grouping; /* of a scan of this host */
    bool is_by_name;                   /* groups are names of processes, as nothing else was said */
};

/* Whether it is about listeners, rather than groups. */
bool options_are_of_listeners(const struct options *options);
/* Whether single groups or listeners are looked at, rather than all. */
bool options_are_of_named(const struct options *options);
/* Whether the group is one of those that were named. */
bool options_name_group(const struct options *options, const char *group);

/* false: the options are wrong and report_unknown() has said why, or it was for help or the version. */
bool options_parse(int argc, char **argv, struct options *options);

#endif
