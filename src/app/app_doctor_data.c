/* What only the holder of the directory can say: the operation "doctor". */
#include <sys/resource.h>

#include "app_backup.h"
#include "app_doctor.h"
#include "app_internal.h"
#include "base_time.h"
#include "state_erasures.h"
#include "store_hold.h"

#define PROBLEMS_SAID 5 /* of one kind; the rest is a number */
#define FAR_AHEAD_MS ((int64_t)10 * 60 * 1000)
#define DESCRIPTORS_OF_OTHERS 1024 /* as the HTTP server keeps for files */
#define MB 1000000ULL
#define MAKE_ROOM                                                                                  \
    "make room: remove what is not firsthand's, keep things for less long (firsthand retention), " \
    "or use a larger disk"

#define SAY(level, check, remedy, ...)                                                             \
    app_doctor_say(doctor, level, check, str_format(doctor->arena, __VA_ARGS__), remedy)

/* What could not be looked at is wrong too. */
static void say_failed(struct app_doctor *doctor, const char *check, const struct fail *why)
{
    if (why->code == FAIL_CORRUPT) {
        app_doctor_say_damage(doctor, check, str_from_c(why->message),
                              STR("restore a backup (docs/how-to/backup.md)"));
    } else {
        SAY(APP_FINDING_ERROR, check, STR("look at the server's log"), "%s", why->message);
    }
}

/* ---- the disk -------------------------------------------------------------------------------------------------- */

