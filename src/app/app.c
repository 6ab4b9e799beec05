#include "app_internal.h"
#include "app_rules.h"

#include <stdio.h>
#include <unistd.h>

#include "app_contact.h"
#include "backup.h"
#include "app_control.h"
#include "app_erase.h"
#include "app_retention.h"
#include "ask.h"
#include "net_client.h"
#include "store_columns.h"

struct store *app_store(struct app *app)
{
    return app->store;
}

struct state *app_state(struct app *app)
{
    return app->state;
}

struct access *app_access(struct app *app)
{
    return app->access;
}

const struct base_clock *app_clock(struct app *app)
{
    return app->clock;
}

const struct app_config *app_config_of(struct app *app)
{
    return &app->config;
}

const char *app_not_ready(struct app *app)
{
    struct store_status status;
    store_status_read(app->store, &status);
    if (status.read_only_after_failure) {
        return "the disk failed while events were being written: reading goes on, events are "
               "refused until the server is started again";
    }
    return app_room_look(app->room).state == APP_ROOM_FULL
               ? "no room on the disk: reading goes on, events are refused until there is"
               : NULL;
}

struct app_room_now app_room_of(struct app *app)
{
    return app_room_look(app->room);
}

void app_tend(struct app *app)
{
    app_room_tend(app->room);
}

/* The directory's lock: who has it is the only one to touch what lies in it. */
static bool take_lock(struct app *app, bool *out_held, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str path = str_format(arena, "%s/lock", app->data);
    if (!base_lockfile_take(path.data, &app->lock, fail)) {
        return false;
    }
    if (app->lock == NULL) {
        if (out_held != NULL) {
            *out_held = true;
        }
        return fail_set(fail, FAIL_CONFLICT,
                        "%s is held by another process: stop it first, or serve another directory",
                        app->data);
    }
    return true;
}

/* A directory whose restoring was cut is a part of one. */
static bool is_whole(struct app *app, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *mark = NULL;
    struct fail absent = {0};
    if (!disk_open(app->disk, BACKUP_RESTORING_PATH, DISK_READ, &mark, &absent)) {
        return absent.code == FAIL_ABSENT || fail_set(fail, absent.code, "%s", absent.message);
    }
    return fail_set(fail, FAIL_CORRUPT,
                    "%s was being restored from a backup, and that was cut off: run firsthand "
                    "restore once more",
                    app->data);
}

/* Without it nobody could sign in, and nobody would know: a directory that lost it is no new one. An empty file says that
   one was wanted. */
static bool has_state(struct app *app, struct fail *fail)
{
    struct store_status status;
    store_status_read(app->store, &status);
    return status.events + status.quarantined == 0 || state_is_there(app->data) ||
           fail_set(fail, FAIL_CORRUPT,
                    "state.db is missing in %.60s, where %llu events are: restore it from a backup "
                    "(docs/how-to/backup.md); an empty file of that name begins anew",
                    app->data, (unsigned long long)status.events);
}

static bool open_state(struct app *app, struct fail *fail)
{
    struct state_options options = {.clock = app->clock};
    struct fail why = {0};
    if (!has_state(app, fail)) {
        return false;
    }
    if (state_open(app->data, &options, &app->state, &why)) {
        return true;
    }
    return why.code == FAIL_CORRUPT
               ? fail_set(
                     fail, FAIL_CORRUPT,
                     "%.150s: restore it from a backup (docs/how-to/backup.md); the events are "
                     "in other files",
                     why.message)
               : fail_set(fail, why.code, "%s", why.message);
}

static bool open_modules(struct app *app, const struct app_options *options, struct fail *fail)
{
    struct store_options store_options = {
        .clock = app->clock,
        .dedup_window_ms = app->config.dedup_window_days * 86400000,
        .quarantine_bytes_max = (uint64_t)app->config.quarantine_mb * 1000000,
        .waiting_bytes_max = (uint64_t)app->config.waiting_mb * 1000000,
    };
    if (!disk_real(app->data, &app->disk, fail) || !is_whole(app, fail) ||
        !app_room_open(app->disk, &app->config, app->clock, &app->room, fail)) {
        return false;
    }
    store_options.spare_bytes = app_room_look(app->room).low_bytes;
    struct access_options access_options = {.clock = app->clock, .random = app->random};
    int threads = app->config.query_threads > 0 ? (int)app->config.query_threads : base_cpu_count();
    if (!store_open(app->disk, &store_options, &app->store, fail) || !open_state(app, fail) ||
        !app_count_days(app, fail) ||
        !access_open(app->state, &access_options, &app->access, fail) ||
        !base_pool_new(threads, &app->pool, fail)) {
        return false;
    }
    app->engine = query_engine_new(app->pool);
    app->live = app_live_new(app->clock);
    app->masks = app_masks_new();
    app->rules = app_rules_new();
    struct net_client_options client = {
        .user_agent = STR("firsthand/" APP_VERSION),
        .private_hosts = app->config.private_hosts,
        .ca_file = app->config.outgoing_ca_file.len == 0
                       ? NULL
                       : str_copy_c(app->arena, app->config.outgoing_ca_file),
    };
    app->client = net_client_new(&client);
    store_set_listener(app->store, app_live_committed, app->live);
    struct act_options contacts = {.store = app->store, .clock = app->clock, .random = app->random};
    app->act = act_new(&contacts);
    if (!app_rules_load(app->rules, app->state, fail) || !app_preference_key(app, fail) ||
        !app_retention_open(app, fail) || !app_erase_open(app, fail) ||
        !app_ask_open(app, options->serve, fail)) { /* last: it writes what a crash cut off */
        return false;
    }
    struct app_jobs_options jobs = {.app = app,
                                    .state = app->state,
                                    .clock = app->clock,
                                    .random = app->random,
                                    .table = app_job_table,
                                    .count = app_job_count};
    return app_jobs_new(&jobs, &app->jobs, fail);
}

