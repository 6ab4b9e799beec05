/* store_build.h — a segment while it is being written.
 *
 * What: what the parts of writing share. First the names in use get codes and the strings that several customers
 *   share get into dictionaries; then the rows, merged by the same reader as scans use, go into blocks.
 * Owner: store_segment_write; all freed by store_build_done.   Threads: one, and a second where blocks are written apart
 *   (store_build_writer.c): what it works on is said at the fields.
 * Failure: FAIL_IO, FAIL_LIMIT, FAIL_CORRUPT of inputs, FAIL_CANCELLED.
 * Limits/cost: memory for a block's columns, the dictionaries, and 50 bytes per 512 customers. Strings stay where they are until the
 *   block is written, and are held by the page: however long a block's words are, they take STORE_ENCODER_PAGES_BYTES and some.
 * Units: rows, bytes.   Example: none, internal.   Not here: which segments to merge (store_merge.c).
 */
#pragma once

#include "store_bulk.h"
#include "store_map.h"
#include "store_ranges.h"
#include "store_read.h"
#include "store_words.h"

#define STORE_DICTIONARY_STRINGS_MAX 65536U /* of a column */
#define STORE_DICTIONARY_STRING_BYTES_MAX 1024U

/* ---- dictionaries (store_build_tally.c; which strings the inputs hold: store_build_dictionary.c) ---------- */

struct store_build_dictionary {
    const struct str *strings;
    uint32_t count;
    uint32_t *slots; /* 1 + place, by hash */
    uint32_t mask;
};
/* 1 + place of the string, 0 where it is not in the dictionary. */
uint32_t store_build_dictionary_find(const struct store_build_dictionary *dictionary,
                                     struct str string);

/* Counts strings and whether several customers share them. Over its limit it forgets those that are rare. */
struct store_tally;
struct store_tally *store_tally_new(void);
void store_tally_free(struct store_tally *tally);
void store_tally_reset(struct store_tally *tally);
#define STORE_TALLY_SEVERAL STORE_NO_CUSTOMER /* in place of one customer */
/* `stays`: the bytes live as long as the tally's outcome; else they are copied. */
bool store_tally_add(struct store_tally *tally, struct str string, uint32_t customer,
                     uint64_t times, bool stays, struct fail *fail) MUST_USE;
/* The shared ones, by times descending, as a dictionary in the arena. */
bool store_tally_take(struct store_tally *tally, struct arena *arena,
                      struct store_build_dictionary *out, struct fail *fail) MUST_USE;
/* The same of strings that were counted elsewhere: the first STORE_DICTIONARY_STRINGS_MAX of a list in that order. */
bool store_build_dictionary_of(const struct str *strings, uint32_t count, struct arena *arena,
                               struct store_build_dictionary *out, struct fail *fail) MUST_USE;

/* ---- the build ------------------------------------------------------------------------------------------ */

