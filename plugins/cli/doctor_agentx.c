/* doctor_agentx.c - whether proctcp-agentx can join snmpd: the daemon, its configuration, the socket between them. */
#include "doctor.h"

#include "doctor_access.h"
#include "doctor_file.h"
#include "doctor_joining.h"
#include "doctor_remedies.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Whose the socket of snmpd is to be. */
static const char *master_user(const struct agentx *agentx, char text[64])
{
    struct identity identity;

    if (agentx->masters.is_trusted && identity_of(agentx->masters.pid[0], &identity))
        return host_user(identity.uid, text);
    return getpwnam("Debian-snmp") ? "Debian-snmp" : "root";
}

/* The lines of snmpd.conf with which the subagent finds it, and may join. */
static void suggest_master(struct finding *finding, const struct agentx *agentx)
{
    char user[64];

    finding_say(finding, FINDING_MISSING, "in " SNMPD_CONF ":");
    finding_remedy(finding, "master agentx");
    finding_remedy_text(finding, "agentXSocket ", agentx->is_said ? agentx->address : OLD_SOCKET ",unix:" NEW_SOCKET,
                        "");
    finding_remedy(finding, "agentXPerms 0660 0755 %s " AGENT_USER, master_user(agentx, user));
    finding_remedy(finding, "sudo systemctl restart snmpd");
}

/* Somebody of the system runs something by that name, which only root may look into. */
static void say_unsure(struct finding *finding, const struct daemons *daemons)
{
    finding_say(finding, FINDING_NONE, "process %d may not be looked into by you, and may be it or not",
                (int)daemons->unsure);
    finding_remedy(finding, "sudo proctcp doctor");
}

static void check_snmpd(const struct doctor *doctor, const struct agentx *agentx)
{
    struct finding finding = finding_begin("snmpd");
    char pids[256];

    if (agentx->masters.count) {
        finding_say(&finding, FINDING_OK, "runs as process %s", daemons_text(&agentx->masters, pids, sizeof(pids)));
    } else if (agentx->masters.unsure) {
        say_unsure(&finding, &agentx->masters);
    } else if (agentx->has_snmpd) {
        finding_say(&finding, FINDING_MISSING, "installed, and no process snmpd is seen");
        finding_remedy(&finding, "sudo systemctl enable --now snmpd");
    } else {
        finding_say(&finding, FINDING_NONE, "no snmpd here (Debian package snmpd)");
    }
    doctor_tell(doctor, &finding);
}

static const char *path_of(const char *address)
{
    return strncmp(address, "unix:", 5) == 0 ? address + 5 : address;
}

/* snmpd may be told several addresses, separated by commas. */
static bool is_one_of(const char *addresses, const char *address)
{
    char list[256];

    snprintf(list, sizeof(list), "%s", addresses);
    for (char *rest = list, *one; (one = strsep(&rest, ","));) {
        if (strcmp(path_of(one), path_of(address)) == 0)
            return true;
    }
    return false;
}

/* Of several the one that is made for subagents of other users. */
static void suggest_joining(struct finding *finding, const char *addresses)
{
    char list[256];

    snprintf(list, sizeof(list), "%s", is_one_of(addresses, NEW_SOCKET) ? "unix:" NEW_SOCKET : addresses);
    list[strcspn(list, ",")] = '\0';
    finding_say(finding, FINDING_WARNING, "in " PROCTCP_CONF ":");
    finding_remedy_text(finding, "agentXSocket ", list, "");
}

