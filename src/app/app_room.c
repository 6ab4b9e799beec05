#include "app_room.h"

#include "app_config.h"
#include "base_log.h"
#include "base_thread.h"

/* The ballast is thrown off where less than this is left besides it. */
#define HARDLY_BYTES ((uint64_t)1 << 20)

struct app_room {
    struct disk *disk;
    const struct base_clock *clock;
    uint64_t low_bytes, full_bytes, ballast_wanted;
    struct base_mutex lock; /* guards what follows */
    bool looked;
    int64_t looked_us; /* steady */
    struct disk_room measured;
    enum app_room_state state;
    uint64_t ballast_bytes;
};

const char *app_room_state_name(enum app_room_state state)
{
    static const char *const names[] = {"good", "low", "full"};
    return names[state];
}

/* ---- settings --------------------------------------------------------------------------------------------- */

static bool unit_of(struct str text, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {{"", 1},         {"B", 1},           {"KB", 1000},
                 {"MB", 1000000}, {"GB", 1000000000}, {"TB", UINT64_C(1000000000000)}};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (str_is(text, units[i].name)) {
            *out = units[i].bytes;
            return true;
        }
    }
    return false;
}

bool app_room_parse(struct str text, const char *setting, uint64_t total, uint64_t *out,
                    struct fail *fail)
{
    size_t digits = 0;
    uint64_t number, unit;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    struct str rest = str_trim(str_after(text, digits));
    bool ok = digits > 0 && str_parse_u64(str_of(text.data, digits), &number);
    if (ok && str_is(rest, "%") && number <= 100) {
        *out = total / 100 * number;
        return true;
    }
    if (!ok || !unit_of(rest, &unit) || __builtin_mul_overflow(number, unit, out)) {
        return fail_set(fail, FAIL_INPUT, "%s is \"%.*s\", expected a size like 512MB or 5%%",
                        setting, STR_ARG(text));
    }
    return true;
}

bool app_room_open(struct disk *disk, const struct app_config *config,
                   const struct base_clock *clock, struct app_room **out, struct fail *fail)
{
    struct disk_room now = {0};
    struct fail ignored;
    struct app_room *room = base_alloc_zero(sizeof *room);
    (void)!disk_measure(disk, &now, &ignored);
    room->disk = disk;
    room->clock = clock;
    base_mutex_init(&room->lock);
    if (!app_room_parse(config->disk_low, "disk_low", now.total_bytes, &room->low_bytes, fail) ||
        !app_room_parse(config->disk_full, "disk_full", now.total_bytes, &room->full_bytes, fail) ||
        !app_room_parse(config->ballast, "ballast", now.total_bytes, &room->ballast_wanted, fail)) {
        app_room_free(room);
        return false;
    }
    struct disk_file *ballast = NULL;
    if (disk_open(disk, APP_ROOM_BALLAST_PATH, DISK_READ, &ballast, &ignored)) {
        (void)!disk_size(ballast, &room->ballast_bytes, &ignored);
        disk_close(ballast);
    }
    *out = room;
    return true;
}

void app_room_free(struct app_room *room)
{
    if (room != NULL) {
        base_mutex_done(&room->lock);
        base_free(room);
    }
}

/* ---- looking ------------------------------------------------------------------------------------------------ */

static void note_state(struct app_room *room, enum app_room_state state)
{
    static const char *const codes[] = {"disk.good", "disk.low", "disk.full"};
    static const char *const what[] = {
        "there is room on the disk again",
        "little room is left on the disk: merges and backups to it wait",
        "no room is left on the disk: no events are taken until there is",
    };
    if (state != room->state) {
        base_log(state == APP_ROOM_GOOD ? LOG_INFO : LOG_WARN, codes[state], what[state],
                 LOG_N("free_bytes", (int64_t)room->measured.free_bytes), LOG_END);
    }
    room->state = state;
}

