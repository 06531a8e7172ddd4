/* Lines of /proc/net/tcp (first byte even) and tcp6. What is understood must be a socket that everything else accepts.
 */
#include "capture/procfs_tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proctcp_socket socket;
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];
    enum proctcp_family family;

    if (size == 0)
        return 0;
    family = data[0] & 1 ? PROCTCP_INET6 : PROCTCP_INET;
    if (!procfs_tcp_parse((const char *)data + 1, size - 1, family, 100, &socket))
        return 0;
    if (socket.state < PROCTCP_CLOSED || socket.state > PROCTCP_TIME_WAIT || socket.family != family)
        abort();
    if (socket.state == PROCTCP_LISTEN && (socket.present & (PROCTCP_HAS_REMOTE | PROCTCP_HAS_QUEUES)))
        abort();
    proctcp_endpoint_text(&socket.local_address, socket.local_port, text);
    proctcp_endpoint_text(&socket.remote_address, socket.remote_port, text);
    return 0;
}
