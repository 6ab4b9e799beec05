/* stats_cases FILE...: runs reference cases of the form "stats-cases/1" against src/stats.
   A case names a method, its inputs, what is expected and how near; methods that are not built are listed and
   counted as skipped. Ends "N passed, N failed"; exit 0 without a failure, 1 with one, 2 for a file that is
   no such file. */
#include <math.h>
#include <stdio.h>

#include "base_buf.h"
#include "stats_cases.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define UNKNOWN_MAX 1000

struct tolerance {
    double absolute, relative;
    int direction; /* 0: both ways, 1: at least, -1: at most, 2: for information */
};

struct unknown {
    struct str name;
    size_t cases;
};

struct tally {
    size_t passed, failed, skipped;
    struct unknown unknown[UNKNOWN_MAX];
    size_t unknown_count;
};

/* ---- inputs --------------------------------------------------------------------------------------- */

bool case_member(struct json_value object, const char *key, struct json_value *out,
                 struct fail *fail)
{
    if (!json_member(object, str_from_c(key), out)) {
        return fail_set(fail, FAIL_INPUT, "%s is missing", key);
    }
    return true;
}

bool case_input(struct stats_case *c, const char *key, struct json_value *out, struct fail *fail)
{
    return case_member(c->inputs, key, out, fail);
}

bool case_number(struct json_value value, const char *name, double *out, struct fail *fail)
{
    enum json_type type = json_type_of(value);
    if (type != JSON_INT && type != JSON_UINT && type != JSON_DOUBLE) {
        return fail_set(fail, FAIL_INPUT, "%s is %s, expected a number", name,
                        json_type_name(type));
    }
    *out = json_double(value);
    return true;
}

bool case_member_double(struct json_value object, const char *key, double *out, struct fail *fail)
{
    struct json_value value;
    return case_member(object, key, &value, fail) && case_number(value, key, out, fail);
}

bool case_double(struct stats_case *c, const char *key, double *out, struct fail *fail)
{
    return case_member_double(c->inputs, key, out, fail);
}

bool case_member_count(struct json_value object, const char *key, uint64_t *out, struct fail *fail)
{
    double value;
    if (!case_member_double(object, key, &value, fail)) {
        return false;
    }
    if (!(value >= 0 && value < 0x1p53 && value == floor(value))) {
        return fail_set(fail, FAIL_INPUT, "%s is %g, expected a whole number from 0", key, value);
    }
    *out = (uint64_t)value;
    return true;
}

static size_t leaves(struct json_value value)
{
    struct json_value inner;
    size_t count = 0;
    if (json_type_of(value) != JSON_ARRAY) {
        return 1;
    }
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &inner);) {
        count += leaves(inner);
    }
    return count;
}

static bool gather(struct json_value value, const char *name, double **at, struct fail *fail)
{
    struct json_value inner;
    if (json_type_of(value) != JSON_ARRAY) {
        return case_number(value, name, (*at)++, fail);
    }
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &inner);) {
        if (!gather(inner, name, at, fail)) {
            return false;
        }
    }
    return true;
}

bool case_list(struct stats_case *c, struct json_value value, const char *name, double **out,
               size_t *out_count, struct fail *fail)
{
    if (json_type_of(value) != JSON_ARRAY) {
        return fail_set(fail, FAIL_INPUT, "%s is %s, expected an array", name,
                        json_type_name(json_type_of(value)));
    }
    size_t count = leaves(value);
    double *values = arena_array(c->arena, count, sizeof *values, fail);
    double *at = values;
    if (values == NULL || !gather(value, name, &at, fail)) {
        return false;
    }
    *out = values;
    *out_count = count;
    return true;
}

bool case_doubles(struct stats_case *c, const char *key, double **out, size_t *out_count,
                  struct fail *fail)
{
    struct json_value value;
    return case_input(c, key, &value, fail) && case_list(c, value, key, out, out_count, fail);
}

/* ---- results -------------------------------------------------------------------------------------- */

static struct case_item *give(struct stats_case *c, const char *key, size_t count)
{
    INVARIANT(c->result_count < CASE_RESULTS_MAX);
    struct case_item *items = arena_small(c->arena, (count + 1) * sizeof *items);
    c->results[c->result_count++] = (struct case_result){key, items, count};
    return items;
}

void case_give(struct stats_case *c, const char *key, double value)
{
    case_give_list(c, key, &value, 1);
}

void case_give_list(struct stats_case *c, const char *key, const double *values, size_t count)
{
    struct case_item *items = give(c, key, count);
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct case_item){true, values[i], {NULL, 0}};
    }
}

void case_give_word(struct stats_case *c, const char *key, struct str word)
{
    give(c, key, 1)[0] = (struct case_item){false, 0, word};
}

/* ---- comparing ------------------------------------------------------------------------------------ */

