/* complain.c - what is wrong with the command line, in one line. */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>

bool complain(const char *format, ...)
{
    va_list arguments;
    fputs("proctcp: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; proctcp --help lists the options\n", stderr);
    return false;
}
