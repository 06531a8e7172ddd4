/* doctor_collectd_conf.c - reads collectd.conf as far as it loads plugins: the order of PluginDir and LoadPlugin
 * counts. */
#include "doctor_collectd_conf.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

void collectd_conf_begin(struct collectd_conf *conf)
{
    memset(conf, 0, sizeof(*conf));
    snprintf(conf->directory, sizeof(conf->directory), "%s", COLLECTD_PLUGINS);
}

/* The second word of a line such as LoadPlugin "proctcp" or <Plugin "proctcp">. */
static void take_argument(const struct words *words, char *argument, size_t size)
{
    size_t length;

    snprintf(argument, size, "%s", words->count > 1 ? words->at[1] : "");
    length = strlen(argument);
    if (words->at[0][0] == '<' && length && argument[length - 1] == '>')
        argument[length - 1] = '\0';
}

static void load(struct collectd_conf *conf, const char *plugin)
{
    char path[512];

    if (strcasecmp(plugin, "proctcp") == 0 && !conf->is_loaded) {
        conf->is_loaded = true;
        snprintf(conf->loaded_from, sizeof(conf->loaded_from), "%s", conf->directory);
        return;
    }
    /* Before it, what is missing is none of our business. */
    if (!conf->is_loaded || *conf->missing || strchr(plugin, '/') || strlen(plugin) >= sizeof(conf->missing))
        return;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s.so", conf->directory, plugin) < sizeof(path) &&
        access(path, F_OK) < 0 && errno == ENOENT) {
        snprintf(conf->missing, sizeof(conf->missing), "%s", plugin);
        snprintf(conf->missing_from, sizeof(conf->missing_from), "%s", conf->directory);
    }
}

static bool is_true(const char *word)
{
    return strcasecmp(word, "true") == 0 || strcasecmp(word, "yes") == 0 || strcasecmp(word, "on") == 0;
}

/* <Plugin proctcp>, <LoadPlugin proctcp>, <Include "/etc/collectd.d"> */
static void open_block(struct collectd_conf *conf, const char *name, const char *argument)
{
    if (conf->depth++)
        return;
    if (strcasecmp(name, "LoadPlugin") == 0)
        load(conf, argument);
    if (strcasecmp(name, "Plugin") == 0 && strcasecmp(argument, "proctcp") == 0) {
        conf->has_block = true;
        if (conf->auto_loads)
            load(conf, argument);
    }
    if (strcasecmp(name, "Include") == 0) {
        conf->is_including = true;
        conf->filter[0] = '\0';
        snprintf(conf->include, sizeof(conf->include), "%s", argument);
    }
}

/* Returns whether it was one that includes. */
static bool close_block(struct collectd_conf *conf)
{
    const bool includes = conf->depth == 1 && conf->is_including;

    if (conf->depth)
        conf->depth--;
    if (includes)
        conf->is_including = false;
    return includes;
}

bool collectd_conf_line(struct collectd_conf *conf, const struct words *words)
{
    char argument[256];

    if (!words->count)
        return false;
    take_argument(words, argument, sizeof(argument));
    if (strncmp(words->at[0], "</", 2) == 0)
        return close_block(conf);
    if (words->at[0][0] == '<') {
        open_block(conf, words->at[0] + 1, argument);
        return false;
    }
    if (conf->is_including && words_begin_with(words, "Filter"))
        snprintf(conf->filter, sizeof(conf->filter), "%s", argument);
    if (conf->depth)
        return false;
    if (words_begin_with(words, "PluginDir"))
        snprintf(conf->directory, sizeof(conf->directory), "%s", argument);
    if (words_begin_with(words, "AutoLoadPlugin"))
        conf->auto_loads = is_true(argument);
    if (words_begin_with(words, "LoadPlugin"))
        load(conf, argument);
    if (!words_begin_with(words, "Include"))
        return false;
    conf->filter[0] = '\0';
    snprintf(conf->include, sizeof(conf->include), "%s", argument);
    return true;
}

static int read_file(struct collectd_conf *conf, const char *path, unsigned level);
static void read_pattern(struct collectd_conf *conf, const char *pattern, const char *filter, unsigned level);

static void read_place(struct collectd_conf *conf, const char *path, const char *filter, unsigned level)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct stat status;
    char below[512];

    if (stat(path, &status) < 0)
        return;
    if (level > DOCTOR_DEPTH_MAX)
        snprintf(conf->files.cut, sizeof(conf->files.cut), "%s", path);
    else if (S_ISDIR(status.st_mode)) {
        if ((size_t)snprintf(below, sizeof(below), "%s/*", path) < sizeof(below))
            read_pattern(conf, below, filter, level + 1);
    } else if (!*filter || fnmatch(filter, name, FNM_PERIOD) == 0) {
        read_file(conf, path, level + 1);
    }
}

/* In the order of their names, as collectd does. */
static void read_pattern(struct collectd_conf *conf, const char *pattern, const char *filter, unsigned level)
{
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc && !*conf->files.cut; i++)
        read_place(conf, found.gl_pathv[i], filter, level);
    globfree(&found);
}

/* Whether the next line belongs to it: it ends with a \, outside of a comment. */
static bool is_continued(const char *line)
{
    bool is_quoted = false;

    for (; *line; line++) {
        if (*line == '#' && !is_quoted)
            return false;
        if (*line == '\\' && line[1] == '\0')
            return true;
        if (*line == '\\')
            line++;
        else if (*line == '"')
            is_quoted = !is_quoted;
    }
    return false;
}

/* LoadPlugin \
 *     proctcp */
static void join_lines(char line[DOCTOR_LINE_SIZE], struct doctor_text *left)
{
    char next[DOCTOR_LINE_SIZE];

    while (is_continued(line) && doctor_file_line(left, next)) {
        const size_t length = strlen(line) - 1;
        snprintf(line + length, DOCTOR_LINE_SIZE - length, "%s", next);
    }
}

static void read_lines(struct collectd_conf *conf, const char *text, size_t length, unsigned level)
{
    struct doctor_text left = {text, text + length};
    char line[DOCTOR_LINE_SIZE], include[256], filter[64];
    struct words words;

    while (doctor_file_line(&left, line)) {
        join_lines(line, &left);
        if (!words_split(line, true, &words) || !collectd_conf_line(conf, &words) || *conf->files.cut)
            continue;
        snprintf(include, sizeof(include), "%s", conf->include);
        snprintf(filter, sizeof(filter), "%s", conf->filter);
        read_pattern(conf, include, filter, level);
    }
}

static int read_file(struct collectd_conf *conf, const char *path, unsigned level)
{
    char *text;
    const ssize_t length = doctor_files_read(&conf->files, path, level, &text);

    if (length >= 0)
        read_lines(conf, text, (size_t)length, level);
    free(text);
    return length < 0 ? (int)length : 0;
}

int collectd_conf_read(struct collectd_conf *conf, const char *path)
{
    return read_file(conf, path, 0);
}
