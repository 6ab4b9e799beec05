#include "app_demo.h"

#include "app_demo_life.h"
#include "app_demo_voice.h"

#define DEMO_BATCH 8000

struct demo_run {
    struct demo_sink sink; /* first: a sink is its run */
    struct app_link *link;
    struct store_item items[DEMO_BATCH];
    size_t count;
    uint64_t events;
};

static bool flush(struct demo_run *run, struct fail *fail)
{
    if (run->count > 0 && !app_link_take(run->link, run->items, run->count, fail)) {
        return false;
    }
    for (size_t i = 0; i < run->count; i++) {
        if (run->items[i].verdict != STORE_STORED) {
            return fail_set(fail, FAIL_INTERNAL, "an event of the demo was %s: %.*s",
                            store_verdict_name(run->items[i].verdict),
                            STR_ARG(run->items[i].reason));
        }
    }
    run->events += run->count;
    run->count = 0;
    arena_reset(run->sink.arena);
    return true;
}

static bool emit(struct demo_sink *sink, const struct store_item *item, struct fail *fail)
{
    struct demo_run *run = (struct demo_run *)sink;
    run->items[run->count++] = *item;
    /* Fields of the last item are still being used by nobody: flushing here is safe. */
    return run->count < DEMO_BATCH || flush(run, fail);
}

/* A demo in a directory with real customers would be hard to tell from them. */
static bool is_empty(struct app_link *link, struct fail *fail)
{
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, events;
    if (!app_link_call(link, STR("status"), STR("{}"), &answer, fail) ||
        !json_parse(parser, base_buf_view(&answer), &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("events"), &events));
    if (json_int(events) > 0) {
        return fail_set(fail, FAIL_CONFLICT,
                        "the directory holds %lld events already; choose an empty one with --data",
                        (long long)json_int(events));
    }
    return true;
}

static bool prepare(struct app_link *link, struct fail *fail)
{
    static const struct {
        const char *name, *channel;
    } sources[] = {{"web", "web"},    {"app", "app"}, {"store", "store"},
                   {"support", NULL}, {"shop", NULL}, {"surveys", NULL}};
    struct base_buf ignored CLEANUP(base_buf_done) = {0};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        struct base_buf input CLEANUP(base_buf_done) = {0};
        base_buf_printf(&input, "{\"name\":\"%s\"", sources[i].name);
        if (sources[i].channel != NULL) {
            base_buf_printf(&input, ",\"default_channel\":\"%s\"", sources[i].channel);
        }
        base_buf_byte(&input, '}');
        if (!app_link_call(link, STR("source.save"), base_buf_view(&input), &ignored, fail)) {
            return false;
        }
    }
    return app_link_call(link, STR("settings.save"),
                         STR("{\"organisation\":\"Tindra Outdoor\",\"timezone\":\"Europe/Oslo\"}"),
                         &ignored, fail);
}

static bool publish(struct app_link *link, struct fail *fail)
{
    for (size_t i = 0; i < DEMO_SURVEYS; i++) {
        struct base_buf ignored CLEANUP(base_buf_done) = {0};
        struct base_buf save CLEANUP(base_buf_done) = {0};
        struct base_buf open CLEANUP(base_buf_done) = {0};
        base_buf_printf(&save, "{\"id\":\"%s\",\"definition\":%s}", demo_surveys[i].id,
                        demo_surveys[i].definition);
        base_buf_printf(&open, "{\"id\":\"%s\"}", demo_surveys[i].id);
        if (!app_link_call(link, STR("survey.save"), base_buf_view(&save), &ignored, fail) ||
            !app_link_call(link, STR("survey.publish"), base_buf_view(&open), &ignored, fail)) {
            return false;
        }
    }
    return true;
}

bool app_demo_fill(struct app_link *link, const struct app_demo_options *options,
                   struct app_demo_result *out, struct fail *fail)
{
    if (!is_empty(link, fail) || !prepare(link, fail) || !publish(link, fail)) {
        return false;
    }
    struct demo_run *run = base_alloc_zero(sizeof *run);
    run->sink = (struct demo_sink){.arena = arena_new(NULL), .emit = emit};
    run->link = link;
    struct demo_span span = {
        .first_day = options->until_day - options->days + 1,
        .last_day = options->until_day,
        .end_ms = options->end_ms != 0 ? options->end_ms : (options->until_day + 1) * 86400000,
    };
    bool good = true;
    for (uint64_t i = 0; good && i < (uint64_t)options->customers; i++) {
        good = demo_live(options->seed, i + 1, &span, &run->sink, fail);
        if (good && i % 100 == 0 && options->progress != NULL &&
            !options->progress(options->context, i, run->events)) {
            good = fail_set(fail, FAIL_CANCELLED, "stopped; the directory holds half a demo");
        }
    }
    good = good && flush(run, fail);
    struct base_buf ignored CLEANUP(base_buf_done) = {0};
    good = good && app_link_call(link, STR("seal"), STR("{}"), &ignored, fail);
    out->events = run->events;
    arena_free(run->sink.arena);
    base_free(run);
    return good;
}
