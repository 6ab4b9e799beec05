#include "ask_world.h"

#include <stdatomic.h>
#include <sys/stat.h>

struct fail world_failed;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s at %s", #call, world_failed.message, world_failed.pointer);           \
        }                                                                                          \
    } while (0)

static bool query_env_of(void *context, struct query_env *out, struct fail *fail)
{
    struct world *world = context;
    (void)fail;
    *out = (struct query_env){
        .zone = zone_utc(), .now_ms = base_now_ms(&world->kit.clock.clock), .context = world};
    return true;
}

static bool submit(void *context, struct store_item *items, size_t count, struct fail *fail)
{
    struct world *world = context;
    bool due = world->fault_later == 0 || --world->fault_later < 0;
    enum world_fault fault = due ? atomic_exchange(&world->fault, WORLD_NO_FAULT) : WORLD_NO_FAULT;
    if (fault == WORLD_FAILS_BEFORE) {
        return fail_set(fail, FAIL_IO, "as ordered");
    }
    for (size_t i = 0; i < count && fault == WORLD_REFUSES; i++) {
        items[i].verdict = STORE_REFUSED;
        items[i].reason = STR("as ordered");
    }
    if (!store_submit(world->kit.store, items, count, fail)) {
        return false;
    }
    return fault != WORLD_FAILS_AFTER || fail_set(fail, FAIL_IO, "as ordered");
}

static bool contact(void *context, const struct ask_contact *wanted, struct arena *arena,
                    bool *out_allowed, struct str *out_reason, struct fail *fail)
{
    struct world *world = context;
    (void)arena;
    *out_allowed = world->policy == NULL;
    *out_reason = str_from_c(world->policy == NULL ? "allowed" : world->policy);
    if (wanted->look || !*out_allowed) {
        return true;
    }
    struct store_field fields[32];
    memcpy(fields, wanted->fields, wanted->field_count * sizeof *fields);
    fields[wanted->field_count] =
        (struct store_field){STR("outcome"), store_value_str(STR("allowed"))};
    struct store_item item = {
        .event = {.source = STR("contact-policy"),
                  .message_id = wanted->message_id,
                  .event = STR("contacted"),
                  .ts_ms = base_now_ms(&world->kit.clock.clock),
                  .received_at_ms = base_now_ms(&world->kit.clock.clock),
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .properties = fields,
                  .property_count = wanted->field_count + 1,
                  .identifiers = wanted->identifiers,
                  .identifier_count = wanted->identifier_count},
        .verdict = STORE_STORED,
    };
    world->contacts++;
    return store_submit(world->kit.store, &item, 1, fail);
}

static bool pass_over(void *context, const struct ask_contact *wanted, struct str reason,
                      struct fail *fail)
{
    struct world *world = context;
    (void)wanted;
    (void)fail;
    world->skips++;
    snprintf(world->skipped, sizeof world->skipped, "%.*s", STR_ARG(reason));
    return true;
}

static void open_all(struct world *world)
{
    struct state_options state_options = {.clock = &world->kit.clock.clock};
    OK(state_open(world->directory, &state_options, &world->state, &world_failed));
    struct ask_options options = {
        .store = world->kit.store,
        .state = world->state,
        .engine = world->engine,
        .clock = &world->kit.clock.clock,
        .random = &world->random.random,
        .env = {world, query_env_of, submit, contact, pass_over},
    };
    OK(ask_new(&options, &world->ask, &world_failed));
}

void world_init(struct world *world)
{
    *world = (struct world){.arena = arena_new(NULL)};
    struct stat status;
    /* Syncs of a disk are not what is tested here. */
    if (getenv("TMPDIR") == NULL && stat("/dev/shm", &status) == 0) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    assert_true(scratch_make(world->directory));
    kit_init(&world->kit);
    kit_open(&world->kit);
    base_random_seed(&world->random, 11);
    OK(base_pool_new(1, &world->pool, &world_failed));
    world->engine = query_engine_new(world->pool);
    open_all(world);
}

static void close_all(struct world *world)
{
    ask_free(world->ask);
    state_close(world->state);
}

void world_done(struct world *world)
{
    close_all(world);
    query_backend_free(world->engine);
    base_pool_free(world->pool);
    kit_done(&world->kit);
    assert_true(scratch_remove(world->directory));
    arena_free(world->arena);
}

void world_restart(struct world *world)
{
    close_all(world);
    world->fault = WORLD_NO_FAULT;
    kit_reopen(&world->kit);
    open_all(world);
    OK(ask_recover(world->ask, &world_failed));
}

void world_step(struct world *world, int64_t by_ms)
{
    base_clock_test_step(&world->kit.clock, by_ms);
}

void world_settle(struct world *world)
{
    int64_t settled;
    struct fail fail;
    if (!ask_settle_due(world->ask, NULL, &settled, &fail)) {
        assert_int_equal(fail.code, FAIL_IO);
    }
}

