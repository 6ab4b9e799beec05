/* act_html.h — writing HTML in which data is never markup.
 *
 * What: text is escaped for content and attributes alike; control characters and marks that turn the direction of
 *   text are left out, so that a customer's words cannot rearrange the page.
 * Owner: the caller's buffer.   Threads: one at a time.   Failure: kept in the buffer (base_buf_ok).
 * Limits/cost: a walk over the bytes.   Units: *_ms UTC.
 * Example: act_html_c(out, "<td>"); act_html_text(out, value); act_html_c(out, "</td>");
 * Not here: what is written (act_page.h).
 */
#pragma once

#include "act_words.h"
#include "base_buf.h"
#include "base_zone.h"
#include "store_event.h"

/* Markup of our own. */
void act_html_c(struct base_buf *out, const char *markup);
/* Data. Invalid UTF-8 becomes U+FFFD. */
void act_html_text(struct base_buf *out, struct str text);
/* The same, cut after `most` bytes at a character, with an ellipsis. */
void act_html_text_cut(struct base_buf *out, struct str text, size_t most);
/* A word with its places filled in, escaped. */
void act_html_say(struct base_buf *out, enum act_word word, const struct str *data, size_t count);
/* The same as plain text, in the arena. */
struct str act_say(struct arena *arena, enum act_word word, const struct str *data, size_t count);
/* "1 May 2026, 09:30" by that clock. */
struct str act_date(struct arena *arena, const struct zone *zone, int64_t at_ms);
/* <time datetime="...">1 May 2026, 09:30</time> */
void act_html_date(struct base_buf *out, const struct zone *zone, int64_t at_ms);
void act_html_value(struct base_buf *out, struct store_value value, size_t most);
