/* answers.h - what net-snmp asks, answered from what is served. */
#ifndef SNMP_ANSWERS_H
#define SNMP_ANSWERS_H

#include "serving.h"

/* Registers the objects. serving is used by every request from then on. false: it could not be done. */
bool answers_register(struct serving *serving);
void answers_unregister(void);

#endif
