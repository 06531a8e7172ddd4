/* top_rates.c - counters of two snapshots into rates. What is in one of them alone, and what went backwards, has none.
 */
#include "top_rates.h"

#include <stdlib.h>
#include <string.h>

static float rate(bool present, uint64_t before, uint64_t now, double seconds)
{
    return present && now >= before && seconds > 0 ? (float)((double)(now - before) / seconds) : RATE_ABSENT;
}

static struct rates no_rates(void)
{
    struct rates rates;

    for (size_t r = 0; r < RATES; r++)
        rates.of[r] = RATE_ABSENT;
    return rates;
}

/* ---- groups and processes ---- */

static void set_totals(struct rates *rates, uint32_t present, const struct proctcp_totals *before,
                       const struct proctcp_totals *now, double seconds)
{
    rates->of[RATE_IN] = rate(present & PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED, before->payload_received_bytes,
                              now->payload_received_bytes, seconds);
    rates->of[RATE_OUT] =
        rate(present & PROCTCP_HAS_TOTAL_PAYLOAD_SENT, before->payload_sent_bytes, now->payload_sent_bytes, seconds);
    rates->of[RATE_RETRANSMITTED] =
        rate(present & PROCTCP_HAS_TOTAL_RETRANSMISSIONS, before->retransmissions, now->retransmissions, seconds);
    rates->of[RATE_DROPPED] =
        rate(present & PROCTCP_HAS_TOTAL_ACCEPT_DROPS, before->accept_drops, now->accept_drops, seconds);
}

static struct rates group_rates(const struct proctcp_group *before, const struct proctcp_group *now, double seconds)
{
    struct rates rates = no_rates();

    set_totals(&rates, now->present, &before->totals, &now->totals, seconds);
    rates.of[RATE_OPENED] = rate(true, before->sockets_opened, now->sockets_opened, seconds);
    return rates;
}

/* A group keeps its index. One that is new began at 0, which is what its processes counted then. */
static void rate_groups(const struct proctcp_snapshot *before, struct pass *pass, double seconds)
{
    static const struct proctcp_group nothing;
    const struct proctcp_snapshot *now = pass->snapshot;

    for (uint32_t g = 0; g < now->group_count; g++) {
        const struct proctcp_group *old = g < before->group_count ? &before->groups[g] : &nothing;
        if (old != &nothing && strcmp(old->name, now->groups[g].name) != 0)
            old = &nothing;
        pass->groups[g] = group_rates(old, &now->groups[g], seconds);
    }
    pass->all = group_rates(&before->all, &now->all, seconds);
}

/* Both are sorted by pid. */
static void rate_processes(const struct proctcp_snapshot *before, struct pass *pass, double seconds)
{
    static const struct proctcp_process nothing;
    uint32_t o = 0;

    for (uint32_t p = 0; p < pass->snapshot->process_count; p++) {
        const struct proctcp_process *now = &pass->snapshot->processes[p], *old;
        struct rates *rates = &pass->processes[p];
        while (o < before->process_count && before->processes[o].pid < now->pid)
            o++;
        old = o < before->process_count ? &before->processes[o] : &nothing;
        if (old->pid != now->pid || old->start_ticks != now->start_ticks)
            old = &nothing;
        set_totals(rates, now->present, &old->totals, &now->totals, seconds);
        rates->of[RATE_OPENED] = rate(true, old->sockets_opened, now->sockets_opened, seconds);
    }
}

/* ---- sockets ---- */

/* Cookies of a snapshot, to indices. */
struct cookies {
    const struct proctcp_snapshot *snapshot;
    uint32_t *slots; /* an index and 1; 0: free */
    uint32_t mask;
};

static uint32_t slot_of(const struct cookies *cookies, uint64_t cookie)
{
    return (uint32_t)(cookie * 0x9e3779b97f4a7c15ULL >> 32) & cookies->mask;
}

static bool cookies_make(const struct proctcp_snapshot *snapshot, struct cookies *cookies)
{
    uint32_t size = 16;

    while (size / 2 < snapshot->socket_count)
        size *= 2;
    *cookies = (struct cookies){snapshot, calloc(size, sizeof(uint32_t)), size - 1};
    for (uint32_t s = 0; cookies->slots && s < snapshot->socket_count; s++) {
        uint32_t slot = slot_of(cookies, snapshot->sockets[s].cookie);
        if (!(snapshot->sockets[s].present & PROCTCP_HAS_COOKIE))
            continue;
        while (cookies->slots[slot])
            slot = (slot + 1) & cookies->mask;
        cookies->slots[slot] = s + 1;
    }
    return cookies->slots;
}

static const struct proctcp_socket *find_cookie(const struct cookies *cookies, uint64_t cookie)
{
    for (uint32_t slot = slot_of(cookies, cookie); cookies->slots[slot]; slot = (slot + 1) & cookies->mask) {
        const struct proctcp_socket *socket = &cookies->snapshot->sockets[cookies->slots[slot] - 1];
        if (socket->cookie == cookie)
            return socket;
    }
    return NULL;
}

