/* main.c - proctcp-agentx: options, foreground or daemon, and the loop between the AgentX session and the publisher. */
#include "agentx.h"
#include "answers.h"
#include "clock.h"
#include "logs.h"
#include "notifier.h"
#include "publisher.h"
#include "reload.h"
#include "report.h"
#include "report_scans.h"
#include "rights.h"
#include "sd_notify.h"
#include "service.h"
#include "serving.h"
#include "settings.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "proctcp-agentx"

enum { EXIT_USAGE = 2 };

/* From so many bytes on what is freed goes back to the kernel. By itself the C library would raise this to the size of
 * the first snapshot that goes, and smaller tables of later ones would leave holes in its heap. */
#define LARGE_BLOCK (1 << 20)

#define LEAVE_NS 700000000 /* from a signal to the end, whatever the master or a scan is waiting for */

struct command {
    bool foreground;
    const char *address;
    const char *config_file;
    const char *pid_file;
    const char *user;
};

static volatile sig_atomic_t ending, hung_up;
static int wake = -1;
static timer_t leave_timer;

/* What the configuration decides, for net-snmp calls back without a pointer once it is read. */
static struct {
    struct command command;
    struct settings settings;
    struct report report;
    struct scan_report scan_report;
    struct publisher *publisher;
    struct serving serving;
    struct notifier notifier;
    struct service service;
    char pid_name[PATH_MAX];
    int pid_file;
} agent = {.pid_file = -1};

static void usage(FILE *to)
{
    fprintf(
        to,
        "usage: %s [-f] [-x ADDRESS] [-c FILE] [-p FILE] [-u USER] [-L LOGOPTS]\n"
        "       %s -h | -v\n"
        "Shows over SNMP which process holds which TCP socket, as a subagent of snmpd.\n"
        "  -f             stay in the foreground and log to standard error\n"
        "  -x ADDRESS     of the AgentX master, as in agentXSocket: unix:/run/agentx/master, tcp:localhost:705\n"
        "                 (default: agentXSocket of proctcp.conf, else %s)\n"
        "  -c FILE        read this file instead of every proctcp.conf on SNMPCONFPATH\n"
        "  -L LOGOPTS     where messages go, as of snmpd: e standard error, f FILE, s FACILITY of syslog, n nowhere\n"
        "                 (default: standard error with -f, else syslog)\n"
        "  -p FILE        write the process id to this file, and remove it at the end\n"
        "  -u USER        become this user, by name or number (default: agentUser of proctcp.conf, else none)\n"
        "  -h, --help     this text\n"
        "  -v, --version  the version (-V, too)\n",
        PROGRAM, PROGRAM, NETSNMP_AGENTX_SOCKET);
}

static void usage_error(const char *problem, const char *what)
{
    fprintf(stderr, "%s: %s%s; %s -h lists the options\n", PROGRAM, problem, what, PROGRAM);
    exit(EXIT_USAGE);
}

static struct command parse_options(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    struct command command = {.foreground = false};
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":fx:c:p:u:L:hvV", long_options, NULL)) != -1) {
        const char letter[] = {'-', (char)optopt, '\0'};

        switch (option) {
        case 'f':
            command.foreground = true;
            break;
        case 'x':
            if (!optarg[0])
                usage_error("-x needs the address of the AgentX master, as unix:/run/agentx/master", "");
            command.address = optarg;
            break;
        case 'c':
            command.config_file = optarg;
            break;
        case 'p':
            command.pid_file = optarg;
            break;
        case 'L':
            if (!logs_option(PROGRAM, optarg, argc, argv))
                usage_error("-L: no such place for messages: ", optarg);
            break;
        case 'u':
            command.user = optarg;
            break;
        case 'h':
            usage(stdout);
            exit(EXIT_SUCCESS);
        case 'v':
        case 'V':
            printf("%s %s, net-snmp %s\n", PROGRAM, PROCTCP_VERSION, netsnmp_get_version());
            exit(EXIT_SUCCESS);
        case ':':
            usage_error("an argument is missing to option ", letter);
            break;
        default:
            usage_error("there is no option ", optopt ? letter : argv[optind - 1]);
        }
    }
    if (optind < argc)
        usage_error("an argument too many: ", argv[optind]);
    return command;
}

/* The user that we became may not be let to remove it. Called by handlers of signals, too. */
static void remove_pid_file(void)
{
    if (*agent.pid_name && unlink(agent.pid_name) != 0 && ftruncate(agent.pid_file, 0) != 0)
        *agent.pid_name = '\0';
}

static void die(const char *what, const char *which, int error)
{
    snmp_log(LOG_ERR, "%s: %s%s: %s\n", PROGRAM, what, which, strerror(error));
    remove_pid_file();
    exit(EXIT_FAILURE);
}

/* The main thread may be waiting for a master that hangs, or for a scan that does. */
static void leave(int number)
{
    (void)number;
    remove_pid_file();
    _exit(EXIT_SUCCESS);
}

static void end(int number)
{
    static const struct itimerspec soon = {.it_value = {.tv_nsec = LEAVE_NS}};

    if (ending)
        leave(number);
    ending = 1;
    service_stopping();
    timer_settime(leave_timer, 0, &soon, NULL);
    eventfd_write(wake, 1);
}

static void hang_up(int number)
{
    (void)number;
    hung_up = 1;
    eventfd_write(wake, 1);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = leave};

    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = end;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    action.sa_handler = hang_up;
    action.sa_flags = SA_RESTART;
    sigaction(SIGHUP, &action, NULL);
}

