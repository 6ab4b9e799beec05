/* store_lab.h — a small store by hand, for tests of the reading half: rows, joins, segments, and the naive truth.
 *
 * What: rows are made at random or by hand, kept in a list, and appended to a fresh table; joins and splits are a
 *   plain log; sealing and merging go through store_segment_write. What a scan should give is worked out by
 *   sorting the list.
 * Owner: lab_new/lab_free.   Threads: one.   Failure: aborts the test.
 * Not here: the writing half; its functions of identity are replaced by plain ones here.
 */
#pragma once

#include "base_random.h"
#include "disk_sim.h"
#include "store_fresh.h"
#include "store_read.h"

#define LAB_SEGMENTS_MAX 64
#define LAB_ACCOUNTS 8U
#define LAB_EVENT_NAMES 6

struct lab_change { /* a join; a split where the parent is STORE_NO_CUSTOMER */
    uint32_t child, parent;
};
struct lab {
    struct arena *arena;
    struct base_random_seeded seeded;
    struct base_random *random;
    struct disk_sim *sim;
    struct disk *disk;
    struct store_names *names;
    struct store_row *rows; /* all, in order of arrival */
    size_t row_count, row_capacity;
    uint32_t customers;
    struct lab_change changes[4096];
    size_t change_count;
    struct store_fresh *fresh; /* of rows [fresh_from, row_count) */
    size_t fresh_from;
    struct store_segment *segments[LAB_SEGMENTS_MAX];
    size_t segment_count;
    uint64_t next_id;
    struct store_identity_view *view; /* as of now; rebuilt by each change */
    const struct zone *zone;          /* whose days merged segments count; NULL: none's */
};

struct lab *lab_new(uint64_t seed, uint32_t customers);
void lab_free(struct lab *lab);
/* One row; bytes and cells are copied. Arrival is set. */
void lab_add(struct lab *lab, const struct store_row *row);
/* Random rows of all kinds, many with equal times. */
void lab_add_random(struct lab *lab, size_t count);
uint32_t lab_name(struct lab *lab, enum store_family family, const char *name);
uint32_t lab_root(const struct lab *lab, uint32_t number);
void lab_join(struct lab *lab, uint32_t child, uint32_t parent); /* both made roots first */
void lab_split(struct lab *lab, uint32_t child);
void lab_seal(struct lab *lab);
void lab_merge(struct lab *lab, size_t first, size_t count);
/* A snapshot of it all; lab_snapshot_done. */
void lab_snapshot(struct lab *lab, struct store_snapshot *out);
void lab_snapshot_done(struct store_snapshot *snapshot);

/* All rows by (root now, ts, arrival), in the arena. */
const struct store_row **lab_sorted(struct lab *lab, struct arena *arena);
/* Scans and compares with what the list of rows says. Returns the rows seen. */
uint64_t lab_check_scan(struct lab *lab, struct store_snapshot *snapshot,
                        const struct store_scan_options *options);
/* A scan chosen at random, checked. */
void lab_check_random_scan(struct lab *lab, struct store_snapshot *snapshot);
bool lab_same_value(struct store_value a, struct store_value b);
/* The body of a section of a segment's footer, which must be there. */
uint8_t *lab_section(uint8_t *footer, uint32_t tag);
/* One of 0 to sides - 1. */
uint64_t lab_dice(struct lab *lab, uint64_t sides);
extern const char *const lab_event_names[LAB_EVENT_NAMES];
void lab_must(bool ok, const struct fail *fail);
