/* own_rows.c - the library in thirty lines: listens on loopback, and prints what a scan says of its own process. Build:
 *   cc own_rows.c $(pkg-config --static --cflags --libs proctcp) */
#include <netinet/in.h>
#include <proctcp.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    const struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct proctcp_snapshot *snapshot;
    struct proctcp_scanner *scanner;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (const struct sockaddr *)&loopback, sizeof(loopback)) < 0 || listen(listener, 5) < 0)
        return 1;
    if (proctcp_scanner_new(NULL, &scanner) < 0)
        return 1;
    if (proctcp_scan(scanner, &snapshot) < 0) {
        fprintf(stderr, "%s\n", proctcp_failure(scanner));
        return 1;
    }
    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        char line[1024];
        proctcp_row_text(snapshot, &snapshot->rows[i], line, sizeof(line));
        if (snapshot->rows[i].pid == getpid())
            puts(line);
    }
    proctcp_snapshot_unref(snapshot);
    proctcp_scanner_free(scanner);
    return 0;
}
