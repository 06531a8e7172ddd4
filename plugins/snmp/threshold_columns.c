/* threshold_columns.c - the columns of proctcpThresholdTable: what the configuration says, and what is so now. */
#include "own_columns.h"

#include <string.h>

static const struct threshold_row *at(const struct publication *publication, uint32_t row)
{
    return &publication->thresholds[row];
}

static bool is_whole(const struct publication *publication, uint32_t row)
{
    return !*at(publication, row)->instance;
}

static bool has_value(const struct publication *publication, uint32_t row)
{
    return at(publication, row)->has_value;
}

static bool is_raised(const struct publication *publication, uint32_t row)
{
    return at(publication, row)->since;
}

static void threshold_name(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_text(value, at(publication, row)->threshold.name);
}

static void threshold_instance(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_text(value, at(publication, row)->instance);
}

static void threshold_of(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, (int32_t)at(publication, row)->threshold.of);
}

static void threshold_measure(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, (int32_t)at(publication, row)->threshold.measure);
}

static void threshold_high(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, at(publication, row)->threshold.high);
}

static void threshold_low(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, at(publication, row)->threshold.low);
}

static void threshold_hold(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, at(publication, row)->threshold.hold_s);
}

static void threshold_state(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, at(publication, row)->raised ? THRESHOLD_RAISED : THRESHOLD_NORMAL);
}

static void threshold_raised(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, at(publication, row)->raised);
}

static void threshold_value(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, at(publication, row)->value);
}

static void threshold_pid(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, at(publication, row)->pid);
}

static void threshold_worst(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_text(value, at(publication, row)->worst);
}

static void threshold_since(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, (uint32_t)at(publication, row)->since);
}

static bool has_worst(const struct publication *publication, uint32_t row)
{
    return is_whole(publication, row) && has_value(publication, row);
}

/* clang-format off */
const struct own_column own_threshold_columns[OWN_THRESHOLD_COLUMNS] = {
    {.id = 3, .name = "proctcpThresholdName", .syntax = VALUE_OCTETS, .value = threshold_name},
    {.id = 4, .name = "proctcpThresholdInstance", .syntax = VALUE_OCTETS, .value = threshold_instance},
    {.id = 5, .name = "proctcpThresholdOf", .syntax = VALUE_INTEGER, .value = threshold_of},
    {.id = 6, .name = "proctcpThresholdMeasure", .syntax = VALUE_INTEGER, .value = threshold_measure},
    {.id = 7, .name = "proctcpThresholdHigh", .syntax = VALUE_UNSIGNED, .value = threshold_high},
    {.id = 8, .name = "proctcpThresholdLow", .syntax = VALUE_UNSIGNED, .value = threshold_low},
    {.id = 9, .name = "proctcpThresholdHold", .syntax = VALUE_UNSIGNED, .unit = "seconds", .value = threshold_hold},
    {.id = 10, .name = "proctcpThresholdState", .syntax = VALUE_INTEGER, .value = threshold_state},
    {.id = 11, .name = "proctcpThresholdRaised", .syntax = VALUE_UNSIGNED, .value = threshold_raised},
    {.id = 12, .name = "proctcpThresholdValue", .syntax = VALUE_UNSIGNED, .has = has_value, .value = threshold_value},
    {.id = 13, .name = "proctcpThresholdPid", .syntax = VALUE_INTEGER, .has = has_value, .value = threshold_pid},
    {.id = 14, .name = "proctcpThresholdWorst", .syntax = VALUE_OCTETS, .has = has_worst, .value = threshold_worst},
    {.id = 15, .name = "proctcpThresholdSince", .syntax = VALUE_UNSIGNED, .unit = "seconds", .has = is_raised, .value = threshold_since},
};
/* clang-format on */
