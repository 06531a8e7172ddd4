/* oids.h - the one place that knows where the MIB stands: netSnmpPlaypen 793, until an enterprise number is had. */
#ifndef SNMP_OIDS_H
#define SNMP_OIDS_H

#define OID_PROCTCP               1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 793
#define OID_PROCTCP_NOTIFICATIONS OID_PROCTCP, 0
#define OID_PROCTCP_OBJECTS       OID_PROCTCP, 1
#define OID_OBJECTS_LENGTH        11

#endif
