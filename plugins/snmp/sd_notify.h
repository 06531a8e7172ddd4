/* sd_notify.h - messages to the service manager that started us: the socket protocol of sd_notify(3). Knows no message.
 */
#ifndef SNMP_SD_NOTIFY_H
#define SNMP_SD_NOTIFY_H

#include <stdint.h>

/* Reads where NOTIFY_SOCKET leads. Without it, or where it is no address, nothing is ever sent. */
void sd_notify_open(void);
/* Never waits, and fails in silence. May be called by a handler of a signal. */
void sd_notify_send(const char *message);
/* In what time the manager wants to hear WATCHDOG=1 of this process; 0: it does not. */
int64_t sd_notify_watchdog_ms(void);

#endif
