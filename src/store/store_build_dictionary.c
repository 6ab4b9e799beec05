/* store_build_dictionary.c — which strings of the inputs go into dictionaries: those that several customers share.
 *
 * What a segment has in a dictionary already, which is nearly all, is counted by its codes, and nobody asks whose a row is
 * once it is known of all codes of a block that several customers share them.
 */
#include "store_build.h"

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

/* One code of a segment's dictionary. */
struct coded {
    uint64_t times;
    uint32_t customer; /* the first; STORE_NO_CUSTOMER: nobody yet */
    bool shared;
};

/* Strings of one column of one segment, block by block. */
struct tallying {
    const struct store_build *build;
    struct store_tally *tally;
    struct store_segment *segment;
    struct store_segment_column *column;
    struct store_values_scratch scratch; /* leaves strings in their heaps */
    struct store_words words;            /* of the one segment */
    struct store_vec customers, rows, values, arrivals, codes;
    struct store_directory *directory;
    /* Of the segment's dictionary: by 1 + place. None until a block has codes alone. */
    struct store_dictionary dictionary;
    struct store_vec coded; /* struct coded */
    uint32_t coded_count;
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

/* Whose the block's entries are: t->customers by t->rows of the entries. */
static bool read_customers(struct tallying *t, const struct store_values *values, uint32_t block,
                           struct fail *fail)
{
    return expand_customers(t, block, fail) &&
           store_vec_room(&t->rows, values->entries, sizeof(uint32_t), NULL, fail) &&
           (store_values_rows(values, 0, values->entries, t->rows.data, fail) ||
            store_segment_blame(t->segment, t->column, block, fail));
}

static bool open_coded(struct tallying *t, const struct store_dictionary *dictionary,
                       struct fail *fail)
{
    if (t->coded_count > 0) {
        return true;
    }
    if (!store_vec_room(&t->coded, (size_t)dictionary->count + 1, sizeof(struct coded), NULL,
                        fail)) {
        return false;
    }
    t->dictionary = *dictionary;
    t->coded_count = dictionary->count + 1;
    struct coded *coded = t->coded.data;
    for (uint32_t i = 0; i < t->coded_count; i++) {
        coded[i] = (struct coded){.customer = STORE_NO_CUSTOMER};
    }
    return true;
}

/* Counts by code; *out_alone where one of them is not known to be shared. */
static void count_codes(struct coded *coded, const uint32_t *codes, uint32_t count, bool *out_alone)
{
    uint32_t alone = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct coded *one = &coded[codes[i]];
        one->times++;
        alone |= !one->shared;
    }
    *out_alone = alone != 0;
}

static void share_codes(const struct tallying *t, uint32_t count, bool counts)
{
    struct coded *coded = t->coded.data;
    const uint32_t *codes = t->codes.data, *rows = t->rows.data, *customers = t->customers.data;
    for (uint32_t i = 0; i < count; i++) {
        struct coded *one = &coded[codes[i]];
        uint32_t customer = customers[rows[i]];
        if (customer == STORE_NO_CUSTOMER) {
            continue;
        }
        one->times += counts;
        one->shared |= one->customer != STORE_NO_CUSTOMER && one->customer != customer;
        one->customer = customer;
    }
}

/* A block whose strings are all in the dictionary. */
static bool tally_codes(struct tallying *t, const struct store_values *values, uint32_t block,
                        struct fail *fail)
{
    const uint32_t count = values->entries;
    const bool leaves = t->build->in->leave_out != NULL;
    bool alone = true;
    if (!open_coded(t, values->dictionary, fail) ||
        !store_vec_room(&t->codes, count, sizeof(uint32_t), NULL, fail)) {
        return false;
    }
    if (!store_ints_read_codes(&values->codes, 0, count, t->coded_count, t->codes.data, fail)) {
        return store_segment_blame(t->segment, t->column, block, fail);
    }
    if (!leaves) {
        count_codes(t->coded.data, t->codes.data, count, &alone);
    }
    if (alone) {
        if (!read_customers(t, values, block, fail)) {
            return false;
        }
        share_codes(t, count, leaves);
    }
    if (((const struct coded *)t->coded.data)[0].times > 0) {
        fail_set(fail, FAIL_CORRUPT, "values: a string past its heap");
        return store_segment_blame(t->segment, t->column, block, fail);
    }
    return true;
}

/* What was counted by code in one segment. */
static bool take_codes(struct tallying *t, struct fail *fail)
{
    const struct coded *coded = t->coded.data;
    for (uint32_t i = 1; i < t->coded_count; i++) {
        uint32_t customer = coded[i].shared ? STORE_TALLY_SEVERAL : coded[i].customer;
        if (coded[i].times > 0 &&
            !store_tally_add(t->tally,
                             store_value_text(store_dictionary_value(&t->dictionary, i - 1)),
                             customer, coded[i].times, false, fail)) {
            return false;
        }
    }
    t->coded_count = 0;
    return true;
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
    if (values.form == STORE_STRING && values.has_codes && values.heap.strings == 0) {
        return tally_codes(t, &values, block, fail);
    }
    uint32_t count = values.entries;
    t->scratch.leave_block = block;
    if (!read_customers(t, &values, block, fail) ||
        !store_vec_room(&t->values, count, sizeof(struct store_value), NULL, fail)) {
        return false;
    }
    if (!store_values_read(&values, 0, count, NULL, 0, &t->scratch, t->values.data, fail)) {
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
        if (!take_codes(t, fail)) {
            return false;
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
    store_vec_done(&t->arrivals, NULL);
    store_vec_done(&t->codes, NULL);
    store_vec_done(&t->coded, NULL);
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
