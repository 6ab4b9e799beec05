/* intake_piece.h — a large CSV in pieces: one thread cuts them off the file, several read them, into columns.
 *
 * What: a piece is some whole records. Its rows become columns (store_columns.h): each different text of a cell is read
 *   once, by the same functions that read a single record (intake_map_row.c, intake_draft.c). A row in which anything is
 *   other than well, or as columns cannot say it, becomes the item that it always was; nothing is judged here.
 *   Only maps whose parts are plain allow it: columns and constants, without a message_id, conditions or words.
 * Owner: intake_piece_new/intake_piece_free; columns and items view the piece until it is read anew.
 * Threads: reading and numbering: one at a time, pieces in the same order. Decoding: any, each with a decoder of its own.
 * Failure: as intake_import_next.
 * Limits/cost: STORE_COLUMNS_ROWS_MAX records, INTAKE_PIECE_BYTES; some 100 ns of a processor a row of eight cells.
 * Units: bytes, records.
 * Example: see app_import_pieces.c.   Not here: what cells mean (intake_map.h), judging (store_judge.h).
 */
#pragma once

#include "intake_import.h"
#include "store_columns.h"

#define INTAKE_PIECE_BYTES ((size_t)512 << 10)
#define INTAKE_PIECE_FIELDS_MAX 256

/* May the rest of the file be read so? */
bool intake_piece_may(const struct intake_import *import);

struct intake_piece;
bool intake_piece_new(const struct intake_import *import, struct intake_piece **out,
                      struct fail *fail) MUST_USE;
void intake_piece_free(struct intake_piece *piece); /* accepts NULL */
/* Cuts the next piece off the file, whatever was in it before. *out_any false: the end. */
bool intake_piece_read(struct intake_import *import, struct intake_piece *piece, bool *out_any,
                       struct fail *fail) MUST_USE;

struct intake_piece_decoder;
bool intake_piece_decoder_new(const struct intake_import *import, struct intake_piece_decoder **out,
                              struct fail *fail) MUST_USE;
void intake_piece_decoder_free(struct intake_piece_decoder *decoder); /* accepts NULL */
bool intake_piece_decode(struct intake_piece_decoder *decoder, struct intake_piece *piece,
                         struct fail *fail) MUST_USE;

/* Says of each record which occurrence of its bytes it is. */
bool intake_piece_number(struct intake_import *import, struct intake_piece *piece,
                         struct fail *fail) MUST_USE;
struct store_columns *intake_piece_columns(struct intake_piece *piece);
/* The number of a record in the file, from 1. */
uint64_t intake_piece_row_record(const struct intake_piece *piece, uint32_t row);
uint64_t intake_piece_item_record(const struct intake_piece *piece, size_t item);
