/* store_narrow_rows.h — the loops over rows that narrow pieces are made with, portable, with AVX2 and with AVX-512.
 *
 * What: codes to labels, and keeping the rows that have one and lie within the times. All ways give the same; which one
 *   runs is chosen at run time (base_cpu.h).
 * Owner: none.   Threads: any.   Failure: none.
 * Limits/cost: portable some 1.5 ns a row, AVX-512 some 0.2 ns.   Units: rows; ms UTC.
 * Example: store_narrow.c.   Not here: reading integers (store_codec.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_WORD_ROWS 64U
/* So many bytes of a table of labels are read, whatever its length: those past its end mean nothing. */
#define STORE_LABELS_TABLE 128U

struct store_times { /* both included */
    int64_t from_ms, last_ms;
};

/* The label of each code; returns how many are not 0. Codes are below the table's length. */
uint32_t store_label_rows(const uint8_t *table, size_t table_count, const uint8_t *codes,
                          size_t count, uint8_t *labels);
/* Keeps rows with a label and within the times, in their order; returns how many. Of each 64 rows a word says which were,
   bit by bit. Up to 64 rows are written past those kept. */
uint32_t store_keep_rows(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                         struct store_times times, uint8_t *out_labels, int64_t *out_ts,
                         uint64_t *out_words);

/* The same of slots (store_codec.h) in place of times. */
struct store_slots { /* both included */
    int32_t from, last;
};
uint32_t store_keep_slots(const uint8_t *labels, const int32_t *slots, size_t count,
                          struct store_slots within, uint8_t *out_labels, int32_t *out_slots,
                          uint64_t *out_words);

/* Keeps, in place, the rows whose slots lie within; returns how many. Up to 16 of each are written past `count`. */
uint32_t store_keep_places(uint32_t *rows, int32_t *slots, uint32_t count,
                           struct store_slots within);

/* ---- the parts, for tests ------------------------------------------------------------------------------- */

uint32_t store_label_rows_portable(const uint8_t *table, const uint8_t *codes, size_t count,
                                   uint8_t *labels);
uint32_t store_keep_rows_portable(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                                  struct store_times times, uint8_t *out_labels, int64_t *out_ts,
                                  uint64_t *out_words);
uint32_t store_keep_slots_portable(const uint8_t *labels, const int32_t *slots, size_t count,
                                   struct store_slots within, uint8_t *out_labels,
                                   int32_t *out_slots, uint64_t *out_words);
uint32_t store_keep_places_portable(uint32_t *rows, int32_t *slots, uint32_t count,
                                    struct store_slots within);
/* Where base_cpu_level says so; tables of at most STORE_LABELS_TABLE. */
uint32_t store_label_rows_avx2(const uint8_t *table, size_t table_count, const uint8_t *codes,
                               size_t count, uint8_t *labels);
uint32_t store_keep_rows_avx2(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                              struct store_times times, uint8_t *out_labels, int64_t *out_ts,
                              uint64_t *out_words);
uint32_t store_keep_slots_avx2(const uint8_t *labels, const int32_t *slots, size_t count,
                               struct store_slots within, uint8_t *out_labels, int32_t *out_slots,
                               uint64_t *out_words);
uint32_t store_keep_places_avx2(uint32_t *rows, int32_t *slots, uint32_t count,
                                struct store_slots within);

uint32_t store_label_rows_avx512(const uint8_t *table, size_t table_count, const uint8_t *codes,
                                 size_t count, uint8_t *labels);
uint32_t store_keep_rows_avx512(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                                struct store_times times, uint8_t *out_labels, int64_t *out_ts,
                                uint64_t *out_words);
uint32_t store_keep_slots_avx512(const uint8_t *labels, const int32_t *slots, size_t count,
                                 struct store_slots within, uint8_t *out_labels, int32_t *out_slots,
                                 uint64_t *out_words);
uint32_t store_keep_places_avx512(uint32_t *rows, int32_t *slots, uint32_t count,
                                  struct store_slots within);
