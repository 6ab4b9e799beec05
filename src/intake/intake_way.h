/* intake_way.h — how a record came in, in words that are kept with it while it lies in quarantine.
 *
 * What: a small JSON object, made when the record is read the first time and read when it is read again:
 *   {"form": "own"}, {"form": "segment", "type": "track"}, {"form": "webhook", "rule": "orders"},
 *   {"form": "csv", "file": true, "columns": [...], "map": {...}}. The store keeps it and does not look inside.
 *   A record without one (kept by an earlier program) is of the form that it looks like.
 * Owner: text in the arenas given, or static.   Threads: values.
 * Failure: FAIL_NO_MEMORY; a way that cannot be read is none.
 * Limits/cost: STORE_WAY_BYTES_MAX; a longer one (a huge map) is not kept.   Units: none.
 * Example: draft->way = STR(INTAKE_WAY_OWN);   Not here: reading again (intake_mend.h).
 */
#pragma once

#include "intake_import.h"

#define INTAKE_WAY_OWN "{\"form\":\"own\"}"
#define INTAKE_WAY_POSTHOG "{\"form\":\"posthog\"}"
#define INTAKE_WAY_MAIL "{\"form\":\"mail\"}"

enum intake_way_form {
    INTAKE_WAY_IS_OWN,
    INTAKE_WAY_IS_SEGMENT,
    INTAKE_WAY_IS_POSTHOG,
    INTAKE_WAY_IS_WEBHOOK,
    INTAKE_WAY_IS_MAIL,
    INTAKE_WAY_IS_FILE,
};
struct intake_way {
    enum intake_way_form form;
    enum intake_segment_type type; /* of SEGMENT */
    struct str rule;               /* of WEBHOOK: its name, or its number */
    enum intake_format format;     /* of FILE */
    struct str map;                /* of FILE: JSON; missing: none */
    const struct str *columns;     /* of FILE in CSV */
    size_t column_count;
};

/* Static text, by the route. */
struct str intake_way_segment(enum intake_segment_type type);
struct str intake_way_webhook(struct str rule, struct arena *arena);
/* Missing where it would be too long. */
bool intake_way_file(enum intake_format format, struct str map, const struct str *columns,
                     size_t column_count, struct arena *arena, struct str *out,
                     struct fail *fail) MUST_USE;
/* `raw` is looked at where `text` is missing, or is none that this program knows. */
bool intake_way_read(struct str text, struct str raw, struct arena *arena, struct intake_way *out,
                     struct fail *fail) MUST_USE;
/* "own", "segment", ..., and of files "csv", "ndjson", ... */
const char *intake_way_name(const struct intake_way *way);
