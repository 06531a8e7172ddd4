/* Selection rules: "kind value". A rule is added or refused with a printable error; either way matching works. */
#include "select/select.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proctcp_socket socket = {.present = UINT64_MAX, .state = PROCTCP_ESTABLISHED, .local_port = 80};
    const struct select_netns named = {0};
    const uint32_t uid = 33;
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
        /* The C library's compiler of regular expressions is not ours, and takes its time with some. */
        if (!strstr(text, "command") && proctcp_selection_add(selection, text, value, error, sizeof(error)) < 0 &&
            !error[0])
            abort();
        select_pid(selection, 42);
        select_name(selection, "nginx");
        select_user(selection, &uid);
        select_cgroup(selection, "/system.slice/nginx.service");
        select_socket(selection, &socket);
        select_matters(selection, &socket);
        select_netns(selection, &named, 4026531840, false);
    }
    proctcp_selection_free(selection);
    return 0;
}