static void look_at_room(struct app *app, struct app_doctor *doctor)
{
    struct app_room_now room = app_room_look(app->room);
    unsigned long long free_mb = room.free_bytes / MB;
    if (room.state == APP_ROOM_FULL) {
        SAY(APP_FINDING_ERROR, "room", STR(MAKE_ROOM),
            "%llu MB are left, below disk_full (%llu MB): events are refused", free_mb,
            (unsigned long long)(room.full_bytes / MB));
    } else if (room.state == APP_ROOM_LOW) {
        SAY(APP_FINDING_WARN, "room", STR(MAKE_ROOM),
            "%llu MB are left, below disk_low (%llu MB): merges wait", free_mb,
            (unsigned long long)(room.low_bytes / MB));
    } else {
        APP_DOCTOR_OK(doctor, "room", "%llu MB are left", free_mb);
    }
    if (app->control != NULL && room.state == APP_ROOM_GOOD && room.ballast_bytes == 0 &&
        !str_starts(app->config.ballast, STR("0"))) {
        SAY(APP_FINDING_WARN, "ballast", STR("a running server makes it anew; look at its log"),
            "there is room, but no ballast");
    }
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

struct problems {
    struct app_doctor *doctor;
    const char *check;
    uint64_t count;
};

static void note_problem(void *context, const char *path, const char *what)
{
    struct problems *problems = context;
    if (problems->count++ < PROBLEMS_SAID) {
        app_doctor_say_damage(
            problems->doctor, problems->check,
            str_format(problems->doctor->arena, "%s: %s", path, what),
            STR("stop the server; firsthand verify says all of it; restore a backup"));
    }
}

static void note_state_problem(void *context, const char *what)
{
    note_problem(context, "state.db", what);
}

static void look_at_events(struct app *app, struct app_doctor *doctor)
{
    struct problems problems = {doctor, "events", 0};
    struct store_status status;
    struct fail why = {0};
    uint64_t files = 0;
    store_status_read(app->store, &status);
    if (status.read_only_after_failure) {
        SAY(APP_FINDING_ERROR, "intake",
            STR("look at the disk (dmesg), then start the server again"),
            "the disk failed while events were being written; they are refused since");
    }
    if (!store_look(app->store, note_problem, &problems, &files, &why)) {
        say_failed(doctor, "events", &why);
    } else if (problems.count == 0) {
        APP_DOCTOR_OK(doctor, "events", "%llu in %llu files, each as long as it was, heads whole",
                      (unsigned long long)status.events, (unsigned long long)files);
    }
    if (status.last_event_received_ms > base_now_ms(app->clock) + FAR_AHEAD_MS) {
        SAY(APP_FINDING_WARN, "clock",
            STR("let a service keep it right; what arrives now lies before what arrived then"),
            "the newest event arrived later than now: the clock was ahead, or is behind");
    }
}

static void look_at_quarantine(struct app *app, struct app_doctor *doctor)
{
    struct store_status status;
    store_status_read(app->store, &status);
    unsigned long long kept_mb = status.quarantine_bytes / MB,
                       most_mb = status.quarantine_bytes_max / MB;
    static const char check[] = "quarantine";
    if (status.quarantine_bytes >= status.quarantine_bytes_max / 10 * 9) {
        SAY(APP_FINDING_WARN, check,
            STR("firsthand quarantine groups: mend, or discard; or a larger quarantine_mb"),
            "%llu MB of %llu: what cannot be stored is refused once it is full", kept_mb, most_mb);
    } else {
        APP_DOCTOR_OK(doctor, check, "%llu rows, %llu MB of %llu",
                      (unsigned long long)status.quarantined, kept_mb, most_mb);
    }
}

static void look_at_ledger(struct app *app, struct app_doctor *doctor)
{
    struct store_ledger ledger;
    struct fail why = {0};
    if (!store_ledger_read(app->store, doctor->arena, &ledger, &why)) {
        say_failed(doctor, "ledger", &why);
    } else if (!app_ledger_balanced(&ledger)) {
        app_doctor_say_damage(doctor, "ledger", STR("it does not add up"),
                              STR("stop the server; firsthand verify; restore a backup"));
    } else {
        APP_DOCTOR_OK(doctor, "ledger", "it adds up: %llu received, %llu in quarantine",
                      (unsigned long long)ledger.total.received,
                      (unsigned long long)ledger.total.quarantined);
    }
}

/* ---- state -------------------------------------------------------------------------------------------------------- */

static void look_at_state(struct app *app, struct app_doctor *doctor)
{
    struct problems problems = {doctor, "state", 0};
    struct access_audit_state audit;
    struct fail why = {0};
    if (!state_verify(app->state, note_state_problem, &problems, &why)) {
        say_failed(doctor, "state", &why);
    } else if (problems.count == 0) {
        APP_DOCTOR_OK(doctor, "state", "state.db is whole");
    }
    if (!access_audit_verify(app->access, &audit, &why)) {
        say_failed(doctor, "audit", &why);
    } else if (audit.broken_id != 0) {
        app_doctor_say_damage(
            doctor, "audit",
            str_format(doctor->arena,
                       "line %lld of the audit trail does not fit: it was changed, or what stood "
                       "before it was",
                       (long long)audit.broken_id),
            STR("find out who could write to state.db; a backup from before has the true line"));
    } else {
        APP_DOCTOR_OK(doctor, "audit",
                      "%lld lines, each as it was written; %lld older ones removed",
                      (long long)audit.lines, (long long)audit.removed);
    }
}

static void look_at_wishes(struct app *app, struct app_doctor *doctor)
{
    struct state_erasure *rows;
    size_t count, late = 0;
    int64_t open, now_ms = base_now_ms(app->clock);
    struct fail why = {0};
    if (!state_erasures_list(app->state, true, 0, STATE_ERASURES_OPEN_MAX, doctor->arena, &rows,
                             &count, &open, &why)) {
        say_failed(doctor, "erasures", &why);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        late += rows[i].due_ms < now_ms;
    }
    if (late > 0) {
        SAY(APP_FINDING_WARN, "erasures", STR("Settings > Privacy, or firsthand erase"),
            "%zu of %zu wishes to be erased are overdue", late, count);
    } else {
        APP_DOCTOR_OK(doctor, "erasures", "%zu wishes are open, none is overdue", count);
    }
}

/* ---- what the server does by itself ------------------------------------------------------------------------------ */

static void look_at_jobs(struct app *app, struct app_doctor *doctor)
{
    struct app_job_row *rows;
    struct fail why = {0};
    size_t count, failing = 0;
    if (!app_jobs_read(app, doctor->arena, &rows, &count, &why)) {
        say_failed(doctor, "jobs", &why);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].last.failures > 0) {
            failing++;
            SAY(APP_FINDING_WARN, "jobs",
                str_format(doctor->arena, "mend that, then: firsthand job run %s",
                           rows[i].job->name),
                "%s failed %lld times in a row: %.*s", rows[i].job->name,
                (long long)rows[i].last.failures, STR_ARG(rows[i].last.why));
        }
    }
    if (failing == 0) {
        APP_DOCTOR_OK(doctor, "jobs", "none of %zu fails", count);
    }
}

static struct str moment_text(struct app_doctor *doctor, int64_t ms)
{
    char text[TIME_RFC3339_BYTES];
    return ms <= 0 ? STR("never")
                   : str_copy(doctor->arena, str_of(text, time_format_rfc3339(ms, text)));
}

static void say_backups(struct app_doctor *doctor, const struct app_backup_now *now)
{
    struct str last = moment_text(doctor, now->newest == NULL ? 0 : now->newest->moment_ms);
    const struct str again = STR("firsthand job list says why; mend that, then: firsthand job run "
                                 "backups");
    switch (now->backups) {
    case APP_BACKUP_OFF:
        SAY(APP_FINDING_WARN, "backups",
            STR("set backup_directory to a directory on another disk (docs/how-to/backup.md)"),
            "the server makes no backups of itself");
        break;
    case APP_BACKUP_UNREADABLE:
        SAY(APP_FINDING_ERROR, "backups",
            STR("is its disk mounted, may the server's user read it?"), "%.*s",
            STR_ARG(now->problem));
        break;
    case APP_BACKUP_LATE:
        SAY(APP_FINDING_ERROR, "backups", again, "the last good one is of %.*s: too old",
            STR_ARG(last));
        break;
    case APP_BACKUP_FAILING:
        SAY(APP_FINDING_ERROR, "backups", again,
            "the last try failed; the last good one is of %.*s", STR_ARG(last));
        break;
    case APP_BACKUP_NONE:
        SAY(APP_FINDING_WARN, "backups", STR("firsthand job run backups"), "none was made yet");
        break;
    case APP_BACKUP_GOOD:
        APP_DOCTOR_OK(doctor, "backups", "the last good one is of %.*s", STR_ARG(last));
        break;
    }
}

