/* query_exec.h — running a plan: passes over the customers of one snapshot, in parallel.
 *
 * What: a pass names the rows it wants; workers (one a thread) get batches of whole customers, mark each row
 *   with the matchers it fits, decide the segment, and call the kind once for each customer. The kind keeps
 *   a state per worker and merges the states afterwards; which customers a worker got must not show.
 * Owner: exec: query_engine.c, for one run. Workers: query_workers_free, or with the exec.
 * Threads: a worker belongs to one thread during the pass, and to the caller's after it; the rest of exec
 *   is immutable during a pass.
 * Failure: FAIL_LIMIT, FAIL_CANCELLED, FAIL_CORRUPT: of the first worker (by number) with a reason.
 * Limits/cost: memory is counted against the run's budget.   Units: *_ms.
 * Example: query_retention.c.   Not here: groups (query_tally.h), lists (query_list.h).
 */
#pragma once

#include "query_plan.h"

/* A column that is put together with others, which were stored under other names. */
struct query_merge {
    uint32_t column;       /* of the plan */
    uint32_t first, count; /* those others, among the columns of the scan */
};

struct query_members;
struct query_exec {
    const struct query_plan *plan;
    struct store_snapshot *snapshot;
    struct base_pool *pool;
    int width;
    struct base_cancel *cancel; /* NULL: never */
    struct base_budget *budget;
    size_t memory_bytes;                   /* of the budget */
    struct arena *arena;                   /* on the budget; the caller's thread only */
    const struct store_accounts *accounts; /* NULL: customers are counted */
    /* By event code: bit m where matcher m names the event (conditions aside). */
    const uint64_t *code_masks;
    const bool *code_is_own; /* not one of the seven */
    uint32_t code_count;
    const uint32_t *code_shown; /* by event code: the one it is shown as; NULL: all as themselves */
    const struct store_column_ref *scan_columns; /* the plan's, then those merged into them */
    size_t scan_column_count;
    struct query_merge *merges;
    size_t merge_count;
    /* What passes decide of each customer: the plan's segment, or what is left of it of the members (query_members.h). NULL:
       all that come are meant. */
    const struct query_segment *segment;
    uint64_t segment_matchers; /* bits of its matchers */
    int64_t segment_since_ms;
    const struct query_members *members; /* NULL: not found before the pass */
    bool *column_seen;                   /* a value of the column was met in a pass */
    uint64_t events_scanned;
    uint64_t customers;
    struct str *warnings;
    size_t warning_count, warning_capacity;
};

/* For one run; query_exec_done also after a failure. */
bool query_exec_init(struct query_exec *exec, struct query_backend *backend,
                     const struct query_plan *plan, const struct query_run *run,
                     struct fail *fail) MUST_USE;
void query_exec_done(struct query_exec *exec);

/* The one customer whom the plan's segment names by id, if it does and there is one (query_one.c). */
bool query_one_customer(const struct query_exec *exec, uint32_t *out);

/* The name an event is shown by, and the code that rows of a shown name bear (STORE_NO_CODE: never seen). */
struct str query_event_name(const struct query_exec *exec, uint32_t code);
uint32_t query_event_code(const struct query_exec *exec, struct str name);

/* What a kind looks at of a row beside its time, where rows may come narrow (query_narrow.h). */
enum query_narrow {
    QUERY_NARROW_NEVER,
    QUERY_NARROW_MASKS, /* its mask, by query_row_mask */
    QUERY_NARROW_EVENTS /* and its event */
};

struct query_worker;
struct query_labels;
struct query_counted;
struct query_daily;
struct query_pass {
    int64_t from_ms, to_ms; /* rows the kind wants; what the segment wants comes too */
    uint64_t matchers;      /* their events are wanted */
    bool every_event;       /* all events but the seven are */
    bool with_bookkeeping;  /* and the seven too */
    bool every_customer;    /* also those without a wanted row */
    const uint32_t *only;   /* these customers, ascending; NULL: all */
    size_t only_count;
    bool (*start)(struct query_worker *worker, struct fail *fail);
    /* `c` is an index into worker->rows; only customers of the segment. */
    bool (*customer)(struct query_worker *worker, uint32_t c, struct fail *fail);
    enum query_narrow narrow;
    bool slots;     /* where rows are narrow: they bear slots, and no times */
    bool any_order; /* with slots: rows of one slot may come in any order */
    /* Where rows are narrow, and nothing is asked of times but on which side of these they are, or of the edges of what is read
       (store_scan.h); none: times are whole. */
    const int64_t *cuts;
    size_t cut_count;
    /* Called in place of `customer` where rows are narrow. NULL: that one can do with them. */
    bool (*narrow_customer)(struct query_worker *worker, uint32_t c, struct fail *fail);
    /* Called in place of either where rows are narrow, once for all customers of a batch. NULL: they come one by one. */
    bool (*narrow_batch)(struct query_worker *worker, struct fail *fail);
    /* Rows that come as sums, before all others (query_counted.h); NULL: none. */
    const struct query_counted *counted;
    /* Customers who come as numbers, before all others (query_daily.h); NULL: none. */
    const struct query_daily *daily;
    const void *context;
};

