/* ask_form.h — what a form posts: name=value pairs, and answers out of them.
 *
 * What: reads application/x-www-form-urlencoded of any length up to its limits; turns the fields of a question into
 *   an answer of its type. A field is a.QID, for a rank a.QID.CHOICE (the place) and for a matrix a.QID.ROW.
 * Owner: everything lies in the arena.   Threads: values.
 * Failure: FAIL_INPUT for a body that is no form, or that is over the limits.
 * Limits/cost: ASK_FORM_*_MAX.   Units: bytes.
 * Example: struct ask_form form; if (!ask_form_parse(body, arena, &form, fail)) return false;
 * Not here: pages (ask_page.h).
 */
#pragma once

#include "ask_answer.h"

#define ASK_FORM_BYTES_MAX ((size_t)512 << 10)
#define ASK_FORM_FIELDS_MAX 6000

struct ask_field {
    struct str name, value;
};
struct ask_form {
    const struct ask_field *fields;
    size_t count;
};
bool ask_form_parse(struct str body, struct arena *arena, struct ask_form *out,
                    struct fail *fail) MUST_USE;
/* The first of that name, trimmed of nothing; missing where there is none. */
struct str ask_form_get(const struct ask_form *form, const char *name);
enum ask_form_problem {
    ASK_FORM_FINE,
    ASK_FORM_WRONG,   /* no such choice, no number, off its limits */
    ASK_FORM_NO_RANK, /* a place twice, or one left out */
};
/* The answer in the fields; without any, the question is passed over. A wrong one is not seen. */
bool ask_form_answer(const struct ask_form *form, const struct ask_question *question,
                     struct arena *arena, struct ask_answer *out,
                     enum ask_form_problem *out_problem, struct fail *fail) MUST_USE;
/* One value as a link carries it ("9", "yes", a choice's id); false where it is no answer. */
bool ask_form_one(const struct ask_question *question, struct str value, struct arena *arena,
                  struct ask_answer *out);
