/* json_string.h - text as a JSON string. */
#ifndef PROCTCP_CLI_JSON_STRING_H
#define PROCTCP_CLI_JSON_STRING_H

#include "writer.h"

/* In quotes, always valid UTF-8: a byte that is none becomes U+FFFD, what steers a terminal is escaped. */
void json_string(struct writer *writer, const char *text);

#endif
