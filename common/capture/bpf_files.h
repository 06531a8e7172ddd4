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

/* What becomes of a record: 0, -ENOMEM, or -EPROTO: no such one is in this file. */
typedef int bpf_take_record(struct inquiry *inquiry, const struct bpf_record *record);

/* Takes one after the other. 0, or why not: -EPROTO if one is cut short, too. */
int bpf_take_all(struct inquiry *inquiry, bpf_take_record *take, const char *records, size_t length);
/* A whole file. 0, -ENOMEM, or another -errno with the reason said. */
int bpf_read_file(struct inquiry *inquiry, const char *name, bpf_take_record *take);
/* One page of a file that is read in pages (bpf_records.h), to BPF_READ_SIZE bytes, aligned to 8. Returns how many they
 * are, or -errno with the reason said. */
ssize_t bpf_read_page(struct inquiry *inquiry, const char *name, uint64_t from, char *records);
/* Why a page may begin elsewhere. */
#define BPF_NO_SLACK "timer slack has no effect, as under a real-time policy"
/* Says why a file does not serve, unless status is 0 or ends the scan. Returns status. */
int bpf_fail_status(struct inquiry *inquiry, const char *name, int status);

#endif
