/* store_segment.h — segments from inside: the map of a file, its directory and columns.
 *
 * What: what scans, builds and checks read of an open segment. Format: docs/formats/segment.md.
 * Owner: reference-counted (store_internal.h); chunks and dictionaries view the mapped file.
 * Threads: immutable after open, but for the marks of checked checksums, which any thread may set.
 * Failure: FAIL_CORRUPT naming the file, what and where; never aborts on what a file holds.
 * Limits/cost: open is linear in the footer; a chunk's checksum is computed at its first touch.
 * Units: rows are numbered from 0 within the segment.   Example: none, internal.
 * Not here: encodings (store_codec.h), writing (store_segment_write.c).
 */
#pragma once

#include "store_codec.h"
#include "store_internal.h"

#define STORE_SEGMENT_BLOCK_ROWS 65536U
#define STORE_SEGMENT_ROWS_MAX (UINT32_C(1) << 31) /* of one segment */
#define STORE_SEGMENT_GROUP_CUSTOMERS 512U
#define STORE_SEGMENT_GROUP_ROWS 16384U /* a group with more holds one customer */

enum store_segment_kind { /* of a column; as in the file */
                          STORE_SEGMENT_TS = 1,
                          STORE_SEGMENT_EVENT = 2,
                          STORE_SEGMENT_ARRIVAL = 3,
                          STORE_SEGMENT_ORIGINAL = 4,
                          STORE_SEGMENT_RECEIVED_AT = 5,
                          STORE_SEGMENT_CLIENT_TS = 6,
                          STORE_SEGMENT_SENT_AT = 7,
                          STORE_SEGMENT_SOURCE = 8,
                          STORE_SEGMENT_CHANNEL = 9,
                          STORE_SEGMENT_SCALE = 10,
                          STORE_SEGMENT_SCORE = 11,
                          STORE_SEGMENT_TEXT = 12,
                          STORE_SEGMENT_MESSAGE_ID = 13,
                          STORE_SEGMENT_PROPERTY = 14,
                          STORE_SEGMENT_TRAIT = 15,
};

struct store_segment_chunk { /* as in the file */
    uint32_t block, length;
    uint64_t offset, checksum;
};
struct store_segment_column {
    enum store_segment_kind kind;
    uint32_t name; /* code of the process, of a property or trait */
    uint32_t chunk_first, chunk_count;
    uint64_t dictionary_offset, dictionary_checksum; /* offset 0: none */
    uint32_t dictionary_length, dictionary_count;
    _Atomic uint8_t dictionary_checked; /* set once, by whoever checks first */
};
struct store_segment_block {
    uint32_t customer_first, customer_last;
    int64_t ts_min_ms, ts_max_ms;
};
struct store_segment_group {
    uint32_t customer_first, customers, row_first, length;
    uint64_t offset, checksum;
};

uint32_t store_segment_block_count(const struct store_segment *segment);
uint32_t store_segment_block_rows(const struct store_segment *segment, uint32_t block);
struct store_segment_block store_segment_block_get(const struct store_segment *segment,
                                                   uint32_t block);
/* May the block hold an event for which `wanted` (by code of the process) is not 0? */
bool store_segment_block_may_hold(const struct store_segment *segment, uint32_t block,
                                  const uint8_t *wanted, uint32_t wanted_count);
/* The same of one event, by the file's code. */
bool store_segment_block_may_hold_code(const struct store_segment *segment, uint32_t block,
                                       uint32_t code);

/* NULL where the file has no such column. `name` as in store_segment_column; else STORE_NO_CODE. */
struct store_segment_column *store_segment_column_find(const struct store_segment *segment,
                                                       enum store_segment_kind kind, uint32_t name);
uint32_t store_segment_column_count(const struct store_segment *segment);
struct store_segment_column *store_segment_column_at(const struct store_segment *segment,
                                                     uint32_t at);
/* The bytes of a column's chunk for a block, checked; NULL in *out where it has none. */
bool store_segment_chunk_find(const struct store_segment *segment,
                              const struct store_segment_column *column, uint32_t block,
                              const uint8_t **out, size_t *out_len, struct fail *fail) MUST_USE;
/* The same, opened. *out_found is false where there is none. */
bool store_segment_ints_open(const struct store_segment *segment,
                             const struct store_segment_column *column, uint32_t block,
                             struct store_ints *out, bool *out_found, struct fail *fail) MUST_USE;
