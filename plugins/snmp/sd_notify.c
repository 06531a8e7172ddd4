/* sd_notify.c - one datagram for each message, to an address of the environment, which is left as it is. A socket for
 * each, too: the manager may have gone and come back between two. */
#include "sd_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
    struct sockaddr_un address;
    socklen_t length; /* 0: there is none */
} manager;

/* A path, or "@name" in the abstract namespace. */
void sd_notify_open(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    const size_t length = name ? strlen(name) : 0;

    manager.length = 0;
    if (length < 2 || length >= sizeof(manager.address.sun_path) || (name[0] != '/' && name[0] != '@'))
        return;
    manager.address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(manager.address.sun_path, name, length);
    if (name[0] == '@')
        manager.address.sun_path[0] = '\0';
    manager.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
}

void sd_notify_send(const char *message)
{
    const int former = errno;
    int fd;

    if (!manager.length)
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sendto(fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL,
                     (const struct sockaddr *)&manager.address, manager.length);
        close(fd);
    }
    errno = former;
}

/* -1: it is no number. */
static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long long number;

    if (!text || *text < '0' || *text > '9')
        return -1;
    number = strtoll(text, &end, 10);
    return *end ? -1 : number;
}

int64_t sd_notify_watchdog_ms(void)
{
    const int64_t us = number_of("WATCHDOG_USEC");

    if (!manager.length || us < 2000 || (getenv("WATCHDOG_PID") && number_of("WATCHDOG_PID") != getpid()))
        return 0;
    return us / 1000;
}
