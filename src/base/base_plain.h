/* base_plain.h — words as data: text that neither a terminal nor a spreadsheet obeys.
 *
 * What: customers' words may hold anything. Control marks and marks that change the direction of what follows, or
 *   hide in it, are left out; a cell that would begin a formula gets a leading quote.
 * Owner: the caller's buffer.   Threads: safe.
 * Failure: kept in the buffer (base_buf_ok).   Limits/cost: linear.   Units: bytes.
 * Example: base_csv_cell(&out, STR("=1+1"), false); writes "'=1+1" in quotes.
 * Not here: JSON (base_json_write.h), HTML (act_html.h).
 */
#pragma once

#include "base_buf.h"

/* One line for a terminal: line ends and tabs become spaces, broken UTF-8 becomes U+FFFD. */
void base_plain_text(struct base_buf *out, struct str text);
/* A cell of a CSV, quoted where it must be; line ends stay. `number`: it may begin with a sign. */
void base_csv_cell(struct base_buf *out, struct str text, bool number);
