/* unhashed.c - which socket inodes that are in no TCP table are TCP sockets all the same: never bound, torn down and
 * not closed, in a namespace that nothing else tells of, or missed by a dump. Asks the kernel once for each inode, and
 * recalls the answer as long as somebody holds the inode. A socket is called closed only if that is known: it says so
 * itself, or dumps that showed everything else did not show it, again and again. */
#include "capture/unhashed.h"

#include "capture/guard.h"
#include "capture/helper.h"
#include "capture/limits.h"
#include "capture/netns.h"
#include "capture/procfs_fd.h"
#include "capture/sink.h"
#include "capture/sources.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Scans that must miss a socket which was alive when it was last seen, before it is called closed. */
#define MISSES_TO_BE_CLOSED 3

/* Names of struct proto in the kernel. MPTCP shows its subflows in the TCP tables, but none before it is bound. */
static const struct {
    const char *name;
    enum proctcp_family family;
} protocols[] = {{"TCP", PROCTCP_INET}, {"TCPv6", PROCTCP_INET6}, {"MPTCP", PROCTCP_INET}, {"MPTCPv6", PROCTCP_INET6}};

/* ---- one descriptor ---- */

static void descriptor_path(struct inquiry *inquiry, uint32_t index, int32_t fd, char *path, size_t size)
{
    const struct process *process = &inquiry->capture->processes.at[index];
    inquiry->asked_pid = process->pid;
    if (process->living_thread)
        snprintf(path, size, "%d/task/%d/fd/%d", process->pid, process->living_thread, fd);
    else
        snprintf(path, size, "%d/fd/%d", process->pid, fd);
}

/* Whether a link leads to the inode. */
static bool leads_to(struct inquiry *inquiry, int directory, const char *path, uint32_t inode)
{
    char link[32];
    uint32_t now;
    ssize_t length = GUARD_CALL(inquiry, readlinkat(directory, path, link, sizeof(link)));
    return length > 0 && inquiry_parse_socket_link(link, (size_t)length, &now) && now == inode;
}

/* The family of the socket at a descriptor, 0 if it is not TCP, or -errno; -ENOENT: it is not there any more. What is
 * asked is pinned, and was seen to be the socket: anything else may be put in its place, a file of a file system that
 * does not answer, too. */
static int ask_family(struct inquiry *inquiry, uint32_t process, int32_t fd, uint32_t inode)
{
    char path[64], pinned_path[32], name[32];
    ssize_t length;
    int pinned;

    descriptor_path(inquiry, process, fd, path, sizeof(path));
    if (!inquiry->live)
        return -EOPNOTSUPP; /* a recorded tree has nothing to say */
    pinned = GUARD_CALL(inquiry, openat(inquiry->proc_fd, path, O_PATH | O_CLOEXEC));
    if (pinned < 0)
        return inquiry_errno();
    snprintf(pinned_path, sizeof(pinned_path), "/proc/self/fd/%d", pinned);
    length = -1;
    errno = ENOENT;
    if (leads_to(inquiry, AT_FDCWD, pinned_path, inode))
        length = GUARD_CALL(inquiry, getxattr(pinned_path, "system.sockprotoname", name, sizeof(name) - 1));
    int error = inquiry_errno();
    close(pinned);
    if (length < 0)
        return error;
    name[length] = '\0';
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(name, protocols[i].name) == 0)
            return (int)protocols[i].family;
    }
    return 0;
}

/* ---- sockets and owners by inode ---- */

/* Whether any of an inode's sockets matters to the selection. */
static bool matters(const struct inquiry *inquiry, uint32_t inode)
{
    const struct capture *capture = inquiry->capture;
    struct hash_walk walk;

    if (!inquiry->config->selection || !inquiry->config->every_socket)
        return true; /* or else it was left out by the sink */
    for (uint32_t i = hash_first(&capture->by_inode, inode, &walk); i != HASH_NONE;
         i = hash_next(&capture->by_inode, &walk)) {
        if (select_matters(inquiry->config->selection, &capture->sockets.at[i]))
            return true;
    }
    return false;
}

static void keep_owners_of_tcp(struct inquiry *inquiry)
{
    struct capture *capture = inquiry->capture;

    for (uint32_t p = 0; p < capture->processes.count; p++) {
        struct process *process = &capture->processes.at[p];
        uint32_t kept = process->first_owner;
        for (uint32_t i = 0; i < process->owner_count; i++) {
            struct owner owner = capture->owners.at[process->first_owner + i];
            if (owner.socket == HASH_NONE)
                owner.socket = hash_find(&capture->by_inode, owner.inode);
            if (owner.socket != HASH_NONE && matters(inquiry, owner.inode))
                capture->owners.at[kept++] = owner;
        }
        process->owner_count = kept - process->first_owner;
    }
}

