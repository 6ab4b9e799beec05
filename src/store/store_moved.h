/* store_moved.h — who moved: customers that lie in segments otherwise than they belong together now.
 *
 * What: the numbers of all trees of joins that changed since some position, with the root of each now, and by root the
 *   numbers under which its rows lie. A tree at which something was split off or away is marked: rows under its
 *   numbers may be of several customers by now, and only the number that each was stored under tells.
 *   What was found out about them once, where their rows are, is kept for later questions.
 * Owner: reference-counted.   Threads: immutable once laid out, but for what is kept, behind a lock.
 * Failure: FAIL_NO_MEMORY.   Limits/cost: 21 bytes a number, 8 more for each segment; finding one is a search.
 * Units: numbers of customers; places are indices into `numbers`.
 * Example: store_scan_plan.c.   Not here: finding out who moved (store_identity_moved.c).
 */
#pragma once

#include "base_mem.h"
#include "base_thread.h"

enum {                        /* bits of `splits` */
       STORE_MOVED_SPLIT = 1, /* the number itself was split off, or something was split off it */
       STORE_MOVED_APART = 2, /* some number of its tree was */
};

struct store_moved {
    _Atomic uint32_t references;
    size_t count;
    uint32_t *numbers; /* ascending, unique */
    uint32_t *roots;   /* of each; one of `numbers` */
    uint8_t *splits;   /* of each: bits */
    /* By laying out: the indices of all numbers by their roots, those of one tree ascending; for each root where they begin;
       for each number the index of its root. */
    uint32_t *by_root, *tree_at, *root_at;
    struct base_mutex lock;
    struct store_moved_rows *rows; /* guarded by lock: newest first; they live as long as this */
    size_t row_lists;              /* guarded by lock */
};

/* Where in one segment the rows of each number lie; the same: it has none there. */
struct store_rows_at {
    uint32_t begin, end;
};
struct store_moved_rows {
    struct store_moved_rows *older;
    uint64_t segment; /* its id, which no other has */
    struct store_rows_at at[];
};

/* Room for so many. The caller fills in numbers, roots and STORE_MOVED_SPLIT, sets a lower count where they are fewer, and
   lays them out. */
struct store_moved *store_moved_new(size_t count, struct fail *fail);
void store_moved_lay_out(struct store_moved *moved);
struct store_moved *store_moved_ref(struct store_moved *moved);
void store_moved_unref(struct store_moved *moved); /* accepts NULL */
/* What is kept for a segment; NULL: nothing yet. */
const struct store_moved_rows *store_moved_rows_find(struct store_moved *moved, uint64_t segment);
/* Room for it; the caller fills it in, and keeps it or frees it. */
struct store_moved_rows *store_moved_rows_new(const struct store_moved *moved, uint64_t segment,
                                              struct fail *fail);
/* Takes it over; where another thread was first, frees it and gives that one's. NULL, and the caller's as before, where so
   many are kept that most must be of segments that are gone: they go with the list, at the next join. */
#define STORE_MOVED_SEGMENTS 64U
const struct store_moved_rows *store_moved_rows_keep(struct store_moved *moved,
                                                     struct store_moved_rows *rows);
/* Index of the first number that is not less; `count` where there is none. */
size_t store_moved_find(const struct store_moved *moved, uint32_t number);
/* The places of a root, given as its index: by_root[*out_begin, *out_end). */
void store_moved_tree(const struct store_moved *moved, size_t root, size_t *out_begin,
                      size_t *out_end);