/* `dictionary` is filled and must live as long as *out. */
bool store_segment_values_open(const struct store_segment *segment,
                               struct store_segment_column *column, uint32_t block,
                               struct store_dictionary *dictionary, struct store_values *out,
                               bool *out_found, struct fail *fail) MUST_USE;
bool store_segment_dictionary(const struct store_segment *segment,
                              struct store_segment_column *column, struct store_dictionary *out,
                              struct fail *fail) MUST_USE;
/* "segments/..seg: block 3, property 7: " in front of the message. Returns false. */
bool store_segment_blame(const struct store_segment *segment,
                         const struct store_segment_column *column, uint32_t block,
                         struct fail *fail);

/* The time of one row. */
bool store_segment_row_ts(const struct store_segment *segment, uint32_t row, int64_t *out,
                          struct fail *fail) MUST_USE;

/* From the file's codes to the process's, and how many there are. */
uint32_t store_segment_codes(const struct store_segment *segment, enum store_family family,
                             const uint32_t **out);

/* ---- the directory of customers (store_segment_directory.c) -------------------------------------------- */

uint32_t store_segment_group_count(const struct store_segment *segment);
uint32_t store_segment_group_first(const struct store_segment *segment, uint32_t group);
uint32_t store_segment_group_rows(const struct store_segment *segment, uint32_t group);
struct store_segment_group store_segment_group_get(const struct store_segment *segment,
                                                   uint32_t group);
/* A decoded group: rows of customer i are [row_begin[i], row_begin[i + 1]). */
struct store_directory {
    uint32_t count;
    uint32_t customers[STORE_SEGMENT_GROUP_CUSTOMERS];
    uint32_t row_begin[STORE_SEGMENT_GROUP_CUSTOMERS + 1];
    bool has_facts;
    int64_t first_ms[STORE_SEGMENT_GROUP_CUSTOMERS];
    int64_t last_ms[STORE_SEGMENT_GROUP_CUSTOMERS];
    uint32_t events[STORE_SEGMENT_GROUP_CUSTOMERS]; /* rows that are no bookkeeping */
};
bool store_segment_directory_read(const struct store_segment *segment, uint32_t group,
                                  bool want_facts, struct store_directory *out,
                                  struct fail *fail) MUST_USE;
/* Of each row of a block the customer in whose place it lies. `directory` is scratch. */
bool store_segment_block_customers(const struct store_segment *segment, uint32_t block,
                                   struct store_directory *directory, uint32_t *out,
                                   struct fail *fail) MUST_USE;
/* Of each row of a block the number it was stored under. */
bool store_segment_block_numbers(const struct store_segment *segment, uint32_t block,
                                 struct store_directory *directory, uint32_t *out,
                                 struct fail *fail) MUST_USE;
/* The group in which `customer` would be. */
uint32_t store_segment_group_find(const struct store_segment *segment, uint32_t customer);

/* ---- statistics ----------------------------------------------------------------------------------------- */

enum store_statistic_kind {
    STORE_STATISTIC_EVENT = 0,
    STORE_STATISTIC_PROPERTY = 1,
    STORE_STATISTIC_TRAIT = 2,
    STORE_STATISTIC_CHANNEL = 3,
    STORE_STATISTIC_SOURCE = 4,
};
struct store_statistic {
    enum store_statistic_kind kind;
    uint32_t event, name; /* codes of the process */
    uint64_t rows;
    int64_t first_ms, last_ms;
};
/* All lines, in the arena. */
bool store_segment_statistics(const struct store_segment *segment, struct arena *arena,
                              struct store_statistic **out, size_t *out_count,
                              struct fail *fail) MUST_USE;
