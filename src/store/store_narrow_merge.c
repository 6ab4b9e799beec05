/* store_narrow_merge.c — narrow pieces of one range of customers, merged.
 *
 * Mostly pieces lie one after the other in time, so a customer's rows are put one run behind the other; where they
 * are not in order then, the runs are merged.
 */
#include "store_narrow.h"

#define TS_AT_ONCE 8U /* copied together: rows past the end are slack */
#define SLOTS_AT_ONCE 16U
#define LABELS_AT_ONCE 16U
/* To read more customers once more takes longer than to read the times of all. */
#define AGAIN_ONE_IN 16U
#define AGAIN_LEAST 16U

static void copy_slots(int32_t *to_slots, uint8_t *to_labels, const int32_t *from_slots,
                       const uint8_t *from_labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += SLOTS_AT_ONCE) {
        memcpy(to_slots + i, from_slots + i, SLOTS_AT_ONCE * sizeof *to_slots);
    }
    for (uint32_t i = 0; i < count; i += LABELS_AT_ONCE) {
        memcpy(to_labels + i, from_labels + i, LABELS_AT_ONCE);
    }
}

static void copy_run(int64_t *to_ts, uint8_t *to_labels, const int64_t *from_ts,
                     const uint8_t *from_labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += TS_AT_ONCE) {
        memcpy(to_ts + i, from_ts + i, TS_AT_ONCE * sizeof *to_ts);
    }
    for (uint32_t i = 0; i < count; i += LABELS_AT_ONCE) {
        memcpy(to_labels + i, from_labels + i, LABELS_AT_ONCE);
    }
}

/* Puts `a` rows and the `b` rows behind them in order, those of `a` first where times are equal. The first `a` are
   copied away before. True where times of both were equal. */
static bool merge_two(int64_t *ts_ms, uint8_t *labels, uint32_t a, uint32_t b, int64_t *aside_ts,
                      uint8_t *aside_labels)
{
    memcpy(aside_ts, ts_ms, a * sizeof *ts_ms);
    memcpy(aside_labels, labels, a);
    uint32_t i = 0;
    uint32_t k = a;
    uint32_t end = a + b;
    bool tie = false;
    for (uint32_t at = 0; i < a; at++) {
        if (k < end && ts_ms[k] < aside_ts[i]) {
            ts_ms[at] = ts_ms[k];
            labels[at] = labels[k];
            k++;
        } else {
            tie |= k < end && ts_ms[k] == aside_ts[i];
            ts_ms[at] = aside_ts[i];
            labels[at] = aside_labels[i];
            i++;
        }
    }
    return tie;
}

/* Puts a customer's runs in order, neighbours with neighbours, so that each row is moved as often as the number of
   runs can be halved. */
static bool merge_runs(struct store_narrow *narrow, int64_t *ts_ms, uint8_t *labels,
                       uint32_t run_count, uint32_t rows, struct base_budget *budget, bool *out_tie,
                       struct fail *fail)
{
    if (!store_vec_room(&narrow->run_ts, rows, sizeof *ts_ms, budget, fail) ||
        !store_vec_room(&narrow->run_label, rows, 1, budget, fail)) {
        return false;
    }
    uint32_t *begin = narrow->run_begin.data;
    begin[run_count] = rows;
    while (run_count > 1) {
        uint32_t kept = 0;
        for (uint32_t r = 0; r < run_count; r += 2) {
            if (r + 1 < run_count) {
                *out_tie |= merge_two(ts_ms + begin[r], labels + begin[r], begin[r + 1] - begin[r],
                                      begin[r + 2] - begin[r + 1], narrow->run_ts.data,
                                      narrow->run_label.data);
            }
            begin[kept++] = begin[r];
        }
        begin[kept] = rows;
        run_count = kept;
    }
    return true;
}

static struct store_narrow_rows rows_of(const struct store_narrow_piece *in, uint32_t customer)
{
    const uint32_t *row_begin = in->row_begin.data;
    uint32_t from = row_begin[customer];
    return (struct store_narrow_rows){(const int64_t *)in->ts.data + from,
                                      (const uint8_t *)in->labels.data + from,
                                      row_begin[customer + 1] - from};
}

/* The rows of one customer while they are put behind those of a piece. */
struct laying {
    struct store_narrow *narrow;
    struct store_narrow_piece *out;
    uint32_t rows, runs;
    int64_t last_ms;
    bool in_order;
    bool tie; /* two runs had rows of one time */
};

