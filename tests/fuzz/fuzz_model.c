/* Captures of any sort, one after the other: what follows from them must be consistent, whatever they say, and totals
 * never go down. Each byte pair adds one thing; few inodes, cookies and ports, so that they meet. */
#include "../unit/literal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_rows(const struct proctcp_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        const struct proctcp_row *row = &snapshot->rows[i], *before = i ? row - 1 : NULL;
        require(row->socket < snapshot->socket_count && row->process < snapshot->process_count);
        require(row->owner_rank >= 1 && row->owner_rank <= snapshot->sockets[row->socket].owners);
        require(row->peer == PROCTCP_NONE || row->peer < snapshot->row_count);
        require(snapshot->processes[row->process].pid == row->pid);
        if (before)
            require(before->pid < row->pid || (before->pid == row->pid && before->fd < row->fd) ||
                    (before->pid == row->pid && before->fd == row->fd && before->subflow < row->subflow));
    }
}

static void check_listeners(const struct proctcp_snapshot *snapshot)
{
    uint32_t listening = 0, owners = 0;

    for (uint32_t i = 0; i < snapshot->listener_count; i++) {
        const struct proctcp_listener *listener = &snapshot->listeners[i];
        uint32_t sum = 0;
        require(proctcp_find_listener(snapshot, listener->netns, &listener->local_address, listener->local_port,
                                      listener->interface) == listener);
        require(listener->row == PROCTCP_NONE ? !listener->owners : listener->row < snapshot->row_count);
        require(listener->processes <= listener->owners && !listener->owners == !listener->processes);
        for (unsigned state = 0; state < PROCTCP_STATES; state++)
            sum += listener->by_state[state];
        require(sum == listener->connections && !listener->by_state[PROCTCP_LISTEN]);
        listening += listener->sockets;
        owners += listener->owners;
    }
    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        const bool listens = snapshot->sockets[i].state == PROCTCP_LISTEN;
        listening -= listens;
        owners -= listens ? snapshot->sockets[i].owners : 0;
    }
    require(listening == 0 && owners == 0);
}

static uint32_t sum_of_states(const struct proctcp_group *group)
{
    uint32_t sum = 0;
    for (unsigned state = 0; state < PROCTCP_STATES; state++)
        sum += group->by_state[state];
    return sum;
}

static void check_groups(const struct proctcp_snapshot *snapshot)
{
    uint32_t held = 0, holders = 0;

    require(snapshot->group_count >= 2 && snapshot->group_count <= 4);
    for (uint32_t i = 0; i < snapshot->row_count; i++)
        require(snapshot->row_groups[i] < snapshot->group_count);
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        const struct proctcp_group *group = &snapshot->groups[i];
        require(sum_of_states(group) == group->sockets && group->sockets <= snapshot->all.sockets);
        require((group->processes == 0) == (group->sockets == 0));
        require(group->rtt_p95_us <= group->rtt_max_us);
    }
    for (uint32_t i = 0; i < snapshot->socket_count; i++)
        held += snapshot->sockets[i].owners != 0;
    require(snapshot->all.sockets == held && sum_of_states(&snapshot->all) == held);
    for (uint32_t i = 0; i < snapshot->process_count; i++)
        holders += snapshot->processes[i].row_count != 0;
    require(snapshot->all.processes == holders);
}

#define COUNTERS(structure) (sizeof(structure) / sizeof(uint64_t))

/* Structures of nothing but counters. None is so large that it was below 0. */
static void require_not_less(const void *now, const void *before, size_t count)
{
    const uint64_t *x = now, *y = before;

    for (size_t i = 0; i < count; i++)
        require(x[i] >= y[i] && x[i] < 1ull << 48);
}

static void check_group_counters(const struct proctcp_group *now, const struct proctcp_group *before)
{
    static const struct proctcp_group none;

    before = before ? before : &none;
    require_not_less(&now->totals, &before->totals, COUNTERS(now->totals));
    require_not_less(&now->connections, &before->connections, COUNTERS(now->connections));
}

#define OF_SOCKETS "in" /* a group by a rule about sockets: what is counted by process is not told of it */

