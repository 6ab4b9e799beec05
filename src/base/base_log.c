#include "base_log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base_json_write.h"
#include "base_time.h"

#define LOG_LINE_BYTES_MAX ((size_t)4096)

static _Atomic int least_level = LOG_INFO;
static _Atomic int line_form = LOG_FORM_LOGFMT;
static _Atomic int line_descriptor = STDERR_FILENO;
static _Atomic(const struct base_clock *) line_clock;

void base_log_set(enum log_level least, enum log_form form, int descriptor,
                  const struct base_clock *clock)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&line_form, (int)form);
    atomic_store(&line_descriptor, descriptor);
    atomic_store(&line_clock, clock);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARN:
        return "warn";
    case LOG_ERROR:
        return "error";
    }
    return "error";
}

/* A value that stands alone needs no quotes; everything else goes through JSON's escaping, which leaves
   no control character behind. */
static bool is_plain(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7F) {
            return false;
        }
    }
    return value.len > 0;
}

static void put_logfmt(struct base_buf *line, const char *name, struct str value)
{
    if (line->len > 0) {
        base_buf_byte(line, ' ');
    }
    base_buf_c(line, name);
    base_buf_byte(line, '=');
    if (is_plain(value)) {
        base_buf_str(line, value);
    } else {
        struct json_writer w = {.out = line};
        json_write_str(&w, value);
    }
}

static void put_json(struct json_writer *w, const char *name, struct str value)
{
    json_name_c(w, name);
    json_write_str(w, value);
}

/* Fields whose line would grow too long are cut, not the line: it stays well-formed. */
static struct str cut(struct str value)
{
    return value.len > 512 ? str_of(value.data, 512) : value;
}

void base_log(enum log_level level, const char *code, const char *message, ...)
{
    if ((int)level < atomic_load(&least_level)) {
        return;
    }
    const struct base_clock *clock = atomic_load(&line_clock);
    char ts[TIME_RFC3339_BYTES];
    size_t ts_len = time_format_rfc3339(base_now_ms(clock == NULL ? base_clock_real() : clock), ts);
    bool json = atomic_load(&line_form) == LOG_FORM_JSON;
    struct base_buf line = {.limit = LOG_LINE_BYTES_MAX};
    struct json_writer w = {.out = &line};
    const struct {
        const char *name;
        struct str value;
    } head[] = {{"ts", str_of(ts, ts_len)},
                {"level", str_from_c(level_name(level))},
                {"code", str_from_c(code)},
                {"msg", cut(str_from_c(message))}};
    if (json) {
        json_begin_object(&w);
    }
    for (size_t i = 0; i < ARRAY_LEN(head); i++) {
        if (json) {
            put_json(&w, head[i].name, head[i].value);
        } else {
            put_logfmt(&line, head[i].name, head[i].value);
        }
    }
    va_list fields;
    va_start(fields, message);
    for (;;) {
        struct log_field field = va_arg(fields, struct log_field);
        if (field.name == NULL) {
            break;
        }
        if (field.kind == LOG_FIELD_TEXT && json) {
            put_json(&w, field.name, cut(field.text));
        } else if (field.kind == LOG_FIELD_TEXT) {
            put_logfmt(&line, field.name, cut(field.text));
        } else if (json) {
            json_name_c(&w, field.name);
            json_write_int(&w, field.number);
        } else {
            base_buf_printf(&line, " %s=%lld", field.name, (long long)field.number);
        }
    }
    va_end(fields);
    if (json) {
        json_end_object(&w);
    }
    base_buf_byte(&line, '\n');
    if (!line.failed) {
        ssize_t ignored = write(atomic_load(&line_descriptor), line.data, line.len);
        (void)ignored; /* a log that cannot be written is lost */
    }
    base_buf_done(&line);
}
