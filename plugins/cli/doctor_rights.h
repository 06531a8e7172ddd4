/* doctor_rights.h - what keeps a scan from seeing more. */
#ifndef PROCTCP_CLI_DOCTOR_RIGHTS_H
#define PROCTCP_CLI_DOCTOR_RIGHTS_H

#include "doctor.h"
#include "proctcp.h"

/* capabilities, hidepid, ptrace and namespaces. snapshot: of a scan of everything; NULL: there is none. */
void doctor_check_rights(const struct doctor *doctor, const struct proctcp_snapshot *snapshot);

#endif
