/* rights.c - gives up what a scan does not need. Knows users and capabilities, and which a source needs; what is hidden
 * without each is the knowledge of capabilities.c. */
#include "rights.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NEEDED_MAX 3

/* Source auto may end up with each of them. */
static unsigned needed_by(const struct settings *settings, unsigned needed[NEEDED_MAX])
{
    unsigned count = 0;

    if (settings->scan.source == PROCTCP_SOURCE_BPF)
        return 0;
    needed[count++] = CAP_DAC_READ_SEARCH;
    needed[count++] = CAP_SYS_PTRACE;
    if (!settings->own_netns_only)
        needed[count++] = CAP_SYS_ADMIN;
    return count;
}

/* As snmpd's -u: a name, or a number with or without # before it. */
static const struct passwd *find_user(const char *user)
{
    const struct passwd *found = getpwnam(user);
    char *end;
    unsigned long uid;

    if (found)
        return found;
    user += *user == '#';
    uid = strtoul(user, &end, 10);
    return *user >= '0' && *user <= '9' && !*end && uid < UINT32_MAX ? getpwuid((uid_t)uid) : NULL;
}

static void keep_needed(const struct settings *settings)
{
    unsigned needed[NEEDED_MAX];
    const unsigned count = needed_by(settings, needed);
    bool has[NEEDED_MAX];

    for (unsigned i = 0; i < count; i++)
        has[i] = capng_have_capability(CAPNG_PERMITTED, needed[i]);
    capng_clear(CAPNG_SELECT_BOTH);
    for (unsigned i = 0; i < count; i++) {
        if (has[i])
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, needed[i]);
    }
}

/* Who may not shrink the bounding set has nothing in it that a program could still give: see no_new_privs. */
static bool stay(bool may_bound)
{
    return capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0;
}

static bool become(const struct passwd *user, bool may_bound)
{
    const capng_flags_t bounding = may_bound ? CAPNG_CLEAR_BOUNDING : CAPNG_NO_FLAG;

    return capng_change_id((int)user->pw_uid, (int)user->pw_gid, CAPNG_INIT_SUPP_GRP | bounding) == 0;
}

bool rights_reduce(const char *where, const char *user, const struct settings *settings)
{
    const struct passwd *found = user ? find_user(user) : NULL;
    bool may_bound, may_become, done;

    if (user && !found) {
        snmp_log(LOG_ERR, "%s: there is no user %s: give a name or a number that getent passwd shows\n", where, user);
        return false;
    }
    capng_get_caps_process();
    may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
    may_become =
        capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID);
    if (found && found->pw_uid == geteuid() && !may_become)
        found = NULL; /* it is that user already, with the groups that it was given */
    if (found && !may_become) {
        snmp_log(LOG_ERR, "%s: may not become the user %s: start as root, or name no user\n", where, user);
        return false;
    }
    keep_needed(settings);
    done = found ? become(found, may_bound) : stay(may_bound);
    if (!done) {
        snmp_log(LOG_ERR, "%s: giving up rights failed: %s; does a security module forbid it?\n", where,
                 strerror(errno));
        return false;
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* Since the change of the user our own files in /proc are root's, and without capabilities not to be read. Who is
     * the same user still cannot trace us without the same capabilities. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return true;
}

void rights_say_given_up(const struct settings *settings)
{
    unsigned needed[NEEDED_MAX];
    const unsigned count = needed_by(settings, needed);

    capng_get_caps_process();
    for (unsigned i = 0; i < count; i++) {
        if (!capng_have_capability(CAPNG_EFFECTIVE, needed[i]))
            snmp_log(LOG_WARNING,
                     "SIGHUP: this configuration needs CAP_%s, which was given up, or never had: restart\n",
                     needed[i] == CAP_SYS_ADMIN    ? "SYS_ADMIN"
                     : needed[i] == CAP_SYS_PTRACE ? "SYS_PTRACE"
                                                   : "DAC_READ_SEARCH");
    }
}
