/* snmp_user.c - see snmp_user.h. Knows levels and protocols as check_snmp and net-snmp name them. */
#include "snmp_user.h"

#include <net-snmp/library/scapi.h>
#include <net-snmp/library/snmpusm.h>
#include <string.h>
#include <strings.h>

static bool wrong(struct text *why, const char *option, const char *what)
{
    text_add(why, "usage: %s: %s; check_proctcp --help lists the options", option, what);
    return false;
}

/* Shorter ones net-snmp refuses, with a message of its own. */
static bool is_passphrase(const char *words)
{
    return strlen(words) >= USM_LENGTH_P_MIN;
}

/* Whether it was said in snmp.conf. */
static bool has_default(int which)
{
    return netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, which) ||
           netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PASSPHRASE);
}

/* Without a word here or in snmp.conf, as much as there are passphrases for. */
static int default_level(const struct peer *peer)
{
    const int said = netsnmp_ds_get_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_SECLEVEL);

    if (peer->priv_passphrase)
        return SNMP_SEC_LEVEL_AUTHPRIV;
    if (said)
        return said;
    if (has_default(NETSNMP_DS_LIB_PRIVPASSPHRASE))
        return SNMP_SEC_LEVEL_AUTHPRIV;
    return peer->auth_passphrase || has_default(NETSNMP_DS_LIB_AUTHPASSPHRASE) ? SNMP_SEC_LEVEL_AUTHNOPRIV
                                                                               : SNMP_SEC_LEVEL_NOAUTH;
}

static bool set_level(netsnmp_session *session, const struct peer *peer, struct text *why)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {{"noAuthNoPriv", SNMP_SEC_LEVEL_NOAUTH},
                  {"authNoPriv", SNMP_SEC_LEVEL_AUTHNOPRIV},
                  {"authPriv", SNMP_SEC_LEVEL_AUTHPRIV}};

    if (!peer->level) {
        session->securityLevel = default_level(peer);
        return true;
    }
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcasecmp(levels[i].name, peer->level) == 0) {
            session->securityLevel = levels[i].level;
            return true;
        }
    }
    return wrong(why, "-L", "give noAuthNoPriv, authNoPriv or authPriv");
}

static bool set_auth(netsnmp_session *session, const struct peer *peer, struct text *why)
{
    const int type = usm_lookup_auth_type(peer->auth_protocol ? peer->auth_protocol : "SHA");

    if (type < 0)
        return wrong(why, "-a", "give SHA, SHA-224, SHA-256, SHA-384, SHA-512 or MD5");
    if (peer->auth_protocol || peer->auth_passphrase)
        session->securityAuthProto = sc_get_auth_oid(type, &session->securityAuthProtoLen);
    if (!peer->auth_passphrase)
        return true;
    session->securityAuthKeyLen = USM_AUTH_KU_LEN;
    if (!is_passphrase(peer->auth_passphrase) ||
        generate_Ku(session->securityAuthProto, (u_int)session->securityAuthProtoLen, (u_char *)peer->auth_passphrase,
                    strlen(peer->auth_passphrase), session->securityAuthKey,
                    &session->securityAuthKeyLen) != SNMPERR_SUCCESS)
        return wrong(why, "-A", "a passphrase has 8 letters or more");
    return true;
}

static bool set_priv(netsnmp_session *session, const struct peer *peer, struct text *why)
{
    const int type = usm_lookup_priv_type(peer->priv_protocol ? peer->priv_protocol : "AES");

    if (type < 0)
        return wrong(why, "-x", "give AES or DES (or AES-192 and AES-256, where net-snmp has them)");
    if (peer->priv_protocol || peer->priv_passphrase)
        session->securityPrivProto = sc_get_priv_oid(type, &session->securityPrivProtoLen);
    if (!peer->priv_passphrase)
        return true;
    if (!peer->auth_passphrase && !has_default(NETSNMP_DS_LIB_AUTHPASSPHRASE))
        return wrong(why, "-X", "it needs -A, too");
    if (!session->securityAuthProto) { /* as net-snmp will do */
        static oid usual[MAX_OID_LEN];
        const oid *known = get_default_authtype(&session->securityAuthProtoLen);
        memcpy(usual, known, session->securityAuthProtoLen * sizeof(*usual));
        session->securityAuthProto = usual;
    }
    session->securityPrivKeyLen = USM_PRIV_KU_LEN;
    if (!is_passphrase(peer->priv_passphrase) ||
        generate_Ku(session->securityAuthProto, (u_int)session->securityAuthProtoLen, (u_char *)peer->priv_passphrase,
                    strlen(peer->priv_passphrase), session->securityPrivKey,
                    &session->securityPrivKeyLen) != SNMPERR_SUCCESS)
        return wrong(why, "-X", "a passphrase has 8 letters or more");
    return true;
}

static bool check_level(const netsnmp_session *session, const struct peer *peer, struct text *why)
{
    if (session->securityLevel >= SNMP_SEC_LEVEL_AUTHNOPRIV && !peer->auth_passphrase &&
        !has_default(NETSNMP_DS_LIB_AUTHPASSPHRASE))
        return wrong(why, "-L", "that level needs -A");
    if (session->securityLevel >= SNMP_SEC_LEVEL_AUTHPRIV && !peer->priv_passphrase &&
        !has_default(NETSNMP_DS_LIB_PRIVPASSPHRASE))
        return wrong(why, "-L", "that level needs -X");
    return true;
}

bool snmp_user_set(netsnmp_session *session, const struct peer *peer, struct text *why)
{
    session->version = SNMP_VERSION_3;
    if (peer->user) {
        session->securityName = (char *)peer->user;
        session->securityNameLen = strlen(peer->user);
    } else if (!netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_SECNAME)) {
        return wrong(why, "-P 3", "give a user by -U");
    }
    if (peer->context) {
        session->contextName = (char *)peer->context;
        session->contextNameLen = strlen(peer->context);
    }
    return set_level(session, peer, why) && set_auth(session, peer, why) && set_priv(session, peer, why) &&
           check_level(session, peer, why);
}
