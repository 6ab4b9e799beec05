/* intake_patch.h — JSON Patch (RFC 6902), with values that only the record has.
 *
 * What: a list of operations on one document: add, remove, replace, move, copy, test. In add and replace a value may
 *   also come from the record: {"op": "add", "path": "/ts", "row": "received_at"} takes when it was received, and
 *   {"op": "replace", "path": "/score", "read": "number"} reads what stands there as a number ("text", "instant",
 *   "lower" likewise).                                                     Reference: docs/reference/quarantine.md
 * Owner: parsed patches and documents lie in the arenas given.   Threads: immutable once parsed.
 * Failure: parsing: FAIL_INPUT with a pointer into the patch. Applying: FAIL_INPUT where the document lacks what an
 *   operation needs, with which operation; FAIL_LIMIT for documents that grow too large.
 * Limits/cost: INTAKE_PATCH_*; a document is written anew by each operation.   Units: *_ms UTC.
 * Example: intake_patch_parse(value, arena, &patch, fail) && intake_patch_apply(&patch, text, &row, arena, &out, fail)
 * Not here: which fix helps (intake_mend.h).
 */
#pragma once

#include "base_json.h"

#define INTAKE_PATCH_OPERATIONS_MAX 50
#define INTAKE_PATCH_TOKENS_MAX 32 /* of a pointer */
#define INTAKE_PATCH_DOCUMENT_BYTES_MAX ((size_t)4 << 20)

struct intake_patch_operation; /* below */
struct intake_patch {
    const struct intake_patch_operation *operations;
    size_t count;
};
/* What a record knows of itself. */
struct intake_patch_row {
    int64_t received_at_ms;
};

bool intake_patch_parse(struct json_value list, struct arena *arena, struct intake_patch *out,
                        struct fail *fail) MUST_USE;
bool intake_patch_apply(const struct intake_patch *patch, struct str document,
                        const struct intake_patch_row *row, struct arena *arena, struct str *out,
                        struct fail *fail) MUST_USE;

/* ---- between the patch's files ------------------------------------------------------------------------- */

enum intake_patch_verb {
    INTAKE_PATCH_ADD,
    INTAKE_PATCH_REMOVE,
    INTAKE_PATCH_REPLACE,
    INTAKE_PATCH_MOVE,
    INTAKE_PATCH_COPY,
    INTAKE_PATCH_TEST,
    INTAKE_PATCH_VERBS
};

enum intake_patch_origin {
    INTAKE_PATCH_FROM_VALUE,
    INTAKE_PATCH_FROM_RECEIVED_AT,
    INTAKE_PATCH_AS_NUMBER,
    INTAKE_PATCH_AS_TEXT,
    INTAKE_PATCH_AS_INSTANT,
    INTAKE_PATCH_AS_LOWER
};

struct intake_patch_pointer {
    struct str text;
    struct str tokens[INTAKE_PATCH_TOKENS_MAX];
    size_t count;
};

struct intake_patch_operation {
    enum intake_patch_verb verb;
    enum intake_patch_origin origin;
    struct intake_patch_pointer path, from;
    struct str value; /* JSON */
};
extern const char *const intake_patch_verbs[INTAKE_PATCH_VERBS];
