/* Captures of any sort, one after the other: what follows from them must be consistent, whatever they say. Each byte
 * pair adds one thing; few inodes, cookies and ports, so that they meet. */
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
    uint32_t held = 0;

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
    require(snapshot->all.processes == snapshot->process_count);
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
        require(proctcp_grouping_add_text(made, "in=local_port=2", error, sizeof(error)) == 0);
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
}

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", ""};

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
            literal_group(literal, 0, "in");
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
        else
            indices_push(&literal->capture.unread, value & 7);
    }
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
        if (literal_end(&literal, NULL) < 0)
            break;
        check(literal.snapshot);
        literal_begin(&literal, time += 10);
        pid = 0;
        fd = 2;
    }
    if (literal_end(&literal, NULL) == 0)
        check(literal.snapshot);
    literal_free(&literal);
    return 0;
}
