#include "act_html.h"

#include "base_json_write.h"

void act_html_c(struct base_buf *out, const char *markup)
{
    base_buf_c(out, markup);
}

/* Marks that change the direction of what stands around them: U+200E, F, U+202A to E, U+2066 to 9, U+061C. */
static bool turns_text(struct str c)
{
    const unsigned char *b = (const unsigned char *)c.data;
    if (c.len == 2) {
        return b[0] == 0xd8 && b[1] == 0x9c;
    }
    if (c.len != 3 || b[0] != 0xe2) {
        return false;
    }
    return (b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xaa && b[2] <= 0xae))) ||
           (b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9);
}

static void put_character(struct base_buf *out, struct str c)
{
    unsigned char first = (unsigned char)c.data[0];
    bool control = (first < 0x20 && first != '\n' && first != '\t') || first == 0x7f ||
                   (c.len == 2 && first == 0xc2 && (unsigned char)c.data[1] < 0xa0);
    if (control || turns_text(c)) {
        return;
    }
    switch (first) {
    case '&':
        base_buf_c(out, "&amp;");
        break;
    case '<':
        base_buf_c(out, "&lt;");
        break;
    case '>':
        base_buf_c(out, "&gt;");
        break;
    case '"':
        base_buf_c(out, "&quot;");
        break;
    case '\'':
        base_buf_c(out, "&#39;");
        break;
    default:
        base_buf_str(out, c);
    }
}

void act_html_text_cut(struct base_buf *out, struct str text, size_t most)
{
    size_t written = 0;
    while (text.len > 0) {
        bool valid;
        size_t step = str_utf8_step(text, &valid);
        if (written + step > most) {
            base_buf_c(out, "…");
            return;
        }
        if (valid) {
            put_character(out, str_of(text.data, step));
        } else {
            base_buf_c(out, "\xEF\xBF\xBD");
        }
        written += step;
        text = str_after(text, step);
    }
}

void act_html_text(struct base_buf *out, struct str text)
{
    act_html_text_cut(out, text, SIZE_MAX / 2);
}

/* Calls `put` for each piece of a word: its own text and the data in its places. */
static void say(struct base_buf *out, enum act_word word, const struct str *data, size_t count,
                bool html)
{
    struct str rest = str_from_c(act_word(word));
    while (rest.len > 0) {
        size_t open = str_find_byte(rest, '{');
        struct str own = str_of(rest.data, open);
        if (html) {
            act_html_text(out, own);
        } else {
            base_buf_str(out, own);
        }
        rest = str_after(rest, open);
        if (rest.len < 3) {
            continue;
        }
        size_t place = (size_t)(rest.data[1] - '0');
        INVARIANT(place < count && rest.data[2] == '}');
        if (html) {
            act_html_text(out, data[place]);
        } else {
            base_buf_str(out, data[place]);
        }
        rest = str_after(rest, 3);
    }
}

void act_html_say(struct base_buf *out, enum act_word word, const struct str *data, size_t count)
{
    say(out, word, data, count, true);
}

struct str act_say(struct arena *arena, enum act_word word, const struct str *data, size_t count)
{
    struct base_buf out CLEANUP(base_buf_done) = {.limit = (size_t)1 << 16};
    say(&out, word, data, count, false);
    return str_copy(arena, base_buf_view(&out));
}

struct str act_date(struct arena *arena, const struct zone *zone, int64_t at_ms)
{
    struct civil local = zone_local(zone, at_ms);
    return str_format(arena, "%d %s %d, %02d:%02d", local.day, act_word_month(local.month),
                      local.year, local.hour, local.minute);
}

void act_html_date(struct base_buf *out, const struct zone *zone, int64_t at_ms)
{
    struct civil local = zone_local(zone, at_ms);
    char text[TIME_RFC3339_BYTES];
    time_format_rfc3339(at_ms, text);
    base_buf_printf(out, "<time datetime=\"%s\">%d %s %d, %02d:%02d</time>", text, local.day,
                    act_word_month(local.month), local.year, local.hour, local.minute);
}

void act_html_value(struct base_buf *out, struct store_value value, size_t most)
{
    struct json_writer w = {.out = out};
    switch ((enum store_kind)value.kind) {
    case STORE_STRING:
        act_html_text_cut(out, store_value_text(value), most);
        break;
    case STORE_BOOL:
        json_write_bool(&w, value.b);
        break;
    case STORE_INT:
        json_write_int(&w, value.i);
        break;
    case STORE_UINT:
        json_write_uint(&w, value.u);
        break;
    case STORE_DOUBLE:
        json_write_double(&w, value.d);
        break;
    case STORE_NULL:
        break;
    }
}
