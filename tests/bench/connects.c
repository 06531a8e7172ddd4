/* connects COUNT - so many connections over loopback, one after the other: connect, 100 bytes, close at both ends.
 * Prints the CPU time that both ends took, in microseconds. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 100

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void serve(int listener, unsigned long count)
{
    char data[SIZE];

    for (unsigned long i = 0; i < count; i++) {
        const int taken = accept(listener, NULL, NULL);
        if (taken < 0)
            _exit(1);
        while (read(taken, data, sizeof(data)) > 0)
            continue;
        close(taken);
    }
    _exit(0);
}

static void call(const struct sockaddr_in *address, unsigned long count)
{
    char data[SIZE] = "";

    for (unsigned long i = 0; i < count; i++) {
        const int made = socket(AF_INET, SOCK_STREAM, 0);
        if (made < 0 || connect(made, (const void *)address, sizeof(*address)) < 0)
            fail("connect");
        if (write(made, data, sizeof(data)) != sizeof(data))
            fail("write");
        close(made);
    }
}

static unsigned long long microseconds(int who)
{
    struct rusage usage;

    getrusage(who, &usage);
    return (unsigned long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (unsigned long long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    const unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    int status;
    pid_t server;

    if (listener < 0 || bind(listener, (const void *)&address, sizeof(address)) < 0 || listen(listener, 1000) < 0 ||
        getsockname(listener, (void *)&address, &length) < 0)
        fail("listen");
    server = fork();
    if (server < 0)
        fail("fork");
    if (server == 0)
        serve(listener, count);
    call(&address, count);
    if (waitpid(server, &status, 0) < 0 || status != 0)
        return 1;
    printf("%llu\n", microseconds(RUSAGE_SELF) + microseconds(RUSAGE_CHILDREN));
    return 0;
}
