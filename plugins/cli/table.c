/* table.c - aligned columns for people. Knows how items read best; every text in a table is printable ASCII without
 * blanks, so that columns stay columns for awk as well. */
#include "output.h"

#include <string.h>

#define CELL_SIZE   384
#define MAX_COLUMNS 16

/* A column shows a field, or what its function makes of the item. Functions return the length of the text. */
struct column {
    const char *title;
    const char *field;
    size_t (*cell)(const struct output *output, const void *item, char text[CELL_SIZE]);
    bool to_the_left;
};

struct table {
    const struct column *columns;
    size_t column_count;
    const struct items *items;
};

static size_t put_text(char text[CELL_SIZE], const char *from)
{
    size_t length = strlen(from);
    memcpy(text, from, length + 1);
    return length;
}

static size_t put_escaped(char text[CELL_SIZE], const char *name)
{
    size_t length = proctcp_escape(*name ? name : "-", text, CELL_SIZE, false);
    return length < CELL_SIZE ? length : strlen(text);
}

static size_t put_value(const struct proctcp_field *field, const struct proctcp_value *value, char text[CELL_SIZE])
{
    switch (value->type) {
    case PROCTCP_SIGNED:
        return format_signed(text, value->signed_number);
    case PROCTCP_TEXT:
        return put_escaped(text, value->text);
    case PROCTCP_ENUM:
        return put_text(text, field->enum_name((unsigned)value->number));
    case PROCTCP_ADDRESS:
        return strlen(proctcp_address_text(value->address, text));
    default:
        return format_unsigned(text, value->number);
    }
}

static size_t put_cell(const struct output *output, const struct table *table, const struct column *column,
                       const struct proctcp_field *field, const void *item, char text[CELL_SIZE])
{
    struct proctcp_value value;

    if (column->cell)
        return column->cell(output, item, text);
    if (table->items->value(output, item, field, &value))
        return put_value(field, &value, text);
    return put_text(text, "-");
}

static void write_blanks(struct writer *writer, size_t count)
{
    static const char blanks[] = "                                                                ";
    for (; count >= sizeof(blanks); count -= sizeof(blanks) - 1)
        writer_bytes(writer, blanks, sizeof(blanks) - 1);
    writer_bytes(writer, blanks, count);
}

/* The last column is not filled up to the right. */
static void write_cell(struct writer *writer, const struct table *table, size_t column, size_t width, const char *text,
                       size_t length)
{
    const bool left = table->columns[column].to_the_left, last = column + 1 == table->column_count;

    if (!left)
        write_blanks(writer, width - length);
    writer_bytes(writer, text, length);
    if (left && !last)
        write_blanks(writer, width - length);
    writer_bytes(writer, last ? "\n" : "  ", last ? 1 : 2);
}

static void write_header(struct writer *writer, const struct table *table, const size_t *widths)
{
    for (size_t c = 0; c < table->column_count; c++)
        write_cell(writer, table, c, widths[c], table->columns[c].title, strlen(table->columns[c].title));
}

/* Two passes: the widths of the columns, then the lines. Nothing is kept but the widths. */
static void print_table(const struct output *output, const struct table *table)
{
    const struct proctcp_field *all[ITEMS_FIELDS_MAX], *fields[MAX_COLUMNS] = {NULL};
    const size_t field_count = items_fields(table->items, all);
    size_t widths[MAX_COLUMNS];
    char text[CELL_SIZE];

    for (size_t c = 0; c < table->column_count; c++) {
        const char *name = table->columns[c].field;
        widths[c] = strlen(table->columns[c].title);
        for (size_t f = 0; name && f < field_count; f++) {
            if (strcmp(all[f]->name, name) == 0)
                fields[c] = all[f];
        }
    }
    for (uint32_t i = 0; i < table->items->count(output); i++) {
        const void *item = table->items->item(output, i);
        for (size_t c = 0; c < table->column_count; c++) {
            size_t length = put_cell(output, table, &table->columns[c], fields[c], item, text);
            widths[c] = length > widths[c] ? length : widths[c];
        }
    }
    write_header(output->writer, table, widths);
    for (uint32_t i = 0; i < table->items->count(output); i++) {
        const void *item = table->items->item(output, i);
        for (size_t c = 0; c < table->column_count; c++) {
            size_t length = put_cell(output, table, &table->columns[c], fields[c], item, text);
            write_cell(output->writer, table, c, widths[c], text, length);
        }
    }
}

/* ---- what a socket says ---- */

static size_t put_socket_state(const struct proctcp_socket *socket, char text[CELL_SIZE])
{
    bool bound = socket->present & PROCTCP_HAS_LOCAL;
    return put_text(text, bound ? proctcp_state_name(socket->state) : "unbound");
}

static size_t put_socket_local(const struct proctcp_socket *socket, char text[CELL_SIZE])
{
    if (!(socket->present & PROCTCP_HAS_LOCAL))
        return put_text(text, "-");
    return strlen(proctcp_endpoint_text(&socket->local_address, socket->local_port, text));
}

static size_t put_socket_remote(const struct proctcp_socket *socket, char text[CELL_SIZE])
{
    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return put_text(text, "-");
    return strlen(proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text));
}

/* ---- rows ---- */

static const struct proctcp_socket *socket_of(const struct output *output, const void *item)
{
    return &output->snapshot->sockets[((const struct proctcp_row *)item)->socket];
}

/* Further subflows of an MPTCP descriptor show as 5.2, 5.3 ... */
static size_t put_fd(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_row *row = item;
    size_t length = format_signed(text, row->fd);

    (void)output;
    if (row->subflow > 1) {
        text[length++] = '.';
        length += format_unsigned(text + length, row->subflow);
    }
    return length;
}

