/* cells.h - text of cells that several views share. All return the length of the text, 0 if there is nothing to show.
 */
#ifndef PROCTCP_CLI_CELLS_H
#define PROCTCP_CLI_CELLS_H

#include "output.h"

size_t cell_text(char text[CELL_SIZE], const char *from);
/* A name that a process gave itself. */
size_t cell_escaped(char text[CELL_SIZE], const char *name);
/* nginx[1234] */
size_t cell_process(char text[CELL_SIZE], const char *name, int32_t pid);
/* As the TCP-MIB names it, or as ss does in a narrow table. */
size_t cell_state(const struct output *output, unsigned state, char text[CELL_SIZE]);
size_t cell_socket_state(const struct output *output, const struct proctcp_socket *socket, char text[CELL_SIZE]);
size_t cell_local(const struct proctcp_socket *socket, char text[CELL_SIZE]);
size_t cell_remote(const struct proctcp_socket *socket, char text[CELL_SIZE]);
/* nginx[1234]:5 is descriptor 5 of process 1234; row is an index, or PROCTCP_NONE. */
size_t cell_holder(const struct output *output, uint32_t row, char text[CELL_SIZE]);

#endif
