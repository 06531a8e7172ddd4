/* doctor_program.c - a program in a child process, and what it prints. Knows nothing of programs. */
#include "doctor_program.h"

#include "doctor_clock.h"
#include "doctor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
    int fd; /* -1: at its end */
    char *text;
    size_t size, length;
};

/* A place at which nothing can be made: net-snmp's tools would leave files in /var/lib/snmp. */
#define NO_DIRECTORY "/dev/null/proctcp"

/* Root may have been given the environment of somebody else, by sudo: of that only a home which is root's counts. */
static bool is_kept(const char *name, const char *value)
{
    struct stat status;

    if (geteuid() != 0)
        return true;
    return strcmp(name, "HOME") == 0 && stat(value, &status) == 0 && doctor_file_is_roots(&status);
}

static void clean_environment(void)
{
    static const char *const names[] = {"HOME", "SNMPCONFPATH", "MIBDIRS", "MIBS"};
    const char *values[sizeof(names) / sizeof(names[0])];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        values[i] = getenv(names[i]);
    clearenv(); /* the texts stay */
    setenv("PATH", DOCTOR_PATH, 1);
    setenv("LC_ALL", "C", 1);
    setenv("SNMP_PERSISTENT_DIR", NO_DIRECTORY, 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (values[i] && is_kept(names[i], values[i]))
            setenv(names[i], values[i], 1);
    }
}

static void be_program(const char *path, const char *const *words, int out, int error, pid_t parent)
{
    const int nothing = open("/dev/null", O_RDONLY);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    if (getppid() != parent || dup2(out, 1) < 0 || dup2(error, 2) < 0)
        _exit(127);
    if (nothing >= 0)
        dup2(nothing, 0);
    else
        close(0);
    clean_environment();
    execv(path, (char *const *)words);
    _exit(127);
}

/* What has no room any more is read and thrown away, so that the program comes to its end. */
static void drain(struct stream *stream)
{
    char rest[4096];
    const size_t room = stream->size - 1 - stream->length;
    const ssize_t got =
        room ? read(stream->fd, stream->text + stream->length, room) : read(stream->fd, rest, sizeof(rest));

    if (got < 0 && errno == EINTR)
        return;
    if (got > 0 && room)
        stream->length += (size_t)got;
    if (got <= 0) {
        close(stream->fd);
        stream->fd = -1;
    }
}

static void read_both(struct stream streams[2], int64_t end)
{
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd readable[2] = {{.fd = streams[0].fd, .events = POLLIN}, {.fd = streams[1].fd, .events = POLLIN}};
        const int left = doctor_clock_left(end);
        if (left == 0)
            return;
        if (poll(readable, 2, left) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            if (streams[i].fd >= 0 && readable[i].revents)
                drain(&streams[i]);
        }
    }
}

static void end_text(struct stream *stream)
{
    stream->text[stream->length] = '\0';
    for (size_t i = 0; i < stream->length; i++) {
        if (!stream->text[i])
            stream->text[i] = '?';
    }
    if (stream->fd >= 0)
        close(stream->fd);
}

enum program_end program_run(const char *const *words, unsigned patience_ms, struct doctor_output *output)
{
    const int64_t end = doctor_clock_after(patience_ms);
    const pid_t parent = getpid();
    int out[2], error[2], status = 0;
    char path[512];
    pid_t child;

    output->out[0] = output->error[0] = '\0';
    output->status = -1;
    if (!doctor_file_find_program(words[0], path, sizeof(path)) || pipe2(out, O_CLOEXEC) < 0)
        return PROGRAM_ABSENT;
    if (pipe2(error, O_CLOEXEC) < 0 || (child = fork()) < 0)
        return PROGRAM_ABSENT; /* and both pipes end with this process, which runs few programs */
    if (child == 0)
        be_program(path, words, out[1], error[1], parent);
    close(out[1]);
    close(error[1]);
    struct stream streams[2] = {{out[0], output->out, sizeof(output->out), 0},
                                {error[0], output->error, sizeof(output->error), 0}};
    read_both(streams, end);
    end_text(&streams[0]);
    end_text(&streams[1]);
    if (!doctor_clock_reap(child, &status, end)) {
        kill(child, SIGKILL);
        doctor_clock_reap(child, &status, doctor_clock_after(1000));
        return PROGRAM_TOO_LONG;
    }
    output->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return PROGRAM_ENDED;
}
