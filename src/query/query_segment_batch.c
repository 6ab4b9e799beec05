/* A segment of what customers did, decided for a whole batch: rows are marked, and how many of a customer's are is the difference
 * of two ranks. So nothing branches on what a customer did, which cannot be foretold.
 */
#include "base_bytes.h"
#include "query_places.h"
#include "query_segment.h"

#define WORD_BITS QUERY_MARK_ROWS

/* Which numbers of events hold: those in [least, least + width), or all others. */
struct numbers {
    uint64_t least, width;
    bool others;
};

static struct numbers numbers_of(const struct query_comparison *times)
{
    const uint64_t open = UINT64_C(1) << 63; /* more than the rows of any batch */
    uint64_t operand = (uint64_t)times->value.i;
    switch (times->op) {
    case QUERY_EQUAL:
        return (struct numbers){operand, 1, times->negated};
    case QUERY_ABOVE:
        return (struct numbers){operand + 1, open, times->negated};
    case QUERY_AT_LEAST:
        return (struct numbers){operand, open, times->negated};
    case QUERY_BELOW:
        return (struct numbers){0, operand, times->negated};
    case QUERY_AT_MOST:
        return (struct numbers){0, operand + 1, times->negated};
    case QUERY_IN:
    case QUERY_CONTAINS:
    case QUERY_STARTS_WITH:
    case QUERY_MATCHES:
    case QUERY_IS_SET:
        break;
    }
    return (struct numbers){0, 0, times->negated};
}

/* How many rows below `row` are marked; `before`: in the words below each. */
static inline uint32_t rank(const uint64_t *words, const uint32_t *before, uint32_t row)
{
    uint64_t below = words[row / WORD_BITS] & ((UINT64_C(1) << row % WORD_BITS) - 1);
    return before[row / WORD_BITS] + base_bits_set(below);
}

static uint64_t *new_bits(struct query_worker *worker, struct fail *fail)
{
    return arena_array(worker->scratch, query_mark_words(worker->rows->customer_count),
                       sizeof(uint64_t), fail);
}

static bool mark_did(struct query_worker *worker, const struct query_segment *did, int64_t from_ms,
                     uint64_t **out, struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    struct query_places places;
    uint64_t *bits = new_bits(worker, fail);
    size_t words = query_mark_words(rows->row_count);
    uint32_t *before = arena_array(worker->scratch, words + 1, sizeof *before, fail);
    if (bits == NULL || before == NULL || !query_places_mark(worker, did->matcher, &places, fail)) {
        return false;
    }
    if (did->since_ms > from_ms) {
        query_unmark_before(rows->ts_ms, did->since_ms, rows->row_count, places.words);
    }
    for (size_t w = 0; w < words; w++) {
        before[w + 1] = before[w] + base_bits_set(places.words[w]);
    }
    const struct numbers numbers = numbers_of(&did->times);
    uint32_t begin = 0;
    for (uint32_t c = 0; c < rows->customer_count;) {
        uint32_t last =
            c + WORD_BITS - 1 < rows->customer_count ? c + WORD_BITS - 1 : rows->customer_count - 1;
        uint64_t word = 0;
        for (uint32_t i = c; i <= last; i++) {
            uint32_t end = rank(places.words, before, rows->row_begin[i + 1]);
            uint64_t holds = (end - begin - numbers.least < numbers.width) != numbers.others;
            word |= holds << (i - c);
            begin = end;
        }
        bits[c / WORD_BITS] = word;
        c = last + 1;
    }
    *out = bits;
    return true;
}

static bool mark_sequence(struct query_worker *worker, const struct query_segment *sequence,
                          uint64_t **out, struct fail *fail)
{
    uint64_t *bits = new_bits(worker, fail);
    for (uint32_t c = 0; bits != NULL && c < worker->rows->customer_count; c++) {
        uint64_t holds = query_segment_holds(worker, sequence, c);
        bits[c / WORD_BITS] |= holds << c % WORD_BITS;
    }
    *out = bits;
    return bits != NULL;
}

static void turn(uint64_t *bits, uint32_t customers)
{
    for (size_t w = 0; w < query_mark_words(customers); w++) {
        bits[w] = ~bits[w];
    }
    if (customers % WORD_BITS != 0) {
        bits[customers / WORD_BITS] &= (UINT64_C(1) << customers % WORD_BITS) - 1;
    }
}

/* Of no children: all hold, and not any. */
static bool mark_children(struct query_worker *worker, const struct query_segment *segment,
                          int64_t from_ms, uint64_t **out, struct fail *fail)
{
    uint32_t customers = worker->rows->customer_count;
    uint64_t *bits = new_bits(worker, fail);
    if (bits == NULL) {
        return false;
    }
    if (segment->predicate == QUERY_ALL) {
        turn(bits, customers);
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        uint64_t *child;
        if (!query_segment_mark(worker, segment->children[i], from_ms, &child, fail)) {
            return false;
        }
        for (size_t w = 0; w < query_mark_words(customers); w++) {
            bits[w] = segment->predicate == QUERY_ALL ? bits[w] & child[w] : bits[w] | child[w];
        }
    }
    *out = bits;
    return true;
}

/* Nesting is bounded by QUERY_SEGMENT_DEPTH_MAX. */
bool query_segment_mark(struct query_worker *worker, const struct query_segment *segment,
                        int64_t from_ms, uint64_t **out, struct fail *fail)
{
    switch (segment->predicate) {
    case QUERY_ALL:
    case QUERY_ANY:
        return mark_children(worker, segment, from_ms, out, fail);
    case QUERY_NOT:
        if (!query_segment_mark(worker, segment->children[0], from_ms, out, fail)) {
            return false;
        }
        turn(*out, worker->rows->customer_count);
        return true;
    case QUERY_DID:
        return mark_did(worker, segment, from_ms, out, fail);
    case QUERY_SEQUENCE:
        return mark_sequence(worker, segment, out, fail);
    case QUERY_TRAIT:
    case QUERY_FIRST_SEEN:
    case QUERY_SAID:
    case QUERY_SCORED:
        break;
    }
    INVARIANT(false);
}
