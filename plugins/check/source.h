/* source.h - where observations come from: a scan of this host, or an agent over SNMP. */
#ifndef CHECK_SOURCE_H
#define CHECK_SOURCE_H

#include "observation.h"
#include "options.h"

struct source {
    /* false: the observation is blind. */
    bool (*open)(const struct options *options, struct observation *observation);
    /* What was asked for. If the scan is still that of the generation after (0: none), only its generation is looked
     * at, for asking an agent for more would hold its next scan back. false: the observation is blind. */
    bool (*look)(const struct options *options, uint64_t after, struct observation *observation);
    void (*close)(void);
};

extern const struct source source_local;
extern const struct source source_snmp; /* without net-snmp: one that says so */

#endif
