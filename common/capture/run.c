/* run.c - the order of a scan's questions, and the memory that they take. Descriptors first, then sockets, so that what
 * is open through the whole scan is in both; then a second look at what did not match. */
#include "capture/run.h"

#include "capture/claims.h"
#include "capture/connections.h"
#include "capture/facts.h"
#include "capture/guard.h"
#include "capture/helper.h"
#include "capture/left_alone.h"
#include "capture/limits.h"
#include "capture/netns.h"
#include "capture/procfs_fd.h"
#include "capture/sink.h"
#include "capture/sources.h"
#include "capture/unhashed.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- memory ---- */

static const struct vector_place capture_vectors[] = {
    VECTOR_PLACE(struct capture, processes),   VECTOR_PLACE(struct capture, facts),
    VECTOR_PLACE(struct capture, owners),      VECTOR_PLACE(struct capture, sockets),
    VECTOR_PLACE(struct capture, impairments), VECTOR_PLACE(struct capture, congestion_names),
    VECTOR_PLACE(struct capture, siblings),    VECTOR_PLACE(struct capture, group_names),
    VECTOR_PLACE(struct capture, namespaces),  VECTOR_PLACE(struct capture, by_inode),
    VECTOR_PLACE(struct capture, shared),      VECTOR_PLACE(struct capture, unread),
    VECTOR_PLACE(struct capture, partial),     VECTOR_PLACE(struct capture, unseen),
    VECTOR_PLACE(struct capture, ended),
};

static const struct vector_place recollection_vectors[] = {
    VECTOR_PLACE(struct recollection, children),
    VECTOR_PLACE(struct recollection, left_alone),
    VECTOR_PLACE(struct recollection, inodes),
    VECTOR_PLACE(struct recollection, by_inode),
    VECTOR_PLACE(struct recollection, namespaces),
    VECTOR_PLACE(struct recollection, programs),
    VECTOR_PLACE(struct recollection, groupings),
    VECTOR_PLACE(struct recollection, group_names),
    VECTOR_PLACE(struct recollection, connections.counts),
};

static const struct vector_place inquiry_vectors[] = {
    VECTOR_PLACE(struct inquiry, without_inode),
    VECTOR_PLACE(struct inquiry, inodes),
    VECTOR_PLACE(struct inquiry, netns_by_inode),
    VECTOR_PLACE(struct inquiry, table_ids),
    VECTOR_PLACE(struct inquiry, threads),
    VECTOR_PLACE(struct inquiry, tids),
    VECTOR_PLACE(struct inquiry, tables),
    VECTOR_PLACE(struct inquiry, command_answers),
    VECTOR_PLACE(struct inquiry, command_matches),
    VECTOR_PLACE(struct inquiry, commands_read),
    VECTOR_PLACE(struct inquiry, users),
    VECTOR_PLACE(struct inquiry, user_names),
    VECTOR_PLACE(struct inquiry, descriptors_of.by_uid),
    VECTOR_PLACE(struct inquiry, questions_of.by_uid),
    VECTOR_PLACE(struct inquiry, namespaces_of.by_uid),
    VECTOR_PLACE(struct inquiry, named_netns.include),
    VECTOR_PLACE(struct inquiry, named_netns.exclude),
    VECTOR_PLACE(struct inquiry, borrowings_of.by_uid),
    VECTOR_PLACE(struct inquiry, matching_of.by_uid),
    VECTOR_PLACE(struct inquiry, previous_inodes),
    VECTOR_PLACE(struct inquiry, pids),
    VECTOR_PLACE(struct inquiry, shown.tasks),
    VECTOR_PLACE(struct inquiry, shown.owners),
    VECTOR_PLACE(struct inquiry, shown.namespaces),
    VECTOR_PLACE(struct inquiry, shown.netns_by_inode),
    VECTOR_PLACE(struct inquiry, shown.unknown),
    VECTOR_PLACE(struct inquiry, shown.seen),
    VECTOR_PLACE(struct inquiry, shown.cookies),
    VECTOR_PLACE(struct inquiry, questions),
};

