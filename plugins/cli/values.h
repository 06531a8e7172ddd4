/* values.h - what stands behind an option. All say what is wrong with the text, and return false then. */
#ifndef PROCTCP_CLI_VALUES_H
#define PROCTCP_CLI_VALUES_H

#include "proctcp.h"

enum form { TABLE, JSON, CSV };

enum when { AUTO, ALWAYS, NEVER };

bool value_form(const char *text, enum form *form);
bool value_when(const char *text, enum when *when);
bool value_source(const char *text, enum proctcp_source *source);
bool value_interval(const char *text, double *seconds);
bool value_count(const char *text, unsigned long *count);
bool value_groups(const char *text, uint32_t *most);
bool value_width(const char *text, unsigned *columns);

#endif
