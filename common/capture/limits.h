/* limits.h - how much a scan reads of what users can make large. What goes beyond is left out, counted and named; it is
 * the user's own who made it so. Root is no stranger, but mistakes happen to it, too: these are limits for it as well,
 * but for those of descriptors and namespaces, of which a busy host may have as many. */
#ifndef PROCTCP_LIMITS_H
#define PROCTCP_LIMITS_H

/* Descriptors of one user that are read, by however many threads they are shared. A walk takes about 1 us for each. */
#define LIMIT_DESCRIPTORS_OF_USER 2000000

/* How long a source may take that shows everybody's sockets, and for how many scans it is left alone when it took
 * longer or did not come back. */
#define LIMIT_SHOWN_MS      20000
#define LIMIT_HASHED_MS     5000 /* of the walk through the kernel's hash tables */
#define LIMIT_WITHOUT_SHOWN 5

/* Sockets that no table shows, of one user, asked about in one scan, about 5 us each; the rest waits for the next. */
#define LIMIT_QUESTIONS_OF_USER 50000

/* Network namespaces of one user whose tables are dumped in one scan: up to 1.4 ms each. Those of root and those
 * without a process are not counted. */
#define LIMIT_NAMESPACES_OF_USER 1000

/* Sockets of one user that are borrowed in one scan, about 10 us each. */
#define LIMIT_BORROWED_OF_USER 10000

/* How long a scan waits for a child process that asks what may wait on a stranger, in all, and for one answer. */
#define LIMIT_WAIT_MS        2000
#define LIMIT_ANSWER_WAIT_MS 250

/* How long one call may take before the child that makes it is given up; how often in one scan; for how many scans what
 * it was about is left alone then; and how many children may be left that do not end. */
#define LIMIT_CALL_WAIT_MS 1000
#define LIMIT_STALLS       6
#define LIMIT_LEFT_ALONE   30

/* How long one call may take once the scan is cancelled. */
#define LIMIT_CANCELLED_CALL_WAIT_MS 50

/* After so many the scan is begun again without what most of them wait for: tcp_info of other namespaces. */
#define LIMIT_STALLS_WITH_INFO 3

#define LIMIT_CHILDREN 16

/* Threads of one process that are looked at for descriptors of their own. */
#define LIMIT_THREADS_OF_PROCESS 32768

/* How long a scan matches the command lines of one user (but root), and of all ordinary ones, against the patterns of
 * groups: strangers write them so that it takes long. What is left is what it was, or goes by its name. Microseconds.
 */
#define LIMIT_MATCHING_OF_USER 200000
#define LIMIT_MATCHING         1000000

/* Bytes of a command line that rules see; a kernel before 4.2 gives no more. */
#define LIMIT_COMMAND_LENGTH 4096

#endif
