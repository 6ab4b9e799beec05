/* store_build_dictionary.c — which strings are shared by several customers, and looking them up.
 *
 * A tally holds a bounded number of candidates. When it is full, those that only one customer has borne so far are
 * forgotten, the rarest first (in the spirit of Manku & Motwani, "Approximate frequency counts over data
 * streams", VLDB 2002): a string of many customers comes again.
 */
#include <stdlib.h>

#include "store_build.h"

#define CANDIDATES_MAX 131072U

struct candidate {
    struct str string;
    uint64_t hash;
    uint64_t times;
    uint32_t customer; /* the first */
    bool shared, stays;
};

struct store_tally {
    struct candidate *candidates;
    uint32_t count;
    uint32_t *slots;     /* 1 + candidate */
    struct arena *arena; /* copies */
    bool full;           /* of shared ones: nothing new is taken */
};

#define SLOTS (CANDIDATES_MAX * 2)

struct store_tally *store_tally_new(void)
{
    struct store_tally *tally = base_alloc_zero(sizeof *tally);
    tally->candidates = base_alloc_zero(CANDIDATES_MAX * sizeof *tally->candidates);
    tally->slots = base_alloc_zero(SLOTS * sizeof *tally->slots);
    tally->arena = arena_new(NULL);
    return tally;
}

void store_tally_free(struct store_tally *tally)
{
    if (tally != NULL) {
        arena_free(tally->arena);
        base_free(tally->candidates);
        base_free(tally->slots);
        base_free(tally);
    }
}

void store_tally_reset(struct store_tally *tally)
{
    if (tally->count > 0) {
        memset(tally->slots, 0, SLOTS * sizeof *tally->slots);
    }
    tally->count = 0;
    tally->full = false;
    arena_reset(tally->arena);
}

/* The slot of the string, or the empty one where it would stand. */
static uint32_t *slot_of(const struct store_tally *tally, struct str string, uint64_t hash)
{
    for (uint32_t at = (uint32_t)hash % SLOTS;; at = (at + 1) % SLOTS) {
        uint32_t *slot = &tally->slots[at];
        if (*slot == 0) {
            return slot;
        }
        const struct candidate *candidate = &tally->candidates[*slot - 1];
        if (candidate->hash == hash && str_equal(candidate->string, string)) {
            return slot;
        }
    }
}

/* Forgets candidates of one customer that came fewer than `times`; the copies of the others move. */
static bool forget(struct store_tally *tally, uint64_t times, struct fail *fail)
{
    struct arena *arena = arena_new(NULL);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tally->count; i++) {
        struct candidate candidate = tally->candidates[i];
        if (!candidate.shared && candidate.times < times) {
            continue;
        }
        if (!candidate.stays) {
            char *copy = arena_alloc(arena, candidate.string.len, fail);
            if (copy == NULL) {
                arena_free(arena);
                return false;
            }
            memcpy(copy, candidate.string.data, candidate.string.len);
            candidate.string.data = copy;
        }
        tally->candidates[kept++] = candidate;
    }
    arena_free(tally->arena);
    tally->arena = arena;
    tally->count = kept;
    memset(tally->slots, 0, SLOTS * sizeof *tally->slots);
    for (uint32_t i = 0; i < kept; i++) {
        *slot_of(tally, tally->candidates[i].string, tally->candidates[i].hash) = i + 1;
    }
    return true;
}

static bool make_room(struct store_tally *tally, struct fail *fail)
{
    for (uint64_t times = 4; tally->count > CANDIDATES_MAX / 4 * 3; times = UINT64_MAX) {
        if (!forget(tally, times, fail)) {
            return false;
        }
        if (times == UINT64_MAX) {
            tally->full = tally->count > CANDIDATES_MAX / 4 * 3;
            break;
        }
    }
    return true;
}

