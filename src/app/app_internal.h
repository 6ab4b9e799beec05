/* app_internal.h — what the parts of app share.
 *
 * What: the struct app itself, reading an operation's input, the live ring, the operations by file.
 * Owner: app_open, app_close.   Threads: at each member.   Failure: as app.h.
 * Limits/cost: APP_LIVE_ITEMS.
 * Units: *_ms, *_bytes.   Example: app_saved.c.   Not here: the face (app.h).
 */
#pragma once

#include "app.h"
#include "app_config.h"
#include "app_jobs.h"
#include "base_json_write.h"
#include "base_lockfile.h"
#include "base_zone.h"
#include "query.h"
#include "state_db.h"
#include "store_json.h"
#include "store_scan.h"

struct act;
struct ask;
struct app_control;
struct app_decide_question;
struct app_live;
struct app_masks;
struct intake_settings;
struct app_once_memory;
struct app_room;
struct app_rules;
struct net_client;
struct privacy_log;
struct app_retention;

#define APP_ONCE_STRIPES 64 /* bits of a word */

struct app {             /* immutable after app_open, but for what says otherwise */
    struct arena *arena; /* small things that live as long as the app */
    const char *data;
    struct base_lockfile *lock;
    struct disk *disk;
    struct app_room *room; /* on the disk; has a lock of its own */
    const struct base_clock *clock;
    struct base_random *random;
    struct app_config config;
    struct store *store;
    struct state *state;
    struct access *access;
    struct base_pool *pool;
    struct query_backend *engine;
    struct app_live *live;
    struct app_masks *masks;     /* has a lock of its own */
    struct app_rules *rules;     /* of the catalogue; has a lock of its own */
    struct app_control *control; /* NULL but when serving */
    struct net_client *client;   /* the way out */
    struct app_jobs *jobs;       /* their thread runs only when serving */
    struct act *act;
    struct ask *ask;
    uint8_t preference_key[32];      /* secret: customers' links */
    struct privacy_log *erasures;    /* has a lock of its own */
    struct app_retention *retention; /* has a lock of its own */
    struct base_mutex erase_lock;    /* one erasure at a time */
    struct base_mutex privacy_lock;  /* guards the next two */
    bool refuse_erased;              /* events of people who were erased */
    bool scrub_due;                  /* the log of the state's changes is still to be emptied */
    /* The survey module's part of the decision API; NULL: there is none (app_contact.h). */
    bool (*decide_survey)(struct app *app, const struct app_decide_question *question,
                          struct arena *arena, struct json_writer *w, struct fail *fail);
    int64_t started_ms;
    struct base_mutex gate_lock; /* guards the five below */
    struct base_cond gate_free;
    int questions_running;
    int questions_waiting;
    int exports_running;
    int sql_streams_running;
    bool moment_taken;                              /* app_moment.c */
    struct app_once_memory *once_memory;            /* its own lock */
    struct base_mutex once_locks[APP_ONCE_STRIPES]; /* app_once.c: held from deciding to durable */
};

/* ---- reading input ------------------------------------------------------------------------------ */

/* Refuses every member that is not among `names` (NULL-terminated), at its pointer, with the nearest. */
bool app_input_members(struct json_value input, const char *const *names,
                       struct fail *fail) MUST_USE;
/* A text member. Absent or null: *out is missing, and a refusal where `required`. */
bool app_input_str(struct json_value input, const char *name, bool required, struct str *out,
                   struct fail *fail) MUST_USE;
#define APP_NAME_BYTES_MAX 200
/* The member "name" of something that is saved, without the space around it. */
bool app_input_name(struct json_value input, struct str *out, struct fail *fail) MUST_USE;
/* A whole number from `least` to `most`; `otherwise` where absent. */
bool app_input_int(struct json_value input, const char *name, int64_t least, int64_t most,
                   int64_t otherwise, int64_t *out, struct fail *fail) MUST_USE;

/* true or false; `otherwise` where absent. */
bool app_input_bool(struct json_value input, const char *name, bool otherwise, bool *out,
                    struct fail *fail) MUST_USE;

/* ---- the live ring: the newest verdicts, in memory ------------------------------------------------- */

