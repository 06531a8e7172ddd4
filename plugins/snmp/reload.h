/* reload.h - the configuration is read again while the subagent goes on. */
#ifndef SNMP_RELOAD_H
#define SNMP_RELOAD_H

#include "publisher.h"

/* Reads the files that were read at the start, logs what is wrong with them, and hands the settings to the publisher.
 * address and config_file are those of the options, or NULL; user is the one
 * that the configuration named at the start. Where nothing can be read, the former settings hold. */
void reload(struct publisher *publisher, const char *address, const char *config_file, const char *user);

#endif