enum { /* places of columns before those of properties and traits */
       STORE_BUILD_CLIENT_TS,
       STORE_BUILD_SENT_AT,
       STORE_BUILD_SCORE,
       STORE_BUILD_TEXT,
       STORE_BUILD_MESSAGE_ID,
       STORE_BUILD_VALUES, /* columns of values from here on: properties, then traits */
};
struct store_build_chunks {
    struct store_vec entries; /* struct store_segment_chunk */
    uint32_t count;
};
struct store_build_column { /* of values */
    enum store_segment_kind kind;
    uint32_t name; /* code of the process */
    struct store_build_dictionary dictionary;
    struct store_build_chunks chunks;
};
struct store_build_entries { /* of one such column in one block */
    uint32_t count;
    struct store_vec at, values, codes;
};
enum { /* columns of integers, one a row */
       STORE_BUILD_TS,
       STORE_BUILD_EVENT,
       STORE_BUILD_ARRIVAL,
       STORE_BUILD_ORIGINAL,
       STORE_BUILD_RECEIVED_AT,
       STORE_BUILD_SOURCE,
       STORE_BUILD_CHANNEL,
       STORE_BUILD_SCALE,
       STORE_BUILD_INTS,
};
struct store_build_block { /* rows that are written together */
    uint32_t rows;
    uint32_t customer_first, customer_last;
    int64_t *ints[STORE_BUILD_INTS];
    int64_t *customers;                  /* by row */
    struct store_build_entries *entries; /* by column of values */
    /* Groups of the directory that became full meanwhile: their chunks, and what the footer tells of them, with offsets from
       the first of these. They go out before the block. */
    struct base_buf directory, groups;
};
#define STORE_BUILD_GROUP_BYTES 32U /* what the footer tells of a group */
#define STORE_BUILD_GROUP_OFFSET 16U
struct store_build_group { /* customers of the directory not yet written */
    uint32_t count;
    uint32_t row_first;
    int64_t customers[STORE_SEGMENT_GROUP_CUSTOMERS];
    int64_t rows[STORE_SEGMENT_GROUP_CUSTOMERS];
    int64_t first_ms[STORE_SEGMENT_GROUP_CUSTOMERS];
    int64_t last_ms[STORE_SEGMENT_GROUP_CUSTOMERS];
    int64_t bookkeeping[STORE_SEGMENT_GROUP_CUSTOMERS];
};
struct store_build_line { /* of statistics */
    uint64_t key[2];
    uint64_t rows;
    int64_t first_ms, last_ms;
    uint64_t row; /* 1 + the row counted last */
};
struct store_build_lines {
    struct store_vec lines; /* struct store_build_line */
    uint32_t count;
    uint32_t *slots; /* 1 + line, by hash of the key */
    uint32_t mask;
};
struct
    store_build_counting { /* rows by their event, before they go into lines (store_build_count.c) */
    struct store_build_line *counted; /* by event, all 0 between uses */
    uint32_t *touched;                /* events that are counted */
    uint32_t touched_count;
    /* Counters by hour, by event and hour; NULL: each row goes into its line at once. */
    uint32_t *hours;
    int64_t hour_first;
    uint64_t hour_count;
};
struct store_build {
    const struct store_segment_build *in;
    struct store_sources sources;
    struct store_fresh_index fresh;
    struct arena *arena; /* for the life of the build */
    struct store_segment_info info;
    char path[STORE_SEGMENT_PATH_BYTES];

    /* names: of each family those in use, in the order of the file; and the file's codes */
    uint32_t *names[STORE_FAMILIES];
    uint32_t name_counts[STORE_FAMILIES];
    uint32_t *codes[STORE_FAMILIES]; /* by code of the process; STORE_NO_CODE: not in use */
    uint32_t code_counts[STORE_FAMILIES];
    uint8_t *bookkeeping; /* by the process's code of an event */

    /* the file */
    struct disk_file *file;
    struct base_buf
        out; /* not yet written, but for the pages of its last column that the encoder gave away */
    uint64_t out_at; /* offset of its first byte */
    struct store_encoder encoder;
    struct base_buf spare; /* for choosing between two forms */

    /* Blocks: one is filled, while the other is written where there is a thread for it (store_build_writer.c). What is of
       the file, of the block that is written, and of what the footer tells of blocks is that thread's meanwhile. */
    struct store_build_block pair[2];
    struct store_build_block *filling;
    uint64_t rows_filled;                    /* in blocks before the one being filled */
    struct store_build_writer *writer;       /* NULL: none was started yet, or none will be */
    bool alone;                              /* none will be: who fills blocks writes them too */
    struct store_words words, words_written; /* of the sources' heaps: for filling, for writing */
    struct store_build_chunks int_chunks[STORE_BUILD_INTS];
    struct store_build_column *columns;
    size_t column_count;
    uint32_t *property_column, *trait_column; /* by code of the process: 1 + column */

    /* what the footer tells */
    struct base_buf blocks, event_sets, groups;
    uint32_t event_bits;
    struct store_build_group group;
    struct store_build_lines names_lines, hours_lines;
    struct store_build_counting counting;
    struct store_build_cubes *cubes;   /* NULL: none are counted */
    struct store_build_places *places; /* NULL: none yet */
    struct base_buf block_places;      /* section 9 */
    bool any_places;                   /* else the section is left out */
    struct store_build_days *days;     /* NULL: none are counted */
};

