/* Selection rules: "kind value". A rule is added or refused with a printable error; either way matching works. */
#include "proctcp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proctcp_process process = {.pid = 42, .name = "nginx", .present = PROCTCP_HAS_PROCESS};
    static const struct proctcp_socket socket = {.present = UINT64_MAX, .state = PROCTCP_ESTABLISHED, .local_port = 80};
    static const struct proctcp_row row = {.pid = 42, .fd = 5, .peer = PROCTCP_NONE};
    static const struct proctcp_snapshot snapshot = {
        .rows = &row, .sockets = &socket, .processes = &process, .row_count = 1};
    struct proctcp_selection *selection;
    char text[512], error[128], *value;

    if (size >= sizeof(text) || proctcp_selection_new(&selection) < 0)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    value = strchr(text, ' ');
    if (value) {
        *value++ = '\0';
        memset(error, 0, sizeof(error));
        if (proctcp_selection_add(selection, text, value, error, sizeof(error)) < 0 && !error[0])
            abort();
        proctcp_selection_matches(selection, &snapshot, &row);
    }
    proctcp_selection_free(selection);
    return 0;
}
