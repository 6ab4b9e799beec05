/* app_wire.h — frames and items on DIR/control.sock.
 *
 * What: a frame is u32 length, u8 kind, payload (little-endian). Items cross with all that the store
 *   judges by, so that a command can decode a file and the server store it. Both ends are the same
 *   binary: the version is part of the greeting, and a mismatch is refused.
 * Owner: decoded items view the frame's bytes and the arena.   Threads: values.
 * Failure: FAIL_INPUT for bytes that are no frame or item; FAIL_IO when the other end is gone.
 * Limits/cost: APP_FRAME_BYTES_MAX.   Units: bytes.   Example: app_control.c.
 * Not here: who may connect (app_control.h).
 */
#pragma once

#include "base_buf.h"
#include "store.h"

#define APP_FRAME_BYTES_MAX (256U << 20)

enum app_frame {
    APP_FRAME_HELLO = 1,    /* version text, both ways */
    APP_FRAME_CALL,         /* operation, input */
    APP_FRAME_TAKE,         /* items */
    APP_FRAME_SOURCE,       /* name, trusted */
    APP_FRAME_EXPORT,       /* what app_export_open takes; answered by parts, then DONE or FAIL */
    APP_FRAME_COPY,         /* a customer; answered likewise */
    APP_FRAME_IMPORT_BEGIN, /* source, name; answered by its number */
    APP_FRAME_IMPORT_END,   /* number, 1 where it was stopped before its end */
    APP_FRAME_MOMENT,       /* nothing; answered by app_moment_put, and held until the next frame */
    APP_FRAME_PART,         /* bytes of an export, or of a copy */
    APP_FRAME_DONE,         /* the answer */
    APP_FRAME_FAIL,         /* code, pointer, message */
};

/* One frame over a stream socket. `payload` replaces the buffer's content. */
bool app_frame_send(int socket, enum app_frame kind, struct str payload,
                    struct fail *fail) MUST_USE;
/* *out_closed: the other end closed between frames. */
bool app_frame_receive(int socket, enum app_frame *out_kind, struct base_buf *payload,
                       bool *out_closed, struct fail *fail) MUST_USE;

void app_wire_put_str(struct base_buf *buf, struct str text); /* missing stays missing */
void app_wire_put_u64(struct base_buf *buf, uint64_t v);
/* Move *at forward; false at the end of the bytes. */
bool app_wire_get_str(struct str *at, struct str *out);
bool app_wire_get_u64(struct str *at, uint64_t *out);

void app_wire_put_fail(struct base_buf *buf, const struct fail *from);
bool app_wire_get_fail(struct str bytes, struct fail *into); /* returns false: for `return` */

void app_wire_put_items(struct base_buf *buf, const struct store_item *items, size_t count);
bool app_wire_get_items(struct str bytes, struct arena *arena, struct store_item **out,
                        size_t *out_count, struct fail *fail) MUST_USE;
/* What became of them, to be laid over the sender's items. Reasons are copied into the arena. */
void app_wire_put_verdicts(struct base_buf *buf, const struct store_item *items, size_t count);
bool app_wire_get_verdicts(struct str bytes, struct arena *arena, struct store_item *items,
                           size_t count, struct fail *fail) MUST_USE;