struct query_worker {
    struct query_exec *exec;
    const struct query_pass *pass;
    struct arena *arena;           /* on the budget; as long as the worker */
    struct arena *scratch;         /* emptied before each batch */
    void *state;                   /* the kind's */
    struct base_cancel *cancel;    /* during the pass; for work that is long for one customer */
    bool stop;                     /* set by the kind: the pass is given up, without a failure */
    uint64_t batch;                /* number of the batch, from 1 */
    const struct store_rows *rows; /* with shown names */
    struct store_rows shown_rows, member_rows;
    const uint64_t *masks;             /* by row: the matchers that it fits; not of narrow rows */
    const struct query_labels *labels; /* of narrow rows; NULL: they are not */
    /* Insides of query_row_values, query_matcher.c and query_engine.c. */
    uint32_t *hints;
    struct store_value one;
    char one_text[TIME_RFC3339_BYTES];
    struct base_buf fold;
    uint64_t *mask_room;
    uint8_t *hit_room, *any_room;
    size_t row_capacity;
    uint64_t events_scanned, customers;
    bool *column_seen;
    struct fail fail;
    bool failed;
};

struct query_workers {
    struct query_worker **list;
    int count;
    bool stopped; /* one of them set `stop` */
};
/* Runs the pass; the workers' states are the caller's to merge and free. */
bool query_pass_run(struct query_exec *exec, const struct query_pass *pass,
                    struct query_workers *out, struct fail *fail) MUST_USE;
/* Makes rows that are not a scan's the worker's, as shown and marked, as a batch of their own. */
bool query_worker_show(struct query_worker *worker, const struct store_rows *rows, uint64_t wanted,
                       struct fail *fail) MUST_USE;
/* Where each worker's state is an array of that many counters: their sums, in the first's. */
const uint64_t *query_workers_sum(struct query_workers *workers, size_t counters);
void query_workers_free(struct query_workers *workers); /* accepts zeroed */
/* Frees all but the first, into which the others have been merged. */
void query_workers_keep_first(struct query_workers *workers);

/* The values of a name at a row of customer `c` (rows of one customer, customers of one batch: in rising
   order is cheapest). They live until the next call or batch. */
uint32_t query_row_values(struct query_worker *worker, struct query_name name, uint32_t c,
                          uint32_t row, const struct store_value **out);
/* The last row up to which what query_row_values has just given for that row stays the same, as far as is known. */
uint32_t query_row_last(const struct query_worker *worker, struct query_name name, uint32_t c,
                        uint32_t row);
/* The values of a trait as it was right after the row (query_past.c); `past` numbers those of the plan. */
uint32_t query_past_values(struct query_worker *worker, uint32_t past, uint32_t c, uint32_t row,
                           const struct store_value **out);
/* The same for a name of the customer. */
uint32_t query_customer_values(struct query_worker *worker, struct query_name name, uint32_t c,
                               const struct store_value **out);

/* First entry of the column that ends at or after row `index`; entries are ascending. Looked for from `hint`, where
   the last look-up ended, as most come in order. */
uint32_t query_column_seek(const struct store_column *column, uint32_t *hint, uint32_t index);

/* ---- who is counted (query_who.c): a customer, or an account with "per"; a number as in rows->customers ---- */

/* May view the snapshot or lie in the arena. */
struct str query_who_id(const struct query_exec *exec, uint32_t who, struct arena *arena);
/* Has a user id; an account: one of its members has. */
bool query_who_known(const struct query_exec *exec, uint32_t who);
bool query_who_traits(const struct query_exec *exec, uint32_t who, struct arena *arena,
                      struct store_field **out, size_t *out_count, struct fail *fail) MUST_USE;
/* Customers, ascending: `who` itself, or the members of those accounts. */
bool query_who_customers(const struct query_exec *exec, const uint32_t *who, size_t count,
                         const uint32_t **out, size_t *out_count, struct fail *fail) MUST_USE;

/* A line in the answer's warnings; one that is there already is not added again. */
void query_exec_warn(struct query_exec *exec, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- memory that grows with data ---- */

/* Elements of one size on the heap, counted against the budget; freed with the arena. */
struct query_vec {
    void *data;
    size_t count, capacity;
    size_t size;
    struct base_budget *budget;
};
void query_vec_init(struct query_vec *vec, struct arena *arena, struct base_budget *budget,
                    size_t size);
bool query_vec_reserve(struct query_vec *vec, size_t count, struct fail *fail) MUST_USE;
/* Room for one more at the end, not zeroed; counted as there. NULL over the budget. */
static inline void *query_vec_add(struct query_vec *vec, struct fail *fail)
{
    if (vec->count == vec->capacity && !query_vec_reserve(vec, vec->count + 1, fail)) {
        return NULL;
    }
    return (char *)vec->data + vec->count++ * vec->size;
}
bool query_vec_append(struct query_vec *into, const struct query_vec *from,
                      struct fail *fail) MUST_USE;
/* Doubles an arena's array of `old_count` elements to hold `wanted`; the new ones are zeroed. */
void *query_arena_grow(struct arena *arena, const void *old, size_t old_count, size_t *capacity,
                       size_t wanted, size_t size, struct fail *fail);
