/* connections_owners.c - whose connections were counted: processes of this scan, and some that have ended. Knows
 * processes and rules; nothing of connections. */
#include "capture/connections.h"

#include "capture/facts.h"
#include "capture/group_names.h"

#include "select/select.h"

/* They are ordered by pid. */
struct process *connections_find_listed(struct inquiry *inquiry, int32_t pid)
{
    struct processes *processes = &inquiry->capture->processes;
    uint32_t low = 0, high = processes->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (processes->at[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < processes->count && processes->at[low].pid == pid ? &processes->at[low] : NULL;
}

/* By what is known of one that is gone. */
static bool is_selected(const struct proctcp_selection *selection, const struct unseen *unseen)
{
    return !select_asks_process(selection) ||
           (!select_asks(selection, RULE_COMMAND) && select_pid(selection, unseen->pid) &&
            select_name(selection, unseen->name) && select_user(selection, &unseen->uid) &&
            select_cgroup(selection, NULL));
}

/* One that has ended, but for its name: what it was grouped under, a scan before may know. */
static int name_ended(struct inquiry *inquiry, struct unseen *unseen)
{
    const struct process process = {.pid = unseen->pid};
    struct facts facts = {.present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_PROCESS_UID,
                          .refused = UINT32_MAX,
                          .uid = unseen->uid,
                          .name = unseen->name,
                          .executable = "",
                          .cgroup = "",
                          .unit = "",
                          .container = "",
                          .start_ticks = unseen->start_ticks};
    struct facts *kept;
    int status = group_names_find(inquiry, &process, &facts);

    if (status)
        return status;
    kept = vector_push(&inquiry->capture->facts);
    if (!kept)
        return -ENOMEM;
    *kept = facts;
    unseen->facts = inquiry->capture->facts.count - 1;
    return 0;
}

int connections_find_facts(struct inquiry *inquiry)
{
    struct all_unseen *all = &inquiry->capture->unseen;
    int status = 0;

    for (uint32_t i = 0; i < all->count && status == 0; i++) {
        struct unseen *unseen = &all->at[i];
        struct process *process = connections_find_listed(inquiry, unseen->pid);
        const bool is_known = process && process->facts != PROCTCP_NONE;
        if (process && !process->is_selected)
            continue;
        if (is_known && inquiry->capture->facts.at[process->facts].start_ticks == unseen->start_ticks)
            unseen->facts = process->facts;
        else if (process && !is_known && (process->walk == WALKED || process->walk == WALK_GONE))
            status = inquiry_is_cancelled(inquiry) ? -ECANCELED : facts_read_of(inquiry, process, unseen->start_ticks);
        if (process && !is_known && process->facts != PROCTCP_NONE)
            unseen->facts = process->facts;
        if (status == 0 && unseen->facts == PROCTCP_NONE && unseen->is_new &&
            is_selected(inquiry->config->selection, unseen))
            status = name_ended(inquiry, unseen);
    }
    return status;
}