/* ---- answers ---- */

static struct recalled_inode *recall(const struct recollection *recollection, uint32_t inode)
{
    uint32_t index = hash_find(&recollection->by_inode, inode);
    return index == HASH_NONE ? NULL : &recollection->inodes.at[index];
}

/* For this scan and the next. NULL: memory is out. */
static struct recalled_inode *keep_answer(struct inquiry *inquiry, const struct recalled_inode *answer)
{
    struct recollection *kept = inquiry->kept;
    struct recalled_inode *slot = NULL;

    if (hash_reserve(&kept->by_inode, (uint64_t)kept->inodes.count + 1))
        slot = vector_push(&kept->inodes);
    if (!slot)
        return NULL;
    *slot = *answer;
    hash_put(&kept->by_inode, answer->inode, kept->inodes.count - 1);
    return slot;
}

/* Whether the scan before saw it in a table. 1, 0 or -ENOMEM. */
static int was_alive(struct inquiry *inquiry, uint32_t inode)
{
    const struct proctcp_snapshot *previous = inquiry->previous;

    if (!previous)
        return 0;
    if (!inquiry->knows_previous_inodes && !hash_begin(&inquiry->previous_inodes, (uint64_t)previous->socket_count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; !inquiry->knows_previous_inodes && i < previous->socket_count; i++) {
        if (previous->sockets[i].inode && previous->sockets[i].state != PROCTCP_CLOSED)
            hash_put(&inquiry->previous_inodes, previous->sockets[i].inode, i);
    }
    inquiry->knows_previous_inodes = true;
    return hash_find(&inquiry->previous_inodes, inode) != HASH_NONE;
}

/* ---- what is unknown ---- */

static bool may_be_asked(struct inquiry *inquiry, const struct process *process)
{
    return inquiry_within_limit(&inquiry->questions_of, process->uid, 1, LIMIT_QUESTIONS_OF_USER);
}

/* An inode that is not recalled. Adds a question if it is TCP. */
static int ask_anew(struct inquiry *inquiry, uint32_t index, const struct owner *owner, struct questions *questions)
{
    const struct process *process = &inquiry->capture->processes.at[index];
    struct recalled_inode answer = {.inode = owner->inode};
    int family;

    if (!may_be_asked(inquiry, process)) {
        inquiry_count_error(inquiry, EDQUOT, "%d/fd/%d", process->pid, owner->fd);
        return 0;
    }
    family = ask_family(inquiry, index, owner->fd, owner->inode);
    if (family == -EMFILE || family == -ENFILE || family == -ENOBUFS)
        inquiry_count_error(inquiry, -family, "%d/fd/%d", process->pid, owner->fd);
    else if (family == -ENOENT && inquiry->live)
        inquiry->capture->stats.closed++;
    if (family < 0)
        return 0; /* closed meanwhile; or the kernel does not say what it is (before 3.7, or /proc is not mounted) */
    answer.family = (uint8_t)family;
    answer.answer = family ? ANSWER_MISSED : ANSWER_OTHER;
    if (!keep_answer(inquiry, &answer))
        return -ENOMEM;
    if (family == 0)
        return 0;
    struct question *question = vector_push(questions);
    if (!question)
        return -ENOMEM;
    *question = (struct question){.process = index, .fd = owner->fd, .recalled = inquiry->kept->inodes.count - 1};
    return 0;
}

/* An inode that the scan before had an answer for. */
static int ask_recalled(struct inquiry *inquiry, uint32_t index, const struct owner *owner,
                        const struct recalled_inode *known, struct questions *questions)
{
    char path[64];
    struct recalled_inode *answer;

    if (known->answer == ANSWER_UNBOUND || known->answer == ANSWER_MISSED) {
        descriptor_path(inquiry, index, owner->fd, path, sizeof(path));
        if (!leads_to(inquiry, inquiry->proc_fd, path, owner->inode)) {
            inquiry->capture->stats.closed++;
            return 0;
        }
    }
    answer = keep_answer(inquiry, known);
    if (!answer)
        return -ENOMEM;
    if (known->answer == ANSWER_OTHER || (known->answer == ANSWER_FOREIGN && !netns_is_wanted(inquiry, known->netns)))
        return 0;
    struct question *question = vector_push(questions);
    if (!question)
        return -ENOMEM;
    *question = (struct question){.process = index, .fd = owner->fd, .recalled = inquiry->kept->inodes.count - 1};
    return 0;
}

static int ask_unknown(struct inquiry *inquiry, struct questions *questions)
{
    struct capture *capture = inquiry->capture;
    const bool unbound_wanted = select_unbound(inquiry->config->selection);
    int status = 0;

    for (uint32_t p = 0; p < capture->processes.count && status == 0; p++) {
        const struct process *process = &capture->processes.at[p];
        if (!unbound_wanted || !netns_may_be_held_from(inquiry, process->netns))
            continue;
        for (uint32_t i = 0; i < process->owner_count && status == 0; i++) {
            struct owner *owner = &capture->owners.at[process->first_owner + i];
            owner->socket = hash_find(&capture->by_inode, owner->inode);
            if (owner->socket != HASH_NONE || recall(inquiry->kept, owner->inode))
                continue;
            if (inquiry_is_cancelled(inquiry))
                return -ECANCELED;
            const struct recalled_inode *known = recall(inquiry->before, owner->inode);
            status = known && known->answer != ANSWER_LOOKED_FOR ? ask_recalled(inquiry, p, owner, known, questions)
                                                                 : ask_anew(inquiry, p, owner, questions);
        }
    }
    return status;
}

/* ---- sockets that answer for themselves ---- */

struct borrowers {
    const struct questions *questions;
    const uint32_t *asked; /* indices of questions */
    const struct holder *holders;
};

static int note_namespace(struct inquiry *inquiry, struct recalled_inode *answer, const struct holder *holder, int fd)
{
    int known;

    if (!netns_is_wanted(inquiry, answer->netns)) {
        answer->answer = ANSWER_FOREIGN;
        if (fd >= 0)
            close(fd);
        return 0;
    }
    known = netns_add_kept(inquiry, answer->netns, holder, fd);
    return known < 0 ? known : 0;
}

static int note_borrowed(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed,
                         int netns_fd)
{
    const struct borrowers *borrowers = context;
    struct question *question = &borrowers->questions->at[borrowers->asked[index]];
    struct recalled_inode *answer = &inquiry->kept->inodes.at[question->recalled];

    if (borrowed->status)
        return 0;
    answer->netns = borrowed->netns;
    question->is_alive = !borrowed->is_closed;
    answer->answer = borrowed->is_closed ? ANSWER_UNBOUND : ANSWER_MISSED;
    if (borrowed->netns)
        return note_namespace(inquiry, answer, &borrowers->holders[index], netns_fd);
    if (netns_fd >= 0)
        close(netns_fd);
    return 0;
}

/* What is not known to be closed already is asked itself. */
static int borrow(struct inquiry *inquiry, const struct questions *questions)
{
    struct holder *holders = malloc((questions->count + 1) * sizeof(*holders));
    uint32_t *asked = malloc((questions->count + 1) * sizeof(*asked)), count = 0;
    struct borrowers borrowers = {questions, asked, holders};
    int status = holders && asked ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < questions->count && status == 0 && inquiry->own_pids; i++) {
        const struct question *question = &questions->at[i];
        const struct recalled_inode *answer = &inquiry->kept->inodes.at[question->recalled];
        const struct process *process = &inquiry->capture->processes.at[question->process];
        if (answer->answer == ANSWER_UNBOUND ||
            !inquiry_within_limit(&inquiry->borrowings_of, process->uid, 1, LIMIT_BORROWED_OF_USER))
            continue;
        holders[count] = (struct holder){process->living_thread ? process->living_thread : process->pid, question->fd,
                                         answer->inode};
        asked[count++] = i;
    }
    if (status == 0)
        status = helper_borrow(inquiry, holders, count, note_borrowed, &borrowers);
    free(holders);
    free(asked);
    return status;
}

