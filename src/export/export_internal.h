/* export_internal.h — what the forms share: who a row is of, which columns a table has.
 *
 * What: the part for each form of one stream.   Owner: export.c, for one stream.   Threads: one.
 * Failure: as export.h.   Limits/cost: EXPORT_COLUMNS_MAX.   Units: none.
 * Example: export.c.   Not here: the face (export.h).
 */
#pragma once

#include "export.h"
#include "parquet.h"
#include "store_json.h"

/* ---- NDJSON: identifiers and joins (export_who.c) ---- */

struct export_who;
struct export_who *export_who_new(struct store_snapshot *snapshot, bool whole);
void export_who_free(struct export_who *who); /* accepts NULL */
/* The rows from here on are of this customer. */
bool export_who_begin(struct export_who *who, uint32_t customer, struct fail *fail) MUST_USE;
/* Writes the members of a row that say whose it is: userId, anonymousId, identifiers, previousId. */
void export_who_write(struct export_who *who, const struct store_timeline_row *row,
                      struct json_writer *w);
/* What no row of the customer could say, as lines of bookkeeping events of their own. */
void export_who_end(struct export_who *who, struct base_buf *out);

/* ---- tables: columns (export_shape.c) ---- */

enum export_own { /* columns that every table has, in this order */
                  EXPORT_CUSTOMER,
                  EXPORT_EVENT,
                  EXPORT_TS,
                  EXPORT_RECEIVED_AT,
                  EXPORT_SOURCE,
                  EXPORT_CHANNEL,
                  EXPORT_MESSAGE_ID,
                  EXPORT_TEXT,
                  EXPORT_SCORE,
                  EXPORT_SCALE,
                  EXPORT_TRAITS,
                  EXPORT_OWN_COUNT,
};
struct export_shape { /* what the first walk finds out */
    struct parquet_column
        *columns; /* own ones, properties by name, at last "properties" for the rest */
    size_t column_count;
    size_t rest; /* index of "properties"; column_count: there is none */
};
struct export_shaping;
struct export_shaping *export_shaping_new(void);
void export_shaping_free(struct export_shaping *shaping); /* accepts NULL */
bool export_shaping_look(struct export_shaping *shaping, const struct store_event *event,
                         struct fail *fail) MUST_USE;
bool export_shaping_end(struct export_shaping *shaping, struct arena *arena,
                        struct export_shape *out, struct fail *fail) MUST_USE;

/* ---- tables: rows (export_table.c) ---- */

/* Where cells go: a CSV row or a Parquet writer. */
struct export_table {
    const struct export_shape *shape;
    struct parquet_writer *parquet; /* NULL: CSV */
    struct base_buf text;           /* JSON of a cell */
    struct base_buf *out;
};
bool export_table_begin(struct export_table *table, enum export_format format,
                        struct fail *fail) MUST_USE;
bool export_table_row(struct export_table *table, struct str customer,
                      const struct store_event *event, struct fail *fail) MUST_USE;
bool export_table_end(struct export_table *table, struct fail *fail) MUST_USE;
void export_table_done(struct export_table *table);
