/* sql_feed.h — the child's end of the socket: rows come in as scans are walked, the answer goes out.
 *
 * What: a door is the socket (descriptor 0); a feed is one scan, row by row. The next batch is asked for when one is
 *   begun, so that the program reads ahead while SQLite works.
 * Owner: sql_door_open/..., the process; sql_feed_new/sql_feed_free. A request's lists must live until the feed is gone.
 * Threads: one.
 * Failure: FAIL_CORRUPT for frames that are none; FAIL_NO_MEMORY. When the program is gone, the process ends.
 * Limits/cost: two batches a feed.   Units: as sql_wire.h.   Example: sql_table.c.
 * Not here: SQLite (sql_table.h, sql_engine.h).
 */
#pragma once

#include "sql_wire.h"

struct sql_feed;

struct sql_door {
    struct arena *arena;   /* of what was opened */
    struct base_buf first; /* the opening's bytes */
    struct sql_open open;
    struct base_buf rows; /* of the answer, not yet sent */
    size_t rows_begun;
    uint32_t next_id;
    struct sql_feed *feeds; /* those there are */
};

/* Reads the statement. */
bool sql_door_open(struct sql_door *door, struct fail *fail) MUST_USE;
/* Sends a frame's bytes, all of them. */
void sql_door_send(const struct base_buf *frame);
/* One row of the answer; goes out with others. */
void sql_door_row(struct sql_door *door, const struct sql_value *values, size_t count);
void sql_door_flush(struct sql_door *door);

struct sql_feed *sql_feed_new(struct sql_door *door, const struct sql_scan_request *request);
void sql_feed_free(struct sql_feed *feed); /* accepts NULL */
/* To the next row, at first to the first; *out_row false behind the last. */
bool sql_feed_next(struct sql_feed *feed, bool *out_row, struct fail *fail) MUST_USE;
/* Of the row it stands on; false where the field was not asked for. `name` is a place among the request's names. */
bool sql_feed_field(const struct sql_feed *feed, enum sql_field field, struct sql_value *out);
bool sql_feed_name(const struct sql_feed *feed, size_t name, struct sql_value *out);