static void read_tolerance(struct json_value from, struct tolerance *into)
{
    struct json_value value;
    struct fail ignored;
    if (json_type_of(from) != JSON_OBJECT) {
        /* One number for a key: its absolute tolerance. */
        if (case_number(from, "tolerance", &into->absolute, &ignored)) {
            into->relative = 0;
        }
        return;
    }
    if (json_member(from, STR("abs"), &value) &&
        !case_number(value, "abs", &into->absolute, &ignored)) {
        into->absolute = 0;
    }
    if (json_member(from, STR("rel"), &value) &&
        !case_number(value, "rel", &into->relative, &ignored)) {
        into->relative = 0;
    }
}

static struct tolerance tolerance_of(struct json_value one, struct str key)
{
    struct tolerance tolerance = {0, 0, 0};
    struct json_value all, keys, mine;
    if (!json_member(one, STR("tolerance"), &all)) {
        return tolerance;
    }
    read_tolerance(all, &tolerance);
    if (json_member(all, STR("keys"), &keys) && json_member(keys, key, &mine)) {
        tolerance.absolute = tolerance.relative = 0;
        read_tolerance(mine, &tolerance);
    }
    if (json_member(all, STR("direction"), &keys) && json_member(keys, key, &mine) &&
        json_type_of(mine) == JSON_STRING) {
        struct str word = json_string(mine);
        tolerance.direction = str_is(word, "at_least")  ? 1
                              : str_is(word, "at_most") ? -1
                              : str_is(word, "info")    ? 2
                                                        : 0;
    }
    return tolerance;
}

static bool near(double found, double expected, struct tolerance tolerance)
{
    double room = tolerance.absolute + tolerance.relative * fabs(expected);
    if (tolerance.direction == 1) {
        return found >= expected - room;
    }
    if (tolerance.direction == -1) {
        return found <= expected + room;
    }
    return fabs(found - expected) <= room;
}

/* A number where one was expected; "inf" and "-inf" are the ends of what has none. */
static bool same(const struct case_item *item, struct json_value expected,
                 struct tolerance tolerance, struct fail *fail)
{
    enum json_type type = json_type_of(expected);
    if (type == JSON_NULL) {
        return true;
    }
    if (type == JSON_STRING) {
        struct str word = json_string(expected);
        if (item->number) {
            return (str_is(word, "inf") && item->value == HUGE_VAL) ||
                   (str_is(word, "-inf") && item->value == -HUGE_VAL) ||
                   fail_set(fail, FAIL_INPUT, "found %.12g, expected %.*s", item->value,
                            STR_ARG(word));
        }
        return str_equal(item->word, word) ||
               fail_set(fail, FAIL_INPUT, "found %.*s, expected %.*s", STR_ARG(item->word),
                        STR_ARG(word));
    }
    if (!item->number) {
        return fail_set(fail, FAIL_INPUT, "found the word %.*s, expected %s", STR_ARG(item->word),
                        json_type_name(type));
    }
    double number = type == JSON_BOOL ? json_bool(expected) : json_double(expected);
    return near(item->value, number, tolerance) ||
           fail_set(fail, FAIL_INPUT, "found %.12g, expected %.12g", item->value, number);
}

static bool walk(const struct case_result *result, size_t *at, struct json_value expected,
                 struct tolerance tolerance, struct fail *fail)
{
    struct json_value inner;
    if (json_type_of(expected) == JSON_ARRAY) {
        for (struct json_iter it = json_iter_of(expected); json_next(&it, NULL, &inner);) {
            if (!walk(result, at, inner, tolerance, fail)) {
                return false;
            }
        }
        return true;
    }
    if (json_type_of(expected) == JSON_OBJECT) {
        return fail_set(fail, FAIL_INPUT, "an object is expected, which no method here gives");
    }
    if (*at >= result->count) {
        return fail_set(fail, FAIL_INPUT, "only %zu values found", result->count);
    }
    size_t place = (*at)++;
    return same(&result->items[place], expected, tolerance, fail) ||
           (result->count > 1 && fail_at(fail, "[%zu]", place));
}

static bool compare_key(const struct stats_case *c, struct json_value one, struct str key,
                        struct json_value expected, struct fail *fail)
{
    struct tolerance tolerance = tolerance_of(one, key);
    if (tolerance.direction == 2) {
        return true;
    }
    for (size_t r = 0; r < c->result_count; r++) {
        if (str_is(key, c->results[r].key)) {
            size_t at = 0;
            if (!walk(&c->results[r], &at, expected, tolerance, fail)) {
                return fail_at(fail, "%.*s", STR_ARG(key));
            }
            return at == c->results[r].count ||
                   fail_set(fail, FAIL_INPUT, "%.*s: found %zu values, expected %zu", STR_ARG(key),
                            c->results[r].count, at);
        }
    }
    return fail_set(fail, FAIL_INPUT, "%.*s: not found", STR_ARG(key));
}