/* ---- rows left out (store_build_leave.c) ---------------------------------------------------------------- */

#define STORE_BUILD_IN_ARRIVAL 0 /* the scan's columns */
#define STORE_BUILD_IN_TEXT 9
struct store_build_left { /* a batch without them; keeps its memory */
    struct store_rows rows;
    size_t column_count;
    struct store_column *columns;
    struct store_vec place, customers, row_begin, ts_ms, events;
    struct store_vec *at, *values; /* by column */
};
bool store_build_left_init(struct store_build_left *left, size_t column_count,
                           struct fail *fail) MUST_USE;
void store_build_left_done(struct store_build_left *left);
/* *out may have no customer left. */
bool store_build_leave(struct store_build_left *left, const struct store_segment_build *in,
                       const struct store_rows *rows, const struct store_rows **out,
                       struct fail *fail) MUST_USE;
static inline bool store_build_leaves(const struct store_build *build, uint64_t arrival)
{
    return build->in->leave_out != NULL && store_ranges_hold(build->in->leave_out, arrival);
}
/* Counts, by family and code of the process, what names the rows of a segment bear that stay; exact for all but
   properties and traits, which are 0 or 1. (store_build_left_names.c) */
bool store_build_left_names(const struct store_build *build, struct store_segment *segment,
                            uint64_t *const rows[STORE_FAMILIES], struct fail *fail) MUST_USE;

/* Names in use and their codes, dictionaries, columns. */
bool store_build_plan_names(struct store_build *build, struct fail *fail) MUST_USE;
bool store_build_plan_dictionaries(struct store_build *build, struct fail *fail) MUST_USE;
/* Takes the rows of one batch of the build's scan. */
bool store_build_add(struct store_build *build, const struct store_rows *rows,
                     struct fail *fail) MUST_USE;
/* Memory for blocks; once the columns are known, their entries too. */
bool store_build_block_init(struct store_build_block *block, struct fail *fail) MUST_USE;
bool store_build_block_columns(struct store_build_block *block, size_t columns,
                               struct fail *fail) MUST_USE;
void store_build_block_done(struct store_build_block *block, size_t columns); /* accepts zeroed */
bool store_build_entries_room(struct store_build_entries *entries, size_t count,
                              struct fail *fail) MUST_USE;
/* Writes a block, which is empty then; and what it has of the directory. */
bool store_build_write_block(struct store_build *build, struct store_build_block *block,
                             struct fail *fail) MUST_USE;
/* The block being filled is full: it is written, at once or meanwhile, and another one is filled. (store_build_writer.c) */
bool store_build_block_filled(struct store_build *build, struct fail *fail) MUST_USE;
/* All full blocks are written, and nobody but the caller works on the build any more. */
bool store_build_writer_await(struct store_build *build, struct fail *fail) MUST_USE;
void store_build_writer_free(struct store_build *build); /* without a look at what became of it */
/* The bytes at the end of `out`, from `begin` on, are a chunk: where it is, its length and checksum. Pads. */
bool store_build_end_chunk(struct store_build *build, size_t begin, struct store_segment_piece *out,
                           struct fail *fail) MUST_USE;
size_t store_build_begin_chunk(const struct store_build *build);
/* Where a chunk is, as the sections of the footer say it. */
#define STORE_BUILD_PIECE_BYTES 24
void store_build_put_piece(const struct store_segment_piece *piece,
                           uint8_t out[STORE_BUILD_PIECE_BYTES]);
/* The encoder's, with the build as their context: strings of the column begun last; pages that the file takes. */
bool store_build_find_words(void *context, struct store_value left, struct str *out,
                            struct fail *fail) MUST_USE;
bool store_build_take_pages(void *context, const void *bytes, size_t len,
                            struct fail *fail) MUST_USE;
/* Directory, statistics. */
bool store_build_add_customer(struct store_build *build, uint32_t customer, uint32_t rows,
                              const int64_t *ts_ms, const uint32_t *events,
                              struct fail *fail) MUST_USE;
