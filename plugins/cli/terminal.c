/* terminal.c - what stands at the other end of standard output, as the environment and the kernel tell. */
#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MAX 10000

unsigned terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    char *end;

    /* An exported COLUMNS must not cut what a script reads through a pipe. */
    if (!isatty(STDOUT_FILENO))
        return 0;
    if (columns && *columns >= '0' && *columns <= '9') {
        const unsigned long width = strtoul(columns, &end, 10);
        if (!*end && width)
            return width < WIDTH_MAX ? (unsigned)width : WIDTH_MAX;
    }
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

bool terminal_has_colours(void)
{
    const char *refused = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(refused && *refused) && term && strcmp(term, "dumb") != 0;
}

/* Without setlocale(): the regular expressions of a selection are of bytes. */
bool terminal_is_utf8(void)
{
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    const bool is_utf8 = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;

    if (locale)
        freelocale(locale);
    return is_utf8;
}
