/* ask_page.h — the hosted page of a survey: rendered here, and whole without JavaScript.
 *
 * What: GET shows, and changes nothing; POST takes what a form sends and leads on to a GET, so that a reload sends
 *   nothing twice. A public address mints a response's id with the page it renders; a personal link has one of its
 *   own. Titles, labels and answers are escaped; nothing that anyone wrote is ever markup.
 * Owner: the answer's bytes are the caller's.   Threads: all safe.
 * Failure: what people can meet is a page with a status; FAIL_* only for the disk and for memory.
 * Limits/cost: as ask_form.h; a page is rendered in well under a millisecond.
 * Units: *_ms.
 * Example: ask_page(ask, &request, arena, &reply, fail)
 * Not here: headers and CSP (http), JSON (ask_widget.h).
 */
#pragma once

#include "ask_decide.h"
#include "ask_form.h"
#include "ask_words.h"

struct ask_page_request {
    struct str survey; /* the address after /s/ */
    struct str link;   /* of a personal link; or missing */
    bool post;
    struct ask_form form; /* of a GET: the address's parameters */
    struct str accept_language, address;
};
struct ask_page_reply {
    int status;
    struct str location; /* 303: where to; missing: a page */
    struct base_buf html;
};
bool ask_page(struct ask *ask, const struct ask_page_request *request, struct arena *arena,
              struct ask_page_reply *out, struct fail *fail) MUST_USE;
/* The style of a survey: its colours, then what all have. FAIL_ABSENT. */
bool ask_page_style(struct ask *ask, struct str survey, struct arena *arena, struct base_buf *out,
                    struct fail *fail) MUST_USE;
struct str ask_page_script(void);

/* ---- ask_page_html.c ---- */

enum ask_page_kind { ASK_PAGE_QUESTIONS, ASK_PAGE_THANKS, ASK_PAGE_MESSAGE };
struct ask_page {
    enum ask_page_kind kind;
    struct str slug, link;
    const struct ask_survey *survey; /* NULL: there is none */
    uint32_t language;
    struct str language_tag; /* of the page's own words */
    const struct ask_answer *answers;
    const uint32_t *shown; /* questions on this page */
    uint32_t shown_count;
    uint32_t passed;                       /* questions before this page, on the way here */
    bool last;                             /* answering it may end the survey */
    bool confirm;                          /* a link preselected it */
    struct str back;                       /* the address of the page before; or missing */
    struct str again;                      /* of changing answers; or missing */
    struct str token;                      /* of the form */
    struct str resume;                     /* "r=..." for the language switch; or missing */
    const enum ask_form_problem *problems; /* by question; NULL: none */
    const bool *missing;                   /* by question: required, and left out; NULL: none */
    enum ask_word message;
};
void ask_page_write(const struct ask_page *page, struct arena *arena, struct base_buf *out);
/* Text as HTML: escaped, without marks that turn the direction of what follows. */
void ask_html_text(struct base_buf *out, struct str text);
/* For the query of an address. */
void ask_url_text(struct base_buf *out, struct str text);