/* How many rows of an event lie in an hour: one line for each event and hour that has rows. */
#define STORE_SEGMENT_HOUR_MS INT64_C(3600000)
struct store_statistic_counter {
    uint32_t event; /* code of the process */
    int64_t hour;   /* since 1970-01-01T00:00:00Z */
    uint64_t rows;
};
static inline int64_t store_stretch_of(int64_t ts_ms, int64_t stretch_ms)
{
    return ts_ms / stretch_ms - (ts_ms % stretch_ms < 0);
}
/* They are read so many at a time, into memory that is warm: of 22 months there are 16,000 for each frequent event. */
#define STORE_COUNTERS_AT_ONCE STORE_INTS_FRAME
#define STORE_COUNTERS_RUNS 3U
struct store_counters {
    const struct store_segment *segment;
    struct store_ints runs[STORE_COUNTERS_RUNS]; /* events, hours, rows */
    uint32_t at, end;                            /* lines [at, end) are left */
};
/* Of one event, by the file's code; STORE_NO_CODE: of all, by event and hour. */
bool store_segment_counters_begin(const struct store_segment *segment, uint32_t code,
                                  struct store_counters *out, struct fail *fail) MUST_USE;
/* The next ones, in the order of the file; *out_count is 0 behind the last. */
bool store_segment_counters_next(struct store_counters *counters,
                                 struct store_statistic_counter out[STORE_COUNTERS_AT_ONCE],
                                 uint32_t *out_count, struct fail *fail) MUST_USE;

/* ---- cubes (store_segment_cubes.c) ---------------------------------------------------------------------- */

/* How many rows of an event have which values of one property or of two, hour by hour. Hours stand in pages: of each
   combination of values only those pages that have rows. Which events and properties have a cube is the writer's choice
   (store_build_cubes.h). */
#define STORE_CUBE_PAGE 256U                      /* hours */
#define STORE_CUBE_VALUES 256U                    /* of a property, the missing one included */
#define STORE_CUBE_PROPERTIES 64U                 /* of a segment */
#define STORE_CUBE_DIMENSIONS 2U                  /* properties of a cube, at most */
#define STORE_CUBE_NOTHING ((uint32_t)UINT32_MAX) /* where a cube has no second property */
static inline int64_t store_cube_page_of(int64_t ts_ms)
{
    return store_stretch_of(ts_ms, STORE_CUBE_PAGE * INT64_C(3600000));
}
struct store_cube {
    uint32_t event; /* code of the process */
    uint32_t
        properties[STORE_CUBE_DIMENSIONS]; /* places among the segment's properties with values */
    unsigned count;                        /* of properties: 1 or 2 */
    uint64_t offset, length, checksum;
    size_t mark;
};
struct store_cube_property {
    uint32_t name, values; /* code of the process; how many values, the missing one aside */
    uint64_t offset, length, checksum;
    size_t mark;
};
uint32_t store_segment_cubes(const struct store_segment *segment, const struct store_cube **out);
const struct store_cube_property *store_segment_cube_property(const struct store_segment *segment,
                                                              uint32_t place);
/* The smallest cube of the event that knows these properties (codes of the process); NULL: none. */
const struct store_cube *store_segment_cube_find(const struct store_segment *segment,
                                                 uint32_t event, const uint32_t *properties,
                                                 unsigned count);
/* Of a property with cubes: code 0 is the missing value (STORE_NULL). In the arena. */
bool store_segment_cube_values(const struct store_segment *segment, uint32_t place,
                               struct arena *arena, struct store_value **out,
                               struct fail *fail) MUST_USE;
/* An open cube: by page, ascending by (codes, page), the codes of its combination and which page it is; cells are read
   page by page. */
struct store_cube_pages {
    uint32_t count;
    const uint32_t *codes[STORE_CUBE_DIMENSIONS];
    const int64_t *pages; /* page p is hours [256 p, 256 p + 256) since 1970 */
    struct store_ints cells;
};
bool store_segment_cube_open(const struct store_segment *segment, const struct store_cube *cube,
                             struct arena *arena, struct store_cube_pages *out,
                             struct fail *fail) MUST_USE;
/* FAIL_CORRUPT where a cell is less than 0. */
bool store_segment_cube_cells(const struct store_segment *segment,
                              const struct store_cube_pages *pages, uint32_t at,
                              int64_t out[STORE_CUBE_PAGE], struct fail *fail) MUST_USE;

/* Recounts all of them; *out_same is false where they are not those of the rows (store_segment_check_cubes.c). */
bool store_segment_check_cubes(struct store_segment *segment, bool *out_same,
                               struct fail *fail) MUST_USE;

/* ---- places of events (store_segment_places.c) ---------------------------------------------------------- */

