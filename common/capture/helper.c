/* helper.c - a child process that asks what may wait on a stranger: the memory that holds a command line, and
 * sockets borrowed from others, which must be closed again. If an answer does not come, the child is killed and the
 * next one goes on behind it. Threads would not do: one that waits for a file system cannot be killed, and would keep
 * the host daemon from ever ending. The child makes system calls and nothing else, for it was made from one thread of
 * many; it has no exit signal, so that the host hears nothing of it. */
#include "capture/helper.h"

#include "capture/facts.h"
#include "capture/left_alone.h"
#include "capture/limits.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

#define PATH_SIZE 32
#define TICK_MS   50

/* What the child is to do. Everything in it is prepared before there is a child. */
struct task {
    uint32_t count;
    const int32_t *pids;            /* whom it is asked of */
    const char (*paths)[PATH_SIZE]; /* of command lines to read, below proc_fd; */
    const struct holder *holders;   /* or, if not NULL, sockets to borrow */
    bool *skip;                     /* not asked: their user has made us wait before */
    int proc_fd;
};

/* One message of the child to us; text follows where command lines are read. */
struct reply {
    uint32_t index;
    int32_t length; /* of the text, or -errno */
    struct borrowed borrowed;
};

struct message {
    struct reply reply;
    char text[LIMIT_COMMAND_LENGTH + 1];
};

/* ---- in the child ---- */

static void close_all_but(int proc_fd, int to_parent)
{
    const int low = proc_fd < to_parent ? proc_fd : to_parent, high = proc_fd < to_parent ? to_parent : proc_fd;
    struct rlimit limit = {.rlim_cur = 1024};

    if (low == 0 || syscall(SYS_close_range, 0, low - 1, 0) == 0) {
        if (high == low + 1 || syscall(SYS_close_range, low + 1, high - 1, 0) == 0) {
            if (syscall(SYS_close_range, high + 1, ~0U, 0) == 0)
                return;
        }
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = 0; fd < (int)limit.rlim_cur && fd < 65536; fd++) {
        if (fd != proc_fd && fd != to_parent)
            close(fd);
    }
}

static void send_answer(int to_parent, struct message *message, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    const int32_t length = message->reply.length;
    struct iovec part = {message, sizeof(message->reply) + (length > 0 ? (size_t)length : 0)};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        control.header =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
        envelope.msg_control = &control;
        envelope.msg_controllen = sizeof(control);
    }
    if (sendmsg(to_parent, &envelope, MSG_NOSIGNAL) < 0)
        syscall(SYS_exit_group, 1);
}

static void read_command(int proc_fd, const char *path, struct message *message)
{
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t length = 0, got = 1;

    message->reply.length = fd < 0 ? -errno : 0;
    while (fd >= 0 && got > 0 && length < LIMIT_COMMAND_LENGTH) {
        got = read(fd, message->text + length, (size_t)(LIMIT_COMMAND_LENGTH - length));
        if (got < 0)
            message->reply.length = -errno;
        else
            message->reply.length = (int32_t)(length += got);
    }
    if (fd >= 0)
        close(fd); /* of procfs: waits on nobody */
}

/* The duplicate stays open: only the end of the child, which does not linger, closes it. */
static int duplicate(const struct holder *holder)
{
    struct stat found;
    int protocol, pidfd = (int)syscall(SYS_pidfd_open, holder->pid, 0);
    socklen_t size = sizeof(protocol);
    int fd = pidfd < 0 ? -errno : (int)syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);

    if (pidfd < 0)
        return fd;
    fd = fd < 0 ? -errno : fd;
    close(pidfd);
    if (fd < 0)
        return fd;
    /* It may be anything by now. Only a socket is asked further. */
    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && fstat(fd, &found) == 0 &&
        found.st_ino == holder->inode)
        return fd;
    return -ESRCH;
}

/* Its namespace takes CAP_NET_ADMIN in the user namespace that it belongs to. Returns a descriptor of it, or -1. */
static int ask_borrowed(const struct holder *holder, struct borrowed *borrowed)
{
    struct stat home;
    struct pollfd closed = {.events = 0};
    socklen_t size = sizeof(borrowed->cookie);
    int fd = duplicate(holder), netns;

    *borrowed = (struct borrowed){.status = fd < 0 ? fd : 0};
    if (fd < 0)
        return -1;
    /* Not asked for its tcp_info, which waits for its lock. One that is neither connected nor listening hangs up. */
    closed.fd = fd;
    borrowed->is_closed = poll(&closed, 1, 0) == 1 && closed.revents & POLLHUP;
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &borrowed->cookie, &size) < 0)
        borrowed->cookie = 0;
    netns = ioctl(fd, SIOCGSKNS);
    if (netns >= 0 && fstat(netns, &home) == 0)
        borrowed->netns = (uint32_t)home.st_ino;
    return netns;
}

