/* app_sql_question.h — what both forms of an answer of SQL share: the question, and how values are shown.
 *
 * What: reads {"sql", "params", "limit"}; writes values as JSON.
 * Owner: what is read views the input and the arena.   Threads: values.
 * Failure: FAIL_INPUT at the place.   Limits/cost: the settings sql_memory_mb, sql_rows, sql_result_mb.
 * Units: bytes.   Example: app_sql.c, app_sql_stream.c.   Not here: running it (sql.h).
 */
#pragma once

#include "app.h"
#include "base_json_write.h"
#include "sql.h"

/* The cancel token is left to be set. */
bool app_sql_question(struct app *app, struct json_value input, struct arena *arena,
                      struct sql_question *out, struct fail *fail) MUST_USE;
void app_sql_write_value(struct json_writer *w, const struct sql_value *value);
/* Bytes that are no text, as hexadecimal digits. */
void app_sql_hex(struct base_buf *out, struct str bytes);