/* Which rows of a block are those of one event, and in which slots they lie: of the less frequent events, that is
   the writer's choice (store_build_places.c). An event that a block's table knows has all its rows there. */
#define STORE_PLACES_EVENTS_MAX 1024U /* of a block */
struct store_places_table {           /* of a block */
    uint32_t count;                   /* of events; 0: none are listed */
    uint32_t rows, block;
    const uint8_t *entries, *lists;
    size_t lists_bytes;
};
struct store_event_places {  /* of one event in a block */
    uint32_t count;          /* at least 1 */
    struct store_ints rows;  /* of the block, ascending */
    struct store_ints slots; /* of their times (store_event.h) */
};
bool store_segment_places(const struct store_segment *segment, uint32_t block,
                          struct store_places_table *out, struct fail *fail) MUST_USE;
/* The file's code of entry `at`, below the count; they ascend. */
uint32_t store_places_code(const struct store_places_table *table, uint32_t at);
/* The entry of an event by the file's code; the count where there is none. */
uint32_t store_places_find(const struct store_places_table *table, uint32_t code);
bool store_places_open(const struct store_segment *segment, const struct store_places_table *table,
                       uint32_t at, struct store_event_places *out, struct fail *fail) MUST_USE;
/* Places [from, from + count). FAIL_CORRUPT where rows do not ascend or lie past the block. */
bool store_places_read(const struct store_segment *segment, const struct store_places_table *table,
                       const struct store_event_places *places, uint32_t from, uint32_t count,
                       uint32_t *rows, int32_t *slots, struct fail *fail) MUST_USE;
/* Are a block's tables those of its rows? `codes` are the file's (store_segment_check_places.c). */
bool store_segment_check_places(const struct store_segment *segment, uint32_t block,
                                const uint32_t *codes, const int64_t *ts_ms, bool *out_same,
                                struct fail *fail) MUST_USE;

/* ---- days of events (store_segment_days.c) -------------------------------------------------------------- */

/* Of one event, or of all but bookkeeping: customers by a day on which they did it and by the day on which they did it last
   before. So customers who did it at all from day a to day b are the cells of these days whose day before is none, or
   earlier than a. Days are those of one zone; which events there are is the writer's choice (store_build_days.h). */
#define STORE_DAYS_MAX 1830U /* five years; where there are more, a segment has none */
static inline size_t store_days_cells(uint32_t days)
{
    return (size_t)days * (days + 1) / 2; /* those of a day begin where so many earlier days end */
}
struct store_days_set {
    uint32_t event; /* code of the process; STORE_NO_CODE: all but bookkeeping */
    uint64_t offset, length, checksum;
    size_t mark;
};
uint32_t store_segment_days(const struct store_segment *segment); /* 0: there are none */
/* Where they begin, and where the last one ends: all rows lie in them. */
bool store_segment_days_begins(const struct store_segment *segment, struct arena *arena,
                               const int64_t **out, struct fail *fail) MUST_USE;
uint32_t store_segment_days_sets(const struct store_segment *segment,
                                 const struct store_days_set **out);
/* Those of a day stand together, days ascending: customers who had not done it before, then by the day before. */
bool store_segment_days_read(const struct store_segment *segment, const struct store_days_set *set,
                             struct arena *arena, const int64_t **out, struct fail *fail) MUST_USE;
/* Recounts all of them; *out_same is false where they are not those of the rows (store_segment_check_days.c). */
bool store_segment_check_days(struct store_segment *segment, bool *out_same,
                              struct fail *fail) MUST_USE;

/* ---- inside (store_segment*.c only) ------------------------------------------------------------------- */

#define STORE_SEGMENT_HEADER_BYTES ((size_t)32)
#define STORE_SEGMENT_TRAILER_BYTES ((size_t)32)
#define STORE_SEGMENT_FOOTER_BYTES ((size_t)80)
#define STORE_SEGMENT_VERSION 3U
#define STORE_SEGMENT_EVENT_BITS_MAX 4096U
extern const uint8_t store_segment_magic[8];
extern const uint8_t store_segment_magic_end[8];
#define STORE_SEGMENT_PATH_BYTES 40
void store_segment_path(uint64_t id, char out[STORE_SEGMENT_PATH_BYTES]);