/* ---- cases ---------------------------------------------------------------------------------------- */

static const struct case_method *method_of(struct str name)
{
    const struct case_method *const lists[] = {case_methods_dist,    case_methods_score,
                                               case_methods_compare, case_methods_survey,
                                               case_methods_model,   case_methods_property};
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        for (const struct case_method *method = lists[l]; method->name != NULL; method++) {
            if (str_is(name, method->name)) {
                return method;
            }
        }
    }
    return NULL;
}

static bool run_case(struct stats_case *c, const struct case_method *method, struct json_value one,
                     struct fail *fail)
{
    struct json_value expected, value;
    struct str key;
    if (!case_member(one, "inputs", &c->inputs, fail) ||
        !case_member(one, "expected", &expected, fail) || !method->run(c, fail)) {
        return false;
    }
    if (json_type_of(expected) != JSON_OBJECT || json_count(expected) == 0) {
        return fail_set(fail, FAIL_INPUT, "nothing is expected of it");
    }
    for (struct json_iter it = json_iter_of(expected); json_next(&it, &key, &value);) {
        if (!compare_key(c, one, key, value, fail)) {
            return false;
        }
    }
    return true;
}

static void skip(struct tally *tally, struct str name)
{
    tally->skipped++;
    for (size_t i = 0; i < tally->unknown_count; i++) {
        if (str_equal(tally->unknown[i].name, name)) {
            tally->unknown[i].cases++;
            return;
        }
    }
    if (tally->unknown_count < UNKNOWN_MAX) {
        tally->unknown[tally->unknown_count++] = (struct unknown){name, 1};
    }
}

static struct str word_of(struct json_value one, struct str key)
{
    struct json_value value;
    return json_member(one, key, &value) && json_type_of(value) == JSON_STRING ? json_string(value)
                                                                               : STR("(none)");
}

static bool run_cases(struct json_value root, struct tally *tally, struct fail *fail)
{
    struct json_value cases, one;
    if (!str_is(word_of(root, STR("format")), "stats-cases/1")) {
        return fail_set(fail, FAIL_INPUT, "\"format\" is not \"stats-cases/1\"");
    }
    if (!case_member(root, "cases", &cases, fail)) {
        return false;
    }
    if (json_type_of(cases) != JSON_ARRAY) {
        return fail_set(fail, FAIL_INPUT, "\"cases\" is no array");
    }
    for (struct json_iter it = json_iter_of(cases); json_next(&it, NULL, &one);) {
        struct str name = word_of(one, STR("method"));
        const struct case_method *method = method_of(name);
        if (method == NULL) {
            skip(tally, name);
            continue;
        }
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct stats_case c = {.arena = arena};
        struct fail why;
        if (run_case(&c, method, one, &why)) {
            tally->passed++;
        } else {
            tally->failed++;
            printf("FAILED %.*s (%.*s): %s\n", STR_ARG(word_of(one, STR("id"))), STR_ARG(name),
                   why.message);
        }
    }
    return true;
}

static bool read_file(const char *path, struct base_buf *into, struct fail *fail)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return fail_set(fail, FAIL_IO, "cannot be opened");
    }
    char chunk[65536];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        base_buf_bytes(into, chunk, got);
    }
    bool bad = ferror(file) != 0;
    if (fclose(file) != 0 || bad) {
        return fail_set(fail, FAIL_IO, "cannot be read");
    }
    return base_buf_ok(into, fail);
}

/* The names of unknown methods view the parsed text: they are told while it stands. */
static bool run_file(const char *path, struct tally *total, struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf text = {.limit = FILE_BYTES_MAX};
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value root;
    static struct tally tally;
    tally = (struct tally){.passed = 0};
    if (!read_file(path, &text, fail) || !json_parse(parser, base_buf_view(&text), &root, fail) ||
        !run_cases(root, &tally, fail)) {
        return false;
    }
    for (size_t i = 0; i < tally.unknown_count; i++) {
        printf("skipped: %.*s (no such method here; cases: %zu)\n", STR_ARG(tally.unknown[i].name),
               tally.unknown[i].cases);
    }
    total->passed += tally.passed;
    total->failed += tally.failed;
    total->skipped += tally.skipped;
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: stats_cases FILE...   (files of the form \"stats-cases/1\")\n");
        return 2;
    }
    static struct tally total;
    for (int i = 1; i < argc; i++) {
        struct fail fail;
        if (!run_file(argv[i], &total, &fail)) {
            fprintf(stderr, "stats_cases: %s: %s\n", argv[i], fail.message);
            return 2;
        }
    }
    if (total.skipped > 0) {
        printf("%zu skipped\n", total.skipped);
    }
    printf("%zu passed, %zu failed\n", total.passed, total.failed);
    return total.failed > 0 ? 1 : 0;
}
