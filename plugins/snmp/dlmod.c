/* dlmod.c - proctcp within snmpd: loaded by a dlmod line of snmpd.conf, it answers without a subagent between. Knows
 * what snmpd calls, and when: what is loaded while snmpd reads its configuration begins its work when snmpd has gone to
 * the background and has become its user. */
#include "answers.h"
#include "clock.h"
#include "notifier.h"
#include "publisher.h"
#include "report_scans.h"
#include "serving.h"
#include "settings.h"
#include "varbinds.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <errno.h>
#include <malloc.h>
#include <net-snmp/agent/agent_trap.h>
#include <net-snmp/library/fd_event_manager.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Found by snmpd by the name in its dlmod line. */
__attribute__((visibility("default"))) void init_proctcp(void);
__attribute__((visibility("default"))) void deinit_proctcp(void);

static struct {
    struct settings *settings;
    struct scan_report report;
    struct publisher *publisher; /* NULL: not begun, or it could not be */
    struct serving serving;
    struct notifier notifier;
    int wake;
    unsigned alarm; /* 0: none */
    bool is_loaded;
    bool is_idle; /* somebody else has the objects */
} module;

static bool is_open(void)
{
    return true;
}

static bool pass_on(unsigned long number, const struct notification *notification, void (*answered)(long error))
{
    netsnmp_variable_list *list = varbinds_of(number, notification);

    if (!list)
        return false;
    send_v2trap(list);
    snmp_free_varbind(list);
    answered(SNMP_ERR_NOERROR);
    return true;
}

static const struct notifier_way by_snmpd = {
    .is_open = is_open,
    .send = pass_on,
    .when_lost = "proctcp: out of memory: a notification was not sent",
};

static void look(unsigned alarm, void *ignored);

/* Milliseconds, -1 is never. No alarm is set. */
static void look_again_in(int milliseconds)
{
    struct timeval in = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};

    module.alarm = milliseconds < 0 ? 0 : snmp_alarm_register_hr(in, 0, look, NULL);
}

/* After a scan, and as long as something is put off. */
static void look(unsigned alarm, void *ignored)
{
    int serving_ms, notify_ms;

    (void)alarm, (void)ignored;
    module.alarm = 0; /* it is over */
    serving_ms = serving_refresh(&module.serving, clock_ms());
    do {
        notify_ms = notifier_next(&module.notifier, module.serving.publication->notify_max, clock_ms());
    } while (notify_ms == 0);
    report_scans(&module.report, module.serving.publication);
    look_again_in(serving_ms < 0 || (notify_ms >= 0 && notify_ms < serving_ms) ? notify_ms : serving_ms);
}

static void woken(int descriptor, void *ignored)
{
    eventfd_t count;

    (void)ignored;
    eventfd_read(descriptor, &count);
    if (module.alarm)
        snmp_alarm_unregister(module.alarm);
    look(0, NULL);
}

static void say(const char *what, int error)
{
    snmp_log(LOG_ERR, "proctcp: %s: %s; nothing is served\n", what, strerror(error));
}

/* The first that snmpd does in its loop. */
static void begin(unsigned alarm, void *ignored)
{
    int error;

    (void)alarm, (void)ignored;
    module.alarm = 0;
    settings_finish(module.settings);
    if ((error = publisher_new(module.settings, &module.publisher))) {
        say("preparing to scan", -error);
        return;
    }
    serving_attach(&module.serving, module.publisher, module.settings->interval_s);
    notifier_start(&module.notifier, &by_snmpd, publisher_events(module.publisher), &module.serving.notified,
                   module.settings->notify_max, clock_ms());
    if (register_readfd(module.wake, woken, NULL) != FD_REGISTERED_OK) {
        say("waiting for scans", EMFILE);
        return;
    }
    if ((error = publisher_start(module.publisher, module.wake)))
        say("starting the scanner's thread", -error);
}

static bool load(void)
{
    module.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (module.wake < 0) {
        say("eventfd", errno);
        return false;
    }
    module.settings = calloc(1, sizeof(*module.settings));
    if (!module.settings || settings_register_in_snmpd(module.settings) < 0 || serving_start(&module.serving) != 0) {
        say("loading", ENOMEM);
        return false;
    }
    module.is_idle = !answers_register(&module.serving);
    if (module.is_idle)
        snmp_log(LOG_ERR,
                 "proctcp: the objects could not be registered: is proctcp-agentx connected, too? End one of "
                 "them; the module looks again when snmpd gets a SIGHUP\n");
    return true;
}

/* What a scan uses until it ends. */
struct leaving {
    struct publisher *publisher;
    struct settings *settings;
    int wake;
};

static void *leave(void *argument)
{
    struct leaving *leaving = argument;

    publisher_free(leaving->publisher);
    if (leaving->settings)
        settings_free(leaving->settings);
    free(leaving->settings);
    if (leaving->wake >= 0)
        close(leaving->wake);
    free(leaving);
    malloc_trim(0); /* each scanner's thread may have had a heap of its own */
    return NULL;
}

/* A scan that is under way may take long, and snmpd has others to answer: a thread waits for it. */
static void leave_behind(void)
{
    struct leaving *leaving = malloc(sizeof(*leaving));
    pthread_t thread;
    sigset_t all, before;
    int error;

    if (!leaving)
        return;
    *leaving = (struct leaving){module.publisher, module.settings, module.wake};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, NULL, leave, leaving);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        leave(leaving);
    else
        pthread_detach(thread);
}

static void unload(void)
{
    if (module.alarm)
        snmp_alarm_unregister(module.alarm);
    answers_unregister();
    settings_unregister_in_snmpd();
    if (module.publisher)
        unregister_readfd(module.wake);
    serving_stop(&module.serving);
    leave_behind();
}

void init_proctcp(void)
{
    if (module.is_loaded) {
        snmp_log(LOG_ERR, "proctcp: it is loaded already: one dlmod line is enough\n");
        return;
    }
    memset(&module, 0, sizeof(module));
    module.report = (struct scan_report){
        .prefix = "proctcp: ",
        .grant = "snmpd's user has none: load proctcp-bpf(8) for a group of it, or serve by proctcp-agentx(8)"};
    module.is_loaded = load();
    if (!module.is_loaded)
        unload();
    else if (!module.is_idle)
        module.alarm = snmp_alarm_register_hr((struct timeval){.tv_usec = 1000}, 0, begin, NULL);
}

void deinit_proctcp(void)
{
    if (module.is_loaded)
        unload();
    module.is_loaded = false;
}
