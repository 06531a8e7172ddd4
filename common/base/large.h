/* large.h - memory for arrays that may grow to many megabytes. */
#ifndef PROCTCP_LARGE_H
#define PROCTCP_LARGE_H

#include <stddef.h>

/* From so many bytes on an array is given huge pages, where the kernel has them: in a virtual machine a fault of a page
 * may cost 20 us, and a scan of 100,000 sockets has 10,000 of them otherwise. */
#define LARGE_SIZE ((size_t)4 << 20)

/* realloc(), whose memory it gives and takes. */
void *large_resize(void *at, size_t size);

#endif
