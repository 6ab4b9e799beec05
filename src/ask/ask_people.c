/* A segment's customers, a page of the query `customers` at a time; and how many a survey would reach. */
#include "ask_links.h"
#include "ask_results.h"
#include "stats_score.h"

#define MEMORY_BYTES ((size_t)256 << 20)
#define SAMPLE_MOST 1000 /* customers whose rules are looked at one by one */
#define ASKED_LEAST 30   /* before the survey's own rate of answers is believed */
#define GUESS_LOW 0.05   /* of those asked; till then */
#define GUESS_HIGH 0.30

static void question_of(const struct ask_people *people, size_t limit, struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, "customers");
    if (people->segment.data != NULL) {
        json_name_c(w, "segment");
        json_write_raw(w, people->segment);
    }
    json_name_c(w, "sort");
    json_write_c(w, "id");
    json_name_c(w, "limit");
    json_write_uint(w, limit);
    if (people->cursor.data != NULL) {
        json_name_c(w, "cursor");
        json_write_str(w, people->cursor);
    }
    json_end_object(w);
}

static bool read_page(struct ask_people *people, struct str answer, struct arena *arena,
                      struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, list, value, id;
    if (!json_parse(parser, answer, &root, fail)) {
        return false;
    }
    people->count = 0;
    people->over = true;
    if (json_member(root, STR("total"), &value) && json_type_of(value) == JSON_INT) {
        people->total = json_int(value);
    }
    if (json_member(root, STR("cursor"), &value) && json_type_of(value) == JSON_STRING) {
        people->cursor = str_copy(arena, json_string(value));
        people->over = false;
    }
    if (!json_member(root, STR("customers"), &list)) {
        return true;
    }
    people->ids = arena_array(arena, json_count(list), sizeof *people->ids, fail);
    if (people->ids == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        if (json_member(value, STR("id"), &id) && json_type_of(id) == JSON_STRING) {
            people->ids[people->count++] = str_copy(arena, json_string(id));
        }
    }
    return true;
}

bool ask_people_next(struct ask_people *people, size_t limit, struct arena *arena,
                     struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf text = {.limit = QUERY_BYTES_MAX};
    CLEANUP(base_buf_done) struct base_buf answer = {.limit = (size_t)64 << 20};
    struct json_writer w = {.out = &text};
    struct query_env env;
    struct query_plan *plan;
    struct ask *ask = people->ask;
    question_of(people, limit, &w);
    if (!base_buf_ok(&text, fail) || !ask->env.query_env(ask->env.context, &env, fail) ||
        !query_parse(&env, base_buf_view(&text), arena, &plan, fail)) {
        return false;
    }
    struct query_run run = {.snapshot = store_snapshot_take(ask->store),
                            .cancel = people->cancel,
                            .memory_bytes = MEMORY_BYTES};
    bool good = query_backend_run(ask->engine, plan, &run, &answer, fail) &&
                read_page(people, base_buf_view(&answer), arena, fail);
    store_snapshot_unref(run.snapshot);
    return good;
}

/* ---- the audience -------------------------------------------------------------------------------------------- */

/* Which share of those asked will answer: as it was so far, with its uncertainty. */
struct rate {
    uint64_t asked, answered;
    bool known;
    double low, high;
};

static bool count_rate(void *context, uint32_t customer, const struct ask_gathered *response,
                       struct fail *fail)
{
    struct rate *rate = context;
    (void)customer;
    (void)fail;
    rate->asked += response->asked ? 1 : 0;
    rate->answered += response->asked && response->started ? 1 : 0;
    return true;
}

static bool rate_of(struct ask *ask, struct str survey, struct store_snapshot *snapshot,
                    struct base_cancel *cancel, struct arena *arena, struct rate *out,
                    struct fail *fail)
{
    struct ask_filter filter = {.survey = survey};
    struct ask_gathering gathering = {.ask = ask,
                                      .filter = &filter,
                                      .cancel = cancel,
                                      .snapshot = snapshot,
                                      .context = out,
                                      .response = count_rate};
    struct stats_interval interval = {GUESS_LOW, GUESS_HIGH};
    *out = (struct rate){.asked = 0};
    if (!ask_gather(&gathering, arena, fail)) {
        return false;
    }
    out->known = out->asked >= ASKED_LEAST;
    if (out->known && !stats_share_wilson(out->answered, out->asked, 0.95, &interval, fail)) {
        return false;
    }
    out->low = interval.low;
    out->high = interval.high;
    return true;
}

struct audience {
    int64_t looked_at, moment, asked_before, sampled_out, by_policy, reached;
};

