/* What one read of a sock_diag dump may bring: any number of messages. Every socket that comes of them must be whole.
 */
#include "scan.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct scan *scan)
{
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i];
        if (socket->state < PROCTCP_CLOSED || socket->state > PROCTCP_TIME_WAIT ||
            socket->trouble >= scan->troubles.count || socket->congestion >= scan->words.count)
            abort();
        if (socket->state == PROCTCP_LISTEN && (socket->present & (PROCTCP_HAS_REMOTE | PROCTCP_HAS_INFO)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan = {.buffer = malloc(size ? size : 1)};
    struct proctcp_trouble *none = vector_push(&scan.troubles);
    const char **word = vector_push(&scan.words);
    bool interrupted = false;

    if (scan.buffer && none && word && size <= SCAN_BUFFER_SIZE) {
        *none = (struct proctcp_trouble){0};
        *word = "";
        memcpy(scan.buffer, data, size); /* aligned, and of its very size */
        sockets_netlink_buffer(&scan, size, 1, &interrupted);
        check(&scan);
    }
    vector_free(&scan.troubles);
    vector_free(&scan.words);
    vector_free(&scan.sockets);
    arena_free(&scan.strings);
    free(scan.buffer);
    return 0;
}