static struct laying lay(struct store_narrow *narrow, struct store_narrow_piece *out)
{
    return (struct laying){.narrow = narrow, .out = out, .last_ms = INT64_MIN, .in_order = true};
}

/* One run more. */
static void lay_run(struct laying *l, const struct store_narrow_rows *in)
{
    uint32_t at = l->out->row_count + l->rows;
    copy_run((int64_t *)l->out->ts.data + at, (uint8_t *)l->out->labels.data + at, in->ts_ms,
             in->labels, in->count);
    l->in_order &= in->ts_ms[0] >= l->last_ms;
    l->tie |= in->ts_ms[0] == l->last_ms;
    l->last_ms = in->ts_ms[in->count - 1];
    ((uint32_t *)l->narrow->run_begin.data)[l->runs++] = l->rows;
    l->rows += in->count;
}

static bool lay_in_order(struct laying *l, struct base_budget *budget, struct fail *fail)
{
    return l->in_order || merge_runs(l->narrow, (int64_t *)l->out->ts.data + l->out->row_count,
                                     (uint8_t *)l->out->labels.data + l->out->row_count, l->runs,
                                     l->rows, budget, &l->tie, fail);
}

static void lay_down(struct laying *l, uint32_t number)
{
    struct store_narrow_piece *out = l->out;
    ((uint32_t *)out->customers.data)[out->customer_count++] = number;
    out->row_count += l->rows;
    ((uint32_t *)out->row_begin.data)[out->customer_count] = out->row_count;
}

/* ---- a few rows into many ------------------------------------------------------------------------------ */

/* How many of the rows, from `from` on, come before `ts_ms`, or with `same` up to it. */
static uint32_t rows_before(const struct store_narrow_rows *rows, uint32_t from, int64_t ts_ms,
                            bool same)
{
    const int64_t *at = rows->ts_ms + from;
    uint32_t count = rows->count - from;
    uint32_t before = 0;
    if (!same && ts_ms == INT64_MIN) {
        return 0;
    }
    int64_t last_ms = same ? ts_ms : ts_ms - 1;
    while (count - before >= TS_AT_ONCE && at[before + TS_AT_ONCE - 1] <= last_ms) {
        before += TS_AT_ONCE;
    }
    uint32_t more = 0;
    for (uint32_t i = 0; i < TS_AT_ONCE; i++) { /* without branches: rows past the end are slack */
        more += (uint32_t)(before + i < count) & (uint32_t)(at[before + i] <= last_ms);
    }
    return before + more;
}

/* Copies the few rows between the others; `few_first`: theirs come first where times are equal. */
static void lay_between(struct store_narrow_piece *out, const struct store_narrow_rows *rows,
                        const struct store_narrow_rows *few, bool few_first)
{
    int64_t *ts_ms = (int64_t *)out->ts.data + out->row_count;
    uint8_t *labels = (uint8_t *)out->labels.data + out->row_count;
    uint32_t from = 0;
    for (uint32_t i = 0; i < few->count; i++) {
        uint32_t count = rows_before(rows, from, few->ts_ms[i], !few_first);
        copy_run(ts_ms, labels, rows->ts_ms + from, rows->labels + from, count);
        ts_ms[count] = few->ts_ms[i];
        labels[count] = few->labels[i];
        ts_ms += count + 1;
        labels += count + 1;
        from += count;
    }
    copy_run(ts_ms, labels, rows->ts_ms + from, rows->labels + from, rows->count - from);
}

/* ---- pieces of one range -------------------------------------------------------------------------------- */

/* The rows of a customer that lie in several pieces, in the order of these. */
static bool lay_all(struct laying *l, const struct store_narrow_rows *sources, size_t count,
                    struct base_budget *budget, struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        lay_run(l, &sources[i]);
    }
    return lay_in_order(l, budget, fail);
}

/* The same, knowing that mostly one piece has most of the rows. Where that is the first or the last of them, what the others
   have is put together first, and then between its rows. */
