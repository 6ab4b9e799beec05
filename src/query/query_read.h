/* query_read.h — typed reading of a question's members, refusing what does not belong.
 *
 * What: an object is read against the list of members it may have, so that every member of every object
 *   is checked: unknown ones are refused at their own pointer with the nearest name.
 * Owner: strings are copied into the arena where the caller keeps them; else they live as the document.
 * Threads: values.   Failure: FAIL_INPUT at the place, saying what was expected.
 * Limits/cost: members are looked up linearly; lists are short.   Units: *_ms.
 * Example: struct query_member members[] = {{"event"}, {"where"}};
 *          if (!query_read_object(value, path, "a matcher", members, ARRAY_LEN(members), fail)) ...
 * Not here: what members mean (query_parse*.c).
 */
#pragma once

#include "base_json.h"
#include "query_path.h"
#include "store_event.h"

struct query_member {
    const char *name;
    struct json_value value;
    uint32_t place; /* 1 for the first in the text; 0: not there */
};

bool query_read_object(struct json_value value, const struct query_path *path, const char *what,
                       struct query_member *members, size_t count, struct fail *fail) MUST_USE;
/* Refuses the later one where both stand. */
bool query_read_exclusive(const struct query_path *path, const struct query_member *a,
                          const struct query_member *b, struct fail *fail) MUST_USE;
bool query_read_needed(const struct query_path *path, const struct query_member *member,
                       const char *expected, struct fail *fail) MUST_USE;
bool query_read_whole(struct json_value value, const struct query_path *path, int64_t least,
                      int64_t most, int64_t *out, struct fail *fail) MUST_USE;
bool query_read_string(struct json_value value, const struct query_path *path, const char *expected,
                       struct str *out, struct fail *fail) MUST_USE;
/* Index of one of `names`. */
bool query_read_choice(struct json_value value, const struct query_path *path,
                       const char *const *names, size_t count, size_t *out,
                       struct fail *fail) MUST_USE;
bool query_read_array(struct json_value value, const struct query_path *path, const char *expected,
                      struct fail *fail) MUST_USE;
bool query_read_bool(struct json_value value, const struct query_path *path, bool *out,
                     struct fail *fail) MUST_USE;
bool query_read_duration(struct json_value value, const struct query_path *path, int64_t *out_ms,
                         struct fail *fail) MUST_USE;
bool query_read_instant(struct json_value value, const struct query_path *path, int64_t *out_ms,
                        struct fail *fail) MUST_USE;
/* A string (copied), number or boolean; `null`, arrays and objects are refused. */
bool query_read_scalar(struct json_value value, const struct query_path *path, struct arena *arena,
                       struct store_value *out, struct fail *fail) MUST_USE;