static void say_tests(struct app_doctor *doctor, const struct app_backup_now *now)
{
    struct str last = moment_text(doctor, now->test_job->last.good_ms);
    if (now->backups == APP_BACKUP_OFF) {
        return;
    }
    if (now->tests == APP_BACKUP_GOOD) {
        APP_DOCTOR_OK(doctor, "restore-test", "the last good one was at %.*s", STR_ARG(last));
    } else if (now->tests == APP_BACKUP_OFF) {
        SAY(APP_FINDING_WARN, "restore-test", STR("restore_test_every_days = 7"),
            "backups are never restored as a test");
    } else if (now->tests == APP_BACKUP_NONE) {
        SAY(APP_FINDING_WARN, "restore-test", STR("firsthand job run restore-test"),
            "no backup was restored as a test yet");
    } else {
        SAY(APP_FINDING_ERROR, "restore-test",
            STR("firsthand job list says why; firsthand verify --backup says what is damaged"),
            "%s; the last good one was at %.*s",
            now->tests == APP_BACKUP_LATE ? "the last one is too old" : "the last one failed",
            STR_ARG(last));
    }
}

static void look_at_backups(struct app *app, struct app_doctor *doctor)
{
    struct app_backup_now now;
    struct fail why = {0};
    if (!app_backup_look(app, doctor->arena, &now, &why)) {
        say_failed(doctor, "backups", &why);
        return;
    }
    say_backups(doctor, &now);
    say_tests(doctor, &now);
}

/* Of the process that holds the directory. */
static void look_at_limits(struct app *app, struct app_doctor *doctor)
{
    struct rlimit limit;
    rlim_t whole = (rlim_t)app->config.connections + DESCRIPTORS_OF_OTHERS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    if (limit.rlim_max < whole) {
        SAY(APP_FINDING_WARN, "open-files",
            str_format(doctor->arena,
                       "LimitNOFILE=%llu in the unit, or ulimit -Hn; or fewer connections",
                       (unsigned long long)whole),
            "%llu may be open at once, %lld connections are set: fewer are taken",
            (unsigned long long)limit.rlim_max, (long long)app->config.connections);
    } else {
        APP_DOCTOR_OK(doctor, "open-files", "enough for %lld connections",
                      (long long)app->config.connections);
    }
}

static void look_at_zone(struct app *app, struct app_doctor *doctor)
{
    const struct zone *zone;
    struct fail why = {0};
    if (app_zone(app, &zone, &why)) {
        APP_DOCTOR_OK(doctor, "time-zone", "the organisation's is known");
    } else {
        SAY(APP_FINDING_ERROR, "time-zone", STR("install the system's time zones (tzdata)"), "%s",
            why.message);
    }
}

/* ---- the operation -------------------------------------------------------------------------------------------------- */

static void write_finding(struct json_writer *w, const struct app_finding *finding)
{
    json_begin_object(w);
    app_write_text(w, "check", finding->check);
    app_write_text(w, "level", str_from_c(app_finding_level_name(finding->level)));
    app_write_text(w, "what", finding->what);
    app_write_text(w, "remedy", finding->remedy);
    json_name_c(w, "damage");
    json_write_bool(w, finding->damage);
    json_end_object(w);
}

void app_doctor_write(struct json_writer *w, const struct app_doctor *doctor)
{
    json_begin_object(w);
    json_name_c(w, "errors");
    json_write_uint(w, doctor->errors);
    json_name_c(w, "warnings");
    json_write_uint(w, doctor->warnings);
    json_name_c(w, "findings");
    json_begin_array(w);
    for (size_t i = 0; i < doctor->count; i++) {
        write_finding(w, &doctor->findings[i]);
    }
    json_end_array(w);
    json_end_object(w);
}

bool app_op_doctor(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    static void (*const checks[])(struct app * app, struct app_doctor * doctor) = {
        look_at_room,  look_at_limits, look_at_events, look_at_ledger, look_at_quarantine,
        look_at_state, look_at_wishes, look_at_zone,   look_at_jobs,   look_at_backups,
    };
    struct app_doctor *doctor = arena_array(arena, 1, sizeof *doctor, fail);
    if (doctor == NULL || !app_input_members(input, members, fail)) {
        return false;
    }
    *doctor = (struct app_doctor){.arena = arena};
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        checks[i](app, doctor);
    }
    struct json_writer w = {.out = out};
    app_doctor_write(&w, doctor);
    return base_buf_ok(out, fail);
}