/* The rows of `counted` at once, none of which was counted in that line before. */
bool store_build_count_many(struct store_build_lines *lines, uint64_t key0, uint64_t key1,
                            const struct store_build_line *counted, struct fail *fail) MUST_USE;
bool store_build_count(struct store_build_lines *lines, uint64_t key0, uint64_t key1, uint64_t row,
                       int64_t ts_ms, struct fail *fail) MUST_USE;
/* Rows are counted by their event first, and go into lines many at a time: after the names, before the first row. Times
   outside of these two are not counted by the array. */
bool store_build_count_plan(struct store_build *build, int64_t least_ms, int64_t most_ms,
                            struct fail *fail) MUST_USE;
void store_build_count_done(struct store_build *build);
static inline void store_build_count_row(struct store_build_counting *counting, uint32_t event,
                                         int64_t ts_ms)
{
    struct store_build_line *line = &counting->counted[event];
    if (line->rows++ == 0) {
        counting->touched[counting->touched_count++] = event;
        line->first_ms = ts_ms;
        line->last_ms = ts_ms;
    }
    line->first_ms = ts_ms < line->first_ms ? ts_ms : line->first_ms;
    line->last_ms = ts_ms > line->last_ms ? ts_ms : line->last_ms;
}
/* What was counted by row goes into the lines of a kind and a name. */
bool store_build_count_into(struct store_build *build, uint64_t kind, uint64_t name,
                            struct fail *fail) MUST_USE;
void store_build_count_forget(struct store_build *build);
/* All there is to count of rows of the block, but their fields. */
bool store_build_count_block(struct store_build *build, uint32_t from, uint32_t count,
                             struct fail *fail) MUST_USE;
/* Once all rows are in. */
bool store_build_count_hours(struct store_build *build, struct fail *fail) MUST_USE;
const struct store_build_line *store_build_line_find(const struct store_build_lines *lines,
                                                     uint64_t key0, uint64_t key1); /* or NULL */
bool store_build_finish(struct store_build *build, struct fail *fail) MUST_USE;
/* Runs of integers stand behind their lengths (store_build_footer.c). */
bool store_build_put_run(const int64_t *values, uint32_t count, struct base_buf *out,
                         struct fail *fail) MUST_USE;
/* Cubes (store_build_cubes.h): takes in the block that is about to be written; writes those that pay, and the section
   that tells of them, empty where there are none. */
bool store_build_cubes_count(struct store_build *build, const struct store_build_block *block,
                             struct fail *fail) MUST_USE;
bool store_build_cubes_put(struct store_build *build, struct base_buf *section,
                           struct fail *fail) MUST_USE;
void store_build_cubes_free(struct store_build_cubes *cubes); /* accepts NULL */
/* Places of events (store_build_places.c): those of the block that is about to be written. */
bool store_build_places_put(struct store_build *build, const struct store_build_block *block,
                            struct fail *fail) MUST_USE;
void store_build_places_free(struct store_build_places *places); /* accepts NULL */
/* Days of events (store_build_days.h): takes in the block that is about to be written; writes what pays, and the section that
   tells of it, empty where there is none. */
void store_build_days_count(struct store_build *build, const struct store_build_block *block);
bool store_build_days_put(struct store_build *build, struct base_buf *section,
                          struct fail *fail) MUST_USE;
void store_build_days_free(struct store_build_days *days); /* accepts NULL */
/* How many rows may come, and between which times: as the sources say (store_build_cubes.c). */
uint64_t store_build_span(const struct store_build *build, int64_t *out_least_ms,
                          int64_t *out_most_ms);

/* ---- rows of an import (store_build_bulk.c) -------------------------------------------------------------- */

struct store_bulk_sorted; /* a table's columns in the order of the segment */
/* Sorts, and plans the dictionaries; after the names. */
bool store_build_bulk_plan(struct store_build *build, struct store_bulk_sorted **out,
                           struct fail *fail) MUST_USE;
bool store_build_bulk_rows(struct store_build *build, const struct store_bulk_sorted *sorted,
                           struct fail *fail) MUST_USE;
void store_bulk_sorted_free(struct store_bulk_sorted *sorted); /* accepts NULL */
