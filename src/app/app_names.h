/* app_names.h — names as they are shown: what goes by one name counts together.
 *
 * What: the store's lists of names, laid together by the catalogue's renames.
 * Owner: everything lies in the arena.   Threads: values.   Failure: as store_names.
 * Limits/cost: as store_names, once for each stored name of the event asked for.   Units: *_ms.
 * Example: app_names_shown(snapshot, &renames, STORE_NAME_EVENT, none, arena, &names, &count, fail)
 * Not here: questions (query_shown.h).
 */
#pragma once

#include "query.h"

/* As store_names; of properties put together the rows are added up, so that a row that bears two of them counts twice. */
bool app_names_shown(const struct store_snapshot *snapshot, const struct query_renames *renames,
                     enum store_name_kind kind, struct str event, struct arena *arena,
                     struct store_name **out, size_t *out_count, struct fail *fail) MUST_USE;
/* As store_names_events. */
bool app_names_events(const struct store_snapshot *snapshot, const struct query_renames *renames,
                      enum store_name_kind kind, struct str name, struct arena *arena,
                      struct store_name **out, size_t *out_count, struct fail *fail) MUST_USE;
/* The name that a stored one is shown by; itself where it was not renamed. */
struct str app_names_shown_as(const struct query_renames *renames, enum store_name_kind kind,
                              struct str name);
/* The event as it is shown, in the arena; *out_stored_as is missing where its name is the same. */
bool app_names_show_event(const struct query_renames *renames, struct arena *arena,
                          struct store_event *event, struct str *out_stored_as,
                          struct fail *fail) MUST_USE;
