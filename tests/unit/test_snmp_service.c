/* test_snmp_service.c - when a service manager hears that the subagent is alive, and what of it. */
#include "../../plugins/snmp/sd_notify.h"
#include "../../plugins/snmp/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int manager = -1;

/* A socket in the abstract namespace, named by the kernel. */
static int setup(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    char name[64] = "@";

    (void)state;
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(manager, (struct sockaddr *)&address, sizeof(address.sun_family)) < 0 ||
        getsockname(manager, (struct sockaddr *)&address, &length) < 0)
        return -1;
    strncat(name, address.sun_path + 1, length - offsetof(struct sockaddr_un, sun_path) - 1);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    sd_notify_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(manager);
    return 0;
}

/* The messages that have come, each with a semicolon. */
static const char *heard(void)
{
    static char text[1024];
    ssize_t got;

    text[0] = '\0';
    for (char one[256]; (got = recv(manager, one, sizeof(one) - 1, MSG_DONTWAIT)) >= 0; strcat(text, ";")) {
        one[got] = '\0';
        strcat(text, one);
    }
    return text;
}

static const struct publication none = {.status = PUBLICATION_NONE, .interval_s = 10};
static const struct publication failed = {.status = PUBLICATION_FAILED, .interval_s = 10, .failure = "x"};

static void the_start_is_done_with_the_first_scan_and_said_once(void **state)
{
    struct service service;

    (void)state;
    service_begin(&service, 0);
    assert_int_equal(service_tell(&service, &none, "no master", -1, 0), -1);
    assert_string_equal(heard(), "STATUS=no scan yet; no master;");
    service_reloading(&service);
    service_reloaded(&service);
    assert_string_equal(heard(), "");
    service_tell(&service, &failed, "no master", -1, 5);
    assert_string_equal(heard(), "STATUS=no scan succeeded yet; no master;READY=1;");
    service_tell(&service, &failed, "no master", -1, 6);
    assert_string_equal(heard(), "");
    service_reloading(&service);
    assert_non_null(strstr(heard(), "RELOADING=1\nMONOTONIC_USEC="));
    service_reloaded(&service);
    service_stopping();
    assert_string_equal(heard(), "READY=1;STOPPING=1;");
}

static void signs_of_life_come_at_half_of_the_time_and_stop_with_a_scan_that_does_not_end(void **state)
{
    struct service service;

    (void)state;
    setenv("WATCHDOG_USEC", "20000000", 1);
    service_begin(&service, 1000);
    assert_int_equal(service_tell(&service, &none, "", 1000, 1000), 10000);
    heard();
    assert_int_equal(service_tell(&service, &none, "", 1000, 7000), 4000);
    assert_string_equal(heard(), "");
    assert_int_equal(service_tell(&service, &none, "", 1000, 11000), 10000);
    assert_string_equal(heard(), "WATCHDOG=1;");
    service_tell(&service, &none, "", 1000, 301000);
    assert_string_equal(heard(), "WATCHDOG=1;");
    service_tell(&service, &none, "", 1000, 320000);
    assert_string_equal(heard(), "");
    assert_true(service_scans_go_on(0, 60, 600000)); /* 10 intervals */
    assert_false(service_scans_go_on(0, 60, 600001));
    assert_true(service_scans_go_on(-1, 1, 600001));
}

static void the_watchdog_of_another_process_is_not_ours(void **state)
{
    char own[16];

    (void)state;
    setenv("WATCHDOG_USEC", "20000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(sd_notify_watchdog_ms(), 0);
    snprintf(own, sizeof(own), "%d", (int)getpid());
    setenv("WATCHDOG_PID", own, 1);
    assert_int_equal(sd_notify_watchdog_ms(), 20000);
    setenv("WATCHDOG_USEC", "often", 1);
    assert_int_equal(sd_notify_watchdog_ms(), 0);
}

static void an_address_that_is_none_hurts_nobody(void **state)
{
    char name[300];

    (void)state;
    memset(name, '/', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (const char *const *at = (const char *const[]){name, "", "@", "relative", "/no/such/socket", NULL}; *at; at++) {
        setenv("NOTIFY_SOCKET", *at, 1);
        sd_notify_open();
        sd_notify_send("READY=1");
    }
    unsetenv("NOTIFY_SOCKET");
    sd_notify_open();
    sd_notify_send("READY=1");
    assert_int_equal(sd_notify_watchdog_ms(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_start_is_done_with_the_first_scan_and_said_once),
        TEST(signs_of_life_come_at_half_of_the_time_and_stop_with_a_scan_that_does_not_end),
        TEST(the_watchdog_of_another_process_is_not_ours),
        TEST(an_address_that_is_none_hurts_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
