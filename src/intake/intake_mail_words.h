/* intake_mail_words.h — of the text of a mail, the words that its sender wrote now.
 *
 * What: answers to earlier mail (quotes, headers of forwarded mail, "On ... wrote:"), signatures, closings, "Sent from
 *   my phone" and legal footers are left out, in a dozen languages. Doubtful lines stay: a signature too many is
 *   better than a complaint too few.
 * Owner: the text lies in the arena.   Threads: safe.   Failure: FAIL_NO_MEMORY.
 * Limits/cost: linear; of more than INTAKE_MAIL_LINES_MAX lines the rest is dropped.   Units: bytes.
 * Example: intake_mail_words(text, forwarded, arena, &words, fail)
 * Not here: what a message is made of (intake_mail_mime.h), HTML (intake_html.h).
 */
#pragma once

#include "base_str.h"

#define INTAKE_MAIL_LINES_MAX 100000

/* Missing where nothing is left. `forwarded`: then what was forwarded is what is said. */
bool intake_mail_words(struct str text, bool forwarded, struct arena *arena, struct str *out,
                       struct fail *fail) MUST_USE;
/* "Fwd: ...", "WG: ...", "TR: ..." and the like. */
bool intake_mail_is_forward(struct str subject);
