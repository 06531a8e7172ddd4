/* options.h - the options of a <Plugin proctcp> block. */
#ifndef PROCTCP_COLLECTD_OPTIONS_H
#define PROCTCP_COLLECTD_OPTIONS_H

#include "daemon.h"
#include "settings.h"

/* Takes one block into settings, which settings_new() has made; says what is wrong in it, and takes the rest. */
void options_take(struct settings *settings, const oconfig_item_t *block);

#endif
