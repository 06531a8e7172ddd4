/* messages.h - what is logged while the configuration is read. */
#ifndef SNMP_MESSAGES_H
#define SNMP_MESSAGES_H

/* net-snmp reads its files twice, and complains of the same line each time: between these two, each message is logged
 * once. */
void messages_begin(void);
void messages_end(void);

#endif
