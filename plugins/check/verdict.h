/* verdict.h - what came of each group or listener. */
#ifndef CHECK_VERDICT_H
#define CHECK_VERDICT_H

#include "observation.h"
#include "options.h"
#include "report.h"

/* What came of one item. */
struct verdict {
    const struct item *item;
    enum state state;
    bool has_value;
    double value;
    char words[256]; /* behind the name, in place of the value; "" if the value says all */
};

struct judgement {
    const struct options *options;
    const struct observation *now, *before;
    bool is_named, of_listeners;
    /* The scan left out what may be of an item, or who holds a listener, and that was not said to be all right. */
    bool hides, hides_holders;
};

/* Adds what is to be said of count verdicts to the report: the worst ones first, and the performance data. Sorts them.
 */
void verdicts_say(const struct judgement *judgement, struct verdict *verdicts, size_t count, struct report *report);
/* What the scan left out, behind what was said, with the remedy. */
void verdicts_say_left_out(const struct judgement *judgement, struct report *report);

#endif
