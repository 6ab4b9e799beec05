/* app_mend.h — rows of the quarantine, mended and taken again, or discarded.
 *
 * What: chosen rows go batch by batch: each is read again the way it came (intake_mend.h), as it is or with a patch or
 *   another text laid over it, and then takes the way of every event: catalogue, traits set once, the store's verdict.
 *   The row and the event change places in one commit, so what was done stays done when the call is cut short, and
 *   doing it again finds the rest. A dry run asks for the verdicts and changes nothing.
 * Owner: what is returned lies in the arena given.   Threads: all safe.
 * Failure: FAIL_INPUT for what is asked; FAIL_CANCELLED when the asker leaves; as app_take. A patch that does not fit a
 *   row is no failure: the row stays as it is, and is counted.
 * Limits/cost: APP_MEND_*.   Units: rows.
 * Example: app_mend(app, &caller, &work, arena, &result, fail)
 * Not here: patches (intake_patch.h), what the operations look like (app_mend_ops.c).
 */
#pragma once

#include "app_internal.h"
#include "intake_mend.h"
#include "intake_patch.h"

#define APP_MEND_BATCH 500                      /* rows in a commit */
#define APP_MEND_BATCH_BYTES ((size_t)16 << 20) /* of their bytes, past which a batch ends */
#define APP_MEND_ROWS_MAX 10000                 /* in a call; the answer says where to go on */
#define APP_MEND_EXAMPLES_MAX 20
#define APP_MEND_TEXT_BYTES_MAX ((size_t)512 << 10) /* that replaces a record */
#define APP_MEND_EXAMPLE_BYTES 4096                 /* of a text shown */

enum app_mend_verb { APP_MEND_REPLAY, APP_MEND_FIX, APP_MEND_DISCARD };

struct app_mend_fix {
    enum app_mend_verb verb;
    struct intake_patch patch; /* of FIX; no operations: none */
    struct str text;           /* of FIX: instead of the record; missing: none */
    struct str map;            /* instead of the map that a file came with; missing: that one */
};

struct app_mend_work {
    struct app_mend_fix fix;
    const uint64_t *ids; /* NULL: those of the filter */
    size_t id_count;
    struct store_quarantine_filter filter; /* before_id: below this one; limit: rows at most */
    bool dry_run;
    size_t examples; /* how many rows are shown */
};

struct app_mend_example {
    uint64_t id;
    struct str source, before, after;                      /* after: missing where it is the same */
    bool stored, duplicate, stays, refused, absent, unfit; /* one of them */
    struct str reason, field;
};
struct app_mend_result {
    uint64_t rows, stored, duplicate, quarantined, refused, absent;
    uint64_t unfit;   /* of quarantined: the patch did not fit them */
    uint64_t last_id; /* the last row that was looked at; 0: none */
    bool more;        /* there may be others below it */
    struct app_mend_example *examples;
    size_t example_count;
};

bool app_mend(struct app *app, const struct app_caller *caller, const struct app_mend_work *work,
              struct arena *arena, struct app_mend_result *out, struct fail *fail) MUST_USE;

/* ---- one row (app_mend_row.c) ------------------------------------------------------------------------ */

struct app_mend_source; /* what is known of a row's source */
struct app_mend_reader {
    struct app *app;
    struct intake_decoder *decoder;
    struct arena *arena; /* of the sources */
    struct app_mend_source *sources;
};
struct app_mend_row {
    struct store_quarantine_row kept;
    struct intake_way way;
    struct str before, after; /* as documents, where they are; else as text */
    struct str document;      /* before, where it is one */
    bool unfit;
    struct str why; /* of unfit */
    struct store_item item;
};
/* The row with the fix laid over it, read again; items lie in the arena. */
bool app_mend_read(struct app_mend_reader *reader, const struct store_quarantine_row *kept,
                   const struct app_mend_fix *fix, struct arena *arena, struct app_mend_row *out,
                   struct fail *fail) MUST_USE;

/* ---- what would help (app_mend_suggest.c) --------------------------------------------------------------- */

struct app_mend_suggestion {
    struct str title, patch; /* patch: JSON; missing title: nothing is known to help */
};
/* For rows like this one: what was tried on it, and made it storable. */
bool app_mend_suggest(struct app_mend_reader *reader, const struct store_quarantine_row *row,
                      struct arena *arena, struct app_mend_suggestion *out,
                      struct fail *fail) MUST_USE;
