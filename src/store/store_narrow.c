/* store_narrow.c — narrow pieces: their memory, and those that are made of ordinary pieces. */
#include "store_narrow.h"

/* ---- memory ------------------------------------------------------------------------------------------- */

struct store_narrow *store_narrow_new(size_t piece_count)
{
    struct store_narrow *narrow = base_alloc_zero(sizeof *narrow);
    narrow->pieces = base_alloc_zero(piece_count * sizeof *narrow->pieces);
    narrow->origins = base_alloc_zero(piece_count * sizeof *narrow->origins);
    narrow->again = base_alloc_zero(piece_count * sizeof *narrow->again);
    narrow->sources = base_alloc_zero(piece_count * sizeof *narrow->sources);
    narrow->slot_sources = base_alloc_zero(piece_count * sizeof *narrow->slot_sources);
    narrow->heads = base_alloc_zero(piece_count * sizeof *narrow->heads);
    return narrow;
}

static void piece_done(struct store_narrow_piece *piece, struct base_budget *budget)
{
    store_vec_done(&piece->customers, budget);
    store_vec_done(&piece->row_begin, budget);
    store_vec_done(&piece->ts, budget);
    store_vec_done(&piece->slots, budget);
    store_vec_done(&piece->labels, budget);
}

void store_narrow_free(struct store_narrow *narrow, size_t piece_count, struct base_budget *budget)
{
    if (narrow == NULL) {
        return;
    }
    for (size_t p = 0; p < piece_count; p++) {
        piece_done(&narrow->pieces[p], budget);
        piece_done(&narrow->again[p], budget);
    }
    piece_done(&narrow->merged, budget);
    piece_done(&narrow->aside, budget);
    piece_done(&narrow->laid[0], budget);
    piece_done(&narrow->laid[1], budget);
    store_vec_done(&narrow->run_begin, budget);
    store_vec_done(&narrow->run_ts, budget);
    store_vec_done(&narrow->run_label, budget);
    base_free(narrow->pieces);
    base_free(narrow->origins);
    base_free(narrow->again);
    base_free(narrow->sources);
    base_free(narrow->slot_sources);
    base_free(narrow->heads);
    base_free(narrow);
}

bool store_narrow_room(struct store_narrow_piece *piece, enum store_narrow_of of, size_t customers,
                       size_t rows, struct base_budget *budget, struct fail *fail)
{
    size_t with_slack = rows + STORE_NARROW_SLACK;
    if (with_slack >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u rows in one batch", UINT32_MAX - 1);
    }
    return store_vec_room(&piece->customers, customers, sizeof(uint32_t), budget, fail) &&
           store_vec_room(&piece->row_begin, customers + 1, sizeof(uint32_t), budget, fail) &&
           (of == STORE_NARROW_TIMES
                ? store_vec_room(&piece->ts, with_slack, sizeof(int64_t), budget, fail)
                : store_vec_room(&piece->slots, with_slack, sizeof(int32_t), budget, fail)) &&
           store_vec_room(&piece->labels, with_slack, sizeof(uint8_t), budget, fail);
}

void store_narrow_start(struct store_narrow *narrow, const struct store_read_plan *plan,
                        bool in_slots)
{
    narrow->count = 0;
    narrow->plan = plan;
    narrow->in_slots = in_slots;
}

struct store_narrow_piece *store_narrow_next_piece(struct store_narrow *narrow,
                                                   struct store_narrow_origin origin)
{
    narrow->origins[narrow->count] = origin;
    struct store_narrow_piece *piece = &narrow->pieces[narrow->count++];
    piece->customer_count = 0;
    piece->row_count = 0;
    return piece;
}

/* ---- ordinary pieces ---------------------------------------------------------------------------------- */

bool store_narrow_add_piece(struct store_narrow *narrow, const struct store_piece *from,
                            struct base_budget *budget, struct fail *fail)
{
    struct store_narrow_piece *piece =
        store_narrow_next_piece(narrow, (struct store_narrow_origin){0});
    uint32_t customers = from->customer_count;
    uint32_t rows = from->row_count;
    if (!store_narrow_room(piece, STORE_NARROW_TIMES, customers, rows, budget, fail) ||
        (narrow->in_slots &&
         !store_narrow_room(piece, STORE_NARROW_SLOTS, customers, rows, budget, fail))) {
        return false;
    }
    const uint32_t *events = from->events.data;
    uint8_t *labels = piece->labels.data;
    for (uint32_t row = 0; row < rows; row++) {
        labels[row] = narrow->plan->labels[events[row]]; /* wanted, so below the count */
    }
    if (rows > 0) {
        memcpy(piece->ts.data, from->ts.data, rows * sizeof(int64_t));
    }
    if (narrow->in_slots) {
        store_slots_of(piece->ts.data, rows, piece->slots.data);
    }
    if (customers > 0) {
        memcpy(piece->customers.data, from->customers.data, customers * sizeof(uint32_t));
    }
    memcpy(piece->row_begin.data, from->row_begin.data, (customers + 1) * sizeof(uint32_t));
    piece->customer_count = customers;
    piece->row_count = rows;
    return true;
}
