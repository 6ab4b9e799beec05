/* app.h — the program: opens a data directory with all its modules, and offers every use case once.
 *
 * What: a use case is an *operation*: a name, the right it needs, JSON in, JSON out. http maps routes to
 *   operations, cli maps commands to them: in its own process where nobody holds the directory, else
 *   through DIR/control.sock, so that every command works beside a running server. Events go in through
 *   app_take. Sign-in, which deals in cookies and secrets, stays with access (app_access).
 * Owner: app_open/app_close; everything handed out lives as long as the app.
 * Threads: every function from any thread, but open and close.
 * Failure: as the operation says; FAIL_DENIED where the caller lacks the right; FAIL_ABSENT for a name that is no
 *   operation; FAIL_CONFLICT from app_open when another process holds the directory.
 * Limits/cost: struct app_config.   Units: *_ms, *_bytes.
 * Example: app_call(app, &caller, STR("query"), STR("{\"kind\":\"trend\",...}"), &out, fail)
 * Not here: HTTP, terminals, the meaning of questions (query) and events (intake).
 */
#pragma once

#include "access.h"
#include "app_config.h"
#include "app_room.h"
#include "base_buf.h"
#include "base_json.h"
#include "intake.h"
#include "intake_posthog.h"
#include "store.h"

#define APP_VERSION "0.1.0"

struct app;

struct app_options {
    const char *data;                /* the directory; made where it does not exist */
    const struct base_clock *clock;  /* NULL: the system's */
    struct base_random *random;      /* NULL: the system's */
    const struct app_config *config; /* NULL: DIR/firsthand.conf and the environment; else copied */
    bool serve;                      /* a server: listens on DIR/control.sock */
    bool *out_held; /* NULL, or made true where it fails since another process holds DIR */
};

bool app_open(const struct app_options *options, struct app **out, struct fail *fail) MUST_USE;
/* Ends what the program does by itself (jobs), so that nothing waits for it; before the servers are stopped. */
void app_quiesce(struct app *app);
/* Stops taking calls, waits for those under way, closes the modules. Accepts NULL. */
void app_close(struct app *app);

struct store *app_store(struct app *app);
struct state *app_state(struct app *app);
struct access *app_access(struct app *app);
const struct base_clock *app_clock(struct app *app);
const struct app_config *app_config_of(struct app *app);
/* What the program does by itself, one row a job (app_jobs.h). */
struct app_job_row;
bool app_jobs_read(struct app *app, struct arena *arena, struct app_job_row **out,
                   size_t *out_count, struct fail *fail) MUST_USE;
/* What is done now and then while nothing else happens. */
void app_tend(struct app *app);
/* Room on the disk (app_room.h). */
struct app_room_now app_room_of(struct app *app);
/* Why the server is not ready, or NULL when it is. */
const char *app_not_ready(struct app *app);

/* Erases in this directory whom another one erased: `log` is the text of that one's log of erasures (DIR/erasures.log).
   Lines that this directory has seen are passed over, so that it may be done again; it knows its people by keyed hashes,
   and both directories must have the same secret, as a backup and what it was made of do. *out_count: lines that were
   new. For restoring; not on every start, since who came back after an erasure is a new customer. */
bool app_erasures_replay(struct app *app, struct str log, size_t *out_count,
                         struct fail *fail) MUST_USE;

/* Reads every byte of a directory that nobody holds, and changes nothing: events (store_verify) and state
   (state_verify_file). `problem` is called for each thing wrong. FAIL_CONFLICT where a process holds it. */
struct app_verified {
    uint64_t files, bytes, rows, problems; /* of events */
    uint64_t state_bytes, state_problems;
};
bool app_verify(const char *data,
                void (*problem)(void *context, const char *path, const char *what), void *context,
                struct app_verified *out, struct fail *fail) MUST_USE;

/* ---- operations --------------------------------------------------------------------------------------- */

/* Who asks, and whether it still waits for the answer. */
struct app_caller {
    struct access_identity identity;
    bool (*gone)(void *context); /* has the asker left? NULL: never */
    void *gone_context;
    struct str address; /* of the asker's network end; missing: on this machine */
};
/* The person at the machine: who may read the directory may do everything. */
struct app_caller app_operator(void);

struct app_operation {
    const char *name;        /* "query", "segment.save" */
    enum access_right right; /* that the caller needs */
    const char *summary;     /* one sentence, for OpenAPI and help */
    bool (*run)(struct app *app, const struct app_caller *caller, struct json_value input,
                struct arena *arena, struct base_buf *out, struct fail *fail);
};
extern const struct app_operation app_operations[];
extern const size_t app_operation_count;

