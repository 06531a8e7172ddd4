/* doctor_print.h - findings on standard output, each as soon as it is known. */
#ifndef PROCTCP_CLI_DOCTOR_PRINT_H
#define PROCTCP_CLI_DOCTOR_PRINT_H

#include "doctor_finding.h"
#include "writer.h"

#include <stdbool.h>

struct doctor_printer {
    struct writer writer;
    bool is_json;
};

void doctor_print_begin(struct doctor_printer *printer, bool is_json);
void doctor_print(struct doctor_printer *printer, const struct finding *finding);

#endif
