/* walker.c - walks columns of an SNMP agent side by side with GETBULK, and says how many varbinds came and how long it
 * took. Stops where an OID does not rise.
 *
 *   walker [-t SECONDS] ADDRESS REPETITIONS COLUMN...
 *
 * With -t it begins again and again for so long. Prints one JSON object, which also says how long answers took. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS_MAX 64

struct column {
    oid root[MAX_OID_LEN];
    size_t root_length;
    oid at[MAX_OID_LEN];
    size_t at_length;
    int is_over;
};

#define ANSWERS_MAX 4000000

static struct column columns[COLUMNS_MAX];
static int column_count;
static unsigned long varbinds;
static float *took_us; /* each answer */
static size_t answers;

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void die(const char *what)
{
    fprintf(stderr, "walker: %s\n", what);
    exit(1);
}

/* Whether the answer belongs to the column, which goes on behind it then. */
static int take(struct column *column, const netsnmp_variable_list *varbind)
{
    if (varbind->type == SNMP_ENDOFMIBVIEW || varbind->name_length < column->root_length ||
        snmp_oid_ncompare(varbind->name, varbind->name_length, column->root, column->root_length,
                          column->root_length) != 0)
        return 0;
    if (snmp_oid_compare(varbind->name, varbind->name_length, column->at, column->at_length) <= 0)
        die("an OID does not rise");
    memcpy(column->at, varbind->name, varbind->name_length * sizeof(oid));
    column->at_length = varbind->name_length;
    varbinds++;
    return 1;
}

/* Answers stand in rows of as many as were asked for. */
static int ask(netsnmp_session *session, int repetitions)
{
    netsnmp_pdu *request = snmp_pdu_create(SNMP_MSG_GETBULK), *answer = NULL;
    struct column *asked[COLUMNS_MAX];
    const netsnmp_variable_list *varbind;
    int count = 0, place = 0;

    for (int i = 0; i < column_count; i++) {
        if (columns[i].is_over)
            continue;
        asked[count++] = &columns[i];
        snmp_add_null_var(request, columns[i].at, columns[i].at_length);
    }
    if (!count) {
        snmp_free_pdu(request);
        return 0;
    }
    request->non_repeaters = 0;
    request->max_repetitions = repetitions;
    const double begun = now_us();
    if (snmp_synch_response(session, request, &answer) != STAT_SUCCESS || answer->errstat != SNMP_ERR_NOERROR)
        die("no answer");
    if (answers < ANSWERS_MAX)
        took_us[answers++] = (float)(now_us() - begun);
    for (varbind = answer->variables; varbind; varbind = varbind->next_variable, place++) {
        struct column *column = asked[place % count];
        column->is_over = column->is_over || !take(column, varbind);
    }
    snmp_free_pdu(answer);
    if (!place)
        die("an empty answer");
    return 1;
}

static void begin_columns(void)
{
    for (int i = 0; i < column_count; i++) {
        memcpy(columns[i].at, columns[i].root, sizeof(columns[i].root));
        columns[i].at_length = columns[i].root_length;
        columns[i].is_over = 0;
    }
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    netsnmp_session wanted, *session;
    double begun, end_us = 0;

    if (argc > 2 && strcmp(argv[1], "-t") == 0) {
        end_us = now_us() + 1e6 * atof(argv[2]);
        argc -= 2;
        argv += 2;
    }
    if (argc < 4 || argc - 3 > COLUMNS_MAX) {
        fprintf(stderr, "Usage: walker [-t SECONDS] ADDRESS REPETITIONS COLUMN...\n");
        return 2;
    }
    took_us = malloc(ANSWERS_MAX * sizeof(*took_us));
    if (!took_us)
        die("out of memory");
    setenv("MIBS", "", 1);
    init_snmp("walker");
    for (int i = 3; i < argc; i++) {
        struct column *column = &columns[column_count++];
        column->root_length = MAX_OID_LEN;
        if (!read_objid(argv[i], column->root, &column->root_length))
            die("that is no OID");
    }
    snmp_sess_init(&wanted);
    wanted.version = SNMP_VERSION_2c;
    wanted.peername = argv[1];
    wanted.community = (u_char *)"public";
    wanted.community_len = 6;
    wanted.timeout = 120000000;
    wanted.rcvMsgMaxSize = 65000;
    session = snmp_open(&wanted);
    if (!session)
        die("no session");
    begun = now_us();
    do {
        begin_columns();
        while (ask(session, atoi(argv[2])) && (end_us == 0 || now_us() < end_us))
            ;
    } while (now_us() < end_us);
    const double took = now_us() - begun;
    qsort(took_us, answers, sizeof(*took_us), compare);
    printf("{\"varbinds\":%lu,\"us\":%.0f,\"answers\":%zu,\"slowest_us\":%.0f,\"p99_us\":%.0f}\n", varbinds, took,
           answers, answers ? (double)took_us[answers - 1] : 0, answers ? (double)took_us[answers * 99 / 100] : 0);
    snmp_close(session);
    return 0;
}
