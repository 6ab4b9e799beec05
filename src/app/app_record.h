/* app_record.h — what stands in state of one person: invitations, wishes to be erased, notes that name them.
 *
 * What: one JSON object, for the ZIP of all that is known of a customer (app_preferences.c). Answers under way have a file
 *   of their own there.
 * Owner: the caller's buffer.
 * Threads: any.
 * Failure: as state_db.h; FAIL_LIMIT past the buffer's limit.
 * Limits/cost: STATE_LINKS_OF_MAX invitations of each user id; reads every note.   Units: none.
 * Example: app_record_write(app, &(struct app_record_of){ids, count, true}, arena, &out, fail)
 * Not here: events, traits, consents.
 */
#pragma once

#include "app_internal.h"

struct app_record_of {
    const struct store_identifier *identifiers;
    size_t count;
    bool notes; /* also notes of the organisation that name them: they may speak of others too */
};
bool app_record_write(struct app *app, const struct app_record_of *of, struct arena *arena,
                      struct base_buf *out, struct fail *fail) MUST_USE;