static bool look_at(struct ask *ask, const struct ask_candidate *candidate, struct str id,
                    struct store_snapshot *snapshot, struct arena *arena, struct audience *audience,
                    struct fail *fail)
{
    struct ask_asker asker = {.look = true, .way = ASK_WAY_WIDGET};
    struct ask_verdicts verdicts;
    uint32_t customer;
    bool allowed = false;
    struct str reason;
    store_customer_lookup(snapshot, id, &customer);
    if (customer == STORE_NO_CUSTOMER) {
        return true;
    }
    audience->looked_at++;
    if (store_customer_known(snapshot, customer)) {
        asker.user = id;
    } else {
        asker.anonymous = id;
    }
    if (!ask_judge(ask, candidate, &asker, snapshot, customer, true, arena, &verdicts, fail)) {
        return false;
    }
    audience->moment += verdicts.passed[ASK_RULE_WHEN] ? 1 : 0;
    if (!verdicts.passed[ASK_RULE_BEFORE] || verdicts.resume) {
        audience->asked_before++;
        return true;
    }
    if (!verdicts.passed[ASK_RULE_SAMPLE]) {
        audience->sampled_out++;
        return true;
    }
    if (!ask_contact_make(ask, candidate, &asker, STR("r_look"), arena, &allowed, &reason, fail)) {
        return false;
    }
    audience->by_policy += allowed ? 0 : 1;
    audience->reached += allowed ? 1 : 0;
    return true;
}

/* Of the sample, scaled to all. */
static void write_scaled(struct json_writer *w, const char *name, int64_t n,
                         const struct audience *audience, int64_t total)
{
    json_name_c(w, name);
    json_write_int(w,
                   audience->looked_at == 0
                       ? 0
                       : (int64_t)((double)n / (double)audience->looked_at * (double)total + 0.5));
}

static void write_audience(struct json_writer *w, struct str survey, int64_t now_ms,
                           const struct audience *audience, const struct rate *rate, int64_t total)
{
    double reached = audience->looked_at == 0
                         ? 0.0
                         : (double)audience->reached / (double)audience->looked_at * (double)total;
    json_begin_object(w);
    json_name_c(w, "survey");
    json_write_str(w, survey);
    json_name_c(w, "as_of");
    json_write_instant(w, now_ms);
    json_name_c(w, "segment");
    json_write_int(w, total);
    write_scaled(w, "at_the_moment", audience->moment, audience, total);
    write_scaled(w, "asked_before", audience->asked_before, audience, total);
    write_scaled(w, "sampled_out", audience->sampled_out, audience, total);
    write_scaled(w, "spared_by_policy", audience->by_policy, audience, total);
    write_scaled(w, "would_be_asked", audience->reached, audience, total);
    json_name_c(w, "answers_expected");
    json_begin_object(w);
    json_name_c(w, "low");
    json_write_int(w, (int64_t)(reached * rate->low));
    json_name_c(w, "high");
    json_write_int(w, (int64_t)(reached * rate->high + 0.5));
    json_name_c(w, "guess");
    json_write_bool(w, !rate->known);
    json_end_object(w);
    json_name_c(w, "looked_at");
    json_write_int(w, audience->looked_at);
    json_name_c(w, "estimated");
    json_write_bool(w, audience->looked_at < total);
    json_end_object(w);
}

bool ask_audience(struct ask *ask, struct str survey, struct base_cancel *cancel,
                  struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct query_env env;
    struct state_survey row;
    struct ask_survey parsed;
    struct audience audience = {0};
    struct rate rate;
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_find(ask->state, survey, arena, &row, fail)) {
        return false;
    }
    struct str definition = row.draft.data != NULL ? row.draft : row.definition;
    if (!ask_survey_parse_text(arena, definition, &env, &parsed, fail)) {
        return false;
    }
    struct ask_people people = {.ask = ask, .segment = parsed.whom, .cancel = cancel};
    if (!ask_people_next(&people, SAMPLE_MOST, arena, fail)) {
        return false;
    }
    struct ask_candidate candidate = {&row, &parsed, ask_wave_at(&parsed, env.now_ms)};
    struct store_snapshot *snapshot = store_snapshot_take(ask->store);
    bool good = rate_of(ask, survey, snapshot, cancel, arena, &rate, fail);
    for (size_t i = 0; good && i < people.count; i++) {
        good = (cancel == NULL || !base_cancel_due(cancel, fail)) &&
               look_at(ask, &candidate, people.ids[i], snapshot, arena, &audience, fail);
    }
    store_snapshot_unref(snapshot);
    if (good) {
        write_audience(w, survey, env.now_ms, &audience, &rate, people.total);
    }
    return good;
}
