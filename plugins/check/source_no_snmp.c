/* source_no_snmp.c - in place of source_snmp.c where net-snmp's headers were missing. */
#include "source.h"

static bool no_open(const struct options *options, struct observation *observation)
{
    (void)options;
    return observation_blind(observation,
                             "-H: this check_proctcp was built without net-snmp (Debian package libsnmp-dev)");
}

static bool no_look(const struct options *options, uint64_t after, struct observation *observation)
{
    (void)options;
    (void)after;
    return !observation->is_blind;
}

static void no_close(void)
{
}

const struct source source_snmp = {no_open, no_look, no_close};
