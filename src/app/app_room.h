/* app_room.h — room on the disk: two watermarks, and a ballast to throw off.
 *
 * What: below the first watermark big work that may wait does (merges, backups into the same file system) and people
 *   are told; below the second no events are taken any more, before a write can fail: so much is left that what was
 *   taken can be sealed, and that people can look, export and erase. The ballast is a file that only takes room: it is
 *   thrown off for what removes data when nothing else is left, and made anew when there is room again.
 *   Room is measured when it is asked for, so that what comes back is seen at once.
 * Owner: app_room_open, app_room_free.
 * Threads: any.
 * Failure: FAIL_INPUT for a setting that is none; app_room_may_store: FAIL_LIMIT below the second watermark. A disk that
 *   does not say how much room it has counts as one with room.
 * Limits/cost: one system call, at most every APP_ROOM_LOOK_US.   Units: bytes.
 * Example: if (!app_room_may_store(app->room, fail)) return false;
 * Not here: what a store does without room (store_commit.c).
 */
#pragma once

#include "base_clock.h"
#include "base_disk.h"

struct app_config;
struct app_room;

#define APP_ROOM_LOOK_US ((int64_t)100 * 1000)
#define APP_ROOM_BALLAST_PATH "ballast"

enum app_room_state {
    APP_ROOM_GOOD,
    APP_ROOM_LOW,  /* below the first watermark */
    APP_ROOM_FULL, /* below the second */
};
const char *app_room_state_name(enum app_room_state state);

struct app_room_now {
    enum app_room_state state;
    uint64_t free_bytes, total_bytes;
    uint64_t low_bytes, full_bytes; /* the watermarks */
    uint64_t ballast_bytes;         /* 0: there is none now */
};

/* The watermarks of a disk, from the settings: "2GB", "512MB", "5%". */
bool app_room_open(struct disk *disk, const struct app_config *config,
                   const struct base_clock *clock, struct app_room **out,
                   struct fail *fail) MUST_USE;
void app_room_free(struct app_room *room); /* accepts NULL */

struct app_room_now app_room_look(struct app_room *room);
/* May events be taken now? `pending_bytes`: of what still has to be written for those that were. */
bool app_room_may_store(struct app_room *room, uint64_t pending_bytes, struct fail *fail) MUST_USE;
/* May big work that can wait begin? FAIL_LIMIT says why not. */
bool app_room_may_work(struct app_room *room, struct fail *fail) MUST_USE;

/* Before data is removed: throws the ballast off where hardly anything is left. */
void app_room_for_removal(struct app_room *room);
/* Makes the ballast where there is room for it; now and then. */
void app_room_tend(struct app_room *room);

/* "512MB" (powers of 1000: B, KB, MB, GB, TB) or "5%" of `total`; FAIL_INPUT names `setting`. */
bool app_room_parse(struct str text, const char *setting, uint64_t total, uint64_t *out,
                    struct fail *fail) MUST_USE;
