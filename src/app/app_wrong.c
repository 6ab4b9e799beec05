/* What went wrong for a customer: their moments, marked for the rules of friction, and what these find. */
#include "app_experience.h"

#define FOUND_MAX 1000
#define TEXT_SHOWN_BYTES 400

/* An answer is a contact that took place and asked nothing of the customer, or a case that was closed. */
static bool is_answer(const struct query_moment *moment)
{
    if (str_is(moment->event, "contacted")) {
        return !str_is(app_lived_text(moment, APP_EXPERIENCE_OUTCOME), "skipped") &&
               !str_is(app_lived_text(moment, APP_EXPERIENCE_PURPOSE), "survey");
    }
    return str_is(moment->event, "case closed");
}

static bool expects_answer(const struct friction_form *form, struct str channel)
{
    for (size_t i = 0; i < form->channel_count; i++) {
        if (str_equal(form->channels[i], channel)) {
            return true;
        }
    }
    return false;
}

static uint32_t marks_of(const struct app_experience *rules, const struct query_moment *moment)
{
    bool words = moment->values[APP_EXPERIENCE_TEXT].count > 0;
    bool scored = moment->values[APP_EXPERIENCE_SCORE].count > 0;
    bool own = !store_event_is_bookkeeping(moment->event) && !str_is(moment->event, "consent");
    uint32_t is = own ? FRICTION_IS_OWN : 0U;
    for (size_t i = 0; i < rules->failure_count; i++) {
        is |= app_lived_fits(moment, rules->failures_at + (int)i) ? FRICTION_IS_FAILURE : 0U;
    }
    is |= app_lived_fits(moment, rules->begin_at) ? FRICTION_IS_BEGIN : 0U;
    is |= app_lived_fits(moment, rules->done_at) ? FRICTION_IS_DONE : 0U;
    is |= words || scored ? FRICTION_IS_WORDS : 0U;
    if (own && words &&
        expects_answer(&rules->form, app_lived_text(moment, APP_EXPERIENCE_CHANNEL))) {
        is |= FRICTION_IS_REQUEST;
    }
    return is | (is_answer(moment) ? FRICTION_IS_ANSWER : 0U);
}

static struct friction_moment *mark(const struct app_lived *lived, struct fail *fail)
{
    struct friction_moment *out = arena_array(lived->arena, lived->count, sizeof *out, fail);
    for (size_t i = 0; out != NULL && i < lived->count; i++) {
        const struct query_moment *moment = &lived->moments[i];
        struct store_value score = app_lived_value(moment, APP_EXPERIENCE_SCORE);
        bool scored = store_value_is_number(score);
        out[i] = (struct friction_moment){
            .ts_ms = moment->ts_ms,
            .event = moment->event,
            .is = marks_of(&lived->rules, moment),
            .scale = scored ? app_lived_text(moment, APP_EXPERIENCE_SCALE) : (struct str){NULL, 0},
            .score = scored ? store_value_number(score) : 0,
        };
    }
    return out;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

struct telling {
    const struct app_lived *lived;
    const struct friction_moment *marked;
    const struct friction_found *found;
    size_t count;
    struct arena *arena;
};

/* The beginning of a text, whole characters. */
static struct str beginning(struct str text)
{
    size_t end = 0;
    bool valid;
    while (end < text.len) {
        size_t step = str_utf8_step(str_after(text, end), &valid);
        if (end + step > TEXT_SHOWN_BYTES) {
            break;
        }
        end += step;
    }
    return text.data == NULL ? text : str_of(text.data, end);
}

static bool is_guess(const struct app_experience *rules, enum friction_kind kind)
{
    return (kind == FRICTION_FAILED && rules->failures_guessed) ||
           (kind == FRICTION_ABANDONED && (rules->begin_guessed || rules->done_guessed)) ||
           (kind == FRICTION_REPEATED && rules->done_guessed);
}

static void write_found(struct json_writer *w, const struct telling *t,
                        const struct friction_found *found)
{
    const struct query_moment *at = &t->lived->moments[found->at];
    const struct query_moment *first = &t->lived->moments[found->first];
    bool guessed = is_guess(&t->lived->rules, found->kind);
    struct str why = friction_why(&t->lived->rules.form.rules, found, t->marked, guessed, t->arena);
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, friction_kind_name(found->kind));
    app_write_place(w, "place", at->ts_ms, at->arrival);
    app_write_instant(w, "ts", at->ts_ms);
    json_name_c(w, "event");
    json_write_str(w, at->event);
    app_write_text(w, "channel", app_lived_text(at, APP_EXPERIENCE_CHANNEL));
    app_write_text(w, "text", beginning(app_lived_text(at, APP_EXPERIENCE_TEXT)));
    json_name_c(w, "score");
    store_json_value(w, app_lived_value(at, APP_EXPERIENCE_SCORE));
    app_write_text(w, "scale", app_lived_text(at, APP_EXPERIENCE_SCALE));
    json_name_c(w, "times");
    json_write_uint(w, found->times);
    app_write_instant(w, "since", first->ts_ms);
    json_name_c(w, "ms");
    if (found->ms > 0) {
        json_write_int(w, found->ms);
    } else {
        json_write_null(w);
    }
    if (found->answer != SIZE_MAX) {
        const struct query_moment *answer = &t->lived->moments[found->answer];
        app_write_place(w, "answer", answer->ts_ms, answer->arrival);
    } else {
        app_write_text(w, "answer", (struct str){NULL, 0});
    }
    json_name_c(w, "guessed");
    json_write_bool(w, guessed);
    json_name_c(w, "why");
    json_write_str(w, why);
    json_end_object(w);
}

static void write_counts(struct json_writer *w, const struct telling *t)
{
    uint64_t counts[FRICTION_KINDS] = {0};
    for (size_t i = 0; i < t->count; i++) {
        counts[t->found[i].kind]++;
    }
    json_name_c(w, "counts");
    json_begin_object(w);
    for (int kind = 0; kind < FRICTION_KINDS; kind++) {
        json_name_c(w, friction_kind_name((enum friction_kind)kind));
        json_write_uint(w, counts[kind]);
    }
    json_end_object(w);
}

static void write_all(struct json_writer *w, const struct telling *t, int64_t limit)
{
    json_begin_object(w);
    json_name_c(w, "customer");
    json_write_str(w, store_customer_id(t->lived->snapshot, t->lived->customer, t->arena));
    json_name_c(w, "as_of");
    json_write_instant(w, t->lived->env.now_ms);
    json_name_c(w, "total");
    json_write_uint(w, t->count);
    write_counts(w, t);
    json_name_c(w, "found");
    json_begin_array(w);
    for (size_t i = t->count; i-- > 0 && limit > 0; limit--) {
        write_found(w, t, &t->found[i]);
    }
    json_end_array(w);
    json_end_object(w);
}

bool app_op_customer_wrong(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"id", "limit", NULL};
    struct str id;
    int64_t limit;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_int(input, "limit", 1, FOUND_MAX, 100, &limit, fail)) {
        return false;
    }
    struct app_lived lived CLEANUP(app_lived_done);
    if (!app_lived_read(app, caller, id, &lived, fail)) {
        return false;
    }
    struct friction_found *found;
    size_t count;
    struct friction_moment *marked = mark(&lived, fail);
    if (marked == NULL || !friction_find(&lived.rules.form.rules, marked, lived.count,
                                         lived.env.now_ms, lived.arena, &found, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    struct telling telling = {&lived, marked, found, count, arena};
    write_all(&w, &telling, limit);
    return base_buf_ok(out, fail);
}
