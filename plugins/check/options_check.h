/* options_check.h - whether options go together. */
#ifndef CHECK_OPTIONS_CHECK_H
#define CHECK_OPTIONS_CHECK_H

#include "options.h"

/* What was said that only other words give a sense. */
struct said {
    bool over;
    const char *local, *remote; /* an option that is only for one of these; NULL: none */
};

/* Sets what was not said. false: report_unknown() has said which options do not go together. */
bool options_complete(struct options *options, const struct said *said);

#endif