/* ---- what follows ---- */

/* The namespace that a socket is taken to be in: its own, or where its holder lives. */
static uint32_t home_of(const struct inquiry *inquiry, const struct question *question)
{
    uint32_t netns = inquiry->kept->inodes.at[question->recalled].netns;
    return netns ? netns : inquiry->capture->processes.at[question->process].netns;
}

/* Where each question's socket might be shown yet. */
static void want_another_look(struct inquiry *inquiry, const struct questions *questions)
{
    for (uint32_t i = 0; i < questions->count; i++) {
        const struct question *question = &questions->at[i];
        const enum answer answer = inquiry->kept->inodes.at[question->recalled].answer;
        struct netns *netns = sink_find_netns(inquiry, home_of(inquiry, question));
        if (!netns || answer == ANSWER_FOREIGN)
            continue;
        /* One that lives is let be: it has only just come to life, as they do all the time. */
        if (answer == ANSWER_UNBOUND && netns->look_again == LOOK_NO)
            netns->look_again = LOOK_FOR_BOUND;
        else if (answer == ANSWER_MISSED && !question->is_alive)
            netns->look_again = LOOK_FOR_MISSED;
    }
}

static int add_unbound(struct inquiry *inquiry, const struct recalled_inode *answer)
{
    struct proctcp_socket *socket = sink_next_socket(inquiry);

    if (!socket)
        return -ENOMEM;
    *socket = (struct proctcp_socket){.inode = answer->inode,
                                      .subflow = 1,
                                      .state = PROCTCP_CLOSED,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .family = answer->family,
                                      .timer = PROCTCP_TIMER_NONE};
    return sink_socket(inquiry, socket, answer->netns, NULL, false);
}

