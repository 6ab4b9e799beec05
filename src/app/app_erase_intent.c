/* app_erase_intent.c — what has to be known to go on with an erasure after a crash, as JSON in state; and what the
   state's log still holds after it. */
#include "app_erase.h"

#include "base_log.h"

static void write_texts(struct json_writer *w, const char *name, const struct str *texts,
                        size_t count)
{
    json_name_c(w, name);
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_str(w, texts[i]);
    }
    json_end_array(w);
}

static const struct {
    const char *name;
    size_t at; /* of a uint64_t in struct store_gone */
} GONE[] = {
    {"gone_rows", offsetof(struct store_gone, rows)},
    {"gone_customers", offsetof(struct store_gone, customers)},
    {"gone_identifiers", offsetof(struct store_gone, identifiers)},
    {"gone_quarantined", offsetof(struct store_gone, quarantined)},
    {"gone_keys", offsetof(struct store_gone, keys)},
};

bool app_erase_intent_write(const struct app_erasure *erasure, struct base_buf *out,
                            struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    app_write_text(&w, "by", erasure->by);
    app_write_text(&w, "reason", erasure->reason);
    json_name_c(&w, "customers");
    json_begin_array(&w);
    for (size_t i = 0; i < erasure->customer_count; i++) {
        json_write_uint(&w, erasure->customers[i]);
    }
    json_end_array(&w);
    write_texts(&w, "identifiers", erasure->identifiers, erasure->identifier_count);
    write_texts(&w, "words", erasure->words, erasure->word_count);
    json_name_c(&w, "events");
    json_write_uint(&w, erasure->events);
    json_name_c(&w, "erased");
    json_write_bool(&w, erasure->erased);
    for (size_t i = 0; i < ARRAY_LEN(GONE); i++) {
        uint64_t n;
        memcpy(&n, (const char *)&erasure->gone + GONE[i].at, sizeof n);
        json_name_c(&w, GONE[i].name);
        json_write_uint(&w, n);
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool read_texts(struct json_value root, const char *name, struct arena *arena,
                       struct str **out, size_t *out_count, struct fail *fail)
{
    struct json_value list;
    struct json_value value;
    size_t count = 0;
    if (!json_member(root, str_from_c(name), &list) || json_type_of(list) != JSON_ARRAY) {
        return fail_set(fail, FAIL_CORRUPT, "an erasure that was begun is not what was written");
    }
    struct str *texts = arena_array(arena, json_count(list) + 1, sizeof *texts, fail);
    if (texts == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        if (json_type_of(value) != JSON_STRING) {
            return fail_set(fail, FAIL_CORRUPT,
                            "an erasure that was begun is not what was written");
        }
        texts[count++] = str_copy(arena, json_string(value));
    }
    *out = texts;
    *out_count = count;
    return true;
}

static struct str read_text(struct json_value root, const char *name, struct arena *arena)
{
    struct json_value value;
    return json_member(root, str_from_c(name), &value) && json_type_of(value) == JSON_STRING
               ? str_copy(arena, json_string(value))
               : (struct str){NULL, 0};
}

static uint64_t read_number(struct json_value root, const char *name)
{
    struct json_value value;
    return json_member(root, str_from_c(name), &value) && json_type_of(value) == JSON_INT &&
                   json_int(value) >= 0
               ? (uint64_t)json_int(value)
               : 0;
}

static bool read_customers(struct json_value root, struct arena *arena, struct app_erasure *out,
                           struct fail *fail)
{
    struct json_value list;
    struct json_value value;
    if (!json_member(root, STR("customers"), &list) || json_type_of(list) != JSON_ARRAY) {
        return fail_set(fail, FAIL_CORRUPT, "an erasure that was begun is not what was written");
    }
    out->customers = arena_array(arena, json_count(list) + 1, sizeof *out->customers, fail);
    if (out->customers == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        if (json_type_of(value) != JSON_INT || json_int(value) < 0 ||
            json_int(value) > UINT32_MAX) {
            return fail_set(fail, FAIL_CORRUPT,
                            "an erasure that was begun is not what was written");
        }
        out->customers[out->customer_count++] = (uint32_t)json_int(value);
    }
    return true;
}

bool app_erase_intent_read(const struct state_intent *intent, struct arena *arena,
                           struct app_erasure *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct json_value erased;
    *out = (struct app_erasure){.receipt = intent->receipt, .at_ms = intent->at_ms};
    if (!json_parse(parser, intent->detail, &root, fail) ||
        !read_customers(root, arena, out, fail) ||
        !read_texts(root, "identifiers", arena, &out->identifiers, &out->identifier_count, fail) ||
        !read_texts(root, "words", arena, &out->words, &out->word_count, fail)) {
        return false;
    }
    out->by = read_text(root, "by", arena);
    out->reason = read_text(root, "reason", arena);
    out->events = read_number(root, "events");
    out->erased = json_member(root, STR("erased"), &erased) && json_type_of(erased) == JSON_BOOL &&
                  json_bool(erased);
    for (size_t i = 0; i < ARRAY_LEN(GONE); i++) {
        uint64_t n = read_number(root, GONE[i].name);
        memcpy((char *)&out->gone + GONE[i].at, &n, sizeof n);
    }
    return true;
}

/* ---- what the state's log still holds -------------------------------------------------------------------------- */

bool app_scrub(struct app *app, struct fail *fail)
{
    bool emptied;
    if (!state_scrub(app->state, &emptied, fail)) {
        return false;
    }
    base_lock(&app->privacy_lock);
    app->scrub_due = !emptied;
    base_unlock(&app->privacy_lock);
    if (!emptied) {
        base_log(LOG_WARN, "state.log",
                 "the log of the state's changes is read from; it is emptied later", LOG_END);
    }
    return true;
}

bool app_scrub_again(struct app *app, struct fail *fail)
{
    base_lock(&app->privacy_lock);
    bool due = app->scrub_due;
    base_unlock(&app->privacy_lock);
    if (due && !app_scrub(app, fail)) {
        return false;
    }
    base_lock(&app->privacy_lock);
    due = app->scrub_due;
    base_unlock(&app->privacy_lock);
    return !due ||
           fail_set(fail, FAIL_BUSY,
                    "the log of the state's changes, in which who was erased may still lie, "
                    "is read from all the while");
}