bool store_tally_add(struct store_tally *tally, struct str string, uint32_t customer,
                     uint64_t times, bool stays, struct fail *fail)
{
    if (string.len == 0 || string.len > STORE_DICTIONARY_STRING_BYTES_MAX) {
        return true;
    }
    uint64_t hash = base_hash_str(string);
    uint32_t *slot = slot_of(tally, string, hash);
    if (*slot != 0) {
        struct candidate *candidate = &tally->candidates[*slot - 1];
        candidate->times += times;
        candidate->shared |= candidate->customer != customer;
        return true;
    }
    if (tally->full) {
        return true;
    }
    if (tally->count == CANDIDATES_MAX) {
        if (!make_room(tally, fail)) {
            return false;
        }
        if (tally->full) {
            return true;
        }
        slot = slot_of(tally, string, hash);
    }
    if (!stays) {
        char *copy = arena_alloc(tally->arena, string.len, fail);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, string.data, string.len);
        string.data = copy;
    }
    tally->candidates[tally->count] = (struct candidate){
        .string = string, .hash = hash, .times = times, .customer = customer, .stays = stays};
    *slot = ++tally->count;
    return true;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->shared != y->shared) {
        return x->shared ? -1 : 1;
    }
    if (x->times != y->times) {
        return x->times > y->times ? -1 : 1;
    }
    return str_compare(x->string, y->string);
}

bool store_build_dictionary_of(const struct str *strings, uint32_t count, struct arena *arena,
                               struct store_build_dictionary *out, struct fail *fail)
{
    count = count < STORE_DICTIONARY_STRINGS_MAX ? count : STORE_DICTIONARY_STRINGS_MAX;
    uint32_t size = 4;
    while (size < count * 2) {
        size *= 2;
    }
    struct str *copies = arena_array(arena, count, sizeof *copies, fail);
    uint32_t *slots = arena_array(arena, size, sizeof *slots, fail);
    if (copies == NULL || slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = str_copy(arena, strings[i]);
        uint32_t at = (uint32_t)base_hash_str(strings[i]) & (size - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (size - 1);
        }
        slots[at] = i + 1;
    }
    *out = (struct store_build_dictionary){
        .strings = copies, .count = count, .slots = slots, .mask = size - 1};
    return true;
}

bool store_tally_take(struct store_tally *tally, struct arena *arena,
                      struct store_build_dictionary *out, struct fail *fail)
{
    *out = (struct store_build_dictionary){0};
    if (tally->count > 0) {
        qsort(tally->candidates, tally->count, sizeof *tally->candidates, compare_candidates);
        memset(tally->slots, 0, SLOTS * sizeof *tally->slots); /* they pointed elsewhere */
    }
    uint32_t count = 0;
    while (count < tally->count && count < STORE_DICTIONARY_STRINGS_MAX &&
           tally->candidates[count].shared) {
        count++;
    }
    struct str *strings = arena_array(arena, count, sizeof *strings, fail);
    if (strings == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        strings[i] = tally->candidates[i].string;
    }
    if (!store_build_dictionary_of(strings, count, arena, out, fail)) {
        return false;
    }
    tally->count = 0;
    store_tally_reset(tally);
    return true;
}

uint32_t store_build_dictionary_find(const struct store_build_dictionary *dictionary,
                                     struct str string)
{
    if (dictionary->count == 0) {
        return 0;
    }
    uint32_t at = (uint32_t)base_hash_str(string) & dictionary->mask;
    for (;; at = (at + 1) & dictionary->mask) {
        uint32_t place = dictionary->slots[at];
        if (place == 0 || str_equal(dictionary->strings[place - 1], string)) {
            return place;
        }
    }
}

/* ---- which strings the inputs hold ------------------------------------------------------------------------ */

/* String cells of fresh rows, sorted by column: those of column c are [begin[c], begin[c + 1]). */
#define CELLS_AHEAD 12U /* whose strings are asked for already */
struct fresh_cells {
    size_t *begin;
    struct fresh_cell {
        struct store_value value;
        uint32_t customer;
    } * cells;
};

/* The same string again and again by the same customer is the usual case. */
static bool same_cell(const struct fresh_cell *a, const struct fresh_cell *b)
{
    return a->customer == b->customer &&
           str_equal(store_value_text(a->value), store_value_text(b->value));
}

static uint32_t column_of(const struct store_build *build, bool trait, uint32_t name)
{
    return (trait ? build->trait_column : build->property_column)[name] - 1;
}

/* Calls for each string cell of the fresh rows: first to count, then to place. */
static void walk_fresh(const struct store_build *build, struct fresh_cells *cells, bool place)
{
    const struct store_fresh_index *fresh = build->sources.fresh;
    for (uint32_t c = 0; c < fresh->customer_count; c++) {
        for (uint32_t r = fresh->begin[c]; r < fresh->begin[c + 1]; r++) {
            store_fresh_index_soon(fresh, r);
            const struct store_row *row = store_fresh_index_row(fresh, r);
            if (store_build_leaves(build, row->arrival)) {
                continue;
            }
            for (uint32_t i = 0; i < row->property_count + row->trait_count; i++) {
                bool trait = i >= row->property_count;
                const struct store_cell *cell =
                    trait ? &row->traits[i - row->property_count] : &row->properties[i];
                if (cell->value.kind != STORE_STRING) {
                    continue;
                }
                size_t *at = &cells->begin[column_of(build, trait, cell->name)];
                if (place) {
                    cells->cells[*at] = (struct fresh_cell){cell->value, fresh->customers[c]};
                }
                (*at)++;
            }
        }
    }
}

