/* act_zip.h — a ZIP file written from front to back: for a customer's copy.
 *
 * What: entries one after the other, each deflated as its bytes come. Nothing that was written is gone back to: sizes follow
 *   the data of an entry. So the buffer may be emptied between any two calls, and no more of the file is held than that.
 *   Names are ASCII of ours. No ZIP64.
 * Owner: act_zip_new/act_zip_free; the buffer is the caller's.   Threads: one at a time.
 * Failure: FAIL_LIMIT past the buffer's limit, ACT_ZIP_ENTRIES_MAX or 4 GiB; FAIL_NO_MEMORY.
 * Limits/cost: some 50 MB/s of text.   Units: bytes.
 * Example: act_zip_entry(zip, "README.txt", fail) && act_zip_add(zip, text, fail) && ... && act_zip_end(zip, fail)
 * Not here: what is in it (app_copy.h).
 */
#pragma once

#include "base_buf.h"

#define ACT_ZIP_ENTRIES_MAX 16

struct act_zip;
/* All entries bear this time. */
bool act_zip_new(int64_t now_ms, struct act_zip **zip, struct fail *fail) MUST_USE;
void act_zip_free(struct act_zip *zip); /* accepts NULL */
void act_zip_free_at(struct act_zip **zip);
/* What follows is appended to `out`. Before the first entry, and again whenever `out` was emptied. */
void act_zip_into(struct act_zip *zip, struct base_buf *out);
/* Ends the entry before and begins the next. */
bool act_zip_entry(struct act_zip *zip, const char *name, struct fail *fail) MUST_USE;
bool act_zip_add(struct act_zip *zip, struct str bytes, struct fail *fail) MUST_USE;
/* Ends the file. */
bool act_zip_end(struct act_zip *zip, struct fail *fail) MUST_USE;
