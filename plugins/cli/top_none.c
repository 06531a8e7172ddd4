/* top_none.c - --top of a build without ncurses. */
#include "top.h"

#include "complain.h"

int top_run(const struct settings *settings)
{
    (void)settings;
    complain(
        "--top: is left out of this program: where it was built, ncurses' headers were missing (Debian package "
        "libncurses-dev)");
    return STATUS_USAGE;
}
