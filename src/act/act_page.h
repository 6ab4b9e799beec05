/* act_page.h — the customer's own page: what is known, what may be done with it, in plain words.
 *
 * What: one page of HTML without scripts, readable from 320 px on, by light and dark; every form of it is one that
 *   act_form.h reads. The same rows make the page inside a customer's copy.
 * Owner: the caller's buffer; the page views what it is given.   Threads: values.
 * Failure: kept in the buffer (base_buf_ok).
 * Limits/cost: ACT_PAGE_*; long texts are cut on the page, never in the copy.   Units: *_ms UTC.
 * Example: act_page_write(&page, arena, out);
 * Not here: reading what it shows (act_history.h, app), headers (http).
 */
#pragma once

#include "act_history.h"
#include "act_html.h"
#include "store_scan.h"

#define ACT_PAGE_EVENTS 50
#define ACT_PAGE_SAID 20
#define ACT_PAGE_CONTACTS 20
#define ACT_PAGE_TEXT_BYTES 2000
#define ACT_PAGE_STYLE "/p/style.css"
extern const char act_page_style[];

struct act_said { /* words or a score of the customer's */
    int64_t ts_ms;
    struct str event, channel, text, scale;
    struct store_value score;
};
/* The newest `most` things that the customer said, newest first, and how many there are. */
bool act_said_read(struct store_snapshot *snapshot, uint32_t root, size_t most, struct arena *arena,
                   struct act_said **out, size_t *out_count, uint64_t *out_total,
                   struct fail *fail) MUST_USE;

enum act_erasure_state { ACT_ERASURE_NONE, ACT_ERASURE_OPEN, ACT_ERASURE_CLOSED };

struct act_page {
    struct str organisation; /* missing: none was set */
    struct str path;         /* "/p/TOKEN" */
    int64_t now_ms, expires_ms;
    const struct act_policy *policy;
    const struct act_history *history; /* all contacts; its zone is the page's */
    const struct store_identifier *identifiers;
    size_t identifier_count;
    const struct store_field *traits;
    size_t trait_count;
    const struct act_said *said;
    size_t said_count;
    uint64_t said_total;
    const struct store_timeline_row *rows; /* newest first */
    size_t row_count;
    struct str older; /* the cursor of the page after; missing: there is none */
    bool newest;      /* this is the first page of the timeline */
    enum act_erasure_state erasure;
    int64_t erasure_asked_ms, erasure_due_ms, erasure_closed_ms;
    struct str done;  /* what was just done: a wish's word; or missing */
    struct str error; /* why something was not done; or missing */
};
void act_page_write(const struct act_page *page, struct arena *arena, struct base_buf *out);
/* The page for a link that does not open. */
void act_page_write_absent(struct base_buf *out);

/* A customer's copy to read: head, rows oldest first, foot. It needs nothing but itself. */
void act_copy_begin(const struct act_page *page, struct arena *arena, struct base_buf *out);
void act_copy_row(const struct act_page *page, const struct store_timeline_row *row,
                  struct base_buf *out);
void act_copy_end(struct base_buf *out);
