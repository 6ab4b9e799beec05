/* app_import.h — a file of events into a directory, through whoever holds it.
 *
 * What: decodes here (intake), has each batch judged and stored by the link's app or server, counts. A repeated
 *   or interrupted import goes on where it was: what is stored already is a duplicate of itself.
 * Owner: options and the link stay the caller's.   Threads: one at a time on a link.
 * Failure: as intake_import.h and app_link_take; what was stored before a failure stays stored and counted.
 * Limits/cost: APP_IMPORT_BATCH rows in memory.   Units: *_bytes, rows.
 * Example: cli_import.c.   Not here: the form of rows (intake_import.h).
 */
#pragma once

#include "app.h"
#include "intake_import.h"

#define APP_IMPORT_BATCH 4000

struct app_import_bad { /* a row that was not stored, for the report */
    uint64_t record;    /* row or line in the file, from 1 */
    enum store_verdict verdict;
    struct str reason, field;
};
struct app_import_options {
    int descriptor;
    enum intake_format format;
    struct str map;       /* JSON; missing: none */
    struct str source;    /* the name the events are filed under */
    struct str name;      /* of the file, for the list of imports */
    bool source_is_given; /* also where a line names another, as lines of exports do */
    bool dry_run;         /* decode and judge what needs no store; store nothing */
    /* After each batch; false stops the import cleanly. May be NULL. */
    bool (*progress)(void *context, const struct intake_import_progress *progress,
                     const struct intake_counts *counts);
    /* For each row that is quarantined or refused. May be NULL. */
    void (*bad)(void *context, const struct app_import_bad *bad);
    void *context;
};
/* A map to start from, for a CSV (intake_suggest.h). */
bool app_import_suggest(int descriptor, struct base_buf *out, struct fail *fail) MUST_USE;
/* Adds to `counts`. */
bool app_import(struct app_link *link, const struct app_import_options *options,
                struct intake_counts *counts, struct fail *fail) MUST_USE;
