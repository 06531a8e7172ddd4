/* table.c - aligned columns for people. Knows how rows read best; every text in a table is printable ASCII without
 * blanks, so that columns stay columns for awk as well. */
#include "output.h"

#include <inttypes.h>
#include <string.h>

#define CELL_SIZE   320
#define MAX_COLUMNS 16

/* A column shows a field, or what its function makes of the item. An item is a row, a process or a count. */
struct column {
    const char *title;
    const char *field;
    void (*cell)(const struct output *output, const void *item, char text[CELL_SIZE]);
    bool to_the_left;
};

struct table {
    const struct column *columns;
    size_t column_count;
    const struct items *items;
};

static void put_value(const struct proctcp_field *field, const struct proctcp_value *value, char text[CELL_SIZE])
{
    switch (value->type) {
    case PROCTCP_SIGNED:
        snprintf(text, CELL_SIZE, "%" PRId64, value->signed_number);
        break;
    case PROCTCP_TEXT:
        proctcp_escape(value->text[0] ? value->text : "-", text, CELL_SIZE, false);
        break;
    case PROCTCP_ENUM:
        snprintf(text, CELL_SIZE, "%s", field->enum_name((unsigned)value->number));
        break;
    case PROCTCP_ADDRESS:
        proctcp_address_text(value->address, text);
        break;
    default:
        snprintf(text, CELL_SIZE, "%" PRIu64, value->number);
    }
}

static void put_cell(const struct output *output, const struct table *table, const struct column *column,
                     const struct proctcp_field *field, const void *item, char text[CELL_SIZE])
{
    struct proctcp_value value;

    if (column->cell)
        column->cell(output, item, text);
    else if (table->items->value(output, item, field, &value))
        put_value(field, &value, text);
    else
        strcpy(text, "-");
}

static void put_line(FILE *file, const struct table *table, const size_t *widths, char cells[][CELL_SIZE])
{
    for (size_t c = 0; c < table->column_count; c++) {
        bool left = table->columns[c].to_the_left, last = c + 1 == table->column_count;
        int width = last && left ? 0 : (int)widths[c];
        fprintf(file, "%*s%s", left ? -width : width, cells[c], last ? "\n" : "  ");
    }
}

/* Two passes: the widths of the columns, then the lines. Nothing is kept but the widths. */
static void print_table(const struct output *output, const struct table *table)
{
    char cells[MAX_COLUMNS][CELL_SIZE];
    size_t widths[MAX_COLUMNS], field_count = 0;
    const struct proctcp_field *fields[MAX_COLUMNS], *all = table->items->fields(&field_count);

    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        fields[c] = column->field ? proctcp_field_by_name(all, field_count, column->field) : NULL;
        snprintf(cells[c], CELL_SIZE, "%s", column->title);
        widths[c] = strlen(cells[c]);
    }
    for (int printing = 0; printing < 2; printing++) {
        if (printing)
            put_line(output->file, table, widths, cells);
        for (uint32_t i = 0; i < table->items->count(output); i++) {
            const void *item = table->items->item(output, i);
            for (size_t c = 0; c < table->column_count; c++) {
                put_cell(output, table, &table->columns[c], fields[c], item, cells[c]);
                if (!printing && strlen(cells[c]) > widths[c])
                    widths[c] = strlen(cells[c]);
            }
            if (printing)
                put_line(output->file, table, widths, cells);
        }
        for (size_t c = 0; c < table->column_count; c++)
            snprintf(cells[c], CELL_SIZE, "%s", table->columns[c].title);
    }
}

/* ---- rows ---- */

static const struct proctcp_socket *socket_of(const struct output *output, const void *item)
{
    return &output->snapshot->sockets[((const struct proctcp_row *)item)->socket];
}

/* Further subflows of an MPTCP descriptor show as 5.2, 5.3 ... */
static void put_fd(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    uint32_t subflow = ((const struct proctcp_row *)item)->subflow;
    int length = snprintf(text, CELL_SIZE, "%d", ((const struct proctcp_row *)item)->fd);
    if (subflow > 1)
        snprintf(text + length, CELL_SIZE - (size_t)length, ".%" PRIu32, subflow);
}

static void put_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_socket *socket = socket_of(output, item);
    bool bound = socket->present & PROCTCP_HAS_LOCAL;
    snprintf(text, CELL_SIZE, "%s", bound ? proctcp_state_name(socket->state) : "unbound");
}

static void put_direction(const struct output *output, const void *item, char text[CELL_SIZE])
{
    uint8_t direction = socket_of(output, item)->direction;
    strcpy(text, direction == PROCTCP_INBOUND ? "in" : direction == PROCTCP_OUTBOUND ? "out" : "-");
}

static void put_local(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_socket *socket = socket_of(output, item);
    strcpy(text, "-");
    if (socket->present & PROCTCP_HAS_LOCAL)
        proctcp_endpoint_text(&socket->local_address, socket->local_port, text);
}

static void put_remote(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_socket *socket = socket_of(output, item);
    strcpy(text, "-");
    if (socket->present & PROCTCP_HAS_REMOTE)
        proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text);
}

/* nginx[1234]:5 is descriptor 5 of process 1234. */
static void put_peer(const struct output *output, const void *item, char text[CELL_SIZE])
{
    uint32_t index = ((const struct proctcp_row *)item)->peer;

    strcpy(text, "-");
    if (index == PROCTCP_NONE)
        return;
    const struct proctcp_row *peer = &output->snapshot->rows[index];
    const char *name = output->snapshot->processes[peer->process].name;
    proctcp_escape(*name ? name : "-", text, CELL_SIZE - 32, false);
    size_t length = strlen(text);
    snprintf(text + length, CELL_SIZE - length, "[%d]:%d", peer->pid, peer->fd);
}

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
    static const size_t count = sizeof(columns) / sizeof(columns[0]);
    print_table(output, &(struct table){columns, count, &row_items});
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
        {"TX-Q", .field = "tx_queue_bytes"},
        {"RX-Q", .field = "rx_queue_bytes"},
        {"EXECUTABLE", .field = "executable", .to_the_left = true},
    };
    static const size_t count = sizeof(columns) / sizeof(columns[0]);
    print_table(output, &(struct table){columns, count, &process_items});
}

/* ---- unattributed ---- */

static void put_netns(const struct output *output, const void *item, char text[CELL_SIZE])
{
    uint32_t netns = ((const struct proctcp_unattributed *)item)->netns;
    (void)output;
    snprintf(text, CELL_SIZE, netns ? "%" PRIu32 : "-", netns);
}

static void put_count_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    snprintf(text, CELL_SIZE, "%s", proctcp_state_name(((const struct proctcp_unattributed *)item)->state));
}

static void put_count(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    snprintf(text, CELL_SIZE, "%" PRIu32, ((const struct proctcp_unattributed *)item)->sockets);
}

static const void *shown_count(const struct output *output, uint32_t index)
{
    return &output->snapshot->unattributed[index];
}

static uint32_t count_count(const struct output *output)
{
    return output->snapshot->unattributed_count;
}

/* Every column of it has a function. */
static const struct proctcp_field *no_fields(size_t *count)
{
    *count = 0;
    return NULL;
}

void table_unattributed(const struct output *output)
{
    static const struct column columns[] = {
        {"NETNS", .cell = put_netns},
        {"STATE", .cell = put_count_state, .to_the_left = true},
        {"SOCKETS", .cell = put_count},
    };
    static const size_t count = sizeof(columns) / sizeof(columns[0]);
    static const struct items counts = {no_fields, shown_count, count_count, NULL};
    print_table(output, &(struct table){columns, count, &counts});
}
