/* settings.h - what the options and the configuration file decide. */
#ifndef SNMP_SETTINGS_H
#define SNMP_SETTINGS_H

#include "proctcp.h"
#include "tops.h"

struct settings {
    unsigned interval_s;
    struct proctcp_options scan;
    struct proctcp_selection *selection; /* of scan */
    struct proctcp_grouping *grouping;   /* the same */
    bool own_netns_only;
    unsigned not_served; /* see publication.h */
    struct thresholds thresholds;
    struct tops tops;
    unsigned notify;     /* bits of enum event_kind */
    unsigned notify_max; /* of a minute */
    char *user;          /* to become; NULL: none is named */
};

/* The defaults; reading the configuration from now on fills settings. 0 or -ENOMEM. */
int settings_begin(struct settings *settings);
/* Begins, and registers the tokens of proctcp.conf; reading the file fills settings. Wrong values are reported with
 * file and line, and leave the setting as it was. Call between init_agent() and init_snmp(). 0 or -ENOMEM. */
int settings_register(struct settings *settings);
/* The same within snmpd, whose own snmpd.conf may have the tokens as well. */
int settings_register_in_snmpd(struct settings *settings);
void settings_unregister_in_snmpd(void);
/* Why a file can be no configuration; NULL: it can. Opening a FIFO would wait for who writes to it. */
const char *settings_file_fault(const char *file);
/* After the file was read: completes the selection. */
void settings_finish(struct settings *settings);
void settings_free(struct settings *settings);

#endif
