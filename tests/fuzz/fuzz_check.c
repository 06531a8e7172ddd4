/* What check_proctcp reads of its command line, and names as it prints them: text without a NUL. What is understood
 * must mean the same when it was printed and is read again. */
#include "../../plugins/check/endpoint.h"
#include "../../plugins/check/range.h"
#include "../../plugins/check/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_endpoint(const char *word)
{
    struct endpoint read, again;
    char text[PROCTCP_ENDPOINT_TEXT_SIZE + 16];

    if (!endpoint_parse(word, &read))
        return;
    if (!endpoint_parse(endpoint_text(&read, text), &again) || again.port != read.port ||
        again.interface != read.interface || memcmp(&again.address, &read.address, sizeof(read.address)) != 0)
        abort();
}

static void try_range(const char *word)
{
    static const double values[] = {-1e9, -1, 0, 0.5, 10, 1e9};
    struct range range;

    if (!range_parse(word, &range))
        return;
    if (!(range.start <= range.end))
        abort();
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (range_alerts_from(&range, values[i]) && !range_alerts(&range, values[i]))
            abort();
    }
}

static void try_name(const char *word)
{
    char name[TEXT_NAME_SIZE], again[TEXT_NAME_SIZE], safe[TEXT_SAFE_SIZE];

    if (!text_unsafe(word, name))
        return;
    text_safe(name, safe, sizeof(safe));
    if (strpbrk(safe, "|'\"=\n<>&`$") || !text_unsafe(safe, again) || strcmp(name, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *word = malloc(size + 1);

    if (!word)
        return 0;
    memcpy(word, data, size);
    word[size] = '\0';
    try_endpoint(word);
    try_range(word);
    try_name(word);
    free(word);
    return 0;
}
