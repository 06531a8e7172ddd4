/* helper.h - a child process that asks what may wait on a stranger, and can be given up. */
#ifndef PROCTCP_HELPER_H
#define PROCTCP_HELPER_H

#include "capture/inquiry.h"

/* Reads the command lines of processes, at most LIMIT_COMMAND_LENGTH bytes of each, and gives them to note(), one after
 * the other, with blanks between their words; "": there is none, as with a kernel thread; NULL: it could not be read,
 * for it may lie in memory that does not come. */
int helper_read_commands(struct inquiry *inquiry, const int32_t *pids, uint32_t count,
                         int (*note)(struct inquiry *inquiry, int32_t pid, const char *command));

/* What a borrowed socket says of itself. */
struct borrowed {
    int status;      /* 0, or -errno. -ESRCH: it is not that socket any more. -EPERM, -ENOSYS: it may not be borrowed */
    uint32_t netns;  /* inode of its namespace; 0: that may not be known */
    uint64_t cookie; /* 0: not told */
    bool is_closed;  /* neither connected nor listening, or shut down both ways */
};

/* Borrows the sockets of holders, in order, and gives what each says to note(). netns_fd is a descriptor of its
 * namespace, note()'s to close, or -1: it is the same as that of the answer before, or not to be had. */
int helper_borrow(struct inquiry *inquiry, const struct holder *holders, uint32_t count,
                  int (*note)(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed,
                              int netns_fd),
                  void *context);

/* Ends what was given up before, as far as it can be ended. */
void helper_reap(struct indices *children);

#endif