static void look_locked(struct app_room *room, bool anew)
{
    int64_t now_us = base_steady_us(room->clock);
    struct fail ignored;
    if (!anew && room->looked && now_us - room->looked_us < APP_ROOM_LOOK_US &&
        now_us >= room->looked_us) {
        return;
    }
    room->looked = true;
    room->looked_us = now_us;
    if (!disk_measure(room->disk, &room->measured, &ignored)) {
        room->measured = (struct disk_room){UINT64_MAX, UINT64_MAX};
    }
    uint64_t left = room->measured.free_bytes;
    note_state(room, left < room->full_bytes  ? APP_ROOM_FULL
                     : left < room->low_bytes ? APP_ROOM_LOW
                                              : APP_ROOM_GOOD);
}

struct app_room_now app_room_look(struct app_room *room)
{
    base_lock(&room->lock);
    look_locked(room, false);
    struct app_room_now now = {
        .state = room->state,
        .free_bytes = room->measured.free_bytes,
        .total_bytes = room->measured.total_bytes,
        .low_bytes = room->low_bytes,
        .full_bytes = room->full_bytes,
        .ballast_bytes = room->ballast_bytes,
    };
    base_unlock(&room->lock);
    return now;
}

bool app_room_may_store(struct app_room *room, uint64_t pending_bytes, struct fail *fail)
{
    struct app_room_now now = app_room_look(room);
    if (now.full_bytes == 0) {
        return true; /* the watermark was set to nothing: only the disk itself refuses */
    }
    uint64_t needed = now.full_bytes + pending_bytes;
    return now.free_bytes >= needed ||
           fail_set(fail, FAIL_LIMIT,
                    "no room on the disk: %llu MB are free, %llu MB are kept for what must go on",
                    (unsigned long long)(now.free_bytes / 1000000),
                    (unsigned long long)(needed / 1000000));
}

bool app_room_may_work(struct app_room *room, struct fail *fail)
{
    struct app_room_now now = app_room_look(room);
    return now.state == APP_ROOM_GOOD ||
           fail_set(fail, FAIL_LIMIT,
                    "little room on the disk: %llu MB are free, this waits until %llu MB are",
                    (unsigned long long)(now.free_bytes / 1000000),
                    (unsigned long long)(now.low_bytes / 1000000));
}

/* ---- the ballast ----------------------------------------------------------------------------------------------- */

void app_room_for_removal(struct app_room *room)
{
    struct fail ignored;
    base_lock(&room->lock);
    look_locked(room, true);
    if (room->ballast_bytes > 0 && room->measured.free_bytes < HARDLY_BYTES &&
        disk_remove(room->disk, APP_ROOM_BALLAST_PATH, &ignored)) {
        base_log(LOG_WARN, "disk.ballast",
                 "the ballast was thrown off, so that data can be removed",
                 LOG_N("bytes", (int64_t)room->ballast_bytes), LOG_END);
        room->ballast_bytes = 0;
        look_locked(room, true);
    }
    base_unlock(&room->lock);
}

static bool make_ballast(struct disk *disk, uint64_t bytes, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    return disk_open(disk, APP_ROOM_BALLAST_PATH, DISK_CREATE, &file, fail) &&
           disk_reserve(file, bytes, fail) && disk_truncate(file, bytes, fail) &&
           disk_sync(file, fail);
}

void app_room_tend(struct app_room *room)
{
    struct fail why;
    base_lock(&room->lock);
    look_locked(room, true);
    uint64_t wanted = room->ballast_wanted;
    if (room->ballast_bytes != wanted &&
        (wanted < room->ballast_bytes ||
         (room->state == APP_ROOM_GOOD && room->measured.free_bytes >= room->low_bytes + wanted))) {
        if (wanted == 0 ? disk_remove(room->disk, APP_ROOM_BALLAST_PATH, &why)
                        : make_ballast(room->disk, wanted, &why)) {
            room->ballast_bytes = wanted;
        } else {
            struct fail ignored;
            (void)!disk_remove(room->disk, APP_ROOM_BALLAST_PATH, &ignored);
            room->ballast_bytes = 0;
        }
    }
    base_unlock(&room->lock);
}