/* before: the snapshot before, or NULL. */
static void check_counters(const struct proctcp_snapshot *now, const struct proctcp_snapshot *before)
{
    static const struct proctcp_process none;
    const bool is_counted = now->stats.connections_counted;
    uint32_t old = 0;

    for (uint32_t i = 0; i < now->process_count; i++) {
        const struct proctcp_process *process = &now->processes[i], *same = &none;
        while (before && old < before->process_count && before->processes[old].pid < process->pid)
            old++;
        if (before && old < before->process_count && before->processes[old].pid == process->pid)
            same = &before->processes[old];
        require_not_less(&process->totals, &same->totals, COUNTERS(process->totals));
        require_not_less(&process->totals, &process->since, COUNTERS(process->totals));
        require_not_less(&process->connections, &same->connections, COUNTERS(process->connections));
        require(!(process->present & PROCTCP_HAS_CONNECTIONS) == !is_counted);
    }
    for (uint32_t i = 0; i < now->group_count; i++) {
        const bool is_same =
            before && i < before->group_count && strcmp(now->groups[i].name, before->groups[i].name) == 0;
        check_group_counters(&now->groups[i], is_same ? &before->groups[i] : NULL);
        require(!(now->groups[i].present & PROCTCP_HAS_CONNECTIONS) ==
                !(is_counted && strcmp(now->groups[i].name, OF_SOCKETS) != 0));
    }
    check_group_counters(&now->all, before ? &before->all : NULL);
}

static void check(const struct proctcp_snapshot *snapshot)
{
    uint32_t unattributed = 0, counted = 0, owners = 0;

    check_rows(snapshot);
    check_listeners(snapshot);
    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        owners += snapshot->sockets[i].owners;
        unattributed += snapshot->sockets[i].owners == 0;
        require(snapshot->sockets[i].state >= PROCTCP_CLOSED && snapshot->sockets[i].state <= PROCTCP_TIME_WAIT);
    }
    for (uint32_t i = 0; i < snapshot->unattributed_count; i++)
        counted += snapshot->unattributed[i].sockets;
    require(counted == unattributed && owners == snapshot->row_count);
    for (uint32_t i = 0; i < snapshot->last_holder_count; i++)
        require(snapshot->sockets[snapshot->last_holders[i].socket].owners == 0);
    check_groups(snapshot);
    for (uint32_t i = 0; i < snapshot->process_count; i++) {
        const struct proctcp_process *process = &snapshot->processes[i];
        uint32_t sum = 0;
        for (unsigned state = 0; state < PROCTCP_STATES; state++)
            sum += process->by_state[state];
        require(sum == process->sockets && process->totals.bytes_sent >= process->since.bytes_sent);
    }
}

static struct proctcp_grouping *grouping(void)
{
    static struct proctcp_grouping *made;
    char error[128];

    if (!made) {
        require(proctcp_grouping_new(&made) == 0);
        require(proctcp_grouping_limit(made, 3) == 0);
        require(proctcp_grouping_add_text(made, OF_SOCKETS "=local_port=2", error, sizeof(error)) == 0);
    }
    return made;
}

/* What matters for who takes a connection: the interface, and wildcards of either family. */
static void change_place(struct proctcp_socket *socket, uint8_t value)
{
    socket->interface = value & 3;
    if (value & 4)
        memset(socket->local_address.bytes + 12, 0, 4);
    if (value & 8)
        memset(socket->local_address.bytes, 0, 12);
    if (value & 16)
        socket->present |= PROCTCP_HAS_V6ONLY;
    socket->v6only = value >> 5 & 1;
    if (value & 64)
        socket->present |= PROCTCP_WAS_ACCEPTED;
    if (value & 128)
        socket->present &= ~(uint64_t)(PROCTCP_HAS_INFO | PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT);
}

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", ""};

