/* snmp_peer.c - see snmp_peer.h. Knows net-snmp's sessions, and that an agent may answer anything or nothing; nothing
 * of what is asked. */
#include "snmp_peer.h"

#include "snmp_user.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRIES     2
#define REPETITIONS 25

static void *handle;    /* of the one session */
static char place[300]; /* safe text: whom it is with */

/* ---- opening ---- */

/* HOST, udp6:[HOST] for an IPv6 address, with the port behind it. */
static void name_peer(const struct peer *peer, char *name, size_t size)
{
    struct in6_addr address;
    const bool is_ipv6 = inet_pton(AF_INET6, peer->host, &address) == 1;

    snprintf(name, size, "%s%s%s%s%s", is_ipv6 ? "udp6:[" : "", peer->host, is_ipv6 ? "]" : "", peer->port ? ":" : "",
             peer->port ? peer->port : "");
    text_safe(name, place, sizeof(place));
}

/* Numbers alone: no MIB is looked for. Its messages would be a second line. Nothing is kept in files
 * (NETSNMP_DS_LIB_DONT_PERSIST_STATE would say so, too, but net-snmp 5.9 reads no snmp.conf then). */
static void begin_library(void)
{
    const struct passwd *user = getenv("HOME") ? NULL : getpwuid(geteuid());

    if (user) /* a service has no HOME, and net-snmp looks for ~/.snmp there alone */
        setenv("HOME", user->pw_dir, 0);
    setenv("MIBS", "", 1);
    setenv("MIBDIRS", "", 1);
    snmp_disable_log();
    set_persistent_directory("/dev/null");
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_NO_TOKEN_WARNINGS, 1); /* words of other programs */
    init_snmp("check_proctcp");
    snmp_disable_log();
}

static void set_community(netsnmp_session *session, const struct peer *peer)
{
    const char *usual = netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_COMMUNITY);

    session->version = SNMP_VERSION_2c;
    session->community = (u_char *)(peer->community ? peer->community : usual ? usual : "public");
    session->community_len = strlen((char *)session->community);
}

