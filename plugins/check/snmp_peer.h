/* snmp_peer.h - questions to one SNMP agent, and nothing taken of an answer that is not one to the question. */
#ifndef CHECK_SNMP_PEER_H
#define CHECK_SNMP_PEER_H

#include "options.h"

#define PEER_OID_MAX  128
#define PEER_TEXT_MAX 256 /* with the NUL */
#define PEER_ASK_MAX  32  /* names in one question */

struct peer_oid {
    uint32_t ids[PEER_OID_MAX];
    size_t length;
};

enum answer_kind { ANSWER_ABSENT, ANSWER_NUMBER, ANSWER_TEXT };

struct answer {
    enum answer_kind kind;
    uint64_t number;
    char text[PEER_TEXT_MAX]; /* as it came, up to the first NUL; cut */
};

/* These return false with why, in safe text. */
bool peer_open(const struct peer *peer, unsigned timeout_s, struct text *why);
/* At most PEER_ASK_MAX. What has no instance is ANSWER_ABSENT. */
bool peer_get(const struct peer_oid *names, struct answer *answers, size_t count, struct text *why);
/* Calls take for each instance below the column, with what follows the column in its name, until it returns false. */
bool peer_walk(const struct peer_oid *column,
               bool (*take)(void *context, const struct peer_oid *index, const struct answer *answer), void *context,
               struct text *why);
void peer_close(void);

#endif
