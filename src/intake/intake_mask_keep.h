/* intake_mask_keep.h — masking what came in as it came in: the bytes that quarantine keeps.
 *
 * What: raw JSON, rows, broken things. What says who it is stays, or nobody could mend the event: members that
 *   hold identifiers, and findings that are exactly one of the event's own identifiers.
 * Owner: as intake_mask.h.   Threads: safe.   Failure: FAIL_NO_MEMORY.
 * Limits/cost: linear.   Units: bytes.
 * Example: intake_mask_raw(mask, raw, &keep, arena, &item->raw, fail)
 * Not here: words and properties of an event that was read (intake_mask.h).
 */
#pragma once

#include "intake_mask.h"

struct intake_mask_keep {
    const struct str *values;
    size_t count;
};
/* JSON where it begins like an object or array, broken JSON too; else plain text. */
bool intake_mask_raw(const struct intake_mask *mask, struct str raw,
                     const struct intake_mask_keep *keep, struct arena *arena, struct str *out,
                     struct fail *fail) MUST_USE;
/* Text, but for what is kept. */
bool intake_mask_text_but(const struct intake_mask *mask, struct str text,
                          const struct intake_mask_keep *keep, struct arena *arena, struct str *out,
                          struct fail *fail) MUST_USE;
