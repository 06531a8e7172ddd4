/* shim.c - preloaded into a program under test, makes single answers of the kernel worse than they are. Knows how calls
 * are answered; nothing of what the program does with the answers.
 *
 * PROCTCP_SHIM names a directory. Its file "rules" is read anew at each call, one rule a line:
 *     hide INODE                 messages of inet_diag about this inode are not seen
 *     fail CALL ERRNO            pidfd_open or pidfd_getfd fails
 *     hold FD                    pidfd_getfd of this descriptor lasts a second after it has made the duplicate
 *     fail SUFFIX ERRNO          so does an open of a path that ends like this, such as /14199/stat
 *     note SUFFIX                such an open is written to the log, and made
 *     stall SUFFIX               a read of a file whose path ends like this does not come back for a minute
 * What was done is appended to its file "log", a line each, so that a test can wait for it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int open_call(const char *path, int flags, ...);
typedef int openat_call(int directory, const char *path, int flags, ...);
typedef long system_call(long number, ...);
typedef ssize_t read_call(int fd, void *buffer, size_t size);

struct functions {
    open_call *open, *open64;
    openat_call *openat, *openat64;
    read_call *read;
    system_call *syscall;
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    bool are_known;
};

#define LOOK_UP(name) (*(void **)&found.name = dlsym(RTLD_NEXT, #name))

/* What stands behind ours. Looked up before the program begins: a child that shares the program's memory asks here,
 * too, and dlsym() is not for two at once in what the loader takes for one thread. */
static const struct functions *real(void)
{
    static struct functions found;

    if (found.are_known)
        return &found;
    LOOK_UP(open);
    LOOK_UP(open64);
    LOOK_UP(openat);
    LOOK_UP(openat64);
    LOOK_UP(read);
    LOOK_UP(syscall);
    LOOK_UP(recv);
    LOOK_UP(recvfrom);
    LOOK_UP(recvmsg);
    found.are_known = true;
    return &found;
}

__attribute__((constructor)) static void begin(void)
{
    real();
}

static int control_file(const char *name, int flags)
{
    const char *directory = getenv("PROCTCP_SHIM");
    char path[PATH_MAX];

    if (!directory || (size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
        return -1;
    return real()->open(path, flags | O_CLOEXEC, 0644);
}

static void read_rules(char *text, size_t size)
{
    int before = errno, fd = control_file("rules", O_RDONLY);
    ssize_t length = fd < 0 ? 0 : real()->read(fd, text, size - 1);

    text[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        close(fd);
    errno = before;
}

static void write_log(const char *what)
{
    char line[PATH_MAX];
    int before = errno, fd = control_file("log", O_WRONLY | O_APPEND | O_CREAT);
    int length = snprintf(line, sizeof(line), "%s\n", what);

    if (fd >= 0 && length > 0 && write(fd, line, (size_t)length) < 0)
        errno = before;
    if (fd >= 0)
        close(fd);
    errno = before;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Whether a rule lets this call or path fail: the error number, or 0. */
static int failure_of(const char *what)
{
    char text[4096], name[1024], *at = NULL;
    int number;

    read_rules(text, sizeof(text));
    for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        if (sscanf(line, "fail %1023s %d", name, &number) == 2 && ends_with(what, name)) {
            write_log(what);
            return number;
        }
        if (sscanf(line, "note %1023s", name) == 1 && ends_with(what, name))
            write_log(what);
    }
    return 0;
}

/* Whether there is this rule: line is without its end. */
static bool has_rule(const char *rules, const char *line)
{
    const size_t length = strlen(line);

    for (const char *at = rules; (at = strstr(at, line)); at += length) {
        if ((at == rules || at[-1] == '\n') && at[length] == '\n')
            return true;
    }
    return false;
}

static void hold(int fd)
{
    char rules[4096], line[32];

    read_rules(rules, sizeof(rules));
    snprintf(line, sizeof(line), "hold %d", fd);
    if (!has_rule(rules, line))
        return;
    write_log(line);
    sleep(1);
}

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
    char text[4096], link[64], path[PATH_MAX], name[1024], *at = NULL;
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    read_rules(text, sizeof(text));
    for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        if (sscanf(line, "stall %1023s", name) == 1 && ends_with(path, name)) {
            write_log(line);
            sleep(60);
        }
    }
    return real()->read(fd, buffer, size);
}

/* ---- answers of inet_diag ---- */

static bool is_netlink(int fd)
{
    int domain = 0, before = errno;
    socklen_t size = sizeof(domain);
    bool yes = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;

    errno = before;
    return yes;
}

static bool is_socket(const struct nlmsghdr *message)
{
    const uint16_t by_family = 20; /* SOCK_DIAG_BY_FAMILY */
    return (message->nlmsg_type == TCPDIAG_GETSOCK || message->nlmsg_type == by_family) &&
           message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg));
}

