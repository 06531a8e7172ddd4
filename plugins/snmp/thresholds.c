/* thresholds.c - thresholds as the configuration writes them. Knows words and numbers; nothing of what is measured. */
#include "thresholds.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_MAX_S 86400
#define WORDS      6
#define GROUP      (1u << THRESHOLD_OF_GROUP)
#define PROCESS    (1u << THRESHOLD_OF_PROCESS)
#define LISTENER   (1u << THRESHOLD_OF_LISTENER)

static const char *const targets[] = {
    [THRESHOLD_OF_GROUP] = "group", [THRESHOLD_OF_PROCESS] = "process", [THRESHOLD_OF_LISTENER] = "listener"};

static const struct {
    const char *name;
    unsigned of; /* bits of what has it */
} measures[] = {
    [MEASURE_SOCKETS] = {"sockets", GROUP | PROCESS | LISTENER},
    [MEASURE_CLOSE_WAIT] = {"close_wait", GROUP | PROCESS | LISTENER},
    [MEASURE_UNBOUND] = {"unbound", GROUP | PROCESS},
    [MEASURE_FDS_PERCENT] = {"fds_percent", GROUP | PROCESS},
    [MEASURE_ACCEPT_QUEUE_PERCENT] = {"accept_queue_percent", GROUP | LISTENER},
    [MEASURE_DROPS_PER_MINUTE] = {"drops_per_minute", GROUP | PROCESS | LISTENER},
    [MEASURE_RETRANSMISSION_PERCENT] = {"retransmission_percent", GROUP | PROCESS},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct words {
    char text[512];
    char *at[WORDS];
    size_t count;
};

/* false: there are too many, or it is too long. */
static bool split(const char *text, struct words *words)
{
    char *rest = words->text;

    if (strlen(text) >= sizeof(words->text))
        return false;
    memcpy(words->text, text, strlen(text) + 1);
    for (char *word; (word = strtok_r(rest, " \t", &rest));) {
        if (words->count == WORDS)
            return false;
        words->at[words->count++] = word;
    }
    return words->count >= 4;
}

static bool is_port(const char *text)
{
    const size_t digits = strspn(text, "0123456789");

    return digits && digits <= 5 && !text[digits] && atoi(text) >= 1 && atoi(text) <= UINT16_MAX;
}

static bool read_target(char *word, struct threshold *threshold, char *error, size_t size)
{
    char *which = strchr(word, '=');

    if (which)
        *which++ = '\0';
    for (size_t of = 1; of < COUNT(targets); of++) {
        if (strcmp(word, targets[of]) == 0)
            threshold->of = (enum threshold_of)of;
    }
    if (!threshold->of) {
        snprintf(error, size, "\"%s\" is none of group, process, listener", word);
        return false;
    }
    if (which && (!*which || strlen(which) > THRESHOLD_INSTANCE_MAX)) {
        snprintf(error, size, "\"%s=%s\" names none", word, which);
        return false;
    }
    if (which && threshold->of == THRESHOLD_OF_LISTENER && !is_port(which)) {
        snprintf(error, size, "\"%s\" is no port: a number from 1 to 65535", which);
        return false;
    }
    if (which)
        memcpy(threshold->only, which, strlen(which) + 1);
    return true;
}

static bool read_measure(const char *word, struct threshold *threshold, char *error, size_t size)
{
    size_t used;

    for (size_t measure = 1; measure < COUNT(measures); measure++) {
        if (strcmp(word, measures[measure].name) == 0 && measures[measure].of & 1u << threshold->of)
            threshold->measure = (enum threshold_measure)measure;
    }
    if (threshold->measure)
        return true;
    used = (size_t)snprintf(error, size, "\"%s\" is nothing that a %s has:", word, targets[threshold->of]);
    for (size_t measure = 1; measure < COUNT(measures) && used < size; measure++) {
        if (measures[measure].of & 1u << threshold->of)
            used += (size_t)snprintf(error + used, size - used, " %s", measures[measure].name);
    }
    return false;
}

static bool read_number(const char *word, uint32_t most, uint32_t *number, char *error, size_t size)
{
    char *end;
    const unsigned long read = strtoul(word, &end, 10);

    if (!isdigit((unsigned char)*word) || *end || read > most) {
        snprintf(error, size, "\"%s\" is no number from 0 to %u", word, most);
        return false;
    }
    *number = (uint32_t)read;
    return true;
}

static bool read_numbers(const struct words *words, struct threshold *threshold, char *error, size_t size)
{
    if (!read_number(words->at[3], UINT32_MAX, &threshold->high, error, size))
        return false;
    threshold->low = (uint32_t)((uint64_t)threshold->high * 9 / 10);
    if (words->count > 4 && !read_number(words->at[4], UINT32_MAX, &threshold->low, error, size))
        return false;
    if (words->count > 5 && !read_number(words->at[5], HOLD_MAX_S, &threshold->hold_s, error, size))
        return false;
    if (threshold->high == 0 || threshold->low >= threshold->high) {
        snprintf(error, size, "it is cleared at %u, which is not below %u, where it is raised", threshold->low,
                 threshold->high);
        return false;
    }
    return true;
}

static bool insert(struct thresholds *thresholds, const struct threshold *threshold, char *error, size_t size)
{
    struct threshold *at =
        named_insert(thresholds->at, &thresholds->count, THRESHOLDS_MAX, threshold, sizeof(*threshold), error, size);

    if (at)
        thresholds->at = at;
    return at != NULL;
}

bool thresholds_add(struct thresholds *thresholds, const char *text, char *error, size_t size)
{
    struct threshold threshold = {.name = ""};
    struct words words = {.count = 0};

    if (!split(text, &words)) {
        snprintf(error, size, "\"%s\" is not NAME group|process|listener[=WHICH] MEASURE HIGH [LOW [HOLD]]", text);
        return false;
    }
    return named_read(words.at[0], threshold.name, error, size) && read_target(words.at[1], &threshold, error, size) &&
           read_measure(words.at[2], &threshold, error, size) && read_numbers(&words, &threshold, error, size) &&
           insert(thresholds, &threshold, error, size);
}

void thresholds_free(struct thresholds *thresholds)
{
    free(thresholds->at);
    *thresholds = (struct thresholds){NULL, 0};
}
