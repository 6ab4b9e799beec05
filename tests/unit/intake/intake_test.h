/* intake_test.h — what the intake tests share: a decoder, an arena, a source, and looks into items.
 *
 * What: a fixture that each test sets up by hand.   Owner: test_done.   Threads: one.
 * Failure: cmocka's.   Limits/cost: none.   Units: *_ms UTC.
 * Example: struct fixture f; test_init(&f); ...; test_done(&f);   Not here: the tests.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake.h"

#define TEST_NOW_MS INT64_C(1777627800000) /* 2026-05-01T09:30:00Z */
#define TEST_NOW "2026-05-01T09:30:00Z"

struct fixture {
    struct intake_decoder *decoder;
    struct arena *arena;
    struct intake_limits limits;
    struct intake_source source;
    struct fail fail;
    struct intake_items got;
};

static inline void test_init(struct fixture *f)
{
    *f = (struct fixture){.decoder = intake_decoder_new(), .arena = arena_new(NULL)};
    f->source = (struct intake_source){
        .name = STR("shop"), .received_at_ms = TEST_NOW_MS, .limits = &f->limits};
}

static inline void test_done(struct fixture *f)
{
    intake_decoder_free(f->decoder);
    arena_free(f->arena);
}

static inline void assert_str(struct str found, const char *expected)
{
    if (expected == NULL) {
        assert_null(found.data);
        return;
    }
    if (found.data == NULL || !str_is(found, expected)) {
        print_error("expected \"%s\", found \"%.*s\"%s\n", expected, STR_ARG(found),
                    found.data == NULL ? " (missing)" : "");
        fail();
    }
}

static inline void assert_holds(struct str text, const char *part)
{
    if (str_find(text, str_from_c(part)) == text.len) {
        print_error("expected \"%s\" in \"%.*s\"\n", part, STR_ARG(text));
        fail();
    }
}

static inline void assert_fails(bool good, const struct fail *why, enum fail_code code,
                                const char *part)
{
    assert_false(good);
    if (why->code != code) {
        print_error("%s: %s\n", fail_code_name(why->code), why->message);
    }
    assert_int_equal(why->code, code);
    assert_holds(str_from_c(why->message), part);
}

/* "a=1 b="x" c=null" of a list of fields, in order: one look for a whole list. */
static inline struct str fields_text(struct arena *arena, const struct store_field *fields,
                                     size_t count)
{
    struct str text = STR("");
    for (size_t i = 0; i < count; i++) {
        struct store_value v = fields[i].value;
        struct str value = STR("?");
        switch ((enum store_kind)v.kind) {
        case STORE_NULL:
            value = STR("null");
            break;
        case STORE_BOOL:
            value = v.b ? STR("true") : STR("false");
            break;
        case STORE_INT:
            value = str_format(arena, "%lld", (long long)v.i);
            break;
        case STORE_UINT:
            value = str_format(arena, "%lluu", (unsigned long long)v.u);
            break;
        case STORE_DOUBLE:
            value = str_format(arena, "%.17gd", v.d);
            break;
        case STORE_STRING:
            value = str_format(arena, "'%.*s'", STR_ARG(store_value_text(v)));
            break;
        }
        text = str_format(arena, "%.*s%s%.*s=%.*s", STR_ARG(text), i == 0 ? "" : " ",
                          STR_ARG(fields[i].name), STR_ARG(value));
    }
    return text;
}

static inline struct str identifiers_text(struct arena *arena, const struct store_event *event)
{
    struct str text = STR("");
    for (size_t i = 0; i < event->identifier_count; i++) {
        text =
            str_format(arena, "%.*s%s%.*s:%.*s", STR_ARG(text), i == 0 ? "" : " ",
                       STR_ARG(event->identifiers[i].kind), STR_ARG(event->identifiers[i].value));
    }
    return text;
}

static inline void assert_stored(const struct store_item *item)
{
    if (item->verdict != STORE_STORED) {
        print_error("quarantined at %.*s: %.*s\n", STR_ARG(item->field), STR_ARG(item->reason));
    }
    assert_int_equal(item->verdict, STORE_STORED);
}

static inline void assert_kept_out(const struct store_item *item, const char *field,
                                   const char *reason)
{
    assert_int_equal(item->verdict, STORE_QUARANTINED);
    assert_str(item->field, field);
    assert_holds(item->reason, reason);
    assert_non_null(item->raw.data);
}
