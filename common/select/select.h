/* select.h - a compiled selection: what rules.c makes of the words of rules, and what select.c answers by it. Private
 * to common/. A NULL selection matches everything. */
#ifndef PROCTCP_SELECT_H
#define PROCTCP_SELECT_H

#include "base/vector.h"
#include "proctcp.h"

#include <regex.h>

enum rule_kind {
    RULE_PID,
    RULE_PROCESS,
    RULE_COMMAND,
    RULE_USER,
    RULE_CGROUP,
    RULE_STATE,
    RULE_LOCAL_PORT,
    RULE_REMOTE_PORT,
    RULE_LOCAL,
    RULE_REMOTE,
    RULE_NETNS,
    RULE_KINDS,
};

struct port_range {
    uint16_t first, last;
};

struct network {
    struct proctcp_address address;
    unsigned prefix; /* bits of the 128 that must agree */
    bool ipv4;
};

struct numbers VECTOR(uint32_t);
struct names VECTOR(char *);
struct patterns VECTOR(regex_t);
struct port_ranges VECTOR(struct port_range);
struct networks VECTOR(struct network);

/* Rules of a kind are alternatives. */
struct rules {
    uint32_t given; /* a bit for each kind of which there is a rule, be it one that was refused */
    struct numbers pids;
    struct names processes;
    struct patterns commands;
    struct numbers users;
    struct names cgroups;
    uint32_t states; /* a bit each */
    struct port_ranges local_ports, remote_ports;
    struct networks local_networks, remote_networks;
    struct numbers netns_inodes;
    struct names netns_names;
    bool own_netns, every_netns;
};

struct proctcp_selection {
    struct rules include; /* a kind without rules holds always */
    struct rules exclude;
    uint32_t refused; /* a bit for each kind of which a rule to include was refused */
    uint32_t taken;   /* a bit for each kind of which one was taken */
    uint64_t words;   /* a hash of every rule that was given, in order */
};

/* A kernel before 4.2 gives no more of a command line; what a stranger wrote there shall not cost more to match. */
#define SELECT_COMMAND_LENGTH 4096

/* Whether there is any rule, one about processes, about sockets, or of this kind. */
bool select_asks_anything(const struct proctcp_selection *selection);
bool select_asks_process(const struct proctcp_selection *selection);
bool select_asks_socket(const struct proctcp_selection *selection);
bool select_asks(const struct proctcp_selection *selection, enum rule_kind kind);

/* Whether the same rules were given, in the same order. */
bool select_is_same(const struct proctcp_selection *a, const struct proctcp_selection *b);

/* What the rules of one kind say of a process. NULL, a fact that is absent, satisfies no rule. */
bool select_pid(const struct proctcp_selection *selection, int32_t pid);
bool select_name(const struct proctcp_selection *selection, const char *name);
bool select_user(const struct proctcp_selection *selection, const uint32_t *uid);
bool select_cgroup(const struct proctcp_selection *selection, const char *path);
/* -ENOMEM where matching takes more memory than there is. */
int select_command(const struct proctcp_selection *selection, const char *command);

/* Whether a rule to exclude matches a command line. 1, 0 or -ENOMEM. */
int select_is_excluded(const struct proctcp_selection *selection, const char *command);

/* What the rules about sockets say of one, but for the namespace. */
bool select_socket(const struct proctcp_selection *selection, const struct proctcp_socket *socket);
/* Whether the socket may matter to a row: as its socket, as its peer, or as the listener that tells its
 * direction. */
bool select_matters(const struct proctcp_selection *selection, const struct proctcp_socket *socket);
/* The states, a bit each, that a socket that matters may have. */
uint32_t select_states(const struct proctcp_selection *selection);
/* Whether a connection in a state has been established before: under a rule about states it may have been left out. */
bool select_is_late(unsigned state);
/* Whether sockets that are in no table can be selected. If they can, every socket must be looked for in the tables. */
bool select_unbound(const struct proctcp_selection *selection);

/* The rules about namespaces; inodes of the names are looked up by the caller. */
struct select_netns {
    struct numbers include, exclude;
};
bool select_netns(const struct proctcp_selection *selection, const struct select_netns *named, uint32_t inode,
                  bool own);

#endif
