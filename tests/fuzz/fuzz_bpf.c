/* What a read of a pinned iterator may bring, the first byte telling which file it is of: any records. Every socket
 * that comes of them must be whole. */
#include "capture/bpf.h"
#include "capture/run.h"
#include "capture/shown.h"
#include "capture/sink.h"
#include "capture/tcp_info.h"

#include <stdlib.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct config config = {.every_socket = true, .hz = 100};
    struct capture capture = {.counters = 0};
    struct inquiry *inquiry = capture_new(&config);
    struct proctcp_impairment *none = vector_push(&capture.impairments);
    const char **name = vector_push(&capture.congestion_names);
    char *records = malloc(size ? size : 1); /* aligned, and of their very size */

    if (size && inquiry && none && name && records && hash_begin(&inquiry->without_inode, 1) &&
        hash_begin(&capture.by_inode, 1)) {
        *none = (struct proctcp_impairment){0};
        *name = "";
        inquiry->capture = &capture;
        inquiry->shown.given = tcp_info_given(236);
        memcpy(records, data + 1, size - 1);
        bpf_take(inquiry, data[0] % BPF_FILES, records, size - 1);
        shown_tasks_end(inquiry);
        if (sink_sockets_end(inquiry) == 0 && shown_owners_end(inquiry) == 0) {
            check(&capture, &inquiry->shown);
            take_all(inquiry);
        }
    }
    capture_clear(&capture);
    capture_free(inquiry);
    free(records);
    return 0;
}
