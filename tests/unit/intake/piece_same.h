/* piece_same.h — reads a CSV twice, record by record and in pieces, and sees that nobody could tell which is which.
 *
 * What: rows of columns are made items again, put between the others, and compared with what one record after the other gives.
 * Owner: the arena.   Threads: one at a time.   Failure: INVARIANT where they differ.
 * Limits/cost: texts of less than a gigabyte.   Units: bytes.
 * Example: piece_same(&options, 100, arena)
 * Not here: whether the items are right (test_intake_import.c).
 */
#pragma once

#include "intake_import.h"
#include "intake_piece.h"

static inline bool piece_same_text(struct str a, struct str b)
{
    return (a.data == NULL) == (b.data == NULL) && str_equal(a, b);
}

static inline void piece_same_fields(const struct store_field *a, size_t a_count,
                                     const struct store_field *b, size_t b_count)
{
    INVARIANT(a_count == b_count);
    for (size_t i = 0; i < a_count; i++) {
        struct store_value x = a[i].value, y = b[i].value;
        INVARIANT(str_equal(a[i].name, b[i].name) && x.kind == y.kind);
        INVARIANT(x.kind == STORE_STRING ? str_equal(store_value_text(x), store_value_text(y))
                  : x.kind == STORE_BOOL ? x.b == y.b
                                         : x.kind == STORE_NULL || x.u == y.u);
    }
}

static inline void piece_same_item(const struct store_item *a, const struct store_item *b)
{
    const struct store_event *x = &a->event, *y = &b->event;
    INVARIANT(a->verdict == b->verdict && piece_same_text(a->raw, b->raw));
    INVARIANT(piece_same_text(a->reason, b->reason) && piece_same_text(a->field, b->field));
    INVARIANT(piece_same_text(a->record_id, b->record_id));
    INVARIANT(a->from_import == b->from_import && a->space == b->space);
    if (a->verdict != STORE_STORED) {
        return;
    }
    INVARIANT(str_equal(x->event, y->event) && x->ts_ms == y->ts_ms);
    INVARIANT(x->client_ts_ms == y->client_ts_ms && x->sent_at_ms == y->sent_at_ms);
    INVARIANT(piece_same_text(x->channel, y->channel) && piece_same_text(x->text, y->text));
    INVARIANT(piece_same_text(x->message_id, y->message_id) && str_equal(x->source, y->source));
    INVARIANT(x->identifier_count == y->identifier_count);
    for (size_t i = 0; i < x->identifier_count; i++) {
        INVARIANT(str_equal(x->identifiers[i].kind, y->identifiers[i].kind) &&
                  str_equal(x->identifiers[i].value, y->identifiers[i].value));
    }
    piece_same_fields(x->properties, x->property_count, y->properties, y->property_count);
    piece_same_fields(x->traits, x->trait_count, y->traits, y->trait_count);
}

struct piece_same { /* the reading by single records, item by item */
    struct intake_import *import;
    struct arena *arena;
    struct intake_import_batch batch;
    size_t at;
    bool ended;
    struct fail fail; /* of its end; code 0: none */
};

/* NULL at the end. */
static inline const struct store_item *piece_same_next(struct piece_same *single, uint64_t *record)
{
    if (!single->ended && single->at == single->batch.count) {
        single->at = 0;
        if (!intake_import_next(single->import, single->arena, 50, &single->batch, &single->fail)) {
            single->batch.count = 0;
        }
        single->ended = single->batch.count == 0;
    }
    if (single->ended) {
        return NULL;
    }
    *record = single->batch.records[single->at];
    return &single->batch.items[single->at++];
}

static inline void piece_same_rows(struct piece_same *single, struct intake_piece *piece,
                                   struct arena *arena)
{
    const struct store_columns *columns = intake_piece_columns(piece);
    uint64_t record = 0;
    uint32_t row = 0;
    for (size_t i = 0; i <= columns->item_count; i++) {
        uint32_t end = i < columns->item_count ? columns->items_before[i] : columns->count;
        for (; row < end; row++) {
            struct store_item item;
            struct fail fail;
            const struct store_item *other = piece_same_next(single, &record);
            INVARIANT(other != NULL && store_columns_item(columns, row, arena, &item, &fail));
            INVARIANT(record == intake_piece_row_record(piece, row));
            piece_same_item(&item, other);
        }
        if (i < columns->item_count) {
            const struct store_item *other = piece_same_next(single, &record);
            INVARIANT(other != NULL && record == intake_piece_item_record(piece, i));
            piece_same_item(&columns->items[i], other);
        }
    }
}

/* False where a file with such a map is not read in pieces, or cannot be read at all. `options` of each reading, of the
   same bytes. *out_pieces: how many there were; *out_rows: how many rows lay in columns. */
static inline bool piece_same(const struct intake_import_options options[2], struct arena *arena,
                              uint64_t *out_pieces, uint64_t *out_rows)
{
    struct piece_same single = {.arena = arena};
    struct intake_import *import;
    struct intake_piece *piece = NULL;
    struct intake_piece_decoder *decoder = NULL;
    struct fail fail = {0};
    *out_pieces = *out_rows = 0;
    if (!intake_import_open(&options[1], &import, &fail)) {
        return false;
    }
    if (!intake_piece_may(import)) {
        intake_import_close(import);
        return false;
    }
    INVARIANT(intake_import_open(&options[0], &single.import, &fail));
    INVARIANT(intake_piece_new(import, &piece, &fail));
    INVARIANT(intake_piece_decoder_new(import, &decoder, &fail));
    bool any = true, good = true;
    while (good && any) {
        good = intake_piece_read(import, piece, &any, &fail) &&
               (!any || (intake_piece_decode(decoder, piece, &fail) &&
                         intake_piece_number(import, piece, &fail)));
        if (good && any) {
            piece_same_rows(&single, piece, arena);
            (*out_pieces)++;
            *out_rows += intake_piece_columns(piece)->count;
        }
    }
    uint64_t record;
    INVARIANT(piece_same_next(&single, &record) == NULL);
    INVARIANT(good == (single.fail.message[0] == '\0'));
    INVARIANT(good ||
              (single.fail.code == fail.code && strcmp(single.fail.message, fail.message) == 0));
    intake_piece_decoder_free(decoder);
    intake_piece_free(piece);
    intake_import_close(single.import);
    intake_import_close(import);
    return true;
}