#define APP_LIVE_ITEMS 1000
struct app_live *app_live_new(const struct base_clock *clock);
void app_live_free(struct app_live *live);
/* For store_set_listener. */
void app_live_committed(void *live, const struct store_item *items, size_t count);
/* Forgets what it holds: someone was erased. */
void app_live_forget(struct app_live *live);
/* Items after `after`, oldest first, at most `limit` (the newest of them), as the member "items". */
void app_live_write(struct app_live *live, uint64_t after, size_t limit, struct json_writer *w);
/* "q17" of 17, in `out`, and back. */
struct str app_quarantine_id(uint64_t id, char out[32]);
bool app_quarantine_id_parse(struct str text, uint64_t *out);

/* app_link_take_bulk, here. */
void app_take_bulk(struct app *app, struct store_item *items, size_t count, struct arena *arena,
                   void (*done)(void *context, const struct fail *fail), void *context);

/* app_link_may_columns and app_link_take_columns, here. */
bool app_turns_nothing_away(struct app *app);
void app_take_columns(struct app *app, struct store_columns *columns,
                      void (*done)(void *context, const struct fail *fail), void *context);

/* ---- traits that are set once (app_once.c) ------------------------------------------------------------ */

/* As app_take, for batches in which some item has such traits. */
bool app_take_once(struct app *app, struct store_item *items, size_t count,
                   struct fail *fail) MUST_USE;
/* Who has what, remembered so that most such batches need no look at the store. */
struct app_once_memory *app_once_memory_new(void);
void app_once_memory_free(struct app_once_memory *memory); /* accepts NULL */
/* After whatever takes traits from a customer: a removal, a split. */
void app_once_forget(struct app_once_memory *memory);

/* ---- taking events (app.c) ----------------------------------------------------------------------------- */

/* As app_take, also below the second watermark: for the little that must go on, a consent withdrawn, rows discarded. */
bool app_take_always(struct app *app, struct store_item *items, size_t count,
                     struct fail *fail) MUST_USE;

/* ---- the organisation ----------------------------------------------------------------------------- */

bool app_zone(struct app *app, const struct zone **out, struct fail *fail) MUST_USE;
/* Has the store count customers by the days of that zone: at the start, and whenever it changes. */
bool app_count_days(struct app *app, struct fail *fail) MUST_USE;
/* The environment of a question as of now. */
bool app_query_env(struct app *app, struct query_env *out, struct fail *fail) MUST_USE;

/* ---- sources --------------------------------------------------------------------------------------- */

/* What an intake_source is made of; goes through control.sock where a server holds the directory. */
struct app_source_parts {
    struct str name, channel, settings;
    struct str secret;       /* of pseudonyms */
    const struct zone *zone; /* the organisation's */
    struct app_masks *masks; /* NULL: made anew */
    int64_t now_ms;
    bool trusted;
};
struct app_masks *app_masks_new(void);
void app_masks_free(struct app_masks *masks); /* accepts NULL */
/* The mask of settings whose JSON is `text`, until the arena is reset; NULL where they ask for none. */
bool app_mask(struct app_masks *masks, const struct intake_settings *settings, struct str text,
              struct arena *arena, const struct intake_mask **out, struct fail *fail) MUST_USE;
bool app_source_parts(struct app *app, struct str name, bool trusted, struct arena *arena,
                      struct app_source_parts *out, struct fail *fail) MUST_USE;
bool app_source_make(const struct app_source_parts *parts, struct arena *arena,
                     struct intake_source *out, struct fail *fail) MUST_USE;

/* "person Ada", "secret shop", "operator": for what says who did it. */
struct str app_caller_name(const struct app_caller *caller, struct arena *arena);

/* ---- writing answers ------------------------------------------------------------------------------ */

/* A member whose value is an instant (null for STORE_NO_TIME) or a text (null where missing). */
void app_write_instant(struct json_writer *w, const char *name, int64_t ts_ms);
void app_write_text(struct json_writer *w, const char *name, struct str text);
/* `stored_as`: the name it was stored under, where it is shown by another; else missing. */
void app_write_event(struct json_writer *w, const struct store_event *event, struct str stored_as);
/* The same with "place", where it stands on its timeline. */
void app_write_event_at(struct json_writer *w, const struct store_timeline_row *row,
                        struct str stored_as);
/* A member that is a place on a timeline, "TS.ARRIVAL": what cursors of timelines are made of. */
void app_write_place(struct json_writer *w, const char *name, int64_t ts_ms, uint64_t arrival);

/* ---- operations, by file ----------------------------------------------------------------------------- */