static void blank(int fd, char *buffer, ssize_t length)
{
    char rules[4096], line[32];
    size_t left = length > 0 && is_netlink(fd) ? (size_t)length : 0, step;

    read_rules(rules, sizeof(rules));
    for (; *rules && left >= NLMSG_HDRLEN; buffer += step, left -= step) {
        struct nlmsghdr *message = (struct nlmsghdr *)(void *)buffer;
        const struct inet_diag_msg *found = NLMSG_DATA(message);
        if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > left)
            return;
        step = NLMSG_ALIGN(message->nlmsg_len) < left ? NLMSG_ALIGN(message->nlmsg_len) : left;
        if (!is_socket(message))
            continue;
        snprintf(line, sizeof(line), "hide %u", found->idiag_inode);
        if (!has_rule(rules, line))
            continue;
        message->nlmsg_type = NLMSG_NOOP;
        write_log(line);
    }
}

EXPORT ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    ssize_t length = real()->recv(fd, buffer, size, flags);
    blank(fd, buffer, length < (ssize_t)size ? length : (ssize_t)size);
    return length;
}

EXPORT ssize_t recvfrom(int fd, void *restrict buffer, size_t size, int flags, struct sockaddr *restrict from,
                        socklen_t *restrict from_size)
{
    ssize_t length = real()->recvfrom(fd, buffer, size, flags, from, from_size);
    blank(fd, buffer, length < (ssize_t)size ? length : (ssize_t)size);
    return length;
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t length = real()->recvmsg(fd, message, flags);
    ssize_t size = message->msg_iovlen ? (ssize_t)message->msg_iov[0].iov_len : 0;
    if (message->msg_iovlen == 1)
        blank(fd, message->msg_iov[0].iov_base, length < size ? length : size);
    return length;
}

/* ---- calls that fail ---- */

EXPORT long syscall(long number, ...)
{
    long argument[6], result;
    int error = 0;
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(list, long);
    va_end(list);
#ifdef SYS_pidfd_open
    if (number == SYS_pidfd_open)
        error = failure_of("pidfd_open");
#endif
#ifdef SYS_pidfd_getfd
    if (number == SYS_pidfd_getfd)
        error = failure_of("pidfd_getfd");
#endif
    if (error) {
        errno = error;
        return -1;
    }
    result = real()->syscall(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
#ifdef SYS_pidfd_getfd
    if (number == SYS_pidfd_getfd && result >= 0)
        hold((int)argument[1]);
#endif
    return result;
}

EXPORT int pidfd_open(int pid, unsigned flags);
EXPORT int pidfd_getfd(int pidfd, int fd, unsigned flags);

int pidfd_open(int pid, unsigned flags)
{
    return (int)syscall(SYS_pidfd_open, (long)pid, (long)flags, 0L, 0L, 0L, 0L);
}

int pidfd_getfd(int pidfd, int fd, unsigned flags)
{
    return (int)syscall(SYS_pidfd_getfd, (long)pidfd, (long)fd, (long)flags, 0L, 0L, 0L);
}

/* With the directory's own name before it. */
static bool may_open(int directory, const char *path)
{
    char link[64], whole[2 * PATH_MAX];
    ssize_t length = 0;
    int before = errno, error;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
    if (*path != '/' && directory >= 0)
        length = readlink(link, whole, PATH_MAX);
    snprintf(whole + (length > 0 ? length : 0), PATH_MAX, "/%s", path);
    error = failure_of(whole);
    errno = error ? error : before;
    return !error;
}

#define MODE_OF(flags, mode)                                                                                           \
    int mode = 0;                                                                                                      \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode = va_arg(list, int);                                                                                      \
        va_end(list);                                                                                                  \
    }

EXPORT int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return may_open(-1, path) ? real()->open(path, flags, mode) : -1;
}

EXPORT int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return may_open(-1, path) ? real()->open64(path, flags, mode) : -1;
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return may_open(directory, path) ? real()->openat(directory, path, flags, mode) : -1;
}

EXPORT int openat64(int directory, const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return may_open(directory, path) ? real()->openat64(directory, path, flags, mode) : -1;
}
