/* doctor_collectd_conf.h - what collectd.conf says of plugins. */
#ifndef PROCTCP_CLI_DOCTOR_COLLECTD_CONF_H
#define PROCTCP_CLI_DOCTOR_COLLECTD_CONF_H

#include "doctor_file.h"
#include "doctor_words.h"

#ifndef COLLECTD_PLUGINS                     /* the Makefile says it */
#define COLLECTD_PLUGINS "/usr/lib/collectd" /* where it looks without a PluginDir */
#endif

struct collectd_conf {
    char directory[256]; /* PluginDir, as far as the file was read */
    bool auto_loads;     /* AutoLoadPlugin true */
    bool is_loaded;      /* LoadPlugin proctcp, or its block with AutoLoadPlugin */
    bool has_block;      /* <Plugin proctcp> */
    char loaded_from[256];
    char missing[64]; /* a plugin that does not stand in the PluginDir of its LoadPlugin; "": none */
    char missing_from[256];
    struct doctor_files files;
    /* Of the block that is open. */
    unsigned depth;
    bool is_including; /* <Include "..."> */
    char include[256], filter[64];
};

void collectd_conf_begin(struct collectd_conf *conf);
/* Adds what a line says. true: conf->include is to be read now, of a directory what conf->filter matches; "": all. */
bool collectd_conf_line(struct collectd_conf *conf, const struct words *words);
/* Adds a file and what it includes; bounded. Returns 0 or -errno. */
int collectd_conf_read(struct collectd_conf *conf, const char *path);

#endif