static bool sort_fresh(const struct store_build *build, struct arena *arena,
                       struct fresh_cells *out, struct fail *fail)
{
    size_t columns = build->column_count;
    out->begin = arena_array(arena, columns + 1, sizeof *out->begin, fail);
    if (out->begin == NULL) {
        return false;
    }
    if (build->sources.fresh == NULL) {
        return true;
    }
    walk_fresh(build, out, false);
    size_t sum = 0;
    for (size_t c = 0; c <= columns; c++) {
        size_t here = out->begin[c];
        out->begin[c] = sum;
        sum += here;
    }
    out->cells = arena_alloc(arena, sum * sizeof *out->cells, fail);
    if (out->cells == NULL) {
        return false;
    }
    walk_fresh(build, out, true);
    for (size_t c = columns; c > 0; c--) { /* each begin moved to its end */
        out->begin[c] = out->begin[c - 1];
    }
    out->begin[0] = 0;
    return true;
}

/* Strings of one column of one segment, block by block. */
struct tallying {
    const struct store_build *build;
    struct store_tally *tally;
    struct store_segment *segment;
    struct store_segment_column *column;
    struct store_values_scratch scratch; /* leaves strings in their heaps */
    struct store_words words;            /* of the one segment */
    struct store_vec customers, rows, values, counts, arrivals;
    struct store_directory *directory;
};

/* Rows that are left out are nobody's. */
static bool leave_customers(struct tallying *t, uint32_t block, struct fail *fail)
{
    const struct store_segment_column *column =
        store_segment_column_find(t->segment, STORE_SEGMENT_ARRIVAL, STORE_NO_CODE);
    uint32_t rows = store_segment_block_rows(t->segment, block);
    struct store_ints ints;
    bool found = false;
    if (column == NULL || !store_vec_room(&t->arrivals, rows, sizeof(int64_t), NULL, fail) ||
        !store_segment_ints_open(t->segment, column, block, &ints, &found, fail) || !found ||
        !store_ints_read(&ints, 0, rows, t->arrivals.data, fail)) {
        return column != NULL && found
                   ? store_segment_blame(t->segment, column, block, fail)
                   : fail_set(fail, FAIL_CORRUPT, "a segment has rows without arrival");
    }
    uint32_t *customers = t->customers.data;
    const int64_t *arrivals = t->arrivals.data;
    for (uint32_t i = 0; i < rows; i++) {
        if (store_build_leaves(t->build, (uint64_t)arrivals[i])) {
            customers[i] = STORE_NO_CUSTOMER;
        }
    }
    return true;
}

/* The customer, as joined now, of each row of a block. Where rows keep the number they were stored under, that number
   says it: after a split they may belong to others than their place does. */
static bool expand_customers(struct tallying *t, uint32_t block, struct fail *fail)
{
    uint32_t rows = store_segment_block_rows(t->segment, block);
    const struct store_identity_view *view = t->build->in->view;
    if (!store_vec_room(&t->customers, rows, sizeof(uint32_t), NULL, fail) ||
        !store_segment_block_numbers(t->segment, block, t->directory, t->customers.data, fail)) {
        return false;
    }
    uint32_t *customers = t->customers.data;
    uint32_t number = STORE_NO_CUSTOMER;
    uint32_t root = STORE_NO_CUSTOMER;
    for (uint32_t i = 0; i < rows; i++) {
        if (customers[i] != number) {
            number = customers[i];
            root = store_identity_root(view, number);
        }
        customers[i] = root;
    }
    return t->build->in->leave_out == NULL || leave_customers(t, block, fail);
}

/* Longer strings need not be looked at: they get into no dictionary. */
static bool may_share(const struct store_value *value)
{
    uint32_t len = store_value_len(value);
    return len > 0 && len <= STORE_DICTIONARY_STRING_BYTES_MAX;
}

