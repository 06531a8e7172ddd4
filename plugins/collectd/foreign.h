/* foreign.h - options of collectd's own plugins tcpconns and processes, which people know and try here. */
#ifndef PROCTCP_COLLECTD_FOREIGN_H
#define PROCTCP_COLLECTD_FOREIGN_H

/* What to write instead; NULL: nobody has such an option. Letters in any case. */
const char *foreign_advice(const char *option);

#endif
