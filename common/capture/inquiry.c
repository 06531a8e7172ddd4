/* inquiry.c - what every question of a scan needs: errors counted and named, listings, links, limits. Knows nothing of
 * what is asked for. */
#include "capture/inquiry.h"

#include "base/cursor.h"
#include "capture/guard.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void name_failure(struct inquiry *inquiry, int error, const char *path_format, va_list arguments)
{
    struct capture *capture = inquiry->capture;
    char path[128], reason[64];

    if (capture->failure[0])
        return;
    vsnprintf(path, sizeof(path), path_format, arguments);
    const char *why = error == EBADMSG ? "not understood" : strerror_r(error, reason, sizeof(reason));
    if (*path == '(') /* no file */
        snprintf(capture->failure, sizeof(capture->failure), "%.*s: %s", (int)strlen(path) - 2, path + 1, why);
    else
        snprintf(capture->failure, sizeof(capture->failure), "%s%s%s: %s", inquiry->config->root, *path ? "/" : "",
                 path, why);
}

void inquiry_failed(struct inquiry *inquiry, int error, const char *path_format, ...)
{
    va_list arguments;
    va_start(arguments, path_format);
    name_failure(inquiry, error, path_format, arguments);
    va_end(arguments);
}

void inquiry_count_error(struct inquiry *inquiry, int error, const char *path_format, ...)
{
    struct proctcp_stats *stats = &inquiry->capture->stats;
    va_list arguments;

    switch (error) {
    case ENOENT:
    case ESRCH:
        stats->vanished++;
        return;
    case EACCES:
    case EPERM:
        stats->denied++;
        break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case EDQUOT:
        stats->exhausted++;
        break;
    default:
        stats->failed++;
    }
    va_start(arguments, path_format);
    name_failure(inquiry, error, path_format, arguments);
    va_end(arguments);
}

bool inquiry_within_limit(struct usages *usages, uint32_t uid, uint32_t more, uint32_t limit)
{
    uint64_t *slot;

    if (!hash_reserve(&usages->by_uid, (uint64_t)usages->users + 1))
        return true;
    slot = hash_place(&usages->by_uid, uid);
    if (*slot == UINT64_MAX) {
        *slot = (uint64_t)uid << 32;
        usages->users++;
    }
    if ((uint32_t)*slot > limit)
        return false;
    *slot += more; /* far from carrying into the key: both are small */
    return (uint32_t)*slot <= limit;
}

uint32_t inquiry_netns_link(struct inquiry *inquiry, int directory, const char *path)
{
    char link[32];
    ssize_t length = GUARD_CALL(inquiry, readlinkat(directory, path, link, sizeof(link)));
    struct cursor c = {link, link + (length > 0 ? length : 0)};
    uint32_t inode;

    return cursor_text(&c, "net:[") && cursor_dec32(&c, &inode) && cursor_expect(&c, ']') ? inode : 0;
}

bool inquiry_parse_socket_link(const char *link, size_t length, uint32_t *inode)
{
    static const char before[8] = "socket:[";
    struct cursor c = {link + sizeof(before), link + length};

    return length > sizeof(before) && memcmp(link, before, sizeof(before)) == 0 && cursor_dec32(&c, inode) &&
           cursor_expect(&c, ']') && c.at == c.end;
}

bool inquiry_parse_number(const char *name, int32_t *number)
{
    struct cursor c = {name, name + strlen(name)};
    bool canonical = name[0] >= '0' && name[0] <= '9' && (name[0] != '0' || name[1] == '\0');
    return canonical && cursor_signed32(&c, number) && c.at == c.end;
}

const struct directory_entry *listing_next(struct listing *listing)
{
    const struct directory_entry *entry;

    if (listing->position >= listing->filled) {
        listing->filled = syscall(SYS_getdents64, listing->fd, listing->buffer, listing->size);
        listing->position = 0;
        if (listing->filled < 0)
            listing->error = inquiry_errno();
        if (listing->filled <= 0)
            return NULL;
    }
    entry = (const struct directory_entry *)(const void *)(listing->buffer + listing->position);
    listing->position += entry->length;
    return entry;
}

uint64_t inquiry_ticks(const struct inquiry *inquiry)
{
    const uint32_t hz = inquiry->config->hz;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec / (1000000000u / hz);
}

uint64_t inquiry_microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint32_t inquiry_milliseconds(void)
{
    return (uint32_t)(inquiry_microseconds() / 1000);
}

bool inquiry_is_runnable(int child)
{
    char path[32], text[512];
    const char *end = NULL;
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", child);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof(text));
    close(fd);
    if (length > 0)
        end = memrchr(text, ')', (size_t)length);
    return end && end + 2 < text + length && end[2] == 'R';
}
