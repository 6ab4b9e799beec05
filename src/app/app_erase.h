/* app_erase.h — erasing people everywhere: the order of its steps, and finishing what was begun.
 *
 * What: whom it is about is gathered first and written down as an intent; then the store erases, state forgets, a signed
 *   receipt goes into the log of erasures, and the intent goes. After a crash app_open finishes what was begun. The
 *   intent is the only place that bears identifiers in between; it is overwritten when it goes.
 * Owner: texts lie in the arena.   Threads: all safe; one erasure at a time.
 * Failure: FAIL_ABSENT where nobody is known so, FAIL_BUSY while they are joined and split again and again; after the
 *   intent is durable the erasure is finished at the next opening, whatever failed.
 * Limits/cost: APP_ERASE_CUSTOMERS_MAX at a time: many at once cost little more than one, since each time all segments
 *   that hold something of them are written anew.
 * Units: *_ms UTC.
 * Example: struct app_erasure erasure = {.by = by}; app_erase_gather(...) && app_erase(app, &erasure, arena, &line, fail)
 * Not here: operations (app_erase_ops.c), the log (privacy_log.h).
 */
#pragma once

#include "app_internal.h"
#include "privacy_log.h"
#include "state_forget.h"

#define APP_ERASE_CUSTOMERS_MAX 1000
#define APP_ERASE_REASON_BYTES_MAX 1000

struct app_erasure {
    struct str receipt; /* its id */
    int64_t at_ms;
    struct str by, reason; /* reason may be missing */
    uint32_t *customers;   /* numbers */
    size_t customer_count;
    struct str *identifiers; /* "kind:value", of all of them */
    size_t identifier_count;
    struct str *words; /* besides: addresses and numbers among their traits */
    size_t word_count;
    uint64_t events;        /* on their timelines */
    bool erased;            /* the store has erased them: */
    struct store_gone gone; /* and says so */
};

/* Adds a customer by any identifier. Where nobody is known so: FAIL_ABSENT, or with `anyway` the text is erased wherever
   it is an identifier (state, quarantined records). */
bool app_erase_add(struct app *app, struct store_snapshot *snapshot, struct str text, bool anyway,
                   struct arena *arena, struct app_erasure *erasure, struct fail *fail) MUST_USE;
bool app_erase_add_number(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                          struct arena *arena, struct app_erasure *erasure,
                          struct fail *fail) MUST_USE;
/* All of it. *out_line: the receipt. */
bool app_erase(struct app *app, struct app_erasure *erasure, struct arena *arena,
               struct str *out_line, struct fail *fail) MUST_USE;
/* The intent as text, and back (app_erase_intent.c). */
bool app_erase_intent_write(const struct app_erasure *erasure, struct base_buf *out,
                            struct fail *fail) MUST_USE;
bool app_erase_intent_read(const struct state_intent *intent, struct arena *arena,
                           struct app_erasure *out, struct fail *fail) MUST_USE;

/* Opens the log, and finishes what was begun. For app_open. */
bool app_erase_open(struct app *app, struct fail *fail) MUST_USE;
/* The log of the state's changes is emptied, in which what was forgotten still lies. Where somebody reads from it all the
   while that is no failure: the erasure itself is done, and the daily job tries again. */
bool app_scrub(struct app *app, struct fail *fail) MUST_USE;
/* Once more, where it was not emptied; FAIL_BUSY where it is not now either. */
bool app_scrub_again(struct app *app, struct fail *fail) MUST_USE;
/* Refuses events of people who were erased, where the organisation wants that. For app_take. */
void app_erase_refuse(struct app *app, struct store_item *items, size_t count);
bool app_erase_refuses_nobody(struct app *app); /* whoever comes */
