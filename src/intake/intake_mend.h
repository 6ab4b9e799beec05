/* intake_mend.h — a record out of the quarantine, read again the way it came.
 *
 * What: the bytes as they were kept, or as somebody mended them, become an item by the same decoder, with the time at
 *   which they were received first. For mending, a record is shown as a document in JSON: itself, where it is JSON; a
 *   row of CSV as an object of its columns. Anything else can only be replaced as text.
 * Owner: items lie in the arena given, and view what is in struct intake_mend.
 * Threads: as a decoder.   Failure: FAIL_NO_MEMORY, and what a map or definition that no longer fits says.
 * Limits/cost: as the decoder; a small import for each record of a file.   Units: *_ms UTC.
 * Example: intake_mend_decode(&mend, decoder, &source, arena, &item, fail)
 * Not here: changing documents (intake_patch.h), which rows, and storing them (app_mend.h).
 */
#pragma once

#include "intake_hook.h"
#include "intake_way.h"

struct intake_mend {
    struct intake_way way;
    struct str raw;     /* what is read */
    struct str kept;    /* as the quarantine has it: what an id of the record's own comes from */
    int64_t sent_at_ms; /* as the request around it said, or STORE_NO_TIME */
    const struct intake_hook *hook; /* of a webhook; NULL: it is gone */
};

/* `source->received_at_ms` is the first time of receipt. A record that is still bad is an item that says so. */
bool intake_mend_decode(const struct intake_mend *mend, struct intake_decoder *decoder,
                        const struct intake_source *source, struct arena *arena,
                        struct store_item *out, struct fail *fail) MUST_USE;

/* *out is missing where there is no document: broken JSON, bad UTF-8, cells that do not fit the header, other text. */
bool intake_mend_document(const struct intake_way *way, struct str raw, struct arena *arena,
                          struct str *out, struct fail *fail) MUST_USE;
/* The same JSON for people's eyes: '<', '>' and '&' as they are, where they were escaped. */
struct str intake_mend_readable(struct str json, struct arena *arena);
/* The record of a document. FAIL_INPUT where it is none: members of a row that are no columns or no scalars. */
bool intake_mend_record(const struct intake_way *way, struct str document, struct arena *arena,
                        struct str *out, struct fail *fail) MUST_USE;

/* ---- what might help (intake_mend_suggest.c) --------------------------------------------------------- */

#define INTAKE_SUGGESTIONS_MAX 4 /* for one reason */
#define INTAKE_SUGGESTION_BYTES_MAX 400

struct intake_suggestion {
    struct str title; /* in plain words: "Take the time of receipt as its time" */
    struct str patch; /* JSON (intake_patch.h) */
};
/* Fixes for one reason, the likeliest first; whether they do help shows only when they are tried. */
bool intake_mend_suggest(const struct intake_way *way, struct str document, struct str reason,
                         struct str field, struct arena *arena, struct intake_suggestion *out,
                         size_t *out_count, struct fail *fail) MUST_USE;
