/* ask_library.h — the surveys that there are: listing, drafts, checks, publishing, pausing, templates.
 *
 * What: every function reads or changes the tables of `state` and writes its answer as JSON. Publishing freezes a
 *   version; saving after that makes a new draft, and answers go on to the version that is out.
 * Owner: answers are appended to the writer.   Threads: all safe.
 * Failure: FAIL_INPUT with a pointer that begins at the definition; FAIL_ABSENT with the nearest id;
 *   FAIL_CONFLICT where checks find errors on publishing.
 * Limits/cost: a read or a commit.   Units: *_ms.
 * Example: app_survey.c.   Not here: answers (ask_response.h).
 */
#pragma once

#include "ask_check.h"
#include "state_surveys.h"

/* FAIL_ABSENT with "did you mean". */
bool ask_library_find(struct state *state, struct str id, struct arena *arena,
                      struct state_survey *out, struct fail *fail) MUST_USE;
bool ask_library_list(struct state *state, struct arena *arena, struct json_writer *w,
                      struct fail *fail) MUST_USE;
/* `version` 0: the newest, draft and findings with it. */
bool ask_library_show(struct state *state, const struct query_env *env, struct str id,
                      int64_t version, struct arena *arena, struct json_writer *w,
                      struct fail *fail) MUST_USE;
/* A new survey where `id` names none; missing: an id is made of the name. */
bool ask_library_save(struct state *state, const struct query_env *env, struct str id,
                      struct json_value definition, bool must_be_new, struct str owner,
                      struct arena *arena, struct json_writer *w, struct str *out_id,
                      struct fail *fail) MUST_USE;
bool ask_library_check(const struct query_env *env, struct json_value definition,
                       struct arena *arena, struct json_writer *w, struct fail *fail) MUST_USE;
bool ask_library_publish(struct state *state, const struct query_env *env, struct str id,
                         struct str owner, struct arena *arena, struct json_writer *w,
                         struct fail *fail) MUST_USE;
bool ask_library_set_status(struct state *state, struct str id, const char *status,
                            struct arena *arena, struct json_writer *w, struct fail *fail) MUST_USE;
void ask_library_templates(struct json_writer *w);
/* A definition that was valid once: saved segments that it names may be gone by now, its questions stand. */
bool ask_library_parse(const struct query_env *env, struct str definition, struct arena *arena,
                       struct ask_survey *out, struct fail *fail) MUST_USE;
/* The published version of a survey, parsed so; version 0: the newest. FAIL_ABSENT. */
bool ask_library_version(struct state *state, const struct query_env *env, struct str id,
                         int64_t version, struct arena *arena, struct ask_survey *out,
                         struct fail *fail) MUST_USE;