#define APP_OPERATION(name)                                                                        \
    bool name(struct app *app, const struct app_caller *caller, struct json_value input,           \
              struct arena *arena, struct base_buf *out, struct fail *fail)

/* app_question.c */
/* A place at the gate, as many as queries_at_once: for whatever reads many customers. */
bool app_gate_enter(struct app *app, struct base_cancel *cancel, struct fail *fail) MUST_USE;
void app_gate_leave(struct app *app);
struct base_cancel app_cancel_of(const struct app *app, const struct app_caller *caller);
APP_OPERATION(app_op_query);
APP_OPERATION(app_op_names);
APP_OPERATION(app_op_values);
/* app_sql.c */
APP_OPERATION(app_op_sql);
APP_OPERATION(app_op_sql_schema);
/* app_find.c */
APP_OPERATION(app_op_customers_find);
/* app_customer.c */
/* By any identifier; FAIL_ABSENT. */
bool app_find_customer(const struct store_snapshot *snapshot, struct str id, uint32_t *out,
                       struct fail *fail) MUST_USE;
APP_OPERATION(app_op_customer);
APP_OPERATION(app_op_timeline);
APP_OPERATION(app_op_customer_join);
APP_OPERATION(app_op_customer_split);
/* app_experience.c */
APP_OPERATION(app_op_experience);
APP_OPERATION(app_op_experience_save);
/* app_value.c */
APP_OPERATION(app_op_customer_value);
/* app_wrong.c */
APP_OPERATION(app_op_customer_wrong);
/* app_account.c */
APP_OPERATION(app_op_account);
/* app_imports.c */
APP_OPERATION(app_op_imports);
APP_OPERATION(app_op_import_preview);
APP_OPERATION(app_op_import_undo);
/* app_saved.c */
APP_OPERATION(app_op_segments);
APP_OPERATION(app_op_segment);
APP_OPERATION(app_op_segment_save);
APP_OPERATION(app_op_segment_delete);
APP_OPERATION(app_op_views);
APP_OPERATION(app_op_view_add);
APP_OPERATION(app_op_view_save);
APP_OPERATION(app_op_view_delete);
/* app_dashboards.c */
APP_OPERATION(app_op_dashboards);
APP_OPERATION(app_op_dashboard);
APP_OPERATION(app_op_dashboard_add);
APP_OPERATION(app_op_dashboard_save);
APP_OPERATION(app_op_dashboard_delete);
/* app_notes.c */
APP_OPERATION(app_op_notes);
APP_OPERATION(app_op_note_add);
APP_OPERATION(app_op_note_save);
APP_OPERATION(app_op_note_delete);
APP_OPERATION(app_op_settings);
APP_OPERATION(app_op_settings_save);
/* app_pipeline.c */
APP_OPERATION(app_op_ledger);
bool app_ledger_balanced(const struct store_ledger *ledger);
APP_OPERATION(app_op_quarantine);
APP_OPERATION(app_op_quarantine_row);
APP_OPERATION(app_op_live);
APP_OPERATION(app_op_status);
APP_OPERATION(app_op_seal);
/* What app_take would make of the items now; nothing is changed, and traits set once are not looked at. */
bool app_try(struct app *app, struct store_item *items, size_t count, struct fail *fail) MUST_USE;
/* app_mend_ops.c */
APP_OPERATION(app_op_quarantine_groups);
APP_OPERATION(app_op_quarantine_fix);
APP_OPERATION(app_op_quarantine_replay);
APP_OPERATION(app_op_quarantine_discard);
/* app_catalogue.c */
APP_OPERATION(app_op_catalogue);
APP_OPERATION(app_op_catalogue_entry);
APP_OPERATION(app_op_catalogue_unexpected);
APP_OPERATION(app_op_catalogue_set);
/* app_insiders.c */
APP_OPERATION(app_op_internal);
APP_OPERATION(app_op_internal_save);
/* app_interview.c */
APP_OPERATION(app_op_interview_add);
APP_OPERATION(app_op_interview_highlight);
APP_OPERATION(app_op_interview_recruit);
/* app_source.c */
APP_OPERATION(app_op_sources);
APP_OPERATION(app_op_source_save);
/* app_people.c */
APP_OPERATION(app_op_keys);
APP_OPERATION(app_op_key_create);
APP_OPERATION(app_op_key_revoke);
APP_OPERATION(app_op_users);
APP_OPERATION(app_op_user_add);
APP_OPERATION(app_op_user_link);
APP_OPERATION(app_op_setup_link);
/* app_survey.c */
APP_OPERATION(app_op_surveys);
APP_OPERATION(app_op_survey);
APP_OPERATION(app_op_survey_add);
APP_OPERATION(app_op_survey_save);
APP_OPERATION(app_op_survey_check);
APP_OPERATION(app_op_survey_publish);
APP_OPERATION(app_op_survey_pause);
APP_OPERATION(app_op_survey_close);
APP_OPERATION(app_op_survey_delete);
APP_OPERATION(app_op_survey_templates);
/* app_survey_live.c */
APP_OPERATION(app_op_ask_next);
APP_OPERATION(app_op_ask_shown);
APP_OPERATION(app_op_ask_answer);
APP_OPERATION(app_op_survey_respond);
APP_OPERATION(app_op_survey_why);
/* app_survey_ops.c */
APP_OPERATION(app_op_survey_results);
APP_OPERATION(app_op_survey_responses);
APP_OPERATION(app_op_survey_audience);
APP_OPERATION(app_op_survey_suspects);
APP_OPERATION(app_op_survey_release);
APP_OPERATION(app_op_survey_discard);
APP_OPERATION(app_op_survey_links);
APP_OPERATION(app_op_survey_link);
APP_OPERATION(app_op_survey_link_revoke);
APP_OPERATION(app_op_survey_snippet);
APP_OPERATION(app_op_survey_qr);
/* Before the jobs begin; with `recover` what a crash cut off is written. */
bool app_ask_open(struct app *app, bool recover, struct fail *fail) MUST_USE;
/* app_posthog.c */
APP_OPERATION(app_op_posthog_surveys);
APP_OPERATION(app_op_posthog_flag);
/* app_channels.c */
APP_OPERATION(app_op_channels);
APP_OPERATION(app_op_channel_save);
APP_OPERATION(app_op_channel_pause);
APP_OPERATION(app_op_channel_remove);
APP_OPERATION(app_op_channel_address);
APP_OPERATION(app_op_channel_poll);
APP_OPERATION(app_op_channel_test);
/* app_hooks.c */
APP_OPERATION(app_op_webhook_preview);
APP_OPERATION(app_op_webhook_suggest);
/* app_jobs_ops.c */
APP_OPERATION(app_op_jobs);
APP_OPERATION(app_op_job_run);
void app_write_job(struct json_writer *w, const struct app_job_row *row);
/* app_doctor_data.c */
APP_OPERATION(app_op_doctor);
/* app_backup_ops.c */
APP_OPERATION(app_op_backups);