static void check_conf(const struct doctor *doctor, const struct agentx *agentx)
{
    struct finding finding = finding_begin("snmpd.conf");
    const struct snmpd_conf *conf = &agentx->snmpd;
    const char *addresses = *conf->socket ? conf->socket : "unix:" OLD_SOCKET;
    const bool is_joined = conf->is_master && is_one_of(addresses, agentx->address);
    char escaped[FINDING_TEXT_SIZE], other[FINDING_TEXT_SIZE];

    finding_escape(agentx->address, escaped);
    if (!agentx->has_snmpd) {
        finding_say(&finding, FINDING_NONE, "no snmpd here");
    } else if (*conf->files.cut && !is_joined) {
        finding_say(&finding, FINDING_NONE, "%s: too large to be read whole", finding_escape(conf->files.cut, other));
    } else if (conf->is_master && !is_joined) {
        finding_say(&finding, FINDING_WARNING, "agentXSocket is %s there, and proctcp-agentx joins at %s",
                    finding_escape(addresses, other), escaped);
        suggest_joining(&finding, addresses);
    } else if (conf->is_master) {
        finding_say(&finding, FINDING_OK, "master agentx is there%s%s", *conf->socket ? ", with agentXSocket " : "",
                    *conf->socket ? finding_escape(conf->socket, other) : "");
    } else if (conf->has_module) {
        finding_say(&finding, FINDING_NONE, "dlmod proctcp: snmpd has the module, and needs no AgentX for it");
    } else if (*conf->files.refused) {
        finding_say(&finding, FINDING_NONE, "%s may not be read by you", finding_escape(conf->files.refused, other));
        finding_remedy(&finding, "sudo proctcp doctor");
    } else {
        finding_say(&finding, FINDING_MISSING, "no line \"master agentx\": snmpd takes no subagents");
        suggest_master(&finding, agentx);
    }
    doctor_tell(doctor, &finding);
}

/* Of the unit's user, with its groups and nothing else. false: there is no such user. */
static bool identity_of_unit(struct identity *identity)
{
    const struct passwd *user = getpwnam(AGENT_USER);
    int count = IDENTITY_GROUPS_MAX;

    if (!user)
        return false;
    *identity = (struct identity){.uid = user->pw_uid};
    if (getgrouplist(AGENT_USER, user->pw_gid, identity->groups, &count) < 0)
        count = IDENTITY_GROUPS_MAX;
    identity->group_count = (size_t)count;
    return true;
}

/* Of the subagent that runs, else of its unit's user, else of what it would be if the caller started it: it keeps no
 * right to pass over the permissions of files. Returns who that is, or NULL. */
static const char *identity_of_agent(const struct agentx *agentx, struct identity *identity)
{
    if (agentx->agents.count && identity_of(agentx->agents.pid[0], identity))
        return "proctcp-agentx";
    if (identity_of_unit(identity))
        return "what " AGENT_USER " runs";
    if (!identity_of(getpid(), identity))
        return NULL;
    identity->capabilities &= ~(1ull << CAP_DAC_OVERRIDE);
    return "you";
}

/* A subagent that somebody else runs is let in by nobody's advice. */
static void suggest_permissions(struct finding *finding, const struct agentx *agentx, const struct identity *identity,
                                const struct stat *status)
{
    char user[64], group[64];
    const char *let_in = AGENT_USER;

    if (agentx->agents.is_trusted && identity->group_count)
        let_in = host_group(identity->groups[0], group);
    else if (agentx->agents.count)
        finding_say(finding, FINDING_WARNING, "proctcp-agentx is made to be run as " AGENT_USER ":");
    finding_remedy(finding, "agentXPerms 0660 0755 %s %s", host_user(status->st_uid, user), let_in);
    finding_remedy(finding, "sudo systemctl restart snmpd");
}

static void say_refused(struct finding *finding, const struct agentx *agentx, const char *whom,
                        const struct identity *identity, const char *place, const struct stat *status)
{
    char escaped[FINDING_TEXT_SIZE], user[64];

    finding_say(finding, FINDING_WARNING, "%s (mode %04o, user %u, group %u) does not let in %s, user %u (%s)",
                finding_escape(place, escaped), (unsigned)(status->st_mode & 07777), (unsigned)status->st_uid,
                (unsigned)status->st_gid, whom, (unsigned)identity->uid, host_user(identity->uid, user));
    if (S_ISDIR(status->st_mode)) {
        finding_say(finding, FINDING_WARNING, "snmpd sets the permissions of a directory only when it makes it");
        finding_remedy_text(finding, "sudo chmod o+x ", place, "");
    } else {
        finding_say(finding, FINDING_WARNING, "in " SNMPD_CONF ":");
        suggest_permissions(finding, agentx, identity, status);
    }
}

