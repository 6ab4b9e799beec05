#include "base_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base_time.h"

/* A pipe takes up to this many bytes in one piece (PIPE_BUF on Linux), newline included. */
#define LINE_BYTES 4096
/* Kept free for what closes a cut line: an ellipsis, a quote, a brace, the newline. */
#define CLOSING_BYTES 8
#define NAME_BYTES_MAX 256
#define NAME_BYTES_BESIDE 32

static struct {
    enum log_level least;
    enum log_form form;
    int descriptor;
    const struct base_clock *clock; /* NULL: the real one */
} settings = {.least = LOG_INFO, .form = LOG_FORM_LOGFMT, .descriptor = STDERR_FILENO};

struct line {
    char bytes[LINE_BYTES];
    size_t len;
    bool json;
    bool cut; /* nothing is added after */
};

static size_t room(const struct line *line)
{
    size_t most = LINE_BYTES - CLOSING_BYTES;
    return line->cut || line->len >= most ? 0 : most - line->len;
}

static void put(struct line *line, struct str text)
{
    if (text.len > room(line)) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->len, text.data, text.len);
    line->len += text.len;
}

/* Into the room that is kept free: always fits. */
static void put_closing(struct line *line, struct str text)
{
    memcpy(line->bytes + line->len, text.data, text.len);
    line->len += text.len;
}

/* True for what could end a line, forge a field, or steer a terminal: C0, DEL, C1, the line and
   paragraph separators, and marks that turn the direction of writing. */
static bool is_unsafe(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x200E && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static unsigned code_of(struct str character)
{
    const unsigned char *at = (const unsigned char *)character.data;
    switch (character.len) {
    case 1:
        return at[0];
    case 2:
        return (at[0] & 0x1FU) << 6 | (at[1] & 0x3FU);
    case 3:
        return (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
    default:
        return (at[0] & 0x07U) << 18 | (at[1] & 0x3FU) << 12 | (at[2] & 0x3FU) << 6 |
               (at[3] & 0x3FU);
    }
}

static void put_character(struct line *line, struct str character, bool valid)
{
    char escaped[8];
    if (!valid) {
        put(line, STR("\xEF\xBF\xBD"));
        return;
    }
    unsigned code = code_of(character);
    if (code == '"' || code == '\\') {
        put(line, str_of((const char[]){'\\', (char)code}, 2));
    } else if (code == '\n') {
        put(line, STR("\\n"));
    } else if (is_unsafe(code)) {
        int len = snprintf(escaped, sizeof escaped, "\\u%04x", code);
        put(line, str_of(escaped, (size_t)len));
    } else {
        put(line, character);
    }
}

/* The escapes are JSON's, in logfmt too. A text that does not fit ends in an ellipsis. */
static void put_quoted(struct line *line, struct str text)
{
    put(line, STR("\""));
    if (line->cut) {
        return;
    }
    while (text.len > 0 && !line->cut) {
        bool valid;
        size_t step = str_utf8_step(text, &valid);
        put_character(line, str_of(text.data, step), valid);
        text = str_after(text, step);
    }
    if (line->cut) {
        put_closing(line, STR("\xE2\x80\xA6"));
    }
    put_closing(line, STR("\""));
}

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '\\' || byte == '=') {
            return true;
        }
    }
    return text.len == 0;
}

/* ` name=` or `,"name":`, whole and with room for a number behind it, or not at all. */
static bool put_name(struct line *line, const char *name)
{
    size_t len = strnlen(name, NAME_BYTES_MAX);
    if (len + NAME_BYTES_BESIDE > room(line)) {
        line->cut = true;
        return false;
    }
    bool first = line->len == 0;
    if (line->json) {
        put(line, first ? STR("{\"") : STR(",\""));
    } else if (!first) {
        put(line, STR(" "));
    }
    put(line, str_of(name, len));
    put(line, line->json ? STR("\":") : STR("="));
    return true;
}

static void put_text(struct line *line, const char *name, struct str text)
{
    if (!put_name(line, name)) {
        return;
    }
    if (line->json || needs_quotes(text) || text.len > room(line)) {
        put_quoted(line, text);
    } else {
        put(line, text);
    }
}

static void put_number(struct line *line, const char *name, int64_t number)
{
    char text[24];
    if (put_name(line, name)) {
        int len = snprintf(text, sizeof text, "%" PRId64, number);
        put(line, str_of(text, (size_t)len));
    }
}

void base_log_set(enum log_level least, enum log_form form, int descriptor,
                  const struct base_clock *clock)
{
    settings.least = least;
    settings.form = form;
    settings.descriptor = descriptor;
    settings.clock = clock;
}

static void write_line(const struct line *line)
{
    ssize_t put_bytes;
    do {
        put_bytes = write(settings.descriptor, line->bytes, line->len);
    } while (put_bytes < 0 && errno == EINTR);
}

void base_log(enum log_level level, const char *code, const char *message, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < settings.least) {
        return;
    }
    struct line line;
    line.len = 0;
    line.json = settings.form == LOG_FORM_JSON;
    line.cut = false;
    char time[TIME_RFC3339_BYTES];
    const struct base_clock *clock = settings.clock == NULL ? base_clock_real() : settings.clock;
    put_text(&line, "ts", str_of(time, time_format_rfc3339(base_now_ms(clock), time)));
    put_text(&line, "level", str_from_c(names[level]));
    put_text(&line, "code", str_from_c(code));
    put_text(&line, "msg", str_from_c(message));
    va_list fields;
    va_start(fields, message);
    for (;;) {
        struct log_field field = va_arg(fields, struct log_field);
        if (field.name == NULL) {
            break;
        }
        if (field.kind == LOG_FIELD_INT) {
            put_number(&line, field.name, field.number);
        } else {
            put_text(&line, field.name, field.text);
        }
    }
    va_end(fields);
    put_closing(&line, line.json ? STR("}\n") : STR("\n"));
    write_line(&line);
}