static void run_errand(const struct task *task, uint32_t from, int to_parent, struct message *message)
{
    struct rlimit limit;
    uint32_t last_netns = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    close_all_but(task->proc_fd, to_parent);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (uint32_t i = from; i < task->count; i++) {
        int netns = -1;
        if (task->skip[i])
            continue;
        message->reply = (struct reply){.index = i};
        if (task->holders)
            netns = ask_borrowed(&task->holders[i], &message->reply.borrowed);
        if (task->paths)
            read_command(task->proc_fd, task->paths[i], message);
        const bool is_new = netns >= 0 && message->reply.borrowed.netns != last_netns;
        send_answer(to_parent, message, is_new ? netns : -1);
        if (is_new)
            last_netns = message->reply.borrowed.netns;
        if (netns >= 0)
            close(netns);
    }
    syscall(SYS_exit_group, 0);
}

/* ---- in the parent ---- */

struct child {
    pid_t pid;
    int fd; /* its answers */
};

static bool has_ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG | __WALL) != 0; /* an error: there is none of it, either */
}

void helper_reap(struct indices *children)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < children->count; i++) {
        if (!has_ended((pid_t)children->at[i]))
            children->at[kept++] = children->at[i];
    }
    children->count = kept;
}

/* 0 or -errno. */
static int send_out(const struct task *task, uint32_t from, struct message *message, struct child *child)
{
    sigset_t all, before;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return inquiry_errno();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of the host runs in the child */
    child->pid = (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
    if (child->pid == 0)
        run_errand(task, from, ends[1], message);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (child->pid < 0) {
        close(ends[0]);
        return error == ENOMEM ? -ENOBUFS : -error;
    }
    child->fd = ends[0];
    return 0;
}

/* Kills it, and waits a moment. What does not end then is remembered, to be looked at by later scans. */
static void call_back(struct inquiry *inquiry, struct child *child)
{
    close(child->fd);
    kill(child->pid, SIGKILL);
    for (unsigned tries = 0; tries < 20; tries++) {
        const struct timespec moment = {.tv_nsec = tries ? 5000000 : 200000};
        if (has_ended(child->pid))
            return;
        nanosleep(&moment, NULL);
    }
    if (!indices_push(&inquiry->kept->children, (uint32_t)child->pid))
        return; /* it is left to whoever inherits us */
}

/* As poll(), for LIMIT_ANSWER_WAIT_MS; where the scan is cancelled, no longer than a tick. */
static int wait_for_answer(const struct inquiry *inquiry, const struct child *child)
{
    struct pollfd waiting = {.fd = child->fd, .events = POLLIN};
    int ready = 0;

    for (unsigned waited = 0; waited < LIMIT_ANSWER_WAIT_MS && ready == 0 && !inquiry_is_cancelled(inquiry);
         waited += TICK_MS)
        ready = poll(&waiting, 1, TICK_MS);
    return ready;
}

/* The next answer; *netns_fd comes with it or is -1. 0; -ETIMEDOUT; -ECANCELED; -EPIPE: the child has ended. */
static int receive(struct inquiry *inquiry, const struct child *child, struct message *message, int *netns_fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {message, sizeof(*message) - 1};
    struct msghdr envelope = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    const uint32_t begun = inquiry_milliseconds();
    uint32_t waited;
    ssize_t length;
    int ready;

    *netns_fd = -1;
    do {
        ready = wait_for_answer(inquiry, child);
        waited = inquiry_milliseconds() - begun;
    } while (!inquiry_is_cancelled(inquiry) &&
             ((ready < 0 && errno == EINTR && waited < LIMIT_ANSWER_WAIT_MS) ||
              (ready == 0 && waited < LIMIT_WAIT_MS && inquiry_is_runnable(child->pid))));
    inquiry->waited_ms += waited;
    if (inquiry_is_cancelled(inquiry))
        return -ECANCELED;
    if (ready <= 0)
        return -ETIMEDOUT;
    length = recvmsg(child->fd, &envelope, MSG_CMSG_CLOEXEC);
    if (length < (ssize_t)sizeof(message->reply))
        return -EPIPE;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&envelope);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(netns_fd, CMSG_DATA(header), sizeof(*netns_fd));
    return 0;
}

/* What is told of an item that was not answered. */
typedef int deliver_fn(struct inquiry *inquiry, const struct task *task, struct message *message, int netns_fd,
                       void *context);

static int deliver_failure(struct inquiry *inquiry, const struct task *task, struct message *message, uint32_t index,
                           int status, deliver_fn *deliver, void *context)
{
    message->reply = (struct reply){.index = index, .length = status, .borrowed.status = status};
    return deliver(inquiry, task, message, -1, context);
}