static void rate_socket(const struct proctcp_snapshot *before, const struct proctcp_socket *old,
                        const struct proctcp_snapshot *now, const struct proctcp_socket *socket, double seconds,
                        struct rates *rates)
{
    const uint64_t both = old->present & socket->present;
    const struct proctcp_impairment *was = &before->impairments[old->impairment],
                                    *is = &now->impairments[socket->impairment];

    rates->of[RATE_IN] = rate(both & PROCTCP_HAS_BYTES, old->bytes_received, socket->bytes_received, seconds);
    rates->of[RATE_OUT] = rate(both & PROCTCP_HAS_BYTES, old->bytes_acked, socket->bytes_acked, seconds);
    rates->of[RATE_RETRANSMITTED] = rate(both & PROCTCP_HAS_INFO, was->total_retrans, is->total_retrans, seconds);
    rates->of[RATE_DROPPED] = rate(both & PROCTCP_HAS_DROPS, was->drops, is->drops, seconds);
}

/* A connection came in if its cookie is new. The cookies of one source alone tell that. */
static void count_connection(struct pass *pass, uint32_t socket)
{
    const uint32_t listener =
        pass->snapshot->socket_listeners ? pass->snapshot->socket_listeners[socket] : PROCTCP_NONE;

    if (pass->snapshot->sockets[socket].state != PROCTCP_LISTEN && listener != PROCTCP_NONE &&
        pass->listeners[listener].of[RATE_OPENED] >= 0)
        pass->listeners[listener].of[RATE_OPENED]++;
}

static bool rate_sockets(const struct proctcp_snapshot *before, struct pass *pass, double seconds)
{
    const struct proctcp_snapshot *now = pass->snapshot;
    struct cookies cookies;

    if (!cookies_make(before, &cookies))
        return false;
    for (uint32_t s = 0; s < now->socket_count; s++) {
        const struct proctcp_socket *socket = &now->sockets[s], *old;
        if (!(socket->present & PROCTCP_HAS_COOKIE))
            continue;
        old = find_cookie(&cookies, socket->cookie);
        if (old)
            rate_socket(before, old, now, socket, seconds, &pass->sockets[s]);
        else
            count_connection(pass, s);
    }
    free(cookies.slots);
    return true;
}

/* ---- listeners ---- */

/* Those that were there before begin to count connections at 0; see count_connection(). */
static void begin_listeners(const struct proctcp_snapshot *before, struct pass *pass, double seconds)
{
    for (uint32_t l = 0; l < pass->snapshot->listener_count; l++) {
        const struct proctcp_listener *now = &pass->snapshot->listeners[l];
        const struct proctcp_listener *old =
            proctcp_find_listener(before, now->netns, &now->local_address, now->local_port, now->interface);
        if (!old)
            continue;
        pass->listeners[l].of[RATE_DROPPED] =
            rate(old->present & now->present & PROCTCP_HAS_LISTENER_DROPS, old->drops, now->drops, seconds);
        if (pass->snapshot->stats.source != PROCTCP_SOURCE_PROCFS && seconds > 0)
            pass->listeners[l].of[RATE_OPENED] = 0;
    }
}

static void end_listeners(struct pass *pass, double seconds)
{
    for (uint32_t l = 0; l < pass->snapshot->listener_count; l++) {
        if (pass->listeners[l].of[RATE_OPENED] > 0)
            pass->listeners[l].of[RATE_OPENED] /= (float)seconds;
    }
}

/* ---- passes ---- */

static bool make_absent(struct rates **rates, uint32_t count)
{
    *rates = malloc(((size_t)count + 1) * sizeof(**rates));
    for (uint32_t i = 0; *rates && i < count; i++)
        (*rates)[i] = no_rates();
    return *rates;
}

struct pass *pass_new(const struct proctcp_snapshot *before, const struct proctcp_snapshot *now, double seconds)
{
    struct pass *pass = calloc(1, sizeof(*pass));

    if (!pass) {
        proctcp_snapshot_unref(now);
        return NULL;
    }
    pass->snapshot = now;
    pass->all = no_rates();
    if (!make_absent(&pass->groups, now->group_count) || !make_absent(&pass->processes, now->process_count) ||
        !make_absent(&pass->listeners, now->listener_count) || !make_absent(&pass->sockets, now->socket_count))
        goto out;
    if (before) {
        rate_groups(before, pass, seconds);
        rate_processes(before, pass, seconds);
        begin_listeners(before, pass, seconds);
        if (!rate_sockets(before, pass, seconds))
            goto out;
        end_listeners(pass, seconds);
    }
    return pass;
out:
    pass_free(pass);
    return NULL;
}

void pass_free(struct pass *pass)
{
    if (!pass)
        return;
    free(pass->groups);
    free(pass->processes);
    free(pass->listeners);
    free(pass->sockets);
    proctcp_snapshot_unref(pass->snapshot);
    free(pass);
}
