/* doctor_remedies.c - what kind of host this is, as far as it changes what is to be done. Knows nothing of checks. */
#include "doctor_remedies.h"

#include "doctor_file.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool host_has_unit(const char *name)
{
    static const char *const places[] = {"/etc/systemd/system", "/usr/local/lib/systemd/system",
                                         "/usr/lib/systemd/system", "/lib/systemd/system"};
    char path[128];

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s.service", places[i], name);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

bool host_has_dpkg(void)
{
    return access("/usr/bin/dpkg", F_OK) == 0;
}

void suggest_installing(struct finding *finding, const char *package)
{
    if (host_has_dpkg())
        finding_remedy(finding, "make deb && sudo apt-get install ./build/deb/%s_*.deb", package);
    else
        finding_remedy(finding, "make && sudo make install");
}

static const char *name_or_number(const char *name, unsigned number, char text[64])
{
    if (name && strlen(name) < 64 && finding_is_plain(name))
        snprintf(text, 64, "%s", name);
    else
        snprintf(text, 64, "%u", number);
    return text;
}

const char *host_user(uid_t uid, char text[64])
{
    const struct passwd *user = getpwuid(uid);
    return name_or_number(user ? user->pw_name : NULL, uid, text);
}

const char *host_group(gid_t gid, char text[64])
{
    const struct group *group = getgrgid(gid);
    return name_or_number(group ? group->gr_name : NULL, gid, text);
}

bool host_is_debian(const char *os_release)
{
    struct doctor_text left = {os_release, os_release + strlen(os_release)};
    char line[DOCTOR_LINE_SIZE];
    bool is_debian = false;

    while (doctor_file_line(&left, line))
        is_debian |= strcmp(line, "ID=debian") == 0 || strcmp(line, "ID=\"debian\"") == 0;
    return is_debian;
}
