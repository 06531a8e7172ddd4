/* stamp.h - an instant as people write it. */
#ifndef PROCTCP_CLI_STAMP_H
#define PROCTCP_CLI_STAMP_H

#include <stdint.h>

#define STAMP_SIZE 48

/* Unix time, seconds, as ISO 8601 in local time with its offset: 2026-11-25T03:15:58+01:00. Returns text. */
char *stamp_text(uint64_t time, char text[STAMP_SIZE]);

#endif