/* One wait for each user is enough: what else is his is not asked. */
static void skip_user_of(struct inquiry *inquiry, struct task *task, uint32_t index)
{
    const uint32_t user = facts_real_user(inquiry, task->pids[index]);
    const struct left_alone who = {.pid = task->pids[index], .uid = user, .scans = LIMIT_LEFT_ALONE};

    left_alone_add(inquiry, who);

    for (uint32_t i = index + 1; user && i < task->count; i++) {
        if (!task->skip[i] && facts_real_user(inquiry, task->pids[i]) == user)
            task->skip[i] = true;
    }
}

static bool may_not_wait(const struct inquiry *inquiry)
{
    return inquiry->waited_ms > LIMIT_WAIT_MS || inquiry->kept->children.count >= LIMIT_CHILDREN;
}

/* Every item is delivered, in order, answered or not. */
static int run(struct inquiry *inquiry, struct task *task, deliver_fn *deliver, void *context)
{
    struct message *message = malloc(sizeof(*message));
    struct child child = {.pid = 0};
    bool is_out = false;
    int status = 0;

    task->skip = calloc(task->count, sizeof(*task->skip));
    if (!message || !task->skip)
        status = -ENOMEM;
    for (uint32_t next = 0; next < task->count && status == 0; next++) {
        int failure = 0, netns_fd = -1;
        if (task->skip[next] || (!is_out && may_not_wait(inquiry)))
            failure = -ETIMEDOUT;
        else if (!is_out && (failure = send_out(task, next, message, &child)) == 0)
            is_out = true;
        if (is_out && failure == 0 && (failure = receive(inquiry, &child, message, &netns_fd)) != 0) {
            call_back(inquiry, &child);
            is_out = false;
            if (failure == -ETIMEDOUT)
                skip_user_of(inquiry, task, next);
        }
        if (failure == -ECANCELED)
            status = failure;
        else if (failure)
            status = deliver_failure(inquiry, task, message, next, failure, deliver, context);
        else
            status = deliver(inquiry, task, message, netns_fd, context);
    }
    if (is_out)
        call_back(inquiry, &child);
    free(task->skip);
    free(message);
    return status;
}

/* ---- command lines ---- */

struct commands {
    int (*note)(struct inquiry *inquiry, int32_t pid, const char *command);
};

/* Words end with a NUL in the file; the last one's may be followed by more, if the process wrote its title there. A
 * kernel thread, and what has ended meanwhile, has none. */
static const char *join_words(char *text, ssize_t length)
{
    while (length > 0 && text[length - 1] == '\0')
        length--;
    if (length < 0 && length != -ENOENT && length != -ESRCH)
        return NULL;
    if (length <= 0)
        return "";
    for (ssize_t i = 0; i < length; i++) {
        if (text[i] == '\0')
            text[i] = ' ';
    }
    text[length] = '\0';
    return text;
}

static int deliver_command(struct inquiry *inquiry, const struct task *task, struct message *message, int netns_fd,
                           void *context)
{
    const struct commands *commands = context;
    const int32_t pid = task->pids[message->reply.index], length = message->reply.length;

    (void)netns_fd;
    if (length < 0 && length != -ENOENT && length != -ESRCH)
        inquiry_count_error(inquiry, -length, "%d/cmdline", pid);
    return commands->note(inquiry, pid, join_words(message->text, length));
}

int helper_read_commands(struct inquiry *inquiry, const int32_t *pids, uint32_t count,
                         int (*note)(struct inquiry *inquiry, int32_t pid, const char *command))
{
    struct commands commands = {note};
    char(*paths)[PATH_SIZE] = count ? malloc(count * sizeof(*paths)) : NULL;
    struct task task = {
        .count = count, .pids = pids, .paths = (const char(*)[PATH_SIZE])paths, .proc_fd = inquiry->proc_fd};
    int status;

    if (count == 0)
        return 0;
    if (!paths)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        snprintf(paths[i], sizeof(paths[i]), "%d/cmdline", pids[i]);
    status = run(inquiry, &task, deliver_command, &commands);
    free(paths);
    return status;
}

/* ---- sockets ---- */

struct borrowing {
    int (*note)(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed, int netns_fd);
    void *context;
};

static int deliver_borrowed(struct inquiry *inquiry, const struct task *task, struct message *message, int netns_fd,
                            void *context)
{
    const struct borrowing *borrowing = context;
    (void)task;
    return borrowing->note(inquiry, borrowing->context, message->reply.index, &message->reply.borrowed, netns_fd);
}

int helper_borrow(struct inquiry *inquiry, const struct holder *holders, uint32_t count,
                  int (*note)(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed,
                              int netns_fd),
                  void *context)
{
    struct borrowing borrowing = {note, context};
    int32_t *pids = count ? malloc(count * sizeof(*pids)) : NULL;
    struct task task = {.count = count, .pids = pids, .holders = holders, .proc_fd = inquiry->proc_fd};
    int status;

    if (count == 0)
        return 0;
    if (!pids)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        pids[i] = holders[i].pid;
    status = run(inquiry, &task, deliver_borrowed, &borrowing);
    free(pids);
    return status;
}
