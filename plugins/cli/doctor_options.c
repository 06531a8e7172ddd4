/* doctor_options.c - the command line of proctcp doctor into settings. */
#include "doctor_options.h"

#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: proctcp doctor [OPTION]...\n"
    "Checks what proctcp needs on this host, in order: kernel, sources, rights, AgentX, SNMP, MIB, collectd, "
    "versions.\n"
    "Each check says ok, warning, missing or none (it does not apply here), what was found, and the remedy to copy.\n"
    "\n"
    "  -o FORM                table (default) or json (one object per check and line)\n"
    "  --agentx ADDRESS       of the AgentX master (default: agentXSocket of /etc/snmp/proctcp.conf, else\n"
    "                         /run/agentx/master if it is there, else /var/agentx/master)\n"
    "  --snmp ARGUMENTS       of snmpget, the agent last: '-v2c -c public localhost' (default)\n"
    "  --collectd-conf FILE   (default: /etc/collectd/collectd.conf, else /etc/collectd.conf)\n"
    "  -h, --help             print this\n"
    "\n"
    "Exit status: 0 every check is ok or none, 1 something is missing or a warning, 2 usage.\n";

static bool complain_of(const char *what, const char *word)
{
    fprintf(stderr, "proctcp: doctor: \"%s\" %s; proctcp doctor --help lists the options\n", word, what);
    return false;
}

static bool set_form(struct doctor_settings *settings, const char *form)
{
    settings->is_json = strcmp(form, "json") == 0;
    return settings->is_json || strcmp(form, "table") == 0 || complain_of("is no form: give table or json", form);
}

bool doctor_options_parse(int argc, char **argv, struct doctor_settings *settings, int *status)
{
    enum { AGENTX = 256, SNMP, COLLECTD_CONF };
    static const struct option options[] = {{"agentx", required_argument, NULL, AGENTX},
                                            {"snmp", required_argument, NULL, SNMP},
                                            {"collectd-conf", required_argument, NULL, COLLECTD_CONF},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, at;

    *status = STATUS_USAGE;
    while (at = optind, (option = getopt_long(argc, argv, "+:o:h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            *status = STATUS_READ;
            return false;
        case 'o':
            if (!set_form(settings, optarg))
                return false;
            break;
        case AGENTX:
            settings->agentx = optarg;
            break;
        case SNMP:
            settings->snmp = optarg;
            break;
        case COLLECTD_CONF:
            settings->collectd_conf = optarg;
            break;
        default:
            return complain_of(option == ':' ? "needs a value" : "is no option", argv[at]);
        }
    }
    if (optind < argc)
        return complain_of("is no option", argv[optind]);
    if (settings->agentx && !*settings->agentx)
        return complain_of("is no address: give one as unix:/run/agentx/master", settings->agentx);
    return true;
}