/* A child does not inherit it. */
static void make_leave_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

    if (timer_create(CLOCK_MONOTONIC, &event, &leave_timer) < 0)
        die("timer_create", "", errno);
}

/* net-snmp itself would go on without the file, and take a comma in its name for the end of the first of several. */
static void check_config_file(const char *file)
{
    const char *fault;

    if (!file)
        return;
    if (strchr(file, ','))
        usage_error("-c: net-snmp reads no file with a comma in its name: ", file);
    if ((fault = settings_file_fault(file))) {
        snmp_log(LOG_ERR, "%s: -c: cannot read %s: %s\n", PROGRAM, file, fault);
        exit(EXIT_FAILURE);
    }
}

/* Opened while the operator can still read what is wrong with it. */
static void open_pid_file(const char *name)
{
    if (!name)
        return;

    agent.pid_file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (agent.pid_file < 0 || !realpath(name, agent.pid_name)) /* a daemon's directory is / */
        die("-p: cannot write ", name, errno);
}

static void write_pid(void)
{
    if (agent.pid_file < 0)
        return;
    if (dprintf(agent.pid_file, "%ld\n", (long)getpid()) < 0)
        snmp_log(LOG_ERR, "the process id could not be written: %s\n", strerror(errno));
}

static void become_daemon(void)
{
    if (logs_daemonize(PROGRAM) != 0)
        die("going into the background", "", errno);
}

static void look_at_connection(void)
{
    const struct agentx_status status = agentx_status();

    report_connection(&agent.report, &status, agentx_address(), clock_ms());
}

static void reduce_rights(void)
{
    const char *user = agent.command.user ? agent.command.user : agent.settings.user;

    if (rights_reduce(agent.command.user ? "-u" : user ? "agentUser" : "privileges", user, &agent.settings))
        return;
    remove_pid_file();
    exit(EXIT_FAILURE);
}

static const struct notifier_way to_master = {
    .is_open = agentx_takes_notifications,
    .send = agentx_notify,
    .when_lost =
        "a notification was sent to the AgentX master, which went away before it answered: it may not have "
        "passed it on",
};

/* What is wrong by now is said to whoever starts us; then nobody waits for a master. */
static void start(void)
{
    static bool started;
    int error;

    if (started)
        return;
    started = true;
    settings_finish(&agent.settings);
    if ((error = publisher_new(&agent.settings, &agent.publisher)))
        die("preparing to scan", "", -error);
    serving_attach(&agent.serving, agent.publisher, agent.settings.interval_s);
    notifier_start(&agent.notifier, &to_master, publisher_events(agent.publisher), &agent.serving.notified,
                   agent.settings.notify_max, clock_ms());
    reduce_rights();
    if (!agent.command.foreground) {
        report_unreachable(&agent.report, agentx_address());
        become_daemon();
        make_leave_timer();
        if (ending) /* since before there was this timer */
            leave(SIGTERM);
    }
    write_pid();
    if ((error = publisher_start(agent.publisher, wake)))
        die("starting the scanner's thread", "", -error);
}

static void reload_if_asked(void)
{
    if (!hung_up)
        return;
    hung_up = 0;
    logs_reopen();
    service_reloading(&agent.service);
    reload(agent.publisher, agent.command.address, agent.command.config_file, agent.settings.user);
    service_reloaded(&agent.service);
}

static const char *master_state(void)
{
    switch (agentx_status().state) {
    case AGENTX_AWAY:
        return "no AgentX master";
    case AGENTX_JOINING:
        return "joining the AgentX master";
    case AGENTX_SERVING:
        return "serving the AgentX master";
    case AGENTX_REFUSED:
        return "the AgentX master refuses";
    }
    return "";
}

/* Milliseconds, -1 is for ever. */
static int earlier(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void loop(void)
{
    service_begin(&agent.service, clock_ms());
    while (!ending) {
        reload_if_asked();
        const int serving_ms = serving_refresh(&agent.serving, clock_ms());
        const int notify_ms = notifier_next(&agent.notifier, agent.serving.publication->notify_max, clock_ms());

        report_scans(&agent.scan_report, agent.serving.publication);
        look_at_connection();
        const int beat_ms = service_tell(&agent.service, agent.serving.publication, master_state(),
                                         publisher_scanning_since(agent.publisher), clock_ms());
        agentx_process(wake, earlier(earlier(serving_ms, notify_ms), beat_ms));
    }
}

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    agent.command = parse_options(argc, argv);
    agent.report = REPORT_NEW;
    agent.scan_report = (struct scan_report){
        .prefix = "", .grant = "run as root, or give them with AmbientCapabilities= of the systemd unit"};
    logs_begin();
    check_config_file(agent.command.config_file);
    open_pid_file(agent.command.pid_file);
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0)
        die("eventfd", "", errno);
    sd_notify_open();
    make_leave_timer();
    catch_signals();

    agentx_prepare(agent.command.address, agent.command.config_file, start);
    if (settings_register(&agent.settings) < 0)
        die("reading the configuration", "", ENOMEM);
    if (serving_start(&agent.serving) != 0 || !answers_register(&agent.serving))
        die("registering the objects", "", ENOMEM);
    agentx_connect();
    look_at_connection();
    loop();

    agentx_close();
    publisher_free(agent.publisher);
    serving_stop(&agent.serving);
    settings_free(&agent.settings);
    close(wake);
    remove_pid_file();
    return EXIT_SUCCESS;
}