static bool lay_sources(struct laying *l, const struct store_narrow_rows *sources, size_t count,
                        struct base_budget *budget, struct fail *fail)
{
    bool few_first = sources[count - 1].count > sources[0].count;
    const struct store_narrow_rows *most = &sources[few_first ? count - 1 : 0];
    const struct store_narrow_rows *others = few_first ? sources : sources + 1;
    struct store_narrow_piece *aside = &l->narrow->aside;
    struct store_narrow_rows few = others[0];
    uint32_t rows = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        rows += others[i].count;
    }
    if (rows > most->count) {
        return lay_all(l, sources, count, budget, fail);
    }
    if (count > 2) {
        aside->row_count = 0;
        struct laying together = lay(l->narrow, aside);
        if (!store_narrow_room(aside, STORE_NARROW_TIMES, 1, rows, budget, fail) ||
            !lay_all(&together, others, count - 1, budget, fail)) {
            return false;
        }
        few = (struct store_narrow_rows){aside->ts.data, aside->labels.data, rows};
    }
    lay_between(l->out, most, &few, few_first);
    l->rows = rows + most->count;
    return true;
}

/* Moves the heads past a customer; the next one. */
static uint32_t pass(struct store_narrow *narrow, uint32_t number)
{
    uint32_t next = STORE_NO_CUSTOMER;
    for (size_t p = 0; p < narrow->count; p++) {
        struct store_narrow_head *head = &narrow->heads[p];
        const struct store_narrow_piece *in = &narrow->pieces[p];
        if (head->number == number) {
            head->next++;
            head->number = head->next < in->customer_count
                               ? ((const uint32_t *)in->customers.data)[head->next]
                               : STORE_NO_CUSTOMER;
        }
        next = head->number < next ? head->number : next;
    }
    return next;
}

/* Whose rows are all in one piece has them in order: slots are as good as times. */
static void take_slots(struct laying *l, const struct store_narrow_piece *in, uint32_t customer)
{
    struct store_narrow_piece *out = l->out;
    const uint32_t *row_begin = in->row_begin.data;
    uint32_t from = row_begin[customer];
    l->rows = row_begin[customer + 1] - from;
    copy_slots((int32_t *)out->slots.data + out->row_count,
               (uint8_t *)out->labels.data + out->row_count, (const int32_t *)in->slots.data + from,
               (const uint8_t *)in->labels.data + from, l->rows);
}

/* ---- by slots -------------------------------------------------------------------------------------------- */

static struct store_narrow_slots slots_of(const struct store_narrow_piece *in, uint32_t customer)
{
    const uint32_t *row_begin = in->row_begin.data;
    uint32_t from = row_begin[customer];
    return (struct store_narrow_slots){(const int32_t *)in->slots.data + from,
                                       (const uint8_t *)in->labels.data + from,
                                       row_begin[customer + 1] - from};
}

/* How many of the rows, from `from` on, lie in slots before this one. */
static uint32_t slots_before(const struct store_narrow_slots *rows, uint32_t from, int32_t slot)
{
    const int32_t *at = rows->slots + from;
    uint32_t count = rows->count - from;
    uint32_t before = 0;
    while (count - before >= SLOTS_AT_ONCE && at[before + SLOTS_AT_ONCE - 1] < slot) {
        before += SLOTS_AT_ONCE;
    }
    uint32_t more = 0;
    for (uint32_t i = 0; i < SLOTS_AT_ONCE;
         i++) { /* without branches: rows past the end are slack */
        more += (uint32_t)(before + i < count) & (uint32_t)(at[before + i] < slot);
    }
    return before + more;
}

/* Copies few rows between many others, at the end of `out`. False where both have rows of one slot, which does not tell which of
   them came first, unless `any_order` will do. */
static bool lay_slots_between(struct store_narrow_piece *out, const struct store_narrow_slots *many,
                              const struct store_narrow_slots *few, bool any_order)
{
    int32_t *slots = (int32_t *)out->slots.data + out->row_count;
    uint8_t *labels = (uint8_t *)out->labels.data + out->row_count;
    uint32_t from = 0;
    for (uint32_t i = 0; i < few->count; i++) {
        uint32_t count = slots_before(many, from, few->slots[i]);
        copy_slots(slots, labels, many->slots + from, many->labels + from, count);
        from += count;
        if (!any_order && from < many->count && many->slots[from] == few->slots[i]) {
            return false;
        }
        slots[count] = few->slots[i];
        labels[count] = few->labels[i];
        slots += count + 1;
        labels += count + 1;
    }
    copy_slots(slots, labels, many->slots + from, many->labels + from, many->count - from);
    return true;
}

