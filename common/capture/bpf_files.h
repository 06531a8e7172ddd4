/* bpf_files.h - the files that proctcp-bpf(8) has pinned, as files. */
#ifndef PROCTCP_BPF_FILES_H
#define PROCTCP_BPF_FILES_H

#include "capture/bpf_records.h"
#include "capture/inquiry.h"

#define BPF_READ_SIZE 32768 /* the kernel gives no more at once */

/* One that is root's: a descriptor, or what the call below returns. */
int bpf_open(struct inquiry *inquiry, const char *name);

/* Says in words, in inquiry->shown.failure, why a file does not serve: reason or, if that is NULL, what error means.
 * Returns -error. */
int bpf_fail(struct inquiry *inquiry, const char *name, int error, const char *reason);

/* The record that begins at *at, which moves behind it; NULL: it is cut short, or none. */
const struct bpf_record *bpf_next_record(const char *records, size_t length, size_t *at);

#endif
