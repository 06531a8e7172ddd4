/* measure.c - runs a command and says what it took: wall clock, CPU time, peak memory. Small, for the peak of a process
 * begins with that of the program it was forked from.
 *
 *   measure SECONDS OUTPUT COMMAND [ARGUMENT...]
 *
 * The command's standard output goes to the file OUTPUT. It is ended after SECONDS. Prints one JSON object. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void end_child(int number)
{
    (void)number;
    kill(child, SIGKILL);
}

static int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static _Noreturn void become(const char *output, char **command)
{
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
        execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", fd < 0 ? output : command[0], strerror(errno));
    _exit(127);
}

int main(int argc, char **argv)
{
    struct timespec begun, ended;
    struct rusage usage;
    int status, seconds = argc >= 4 ? atoi(argv[1]) : 0;
    pid_t got;

    if (seconds < 1) {
        fprintf(stderr, "Usage: measure SECONDS OUTPUT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    clock_gettime(CLOCK_MONOTONIC, &begun);
    child = fork();
    if (child == 0)
        become(argv[2], argv + 3);
    if (child < 0) {
        perror("measure");
        return 1;
    }
    signal(SIGALRM, end_child);
    signal(SIGTERM, end_child);
    alarm((unsigned)seconds);
    while ((got = wait4(child, &status, 0, &usage)) < 0 && errno == EINTR)
        ;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    if (got < 0) {
        perror("measure");
        return 1;
    }
    printf("{\"wall_us\":%" PRId64 ",\"user_us\":%" PRId64 ",\"sys_us\":%" PRId64 ",\"peak_kb\":%ld,\"status\":%d}\n",
           ((int64_t)ended.tv_sec - begun.tv_sec) * 1000000 + (ended.tv_nsec - begun.tv_nsec) / 1000,
           microseconds(&usage.ru_utime), microseconds(&usage.ru_stime), usage.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