/* `input` is a JSON object ("" is {}); the answer is appended to `out`. Unknown members are FAIL_INPUT. */
bool app_call(struct app *app, const struct app_caller *caller, struct str operation,
              struct str input, struct base_buf *out, struct fail *fail) MUST_USE;

/* What was set of the organisation; .data NULL where nothing was. */
struct app_organisation {
    struct str name, timezone;
};
bool app_organisation_as_set(struct app *app, struct arena *arena, struct app_organisation *out,
                             struct fail *fail) MUST_USE;

/* ---- taking events in ----------------------------------------------------------------------------------- */

/* Submits items and waits until they are durable; feeds the live view and the counters. */
bool app_take(struct app *app, struct store_item *items, size_t count, struct fail *fail) MUST_USE;
/* Events of PostHog's libraries about surveys of ours, before they are taken: answers become part of the person's
   response, and the events say that they happened; an answer that is none is quarantined. The rest is left as it is.
   Safe to do again. */
bool app_posthog_answers(struct app *app, struct intake_items *items, struct str language,
                         struct str address, struct arena *arena, struct fail *fail) MUST_USE;
/* What intake needs to know of a source: its default channel, whether it may join users. */
bool app_source(struct app *app, struct str name, bool trusted, struct arena *arena,
                struct intake_source *out, struct fail *fail) MUST_USE;

/* What a source with a quota sent in the windows that end then: kept, so that a restart does not forget it. */
struct app_quota {
    int64_t minute_end_ms, day_end_ms;
    uint64_t minute_events, day_events;
};
/* All 0 where nothing is known. */
bool app_quota_read(struct app *app, struct str source, struct app_quota *out,
                    struct fail *fail) MUST_USE;
bool app_quota_write(struct app *app, struct str source, const struct app_quota *quota,
                     struct fail *fail) MUST_USE;

/* ---- from another process ----------------------------------------------------------------------------------- */

/* Operations of a directory, whoever holds it: opens it here, or speaks to the server that has it. */
struct app_link;
bool app_link_open(const struct app_options *options, struct app_link **out,
                   struct fail *fail) MUST_USE;
void app_link_close(struct app_link *link);
/* NULL when a server holds the directory. */
struct app *app_link_app(struct app_link *link);
bool app_link_call(struct app_link *link, struct str operation, struct str input,
                   struct base_buf *out, struct fail *fail) MUST_USE;
/* Items decoded here, judged and stored by whoever holds the directory; verdicts come back in the items. */
bool app_link_take(struct app_link *link, struct store_item *items, size_t count,
                   struct fail *fail) MUST_USE;
/* The same without waiting, of a running import that is too large for the journal (store_submit_bulk): only where this
   link has the directory itself, and of items that store_bulk_may says yes to. Items and arena must stay until `done`
   was called, from another thread. */
bool app_link_may_bulk(const struct app_link *link);
void app_link_take_bulk(struct app_link *link, struct store_item *items, size_t count,
                        struct arena *arena, void (*done)(void *context, const struct fail *fail),
                        void *context);
/* The same by columns (store_submit_columns): only where nothing is turned away, neither names nor people nor ages. */
struct store_columns;
bool app_link_may_columns(const struct app_link *link);
void app_link_take_columns(struct app_link *link, struct store_columns *columns,
                           void (*done)(void *context, const struct fail *fail), void *context);
/* An import, of which the items taken then bear the number; one that is begun and not ended was interrupted. */
bool app_link_import_begin(struct app_link *link, struct str source, struct str name, uint64_t *out,
                           struct fail *fail) MUST_USE;
bool app_link_import_end(struct app_link *link, uint64_t number, bool stopped,
                         struct fail *fail) MUST_USE;
bool app_link_source(struct app_link *link, struct str name, bool trusted, struct arena *arena,
                     struct intake_source *out, struct fail *fail) MUST_USE;
/* Backs the directory up (app_backup.h); the files are read and written by this process, whoever holds the directory: a
   server may write nowhere else. */
struct app_backup;
struct backup_generation;
bool app_link_backup(struct app_link *link, const struct app_backup *backup, struct arena *arena,
                     struct backup_generation *out, struct fail *fail) MUST_USE;
/* Where the bytes of an export go (app_export.h says what `input` is). After a failure the link is of no more use. */
struct app_export_sink {
    bool (*take)(void *context, struct str bytes, struct fail *fail);
    bool (*stopped)(void *context); /* asked between parts: nobody wants the rest */
    void *context;
};
bool app_link_export(struct app_link *link, struct str input, const struct app_export_sink *sink,
                     struct fail *fail) MUST_USE;
/* The same of a customer's copy (app_copy.h). */
bool app_link_copy(struct app_link *link, struct str customer, const struct app_export_sink *sink,
                   struct fail *fail) MUST_USE;
