#include "base_plain.h"

/* Code point of the valid UTF-8 character at `at`; *len its bytes, 0 where it is none. */
static uint32_t decode(const unsigned char *at, size_t left, size_t *len)
{
    uint32_t lead = at[0];
    if (lead < 0x80U) {
        *len = 1;
        return lead;
    }
    *len = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || *len > left || !str_is_utf8(str_of((const char *)at, *len))) {
        *len = 0;
        return 0xFFFDU;
    }
    uint32_t point = lead & (0xFFU >> (*len + 1));
    for (size_t i = 1; i < *len; i++) {
        point = point << 6 | (at[i] & 0x3FU);
    }
    return point;
}

/* C0, DEL, C1, and marks that change the direction of what follows, or hide in it; as web/src/safe.ts. */
static bool is_obeyed(uint32_t point)
{
    return point < 0x20U || (point >= 0x7FU && point <= 0x9FU) ||
           (point >= 0x202AU && point <= 0x202EU) || (point >= 0x2060U && point <= 0x2069U) ||
           (point >= 0xFFF9U && point <= 0xFFFBU) || (point >= 0xE0000U && point <= 0xE007FU) ||
           point == 0x200BU || point == 0x200EU || point == 0x200FU || point == 0x061CU ||
           point == 0xFEFFU;
}

void base_plain_text(struct base_buf *out, struct str text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    for (size_t i = 0; i < text.len;) {
        size_t len;
        uint32_t point = decode(at + i, text.len - i, &len);
        if (len == 0) {
            base_buf_c(out, "\xEF\xBF\xBD");
            i++;
            continue;
        }
        if (point == '\n' || point == '\t') {
            base_buf_byte(out, ' ');
        } else if (!is_obeyed(point)) {
            base_buf_bytes(out, at + i, len);
        }
        i += len;
    }
}

/* Line ends stay, they are quoted; what a terminal would obey goes. */
static void put_csv_text(struct base_buf *out, struct str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        while (end < text.len && text.data[end] != '"' && text.data[end] != '\n' &&
               text.data[end] != '\t') {
            end++;
        }
        base_plain_text(out, str_of(text.data + i, end - i));
        if (end < text.len) {
            base_buf_c(out, text.data[end] == '"' ? "\"\"" : text.data[end] == '\n' ? "\n" : "\t");
            end++;
        }
        i = end;
    }
}

/* A spreadsheet takes these for the beginning of a formula (OWASP, CSV injection). */
static bool looks_like_formula(struct str text)
{
    return text.len > 0 && str_find_byte(STR("=+-@\t\r"), text.data[0]) < 6;
}

/* "-3.5", "+4e10": what a spreadsheet takes for a number and no more. */
static bool is_figure(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (str_find_byte(STR("0123456789.eE+-"), text.data[i]) == 15) {
            return false;
        }
    }
    return text.len > 1 || (text.len == 1 && text.data[0] >= '0' && text.data[0] <= '9');
}

void base_csv_cell(struct base_buf *out, struct str text, bool number)
{
    bool neutralise = looks_like_formula(text) && !(number && is_figure(text));
    bool quote = neutralise || str_find_byte(text, ',') < text.len ||
                 str_find_byte(text, '"') < text.len || str_find_byte(text, '\n') < text.len ||
                 str_find_byte(text, '\r') < text.len;
    if (quote) {
        base_buf_byte(out, '"');
    }
    if (neutralise) {
        base_buf_byte(out, '\'');
    }
    put_csv_text(out, text);
    if (quote) {
        base_buf_byte(out, '"');
    }
}