void capture_recycle(struct capture *capture)
{
    vectors_recycle(capture, capture_vectors, COUNT(capture_vectors));
    arena_free(&capture->strings);
    capture->counters = capture->began_ns = 0;
    capture->stats = (struct proctcp_stats){
        .failure = "", .source_reason = "", .connections_reason = "", .source = PROCTCP_SOURCE_PROCFS};
    capture->failure[0] = '\0';
}

void capture_clear(struct capture *capture)
{
    vectors_free(capture, capture_vectors, COUNT(capture_vectors));
    arena_free(&capture->strings);
}

void recollection_recycle(struct recollection *recollection)
{
    vectors_recycle(recollection, recollection_vectors, COUNT(recollection_vectors));
    arena_free(&recollection->strings);
    recollection->boot_time = 0;
    recollection->connections = (struct recalled_connections){.counts = recollection->connections.counts};
}

void recollection_clear(struct recollection *recollection)
{
    helper_reap(&recollection->children);
    vectors_free(recollection, recollection_vectors, COUNT(recollection_vectors));
    arena_free(&recollection->strings);
}

void recollection_forget_answers(struct recollection *recollection)
{
    recollection->inodes.count = 0;
    recollection->by_inode.count = 0;
}

void recollection_forget_groups(struct recollection *recollection)
{
    recollection->groupings.count = 0;
    recollection->group_names.count = 0;
}

void recollection_keep_children(struct recollection *before, struct recollection *failed)
{
    const struct indices children = before->children;
    const struct all_left_alone left_alone = before->left_alone;

    before->children = failed->children;
    failed->children = children;
    before->left_alone = failed->left_alone;
    before->without_shown = failed->without_shown;
    before->without_hashed = failed->without_hashed;
    failed->left_alone = left_alone;
}

/* Its buffer lies behind it. */
struct inquiry *capture_new(const struct config *config, const bool *is_cancelled)
{
    struct inquiry *made = calloc(1, sizeof(*made) + INQUIRY_BUFFER_SIZE);

    if (!made)
        return NULL;
    made->config = config;
    made->is_cancelled = is_cancelled;
    made->proc_fd = -1;
    made->buffer = (char *)(made + 1);
    return made;
}

void capture_free(struct inquiry *inquiry)
{
    if (!inquiry)
        return;
    vectors_free(inquiry, inquiry_vectors, COUNT(inquiry_vectors));
    free(inquiry);
}

/* What was asked before is of no use but for its memory. */
static void renew(struct inquiry *inquiry)
{
    struct vector_any vectors[COUNT(inquiry_vectors)];
    const struct inquiry old = *inquiry;

    vectors_recycle(inquiry, inquiry_vectors, COUNT(inquiry_vectors));
    for (size_t i = 0; i < COUNT(inquiry_vectors); i++)
        vectors[i] = *vector_at(inquiry, &inquiry_vectors[i]);
    *inquiry = (struct inquiry){.config = old.config,
                                .is_cancelled = old.is_cancelled,
                                .buffer = old.buffer,
                                .requests = old.requests,
                                .proc_fd = -1,
                                .home_fd = -1};
    for (size_t i = 0; i < COUNT(inquiry_vectors); i++)
        *vector_at(inquiry, &inquiry_vectors[i]) = vectors[i];
}

/* ---- the root ---- */

/* Calls that take a pid mean those of our own pid namespace. */
static bool has_own_pids(int proc_fd)
{
    char link[16];
    int32_t self;
    ssize_t length = readlinkat(proc_fd, "self", link, sizeof(link) - 1);

    if (length <= 0)
        return false;
    link[length] = '\0';
    return inquiry_parse_number(link, &self) && self == (int32_t)getpid();
}

