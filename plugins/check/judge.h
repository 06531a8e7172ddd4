/* judge.h - from what was seen to a state. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "observation.h"
#include "options.h"
#include "report.h"

/* before: for a rate, else NULL. */
void judge(const struct options *options, const struct observation *now, const struct observation *before,
           struct report *report);

#endif
