/* doctor_collectd.c - whether collectd has the plugin: on disk, by its configuration, and in the daemon that runs. */
#include "doctor.h"

#include "doctor_collectd_conf.h"
#include "doctor_daemons.h"
#include "doctor_file.h"
#include "doctor_remedies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLUGIN "proctcp.so"

struct collectd {
    struct daemons daemons;
    bool is_here;           /* the program, a process, or a configuration */
    const char *file;       /* its configuration, or NULL */
    int error;              /* of reading it: 0 or errno */
    char started_with[512]; /* -C of the daemon that runs */
    struct collectd_conf conf;
};

static void read_command_line(struct collectd *collectd, pid_t pid)
{
    char path[64], text[4096];

    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    const ssize_t length = doctor_file_read(path, text, sizeof(text));
    const char *end = text + (length > 0 ? length : 0);
    for (const char *word = text; word < end; word += strlen(word) + 1) {
        const char *next = word + strlen(word) + 1;
        if (strcmp(word, "-C") == 0 && next < end)
            snprintf(collectd->started_with, sizeof(collectd->started_with), "%s", next);
    }
}

static void find_configuration(struct collectd *collectd, const char *said)
{
    static const char *const usual[] = {"/etc/collectd/collectd.conf", "/etc/collectd.conf",
                                        "/opt/collectd/etc/collectd.conf"};

    collectd->file = said ? said : *collectd->started_with ? collectd->started_with : NULL;
    for (size_t i = 0; !collectd->file && i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (access(usual[i], F_OK) == 0)
            collectd->file = usual[i];
    }
    collectd_conf_begin(&collectd->conf);
    if (collectd->file)
        collectd->error = -collectd_conf_read(&collectd->conf, collectd->file);
}

static void check_collectd(const struct doctor *doctor, const struct collectd *collectd)
{
    struct finding finding = finding_begin("collectd");
    char pids[256];

    if (!collectd->is_here) {
        finding_say(&finding, FINDING_NONE, "no collectd here (Debian package collectd-core)");
    } else if (collectd->daemons.unsure && !collectd->daemons.count) {
        finding_say(&finding, FINDING_NONE, "process %d may not be looked into by you, and may be it or not",
                    (int)collectd->daemons.unsure);
        finding_remedy(&finding, "sudo proctcp doctor");
    } else if (!collectd->daemons.count) {
        finding_say(&finding, FINDING_MISSING, "installed, and no process collectd is seen");
        finding_remedy(&finding, "sudo systemctl enable --now collectd");
    } else {
        finding_say(&finding, FINDING_OK, "runs as process %s", daemons_text(&collectd->daemons, pids, sizeof(pids)));
    }
    doctor_tell(doctor, &finding);
}

/* Where make install puts it, with one PREFIX or the other. */
static const char *find_plugin(const char *beside)
{
    static const char *const places[] = {"/usr/local/lib/collectd", COLLECTD_PLUGINS, "/usr/lib64/collectd"};
    char path[512];

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s/" PLUGIN, places[i]);
        if (strcmp(places[i], beside) != 0 && access(path, F_OK) == 0)
            return places[i];
    }
    return NULL;
}

static void check_plugin(const struct doctor *doctor, const struct collectd *collectd)
{
    struct finding finding = finding_begin("collectd-plugin");
    const char *directory = collectd->conf.is_loaded ? collectd->conf.loaded_from : collectd->conf.directory;
    const char *elsewhere = find_plugin(directory);
    char path[512], escaped[FINDING_TEXT_SIZE];
    struct stat status;

    snprintf(path, sizeof(path), "%s/" PLUGIN, directory);
    finding_escape(path, escaped);
    if (!collectd->is_here) {
        finding_say(&finding, FINDING_NONE, "no collectd here");
    } else if (lstat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        finding_say(&finding, FINDING_OK, "%s is there", escaped);
    } else if (errno == EACCES) {
        finding_say(&finding, FINDING_NONE, "%s: %s", escaped, strerror(EACCES));
        finding_remedy(&finding, "sudo proctcp doctor");
    } else if (!collectd->conf.is_loaded && elsewhere) {
        finding_say(&finding, FINDING_OK, "%s/" PLUGIN " is there, and needs a PluginDir", elsewhere);
    } else if (elsewhere) {
        finding_say(&finding, FINDING_MISSING, "%s is not there, where LoadPlugin proctcp looks; %s/" PLUGIN " is",
                    escaped, elsewhere);
        finding_say(&finding, FINDING_MISSING, "in collectd.conf:");
        finding_remedy(&finding, "PluginDir \"%s\"", elsewhere);
        finding_remedy(&finding, "LoadPlugin proctcp");
        finding_remedy(&finding, "PluginDir \"" COLLECTD_PLUGINS "\"");
    } else {
        finding_say(&finding, FINDING_MISSING, "%s is not there%s", escaped,
                    lstat(path, &status) == 0 ? " as a file: collectd takes no symbolic links" : "");
        finding_say(&finding, FINDING_MISSING, "where proctcp was built, with collectd-dev:");
        if (strcmp(directory, COLLECTD_PLUGINS) == 0 && host_has_dpkg())
            suggest_installing(&finding, "collectd-plugin-proctcp");
        else
            finding_remedy_text(&finding, "make && sudo make install COLLECTDDIR=", directory, "");
    }
    doctor_tell(doctor, &finding);
}

