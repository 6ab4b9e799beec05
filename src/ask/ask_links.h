/* ask_links.h — personal links, one-tap scores for mail, QR codes, suspects, and whom a survey would reach.
 *
 * What: a link is made for one customer (or for nobody known), lies hashed, and has its response's id from the
 *   beginning, so that whoever uses it has one response. Making one for a customer is a contact: the policy is
 *   asked first. Suspects are looked at here, and released or discarded.
 * Owner: answers are appended to the writer.   Threads: all safe.
 * Failure: FAIL_ABSENT, FAIL_CONFLICT, FAIL_INPUT; else as the policy and the disk.
 * Limits/cost: ASK_LINKS_MAX for each call; a contact each.
 * Units: *_ms.
 * Example: ask_links_make(ask, &wanted, cancel, arena, &w, fail)
 * Not here: the page behind a link (ask_page.h).
 */
#pragma once

#include "ask_decide.h"

#define ASK_LINKS_MAX 2000
#define ASK_LINK_TOKEN_BYTES 24

struct ask_links_wanted {
    struct str survey;
    const struct str *customers; /* any identifiers; NULL: by segment */
    size_t customer_count;
    struct str segment; /* JSON; missing: whom the survey is for, at its moment, in its sample */
    bool by_segment;
    int64_t anonymous;  /* so many links for nobody known */
    bool once;          /* ends with its answer */
    int64_t expires_ms; /* 0: never */
    enum ask_way way;   /* link, or email */
    bool look;          /* only say what would be */
};
bool ask_links_make(struct ask *ask, const struct ask_links_wanted *wanted,
                    struct base_cancel *cancel, struct arena *arena, struct json_writer *w,
                    struct fail *fail) MUST_USE;
bool ask_links_list(struct ask *ask, struct str survey, int64_t before_id, size_t limit,
                    struct arena *arena, struct json_writer *w, struct fail *fail) MUST_USE;
/* HTML for a mail: the scale as links, each of which preselects. `link` is the address of a personal link, or a
   placeholder of the sender's own ("{{link}}"). */
bool ask_snippet(struct ask *ask, struct str survey, struct str question, struct str link,
                 struct str language, struct arena *arena, struct json_writer *w,
                 struct fail *fail) MUST_USE;
/* The address as a QR code in SVG. FAIL_INPUT where it is too long for one. */
bool ask_qr_svg(struct str text, struct base_buf *out, struct fail *fail) MUST_USE;

bool ask_suspects(struct ask *ask, struct str survey, struct str cursor, size_t limit,
                  struct arena *arena, struct json_writer *w, struct fail *fail) MUST_USE;
/* Its answers go to the timeline at the time they were given. */
bool ask_suspect_release(struct ask *ask, struct str survey, struct str response,
                         struct arena *arena, struct fail *fail) MUST_USE;
/* Counted as refused in the ledger; the answers are forgotten. */
bool ask_suspect_discard(struct ask *ask, struct str survey, struct str response,
                         struct arena *arena, struct fail *fail) MUST_USE;

/* How many are in the segment, would be let through by each rule and by the policy (of a sample), and would answer. */
bool ask_audience(struct ask *ask, struct str survey, struct base_cancel *cancel,
                  struct arena *arena, struct json_writer *w, struct fail *fail) MUST_USE;

/* ---- a segment's customers, in parts ---- */
struct ask_people {
    struct ask *ask;
    struct str segment; /* JSON; missing: everybody */
    struct base_cancel *cancel;
    struct str cursor; /* of the next part; missing at first */
    bool over;
    int64_t total;
    struct str *ids; /* of this part */
    size_t count;
};
bool ask_people_next(struct ask_people *people, size_t limit, struct arena *arena,
                     struct fail *fail) MUST_USE;
