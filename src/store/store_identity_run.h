/* store_identity_run.h — sealed identifiers and joins: sorted, mapped, immutable.
 *
 * What: a run holds a stretch of the life of the store: identifiers of adjoining sequence numbers and joins of
 *   adjoining positions, each findable by hash, by number, by child, by parent and by position. Neighbours
 *   are merged into one. Format: docs/formats/identity.md.
 * Owner: a set of runs is reference-counted; views keep theirs.
 * Threads: immutable; safe for concurrent readers.
 * Failure: FAIL_CORRUPT, FAIL_IO, FAIL_LIMIT, FAIL_NO_MEMORY.
 * Limits/cost: an identifier that is not there costs one cache line a run; one that is, about three.
 * Units: none.
 * Example: see store_identity.c.   Not here: what is not sealed yet (store_identity_live.h).
 */
#pragma once

#include "store_identity_live.h"
#include "store_run.h"

struct store_identity_run {
    struct store_run *run; /* reference held by the set */
    uint64_t seq_first, seq_count;
    uint64_t position_first, position_count;
    uint32_t number_first, number_count; /* born in this run */
    uint64_t mark_count;
};

struct store_identity_runs {
    _Atomic uint32_t references;
    size_t count;
    struct store_identity_run runs[]; /* oldest first */
};

/* Opens all that the manifest names, oldest first, and checks that they adjoin. What `open` has open already
   is taken over from it (NULL: nothing is). */
bool store_identity_runs_open(struct disk *disk, const struct store_run_info *infos, size_t count,
                              const struct store_identity_runs *open,
                              struct store_identity_runs **out, struct fail *fail) MUST_USE;
struct store_identity_runs *store_identity_runs_ref(struct store_identity_runs *runs);
void store_identity_runs_unref(struct store_identity_runs *runs); /* accepts NULL */

/* Where something of a number lies in a run, by order of arrival. */
struct store_run_ident {
    uint32_t number;
    bool member;
    bool freed;                 /* nobody bears it any more; its bytes are gone */
    uint64_t offset;            /* grows with arrival */
    struct store_identifier id; /* views the file */
};

/* By hash and bytes; *out is STORE_NO_CUSTOMER where it is not there. */
bool store_identity_run_find(const struct store_identity_run *run, uint64_t hash,
                             struct store_identifier id, uint32_t member_of, uint32_t *out,
                             struct fail *fail) MUST_USE;
/* Calls `each` for every identifier of the number, in order of arrival, until it returns false. */
bool store_identity_run_idents(const struct store_identity_run *run, uint32_t number,
                               bool (*each)(void *context, const struct store_run_ident *ident),
                               void *context, struct fail *fail) MUST_USE;
/* Calls `each` for every membership, by number, until it returns false. */
bool store_identity_run_memberships(const struct store_identity_run *run,
                                    bool (*each)(void *context,
                                                 const struct store_run_ident *ident),
                                    void *context, struct fail *fail) MUST_USE;
/* Calls `each` for every change of the number as a child, newest first, until it returns false. */
bool store_identity_run_edges(const struct store_identity_run *run, uint32_t child,
                              bool (*each)(void *context, const struct store_edge *edge),
                              void *context, struct fail *fail) MUST_USE;
/* Calls `each` for every join into the number, oldest first, until it returns false. */
bool store_identity_run_children(const struct store_identity_run *run, uint32_t parent,
                                 bool (*each)(void *context, uint32_t child, uint64_t position),
                                 void *context, struct fail *fail) MUST_USE;
/* Child and parent (of a split: the one it left) of the change at a position that the run holds. */
bool store_identity_run_change(const struct store_identity_run *run, uint64_t position,
                               uint32_t *out_child, uint32_t *out_parent,
                               struct fail *fail) MUST_USE;
bool store_identity_run_mark(const struct store_identity_run *run, uint32_t number,
                             enum store_mark *out, struct fail *fail) MUST_USE;

/* ---- writing (store_identity_build.c) ------------------------------------------------------------- */

/* A frozen table as a run. */
bool store_identity_seal(struct disk *disk, const struct store_identity_live *live,
                         uint32_t number_bound, uint64_t id, struct store_run_info *out,
                         struct fail *fail) MUST_USE;
/* Adjoining runs as one. `oldest`: nothing older stays beside it. */
bool store_identity_merge(struct disk *disk, const struct store_identity_run *runs, size_t count,
                          bool oldest, uint64_t id, struct store_run_info *out,
                          struct fail *fail) MUST_USE;
/* The run without the identifiers that `freed` says yes to: they keep their places, and lose their bytes. *out_freed 0:
   there was none, and nothing was written. */
bool store_identity_free(struct disk *disk, const struct store_identity_run *run,
                         bool (*freed)(void *context, uint64_t seq, uint32_t number), void *context,
                         uint64_t id, struct store_run_info *out, uint64_t *out_freed,
                         struct fail *fail) MUST_USE;
/* Calls `each` for every identifier of the run that is not freed, in order of arrival. */
bool store_identity_run_each(const struct store_identity_run *run,
                             bool (*each)(void *context, uint64_t seq, uint32_t number),
                             void *context, struct fail *fail) MUST_USE;
/* Every order and cross-reference of one run. */
bool store_identity_run_check(const struct store_identity_run *run,
                              void (*problem)(void *context, const char *path, const char *what),
                              void *context, uint64_t *problems, struct fail *fail) MUST_USE;

/* ---- the format, shared by reader and writer ------------------------------------------------------- */

enum store_identity_section {
    STORE_IDENTITY_META,
    STORE_IDENTITY_HEAP,
    STORE_IDENTITY_INDEX,
    STORE_IDENTITY_INDEX_BLOOM,
    STORE_IDENTITY_BY_NUMBER,
    STORE_IDENTITY_EDGES,
    STORE_IDENTITY_EDGE_BLOOM,
    STORE_IDENTITY_BY_PARENT,
    STORE_IDENTITY_PARENT_BLOOM,
    STORE_IDENTITY_BY_POSITION,
    STORE_IDENTITY_MARKS,
    STORE_IDENTITY_SECTIONS,
};
#define STORE_IDENTITY_META_BYTES 48U
#define STORE_IDENTITY_HEAP_BYTES 10U                         /* before kind and value */
enum { STORE_IDENTITY_MEMBER = 1, STORE_IDENTITY_FREED = 2 }; /* flags of a heap entry */
#define STORE_IDENTITY_INDEX_BYTES 20U
#define STORE_IDENTITY_BY_NUMBER_BYTES 12U
#define STORE_IDENTITY_EDGE_BYTES 32U
#define STORE_IDENTITY_BY_PARENT_BYTES 16U
#define STORE_IDENTITY_BY_POSITION_BYTES 8U
#define STORE_IDENTITY_MARK_BYTES 8U

/* user, anonymous, email, account are 0 to 3; 4 stands for a kind that is written out. */
#define STORE_IDENTITY_KIND_OTHER 4U
uint8_t store_identity_kind_code(struct str kind);
struct str store_identity_kind_name(uint8_t code); /* of 0 to 3 */