/* Whether somebody listens there: the file may be left over. Nothing is sent. */
static int try_connect(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;

    if (probe < 0)
        return errno;
    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    if (connect(probe, (const struct sockaddr *)&to, sizeof(to)) < 0)
        error = errno;
    close(probe);
    return error;
}

static void check_socket(const struct doctor *doctor, const struct agentx *agentx)
{
    struct finding finding = finding_begin("agentx-socket");
    char escaped[FINDING_TEXT_SIZE], place[512];
    const char *whom = NULL;
    struct identity identity;
    struct stat status;
    int error;

    finding_escape(agentx->path ? agentx->path : agentx->address, escaped);
    if (!agentx->has_snmpd || agentx->snmpd.has_module) {
        finding_say(&finding, FINDING_NONE, agentx->has_snmpd ? "not needed: dlmod proctcp" : "no snmpd here");
    } else if (!agentx->masters.count && !agentx->masters.unsure) {
        finding_say(&finding, FINDING_NONE, "snmpd does not run");
    } else if (!agentx->path) {
        finding_say(&finding, FINDING_NONE, "%s is no Unix socket, and is not tried", escaped);
    } else if (!(whom = identity_of_agent(agentx, &identity))) {
        finding_say(&finding, FINDING_NONE, "/proc/self/status cannot be read");
    } else if (!identity_may_connect(&identity, agentx->path, place, sizeof(place), &status)) {
        say_refused(&finding, agentx, whom, &identity, place, &status);
    } else if (stat(agentx->path, &status) < 0) {
        finding_say(&finding, FINDING_MISSING, "%s: %s", escaped, strerror(errno));
        suggest_master(&finding, agentx);
    } else if ((error = S_ISSOCK(status.st_mode) ? try_connect(agentx->path) : ENOTSOCK) != 0 && error != EACCES) {
        finding_say(&finding, FINDING_MISSING, "%s: nobody listens there: %s", escaped, strerror(error));
        finding_remedy(&finding, "sudo systemctl restart snmpd");
    } else {
        finding_say(&finding, FINDING_OK, "%s is there, and lets in %s", escaped, whom);
    }
    doctor_tell(doctor, &finding);
}

static void check_agent(const struct doctor *doctor, const struct agentx *agentx)
{
    struct finding finding = finding_begin("proctcp-agentx");
    char text[FINDING_TEXT_SIZE], program[512];

    if (agentx->agents.count) {
        finding_say(&finding, FINDING_OK, "runs as process %s", daemons_text(&agentx->agents, text, sizeof(text)));
    } else if (agentx->agents.unsure) {
        say_unsure(&finding, &agentx->agents);
    } else if (!agentx->has_snmpd || agentx->snmpd.has_module) {
        finding_say(&finding, FINDING_NONE,
                    agentx->has_snmpd ? "not needed: dlmod proctcp" : "no snmpd here that it could join");
    } else if (!doctor_file_find_program("proctcp-agentx", program, sizeof(program))) {
        finding_say(&finding, FINDING_MISSING,
                    "not installed; where proctcp was built, with libsnmp-dev and libcap-ng-dev:");
        suggest_installing(&finding, "proctcp-snmp");
    } else {
        finding_say(&finding, FINDING_MISSING, "installed, and no process of it is seen");
        if (host_has_unit("proctcp-agentx"))
            finding_remedy(&finding, "sudo systemctl enable --now proctcp-agentx");
        else
            finding_remedy_text(&finding, "sudo proctcp-agentx -x ", agentx->address, "");
    }
    doctor_tell(doctor, &finding);
}

void doctor_check_agentx(const struct doctor *doctor)
{
    static struct agentx agentx;

    joining_find(&agentx, doctor->settings->agentx);
    check_snmpd(doctor, &agentx);
    check_conf(doctor, &agentx);
    check_socket(doctor, &agentx);
    check_agent(doctor, &agentx);
}
