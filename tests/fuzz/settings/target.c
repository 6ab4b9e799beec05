/* What people set, as JSON: the first byte of an input chooses 's', what a source says of its events; anything else, what
 * counts as having gone wrong. */
#include "friction_form.h"
#include "intake_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fail(const struct fail *fail)
{
    INVARIANT(fail->code == FAIL_INPUT || fail->code == FAIL_LIMIT);
    INVARIANT(fail->pointer[0] == '/');
    INVARIANT(fail->message[0] != '\0' && str_is_utf8(str_from_c(fail->message)));
}

static void try_settings(struct json_value value)
{
    struct intake_settings settings;
    struct intake_mask *mask = NULL;
    struct fail fail = {0};
    if (!intake_settings_parse(value, &settings, &fail)) {
        check_fail(&fail);
        return;
    }
    INVARIANT(settings.pattern_count <= INTAKE_MASK_PATTERNS_MAX);
    INVARIANT(settings.mask_field_count <= INTAKE_MASK_FIELDS_MAX);
    INVARIANT(settings.origin_count <= INTAKE_ORIGINS_MAX);
    INVARIANT(settings.quota_minute <= INTAKE_QUOTA_MAX && settings.quota_day <= INTAKE_QUOTA_MAX);
    for (size_t i = 0; i < settings.origin_count; i++) {
        INVARIANT(settings.origins[i].len > 0);
    }
    if (!intake_settings_mask(&settings, &mask, &fail)) {
        check_fail(&fail);
        return;
    }
    intake_mask_free(mask);
}

static void try_wrong(struct json_value value, struct arena *arena)
{
    struct friction_form form;
    struct fail fail = {0};
    if (!friction_form_read(value, STR("/wrong"), arena, &form, &fail)) {
        check_fail(&fail);
        return;
    }
    INVARIANT(form.channel_count <= FRICTION_CHANNELS_MAX);
    INVARIANT(!form.has_failures || json_count(form.failures) <= FRICTION_FAILURES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value value;
    struct fail fail;
    if (size == 0 || !json_parse(parser, str_of((const char *)data + 1, size - 1), &value, &fail) ||
        json_type_of(value) != JSON_OBJECT) {
        return 0;
    }
    if (data[0] == 's') {
        try_settings(value);
    } else {
        try_wrong(value, arena);
    }
    return 0;
}
