/* bpf.h - processes, their descriptors and the sockets at these, of all network namespaces, from the iterators that
 * proctcp-bpf(8) has pinned. No right is needed but that to read the files. */
#ifndef PROCTCP_BPF_H
#define PROCTCP_BPF_H

#include "capture/inquiry.h"

/* Shows all processes (shown.h) and gives their sockets to the sink. 0, -ENOMEM, or another -errno, with the reason in
 * words in inquiry->shown.failure: nothing was shown then. */
int bpf_read(struct inquiry *inquiry);

/* ---- for tests ---- */

enum bpf_file { BPF_FILE_TASKS, BPF_FILE_ROWS, BPF_FILE_UNHELD, BPF_FILE_HASHED, BPF_FILES };

/* Records of a file, aligned to 8 bytes. 0, -ENOMEM, or -EPROTO: they are of another version or file,
 * or cut short. */
int bpf_take(struct inquiry *inquiry, enum bpf_file file, const char *records, size_t length);

#endif
