/* doctor_snmpd_conf.c - reads files in the form of net-snmp. Knows a few tokens of theirs. */
#include "doctor_snmpd_conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *snmpd_conf_line(struct snmpd_conf *conf, const struct words *words, bool *is_directory)
{
    if (words->count < 2)
        return NULL;
    if (words_begin_with(words, "master")) {
        conf->is_master |= strcasecmp(words->at[1], "agentx") == 0 || strcasecmp(words->at[1], "all") == 0 ||
                           strcasecmp(words->at[1], "yes") == 0 || strcasecmp(words->at[1], "on") == 0;
    } else if (words_begin_with(words, "agentxsocket")) {
        snprintf(conf->socket, sizeof(conf->socket), "%s", words->at[1]);
    } else if (words_begin_with(words, "dlmod")) {
        conf->has_module |= strcmp(words->at[1], "proctcp") == 0;
    } else if (words_begin_with(words, "includefile") || words_begin_with(words, "includedir")) {
        *is_directory = words_begin_with(words, "includedir");
        return words->at[1];
    }
    return NULL;
}

static void read_file(struct snmpd_conf *conf, const char *path, unsigned depth);

/* Relative names are looked for beside the file that has them. */
static void complete(const char *beside, const char *name, char *path, size_t size)
{
    const char *slash = strrchr(beside, '/');

    if (*name == '/' || !slash)
        snprintf(path, size, "%s", name);
    else
        snprintf(path, size, "%.*s/%s", (int)(slash - beside), beside, name);
}

static bool is_configuration(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return *entry->d_name != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static void read_directory(struct snmpd_conf *conf, const char *path, unsigned depth)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    char file[256];

    if (!directory && errno == EACCES)
        snprintf(conf->files.refused, sizeof(conf->files.refused), "%s", path);
    while (directory && !*conf->files.cut && (entry = readdir(directory))) {
        if (is_configuration(entry) &&
            (size_t)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) < sizeof(file))
            read_file(conf, file, depth);
    }
    if (directory)
        closedir(directory);
}

static void read_lines(struct snmpd_conf *conf, const char *path, const char *text, size_t length, unsigned depth)
{
    struct doctor_text left = {text, text + length};
    char line[DOCTOR_LINE_SIZE], included[256];
    bool is_directory = false;
    struct words words;

    while (doctor_file_line(&left, line)) {
        const char *name = words_split(line, true, &words) ? snmpd_conf_line(conf, &words, &is_directory) : NULL;
        if (!name || *conf->files.cut)
            continue;
        complete(path, name, included, sizeof(included));
        if (is_directory)
            read_directory(conf, included, depth + 1);
        else
            read_file(conf, included, depth + 1);
    }
}

static void read_file(struct snmpd_conf *conf, const char *path, unsigned depth)
{
    char *text;
    const ssize_t length = doctor_files_read(&conf->files, path, depth, &text);

    if (length >= 0)
        read_lines(conf, path, text, (size_t)length, depth);
    free(text);
}

void snmpd_conf_read(struct snmpd_conf *conf, const char *path)
{
    read_file(conf, path, 0);
}
