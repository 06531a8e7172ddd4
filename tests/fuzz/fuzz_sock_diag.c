/* What one read of a sock_diag dump may bring: any number of messages. Every socket that comes of them must be whole.
 */
#include "capture/run.h"
#include "capture/sink.h"
#include "capture/sock_diag.h"

#include <linux/netlink.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct capture *capture)
{
    for (uint32_t i = 0; i < capture->sockets.count; i++) {
        const struct proctcp_socket *socket = &capture->sockets.at[i];
        const bool has_name = socket->present & PROCTCP_HAS_CONGESTION;
        if (socket->state < PROCTCP_CLOSED || socket->state > PROCTCP_TIME_WAIT ||
            socket->impairment >= capture->impairments.count ||
            (has_name && socket->congestion >= capture->congestion_names.count))
            abort();
        if (socket->state == PROCTCP_LISTEN && (socket->present & (PROCTCP_HAS_REMOTE | PROCTCP_HAS_INFO)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct config config = {.every_socket = true, .hz = 100};
    struct capture capture = {.counters = 0};
    struct inquiry inquiry = {.config = &config, .capture = &capture, .buffer = malloc(size ? size : 1)};
    struct proctcp_impairment *none = vector_push(&capture.impairments);
    const char **name = vector_push(&capture.congestion_names);
    struct sock_diag_dump dump = {.netns = 1};
    int error;

    if (inquiry.buffer && none && name && size <= INQUIRY_BUFFER_SIZE && hash_begin(&inquiry.without_inode, 1) &&
        hash_begin(&capture.by_inode, 1)) {
        *none = (struct proctcp_impairment){0};
        *name = "";
        memcpy(inquiry.buffer, data, size); /* aligned, and of its very size */
        if (size >= sizeof(struct nlmsghdr))
            dump.sequence = ((const struct nlmsghdr *)(const void *)inquiry.buffer)->nlmsg_seq;
        sock_diag_take(&inquiry, &dump, size, &error);
        if (sink_sockets_end(&inquiry) == 0)
            check(&capture);
    }
    capture_clear(&capture);
    vector_free(&inquiry.without_inode);
    vector_free(&inquiry.inodes);
    free(inquiry.buffer);
    return 0;
}
