#include "app_internal.h"

/* Texts are cut to fit: the ring is a glance, not a record (that is the timeline and the quarantine). */
#define LIVE_TEXT_BYTES 120

struct live_item {
    uint64_t seq;
    int64_t at_ms;
    enum store_verdict verdict;
    char source[LIVE_TEXT_BYTES], event[LIVE_TEXT_BYTES], customer[LIVE_TEXT_BYTES];
    char channel[LIVE_TEXT_BYTES], reason[LIVE_TEXT_BYTES];
    uint64_t quarantine_id;
};

struct app_live {
    const struct base_clock *clock;
    struct base_mutex lock; /* guards the rest */
    uint64_t next_seq;
    uint64_t forgotten;                     /* items before this one are no more */
    struct live_item items[APP_LIVE_ITEMS]; /* seq % APP_LIVE_ITEMS */
};

struct app_live *app_live_new(const struct base_clock *clock)
{
    struct app_live *live = base_alloc_zero(sizeof *live);
    live->clock = clock;
    live->next_seq = 1;
    base_mutex_init(&live->lock);
    return live;
}

void app_live_free(struct app_live *live)
{
    if (live != NULL) {
        base_mutex_done(&live->lock);
        base_free(live);
    }
}

/* Cut at a whole UTF-8 character. */
static void keep_text(char into[LIVE_TEXT_BYTES], struct str text)
{
    size_t len = text.len < LIVE_TEXT_BYTES - 1 ? text.len : LIVE_TEXT_BYTES - 1;
    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xC0U) == 0x80U) {
        len--;
    }
    if (len > 0) {
        memcpy(into, text.data, len);
    }
    into[len] = '\0';
}

void app_live_committed(void *context, const struct store_item *items, size_t count)
{
    struct app_live *live = context;
    size_t first = count > APP_LIVE_ITEMS ? count - APP_LIVE_ITEMS : 0;
    int64_t now_ms = base_now_ms(live->clock);
    base_lock(&live->lock);
    live->next_seq += first;
    for (size_t i = first; i < count; i++) {
        const struct store_item *from = &items[i];
        struct live_item *item = &live->items[live->next_seq % APP_LIVE_ITEMS];
        item->seq = live->next_seq++;
        item->at_ms = now_ms;
        item->verdict = from->verdict;
        item->quarantine_id = from->out_quarantine_id;
        bool judged = from->verdict == STORE_STORED || from->verdict == STORE_DUPLICATE;
        struct str none = {NULL, 0};
        keep_text(item->source, from->event.source);
        keep_text(item->event, judged ? from->event.event : none);
        keep_text(item->channel, judged ? from->event.channel : none);
        keep_text(item->customer, judged && from->event.identifier_count > 0
                                      ? from->event.identifiers[0].value
                                      : none);
        keep_text(item->reason, from->verdict == STORE_STORED ? none : from->reason);
    }
    base_unlock(&live->lock);
}

static void write_text(struct json_writer *w, const char *name, const char *text)
{
    json_name_c(w, name);
    if (text[0] == '\0') {
        json_write_null(w);
    } else {
        json_write_c(w, text);
    }
}

static void write_item(struct json_writer *w, const struct live_item *item)
{
    json_begin_object(w);
    json_name_c(w, "seq");
    json_write_uint(w, item->seq);
    json_name_c(w, "at");
    json_write_instant(w, item->at_ms);
    write_text(w, "source", item->source);
    write_text(w, "event", item->event);
    write_text(w, "customer", item->customer);
    write_text(w, "channel", item->channel);
    json_name_c(w, "verdict");
    json_write_c(w, store_verdict_name(item->verdict));
    write_text(w, "reason", item->reason);
    if (item->verdict == STORE_QUARANTINED) {
        char id[32];
        json_name_c(w, "quarantine");
        json_write_str(w, app_quarantine_id(item->quarantine_id, id));
    }
    json_end_object(w);
}

void app_live_forget(struct app_live *live)
{
    base_lock(&live->lock);
    memset(live->items, 0, sizeof live->items);
    live->forgotten = live->next_seq;
    base_unlock(&live->lock);
}

void app_live_write(struct app_live *live, uint64_t after, size_t limit, struct json_writer *w)
{
    base_lock(&live->lock);
    uint64_t end = live->next_seq;
    uint64_t oldest = end > APP_LIVE_ITEMS ? end - APP_LIVE_ITEMS : 1;
    oldest = oldest > live->forgotten ? oldest : live->forgotten;
    uint64_t first = after + 1 > oldest ? after + 1 : oldest;
    if (first > end) {
        first = end; /* a number from before a restart: the asker begins anew from `seq` */
    }
    if (end - first > limit) {
        first = end - limit;
    }
    json_name_c(w, "seq");
    json_write_uint(w, end - 1);
    json_name_c(w, "items");
    json_begin_array(w);
    for (uint64_t seq = first; seq < end; seq++) {
        const struct live_item *item = &live->items[seq % APP_LIVE_ITEMS];
        if (item->seq == seq) {
            write_item(w, item);
        }
    }
    json_end_array(w);
    base_unlock(&live->lock);
}
