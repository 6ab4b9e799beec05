/* app_export.h — exports: who may, of whom and when, at most so many at a time.
 *
 * What: opens a stream (export.h) over one snapshot for what a request asks for: {"format", "range" or "from" and
 *   "to", "timezone", "segment", "event", "source", "as_of"}, all optional. Every export is written into the audit trail.
 * Owner: app_export_close.   Threads: one at a time, any.
 * Failure: FAIL_DENIED without the right to ask; FAIL_INPUT at the place; FAIL_BUSY when APP_EXPORTS_MAX run already;
 *   then as export_next. FAIL_CANCELLED once the caller is gone.
 * Limits/cost: APP_EXPORTS_MAX; memory as a question (query_memory_mb). A stream holds its snapshot until it is closed.
 * Units: bytes.   Example: http_export.c.   Not here: the forms (export.h).
 */
#pragma once

#include "app.h"

#define APP_EXPORTS_MAX 4 /* at a time */
#define APP_EXPORT_STEP_BYTES ((size_t)256 << 10)

struct app_export;
/* `caller` is copied; what its `gone` asks must outlive the export. */
bool app_export_open(struct app *app, const struct app_caller *caller, struct str input,
                     struct app_export **out, struct fail *fail) MUST_USE;
/* Appends at least APP_EXPORT_STEP_BYTES, or all that is left, then *out_end. */
bool app_export_step(struct app_export *export, struct base_buf *out, bool *out_end,
                     struct fail *fail) MUST_USE;
/* As app_export_step, but some rows' worth at most, which may be nothing: for who must not wait. */
bool app_export_next(struct app_export *export, struct base_buf *out, bool *out_end,
                     struct fail *fail) MUST_USE;
void app_export_close(struct app_export *export); /* accepts NULL */
const char *app_export_media_type(const struct app_export *export);
/* "firsthand-2026-05-01.ndjson", in the arena. */
struct str app_export_file_name(const struct app_export *export, struct arena *arena);
