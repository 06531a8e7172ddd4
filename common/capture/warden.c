/* warden.c - asks the kernel from a process that can be given up. Any user can make a call that looks at him wait for
 * as long as he likes, in the kernel, where no signal reaches:
 *   - tcp_info is read under the lock of its socket, which is held while its owner is in send() with memory that lies
 * on a file system of his own;
 *   - since 6.17 or so, stat and every link of a process are read under a lock that is held while it is in execve(),
 * which waits for its memory, which a mmap() on such a file system holds. A thread that waits like that cannot be
 * ended, nor can its process. So the questions are asked by a child process that shares our memory (as vfork(2) does)
 * and nothing else: what it finds is ours without a copy, and it may be killed while it is in a call, for then it
 * changes nothing. Where it cannot be killed at once it dies before it returns from the kernel. The child has no exit
 * signal and descriptors of its own; one thread of the host waits for it, so that what belongs to a thread (errno) is
 * used by one of the two at a time. */
#include "capture/warden.h"

#include "capture/limits.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define STACK_SIZE    ((size_t)512 * 1024)
#define TICK_MS       50
#define CLOSE_UNSHARE 2 /* CLOSE_RANGE_UNSHARE */

/* At the low end of the memory of a child's stack; the kernel writes here when the child ends, whenever that is. */
struct cell {
    int child; /* its pid; 0: it has ended */
    struct inquiry *inquiry;
    int (*work)(struct inquiry *inquiry);
    int result;
};

static int child_main(void *argument)
{
    struct cell *cell = argument;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* None of the host's descriptors: others would take us for one more holder of its sockets. */
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_UNSHARE) < 0 && unshare(CLONE_FILES) < 0)
        return 1; /* as if there were no child */
    cell->result = cell->work(cell->inquiry);
    return 0;
}

static bool wait_a_tick(struct cell *cell)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    const int child = __atomic_load_n(&cell->child, __ATOMIC_ACQUIRE);

    if (child)
        syscall(SYS_futex, &cell->child, FUTEX_WAIT, child, &tick, NULL, 0);
    return __atomic_load_n(&cell->child, __ATOMIC_ACQUIRE) != 0;
}

/* One that waits for a processor will come back; one that sleeps in a call may not. */
static bool is_runnable(int child)
{
    char path[32], text[512];
    const char *end = NULL;
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", child);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof(text));
    close(fd);
    if (length > 0)
        end = memrchr(text, ')', (size_t)length);
    return end && end + 2 < text + length && end[2] == 'R';
}

/* Waits until the child has ended, 0, or until one of its calls has not come back for too long, -EDEADLK. */
static int watch(struct inquiry *inquiry, struct cell *cell, int child)
{
    unsigned last = 0, stood_still_ms = 0;

    while (wait_a_tick(cell)) {
        const unsigned calls = __atomic_load_n(&inquiry->calls, __ATOMIC_RELAXED);
        stood_still_ms = calls == last && calls & 1 ? stood_still_ms + TICK_MS : 0;
        last = calls;
        if (stood_still_ms >= LIMIT_CALL_WAIT_MS && !is_runnable(child))
            return -EDEADLK;
    }
    return 0;
}

/* Whether it has ended; its memory is then ours again. */
static bool give_up(struct inquiry *inquiry, struct cell *cell, int child)
{
    kill(child, SIGKILL);
    for (unsigned ticks = 0; ticks < 2 && wait_a_tick(cell); ticks++)
        ;
    if (waitpid(child, NULL, WNOHANG | __WALL) == child)
        return true;
    indices_push(&inquiry->kept->children, (uint32_t)child); /* or else it is left to whoever inherits us */
    return false;
}

/* -ENOSYS: there can be no child. */
static int run_in_child(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry))
{
    struct cell *cell = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    sigset_t all, before;
    bool ended;
    int child, status;

    if (cell == MAP_FAILED)
        return -ENOSYS;
    *cell = (struct cell){.inquiry = inquiry, .work = work, .result = -ENOSYS};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of the host runs in the child */
    inquiry->in_child = true;
    child = clone(child_main, (char *)cell + STACK_SIZE,
                  CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, cell, &cell->child,
                  NULL, &cell->child);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    status = child < 0 ? -ENOSYS : watch(inquiry, cell, child);
    if (status == -EDEADLK)
        ended = give_up(inquiry, cell, child);
    else
        ended = child < 0 || waitpid(child, NULL, __WALL) == child;
    if (status == 0)
        status = cell->result;
    inquiry->in_child = false;
    if (ended)
        munmap(cell, STACK_SIZE);
    return status;
}

int warden_run(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry))
{
    int status = -ENOSYS;

    if (inquiry->guarded && inquiry->kept->children.count < LIMIT_CHILDREN)
        status = run_in_child(inquiry, work);
    return status == -ENOSYS ? work(inquiry) : status;
}
