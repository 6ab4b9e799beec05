/* Questions that arrive: whatever the bytes, a plan or a refusal with a pointer into them, and no more. */
#include "app_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Saved segments: one good, one broken, two that hold each other. */
static bool segment_find(void *context, struct str name, struct arena *arena, struct str *out_json,
                         bool *out_found, struct fail *fail)
{
    (void)context;
    (void)arena;
    (void)fail;
    static const struct {
        const char *name, *json;
    } saved[] = {
        {"buyers", "{\"did\":{\"event\":\"Buy\"},\"times\":[\">=\",2],\"within\":\"30d\"}"},
        {"broken", "{\"did\":"},
        {"a", "{\"not\":{\"in\":\"b\"}}"},
        {"b", "{\"any\":[{\"in\":\"buyers\"},{\"in\":\"a\"}]}"},
    };
    *out_found = false;
    for (size_t i = 0; i < ARRAY_LEN(saved); i++) {
        if (str_is(name, saved[i].name)) {
            *out_json = str_from_c(saved[i].json);
            *out_found = true;
        }
    }
    return true;
}

static bool segment_names(void *context, struct arena *arena, struct str **out, size_t *out_count,
                          struct fail *fail)
{
    (void)context;
    *out = arena_array(arena, 2, sizeof **out, fail);
    if (*out == NULL) {
        return false;
    }
    (*out)[0] = STR("buyers");
    (*out)[1] = STR("broken");
    *out_count = 2;
    return true;
}

static bool internal(void *context, struct arena *arena, struct str *out_json, bool *out_found,
                     struct fail *fail)
{
    (void)context;
    (void)arena;
    (void)fail;
    *out_json = STR("{\"any\":[{\"did\":{\"event\":\"Insider\"}},{\"in\":\"buyers\"}]}");
    *out_found = true;
    return true;
}

static void check_fail(const struct fail *fail)
{
    INVARIANT(fail->code == FAIL_INPUT || fail->code == FAIL_LIMIT);
    INVARIANT(fail->pointer[0] == '\0' || fail->pointer[0] == '/');
    INVARIANT(fail->message[0] != '\0');
    INVARIANT(str_is_utf8(str_from_c(fail->message)) && str_is_utf8(str_from_c(fail->pointer)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query_env env = {.zone = zone_utc(),
                            .now_ms = INT64_C(1778846400000),
                            .text = app_text(),
                            .segment_find = segment_find,
                            .segment_names = segment_names,
                            .internal = internal};
    struct str text = str_of((const char *)data, size);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct fail fail;
    if (query_parse(&env, text, arena, &plan, &fail)) {
        INVARIANT(query_plan_kind(plan) != NULL);
    } else {
        check_fail(&fail);
    }
    if (!query_check_segment(&env, text, STR("own"), &fail)) {
        check_fail(&fail);
    }
    return 0;
}
