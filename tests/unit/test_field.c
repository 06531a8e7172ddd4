/* The field tables against the structures they describe. */
#include "proctcp.h"
#include "testing.h"

#include <string.h>

static size_t record_size(unsigned record)
{
    switch (record) {
    case PROCTCP_IN_ROW:
    case PROCTCP_IN_PEER:
        return sizeof(struct proctcp_row);
    case PROCTCP_IN_SOCKET:
        return sizeof(struct proctcp_socket);
    case PROCTCP_IN_IMPAIRMENT:
        return sizeof(struct proctcp_impairment);
    case PROCTCP_IN_STATS:
        return sizeof(struct proctcp_stats);
    case PROCTCP_IN_LISTENER:
        return sizeof(struct proctcp_listener);
    default:
        return sizeof(struct proctcp_process);
    }
}

static size_t type_size(const struct proctcp_field *field)
{
    switch (field->type) {
    case PROCTCP_SIGNED:
        return sizeof(int32_t);
    case PROCTCP_TEXT:
        return sizeof(char *);
    case PROCTCP_ADDRESS:
        return sizeof(struct proctcp_address);
    default:
        return field->size; /* any width of unsigned number */
    }
}

/* The unit that a name ends with is the one the table says. */
static void check_unit(const struct proctcp_field *field, const char *suffix, const char *unit)
{
    size_t length = strlen(field->name), end = strlen(suffix);
    if (length > end && strcmp(field->name + length - end, suffix) == 0)
        assert_string_equal(field->unit, unit);
}

static void check_table(const struct proctcp_field *fields, size_t count)
{
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const struct proctcp_field *field = &fields[i];
        assert_true(field->type >= PROCTCP_UNSIGNED && field->type <= PROCTCP_ENUM);
        assert_true(field->offset + field->size <= record_size(field->record));
        assert_int_equal(field->size, type_size(field));
        assert_int_equal(field->offset % (field->size > 8 ? 1 : field->size), 0);
        assert_int_equal(field->type == PROCTCP_ENUM, field->enum_name != NULL);
        assert_true(strlen(field->help) > 3);
        assert_true(strspn(field->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(field->name));
        assert_ptr_equal(proctcp_field_by_name(fields, count, field->name), field);
        if (i > 0)
            assert_true(fields[i - 1].id < field->id);
        check_unit(field, "_bytes", "bytes");
        check_unit(field, "_ms", "milliseconds");
        check_unit(field, "_us", "microseconds");
        check_unit(field, "_segments", "segments");
        check_unit(field, "_per_s", "bytes per second");
    }
    assert_null(proctcp_field_by_name(fields, count, "no such field"));
}

static void every_field_lies_within_its_record_and_is_unique(void **state)
{
    size_t count;
    const struct proctcp_field *fields;
    (void)state;
    fields = proctcp_row_fields(&count);
    check_table(fields, count);
    fields = proctcp_process_fields(&count);
    check_table(fields, count);
    fields = proctcp_listener_fields(&count);
    check_table(fields, count);
    fields = proctcp_stats_fields(&count);
    check_table(fields, count);
}