static size_t put_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return put_socket_state(socket_of(output, item), text);
}

static size_t put_direction(const struct output *output, const void *item, char text[CELL_SIZE])
{
    uint8_t direction = socket_of(output, item)->direction;
    return put_text(text, direction == PROCTCP_INBOUND ? "in" : direction == PROCTCP_OUTBOUND ? "out" : "-");
}

static size_t put_local(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return put_socket_local(socket_of(output, item), text);
}

static size_t put_remote(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return put_socket_remote(socket_of(output, item), text);
}

/* nginx[1234]:5 is descriptor 5 of process 1234. */
static size_t put_holder(const struct output *output, uint32_t index, char text[CELL_SIZE])
{
    const struct proctcp_row *row = &output->snapshot->rows[index];
    const char *name = output->snapshot->processes[row->process].name;
    size_t length = proctcp_escape(*name ? name : "-", text, CELL_SIZE - 32, false);

    if (length >= CELL_SIZE - 32)
        length = strlen(text);
    text[length++] = '[';
    length += format_signed(text + length, row->pid);
    text[length++] = ']';
    text[length++] = ':';
    return length + format_signed(text + length, row->fd);
}

static size_t put_peer(const struct output *output, const void *item, char text[CELL_SIZE])
{
    uint32_t peer = ((const struct proctcp_row *)item)->peer;
    return peer == PROCTCP_NONE ? put_text(text, "-") : put_holder(output, peer, text);
}

#define PRINT(output, columns, items)                                                                                  \
    print_table(output, &(struct table){columns, sizeof(columns) / sizeof((columns)[0]), items})

void table_rows(const struct output *output)
{
    static const struct column columns[] = {
        {"PROCESS", .field = "process", .to_the_left = true},
        {"PID", .field = "pid"},
        {"FD", .cell = put_fd},
        {"STATE", .cell = put_state, .to_the_left = true},
        {"DIR", .cell = put_direction, .to_the_left = true},
        {"LOCAL", .cell = put_local, .to_the_left = true},
        {"REMOTE", .cell = put_remote, .to_the_left = true},
        {"TX-Q", .field = "tx_queue_bytes"},
        {"RX-Q", .field = "rx_queue_bytes"},
        {"ACC-Q", .field = "accept_queue"},
        {"PEER", .cell = put_peer, .to_the_left = true},
    };
    PRINT(output, columns, &row_items);
}

/* ---- processes ---- */

void table_processes(const struct output *output)
{
    static const struct column columns[] = {
        {"PROCESS", .field = "process", .to_the_left = true},
        {"PID", .field = "pid"},
        {"UID", .field = "uid"},
        {"FDS", .field = "fds"},
        {"LIMIT", .field = "fd_limit"},
        {"SOCKETS", .field = "sockets"},
        {"LISTEN", .field = "listen"},
        {"ESTABLISHED", .field = "established"},
        {"CLOSE-WAIT", .field = "close_wait"},
        {"UNBOUND", .field = "unbound"},
        {"LEFT", .field = "left_behind"},
        {"TX-Q", .field = "tx_queue_bytes"},
        {"RX-Q", .field = "rx_queue_bytes"},
        {"EXECUTABLE", .field = "executable", .to_the_left = true},
    };
    PRINT(output, columns, &process_items);
}

/* ---- sockets ---- */

static size_t put_own_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    return put_socket_state(item, text);
}

static size_t put_own_local(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    return put_socket_local(item, text);
}

static size_t put_own_remote(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    return put_socket_remote(item, text);
}

static size_t put_own_holder(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const uint32_t index = (uint32_t)((const struct proctcp_socket *)item - output->snapshot->sockets);
    const uint32_t row = output->first_rows[index];
    return row == PROCTCP_NONE ? put_text(text, "-") : put_holder(output, row, text);
}

/* server[1234] held it once. */
static size_t put_last_holder(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const uint32_t index = (uint32_t)((const struct proctcp_socket *)item - output->snapshot->sockets);
    const struct proctcp_last_holder *holder = proctcp_find_last_holder(output->snapshot, index);
    size_t length;

    if (!holder)
        return put_text(text, "-");
    length = put_escaped(text, holder->process);
    text[length++] = '[';
    length += format_signed(text + length, holder->pid);
    text[length++] = ']';
    text[length] = '\0';
    return length;
}

void table_sockets(const struct output *output)
{
    static const struct column columns[] = {
        {"NETNS", .field = "netns"},
        {"STATE", .cell = put_own_state, .to_the_left = true},
        {"LOCAL", .cell = put_own_local, .to_the_left = true},
        {"REMOTE", .cell = put_own_remote, .to_the_left = true},
        {"INODE", .field = "inode"},
        {"OWNERS", .field = "owners"},
        {"TX-Q", .field = "tx_queue_bytes"},
        {"RX-Q", .field = "rx_queue_bytes"},
        {"HOLDER", .cell = put_own_holder, .to_the_left = true},
        {"LAST-HOLDER", .cell = put_last_holder, .to_the_left = true},
    };
    PRINT(output, columns, &socket_items);
}

/* ---- sockets that nobody holds ---- */

void table_unattributed(const struct output *output)
{
    static const struct column columns[] = {
        {"NETNS", .field = "netns"},
        {"STATE", .field = "state", .to_the_left = true},
        {"SOCKETS", .field = "sockets"},
        {"LAST-PID", .field = "last_pid"},
        {"LAST-PROCESS", .field = "last_process", .to_the_left = true},
    };
    PRINT(output, columns, &unattributed_items);
}
