/* Which listeners are published, and under what name. */
#include "../../plugins/collectd/listeners.h"
#include "test_collectd_snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OWN 1

static struct hand hand;
static struct proctcp_listener listeners[16];
static struct memory memory;
static struct listener_choices choices;
static struct group_wish groups[HAND_ROOM];

static int set_up(void **state)
{
    (void)state;
    hand_begin(&hand);
    hand.snapshot.listeners = listeners;
    hand.snapshot.own_netns = OWN;
    memory_new(&memory, 100, 100, false);
    for (size_t i = 0; i < HAND_ROOM; i++)
        groups[i] = (struct group_wish){.listeners = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    listener_choices_free(&choices);
    memory_free(&memory);
    return 0;
}

/* Of the process added last; at 192.0.2.last. */
static struct proctcp_listener *add(uint8_t last, uint16_t port, uint32_t netns, uint32_t uid)
{
    struct proctcp_listener *listener = &listeners[hand.snapshot.listener_count++];

    hand_row(&hand, hand_socket(&hand, port, 0, 0));
    *listener = (struct proctcp_listener){.local_address = hand_address(last),
                                          .local_port = port,
                                          .netns = netns,
                                          .uid = uid,
                                          .present = PROCTCP_HAS_LISTENER_UID,
                                          .row = hand.snapshot.row_count - 1};
    return listener;
}

static void choose(uint32_t max)
{
    const struct identifiers identifiers = {.prefix = ""};
    const struct listener_wishes wishes = {.identifiers = &identifiers, .groups = groups, .max = max};

    listener_choices_free(&choices);
    assert_int_equal(listeners_choose(&hand.snapshot, &wishes, &memory, &choices), 0);
}

static const struct listener_choice *find(const char *name)
{
    for (uint32_t i = 0; i < choices.count; i++) {
        if (strcmp(choices.choices[i].name, name) == 0)
            return &choices.choices[i];
    }
    return NULL;
}

static void a_name_is_address_and_port(void **state)
{
    (void)state;
    hand_process(&hand, "nginx", 1, 0);
    add(1, 80, OWN, 0);
    add(1, 81, OWN, 0)->local_address = (struct proctcp_address){{0}};
    add(2, 80, OWN, 0)->interface = 3;
    choose(10);
    assert_int_equal(choices.count, 3);
    assert_non_null(find("proctcp-listener-192.0.2.1-80"));
    assert_non_null(find("proctcp-listener-::-81"));
    assert_non_null(find("proctcp-listener-192.0.2.2-80-if3"));
}

/* Numbers of namespaces are new after each restart. */
static void in_another_namespace_the_group_tells_it_apart(void **state)
{
    (void)state;
    hand_process(&hand, "nginx", 1, 0);
    add(1, 80, OWN, 0);
    add(1, 80, 7, 0);
    add(1, 80, 8, 0);
    hand_process(&hand, "a b", 1, 0);
    add(1, 80, 9, 0);
    choose(10);
    assert_int_equal(choices.count, 4);
    assert_non_null(find("proctcp-listener-192.0.2.1-80"));
    assert_non_null(find("proctcp-listener-192.0.2.1-80@a+20b"));
    assert_non_null(find("proctcp-listener-192.0.2.1-80@nginx"));
    assert_true(
        find("proctcp-listener-192.0.2.1-80@nginx")->is_numbered); /* it may be the other one's at the next pass */
    assert_non_null(find("proctcp-listener-192.0.2.1-80@nginx+-2"));
    assert_true(find("proctcp-listener-192.0.2.1-80@nginx+-2")->is_numbered);
    assert_false(find("proctcp-listener-192.0.2.1-80")->is_numbered);
}

static void who_logs_in_takes_no_name_of_the_system(void **state)
{
    (void)state;
    hand_process(&hand, "web", 1, 0);
    add(1, 80, 5, 1000);
    add(1, 80, 7, 0);
    hand_process(&hand, "web-2", 1, 0);
    add(1, 80, 8, 1000);
    groups[hand_group(&hand, "web-2")].listeners = true;
    choose(10);
    assert_int_equal(find("proctcp-listener-192.0.2.1-80@web")->listener, 1);
    assert_int_equal(find("proctcp-listener-192.0.2.1-80@web+-2")->listener, 0);
    assert_int_equal(find("proctcp-listener-192.0.2.1-80@web-2")->listener, 2);
}

static void only_what_is_wished_for_is_chosen(void **state)
{
    (void)state;
    hand_process(&hand, "nginx", 1, 0);
    add(1, 80, OWN, 0);
    hand_process(&hand, "other", 1, 0);
    add(1, 81, OWN, 0);
    add(1, 82, OWN, 0)->row = PROCTCP_NONE;
    groups[hand_group(&hand, "nginx")].listeners = false;
    choose(10);
    assert_int_equal(choices.count, 1);
    assert_non_null(find("proctcp-listener-192.0.2.1-81"));
}

static void who_logs_in_takes_no_place_from_the_system(void **state)
{
    (void)state;
    hand_process(&hand, "x", 1, 0);
    add(1, 10, OWN, 1000);
    add(1, 11, OWN, 1000);
    add(1, 80, OWN, 0);
    add(1, 81, OWN, 61184);
    choose(2);
    assert_int_equal(choices.left_out, 2);
    assert_non_null(find("proctcp-listener-192.0.2.1-80"));
    assert_non_null(find("proctcp-listener-192.0.2.1-81"));
}

static void a_place_is_kept(void **state)
{
    (void)state;
    hand_process(&hand, "x", 1, 0);
    add(1, 80, OWN, 1000);
    memory_begin(&memory, 1000);
    (void)memory_may_name(&memory, memory_of(&memory, "proctcp-listener-192.0.2.1-80"), CHOSEN_BY_USER);
    memory_end(&memory, true);
    add(1, 10, OWN, 1000);
    choose(1);
    assert_non_null(find("proctcp-listener-192.0.2.1-80"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_address_and_port),
        TEST(in_another_namespace_the_group_tells_it_apart),
        TEST(who_logs_in_takes_no_name_of_the_system),
        TEST(only_what_is_wished_for_is_chosen),
        TEST(who_logs_in_takes_no_place_from_the_system),
        TEST(a_place_is_kept),
    };

    return cmocka_run_group_tests_name("collectd: listeners", tests, NULL, NULL);
}