enum store_segment_tag {
    STORE_SEGMENT_TAG_NAMES = 1,
    STORE_SEGMENT_TAG_COLUMNS = 2,
    STORE_SEGMENT_TAG_CHUNKS = 3,
    STORE_SEGMENT_TAG_BLOCKS = 4,
    STORE_SEGMENT_TAG_EVENT_SETS = 5,
    STORE_SEGMENT_TAG_GROUPS = 6,
    STORE_SEGMENT_TAG_STATISTICS = 7,
    STORE_SEGMENT_TAG_CUBES = 8, /* this one and the next two may be missing */
    STORE_SEGMENT_TAG_PLACES = 9,
    STORE_SEGMENT_TAG_DAYS = 10,
    STORE_SEGMENT_TAGS = 11,
};
#define STORE_PLACES_CHUNK_BYTES ((size_t)24) /* of a block, in section 9 */
#define STORE_PLACES_ENTRY_BYTES ((size_t)8) /* of an event, in a block's table; and before these */
#define STORE_DAYS_HEAD_BYTES ((size_t)32)   /* of section 10 */
#define STORE_DAYS_SET_BYTES ((size_t)32)    /* of an event, in section 10 */
#define STORE_DAYS_ALL UINT32_MAX            /* in place of a code there: all but bookkeeping */
struct store_segment_piece {                 /* a chunk outside of columns */
    uint64_t offset, length, checksum;
};
struct store_segment {
    _Atomic uint32_t references;
    _Atomic bool doomed;
    struct disk *disk;
    struct store_names *names;
    struct store_segment_info info;
    char path[STORE_SEGMENT_PATH_BYTES];
    struct disk_view view;
    uint32_t version;
    uint64_t footer_offset;
    struct str sections[STORE_SEGMENT_TAGS]; /* by tag */
    uint32_t block_count, column_count, chunk_count, group_count, event_bits;
    uint32_t longest_chunk; /* of a column */
    struct store_segment_column *columns;
    uint32_t *codes[STORE_FAMILIES];
    uint32_t code_counts[STORE_FAMILIES];
    /* By code of the process: 1 + column. */
    uint32_t *property_columns, *trait_columns;
    uint32_t property_column_count, trait_column_count;
    uint32_t own_columns[STORE_SEGMENT_PROPERTY]; /* by kind: 1 + column */
    struct store_segment_piece names_statistics, counters_statistics;
    struct store_cube *cubes;
    struct store_cube_property *cube_properties;
    uint32_t cube_count, cube_property_count;
    size_t places_mark;
    uint32_t day_count, day_set_count;
    struct store_segment_piece day_begins;
    struct store_days_set *day_sets;
    size_t days_mark;
    /* By chunk, by group; the two statistics; properties of cubes, cubes; places, by block; days, and their sets. */
    _Atomic uint8_t *checked;
    _Atomic(uint8_t *) bearing[2]; /* see store_bearing.c; NULL: not looked up yet */
};
/* Reads section 8 (store_segment_cubes.c); marks count from `mark`. */
bool store_segment_open_cubes(struct store_segment *segment, size_t mark,
                              struct fail *fail) MUST_USE;
/* Reads section 9 (store_segment_places.c); marks count from `mark`, one a block. */
bool store_segment_open_places(struct store_segment *segment, size_t mark,
                               struct fail *fail) MUST_USE;
/* Reads section 10 (store_segment_days.c); marks count from `mark`. */
bool store_segment_open_days(struct store_segment *segment, size_t mark,
                             struct fail *fail) MUST_USE;
static inline bool store_segment_inside(const struct store_segment *segment, uint64_t offset,
                                        uint64_t length)
{
    return offset >= STORE_SEGMENT_HEADER_BYTES && offset <= segment->footer_offset &&
           length <= segment->footer_offset - offset && offset % 8 == 0;
}
/* Runs of integers, each behind its length, the first `same` of one count (store_segment_directory.c). */
bool store_segment_runs_open(const uint8_t *bytes, size_t len, struct store_ints *out,
                             unsigned count, unsigned same, struct fail *fail) MUST_USE;
/* Checks the checksum at the first touch. `mark` counts as said at `checked`. */
bool store_segment_bytes(const struct store_segment *segment, uint64_t offset, uint64_t length,
                         uint64_t checksum, size_t mark, const uint8_t **out,
                         struct fail *fail) MUST_USE;
