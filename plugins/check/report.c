/* report.c - see report.h. */
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char late[160]; /* prepared, for a signal handler may not print */

void report_print(const struct report *report)
{
    printf("PROCTCP %s - %s", state_name(report->state), report->line.bytes);
    if (report->perfdata.length)
        printf(" | %s", report->perfdata.bytes);
    printf("\n%s", report->more.bytes);
}

void report_unknown(const char *format, ...)
{
    va_list arguments;

    fputs("PROCTCP UNKNOWN - ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

bool report_is_out(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "check_proctcp: what it has to say cannot be written: %s\n", strerror(errno));
    return false;
}

static void end_late(int number)
{
    const ssize_t ignored = write(STDOUT_FILENO, late, strlen(late));

    (void)number;
    (void)ignored;
    _exit(STATE_UNKNOWN);
}

void report_time_out(unsigned seconds)
{
    const struct sigaction action = {.sa_handler = end_late};
    sigset_t alone;

    snprintf(
        late, sizeof(late),
        "PROCTCP UNKNOWN - there was no end to it within %u s: a host that is busy, or that is kept busy; see -t\n",
        seconds);
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&alone);
    sigaddset(&alone, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alone, NULL); /* who ran it may have blocked it */
    alarm(seconds);
}
