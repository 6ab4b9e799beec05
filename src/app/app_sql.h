/* app_sql.h — answers of SQL as they come: NDJSON or CSV, never held whole.
 *
 * What: takes what the operation "sql" takes and gives the answer piece by piece. Only a `limit` that was asked for
 *   cuts it: the settings sql_rows and sql_result_mb are for answers that are held.
 * Owner: app_sql_close.   Threads: one at a time, any.
 * Failure: FAIL_DENIED without the right to ask; FAIL_INPUT at the place; FAIL_BUSY when APP_SQL_STREAMS_MAX run
 *   already; FAIL_LIMIT where the next piece does not come within query_time_ms; FAIL_CANCELLED once the caller is gone.
 * Limits/cost: APP_SQL_STREAMS_MAX; a piece is some 64 KiB, and no less than a row.   Units: bytes.
 * Example: http_sql.c.   Not here: JSON as a whole (the operation "sql").
 */
#pragma once

#include "app.h"

#define APP_SQL_STREAMS_MAX 4 /* at a time: each is a process, for as long as its reader reads */

enum app_sql_form { APP_SQL_NDJSON, APP_SQL_CSV };

struct app_sql;
/* `caller` is copied; what its `gone` asks must outlive the answer. */
bool app_sql_open(struct app *app, const struct app_caller *caller, struct str input,
                  enum app_sql_form form, struct app_sql **out, struct fail *fail) MUST_USE;
/* Appends some rows; *out_end behind the last. */
bool app_sql_next(struct app_sql *sql, struct base_buf *out, bool *out_end,
                  struct fail *fail) MUST_USE;
void app_sql_close(struct app_sql *sql); /* accepts NULL */