/* Not shown by any table, in two looks. */
static int conclude(struct inquiry *inquiry, const struct question *question)
{
    struct recalled_inode *answer = &inquiry->kept->inodes.at[question->recalled];
    bool is_closed = answer->answer == ANSWER_UNBOUND;

    if (answer->answer == ANSWER_FOREIGN)
        return 0;
    if (answer->answer == ANSWER_MISSED && !question->is_alive) {
        const int alive = answer->misses == 0 ? was_alive(inquiry, answer->inode) : answer->was_alive;
        if (alive < 0)
            return alive;
        answer->was_alive = alive;
        answer->misses++;
        is_closed = !answer->was_alive || answer->misses >= MISSES_TO_BE_CLOSED;
    }
    if (is_closed && netns_is_complete(inquiry, home_of(inquiry, question)))
        return add_unbound(inquiry, answer);
    inquiry->capture->stats.unread++;
    return indices_push(&inquiry->capture->unread, answer->inode) ? 0 : -ENOMEM;
}

static bool any_wanted(const struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++) {
        if (inquiry->capture->namespaces.at[i].look_again != LOOK_NO)
            return true;
    }
    return inquiry->namespaces_read < inquiry->capture->namespaces.count;
}

static int answer_questions(struct inquiry *inquiry, const struct questions *questions)
{
    int status = borrow(inquiry, questions);

    if (status == 0)
        want_another_look(inquiry, questions);
    if (status == 0 && any_wanted(inquiry))
        status = sources_look_again(inquiry);
    for (uint32_t i = 0; i < questions->count && status == 0; i++) {
        const struct recalled_inode *answer = &inquiry->kept->inodes.at[questions->at[i].recalled];
        if (hash_find(&inquiry->capture->by_inode, answer->inode) == HASH_NONE)
            status = conclude(inquiry, &questions->at[i]);
    }
    return status == 0 ? sink_sockets_end(inquiry) : status;
}

/* ---- inodes that nobody holds ---- */

/* Sockets that no descriptor led to, and that were not looked for before. Recalls them. */
static int count_unowned(struct inquiry *inquiry, uint32_t *count)
{
    struct capture *capture = inquiry->capture;
    struct indices owned = {0};
    int status = indices_fill(&owned, capture->sockets.count, 0) ? 0 : -ENOMEM;

    for (uint32_t p = 0; p < capture->processes.count && status == 0; p++) {
        const struct process *process = &capture->processes.at[p];
        for (uint32_t i = 0; i < process->owner_count; i++) {
            uint32_t socket = hash_find(&capture->by_inode, capture->owners.at[process->first_owner + i].inode);
            if (socket != HASH_NONE)
                owned.at[socket] = 1;
        }
    }
    *count = 0;
    for (uint32_t i = 0; i < capture->sockets.count && status == 0; i++) {
        const uint32_t inode = capture->sockets.at[i].inode;
        if (!inode || owned.at[i] || hash_find(&capture->by_inode, inode) != i)
            continue;
        *count += recall(inquiry->before, inode) == NULL;
        if (!keep_answer(inquiry, &(struct recalled_inode){.inode = inode, .answer = ANSWER_LOOKED_FOR}))
            status = -ENOMEM;
    }
    vector_free(&owned);
    return status;
}

/* Where the kernel tells which threads have descriptors of their own, they were walked with their process. */
static int look_through_threads(struct inquiry *inquiry)
{
    uint32_t unowned = 0;
    int status;

    if (inquiry->own_pids && !inquiry->may_not_compare)
        return 0;
    status = count_unowned(inquiry, &unowned);
    return status == 0 && unowned ? procfs_fd_walk_threads(inquiry) : status;
}

int unhashed_resolve(struct inquiry *inquiry)
{
    struct questions *questions = &inquiry->questions;
    int status = look_through_threads(inquiry);

    if (status == 0)
        status = ask_unknown(inquiry, questions);
    if (status == 0 && questions->count)
        status = answer_questions(inquiry, questions);
    if (status == 0)
        keep_owners_of_tcp(inquiry);
    return status;
}
