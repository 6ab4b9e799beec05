/* query_path.h — where in a question something stands, and refusing it there.
 *
 * What: a path is a chain of nodes on the stack, from the place up to the root (NULL); its text, a JSON
 *   pointer, is made only when something is refused. A saved segment's own insides are not part of the
 *   request: a `closed` node stands for the name that brought it in.
 * Owner: the stack.   Threads: values.   Failure: refusing is FAIL_INPUT; it returns false.
 * Limits/cost: nothing until refused.   Units: none.
 * Example: struct query_path step = query_path_at(&steps, 1); return query_refuse(&step, fail, "...");
 * Not here: reading values (query_read.h).
 */
#pragma once

#include "base_str.h"

struct query_path {
    const struct query_path *up;
    struct str name;
    size_t index;
    bool is_index;
    bool closed; /* what lies below is shown as this place */
};

static inline struct query_path query_path_in(const struct query_path *up, const char *name)
{
    return (struct query_path){.up = up, .name = str_from_c(name)};
}
static inline struct query_path query_path_at(const struct query_path *up, size_t index)
{
    return (struct query_path){.up = up, .index = index, .is_index = true};
}

/* FAIL_INPUT at the place; always false. `path` NULL: the question as a whole. */
bool query_refuse(const struct query_path *path, struct fail *fail, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Sets the place of a failure that has none, where it is about the input. Always false. */
bool query_refuse_at(const struct query_path *path, struct fail *fail);
/* Takes away the bytes of a character that was cut in two at the end of a text. */
void query_text_trim(char *text);
