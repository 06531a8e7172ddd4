/* group_block.h - a <Group "name"> block, and its short form ProcessMatch. */
#ifndef PROCTCP_COLLECTD_GROUP_BLOCK_H
#define PROCTCP_COLLECTD_GROUP_BLOCK_H

#include "daemon.h"
#include "settings.h"

/* Both add a group to settings, or say what is wrong in it and leave it out: without one of its rules it would take
 * what it was not meant to. */
void group_block_take(struct settings *settings, const oconfig_item_t *block);
/* "name" "extended regular expression" */
void group_match_take(struct settings *settings, const oconfig_item_t *item);

extern const char *const report_sockets_words[], *const report_listeners_words[];

#endif
