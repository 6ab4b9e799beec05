/* Facts about people and groups, and what went wrong on a page. */
#include "intake_posthog_event.h"

static bool expect_object(struct intake_draft *draft, struct json_value value,
                          const struct intake_path *at)
{
    return json_type_of(value) == JSON_OBJECT ||
           intake_judge(draft, intake_path_pointer(draft->arena, at),
                        "expected an object, found %s", json_type_name(json_type_of(value)));
}

static bool take_facts(struct intake_draft *draft, bool has, struct json_value value,
                       const char *pointer, struct intake_fields *fields)
{
    struct intake_path at = {.name = str_from_c(pointer)};
    return !has || (expect_object(draft, value, &at) &&
                    intake_flatten_members(draft, fields, STR(""), value, &at));
}

/* A list of names; each goes, with everything below it. */
static bool take_unset(struct intake_draft *draft, struct json_value list)
{
    struct intake_path root = {.name = STR("/properties/$unset")};
    struct intake_path at = {.up = &root};
    struct json_value name;
    struct str kept;
    if (json_type_of(list) != JSON_ARRAY) {
        return intake_judge(draft, root.name, "expected an array of names, found %s",
                            json_type_name(json_type_of(list)));
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &name); at.index++) {
        if (json_type_of(name) != JSON_STRING || json_string(name).len == 0 ||
            json_string(name).len > STORE_NAME_BYTES_MAX) {
            return intake_judge(draft, intake_path_pointer(draft->arena, &at),
                                "expected the name of a person's property, 1 to %d bytes",
                                STORE_NAME_BYTES_MAX);
        }
        if (!intake_keep(draft, json_string(name), &kept) ||
            !intake_add_field(draft, &draft->decoder->traits, kept,
                              (struct store_value){.kind = STORE_NULL}, &at)) {
            return false;
        }
    }
    return true;
}

/* What is set outright in the same event needs no first value. */
static void drop_what_is_set(struct intake_decoder *decoder)
{
    size_t kept = 0;
    for (size_t i = 0; i < decoder->once.count; i++) {
        bool set = false;
        for (size_t j = 0; j < decoder->traits.count && !set; j++) {
            set = str_equal(decoder->once.data[i].name, decoder->traits.data[j].name) &&
                  decoder->traits.data[j].value.kind != STORE_NULL;
        }
        if (!set) {
            decoder->once.data[kept++] = decoder->once.data[i];
        }
    }
    decoder->once.count = kept;
}

bool intake_posthog_person(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct intake_decoder *decoder = draft->decoder;
    if (!take_facts(draft, event->has[POSTHOG_SET], event->value[POSTHOG_SET], "/properties/$set",
                    &decoder->traits) ||
        !take_facts(draft, event->top_has[POSTHOG_TOP_SET], event->top[POSTHOG_TOP_SET], "/$set",
                    &decoder->traits) ||
        (event->has[POSTHOG_UNSET] && !take_unset(draft, event->value[POSTHOG_UNSET])) ||
        !take_facts(draft, event->has[POSTHOG_SET_ONCE], event->value[POSTHOG_SET_ONCE],
                    "/properties/$set_once", &decoder->once) ||
        !take_facts(draft, event->top_has[POSTHOG_TOP_SET_ONCE], event->top[POSTHOG_TOP_SET_ONCE],
                    "/$set_once", &decoder->once)) {
        return false;
    }
    drop_what_is_set(decoder);
    return true;
}

bool intake_posthog_group_facts(struct intake_draft *draft,
                                const struct intake_posthog_event *event)
{
    return take_facts(draft, event->has[POSTHOG_GROUP_SET], event->value[POSTHOG_GROUP_SET],
                      "/properties/$group_set", &draft->decoder->properties);
}

/* ---- exceptions ----------------------------------------------------------------------------------- */

/* Where it happened, not the source around it: that is the same for everybody, and large. */
static bool take_frame(struct intake_draft *draft, struct json_value frame,
                       const struct intake_path *up)
{
    static const struct {
        const char *member;
        const char *name;
    } kept[] = {
        {"filename", "$exception_list.frames.filename"},
        {"function", "$exception_list.frames.function"},
        {"lineno", "$exception_list.frames.lineno"},
        {"in_app", "$exception_list.frames.in_app"},
    };
    struct json_value value;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct intake_path at = {.up = up, .name = str_from_c(kept[i].member)};
        if (json_member(frame, at.name, &value) &&
            !intake_flatten_value(draft, &draft->decoder->properties, str_from_c(kept[i].name),
                                  value, &at)) {
            return false;
        }
    }
    return true;
}

static bool take_stack(struct intake_draft *draft, struct json_value stack,
                       const struct intake_path *up, size_t *frames_left)
{
    struct intake_path at_stack = {.up = up, .name = STR("stacktrace")};
    struct intake_path at_frames = {.up = &at_stack, .name = STR("frames")};
    struct intake_path at = {.up = &at_frames};
    struct json_value frames, frame;
    if (!json_member(stack, STR("frames"), &frames) || json_type_of(frames) != JSON_ARRAY) {
        return true;
    }
    for (struct json_iter it = json_iter_of(frames);
         *frames_left > 0 && json_next(&it, NULL, &frame); at.index++) {
        (*frames_left)--;
        if (!take_frame(draft, frame, &at)) {
            return false;
        }
    }
    return true;
}

static bool take_exception(struct intake_draft *draft, struct json_value exception,
                           const struct intake_path *up, size_t *frames_left)
{
    static const struct {
        const char *member;
        const char *name;
    } kept[] = {
        {"type", "$exception_list.type"},
        {"value", "$exception_list.value"},
        {"mechanism", "$exception_list.mechanism"},
    };
    struct json_value value;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct intake_path at = {.up = up, .name = str_from_c(kept[i].member)};
        if (json_member(exception, at.name, &value) &&
            !intake_flatten_value(draft, &draft->decoder->properties, str_from_c(kept[i].name),
                                  value, &at)) {
            return false;
        }
    }
    return !json_member(exception, STR("stacktrace"), &value) ||
           take_stack(draft, value, up, frames_left);
}

bool intake_posthog_exception(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct intake_path root = {.name = STR("/properties/$exception_list")};
    struct intake_path at = {.up = &root};
    struct json_value exception;
    size_t frames_left = INTAKE_POSTHOG_FRAMES_MAX;
    if (!event->has[POSTHOG_EXCEPTIONS]) {
        return true;
    }
    if (json_type_of(event->value[POSTHOG_EXCEPTIONS]) != JSON_ARRAY) {
        return intake_judge(draft, root.name, "expected an array, found %s",
                            json_type_name(json_type_of(event->value[POSTHOG_EXCEPTIONS])));
    }
    for (struct json_iter it = json_iter_of(event->value[POSTHOG_EXCEPTIONS]);
         json_next(&it, NULL, &exception); at.index++) {
        if (!take_exception(draft, exception, &at, &frames_left)) {
            return false;
        }
    }
    return true;
}
