/* What a read of a pinned iterator may bring, the first byte telling which file it is of: any records. Every socket
 * that comes of them must be whole, and what connections have counted must be in order. */
#include "capture/bpf.h"
#include "capture/bpf_files.h"
#include "capture/connections.h"
#include "capture/run.h"
#include "capture/shown.h"
#include "capture/sink.h"
#include "capture/tcp_info.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct capture *capture, const struct shown *shown)
{
    for (uint32_t i = 0; i < capture->sockets.count; i++) {
        const struct proctcp_socket *socket = &capture->sockets.at[i];
        const bool has_name = socket->present & PROCTCP_HAS_CONGESTION;
        if (socket->state < PROCTCP_CLOSED || socket->state > PROCTCP_TIME_WAIT ||
            socket->impairment >= capture->impairments.count ||
            (has_name && socket->congestion >= capture->congestion_names.count))
            abort();
    }
    for (uint32_t i = 1; i < shown->owners.count; i++) {
        if (shown->owners.at[i].pid < shown->owners.at[i - 1].pid)
            abort();
    }
}

static void take_all(struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->pids.count; i++) {
        const int64_t index = sink_process(inquiry, (int32_t)inquiry->pids.at[i]);
        if (index >= 0)
            shown_take(inquiry, (uint32_t)index);
    }
}

/* ---- files that show sockets ---- */

/* Those that a walk through all of them is about. */
static bool has_namespaces(struct inquiry *inquiry)
{
    int status;

    return hash_begin(&inquiry->netns_by_inode, 1) && sink_netns(inquiry, 1, PROCTCP_NONE, true, &status) &&
           sink_netns(inquiry, 2, PROCTCP_NONE, false, &status);
}

static void show(struct inquiry *inquiry, enum bpf_file file, const char *records, size_t length)
{
    if (!has_namespaces(inquiry))
        return;
    inquiry->shown.given = tcp_info_given(236);
    bpf_take(inquiry, file, records, length);
    shown_tasks_end(inquiry);
    if (sink_sockets_end(inquiry) == 0 && shown_owners_end(inquiry) == 0) {
        check(inquiry->capture, &inquiry->shown);
        take_all(inquiry);
    }
}

/* ---- files that tell of connections ---- */

/* Bits of the first byte. */
enum {
    OF_CONNECTIONS = 0x80,
    OF_CLOSED = 1,
    IS_STALE = 2,
    LOADED_ANEW = 4,
};

static bool is_anything(const struct unseen *unseen)
{
    static const struct proctcp_connections no_connections;
    static const struct proctcp_totals no_totals;

    return memcmp(&unseen->connections, &no_connections, sizeof(no_connections)) ||
           memcmp(&unseen->totals, &no_totals, sizeof(no_totals));
}

static void check_connections(const struct capture *capture, const struct recollection *kept)
{
    const struct all_recalled_counts *counts = &kept->connections.counts;

    for (uint32_t i = 0; i < capture->unseen.count; i++) {
        const struct unseen *unseen = &capture->unseen.at[i], *last = i ? unseen - 1 : NULL;
        if (unseen->pid <= 0 || strlen(unseen->name) > 16 || unseen->is_new != is_anything(unseen) ||
            unseen->facts != PROCTCP_NONE)
            abort();
        if (last && (unseen->pid < last->pid || (unseen->pid == last->pid && unseen->start_ticks <= last->start_ticks)))
            abort();
    }
    for (uint32_t i = 0; i < counts->count; i++) {
        const struct recalled_counts *count = &counts->at[i], *last = i ? count - 1 : NULL;
        if (count->pid <= 0)
            abort();
        if (last && (count->pid < last->pid || (count->pid == last->pid && count->start_ticks < last->start_ticks)))
            abort();
    }
    for (uint32_t i = 0; i < capture->ended.count; i++) {
        if (capture->ended.at[i].pid < 0)
            abort();
    }
    if (capture->unseen.count > counts->count)
        abort();
}

/* Of records, those of the first page: to its last record. */
static size_t first_page(const char *records, size_t length)
{
    size_t at = 0;

    while (at < length) {
        const struct bpf_record *record = bpf_next_record(records, length, &at);
        if (!record)
            return length;
        if (record->kind == BPF_RECORD_COUNTED)
            return at;
    }
    return length;
}

/* The first page is what one scan read, and the others are what the next one did. */
static void count(struct inquiry *inquiry, uint8_t how, const char *records, size_t length)
{
    const enum connections_file file = how & OF_CLOSED ? CONNECTIONS_CLOSED : CONNECTIONS_ENDED;
    const size_t first = first_page(records, length);
    struct recollection none = {.boot_time = 0}, first_kept = {.boot_time = 0}, kept = {.boot_time = 0};

    inquiry->before = &none;
    inquiry->kept = &first_kept;
    if (connections_take(inquiry, file, records, first) == 0) {
        connections_end(inquiry, inquiry->counted.closed);
        check_connections(inquiry->capture, &first_kept);
        capture_recycle(inquiry->capture);
        first_kept.connections.loaded_ns = 1;
        first_kept.connections.is_stale = how & IS_STALE;
        inquiry->before = &first_kept;
        inquiry->kept = &kept;
        inquiry->loaded_anew = how & LOADED_ANEW;
        connections_take(inquiry, file, records + first, length - first);
        connections_end(inquiry, inquiry->counted.closed);
        check_connections(inquiry->capture, &kept);
    }
    recollection_clear(&first_kept);
    recollection_clear(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct config config = {.every_socket = true, .hz = 100};
    struct capture capture = {.counters = 0};
    struct inquiry *inquiry = capture_new(&config, NULL);
    struct proctcp_impairment *none = vector_push(&capture.impairments);
    const char **name = vector_push(&capture.congestion_names);
    char *records = malloc(size ? size : 1); /* aligned, and of their very size */

    if (size && inquiry && none && name && records && hash_begin(&inquiry->without_inode, 1) &&
        hash_begin(&capture.by_inode, 1)) {
        *none = (struct proctcp_impairment){0};
        *name = "";
        inquiry->capture = &capture;
        memcpy(records, data + 1, size - 1);
        if (data[0] & OF_CONNECTIONS)
            count(inquiry, data[0], records, size - 1);
        else
            show(inquiry, data[0] % BPF_FILES, records, size - 1);
    }
    capture_clear(&capture);
    capture_free(inquiry);
    free(records);
    return 0;
}
