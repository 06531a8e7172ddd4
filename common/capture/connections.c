/* connections.c - what the kernel has counted of connections, read from the files closed and ended. Knows files and
 * pages, and why they may not be read; nothing of what they say.
 *
 * The kernel counts apart what no scan can have seen, and tells of each connection that one may have seen when it
 * ended: see connections.bpf.c. */
#include "capture/connections.h"

#include "capture/bpf_files.h"

#include "select/select.h"

_Static_assert(RINGS == BPF_RINGS, "what is recalled of each ring");

#define PAGES_MAX 1000 /* of one file; the kernel's tables have fewer */

static int read_page(struct inquiry *inquiry, enum connections_file file, const char *name, uint64_t from)
{
    _Alignas(8) char records[BPF_READ_SIZE];
    ssize_t got;
    int status;

    inquiry->counted.is_told = false;
    got = bpf_read_page(inquiry, name, from, records);
    if (got < 0)
        return (int)got;
    status = connections_take(inquiry, file, records, (size_t)got);
    if (status == 0 && !inquiry->counted.is_told)
        status = -EPROTO;
    if (status == 0 && inquiry->counted.from != from)
        return bpf_fail(inquiry, name, ELOOP, BPF_NO_SLACK);
    return bpf_fail_status(inquiry, name, status);
}

/* From a number on, which is moved to where there is nothing yet. */
static int read_pages(struct inquiry *inquiry, enum connections_file file, uint64_t *from)
{
    static const char *const names[CONNECTIONS_FILES] = {
        [CONNECTIONS_ENDED] = BPF_RECORDS_ENDED, [CONNECTIONS_CLOSED] = BPF_RECORDS_CLOSED};
    const uint64_t loaded_ns = inquiry->counted.loaded_ns;
    int status = 0;

    for (unsigned page = 0; page < PAGES_MAX; page++) {
        status = read_page(inquiry, file, names[file], *from);
        if (status)
            return status;
        if (inquiry->counted.loaded_ns != loaded_ns)
            return bpf_fail(inquiry, names[file], EAGAIN, "being loaded anew");
        *from = inquiry->counted.next;
        if (inquiry->counted.is_end)
            break;
    }
    return 0;
}

/* Where the ends of a ring are read on. In a first scan, those are of interest that it may have shown. */
static uint64_t next_in_ring(const struct inquiry *inquiry, uint64_t ring)
{
    const struct recalled_connections *before = &inquiry->before->connections;

    return before->loaded_ns && !inquiry->loaded_anew ? before->next_ended[ring] : ring << BPF_RING_SHIFT | 1;
}

/* At least all that was told by the moment that the processes' counts are of. */
static int read_rings(struct inquiry *inquiry)
{
    const struct counted counted = inquiry->counted;
    uint64_t *next_ended = inquiry->kept->connections.next_ended;
    int status = 0;

    for (uint64_t ring = 0; ring < BPF_RINGS && status == 0; ring++) {
        next_ended[ring] = next_in_ring(inquiry, ring);
        if ((next_ended[ring] & BPF_SEQUENCE_MASK) <= counted.last[ring])
            status = read_pages(inquiry, CONNECTIONS_ENDED, &next_ended[ring]);
    }
    return status;
}

static int read_both(struct inquiry *inquiry)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    struct recalled_connections *kept = &inquiry->kept->connections;
    uint64_t closed, from = 0;
    /* How many had ended before any process was told of. */
    int status = read_page(inquiry, CONNECTIONS_ENDED, BPF_RECORDS_ENDED, BPF_PAGE_MASK);

    if (status)
        return status;
    closed = inquiry->counted.closed;
    kept->loaded_ns = inquiry->counted.loaded_ns;
    inquiry->capture->began_ns = inquiry->counted.began_ns;
    inquiry->loaded_anew = before->loaded_ns && before->loaded_ns != kept->loaded_ns;
    status = read_pages(inquiry, CONNECTIONS_CLOSED, &from);
    if (status == 0)
        status = read_rings(inquiry);
    if (status == 0)
        connections_end(inquiry, closed);
    return status;
}

/* What was known is known once more, when it can be read again. */
static int keep_recalled(struct inquiry *inquiry)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    struct recalled_connections *kept = &inquiry->kept->connections;
    const struct all_recalled_counts counts = kept->counts;

    *kept = *before;
    kept->counts = counts;
    kept->counts.count = 0;
    kept->is_stale = true;
    if (!vector_reserve(&kept->counts, (uint64_t)before->counts.count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < before->counts.count; i++)
        kept->counts.at[i] = before->counts.at[i];
    kept->counts.count = before->counts.count;
    return 0;
}

static int give_reason(struct inquiry *inquiry, const char *text)
{
    struct proctcp_stats *stats = &inquiry->capture->stats;

    inquiry->capture->unseen.count = inquiry->capture->ended.count = 0;
    stats->connections_reason = arena_copy(&inquiry->capture->strings, text, strlen(text));
    return stats->connections_reason ? keep_recalled(inquiry) : -ENOMEM;
}

/* Without counts to read, the kernel is told all the same that the scan is over: until then it takes everything for
 * what this may have shown. */
static void end_scan(struct inquiry *inquiry)
{
    char failure[sizeof(inquiry->shown.failure)];

    memcpy(failure, inquiry->shown.failure, sizeof(failure));
    if (inquiry->shown.is_begun)
        read_page(inquiry, CONNECTIONS_CLOSED, BPF_RECORDS_CLOSED, BPF_PAGE_MASK);
    memcpy(inquiry->shown.failure, failure, sizeof(failure));
}

static int read_where_there_are_some(struct inquiry *inquiry)
{
    int status;

    if (!inquiry->shown.is_used)
        return give_reason(inquiry, "only the source bpf counts connections that no scan sees");
    if (select_asks_socket(inquiry->config->selection))
        return give_reason(inquiry, "rules about sockets cannot be asked of connections that no scan sees");
    status = read_both(inquiry);
    if (inquiry_ends_with(status))
        return status;
    if (status) {
        status = give_reason(inquiry, inquiry->shown.failure);
        inquiry->shown.failure[0] = '\0'; /* what shows sockets works */
        return status;
    }
    inquiry->capture->stats.connections_counted = true;
    return 0;
}

int connections_read(struct inquiry *inquiry)
{
    const int status = read_where_there_are_some(inquiry);

    if (!inquiry->capture->stats.connections_counted)
        end_scan(inquiry);
    return status;
}
