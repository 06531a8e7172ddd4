/* test_snmp_bitset.c - the next member, near and far, against a plain array. */
#include "../../plugins/snmp/bitset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void an_empty_set_has_no_next(void **state)
{
    static const uint32_t sizes[] = {0, 1, 63, 64, 65, 4096, 300000};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bitset *set = bitset_new(sizes[i]);

        assert_non_null(set);
        assert_int_equal(bitset_next(set, 0), BITSET_NONE);
        assert_int_equal(bitset_next(set, sizes[i]), BITSET_NONE);
        bitset_free(set);
    }
    bitset_free(NULL);
}

static void a_far_member_is_found_from_anywhere_before_it(void **state)
{
    struct bitset *set = bitset_new(20000000);

    (void)state;
    bitset_add(set, 19999999);
    bitset_add(set, 262144);
    assert_int_equal(bitset_next(set, 0), 262144);
    assert_int_equal(bitset_next(set, 262144), 262144);
    assert_int_equal(bitset_next(set, 262145), 19999999);
    assert_int_equal(bitset_next(set, 19999999), 19999999);
    assert_int_equal(bitset_next(set, 20000000), BITSET_NONE);
    bitset_free(set);
}

static void it_agrees_with_an_array(void **state)
{
    enum { SIZE = 9000 };
    static const int sparseness[] = {1, 2, 60, 3000};

    (void)state;
    srand(1);
    for (size_t i = 0; i < sizeof(sparseness) / sizeof(sparseness[0]); i++) {
        struct bitset *set = bitset_new(SIZE);
        bool in[SIZE] = {false};
        uint32_t next = BITSET_NONE;

        for (int n = 0; n < SIZE / sparseness[i]; n++) {
            const uint32_t number = (uint32_t)rand() % SIZE;

            in[number] = true;
            bitset_add(set, number);
        }
        for (uint32_t from = SIZE; from-- > 0;) {
            if (in[from])
                next = from;
            assert_int_equal(bitset_next(set, from), next);
        }
        bitset_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_no_next),
        cmocka_unit_test(a_far_member_is_found_from_anywhere_before_it),
        cmocka_unit_test(it_agrees_with_an_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
