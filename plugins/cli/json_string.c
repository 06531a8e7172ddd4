/* json_string.c - text of any bytes as a JSON string. Knows nothing of objects and fields. */
#include "json_string.h"

#include "output.h"

/* Plain characters, which most text is made of, are written as they come. */
static size_t plain_length(const char *text)
{
    size_t length = 0;
    while (text[length] >= ' ' && text[length] < 0x7f && text[length] != '"' && text[length] != '\\')
        length++;
    return length;
}

void json_string(struct writer *writer, const char *text)
{
    writer_char(writer, '"');
    while (*text) {
        unsigned steering;
        char escape[8];
        size_t length = plain_length(text);
        writer_bytes(writer, text, length);
        text += length;
        if (!*text)
            break;
        length = utf8_next(text, &steering);
        if (length == 0) {
            writer_text(writer, "\\ufffd");
            length = 1;
        } else if (*text == '"' || *text == '\\') {
            writer_char(writer, '\\');
            writer_char(writer, *text);
        } else if (steering) {
            snprintf(escape, sizeof(escape), "\\u%04x", steering & 0xffff);
            writer_text(writer, escape);
        } else {
            writer_bytes(writer, text, length);
        }
        text += length;
    }
    writer_char(writer, '"');
}
