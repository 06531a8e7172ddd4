/* listeners.c - prints the listeners of a scan, one JSON object per line, for the test that knows who accepted what.
 *
 *   listeners [netlink | procfs] */
#include "proctcp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_value(const struct proctcp_field *field, const struct proctcp_value *value, const char *before)
{
    char text[PROCTCP_ADDRESS_TEXT_SIZE];

    switch (value->type) {
    case PROCTCP_TEXT:
        return; /* may be any bytes; nothing here asks for it */
    case PROCTCP_ADDRESS:
        printf("%s\"%s\": \"%s\"", before, field->name, proctcp_address_text(value->address, text));
        break;
    case PROCTCP_SIGNED:
        printf("%s\"%s\": %" PRId64, before, field->name, value->signed_number);
        break;
    default:
        printf("%s\"%s\": %" PRIu64, before, field->name, value->number);
    }
}

static void print_listener(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_listener_fields(&count);

    for (size_t i = 0; i < count; i++) {
        struct proctcp_value value;
        if (proctcp_listener_value(snapshot, listener, &fields[i], &value))
            print_value(&fields[i], &value, i ? ", " : "{");
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    struct proctcp_options options = {.listeners = true};
    const struct proctcp_snapshot *snapshot;
    struct proctcp_scanner *scanner;

    if (argc > 1)
        options.source = strcmp(argv[1], "procfs") == 0 ? PROCTCP_SOURCE_PROCFS : PROCTCP_SOURCE_NETLINK;
    if (proctcp_scanner_new(&options, &scanner) < 0)
        return 1;
    if (proctcp_scan(scanner, &snapshot) < 0) {
        fprintf(stderr, "listeners: %s\n", proctcp_failure(scanner));
        proctcp_scanner_free(scanner);
        return 1;
    }
    for (uint32_t i = 0; i < snapshot->listener_count; i++)
        print_listener(snapshot, &snapshot->listeners[i]);
    proctcp_snapshot_unref(snapshot);
    proctcp_scanner_free(scanner);
    return 0;
}
