/* logs.c - where messages go: what -L says, else standard error, and syslog in the background. */
#include "logs.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_chosen;

bool logs_option(const char *program, char *argument, int argc, char **argv)
{
    snmp_log_syslogname(program);
    is_chosen = true;
    return snmp_log_options(argument, argc, argv) >= 0;
}

void logs_begin(void)
{
    if (!is_chosen)
        snmp_enable_stderrlog();
}

int logs_daemonize(const char *program)
{
    if (netsnmp_daemonize(1, is_chosen && snmp_stderrlog_status()) != 0)
        return -1;
    if (!is_chosen) {
        snmp_disable_stderrlog();
        snmp_enable_syslog_ident(program, LOG_DAEMON);
    }
    return 0;
}

/* net-snmp closes the file first, and would log nothing any more. */
static bool can_open(const char *name)
{
    const int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

void logs_reopen(void)
{
    for (const netsnmp_log_handler *target = get_logh_head(); target; target = target->next) {
        if (target->type != NETSNMP_LOGHANDLER_FILE || !target->token || can_open(target->token))
            continue;
        snmp_log(LOG_ERR, "SIGHUP: cannot write %s: %s; the former file is written on\n", target->token,
                 strerror(errno));
        return;
    }
    netsnmp_logging_restart();
}