void world_publish(struct world *world, const char *id, const char *definition)
{
    struct query_env env;
    struct json_value root;
    struct json_parser *parser = json_parser_new();
    struct base_buf out = {0};
    struct json_writer w = {.out = &out};
    struct str saved;
    OK(query_env_of(world, &env, &world_failed));
    OK(json_parse(parser, str_from_c(definition), &root, &world_failed));
    OK(ask_library_save(world->state, &env, str_from_c(id), root, false, STR("test"), world->arena,
                        &w, &saved, &world_failed));
    base_buf_reset(&out);
    w = (struct json_writer){.out = &out};
    OK(ask_library_publish(world->state, &env, str_from_c(id), STR("test"), world->arena, &w,
                           &world_failed));
    base_buf_done(&out);
    json_parser_free(parser);
}

void world_did(struct world *world, const char *user, const char *event)
{
    char ids[200];
    snprintf(ids, sizeof ids, "user=%s", user);
    assert_int_equal(kit_send(&world->kit, "web", NULL, event, ids), STORE_STORED);
}

static const char *text_of(struct world *world, struct base_buf *out)
{
    const char *text = str_copy_c(world->arena, base_buf_view(out));
    base_buf_done(out);
    return text;
}

enum fail_code world_next(struct world *world, const char *user, const char *event,
                          const char **out)
{
    struct ask_asker asker = {
        .user = str_from_c(user), .way = ASK_WAY_WIDGET, .event = str_from_c(event)};
    struct base_buf text = {0};
    struct json_writer w = {.out = &text};
    world_failed = (struct fail){0};
    if (!ask_next(world->ask, &asker, world->arena, &w, &world_failed)) {
        base_buf_done(&text);
        return world_failed.code;
    }
    *out = text_of(world, &text);
    return FAIL_NONE;
}

enum fail_code world_answer(struct world *world, const char *response, const char *token,
                            int64_t seq, const char *answers, bool finished, const char **out)
{
    struct ask_reply reply = {.response = str_from_c(response),
                              .token = str_from_c(token),
                              .seq = seq,
                              .finished = finished};
    struct json_parser *parser = json_parser_new();
    struct base_buf text = {0};
    struct json_writer w = {.out = &text};
    if (answers != NULL) {
        OK(json_parse(parser, str_from_c(answers), &reply.answers, &world_failed));
        reply.has_answers = true;
    }
    world_failed = (struct fail){0};
    bool good = ask_widget_answer(world->ask, &reply, world->arena, &w, &world_failed);
    json_parser_free(parser);
    if (!good) {
        base_buf_done(&text);
        return world_failed.code;
    }
    const char *answered = text_of(world, &text);
    if (out != NULL) {
        *out = answered;
    }
    return FAIL_NONE;
}

const char *world_member(struct world *world, const char *json, const char *name)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, value;
    const char *found = NULL;
    OK(json_parse(parser, str_from_c(json), &root, &world_failed));
    if (json_member(root, str_from_c(name), &value) && json_type_of(value) == JSON_STRING) {
        found = str_copy_c(world->arena, json_string(value));
    }
    json_parser_free(parser);
    return found;
}

struct store_timeline_row *world_feedback(struct world *world, const char *user, size_t *out_count)
{
    struct store_snapshot *snapshot = store_snapshot_take(world->kit.store);
    struct store_timeline_options options = {.limit = 0};
    struct store_timeline_row *rows;
    uint32_t customer;
    size_t count, kept = 0;
    store_customer_lookup(snapshot, str_from_c(user), &customer);
    *out_count = 0;
    if (customer == STORE_NO_CUSTOMER) {
        store_snapshot_unref(snapshot);
        return NULL;
    }
    OK(store_timeline_read(snapshot, customer, &options, world->arena, &rows, &count,
                           &world_failed));
    for (size_t i = 0; i < count; i++) {
        if (str_is(rows[i].event.event, "feedback")) {
            rows[kept++] = rows[i];
        }
    }
    store_snapshot_unref(snapshot);
    *out_count = kept;
    return rows;
}

const char *world_property(struct world *world, const struct store_event *event, const char *name)
{
    for (size_t i = 0; i < event->property_count; i++) {
        if (!str_is(event->properties[i].name, name)) {
            continue;
        }
        struct store_value value = event->properties[i].value;
        char digits[BASE_DOUBLE_CHARS + 1] = {0};
        if (value.kind == STORE_STRING) {
            return str_copy_c(world->arena, store_value_text(value));
        }
        if (value.kind == STORE_BOOL) {
            return value.b ? "true" : "false";
        }
        digits[base_format_double(store_value_number(value), digits)] = '\0';
        return str_copy_c(world->arena, str_from_c(digits));
    }
    return NULL;
}