/* What the process added last counted, or one behind it that has ended. Each has one entry. */
static void add_unseen(struct literal *literal, uint8_t what, uint8_t value, int *pid)
{
    const struct all_unseen *all = &literal->capture.unseen;
    const struct processes *processes = &literal->capture.processes;
    const bool has_one = all->count && all->at[all->count - 1].pid == *pid;
    struct unseen *unseen;

    if (what & 128) {
        *pid += 1;
        unseen = literal_unseen_ended(literal, *pid, names[value >> 5]);
        unseen->uid = what & 8 ? 1000 : 0;
        if (what & 16) {
            literal_group(literal, 0, OF_SOCKETS);
            literal_group(literal, PROCTCP_NONE, names[value >> 5]);
        }
    } else {
        if (has_one || !processes->count || processes->at[processes->count - 1].pid != *pid)
            return;
        unseen = literal_unseen(literal);
    }
    unseen->totals.bytes_sent = unseen->totals.payload_sent_bytes = value & 31;
    unseen->connections.closed_connections = unseen->connections.accepts = value & 3;
    unseen->is_new = value & 31;
    if (value == 255)
        unseen->facts = PROCTCP_NONE;
    literal->capture.stats.connections_counted = true;
}

static void add_ended(struct literal *literal, uint8_t what, uint8_t value, int pid)
{
    struct ended *ended = literal_ended(literal, pid, value >> 3);

    ended->totals.bytes_sent = ended->totals.bytes_acked = (value & 7) * 40u;
    ended->totals.segs_out = value & 7;
    ended->was_accepted = what & 128;
    ended->is_counted = what & 16 && !literal->snapshot;
    ended->is_new = what & 8 && !ended->is_counted;
    literal->capture.stats.connections_counted = true;
}

static void add(struct literal *literal, uint8_t what, uint8_t value, int *pid, int *fd)
{
    struct proctcp_socket *socket;

    switch (what & 3) {
    case 0:
        socket = literal_socket(literal, value & 7, what & 4 ? value >> 3 : 0, 0x7f000001, (uint16_t)(value >> 4 & 3),
                                0x7f000001, (uint16_t)(value >> 6));
        socket->state = (uint8_t)(PROCTCP_CLOSED + (what >> 3) % 11);
        socket->netns = 1 + (what >> 7);
        socket->bytes_sent = socket->bytes_acked = value;
        break;
    case 1:
        *pid += 1 + (value & 3);
        *fd = 2;
        literal_process(literal, *pid)->walk = (uint8_t)(value & 16 ? WALK_REFUSED : WALKED);
        literal->capture.facts.at[literal->capture.facts.count - 1].name = names[value >> 5];
        if (value & 8) {
            literal_group(literal, 0, OF_SOCKETS);
            literal_group(literal, PROCTCP_NONE, names[value >> 5]);
        }
        break;
    case 2:
        *fd += value >> 3 & 1;
        if (literal->capture.processes.count)
            literal_owner(literal, *fd, value & 7);
        break;
    default:
        if (what & 4 && literal->capture.sockets.count)
            change_place(&literal->capture.sockets.at[literal->capture.sockets.count - 1], value);
        else if (what & 64)
            add_unseen(literal, what, value, pid);
        else if (what & 32)
            add_ended(literal, what, value, *pid);
        else
            indices_push(&literal->capture.unread, value & 7);
    }
}

static bool end(struct literal *literal)
{
    const struct proctcp_snapshot *before = literal->snapshot ? proctcp_snapshot_ref(literal->snapshot) : NULL;
    const bool is_made = literal_end(literal, NULL) == 0;

    if (is_made) {
        check(literal->snapshot);
        check_counters(literal->snapshot, before);
    }
    proctcp_snapshot_unref(before);
    return is_made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct literal literal = {.grouping = grouping()};
    uint64_t time = 100;
    int pid = 0, fd = 2;

    literal_begin(&literal, time);
    for (size_t i = 0; i + 1 < size; i += 2) {
        if (data[i] != 0xff) {
            add(&literal, data[i], data[i + 1], &pid, &fd);
            continue;
        }
        if (!end(&literal))
            break;
        literal_begin(&literal, time += 10);
        pid = 0;
        fd = 2;
    }
    end(&literal);
    literal_free(&literal);
    return 0;
}
