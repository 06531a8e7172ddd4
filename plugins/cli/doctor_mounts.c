/* doctor_mounts.c - parses mountinfo. Knows the options of proc; nothing of what they hide from whom. */
#include "doctor_mounts.h"

#include "doctor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies the field that text begins with, and returns what follows the blank behind it; NULL: the line ends. */
static const char *take_field(const char *text, char *field, size_t size)
{
    const size_t length = strcspn(text, " ");
    snprintf(field, size, "%.*s", (int)length, text);
    return text[length] ? text + length + 1 : NULL;
}

static const char *skip_fields(const char *text, unsigned count)
{
    for (; text && count; count--) {
        text = strchr(text, ' ');
        text = text ? text + 1 : NULL;
    }
    return text;
}

/* "hidepid=invisible", before Linux 5.8 "hidepid=2". */
static enum hidepid parse_hidepid(const char *value)
{
    if (strcmp(value, "1") == 0 || strcmp(value, "noaccess") == 0)
        return HIDEPID_NOACCESS;
    if (strcmp(value, "2") == 0 || strcmp(value, "invisible") == 0)
        return HIDEPID_INVISIBLE;
    return strcmp(value, "4") == 0 || strcmp(value, "ptraceable") == 0 ? HIDEPID_PTRACEABLE : HIDEPID_OFF;
}

static void take_options(char *options, struct mount *mount)
{
    char *rest = options, *option;

    while ((option = strsep(&rest, ","))) {
        if (strncmp(option, "hidepid=", 8) == 0)
            mount->hidepid = parse_hidepid(option + 8);
        if (strncmp(option, "gid=", 4) == 0) {
            mount->has_gid = true;
            mount->gid = (unsigned)strtoul(option + 4, NULL, 10);
        }
    }
}

/* 36 35 98:0 / /mnt/parent rw,noatime master:1 - proc proc rw,gid=4,hidepid=invisible */
bool mounts_parse(const char *line, struct mount *mount)
{
    const char *at = skip_fields(line, 4);
    char options[512];

    *mount = (struct mount){.hidepid = HIDEPID_OFF};
    if (!at)
        return false;
    at = take_field(at, mount->point, sizeof(mount->point));
    at = at ? strstr(at, " - ") : NULL;
    at = at ? take_field(at + 3, mount->type, sizeof(mount->type)) : NULL;
    at = skip_fields(at, 1);
    if (!at)
        return false;
    take_field(at, options, sizeof(options));
    if (strcmp(mount->type, "proc") == 0)
        take_options(options, mount);
    return true;
}

bool mounts_find(const char *point, struct mount *mount)
{
    static char text[1 << 20];
    const ssize_t length = doctor_file_read("/proc/self/mountinfo", text, sizeof(text));
    struct doctor_text left = {text, text + (length > 0 ? length : 0)};
    char line[DOCTOR_LINE_SIZE];
    struct mount found;
    bool any = false;

    while (doctor_file_line(&left, line)) {
        if (!mounts_parse(line, &found) || strcmp(found.point, point) != 0)
            continue;
        *mount = found;
        any = true;
    }
    return any;
}