static bool lay_two(struct store_narrow_piece *out, const struct store_narrow_slots *a,
                    const struct store_narrow_slots *b, bool any_order)
{
    return a->count >= b->count ? lay_slots_between(out, a, b, any_order)
                                : lay_slots_between(out, b, a, any_order);
}

/* The customer's rows of several pieces by their slots. *out_told is false where slots do not tell their order. */
static bool lay_slots(struct store_narrow *narrow, const struct store_narrow_slots *sources,
                      size_t count, struct laying *l, bool *out_told, struct base_budget *budget,
                      struct fail *fail)
{
    struct store_narrow_slots all = sources[0];
    *out_told = true;
    for (size_t i = 1; i < count && *out_told; i++) {
        bool last = i + 1 == count;
        struct store_narrow_piece *into = last ? l->out : &narrow->laid[i % 2];
        uint32_t rows = all.count + sources[i].count;
        if (!last) {
            into->row_count = 0;
            if (!store_narrow_room(into, STORE_NARROW_SLOTS, 1, rows, budget, fail)) {
                return false;
            }
        }
        *out_told = lay_two(into, &all, &sources[i], narrow->plan->any_order);
        all = (struct store_narrow_slots){into->slots.data, into->labels.data, rows};
    }
    l->rows = all.count;
    return true;
}

/* Where slots were read: the customer's rows of the pieces in which it stands next, with times. */
static bool read_times(struct store_narrow *narrow, uint32_t number, struct fail *fail)
{
    size_t count = 0;
    for (size_t p = 0; p < narrow->count; p++) {
        if (narrow->heads[p].number != number) {
            continue;
        }
        if (narrow->origins[p].segment != NULL) {
            if (!store_narrow_read_again(narrow, p, number, fail)) {
                return false;
            }
            narrow->sources[count] = rows_of(&narrow->again[p], 0);
        }
        count++;
    }
    return true;
}

static bool lay_by_times(struct store_narrow *narrow, uint32_t number, struct laying *l,
                         const struct store_narrow_rows *sources, size_t count,
                         struct base_budget *budget, struct fail *fail)
{
    struct store_narrow_piece *out = l->out;
    l->rows = 0;
    if ((narrow->in_slots && !read_times(narrow, number, fail)) ||
        !lay_sources(l, sources, count, budget, fail)) {
        return false;
    }
    if (narrow->in_slots) {
        store_slots_of((const int64_t *)out->ts.data + out->row_count, l->rows,
                       (int32_t *)out->slots.data + out->row_count);
        narrow->read_again++;
    }
    return true;
}

/* Adds the rows of the customer that stands next, and moves the heads past it; *number is then the next one. */
static bool merge_customer(struct store_narrow *narrow, uint32_t *number,
                           struct base_budget *budget, struct fail *fail)
{
    struct store_narrow_rows *sources = narrow->sources;
    struct store_narrow_piece *out = &narrow->merged;
    struct laying l = lay(narrow, out);
    size_t count = 0;
    size_t last = 0;   /* piece it stands in */
    bool told = false; /* their order, by slots */
    for (size_t p = 0; p < narrow->count; p++) {
        if (narrow->heads[p].number == *number) {
            if (narrow->in_slots) {
                narrow->slot_sources[count] = slots_of(&narrow->pieces[p], narrow->heads[p].next);
            }
            if (!narrow->in_slots || narrow->origins[p].segment == NULL) { /* it has times */
                sources[count] = rows_of(&narrow->pieces[p], narrow->heads[p].next);
            }
            count++;
            last = p;
        }
    }
    if (count > 1 && narrow->in_slots &&
        !lay_slots(narrow, narrow->slot_sources, count, &l, &told, budget, fail)) {
        return false;
    }
    if (count == 1 && narrow->in_slots) {
        take_slots(&l, &narrow->pieces[last], narrow->heads[last].next);
    } else if (count == 1) {
        lay_run(&l, &sources[0]);
    } else if (!told && !lay_by_times(narrow, *number, &l, sources, count, budget, fail)) {
        return false;
    }
    lay_down(&l, *number);
    *number = pass(narrow, *number);
    return true;
}

/* Drops pieces without rows. */
static void drop_empty(struct store_narrow *narrow)
{
    size_t kept = 0;
    for (size_t p = 0; p < narrow->count; p++) {
        if (narrow->pieces[p].row_count > 0) {
            struct store_narrow_piece piece = narrow->pieces[p];
            narrow->pieces[p] = narrow->pieces[kept];
            narrow->origins[kept] = narrow->origins[p]; /* those of empty ones are not asked for */
            narrow->pieces[kept++] = piece;
        }
    }
    narrow->count = kept;
}

