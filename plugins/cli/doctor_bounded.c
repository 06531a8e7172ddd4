/* doctor_bounded.c - a group of checks in a child process, which is given up when its time is over: a file of /etc may
 * lie on a server that is gone, and a process may keep waiting who looks at it. */
#include "doctor_bounded.h"

#include "doctor_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void doctor_tell(const struct doctor *doctor, const struct finding *finding)
{
    const char *bytes = (const char *)finding;
    size_t written = 0;

    while (written < sizeof(*finding)) {
        const ssize_t got = write(doctor->out, bytes + written, sizeof(*finding) - written);
        if (got < 0 && errno != EINTR)
            _exit(1); /* nobody prints any more */
        written += got > 0 ? (size_t)got : 0;
    }
}

/* What closes the pipe is not the end: a child of the child's may still have it open. */
static const struct finding the_end = {.check = ""};

static void be_child(const struct doctor_group *group, const struct doctor_settings *settings, int out, pid_t parent)
{
    const struct doctor doctor = {.settings = settings, .out = out};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        group->check(&doctor);
    doctor_tell(&doctor, &the_end);
    _exit(0);
}

/* false: the end of the pipe, or of the time. */
static bool read_finding(int in, struct finding *finding, int64_t end)
{
    size_t length = 0;

    while (length < sizeof(*finding)) {
        struct pollfd readable = {.fd = in, .events = POLLIN};
        const int left = doctor_clock_left(end);
        if (left == 0)
            return false;
        if (poll(&readable, 1, left) <= 0)
            continue;
        const ssize_t got = read(in, (char *)finding + length, sizeof(*finding) - length);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        length += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static void say_given_up(const struct doctor_group *group, const char *why,
                         void (*take)(void *context, const struct finding *finding), void *context)
{
    struct finding finding = finding_begin(group->name);
    finding_say(&finding, FINDING_WARNING, "what else belongs here was not checked: %s", why);
    take(context, &finding);
}

void doctor_bounded_run(const struct doctor_group *group, const struct doctor_settings *settings,
                        void (*take)(void *context, const struct finding *finding), void *context)
{
    const int64_t end = doctor_clock_after(1000 * (int64_t)group->patience_s);
    const pid_t parent = getpid();
    struct finding finding;
    int ends[2], status = 0;
    char why[96];
    pid_t child;

    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0) {
        say_given_up(group, strerror(errno), take, context);
        return;
    }
    if (child == 0) {
        close(ends[0]);
        be_child(group, settings, ends[1], parent);
    }
    close(ends[1]);
    while (read_finding(ends[0], &finding, end) && *finding.check)
        take(context, &finding);
    close(ends[0]);
    if (!doctor_clock_reap(child, &status, end)) {
        kill(child, SIGKILL);
        doctor_clock_reap(child, &status,
                          doctor_clock_after(200)); /* it may not be able to end; then it stays behind */
        snprintf(why, sizeof(why), "it did not come to its end within %u s, and was given up", group->patience_s);
        say_given_up(group, why, take, context);
    } else if (status) {
        snprintf(why, sizeof(why), "the child process ended with wait status %d", status);
        say_given_up(group, why, take, context);
    }
}