static int open_root(struct inquiry *inquiry)
{
    struct statfs filesystem;

    inquiry->proc_fd = open(inquiry->config->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (inquiry->proc_fd < 0) {
        int error = errno;
        inquiry_failed(inquiry, error, "%s", "");
        return -error;
    }
    inquiry->live = fstatfs(inquiry->proc_fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
    inquiry->own_pids = inquiry->live && has_own_pids(inquiry->proc_fd);
    return 0;
}

static void close_root(struct inquiry *inquiry)
{
    if (inquiry->proc_fd >= 0)
        close(inquiry->proc_fd);
    inquiry->proc_fd = -1;
}

/* A recorded tree keeps nobody waiting. */
static bool is_live_root(const char *root)
{
    struct statfs filesystem;
    return statfs(root, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

/* A host holds about as much as a moment ago: growing by steps would touch it several times over. */
static int reserve_as_before(struct inquiry *inquiry)
{
    const struct proctcp_snapshot *previous = inquiry->previous;
    struct capture *capture = inquiry->capture;
    const uint64_t sockets = previous ? previous->socket_count : 0;
    const char **name = vector_push(&capture->congestion_names);
    struct proctcp_impairment *none = vector_push(&capture->impairments);

    if (!name || !none)
        return -ENOMEM;
    *name = "";
    *none = (struct proctcp_impairment){0};
    if (!hash_begin(&inquiry->netns_by_inode, 1) ||
        !hash_begin(&inquiry->kept->by_inode, (uint64_t)inquiry->before->inodes.count + 1) ||
        !hash_begin(&inquiry->without_inode, 1) || !hash_begin(&capture->by_inode, sockets + 1) ||
        sink_reserve(inquiry, sockets) < 0 ||
        (previous && !vector_reserve(&capture->impairments,
                                     (uint64_t)previous->impairment_count + previous->impairment_count / 16)))
        return -ENOMEM;
    return 0;
}

/* ---- who is left alone ---- */

/* A call did not come back. A user is blamed for what his process does, and for what is done in his namespaces; root is
 * not, but that one process or namespace is. This is not asked by a child: only of memory, and a status of /proc, which
 * is read under no lock of its process. */
static int blame(struct inquiry *inquiry)
{
    struct left_alone who = {.scans = LIMIT_LEFT_ALONE, .netns = inquiry->asked_netns};
    int status = 0;

    inquiry->stalls++;
    if (inquiry->shown.is_read) { /* whose close it was, nobody knows */
        inquiry->shown.is_given_up = true;
        inquiry->kept->without_shown = LIMIT_WITHOUT_SHOWN;
        return 0;
    }
    if (open_root(inquiry) < 0)
        return -ETIMEDOUT;
    if (who.netns && who.netns != inquiry->own_netns)
        who.uid = netns_user(inquiry, who.netns);
    if (who.netns == 0) {
        who.pid = inquiry->asked_pid;
        who.uid = who.pid ? facts_real_user(inquiry, who.pid) : 0;
        status = who.pid ? 0 : -ETIMEDOUT;
    }
    close_root(inquiry);
    return status ? status : left_alone_add(inquiry, who);
}

/* ---- all questions ---- */

static int recall_children(struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->before->children.count; i++) {
        if (!indices_push(&inquiry->kept->children, inquiry->before->children.at[i]))
            return -ENOMEM;
    }
    helper_reap(&inquiry->kept->children);
    return 0;
}

static int ask_all(struct inquiry *inquiry)
{
    int status = reserve_as_before(inquiry);

    if (status == 0)
        status = open_root(inquiry);
    if (status == 0) {
        inquiry->home_fd = netns_open_home(inquiry);
        inquiry->kept->boot_time =
            inquiry->before->boot_time ? inquiry->before->boot_time : facts_read_boot_time(inquiry);
        status = netns_begin(inquiry);
    }
    if (status == 0)
        status = sources_read_owners(inquiry);
    if (status == 0)
        status = netns_find(inquiry);
    if (status == 0)
        status = sources_read_sockets(inquiry);
    if (status == 0)
        status = unhashed_resolve(inquiry);
    if (status == 0)
        status = claims_resolve(inquiry);
    if (status == 0)
        status = connections_read(inquiry);
    if (status == 0)
        netns_say_missing(inquiry);
    netns_close(inquiry);
    if (inquiry->home_fd >= 0)
        close(inquiry->home_fd);
    inquiry->home_fd = -1;
    close_root(inquiry);
    return status;
}

/* What was asked so far is asked again, but for who made us wait. */
static void begin_again(struct inquiry *inquiry)
{
    struct recollection *kept = inquiry->kept;
    struct capture *capture = inquiry->capture;
    const struct inquiry old = *inquiry;
    const struct proctcp_stats stats = capture->stats;
    const struct recollection old_kept = *kept;

    kept->children = (struct indices){0};
    kept->left_alone = (struct all_left_alone){0};
    recollection_recycle(kept);
    kept->children = old_kept.children;
    kept->left_alone = old_kept.left_alone;
    capture_recycle(capture);
    capture->stats.generation = stats.generation;
    capture->stats.time = stats.time;
    renew(inquiry);
    inquiry->before = old.before;
    inquiry->previous = old.previous;
    inquiry->kept = old.kept;
    inquiry->capture = old.capture;
    inquiry->guarded = old.guarded;
    inquiry->stalls = old.stalls;
    inquiry->shown.is_given_up = old.shown.is_given_up;
    inquiry->without_info =
        old.without_info || kept->children.count >= LIMIT_CHILDREN || old.stalls >= LIMIT_STALLS_WITH_INFO;
}

int capture_run(struct inquiry *inquiry, const struct recollection *before, const struct proctcp_snapshot *previous,
                struct recollection *kept, struct capture *capture)
{
    int status;

    renew(inquiry);
    inquiry->before = before;
    inquiry->previous = previous;
    inquiry->kept = kept;
    inquiry->capture = capture;
    inquiry->guarded = is_live_root(inquiry->config->root);
    status = recall_children(inquiry);
    if (status == 0)
        status = left_alone_recall(inquiry);
    if (status)
        return status;
    /* As long as a child that was given up hangs, it is not tried again. */
    kept->without_shown = before->without_shown - (before->without_shown && !kept->children.count);
    kept->without_hashed = before->without_hashed - (before->without_hashed != 0);
    inquiry->shown.is_given_up = before->without_shown || kept->children.count >= LIMIT_CHILDREN;
    inquiry->without_info = kept->children.count >= LIMIT_CHILDREN;
    while ((status = guard_run(inquiry, ask_all)) == -EDEADLK && inquiry->stalls < LIMIT_STALLS) {
        status = blame(inquiry);
        if (status)
            break;
        begin_again(inquiry);
    }
    if (status == -EDEADLK)
        status = -ETIMEDOUT;
    if (status == -ETIMEDOUT || status == -EIO) {
        capture->failure[0] = '\0'; /* it fails for this, not for what a process refused before */
        inquiry_failed(inquiry, -status, "(questions to the kernel, asked by a child process)");
    }
    return status;
}

/* What others refused does not matter where they were not needed. */
static void forget_refusals(struct inquiry *inquiry, const struct proctcp_stats *before, bool failed_before)
{
    struct proctcp_stats *stats = &inquiry->capture->stats;

    stats->denied = before->denied;
    stats->vanished = before->vanished;
    stats->closed = before->closed;
    stats->exhausted = before->exhausted;
    stats->failed = before->failed;
    if (!failed_before)
        inquiry->capture->failure[0] = '\0';
}

/* Of what the process has open, only what is looked for. by_inode leads to what is wanted, found says of each whether
 * it was found. Returns how many are found for the first time. */
static uint32_t keep_wanted(struct inquiry *inquiry, struct process *process, const struct wanted_sockets *wanted,
                            const struct hash *by_inode, struct indices *found)
{
    struct owners *owners = &inquiry->capture->owners;
    uint32_t kept = process->first_owner, first_found = 0;

    for (uint32_t i = 0; i < process->owner_count; i++) {
        struct owner owner = owners->at[process->first_owner + i];
        const uint32_t at = hash_find(by_inode, owner.inode);
        if (at == HASH_NONE)
            continue;
        first_found += !found->at[at];
        found->at[at] = true;
        owner.socket = wanted->at[at].socket;
        owners->at[kept++] = owner;
    }
    process->owner_count = kept - process->first_owner;
    owners->count = kept;
    return first_found;
}

static int find_holders(struct inquiry *inquiry)
{
    const struct wanted_sockets *wanted = inquiry->wanted;
    struct processes *processes = &inquiry->capture->processes;
    const struct proctcp_stats before = inquiry->capture->stats;
    const bool failed_before = inquiry->capture->failure[0];
    struct indices found = {0};
    struct hash by_inode = {0};
    uint32_t missing = wanted->count;
    int status = open_root(inquiry);

    if (!hash_begin(&by_inode, wanted->count) || !indices_fill(&found, wanted->count, 0))
        status = -ENOMEM;
    for (uint32_t i = 0; i < wanted->count && status == 0; i++)
        hash_put(&by_inode, wanted->at[i].inode, i);
    for (uint32_t p = 0; p < processes->count && missing && status == 0; p++) {
        if (processes->at[p].walk != WALK_LEFT_OUT)
            continue;
        status = procfs_fd_walk(inquiry, p);
        inquiry->capture->stats.skipped--;
        missing -= keep_wanted(inquiry, &processes->at[p], wanted, &by_inode, &found);
        if (inquiry_is_cancelled(inquiry))
            status = -ECANCELED;
    }
    if (!missing && status == 0)
        forget_refusals(inquiry, &before, failed_before);
    vector_free(&by_inode);
    vector_free(&found);
    close_root(inquiry);
    return status;
}

/* The process that a question was about, when it was given up: what is known of it by then is not all. */
static void refuse_asked(struct inquiry *inquiry)
{
    struct processes *processes = &inquiry->capture->processes;

    for (uint32_t p = 0; p < processes->count; p++) {
        struct process *process = &processes->at[p];
        if (process->pid != inquiry->asked_pid)
            continue;
        process->walk = WALK_REFUSED;
        process->owner_count = 0;
        inquiry_count_error(inquiry, EBUSY, "%d", process->pid);
    }
}

/* Work that can go on where it was, but for the process that made it wait. */
static int run_on(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry))
{
    int status;

    while ((status = guard_run(inquiry, work)) == -EDEADLK) {
        if (inquiry->stalls >= LIMIT_STALLS || blame(inquiry) < 0)
            return -ETIMEDOUT;
        refuse_asked(inquiry);
    }
    return status;
}

int capture_find_holders(struct inquiry *inquiry, const struct wanted_sockets *wanted)
{
    inquiry->wanted = wanted;
    return run_on(inquiry, find_holders);
}

static int read_facts(struct inquiry *inquiry)
{
    int status = open_root(inquiry);

    if (status == 0)
        status = facts_read(inquiry);
    if (status == 0)
        status = connections_find_facts(inquiry);
    close_root(inquiry);
    return status;
}

int capture_read_facts(struct inquiry *inquiry)
{
    return run_on(inquiry, read_facts);
}

int capture_end(struct inquiry *inquiry)
{
    struct capture *capture = inquiry->capture;
    int status = 0;

    for (uint32_t i = 0; i < capture->namespaces.count && status == 0; i++) {
        const struct netns *netns = &capture->namespaces.at[i];
        if (!netns->complete && !netns->ended && !indices_push(&capture->partial, netns->shown.inode))
            status = -ENOMEM;
    }
    indices_sort(&capture->partial);
    return status ? status : netns_recall(inquiry);
}
