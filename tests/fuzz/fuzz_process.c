/* The files of a process. What is found must lie within what was given. */
#include "scan.h"

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

    if (processes_parse_stat(text, size, &part, &length, &number))
        check_within(text, size, part, length);
    if (processes_parse_cgroup(text, size, &part, &length))
        check_within(text, size, part, length);
    processes_parse_limits(text, size, &number);
    owners_parse_link(text, size, &inode);
    return 0;
}
