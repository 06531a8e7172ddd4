/* guard.c - asks the kernel from a process that can be given up.
 *
 * Any user can make a call that looks at him wait for as long as he likes, in the kernel, where no signal reaches. The
 * tcp_info of a socket is read under its lock, which is held while its owner is in send() with memory that is mapped
 * from a file system of his own. Since 6.17 or so, the stat and the links of a process are read under a lock that is
 * held while it is in execve(), which waits for its memory, which a mmap() on such a file system holds.
 *
 * A thread that waits like that cannot be ended, nor can its process. So the questions are asked by a child process,
 * which shares our memory (as with vfork(2)) and nothing else: what it finds is ours without a copy. It is given up
 * only while it is in a call, when it changes nothing; a mark that is set in the same step keeps it from going on if
 * the call comes back after all. It has no exit signal, so that the host hears nothing of it, and descriptors of its
 * own. The thread that waits for it does nothing that sets errno, which both share. */
#include "capture/guard.h"

#include "capture/limits.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define STACK_SIZE    ((size_t)512 * 1024)
#define TICK_MS       50
#define CLOSE_UNSHARE 2 /* CLOSE_RANGE_UNSHARE */

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FIRST_CLOSED 3U /* complaints of the sanitizer are to be seen */
#else
#define FIRST_CLOSED                             0U
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

/* At the low end of the memory of a child's stack. */
struct cell {
    struct guard_calls calls;
    struct inquiry *inquiry;
    int (*work)(struct inquiry *inquiry);
    bool begun;
    int result;
};

void guard_exit(void)
{
    for (;;)
        syscall(SYS_exit_group, 1);
}

static int child_main(void *argument)
{
    struct cell *cell = argument;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* None of the host's descriptors: others would take us for one more holder of its sockets, and whoever reads its
     * output would wait for us, too. */
    if (syscall(SYS_close_range, FIRST_CLOSED, ~0U, CLOSE_UNSHARE) < 0 && unshare(CLONE_FILES) < 0)
        return 1;
    for (int fd = (int)FIRST_CLOSED; fd < 3; fd++) {
        close(fd); /* where it was not closed yet */
        open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    cell->begun = true;
    cell->result = cell->work(cell->inquiry);
    return 0;
}

/* Until the child has ended, but no longer than a tick. Without a pidfd (before 5.3) that is found out a bit later. */
static void wait_a_tick(int pidfd)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    if (pidfd >= 0)
        poll(&ended, 1, TICK_MS);
    else
        clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
}

/* Waits until the child has ended: its wait status; or until one of its calls has not come back for too long, and marks
 * it as given up: -1. */
static int watch(struct cell *cell, int child, int pidfd)
{
    unsigned last = 0;
    uint32_t since = inquiry_milliseconds();
    int status;

    for (;;) {
        wait_a_tick(pidfd);
        if (waitpid(child, &status, WNOHANG | __WALL) == child)
            return status;
        const uint32_t limit = inquiry_is_cancelled(cell->inquiry) ? LIMIT_CANCELLED_CALL_WAIT_MS : LIMIT_CALL_WAIT_MS;
        unsigned made = __atomic_load_n(&cell->calls.made, __ATOMIC_ACQUIRE);
        if (made != last || !(made & 1)) {
            last = made;
            since = inquiry_milliseconds();
        } else if (inquiry_milliseconds() - since >= limit && !inquiry_is_runnable(child) &&
                   __atomic_compare_exchange_n(&cell->calls.made, &made, made | GUARD_GIVEN_UP, false, __ATOMIC_ACQ_REL,
                                               __ATOMIC_ACQUIRE)) {
            return -1;
        }
    }
}

/* Whether it has ended; its memory is then ours again. */
static bool give_up(struct inquiry *inquiry, int child, int pidfd)
{
    const unsigned patience = inquiry_is_cancelled(inquiry) ? 2 : 3; /* ticks */

    kill(child, SIGKILL);
    for (unsigned ticks = 0; ticks < patience; ticks++) {
        wait_a_tick(pidfd);
        if (waitpid(child, NULL, WNOHANG | __WALL) == child)
            return true;
    }
    indices_push(&inquiry->kept->children, (uint32_t)child); /* or else it is left to whoever inherits us */
    return false;
}

/* -ENOSYS: there can be no child. Signals wait until it is over: no handler of the host runs in the child, and none
 * interrupts the wait for it. */
static int run_in_child(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry))
{
    struct cell *cell = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    int result = -ENOSYS, child, pidfd, status;
    sigset_t all, before;
    bool ended = true;

    if (cell == MAP_FAILED)
        return -ENOSYS;
    /* A child that was killed on a stack at this address left the marks of its frames. */
    ASAN_UNPOISON_MEMORY_REGION(cell, STACK_SIZE);
    *cell = (struct cell){.inquiry = inquiry, .work = work};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    inquiry->calls = &cell->calls;
    inquiry->in_child = true;
    child = clone(child_main, (char *)cell + STACK_SIZE, CLONE_VM | CLONE_FILES | CLONE_FS, cell);
    if (child >= 0) {
        pidfd = (int)syscall(SYS_pidfd_open, child, 0);
        status = watch(cell, child, pidfd);
        if (status == -1) {
            ended = give_up(inquiry, child, pidfd);
            result = inquiry_is_cancelled(inquiry) ? -ECANCELED : -EDEADLK;
        } else if (cell->begun) {
            result = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? cell->result : -EIO;
            result = result == -ENOSYS ? -EOPNOTSUPP : result; /* that is said of the child alone */
        }
        if (pidfd >= 0)
            close(pidfd);
    }
    inquiry->in_child = false;
    inquiry->calls = NULL;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ended)
        munmap(cell, STACK_SIZE);
    return result;
}

int guard_run(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry))
{
    int status = -ENOSYS;

    if (inquiry_is_cancelled(inquiry))
        return -ECANCELED;
    if (inquiry->guarded)
        status = run_in_child(inquiry, work);
    return status == -ENOSYS ? work(inquiry) : status;
}