/* ---- jobs, by file (app_jobs_table.c) ------------------------------------------------------------------ */

#define APP_JOB(name) bool name(struct app_job_run *run, struct fail *fail)
/* app_survey_live.c */
APP_JOB(app_job_surveys);
/* app_jobs_ops.c */
APP_JOB(app_job_sign_ins);
/* app_feeds.c */
APP_JOB(app_job_feeds);
/* app_mailboxes.c */
APP_JOB(app_job_mailboxes);
/* app_backup_job.c */
APP_JOB(app_job_backups);
APP_JOB(app_job_restore_test);
int64_t app_backups_interval(const struct app *app);
int64_t app_restore_test_interval(const struct app *app);
/* app_contact.c */
APP_OPERATION(app_op_policy);
APP_OPERATION(app_op_policy_save);
APP_OPERATION(app_op_decide);
APP_OPERATION(app_op_contact_why);
/* app_consent.c */
APP_OPERATION(app_op_consents);
APP_OPERATION(app_op_consent_record);
APP_OPERATION(app_op_preference_link);
APP_OPERATION(app_op_erasures);
APP_OPERATION(app_op_erasure_close);
/* app_erase_ops.c */
APP_OPERATION(app_op_erase);
APP_OPERATION(app_op_receipts);
APP_OPERATION(app_op_receipt);
APP_OPERATION(app_op_erasure_verify);
APP_OPERATION(app_op_privacy);
APP_OPERATION(app_op_privacy_save);
/* app_preferences.c */
/* app_retention.c */
APP_OPERATION(app_op_retention);
APP_OPERATION(app_op_retention_save);
APP_OPERATION(app_op_retention_preview);
bool app_job_retention(struct app_job_run *run, struct fail *fail) MUST_USE;
