/* ask_test.h — what tests of surveys share: an environment for definitions, parsing with its pointer. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ask_check.h"

static inline bool test_segment_find(void *context, struct str name, struct arena *arena,
                                     struct str *out, bool *out_found, struct fail *fail)
{
    (void)context;
    (void)arena;
    (void)fail;
    *out_found = str_is(name, "pro");
    *out = STR("{\"trait\":[\"plan\",\"=\",\"pro\"]}");
    return true;
}

static inline bool test_segment_names(void *context, struct arena *arena, struct str **out,
                                      size_t *out_count, struct fail *fail)
{
    (void)context;
    (void)fail;
    struct str *name = arena_small(arena, sizeof *name);
    *name = STR("pro");
    *out = name;
    *out_count = 1;
    return true;
}

static inline struct query_env test_env(void)
{
    const struct zone *zone = NULL;
    struct fail fail;
    assert_true(zone_find(STR("UTC"), &zone, &fail));
    return (struct query_env){.zone = zone,
                              .now_ms = 1780000000000,
                              .segment_find = test_segment_find,
                              .segment_names = test_segment_names};
}

static inline bool parse_survey(struct arena *arena, const char *text, struct ask_survey *out,
                                struct fail *fail)
{
    struct query_env env = test_env();
    *fail = (struct fail){0};
    return ask_survey_parse_text(arena, str_from_c(text), &env, out, fail);
}
