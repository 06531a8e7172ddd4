/* details.c - what the values of one socket carry with them. Knows collectd's meta data and the field table; which
 * sockets have values is not known here. */
#include "details.h"

#include <stdio.h>

#define ESCAPED_SIZE 1024

/* Every text is printable ASCII: what a process calls itself goes into other people's log files and JSON. */
static void add_text(meta_data_t *meta, const char *key, const char *text)
{
    char escaped[ESCAPED_SIZE];

    proctcp_escape(text, escaped, sizeof(escaped), false);
    (void)meta_data_add_string(meta, key, escaped);
}

static void add_value(meta_data_t *meta, const struct proctcp_field *field, const struct proctcp_value *value)
{
    char key[64];

    snprintf(key, sizeof(key), "proctcp:%s", field->name);
    switch (value->type) {
    case PROCTCP_TEXT:
        add_text(meta, key, value->text);
        break;
    case PROCTCP_ENUM:
        add_text(meta, key, field->enum_name((unsigned)value->number));
        break;
    case PROCTCP_SIGNED:
        (void)meta_data_add_signed_int(meta, key, value->signed_number);
        break;
    case PROCTCP_ADDRESS:
        break; /* the ends have it with its port */
    default:
        (void)meta_data_add_unsigned_int(meta, key, value->number);
    }
}

static void add_ends(meta_data_t *meta, const struct proctcp_socket *socket)
{
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    if (socket->present & PROCTCP_HAS_LOCAL)
        add_text(meta, "proctcp:local", proctcp_endpoint_text(&socket->local_address, socket->local_port, text));
    if (socket->present & PROCTCP_HAS_REMOTE)
        add_text(meta, "proctcp:remote", proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text));
}

meta_data_t *details_of_row(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row)
{
    static const char *const names[] = {"pid",      "fd",      "subflow",      "process",   "inode",
                                        "cookie",   "netns",   "owners",       "state",     "direction",
                                        "peer_pid", "peer_fd", "peer_process", "congestion"};
    size_t count;
    const struct proctcp_field *fields = proctcp_row_fields(&count);
    meta_data_t *meta = meta_data_create();

    if (!meta)
        return NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct proctcp_field *field = proctcp_field_by_name(fields, count, names[i]);
        struct proctcp_value value;

        if (field && proctcp_row_value(snapshot, row, field, &value))
            add_value(meta, field, &value);
    }
    add_ends(meta, &snapshot->sockets[row->socket]);
    return meta;
}
