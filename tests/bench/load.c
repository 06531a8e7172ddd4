/* load.c - a load to measure against: so many TCP sockets in so many processes in so many network namespaces, and
 * processes without any. The same arguments make the same load. Knows nothing of who looks at it.
 *
 *   load SOCKETS PROCESSES [NAMESPACES [IDLE]]
 *
 * Each process holds one listener and both ends of its share of SOCKETS / 2 loopback connections. With NAMESPACES, the
 * processes are spread over as many new ones. IDLE more processes hold nothing. Prints "ready" and the numbers when all
 * is open, and goes away with all of it at SIGTERM or when its standard input ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every process has addresses of its own in 127.0.0.0/8: the first listens, the others connect, so many times each that
 * ports do not run out. */
#define FIRST_ADDRESS           0x7f010000u
#define ADDRESSES               64u
#define CONNECTIONS_PER_ADDRESS 8192u
#define SPARE_DESCRIPTORS       64u

struct plan {
    unsigned long sockets, processes, namespaces, idle;
};

static void complain(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
}

static bool bring_up_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;

    if (done && !(request.ifr_flags & IFF_UP)) {
        request.ifr_flags |= IFF_UP;
        done = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    }
    if (fd >= 0)
        close(fd);
    return done;
}

/* A reset at the end, instead of TIME_WAIT sockets that would be part of the next load. Accepted sockets inherit it. */
static int open_socket(uint32_t address, bool any_port_later)
{
    const struct linger reset = {.l_onoff = 1};
    const struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
        (any_port_later && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0) ||
        bind(fd, (const struct sockaddr *)&local, sizeof(local)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_connections(uint32_t address, unsigned long connections)
{
    struct sockaddr_in server;
    socklen_t length = sizeof(server);
    int listener = open_socket(address, false);

    if (listener < 0 || listen(listener, 16) < 0 || getsockname(listener, (struct sockaddr *)&server, &length) < 0)
        return false;
    for (unsigned long i = 0; i < connections; i++) {
        int client = open_socket(address + 1 + (uint32_t)(i / CONNECTIONS_PER_ADDRESS), true);
        if (client < 0 || connect(client, (struct sockaddr *)&server, sizeof(server)) < 0 ||
            accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
            return false;
    }
    return true;
}

/* Waits for the end, which is that of the parent. */
static _Noreturn void rest(int ready)
{
    if (write(ready, "", 1) != 1)
        _exit(1);
    close(ready);
    for (;;)
        pause();
}

static pid_t start(const struct plan *plan, unsigned long index, int ready, pid_t parent)
{
    const unsigned long all = plan->sockets / 2;
    char name[32];
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(name, sizeof(name), "load-%lu", index); /* a group each */
    prctl(PR_SET_NAME, name);
    if (getppid() != parent)
        _exit(1);
    if (index < plan->processes) {
        unsigned long share = all * (index + 1) / plan->processes - all * index / plan->processes;
        if (!open_connections(FIRST_ADDRESS + (uint32_t)index * ADDRESSES, share)) {
            complain("a connection");
            _exit(1);
        }
    }
    rest(ready);
}

/* Moves on to a new namespace when the next process is the first of one. */
static bool enter_namespace(const struct plan *plan, unsigned long index)
{
    if (plan->namespaces == 0 && index == 0 && !bring_up_loopback()) {
        complain("lo");
        return false;
    }
    if (plan->namespaces == 0 || index >= plan->processes ||
        (index > 0 && index * plan->namespaces / plan->processes == (index - 1) * plan->namespaces / plan->processes))
        return true;
    if (unshare(CLONE_NEWNET) == 0 && bring_up_loopback())
        return true;
    complain("a new network namespace (that takes CAP_SYS_ADMIN)");
    return false;
}

/* Idle processes come first, where the parent was started; it does not come back from other namespaces. */
static bool start_all(const struct plan *plan, int ready, pid_t *pids, unsigned long *started)
{
    const pid_t parent = getpid();

    for (unsigned long i = 0; i < plan->idle + plan->processes; i++) {
        unsigned long index = i < plan->idle ? plan->processes + i : i - plan->idle;
        if (!enter_namespace(plan, index))
            return false;
        pid_t pid = start(plan, index, ready, parent);
        if (pid < 0) {
            complain("a process");
            return false;
        }
        pids[(*started)++] = pid;
    }
    return true;
}

/* Until all have said that they are ready, and then until somebody says it is over. A child ends only if it failed. */
static bool wait_for_the_end(const struct plan *plan, int ready, int signals)
{
    unsigned long missing = plan->processes + plan->idle;
    struct pollfd polls[] = {
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}, {.fd = ready, .events = POLLIN}};
    char buffer[4096];

    for (;;) {
        if (poll(polls, 3, -1) < 0)
            return false;
        if (polls[2].revents) {
            ssize_t got = read(ready, buffer, sizeof(buffer));
            missing -= got > 0 ? (unsigned long)got : 0;
            if (missing == 0) {
                printf("ready %lu sockets, %lu listeners, %lu processes, %lu namespaces, %lu idle\n",
                       plan->sockets / 2 * 2, plan->processes, plan->processes, plan->namespaces, plan->idle);
                fflush(stdout);
            }
            if (missing == 0 || got <= 0)
                polls[2].fd = -1;
        }
        if (polls[1].revents) {
            struct signalfd_siginfo info;
            return read(signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD;
        }
        if (polls[0].revents && read(STDIN_FILENO, buffer, sizeof(buffer)) <= 0)
            return true;
    }
}

static bool allow_descriptors(unsigned long needed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed)
        return true;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed)
        limit.rlim_max = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return true;
    fprintf(stderr,
            "load: %lu descriptors per process: %s (ulimit -Hn is too low and raising it takes CAP_SYS_RESOURCE, or "
            "sysctl fs.nr_open is too low; more processes need fewer each)\n",
            needed, strerror(errno));
    return false;
}

static int run(const struct plan *plan)
{
    int ready[2], signals;
    unsigned long started = 0;
    sigset_t set;
    bool done;
    pid_t *pids = calloc(plan->processes + plan->idle, sizeof(*pids));

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (!pids || signals < 0 || pipe2(ready, O_CLOEXEC) < 0) {
        complain("start");
        free(pids);
        return 1;
    }
    done = start_all(plan, ready[1], pids, &started);
    close(ready[1]);
    done = done && wait_for_the_end(plan, ready[0], signals);
    for (unsigned long i = 0; i < started; i++)
        kill(pids[i], SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    free(pids);
    return done ? 0 : 1;
}

static bool parse(const char *text, unsigned long most, unsigned long *number)
{
    char *end;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && *number <= most;
}

int main(int argc, char **argv)
{
    struct plan plan = {0};
    bool understood = argc >= 3 && argc <= 5 && parse(argv[1], 100000000, &plan.sockets) &&
                      parse(argv[2], 200000, &plan.processes) &&
                      (argc < 4 || parse(argv[3], plan.processes, &plan.namespaces)) &&
                      (argc < 5 || parse(argv[4], 4000000, &plan.idle));
    unsigned long most = plan.processes ? plan.sockets / 2 / plan.processes + 1 : 0;

    if (!understood || plan.processes + plan.idle == 0 || (plan.sockets && !plan.processes)) {
        fprintf(stderr,
                "Usage: load SOCKETS PROCESSES [NAMESPACES [IDLE]]\n"
                "NAMESPACES is at most PROCESSES; 0, the default, is the one that it is started in.\n");
        return 2;
    }
    if (most > (ADDRESSES - 1) * CONNECTIONS_PER_ADDRESS) {
        fprintf(stderr, "load: %lu connections are too many for one process\n", most);
        return 2;
    }
    return allow_descriptors(2 * most + SPARE_DESCRIPTORS) ? run(&plan) : 1;
}
