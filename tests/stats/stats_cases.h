/* stats_cases.h — running reference cases of the mathematics: what a method's function gets and gives.
 *
 * What: a method reads the inputs of one case and gives named results: numbers, words, or lists of them
 *   (nested lists flat, in their order). stats_cases.c compares them with what the case expects.
 * Owner: everything of a case lies in its arena.   Threads: one.
 * Failure: a missing or wrong input fails the case, with its name.
 * Limits/cost: files up to 64 MB.   Units: the case's.
 * Example: return case_double(c, "x", &x, fail) && stats_lgamma(x, &y, fail) && (case_give(c, "y", y), true);
 * Not here: the mathematics (src/stats).
 */
#pragma once

#include "base_json.h"

struct case_item {
    bool number;
    double value;
    struct str word;
};

struct case_result {
    const char *key;
    struct case_item *items;
    size_t count;
};

#define CASE_RESULTS_MAX 16

struct stats_case {
    struct arena *arena;
    struct json_value inputs;
    struct case_result results[CASE_RESULTS_MAX];
    size_t result_count;
};

struct case_method {
    const char *name;
    bool (*run)(struct stats_case *c, struct fail *fail);
};
/* Each list ends with a NULL name. */
extern const struct case_method case_methods_dist[];
extern const struct case_method case_methods_score[];
extern const struct case_method case_methods_compare[];
extern const struct case_method case_methods_survey[];
extern const struct case_method case_methods_model[];
extern const struct case_method case_methods_property[];

bool case_input(struct stats_case *c, const char *key, struct json_value *out,
                struct fail *fail) MUST_USE;
bool case_member(struct json_value object, const char *key, struct json_value *out,
                 struct fail *fail) MUST_USE;
bool case_number(struct json_value value, const char *name, double *out,
                 struct fail *fail) MUST_USE;
bool case_double(struct stats_case *c, const char *key, double *out, struct fail *fail) MUST_USE;
bool case_member_double(struct json_value object, const char *key, double *out,
                        struct fail *fail) MUST_USE;
/* A whole number from 0. */
bool case_member_count(struct json_value object, const char *key, uint64_t *out,
                       struct fail *fail) MUST_USE;
/* All numbers of a list, of lists in it too, in their order. */
bool case_list(struct stats_case *c, struct json_value value, const char *name, double **out,
               size_t *out_count, struct fail *fail) MUST_USE;
bool case_doubles(struct stats_case *c, const char *key, double **out, size_t *out_count,
                  struct fail *fail) MUST_USE;

void case_give(struct stats_case *c, const char *key, double value);
void case_give_list(struct stats_case *c, const char *key, const double *values, size_t count);
void case_give_word(struct stats_case *c, const char *key, struct str word);