static bool tally_block(struct tallying *t, uint32_t block, struct fail *fail)
{
    struct store_dictionary dictionary;
    struct store_values values;
    bool found;
    if (!store_segment_values_open(t->segment, t->column, block, &dictionary, &values, &found,
                                   fail)) {
        return false;
    }
    if (!found || (values.form != STORE_STRING && values.form != STORE_FORM_MIXED)) {
        return true;
    }
    uint32_t count = values.entries;
    t->scratch.leave_block = block;
    if (!expand_customers(t, block, fail) ||
        !store_vec_room(&t->rows, count, sizeof(uint32_t), NULL, fail) ||
        !store_vec_room(&t->values, count, sizeof(struct store_value), NULL, fail)) {
        return false;
    }
    if (!store_values_rows(&values, 0, count, t->rows.data, fail) ||
        !store_values_read(&values, 0, count, NULL, 0, &t->scratch, t->values.data, fail)) {
        return store_segment_blame(t->segment, t->column, block, fail);
    }
    const uint32_t *rows = t->rows.data;
    const uint32_t *customers = t->customers.data;
    const struct store_value *all = t->values.data;
    for (uint32_t i = 0; i < count;) {
        if (all[i].kind != STORE_STRING || customers[rows[i]] == STORE_NO_CUSTOMER) {
            i++;
            continue;
        }
        /* The same string again and again by the same customer is the usual case. */
        uint32_t customer = customers[rows[i]];
        uint32_t begin = i;
        while (i < count && all[i].kind == STORE_STRING && all[i].s == all[begin].s &&
               all[i].len == all[begin].len && customers[rows[i]] == customer) {
            i++;
        }
        struct str text;
        if (may_share(&all[begin]) &&
            (!store_words_get(&t->words, all[begin], &text, fail) ||
             !store_tally_add(t->tally, text, customer, i - begin, false, fail))) {
            return false;
        }
    }
    return true;
}

static bool tally_segments(struct tallying *t, const struct store_build_column *column,
                           struct fail *fail)
{
    for (size_t s = 0; s < t->build->sources.segment_count; s++) {
        t->segment = t->build->sources.segments[s];
        t->column = store_segment_column_find(t->segment, column->kind, column->name);
        store_words_done(&t->words);
        store_words_init(&t->words, &t->segment, 1);
        store_words_begin(&t->words, column->kind, column->name);
        for (uint32_t b = 0; t->column != NULL && b < store_segment_block_count(t->segment); b++) {
            if (t->build->in->cancel != NULL && base_cancel_due(t->build->in->cancel, fail)) {
                return false;
            }
            if (!tally_block(t, b, fail)) {
                return false;
            }
        }
    }
    return true;
}

static void tallying_done(struct tallying *t)
{
    store_values_scratch_done(&t->scratch);
    store_words_done(&t->words);
    store_vec_done(&t->customers, NULL);
    store_vec_done(&t->rows, NULL);
    store_vec_done(&t->values, NULL);
    store_vec_done(&t->counts, NULL);
    store_vec_done(&t->arrivals, NULL);
    base_free(t->directory);
    store_tally_free(t->tally);
}

bool store_build_plan_dictionaries(struct store_build *build, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(tallying_done) struct tallying t = {.build = build};
    t.tally = store_tally_new();
    t.scratch.leave = true;
    t.directory = base_alloc_zero(sizeof *t.directory);
    struct fresh_cells cells = {0};
    if (!sort_fresh(build, arena, &cells, fail)) {
        return false;
    }
    for (size_t c = STORE_BUILD_VALUES; c < build->column_count; c++) {
        struct store_build_column *column = &build->columns[c];
        for (size_t i = cells.begin[c]; i < cells.begin[c + 1];) {
            INVARIANT(cells.cells != NULL); /* there are none without fresh rows */
            size_t begin = i;
            while (i < cells.begin[c + 1] && same_cell(&cells.cells[i], &cells.cells[begin])) {
                i++;
                if (i + CELLS_AHEAD < cells.begin[c + 1]) {
                    __builtin_prefetch(cells.cells[i + CELLS_AHEAD].value.s);
                }
            }
            if (!store_tally_add(t.tally, store_value_text(cells.cells[begin].value),
                                 cells.cells[begin].customer, i - begin, true, fail)) {
                return false;
            }
        }
        if (!tally_segments(&t, column, fail) ||
            !store_tally_take(t.tally, build->arena, &column->dictionary, fail)) {
            return false;
        }
    }
    return true;
}