static void suggest_loading(struct finding *finding, const char *directory)
{
    const char *elsewhere = find_plugin(directory);
    char path[512];

    snprintf(path, sizeof(path), "%s/" PLUGIN, directory);
    if (elsewhere && access(path, F_OK) < 0)
        finding_remedy(finding, "PluginDir \"%s\"", elsewhere);
    finding_remedy(finding, "LoadPlugin proctcp");
    if (elsewhere && access(path, F_OK) < 0)
        finding_remedy(finding, "PluginDir \"" COLLECTD_PLUGINS "\"");
    finding_remedy(finding, "sudo systemctl restart collectd");
}

static void check_conf(const struct doctor *doctor, const struct collectd *collectd)
{
    struct finding finding = finding_begin("collectd.conf");
    const struct collectd_conf *conf = &collectd->conf;
    char file[FINDING_TEXT_SIZE], plugin[FINDING_TEXT_SIZE], directory[FINDING_TEXT_SIZE];

    if (collectd->file)
        finding_escape(collectd->file, file);
    if (!collectd->is_here) {
        finding_say(&finding, FINDING_NONE, "no collectd here");
    } else if (!collectd->file) {
        finding_say(&finding, FINDING_MISSING, "there is no configuration in the usual places");
        finding_remedy(&finding, "proctcp doctor --collectd-conf FILE");
    } else if (collectd->error && *conf->files.refused) {
        finding_say(&finding, FINDING_NONE, "%s may not be read by you", file);
        finding_remedy(&finding, "sudo proctcp doctor");
    } else if (collectd->error) {
        finding_say(&finding, FINDING_MISSING, "%s: %s", file, strerror(collectd->error));
        finding_remedy(&finding, "proctcp doctor --collectd-conf FILE");
    } else if (!conf->is_loaded && *conf->files.cut) {
        finding_say(&finding, FINDING_NONE, "%s: too large to be read whole", finding_escape(conf->files.cut, plugin));
    } else if (!conf->is_loaded) {
        finding_say(&finding, FINDING_MISSING, "%s does not load the plugin%s; there:", file,
                    conf->has_block ? ", though it has a block <Plugin proctcp>" : "");
        if (*conf->files.refused)
            finding_say(&finding, FINDING_MISSING, "(%s, which it includes, may not be read by you)",
                        finding_escape(conf->files.refused, plugin));
        suggest_loading(&finding, conf->directory);
    } else if (*conf->missing) {
        finding_say(&finding, FINDING_WARNING, "behind LoadPlugin proctcp collectd looks for %s in %s, where it is not",
                    finding_escape(conf->missing, plugin), finding_escape(conf->missing_from, directory));
        finding_say(&finding, FINDING_WARNING, "in %s, behind LoadPlugin proctcp:", file);
        finding_remedy(&finding, "PluginDir \"" COLLECTD_PLUGINS "\"");
    } else {
        finding_say(&finding, FINDING_OK, "%s loads the plugin", file);
    }
    doctor_tell(doctor, &finding);
}

static void check_daemon(const struct doctor *doctor, const struct collectd *collectd)
{
    struct finding finding = finding_begin("collectd-daemon");

    if (!collectd->daemons.count)
        finding_say(&finding, FINDING_NONE,
                    collectd->daemons.unsure ? "which process it is may not be seen by you" : "no collectd runs");
    for (size_t i = 0; i < collectd->daemons.count; i++) {
        const int pid = (int)collectd->daemons.pid[i];
        switch (daemons_library(pid, PLUGIN)) {
        case DAEMON_CURRENT:
        case DAEMON_REPLACED: /* of which doctor_stale.c tells */
            finding_say(&finding, FINDING_OK, "process %d has the plugin loaded", pid);
            break;
        case DAEMON_ABSENT:
            finding_say(&finding, FINDING_MISSING, "process %d does not have the plugin loaded", pid);
            finding_remedy(&finding, "sudo systemctl restart collectd   # and see its log");
            break;
        case DAEMON_UNSEEN:
            finding_say(&finding, FINDING_NONE, "process %d may not be looked into by you", pid);
            finding_remedy(&finding, "sudo proctcp doctor");
            break;
        }
    }
    doctor_tell(doctor, &finding);
}

void doctor_check_collectd(const struct doctor *doctor)
{
    static struct collectd collectd;
    char program[512];

    collectd.daemons = daemons_find("collectd");
    if (collectd.daemons.is_trusted)
        read_command_line(&collectd, collectd.daemons.pid[0]);
    find_configuration(&collectd, doctor->settings->collectd_conf);
    collectd.is_here = collectd.daemons.count || collectd.daemons.unsure || collectd.file ||
                       doctor_file_find_program("collectd", program, sizeof(program));
    check_collectd(doctor, &collectd);
    check_plugin(doctor, &collectd);
    check_conf(doctor, &collectd);
    check_daemon(doctor, &collectd);
}