/* Slots of what was read with times. */
static bool to_slots(struct store_narrow_piece *piece, struct base_budget *budget,
                     struct fail *fail)
{
    if (!store_narrow_room(piece, STORE_NARROW_SLOTS, piece->customer_count, piece->row_count,
                           budget, fail)) {
        return false;
    }
    store_slots_of(piece->ts.data, piece->row_count, piece->slots.data);
    return true;
}

static bool merge_pieces(struct store_narrow *narrow, struct base_budget *budget, struct fail *fail)
{
    struct store_narrow_piece *merged = &narrow->merged;
    size_t customers = 0;
    size_t rows = 0;
    for (size_t p = 0; p < narrow->count; p++) {
        customers += narrow->pieces[p].customer_count;
        rows += narrow->pieces[p].row_count;
    }
    merged->customer_count = 0;
    merged->row_count = 0;
    narrow->read_again = 0;
    if (!store_narrow_room(merged, STORE_NARROW_TIMES, customers, rows, budget, fail) ||
        (narrow->in_slots &&
         !store_narrow_room(merged, STORE_NARROW_SLOTS, customers, rows, budget, fail)) ||
        !store_vec_room(&narrow->run_begin, narrow->count + 1, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    ((uint32_t *)merged->row_begin.data)[0] = 0;
    uint32_t number = STORE_NO_CUSTOMER;
    for (size_t p = 0; p < narrow->count; p++) {
        uint32_t first = ((const uint32_t *)narrow->pieces[p].customers.data)[0];
        narrow->heads[p] = (struct store_narrow_head){first, 0};
        number = first < number ? first : number;
    }
    while (number != STORE_NO_CUSTOMER) {
        if (!merge_customer(narrow, &number, budget, fail)) {
            return false;
        }
        if (narrow->read_again > AGAIN_LEAST + merged->customer_count / AGAIN_ONE_IN) {
            narrow->slots_fail = true;
            return true;
        }
    }
    return true;
}

bool store_narrow_merge(struct store_narrow *narrow, struct base_budget *budget,
                        const struct store_narrow_piece **out, struct fail *fail)
{
    struct store_narrow_piece *piece = &narrow->merged;
    drop_empty(narrow);
    if (narrow->count == 1) {
        piece = &narrow->pieces[0];
    } else if (!merge_pieces(narrow, budget, fail)) {
        return false;
    }
    if (narrow->in_slots && narrow->slots_fail) {
        *out = NULL;
        return true;
    }
    *out = piece;
    return !narrow->plan->slots || narrow->in_slots || to_slots(piece, budget, fail);
}

bool store_narrow_join(struct store_narrow *narrow, const struct store_runs *runs,
                       const struct store_narrow *parts, struct store_roots *tied,
                       struct base_budget *budget, struct fail *fail)
{
    struct store_narrow_piece *out =
        store_narrow_next_piece(narrow, (struct store_narrow_origin){0});
    size_t rows = 0;
    for (size_t p = 0; p < parts->count; p++) {
        rows += parts->pieces[p].row_count;
    }
    if (!store_narrow_room(out, STORE_NARROW_TIMES, runs->count, rows, budget, fail) ||
        !store_vec_room(&narrow->run_begin, runs->count + 1, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    ((uint32_t *)out->row_begin.data)[0] = 0;
    for (size_t at = 0; at < runs->count;) {
        uint32_t root = runs->at[at].root;
        uint32_t piece = UINT32_MAX;
        bool together = false; /* two runs of one piece */
        struct laying l = lay(narrow, out);
        for (; at < runs->count && runs->at[at].root == root; at++) {
            together |= runs->at[at].piece == piece;
            piece = runs->at[at].piece;
            const struct store_narrow_rows run =
                rows_of(&parts->pieces[piece], runs->at[at].customer);
            lay_run(&l, &run);
        }
        if (!lay_in_order(&l, budget, fail)) {
            return false;
        }
        if (!together || !l.tie ||
            narrow->plan->any_order) { /* then nobody asks which came first */
            lay_down(&l, runs->numbers[root]);
        } else if (!store_roots_add(tied, runs->numbers[root], budget, fail)) {
            return false;
        }
    }
    return true;
}
