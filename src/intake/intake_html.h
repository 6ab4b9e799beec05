/* intake_html.h — the words of an HTML text: for mails, feeds and tickets.
 *
 * What: tags go, blocks and line breaks become line breaks, list items get "- ", entities become characters, what no
 *   reader sees (scripts, styles, heads, comments) goes. Quoted blocks begin each line with "> ", as in mail, so
 *   that what strips quotes finds them. The result is text, whatever came in: never markup.
 * Owner: the caller's buffer.   Threads: pure.
 * Failure: none: anything is HTML to some reader. What does not fit into the buffer is missing (base_buf_ok).
 * Limits/cost: one pass; a few bytes of state however deep the nesting.   Units: bytes.
 * Example: intake_html_text(STR("<p>Great &amp; fast</p>"), &out)  gives  Great & fast
 * Not here: character sets (the input is UTF-8; broken bytes become U+FFFD), quotes and signatures (intake_mail).
 */
#pragma once

#include "base_buf.h"

/* Appends the words of `html`, without blanks at their ends. */
void intake_html_text(struct str html, struct base_buf *out);
