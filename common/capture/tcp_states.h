/* tcp_states.h - the kernel's states (include/net/tcp_states.h) to those of the TCP-MIB. */
#ifndef PROCTCP_TCP_STATES_H
#define PROCTCP_TCP_STATES_H

#include "proctcp.h"

#define TCP_STATES_BOUND_INACTIVE                                                                                      \
    13 /* bound, and neither connected nor listening; shown since 6.8, to who asks for it */

/* 0: a state of which nothing is known. */
static inline uint8_t tcp_states_of_mib(unsigned state)
{
    static const uint8_t states[] = {
        [1] = PROCTCP_ESTABLISHED,
        [2] = PROCTCP_SYN_SENT,
        [3] = PROCTCP_SYN_RECEIVED,
        [4] = PROCTCP_FIN_WAIT1,
        [5] = PROCTCP_FIN_WAIT2,
        [6] = PROCTCP_TIME_WAIT,
        [7] = PROCTCP_CLOSED,
        [8] = PROCTCP_CLOSE_WAIT,
        [9] = PROCTCP_LAST_ACK,
        [10] = PROCTCP_LISTEN,
        [11] = PROCTCP_CLOSING,
        [12] = PROCTCP_SYN_RECEIVED, /* NEW_SYN_RECV */
        [TCP_STATES_BOUND_INACTIVE] = PROCTCP_CLOSED,
    };
    return state < sizeof(states) ? states[state] : 0;
}

#endif
