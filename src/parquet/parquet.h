/* parquet.h — writes Apache Parquet files, row after row, in bounded memory.
 *
 * What: a writer takes the values of a row, any of which may be missing, and appends finished row groups to a
 *   buffer that the caller empties as it likes. parquet_end appends what is left and the footer.
 * Owner: parquet_free. Names and texts are copied.   Threads: one.
 * Failure: FAIL_LIMIT over the buffer's ceiling or PARQUET_FOOTER_BYTES_MAX, FAIL_NO_MEMORY.
 * Limits/cost: holds one row group; some 30 MB/s a core.   Units: *_bytes; instants are ms UTC.
 * Example: parquet_put_int(writer, 0, 5); if (!parquet_row_end(writer, &out, fail)) return false;
 * Not here: reading; what the columns mean (export).
 */
#pragma once

#include "base_buf.h"

#define PARQUET_GROUP_ROWS 65536U
#define PARQUET_GROUP_BYTES ((size_t)16 << 20)
#define PARQUET_DICTIONARY_BYTES ((size_t)1 << 20)
#define PARQUET_FOOTER_BYTES_MAX ((size_t)256 << 20)

enum parquet_type {
    PARQUET_BOOL,
    PARQUET_INT, /* 64 bits, signed */
    PARQUET_DOUBLE,
    PARQUET_TEXT,
    PARQUET_JSON,    /* a text that is JSON */
    PARQUET_INSTANT, /* ms UTC */
};
struct parquet_column {
    struct str name;
    enum parquet_type type;
};

struct parquet_writer;
bool parquet_open(const struct parquet_column *columns, size_t count, struct base_buf *out,
                  struct parquet_writer **out_writer, struct fail *fail) MUST_USE;
void parquet_free(struct parquet_writer *writer); /* accepts NULL */

/* The value of a column in the row under way, at most once a row; one that is not put is missing. The
   column's type must fit (INVARIANT); INT serves instants, TEXT serves JSON. */
void parquet_put_bool(struct parquet_writer *writer, size_t column, bool v);
void parquet_put_int(struct parquet_writer *writer, size_t column, int64_t v);
void parquet_put_double(struct parquet_writer *writer, size_t column, double v);
void parquet_put_text(struct parquet_writer *writer, size_t column, struct str v);
/* Ends the row; a row group that is full goes to `out`. */
bool parquet_row_end(struct parquet_writer *writer, struct base_buf *out,
                     struct fail *fail) MUST_USE;
/* The last row group and the footer. Once. */
bool parquet_end(struct parquet_writer *writer, struct base_buf *out, struct fail *fail) MUST_USE;
