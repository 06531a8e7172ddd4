/* Arrays that grow over the size from which they are asked huge pages for. */
#include "base/vector.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct numbers VECTOR(uint64_t);

static void what_is_in_an_array_stays_in_it_however_large_it_grows(void **state)
{
    const uint64_t count = 4 * LARGE_SIZE / sizeof(uint64_t);
    struct numbers numbers = {0};

    (void)state;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t *number = vector_push(&numbers);
        assert_non_null(number);
        *number = i * 3;
    }
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(numbers.at[i], i * 3);
    vector_free(&numbers);
}

static void room_that_is_reserved_and_not_used_takes_no_memory(void **state)
{
    struct numbers numbers = {0};
    unsigned long pages_before, pages_after;
    FILE *statm = fopen("/proc/self/statm", "r");

    (void)state;
    assert_non_null(statm);
    setvbuf(statm, NULL, _IONBF, 0);
    assert_int_equal(fscanf(statm, "%*u %lu", &pages_before), 1);
    assert_true(vector_reserve(&numbers, 64 * LARGE_SIZE / sizeof(uint64_t)));
    rewind(statm);
    assert_int_equal(fscanf(statm, "%*u %lu", &pages_after), 1);
    assert_true(pages_after < pages_before + 16 * LARGE_SIZE / 4096);
    fclose(statm);
    vector_free(&numbers);
}

static void more_than_there_is_is_refused_and_leaves_what_was_there(void **state)
{
    struct numbers numbers = {0};

    (void)state;
    assert_true(vector_reserve(&numbers, LARGE_SIZE / sizeof(uint64_t)));
    numbers.at[0] = 7;
    assert_false(vector_reserve(&numbers, (uint64_t)UINT32_MAX));
    assert_int_equal(numbers.at[0], 7);
    vector_free(&numbers);
}

/* Whether the kernel was told so of the memory that an address is in. */
static bool is_given_huge_pages(const void *address)
{
    FILE *smaps = fopen("/proc/self/smaps", "r");
    bool is_here = false, is_given = false;
    char line[4096];

    assert_non_null(smaps);
    while (fgets(line, sizeof(line), smaps)) {
        unsigned long begin, end;
        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            is_here = (uintptr_t)address >= begin && (uintptr_t)address < end;
        else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            is_given = strstr(line, " hg");
    }
    fclose(smaps);
    return is_given;
}

static void all_of_a_large_array_is_given_huge_pages(void **state)
{
    struct numbers numbers = {0};

    (void)state;
    if (access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0)
        skip();
    for (uint64_t size = LARGE_SIZE; size <= 8 * LARGE_SIZE; size += LARGE_SIZE + 4079) { /* what is moved, too */
        assert_true(vector_reserve(&numbers, size / sizeof(uint64_t)));
        assert_true(is_given_huge_pages(&numbers.at[0]));
        assert_true(is_given_huge_pages(&numbers.at[size / sizeof(uint64_t) - 1]));
    }
    vector_free(&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_an_array_stays_in_it_however_large_it_grows),
        cmocka_unit_test(all_of_a_large_array_is_given_huge_pages),
        cmocka_unit_test(room_that_is_reserved_and_not_used_takes_no_memory),
        cmocka_unit_test(more_than_there_is_is_refused_and_leaves_what_was_there),
    };
    return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
