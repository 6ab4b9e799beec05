/* sql_wire.h — what crosses the socket between the program and its child that runs SQL.
 *
 * What: frames of u32 length, u8 kind, payload (little-endian). Towards the child: the statement with what it needs to
 *   know, then batches of rows, column after column. From the child: scans, wishes for their next batch, the answer.
 * Owner: what is read views the frame's bytes, and lists lie in the arena given.   Threads: values.
 * Failure: FAIL_CORRUPT for bytes that are no frame of that kind: neither end trusts the other.
 * Limits/cost: SQL_BATCH_BYTES_MAX; a list at most as long as its bytes.   Units: *_ms, bytes.
 * Example: sql_scan.c writes batches, sql_feed.c reads them.
 * Not here: sockets (sql_serve.c, sql_feed.c).
 */
#pragma once

#include "base_buf.h"
#include "sql_schema.h"

#define SQL_FRAME_HEAD_BYTES 5
#define SQL_BATCH_BYTES_MAX (64U << 20) /* one row may be large */

enum sql_frame {
    /* to the child */
    SQL_FRAME_OPEN = 1,
    SQL_FRAME_BATCH,
    /* from the child */
    SQL_FRAME_SCAN,
    SQL_FRAME_NEXT,
    SQL_FRAME_CLOSE,
    SQL_FRAME_COLUMNS,
    SQL_FRAME_ROWS,
    SQL_FRAME_DONE,
    SQL_FRAME_FAIL,
};

/* A frame is begun, appended to, and ended; the length is written at its end. */
size_t sql_frame_begin(struct base_buf *buf, enum sql_frame kind);
void sql_frame_end(struct base_buf *buf, size_t begun);
/* The first frame in `bytes`, cut off them; *out_whole false where more bytes are needed. FAIL_CORRUPT above `most`. */
bool sql_frame_cut(struct str *bytes, size_t most, bool *out_whole, enum sql_frame *out_kind,
                   struct str *out_payload, struct fail *fail) MUST_USE;

/* ---- opening ---------------------------------------------------------------------------------------- */

struct sql_open {
    struct str statement;
    const struct sql_value *params;
    size_t param_count;
    struct sql_limits limits;
    uint64_t events, customers;    /* in the snapshot, for the plan */
    const struct str *event_names; /* by code */
    size_t event_name_count;
    const struct str *properties; /* names that are columns */
    size_t property_count;
    const struct str *traits;
    size_t trait_count;
};
void sql_open_write(struct base_buf *buf, const struct sql_open *open);
bool sql_open_read(struct str payload, struct arena *arena, struct sql_open *out,
                   struct fail *fail) MUST_USE;

/* ---- scans -------------------------------------------------------------------------------------------- */

struct sql_list { /* of texts; `all`: no condition */
    bool all;
    struct str *texts;
    size_t count;
};
struct sql_scan_request {
    uint32_t id;
    enum sql_table table;
    uint32_t fields; /* bits */
    uint32_t *names; /* places in the properties or traits of struct sql_open */
    size_t name_count;
    struct sql_list customers, events, channels;
    int64_t from_ms, to_ms; /* from <= ts < to; INT64_MIN and INT64_MAX: no bound */
    bool by_event;          /* event after event, by name in byte order */
};
void sql_scan_write(struct base_buf *buf, const struct sql_scan_request *request);
bool sql_scan_read(struct str payload, struct arena *arena, struct sql_scan_request *out,
                   struct fail *fail) MUST_USE;

/* ---- batches ------------------------------------------------------------------------------------------- */

/* Payload: u32 id, u32 rows, u8 last; then the asked fields in the order of enum sql_field, then the names as asked:
   ints as i64 each, SQL_NO_INT where there is none; events as u32 codes; all others as a type (u8) each, then eight
   bytes each: an int, a double, or the place (u32) and length (u32) of a text. The texts' bytes are the rest. */
#define SQL_NO_INT INT64_MIN

enum sql_layout { SQL_LAYOUT_INTS, SQL_LAYOUT_CODES, SQL_LAYOUT_VALUES };
enum sql_layout sql_field_layout(enum sql_field field);

struct sql_batch_column {
    enum sql_layout layout;
    const char *types; /* of values */
    const char *data;
};
struct sql_batch {
    uint32_t id, rows;
    bool last;
    struct sql_batch_column fields[SQL_FIELDS];
    struct sql_batch_column *names;
    struct str texts;
};
/* Checks every place and code, so that what is read from the batch later needs no check. `request` is what was asked;
   event codes are below `event_names`. */
bool sql_batch_read(struct str payload, const struct sql_scan_request *request, size_t event_names,
                    struct arena *arena, struct sql_batch *out, struct fail *fail) MUST_USE;
/* The id alone, to find the request by. */
bool sql_batch_id(struct str payload, uint32_t *out, struct fail *fail) MUST_USE;
struct sql_value sql_batch_value(const struct sql_batch *batch,
                                 const struct sql_batch_column *column, uint32_t row);

/* ---- ids, answers ---------------------------------------------------------------------------------------- */

void sql_id_write(struct base_buf *buf, enum sql_frame kind, uint32_t id);
bool sql_id_read(struct str payload, uint32_t *out, struct fail *fail) MUST_USE;

void sql_text_put(struct base_buf *buf, struct str text);
bool sql_text_get(struct str *at, struct str *out);
void sql_value_put(struct base_buf *buf, struct sql_value value);
bool sql_value_get(struct str *at, struct sql_value *out);
void sql_count_put(struct base_buf *buf, uint64_t count);
bool sql_count_get(struct str *at, uint64_t *out);
