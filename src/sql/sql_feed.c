#include "sql_feed.h"

#include <errno.h>
#include <unistd.h>

#include "base_bytes.h"

#define SOCKET STDIN_FILENO
#define ROWS_FLUSH_BYTES ((size_t)64 << 10)
#define OPEN_BYTES_MAX ((size_t)256 << 20)
#define OVER 0 /* the program has left: nobody reads what we would say */

struct sql_feed {
    struct sql_door *door;
    struct sql_feed *next;
    struct sql_scan_request request;
    struct arena *arena; /* of the batch read now */
    struct base_buf now, coming;
    bool has_coming;
    struct sql_batch batch; /* of `now` */
    uint32_t row;
    bool begun;
};

/* ---- bytes ------------------------------------------------------------------------------------------- */

static void read_all(char *into, size_t len)
{
    while (len > 0) {
        ssize_t got = read(SOCKET, into, len);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            _exit(OVER);
        }
        if (got > 0) {
            into += got;
            len -= (size_t)got;
        }
    }
}

static bool receive(struct base_buf *into, size_t most, enum sql_frame kind, struct fail *fail)
{
    char head[SQL_FRAME_HEAD_BYTES];
    read_all(head, sizeof head);
    size_t len = base_get_u32(head);
    if ((unsigned char)head[4] != kind || len > most) {
        return fail_set(fail, FAIL_CORRUPT, "the program sent what was not asked for");
    }
    base_buf_reset(into);
    into->limit = most;
    char *room = base_buf_room(into, len);
    if (room == NULL) {
        return base_buf_ok(into, fail);
    }
    read_all(room, len);
    into->len = len;
    return true;
}

void sql_door_send(const struct base_buf *frame)
{
    size_t sent = 0;
    while (sent < frame->len) {
        ssize_t got = write(SOCKET, frame->data + sent, frame->len - sent);
        if (got < 0 && errno != EINTR) {
            _exit(OVER);
        }
        sent += got > 0 ? (size_t)got : 0;
    }
}

bool sql_door_open(struct sql_door *door, struct fail *fail)
{
    *door = (struct sql_door){.arena = arena_new(NULL), .next_id = 1};
    return receive(&door->first, OPEN_BYTES_MAX, SQL_FRAME_OPEN, fail) &&
           sql_open_read(base_buf_view(&door->first), door->arena, &door->open, fail);
}

void sql_door_flush(struct sql_door *door)
{
    if (door->rows.len > 0) {
        sql_frame_end(&door->rows, door->rows_begun);
        sql_door_send(&door->rows);
        base_buf_reset(&door->rows);
    }
}

void sql_door_row(struct sql_door *door, const struct sql_value *values, size_t count)
{
    if (door->rows.len == 0) {
        door->rows_begun = sql_frame_begin(&door->rows, SQL_FRAME_ROWS);
    }
    for (size_t i = 0; i < count; i++) {
        sql_value_put(&door->rows, values[i]);
    }
    if (door->rows.len >= ROWS_FLUSH_BYTES) {
        sql_door_flush(door);
    }
}

/* ---- feeds ---------------------------------------------------------------------------------------------- */

static void send_id(enum sql_frame kind, uint32_t id)
{
    struct base_buf frame CLEANUP(base_buf_done) = {0};
    sql_id_write(&frame, kind, id);
    sql_door_send(&frame);
}

struct sql_feed *sql_feed_new(struct sql_door *door, const struct sql_scan_request *request)
{
    struct sql_feed *feed = base_alloc_zero(sizeof *feed);
    feed->door = door;
    feed->request = *request;
    feed->request.id = door->next_id++;
    feed->arena = arena_new(NULL);
    feed->next = door->feeds;
    door->feeds = feed;
    struct base_buf frame CLEANUP(base_buf_done) = {0};
    sql_scan_write(&frame, &feed->request);
    sql_door_send(&frame);
    return feed;
}

void sql_feed_free(struct sql_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    if (!feed->batch.last) {
        send_id(SQL_FRAME_CLOSE, feed->request.id);
    }
    struct sql_feed **at = &feed->door->feeds;
    while (*at != feed) {
        at = &(*at)->next;
    }
    *at = feed->next;
    base_buf_done(&feed->now);
    base_buf_done(&feed->coming);
    arena_free(feed->arena);
    base_free(feed);
}

/* Takes one batch in, for whichever feed it is; one that was closed meanwhile is passed over. */
static bool take_batch(struct sql_door *door, struct fail *fail)
{
    struct base_buf bytes = {0};
    uint32_t id;
    if (!receive(&bytes, SQL_BATCH_BYTES_MAX * 2UL, SQL_FRAME_BATCH, fail) ||
        !sql_batch_id(base_buf_view(&bytes), &id, fail)) {
        base_buf_done(&bytes);
        return false;
    }
    for (struct sql_feed *feed = door->feeds; feed != NULL; feed = feed->next) {
        if (feed->request.id == id && !feed->has_coming) {
            base_buf_done(&feed->coming);
            feed->coming = bytes;
            feed->has_coming = true;
            return true;
        }
    }
    base_buf_done(&bytes);
    return true;
}

static bool next_batch(struct sql_feed *feed, struct fail *fail)
{
    while (!feed->has_coming) {
        if (!take_batch(feed->door, fail)) {
            return false;
        }
    }
    base_buf_done(&feed->now);
    feed->now = feed->coming;
    feed->coming = (struct base_buf){0};
    feed->has_coming = false;
    arena_reset(feed->arena);
    if (!sql_batch_read(base_buf_view(&feed->now), &feed->request,
                        feed->door->open.event_name_count, feed->arena, &feed->batch, fail)) {
        return false;
    }
    feed->row = 0;
    if (!feed->batch.last) {
        send_id(SQL_FRAME_NEXT, feed->request.id);
    }
    return true;
}

bool sql_feed_next(struct sql_feed *feed, bool *out_row, struct fail *fail)
{
    if (feed->begun && feed->row < feed->batch.rows) {
        feed->row++;
    }
    while (!feed->begun || (feed->row >= feed->batch.rows && !feed->batch.last)) {
        feed->begun = true;
        if (!next_batch(feed, fail)) {
            return false;
        }
    }
    *out_row = feed->row < feed->batch.rows;
    return true;
}

bool sql_feed_field(const struct sql_feed *feed, enum sql_field field, struct sql_value *out)
{
    if ((feed->request.fields & SQL_FIELD_BIT(field)) == 0) {
        return false;
    }
    *out = sql_batch_value(&feed->batch, &feed->batch.fields[field], feed->row);
    return true;
}

bool sql_feed_name(const struct sql_feed *feed, size_t name, struct sql_value *out)
{
    if (name >= feed->request.name_count) {
        return false;
    }
    *out = sql_batch_value(&feed->batch, &feed->batch.names[name], feed->row);
    return true;
}
