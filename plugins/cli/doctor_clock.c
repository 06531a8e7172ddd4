/* doctor_clock.c - waiting until an instant, and no longer. */
#include "doctor_clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>

int64_t doctor_clock_after(int64_t milliseconds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + milliseconds;
}

int doctor_clock_left(int64_t end)
{
    const int64_t left = end - doctor_clock_after(0);
    return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

bool doctor_clock_reap(pid_t child, int *status, int64_t end)
{
    for (;;) {
        const pid_t got = waitpid(child, status, WNOHANG);
        if (got == child || (got < 0 && errno != EINTR))
            return true;
        if (doctor_clock_left(end) == 0)
            return false;
        poll(NULL, 0, 5);
    }
}
