/* bpf_unheld.h - the sockets that no descriptor led to, from the kernel's hash tables: of all network namespaces at
 * once, or else of one after the other. */
#ifndef PROCTCP_BPF_UNHELD_H
#define PROCTCP_BPF_UNHELD_H

#include "capture/bpf_files.h"

/* Those of all namespaces that share tables with our own. Each that was told of, and of which nothing is left to be
 * asked, has been read. 0, -ENOMEM, or another -errno with the reason said: nothing was told of. */
int bpf_read_hashed(struct inquiry *inquiry);
/* Of the namespace that the calling thread is in: what is left to be asked, or all. As sock_diag_read(). */
int bpf_read_unheld(struct inquiry *inquiry, struct netns *netns);
/* Whether that can be read. 0 or -errno. */
int bpf_probe_unheld(struct inquiry *inquiry);

/* ---- for bpf_take() ---- */

bpf_take_record bpf_take_hashed, bpf_take_unheld;

#endif