/* Ids are SNMP columns: one that moved would be a broken MIB in the field. */
static void ids_never_change(void **state)
{
    static const struct {
        const char *name;
        unsigned id;
    } fixed[] = {{"pid", 1},
                 {"fd", 2},
                 {"subflow", 3},
                 {"process", 4},
                 {"inode", 5},
                 {"cookie", 6},
                 {"netns", 7},
                 {"uid", 8},
                 {"family", 9},
                 {"owners", 11},
                 {"owner_rank", 12},
                 {"first_seen", 13},
                 {"state", 14},
                 {"direction", 15},
                 {"local_address", 16},
                 {"local_port", 17},
                 {"remote_address", 18},
                 {"remote_port", 19},
                 {"peer_pid", 20},
                 {"peer_fd", 21},
                 {"peer_process", 22},
                 {"tx_queue_bytes", 23},
                 {"rx_queue_bytes", 24},
                 {"accept_queue", 25},
                 {"accept_queue_max", 26},
                 {"timer", 27},
                 {"timer_expires_ms", 28},
                 {"retransmits", 29},
                 {"probes", 30},
                 {"rto_ms", 31},
                 {"ato_ms", 32},
                 {"quick_ack", 33},
                 {"pingpong", 34},
                 {"cwnd_segments", 35},
                 {"ssthresh_segments", 36},
                 {"congestion", 37},
                 {"ca_state", 38},
                 {"rtt_us", 39},
                 {"rtt_var_us", 40},
                 {"min_rtt_us", 41},
                 {"rcv_rtt_us", 42},
                 {"snd_mss_bytes", 43},
                 {"rcv_mss_bytes", 44},
                 {"advmss_bytes", 45},
                 {"pmtu_bytes", 46},
                 {"snd_wnd_bytes", 47},
                 {"rcv_wnd_bytes", 48},
                 {"rcv_space_bytes", 49},
                 {"reordering", 50},
                 {"unacked_segments", 51},
                 {"sacked_segments", 52},
                 {"lost_segments", 53},
                 {"retrans_segments", 54},
                 {"notsent_bytes", 55},
                 {"delivery_rate_bytes_per_s", 56},
                 {"pacing_rate_bytes_per_s", 57},
                 {"bytes_sent", 58},
                 {"bytes_acked", 59},
                 {"bytes_retrans", 60},
                 {"bytes_received", 61},
                 {"segs_out", 62},
                 {"segs_in", 63},
                 {"data_segs_out", 64},
                 {"data_segs_in", 65},
                 {"total_retrans", 66},
                 {"dsack_dups", 67},
                 {"reord_seen", 68},
                 {"rcv_ooo_packets", 69},
                 {"delivered", 70},
                 {"delivered_ce", 71},
                 {"busy_time_us", 72},
                 {"rwnd_limited_us", 73},
                 {"sndbuf_limited_us", 74},
                 {"last_data_sent_ms", 75},
                 {"last_data_received_ms", 76},
                 {"last_ack_received_ms", 77},
                 {"rmem_alloc_bytes", 78},
                 {"rcvbuf_bytes", 79},
                 {"wmem_alloc_bytes", 80},
                 {"sndbuf_bytes", 81},
                 {"drops", 82},
                 {"interface", 83}};
    size_t count;
    const struct proctcp_field *fields = proctcp_row_fields(&count);
    (void)state;
    assert_int_equal(count, sizeof(fixed) / sizeof(fixed[0]));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(fields[i].name, fixed[i].name);
        assert_int_equal(fields[i].id, fixed[i].id);
    }
}

static const struct proctcp_field *row_field(const char *name)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_row_fields(&count);
    const struct proctcp_field *field = proctcp_field_by_name(fields, count, name);
    assert_non_null(field);
    return field;
}

static void a_value_is_absent_exactly_where_its_bit_is_not_set(void **state)
{
    const struct proctcp_process process = {.pid = 1, .name = "one", .present = PROCTCP_HAS_PROCESS};
    static const char *const words[] = {"cubic"};
    const struct proctcp_impairment none = {0};
    struct proctcp_socket socket = {.ssthresh_segments = -1, .rto_ms = 0, .local_port = 65535};
    const struct proctcp_row row = {.pid = 1, .fd = 7, .peer = PROCTCP_NONE};
    const struct proctcp_snapshot snapshot = {.rows = &row,
                                              .sockets = &socket,
                                              .processes = &process,
                                              .impairments = &none,
                                              .congestion_names = words,
                                              .row_count = 1};
    struct proctcp_value value;
    size_t count;
    const struct proctcp_field *fields = proctcp_row_fields(&count);
    (void)state;

    for (size_t i = 0; i < count; i++) {
        bool of_socket = fields[i].record == PROCTCP_IN_SOCKET || fields[i].record == PROCTCP_IN_IMPAIRMENT;
        bool expected = fields[i].record != PROCTCP_IN_PEER && fields[i].record != PROCTCP_IN_PEER_PROCESS &&
                        (!of_socket || fields[i].present == 0);
        assert_int_equal(proctcp_row_value(&snapshot, &row, &fields[i], &value), expected);
    }
    socket.present = UINT64_MAX;
    assert_true(proctcp_row_value(&snapshot, &row, row_field("ssthresh_segments"), &value));
    assert_int_equal(value.signed_number, -1);
    assert_true(proctcp_row_value(&snapshot, &row, row_field("rto_ms"), &value));
    assert_int_equal(value.number, 0);
    assert_true(proctcp_row_value(&snapshot, &row, row_field("local_port"), &value));
    assert_int_equal(value.number, 65535);
    assert_true(proctcp_row_value(&snapshot, &row, row_field("congestion"), &value));
    assert_int_equal(value.type, PROCTCP_TEXT);
    assert_string_equal(value.text, "cubic");
    assert_true(proctcp_row_value(&snapshot, &row, row_field("process"), &value));
    assert_string_equal(value.text, "one");
    assert_true(proctcp_row_value(&snapshot, &row, row_field("fd"), &value));
    assert_int_equal(value.signed_number, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_lies_within_its_record_and_is_unique),
        cmocka_unit_test(ids_never_change),
        cmocka_unit_test(a_value_is_absent_exactly_where_its_bit_is_not_set),
    };
    return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
