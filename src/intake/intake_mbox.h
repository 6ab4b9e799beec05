/* intake_mbox.h — one message at a time out of a window over an mbox file, or over the file of one message.
 *
 * What: messages of an mbox begin at a line "From ..." with a time in it, behind an empty line; ">From" inside is
 *   undone. Of a message larger than the window its beginning is returned, where headers and words are, and the
 *   rest is passed over: one huge attachment must not end an import.
 * Owner: intake_mbox_done. The message is good until the next call.   Threads: one at a time.
 * Failure: what the reader says; FAIL_NO_MEMORY.   Limits/cost: linear; INTAKE_WINDOW_BYTES_MAX.   Units: bytes.
 * Example: while (intake_mbox_next(&mbox, &window, &message, &found, fail) && found) ...
 * Not here: what a message says (intake_mail.h).
 */
#pragma once

#include "base_buf.h"
#include "intake_window.h"

struct intake_mbox {
    bool single;  /* the file is one message */
    bool begun;   /* the first line was seen */
    bool passing; /* the rest of a message that was too large */
    struct base_buf unescaped;
};
void intake_mbox_done(struct intake_mbox *mbox);
bool intake_mbox_next(struct intake_mbox *mbox, struct intake_window *window, struct str *out,
                      bool *found, struct fail *fail) MUST_USE;
