/* app_catalogue.h — the catalogue's entries: what the store saw of a name, and what people said of it.
 *
 * What: entries are put together from the store's statistics (all time, no scan) and from what was said;
 *   measuring adds one pass over the last 30 days for the entries that are shown.
 * Owner: everything lies in the arena.   Threads: values.
 * Failure: as the store's and the engine's.
 * Limits/cost: names without a scan; measuring is one pass, within a question's time and memory.   Units: *_ms.
 * Example: app_catalogue.c   Not here: the operations' input and output (app_catalogue.c).
 */
#pragma once

#include "app_internal.h"
#include "app_rules.h"
#include "state_catalogue.h"

#define APP_CATALOGUE_DAYS 30

/* By enum store_name_kind, as far as the catalogue goes. */
#define APP_CATALOGUE_KINDS 3
extern const char *const app_catalogue_kinds[APP_CATALOGUE_KINDS];
/* The members "kind" and "name" of an operation's input. */
bool app_catalogue_input_kind(struct json_value input, bool required, enum store_name_kind *out,
                              struct fail *fail) MUST_USE;
bool app_catalogue_input_name(struct json_value input, struct str *out, struct fail *fail) MUST_USE;

struct app_catalogue_row {
    struct str name;
    uint64_t rows; /* that bear it, ever */
    int64_t first_ms, last_ms;
    const struct state_catalogue_entry *said; /* NULL: nothing */
    const struct store_name *also;            /* the names that are shown as this one */
    size_t also_count;
    struct query_shape recent;
    uint64_t unexpected;
    struct str question; /* that opens the unexpected; missing: nothing is expected */
    struct str by_value; /* of a property: the same by its most frequent values */
    struct str examples; /* these, as a JSON list of {"value", "count"}; missing: not asked for */
};

struct app_catalogue_scope { /* of one answer */
    struct store_snapshot *snapshot;
    struct query_env env;
    struct query_renames renames;
    enum store_name_kind kind;
    int64_t from_ms, to_ms; /* the last APP_CATALOGUE_DAYS days, today whole */
    uint64_t rows;          /* in them; of traits: customers */
};

/* All entries of a kind, by rows descending, then byte order; those never seen last. */
bool app_catalogue_rows(struct app *app, const struct app_catalogue_scope *scope,
                        struct arena *arena, struct app_catalogue_row **out, size_t *out_count,
                        struct fail *fail) MUST_USE;
/* Fills `recent`, `unexpected` and `question` of these rows, and the scope's `rows`. */
bool app_catalogue_measure(struct app *app, struct base_cancel *cancel,
                           struct app_catalogue_scope *scope, struct app_catalogue_row *rows,
                           size_t count, struct arena *arena, struct fail *fail) MUST_USE;
/* Fills `by_value` and `examples` of a measured property. */
bool app_catalogue_examples(struct app *app, struct base_cancel *cancel,
                            const struct app_catalogue_scope *scope, struct app_catalogue_row *row,
                            struct arena *arena, struct fail *fail) MUST_USE;
