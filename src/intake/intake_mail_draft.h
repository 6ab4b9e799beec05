/* intake_mail_draft.h — messages out of files: the same event, with what files need besides.
 *
 * What: a message without an id gets one from what it says, and how often that occurred in the file.
 * Owner: as intake_mail.h.   Threads: as intake_mail.h.   Failure: as intake_mail.h.
 * Limits/cost: as intake_mail.h.   Units: none.
 * Example: intake_import_mail.c.   Not here: the face for others (intake_mail.h).
 */
#pragma once

#include "intake_mail.h"
#include "intake_repeats.h"

struct intake_mail_import {
    struct intake_repeats *repeats;
    struct str way, known_raw; /* as of a draft */
};
/* `import` NULL: not from a file. */
bool intake_mail_draft(struct intake_decoder *decoder, struct str message,
                       const struct intake_source *source, struct arena *arena,
                       const struct intake_mail_import *import, struct store_item *out,
                       struct fail *fail) MUST_USE;
