/* app_import_parts.h — what the two ways of importing a file share.
 *
 * What: the import under way. Its beginning, and every file that columns cannot say, goes in batches of items
 *   (app_import.c); the rest of a large CSV in pieces (app_import_pieces.c).
 * Owner: app_import.   Threads: one.   Failure: as app_import.h.   Limits/cost: none.   Units: none.
 * Example: none, internal.   Not here: reading files (intake_import.h, intake_piece.h).
 */
#pragma once

#include "app_import.h"

struct app_importing {
    struct app_link *link;
    struct intake_import *import;
    uint64_t number; /* in the list; a dry run has none */
    struct intake_source *source;
    const struct app_import_options *options;
    struct intake_counts *counts;
};

/* Tells how far it is. False: it is to stop. */
bool app_import_tell(const struct app_importing *importing,
                     const struct intake_import_progress *progress, struct fail *fail) MUST_USE;
/* Tells of a record, unless it was stored or is a duplicate. */
void app_import_tell_bad(const struct app_importing *importing, const struct app_import_bad *bad);
/* All that is left of the file (intake_piece_may), past the journal. */
bool app_import_pieces(struct app_importing *importing, struct fail *fail) MUST_USE;
