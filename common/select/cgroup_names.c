/* cgroup_names.c - the path of a cgroup to a systemd unit and to a container. Knows how systemd and the container
 * runtimes name cgroups; nothing of processes. */
#include "select/cgroup_names.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ID_DIGITS    64
#define SHOWN_DIGITS 12

struct component {
    const char *at;
    size_t length;
};

/* The next one of a path; false: there is none. */
static bool next_component(const char **path, struct component *component)
{
    while (**path == '/')
        ++*path;
    *component = (struct component){*path, strcspn(*path, "/")};
    *path += component->length;
    return component->length != 0;
}

static bool begins_with(const struct component *component, const char *text)
{
    const size_t length = strlen(text);
    return component->length > length && memcmp(component->at, text, length) == 0;
}

static bool ends_with(const struct component *component, const char *text)
{
    const size_t length = strlen(text);
    return component->length > length && memcmp(component->at + component->length - length, text, length) == 0;
}

static void copy(const struct component *component, char to[CGROUP_NAME_SIZE])
{
    const size_t length = component->length < CGROUP_NAME_SIZE ? component->length : CGROUP_NAME_SIZE - 1;

    memcpy(to, component->at, length);
    to[length] = '\0';
}

/* ---- units ---- */

/* Kinds of units that processes run in, but for slices, which hold other units. */
static bool is_unit(const struct component *component)
{
    static const char *const kinds[] = {".service", ".scope", ".socket", ".mount", ".swap"};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (ends_with(component, kinds[i]))
            return true;
    }
    return false;
}

/* The first component that is no slice, if it is a unit. A name that might be taken for a file of the kernel's has an
 * underscore put before it. */
static bool next_unit(const char **path, struct component *unit)
{
    do {
        if (!next_component(path, unit))
            return false;
    } while (ends_with(unit, ".slice"));
    if (unit->at[0] == '_') {
        unit->at++;
        unit->length--;
    }
    return is_unit(unit);
}

bool cgroup_unit(const char *path, char unit[CGROUP_NAME_SIZE])
{
    struct component found, of_user;

    if (!next_unit(&path, &found))
        return false;
    /* A user's manager, user@1000.service, has units of its own. */
    if (begins_with(&found, "user@") && ends_with(&found, ".service") && next_unit(&path, &of_user))
        found = of_user;
    copy(&found, unit);
    return true;
}

/* ---- containers ---- */

static bool is_id(const char *text, size_t length)
{
    return length == ID_DIGITS && strspn(text, "0123456789abcdef") >= ID_DIGITS;
}

/* 5cf9..., docker-5cf9....scope, crio-5cf9..., or kubepods-pod7.slice:cri-containerd:5cf9... */
static bool find_id(const struct component *component, const char **id)
{
    static const char *const prefixes[] = {"", "docker-", "cri-containerd-", "crio-", "libpod-", "nerdctl-"};
    const char *colon = memrchr(component->at, ':', component->length);
    struct component rest = *component;

    if (ends_with(&rest, ".scope"))
        rest.length -= strlen(".scope");
    if (colon) {
        *id = colon + 1;
        return is_id(*id, (size_t)(rest.at + rest.length - *id));
    }
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        const size_t length = strlen(prefixes[i]);
        *id = rest.at + length;
        if (rest.length == length + ID_DIGITS && memcmp(rest.at, prefixes[i], length) == 0 && is_id(*id, ID_DIGITS))
            return true;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* systemd writes what may not stand in the name of a unit as \x2d. */
static void unescape(char *text)
{
    char *to = text;

    while (*text) {
        int high, low;
        if (text[0] == '\\' && text[1] == 'x' && (high = hex_digit(text[2])) >= 0 && (low = hex_digit(text[3])) >= 0 &&
            (high || low)) {
            *to++ = (char)(high << 4 | low);
            text += 4;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

/* machine-web.scope and systemd-nspawn@web.service of systemd-nspawn, lxc.payload.web of LXC. A virtual machine is no
 * container. */
static bool find_name(const struct component *component, char name[CGROUP_NAME_SIZE])
{
    static const struct {
        const char *before, *behind;
    } forms[] = {{"machine-", ".scope"}, {"systemd-nspawn@", ".service"}, {"lxc.payload.", ""}};

    for (size_t i = 0; i < COUNT(forms); i++) {
        const size_t before = strlen(forms[i].before), behind = strlen(forms[i].behind);
        struct component rest = *component;
        if (!begins_with(component, forms[i].before) || (behind && !ends_with(component, forms[i].behind)) ||
            component->length <= before + behind)
            continue;
        rest.at += before;
        rest.length -= before + behind;
        copy(&rest, name);
        unescape(name);
        return strncmp(name, "qemu-", strlen("qemu-")) != 0;
    }
    return false;
}

/* The outermost: it is the one that the host's own runtime knows. */
bool cgroup_container(const char *path, char container[CGROUP_NAME_SIZE])
{
    struct component component;

    while (next_component(&path, &component)) {
        const char *id;
        if (find_id(&component, &id)) {
            memcpy(container, id, SHOWN_DIGITS);
            container[SHOWN_DIGITS] = '\0';
            return true;
        }
        if (find_name(&component, container))
            return true;
    }
    return false;
}
