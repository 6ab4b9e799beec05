/* query_formula.h — "A/B": arithmetic over the series of a question.
 *
 * What: numbers, letters A to Z for series, + - * /, parentheses, a minus before a term. Division by 0
 *   gives null, and null stays null through every operation.
 * Owner: the arena.   Threads: immutable after parsing.
 * Failure: FAIL_INPUT saying where in the text.   Limits/cost: QUERY_FORMULA_TOKENS_MAX; linear.
 * Units: none.   Example: query_formula_value(formula, values, nulls, &out)
 * Not here: which values (query_trend.c).
 */
#pragma once

#include "query_path.h"

#define QUERY_FORMULA_TOKENS_MAX 200

struct query_formula;
bool query_formula_parse(struct str text, size_t series_count, const struct query_path *path,
                         struct arena *arena, struct query_formula **out,
                         struct fail *fail) MUST_USE;
/* False: null. */
bool query_formula_value(const struct query_formula *formula, const double *series, double *out);
