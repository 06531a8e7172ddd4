/* order.h - items sorted by fields. */
#ifndef PROCTCP_CLI_ORDER_H
#define PROCTCP_CLI_ORDER_H

#include "output.h"

/* The indices of all items in the order that sort wants, of equal ones as they come; absent values are last either way.
 * Numbers, addresses and times by what they are, states by their number in the TCP-MIB, text by its bytes. For free();
 * NULL: memory is out. */
uint32_t *order_items(const struct output *output, const struct sort *sort);

#endif