static bool say_failure(struct text *why, int library, int answered)
{
    static const struct {
        int error;
        const char *words, *remedy;
    } known[] = {
        {SNMPERR_BAD_ADDRESS, "is no host that can be found", "see -H"},
        {SNMPERR_UNKNOWN_USER_NAME, "knows no such user", "see -U, and createUser and rouser in its snmpd.conf"},
        {SNMPERR_AUTHENTICATION_FAILURE, "refuses the passphrase", "see -a and -A"},
        {SNMPERR_DECRYPTION_ERR, "cannot read what is encrypted", "see -x and -X"},
        {SNMPERR_BAD_SENDTO, "cannot be sent to", "is the network there, and the address of a reachable host?"},
        {SNMPERR_UNSUPPORTED_SEC_LEVEL, "does not have that security level for the user", "see -L, -a and -x"},
        {SNMPERR_TIMEOUT, "does not answer",
         "is snmpd there, at that address and port, and is the community or user one that it lets in?"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (library == known[i].error) {
            text_add(why, "%s %s: %s", place, known[i].words, known[i].remedy);
            return false;
        }
    }
    text_add(why, "%s: %s", place, answered ? snmp_errstring(answered) : snmp_api_errstring(library));
    return false;
}

bool peer_open(const struct peer *peer, unsigned timeout_s, struct text *why)
{
    netsnmp_session session;
    char name[300];

    begin_library();
    snmp_sess_init(&session);
    name_peer(peer, name, sizeof(name));
    session.peername = name;
    session.retries = RETRIES;
    /* So that all that is tried comes to its end, with a reason, before the time of the whole is over. */
    session.timeout = (long)timeout_s * 900000 / (RETRIES + 1);
    if (!peer->is_v3)
        set_community(&session, peer);
    else if (!snmp_user_set(&session, peer, why))
        return false;
    handle = snmp_sess_open(&session);
    if (handle)
        return true;
    return say_failure(why, session.s_snmp_errno ? session.s_snmp_errno : snmp_errno, 0);
}

void peer_close(void)
{
    if (handle)
        snmp_sess_close(handle);
    handle = NULL;
}

/* ---- asking ---- */

/* Takes the question. NULL: there is no answer that could be used, and why says so. */
static netsnmp_pdu *ask(netsnmp_pdu *question, struct text *why)
{
    netsnmp_pdu *answer = NULL;
    const int status = snmp_sess_synch_response(handle, question, &answer);

    if (status == STAT_SUCCESS && answer->errstat == SNMP_ERR_NOERROR)
        return answer;
    if (status == STAT_SUCCESS &&
        (answer->errstat == SNMP_ERR_AUTHORIZATIONERROR || answer->errstat == SNMP_ERR_NOACCESS))
        text_add(why, "%s does not let it read: see -L, and rouser, rocommunity and view in its snmpd.conf", place);
    else if (status == STAT_SUCCESS)
        text_add(why,
                 "%s answers with an error (%s): on that host, proctcp doctor; a subagent that hangs is one reason",
                 place, snmp_errstring((int)answer->errstat));
    else if (status == STAT_TIMEOUT)
        say_failure(why, SNMPERR_TIMEOUT, 0);
    else
        say_failure(why, snmp_sess_session(handle)->s_snmp_errno, 0);
    if (answer)
        snmp_free_pdu(answer);
    return NULL;
}

static bool junk(struct text *why, const char *what)
{
    text_add(why, "%s answers what no agent may: %s", place, what);
    return false;
}

static void add_name(netsnmp_pdu *question, const struct peer_oid *name)
{
    oid ids[PEER_OID_MAX];

    for (size_t i = 0; i < name->length; i++)
        ids[i] = name->ids[i];
    snmp_add_null_var(question, ids, name->length);
}

/* false: its name has more parts than an OID may have. */
static bool take_name(const netsnmp_variable_list *variable, struct peer_oid *name)
{
    if (variable->name_length > PEER_OID_MAX)
        return false;
    name->length = variable->name_length;
    for (size_t i = 0; i < name->length; i++)
        name->ids[i] = (uint32_t)variable->name[i];
    return true;
}

/* false: it is of a type that nothing of ours has. */
static bool take_value(const netsnmp_variable_list *variable, struct answer *answer)
{
    size_t length;

    *answer = (struct answer){.kind = ANSWER_NUMBER};
    switch (variable->type) {
    case SNMP_NOSUCHOBJECT:
    case SNMP_NOSUCHINSTANCE:
    case SNMP_ENDOFMIBVIEW:
        answer->kind = ANSWER_ABSENT;
        return true;
    case ASN_INTEGER:
    case ASN_GAUGE: /* and Unsigned32 */
    case ASN_COUNTER:
        if (!variable->val.integer)
            return false;
        answer->number = (uint32_t)*variable->val.integer;
        return true;
    case ASN_COUNTER64:
        if (!variable->val.counter64)
            return false;
        answer->number =
            (uint64_t)(uint32_t)variable->val.counter64->high << 32 | (uint32_t)variable->val.counter64->low;
        return true;
    case ASN_OCTET_STR:
        answer->kind = ANSWER_TEXT;
        length = variable->val_len < PEER_TEXT_MAX - 1 ? variable->val_len : PEER_TEXT_MAX - 1;
        if (length && variable->val.string)
            memcpy(answer->text, variable->val.string, length);
        return true;
    default:
        return false;
    }
}

static int compare(const struct peer_oid *one, const struct peer_oid *other)
{
    const size_t shorter = one->length < other->length ? one->length : other->length;

    for (size_t i = 0; i < shorter; i++) {
        if (one->ids[i] != other->ids[i])
            return one->ids[i] < other->ids[i] ? -1 : 1;
    }
    return one->length < other->length ? -1 : one->length > other->length;
}

static bool take_answers(const netsnmp_pdu *got, const struct peer_oid *names, struct answer *answers, size_t count,
                         struct text *why)
{
    const netsnmp_variable_list *variable = got->variables;
    struct peer_oid name;

    for (size_t i = 0; i < count; i++, variable = variable->next_variable) {
        if (!variable || !take_name(variable, &name) || compare(&name, &names[i]) != 0)
            return junk(why, "other objects than it was asked for");
        if (!take_value(variable, &answers[i]))
            return junk(why, "a value of another type");
    }
    return !variable || junk(why, "more objects than it was asked for");
}

bool peer_get(const struct peer_oid *names, struct answer *answers, size_t count, struct text *why)
{
    netsnmp_pdu *question = snmp_pdu_create(SNMP_MSG_GET), *got;
    bool done;

    for (size_t i = 0; i < count; i++)
        add_name(question, &names[i]);
    got = ask(question, why);
    if (!got)
        return false;
    done = take_answers(got, names, answers, count, why);
    snmp_free_pdu(got);
    return done;
}

/* ---- walking ---- */

struct walk {
    const struct peer_oid *column;
    bool (*take)(void *context, const struct peer_oid *index, const struct answer *answer);
    void *context;
    struct peer_oid last;
    bool is_over;
};

static bool is_below(const struct peer_oid *name, const struct peer_oid *column)
{
    return name->length > column->length &&
           memcmp(name->ids, column->ids, column->length * sizeof(column->ids[0])) == 0;
}

/* One instance, or what follows the column. */
static bool take_step(struct walk *walk, const netsnmp_variable_list *variable, struct text *why)
{
    struct peer_oid name, index;
    struct answer answer;

    if (!take_name(variable, &name))
        return junk(why, "a name that is too long");
    if (!take_value(variable, &answer)) {
        walk->is_over = !is_below(&name, walk->column); /* there anything may stand */
        return walk->is_over || junk(why, "a value of another type");
    }
    walk->is_over = answer.kind == ANSWER_ABSENT || !is_below(&name, walk->column);
    if (walk->is_over)
        return true;
    if (compare(&name, &walk->last) <= 0)
        return junk(why, "a walk that goes back");
    walk->last = name;
    index.length = name.length - walk->column->length;
    memcpy(index.ids, name.ids + walk->column->length, index.length * sizeof(index.ids[0]));
    walk->is_over = !walk->take(walk->context, &index, &answer);
    return true;
}

static bool take_steps(struct walk *walk, const netsnmp_pdu *got, struct text *why)
{
    unsigned steps = 0;

    if (!got->variables)
        return junk(why, "nothing");
    for (const netsnmp_variable_list *variable = got->variables; variable && !walk->is_over;
         variable = variable->next_variable) {
        if (++steps > REPETITIONS)
            return junk(why, "more objects than it was asked for");
        if (!take_step(walk, variable, why))
            return false;
    }
    return true;
}

bool peer_walk(const struct peer_oid *column,
               bool (*take)(void *context, const struct peer_oid *index, const struct answer *answer), void *context,
               struct text *why)
{
    struct walk walk = {.column = column, .take = take, .context = context, .last = *column};

    while (!walk.is_over) {
        netsnmp_pdu *question = snmp_pdu_create(SNMP_MSG_GETBULK), *got;
        bool done;

        question->non_repeaters = 0;
        question->max_repetitions = REPETITIONS;
        add_name(question, &walk.last);
        got = ask(question, why);
        if (!got)
            return false;
        done = take_steps(&walk, got, why);
        snmp_free_pdu(got);
        if (!done)
            return false;
    }
    return true;
}
