/* base_log.h — structured log lines, without customers' data.
 *
 * What: one line an event on stderr, logfmt or JSON: time, level, code, message, fields. Only app, http and
 *   cli log above debug, once, where a failure is handled. Values are escaped: no line can be forged.
 *   Callers never pass customers' words, identifiers, keys or whole requests.
 * Owner: process-wide settings, set once at start.   Threads: all safe; a line is one write.
 * Failure: none (a log that cannot be written is lost).   Limits/cost: a line is cut at 4 KiB.
 * Units: names of fields carry them.
 * Example: base_log(LOG_INFO, "server.started", "serving", LOG_C("listen", address), LOG_END);
 * Not here: metrics, the audit trail (access).
 */
#pragma once

#include "base_clock.h"
#include "base_str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_form { LOG_FORM_LOGFMT, LOG_FORM_JSON };

struct log_field {
    const char *name; /* NULL ends the list */
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT } kind;
    struct str text;
    int64_t number;
};
#define LOG_C(name, value) ((struct log_field){(name), LOG_FIELD_TEXT, str_from_c(value), 0})
#define LOG_S(name, value) ((struct log_field){(name), LOG_FIELD_TEXT, (value), 0})
#define LOG_N(name, value) ((struct log_field){(name), LOG_FIELD_INT, {NULL, 0}, (value)})
#define LOG_END ((struct log_field){NULL, LOG_FIELD_INT, {NULL, 0}, 0})

void base_log_set(enum log_level least, enum log_form form, int descriptor,
                  const struct base_clock *clock);
/* `code` is stable and dotted ("intake.refused"); fields end with LOG_END. */
void base_log(enum log_level level, const char *code, const char *message, ...);