static bool tended(struct app *app)
{
    app_tend(app);
    return true;
}

bool app_open(const struct app_options *options, struct app **out, struct fail *fail)
{
    struct app *app = base_alloc_zero(sizeof *app);
    app->arena = arena_new(NULL);
    app->data = str_copy_c(app->arena, str_from_c(options->data));
    app->clock = options->clock == NULL ? base_clock_real() : options->clock;
    app->random = options->random == NULL ? base_random_system() : options->random;
    app->started_ms = base_now_ms(app->clock);
    base_mutex_init(&app->gate_lock);
    app->once_memory = app_once_memory_new();
    for (size_t i = 0; i < APP_ONCE_STRIPES; i++) {
        base_mutex_init(&app->once_locks[i]);
    }
    base_cond_init(&app->gate_free);
    base_mutex_init(&app->erase_lock);
    base_mutex_init(&app->privacy_lock);
    bool good = base_make_dirs(app->data, fail) && take_lock(app, options->out_held, fail);
    if (good && options->config != NULL) {
        app->config = *options->config;
    } else if (good) {
        good = app_config_load(app->data, app->arena, &app->config, NULL, fail);
    }
    good = good && open_modules(app, options, fail) &&
           (!options->serve || (tended(app) && app_control_start(app, &app->control, fail) &&
                                app_jobs_start(app->jobs, fail)));
    if (!good) {
        app_close(app);
        return false;
    }
    *out = app;
    return true;
}

void app_quiesce(struct app *app)
{
    app_jobs_stop(app->jobs);
}

void app_close(struct app *app)
{
    if (app == NULL) {
        return;
    }
    app_jobs_stop(app->jobs);
    app_control_stop(app->control);
    app_jobs_free(app->jobs);
    query_backend_free(app->engine);
    base_pool_free(app->pool);
    if (app->store != NULL) {
        store_lease_revoke_all(app->store);
    }
    ask_free(app->ask);
    act_free(app->act);
    store_close(app->store);
    net_client_free(app->client);
    app_live_free(app->live);
    app_masks_free(app->masks);
    app_rules_free(app->rules);
    privacy_log_close(app->erasures);
    app_retention_free(app->retention);
    access_close(app->access);
    state_close(app->state);
    app_room_free(app->room);
    disk_free(app->disk);
    base_lockfile_free(app->lock);
    base_cond_done(&app->gate_free);
    base_mutex_done(&app->erase_lock);
    base_mutex_done(&app->privacy_lock);
    base_mutex_done(&app->gate_lock);
    app_once_memory_free(app->once_memory);
    for (size_t i = 0; i < APP_ONCE_STRIPES; i++) {
        base_mutex_done(&app->once_locks[i]);
    }
    arena_free(app->arena);
    base_free(app);
}

static bool take(struct app *app, struct store_item *items, size_t count, struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].once_count > 0 && items[i].verdict == STORE_STORED) {
            return app_take_once(app, items, count, fail);
        }
    }
    return store_submit(app->store, items, count, fail);
}

static bool removes_traits(const struct store_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < items[i].event.trait_count; j++) {
            if (items[i].event.traits[j].value.kind == STORE_NULL) {
                return true;
            }
        }
    }
    return false;
}

/* What was taken and is not sealed yet needs as much room again. */
static bool has_room(struct app *app, struct fail *fail)
{
    struct store_status status;
    store_status_read(app->store, &status);
    return app_room_may_store(app->room, status.journal_bytes, fail);
}

bool app_take(struct app *app, struct store_item *items, size_t count, struct fail *fail)
{
    return has_room(app, fail) && app_take_always(app, items, count, fail);
}

bool app_take_always(struct app *app, struct store_item *items, size_t count, struct fail *fail)
{
    if (count == 0) {
        return true;
    }
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    if (!app_rules_apply(app->rules, false, items, count, arena, fail)) {
        return false;
    }
    app_erase_refuse(app, items, count);
    app_retention_refuse(app, items, count);
    bool removes = removes_traits(items, count);
    if (removes) {
        app_once_forget(app->once_memory);
    }
    bool taken = take(app, items, count, fail);
    if (removes) {
        /* Again, for those who looked before it was durable. */
        app_once_forget(app->once_memory);
    }
    return taken;
}

void app_take_bulk(struct app *app, struct store_item *items, size_t count, struct arena *arena,
                   void (*done)(void *context, const struct fail *fail), void *context)
{
    struct fail fail;
    if (!app_rules_apply(app->rules, false, items, count, arena, &fail)) {
        done(context, &fail);
        return;
    }
    app_erase_refuse(app, items, count);
    app_retention_refuse(app, items, count);
    /* Whoever looks next sees these only once they are sealed; nothing that is set once comes before that. */
    if (removes_traits(items, count)) {
        app_once_forget(app->once_memory);
    }
    store_submit_bulk(app->store, items, count, done, context);
}

bool app_turns_nothing_away(struct app *app)
{
    return app_rules_block_nothing(app->rules) && app_erase_refuses_nobody(app) &&
           app_retention_refuses_nothing(app);
}

/* Traits are never removed by columns. */
void app_take_columns(struct app *app, struct store_columns *columns,
                      void (*done)(void *context, const struct fail *fail), void *context)
{
    store_submit_columns(app->store, columns, done, context);
}

bool app_try(struct app *app, struct store_item *items, size_t count, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    if (!app_rules_apply(app->rules, true, items, count, arena, fail)) {
        return false;
    }
    app_erase_refuse(app, items, count);
    app_retention_refuse(app, items, count);
    return store_try(app->store, items, count, fail);
}
