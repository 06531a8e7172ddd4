/* The files of a process. What is found must lie within what was given. */
#include "capture/facts.h"
#include "capture/procfs_tcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(const char *text, size_t size, const char *part, size_t length)
{
    if (part < text || length > size || part + length > text + size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *part;
    size_t length;
    uint64_t number;
    uint32_t inode;
    struct stat_line stat;

    if (facts_parse_stat(text, size, &stat))
        check_within(text, size, stat.name, stat.name_length);
    facts_parse_status(text, size, &inode);
    procfs_tcp_parse_sockstat(text, size, "TCP:", "inuse", &number);
    if (facts_parse_cgroup(text, size, &part, &length))
        check_within(text, size, part, length);
    facts_parse_limits(text, size, &number);
    inquiry_parse_socket_link(text, size, &inode);
    return 0;
}
