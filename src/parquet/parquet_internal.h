/* parquet_internal.h — the encodings: runs and packed bits, Thrift's compact protocol.
 *
 * What: what parquet_write.c puts pages and footers together from.   Owner: the caller's buffers.
 * Threads: one.   Failure: kept in the buffers.   Limits/cost: linear.   Units: bits, bytes.
 * Example: parquet_write.c.   Not here: the face (parquet.h).
 */
#pragma once

#include "parquet.h"

/* Bits that hold every number below `count`; at least 1. */
unsigned int parquet_bits_for(uint32_t count);
/* The hybrid of runs and packed groups of eight, `bits` wide (1 to 32). `get` gives the i-th value. */
void parquet_put_hybrid(struct base_buf *out, uint32_t (*get)(const void *from, size_t i),
                        const void *from, size_t count, unsigned int bits);

/* ---- Thrift's compact protocol: fields rise within a struct ---- */

enum parquet_thrift_type {
    PARQUET_THRIFT_TRUE = 1,
    PARQUET_THRIFT_I32 = 5,
    PARQUET_THRIFT_I64 = 6,
    PARQUET_THRIFT_BINARY = 8,
    PARQUET_THRIFT_LIST = 9,
    PARQUET_THRIFT_STRUCT = 12,
};
struct parquet_thrift { /* one struct being written */
    struct base_buf *out;
    int last;
};
void parquet_thrift_varint(struct base_buf *out, uint64_t v);
void parquet_thrift_int(struct parquet_thrift *in, int field, enum parquet_thrift_type type,
                        int64_t v);
void parquet_thrift_text(struct parquet_thrift *in, int field, struct str text);
/* The elements follow, written by the caller: structs without a header, integers in zigzag. */
void parquet_thrift_list(struct parquet_thrift *in, int field, enum parquet_thrift_type of,
                         size_t count);
/* A struct within: its fields are written through what is returned, then parquet_thrift_end. */
struct parquet_thrift parquet_thrift_struct(struct parquet_thrift *in, int field);
void parquet_thrift_true(struct parquet_thrift *in, int field);
void parquet_thrift_end(struct parquet_thrift *in);
