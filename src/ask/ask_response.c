#include "ask_response.h"

#define DUE_AT_ONCE 500
#define PENDING_MS                                                                                 \
    ((int64_t)60 * 1000) /* a part under way is left to whoever writes it for so long */
#define NUMBERS_TRIED_MAX 20

struct str ask_response_mint(struct ask *ask, struct arena *arena)
{
    struct str random = base_random_token(ask->random, arena, 18);
    return str_format(arena, "r_%.*s", STR_ARG(random));
}

/* ---- taking answers -------------------------------------------------------------------------------- */

bool ask_answers_parse(const struct ask_survey *survey, struct json_value object,
                       const struct query_path *at, struct arena *arena, struct ask_answer *answers,
                       struct fail *fail)
{
    struct str name;
    struct json_value value;
    if (json_type_of(object) != JSON_OBJECT) {
        return query_refuse(at, fail, "expected an object from question to answer, not %s",
                            json_type_name(json_type_of(object)));
    }
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &value);) {
        struct query_path place = {.up = at, .name = name};
        uint32_t question = ask_question_find(survey, name);
        if (question == UINT32_MAX) {
            return query_refuse(&place, fail, "this version of the survey has no such question");
        }
        if (!ask_answer_read(&survey->questions[question], value, &place, arena, &answers[question],
                             fail)) {
            return false;
        }
    }
    return true;
}

bool ask_answers_read(struct ask *ask, const struct ask_survey *survey, struct str response,
                      struct arena *arena, struct ask_answer **out, struct fail *fail)
{
    struct state_answer *rows;
    size_t count;
    struct ask_answer *answers = arena_array(arena, survey->question_count, sizeof *answers, fail);
    if (answers == NULL ||
        !state_response_answers(ask->state, response, arena, &rows, &count, fail)) {
        return false;
    }
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    for (size_t i = 0; i < count; i++) {
        uint32_t question = ask_question_find(survey, rows[i].question);
        struct json_value value;
        if (question == UINT32_MAX) {
            continue; /* of another version: a response keeps its own, so there is none */
        }
        if (!json_parse(parser, rows[i].value, &value, fail) ||
            !ask_answer_read(&survey->questions[question], value, NULL, arena, &answers[question],
                             fail)) {
            return false;
        }
    }
    *out = answers;
    return true;
}

static bool rows_of(const struct ask_survey *survey, const struct ask_take *take,
                    struct arena *arena, struct state_answer **out, size_t *out_count,
                    struct fail *fail)
{
    struct state_answer *rows = arena_array(arena, survey->question_count, sizeof *rows, fail);
    size_t count = 0;
    if (rows == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < survey->question_count; i++) {
        if (!take->answers[i].seen) {
            continue;
        }
        CLEANUP(base_buf_done) struct base_buf text = {.limit = (size_t)1 << 20};
        struct json_writer w = {.out = &text};
        ask_answer_write(&survey->questions[i], &take->answers[i], &w);
        if (!base_buf_ok(&text, fail)) {
            return false;
        }
        rows[count++] = (struct state_answer){
            .question = survey->questions[i].id,
            .value = str_copy(arena, base_buf_view(&text)),
            .seq = take->seq,
        };
    }
    *out = rows;
    *out_count = count;
    return true;
}

bool ask_take(struct ask *ask, const struct ask_survey *survey, const struct ask_take *take,
              struct arena *arena, struct ask_taken *out, struct fail *fail)
{
    struct state_answer *rows;
    struct ask_answer *all;
    size_t count;
    bool changed = false, ended = false;
    int64_t now_ms = base_now_ms(ask->clock);
    if (!rows_of(survey, take, arena, &rows, &count, fail) ||
        !state_response_answer(ask->state, take->response, rows, count, false, now_ms, &changed,
                               fail) ||
        !ask_answers_read(ask, survey, take->response, arena, &all, fail)) {
        return false;
    }
    uint32_t next = ask_walk(survey, all, take->finished, NULL, NULL);
    bool whole = take->finished && next == survey->question_count;
    if (whole &&
        !state_response_answer(ask->state, take->response, NULL, 0, true, now_ms, &ended, fail)) {
        return false;
    }
    *out = (struct ask_taken){.next = next, .finished = whole, .changed = changed || ended};
    /* Also on a retry of what was taken: its first try may have been cut off before the events were written. */
    return !whole || ask_settle(ask, take->response, fail);
}

/* ---- settling ---------------------------------------------------------------------------------------- */

struct submitted {
    bool known; /* the first was stored before */
    bool
        refused; /* the organisation's rules take no such event: that was counted, and trying again would count it again */
};

static bool submit(struct ask *ask, struct store_item *items, size_t count, struct submitted *out,
                   struct fail *fail)
{
    *out = (struct submitted){false};
    if (count > 0 && !ask->env.submit(ask->env.context, items, count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].verdict == STORE_QUARANTINED) {
            return fail_set(fail, FAIL_INTERNAL, "an answer was %s: %.*s",
                            store_verdict_name(items[i].verdict), STR_ARG(items[i].reason));
        }
        out->refused = out->refused || items[i].verdict == STORE_REFUSED;
    }
    out->known = count > 0 && items[0].verdict == STORE_DUPLICATE;
    return true;
}

/* The main event is known already. Of this part, which a crash cut off, or of one whose row is long gone? Then the
   part gets another number. */
static bool is_told(struct ask *ask, const struct state_response *response, struct state_part *part,
                    struct ask_telling *telling, bool *out, struct fail *fail)
{
    struct ask_remembered remembered;
    if (!ask_remember_response(ask, response, part->at_ms, &remembered, fail)) {
        return false;
    }
    *out = remembered.this_one;
    telling->forgotten = !remembered.any;
    return *out || state_part_renumber(ask->state, part->response, part->part, &part->part, fail);
}

/* The main event alone at first: nothing else of the part may be stored under ids of another. */
static bool submit_part(struct ask *ask, const struct ask_survey *survey,
                        const struct state_response *response, struct state_part *part,
                        struct arena *arena, struct fail *fail)
{
    struct ask_telling telling = {
        .survey = survey, .response = response, .part = part, .now_ms = base_now_ms(ask->clock)};
    struct store_item *items = NULL;
    size_t count = 0;
    for (int tries = 0; tries < NUMBERS_TRIED_MAX; tries++) {
        struct submitted main;
        bool told = true;
        if (!ask_events_of(&telling, arena, &items, &count, fail) ||
            !submit(ask, items, 1, &main, fail) ||
            (main.known && !is_told(ask, response, part, &telling, &told, fail))) {
            return false;
        }
        if (main.refused) {
            return true;
        }
        if (told) {
            return submit(ask, items + 1, count - 1, &main, fail);
        }
    }
    return fail_set(fail, FAIL_BUSY, "the first %d numbers of a response's parts are taken",
                    NUMBERS_TRIED_MAX); /* the job goes on from the next */
}

static bool write_part(struct ask *ask, struct state_part *part, struct arena *arena,
                       struct fail *fail)
{
    struct state_response response;
    struct ask_survey survey;
    struct query_env env;
    bool found = false;
    return state_response_find(ask->state, part->response, arena, &response, &found, fail) &&
           (found || fail_set(fail, FAIL_ABSENT, "there is no such response")) &&
           ask->env.query_env(ask->env.context, &env, fail) &&
           ask_library_version(ask->state, &env, response.survey, response.version, arena, &survey,
                               fail) &&
           submit_part(ask, &survey, &response, part, arena, fail) &&
           state_part_done(ask->state, part->response, part->part, fail);
}

bool ask_settle(struct ask *ask, struct str response, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_part part;
    bool closed = false;
    return state_response_close(ask->state, response, arena, &part, &closed, fail) &&
           (!closed || write_part(ask, &part, arena, fail));
}

/* One that fails holds up no other: the first failure is told at the end. */
static void note_failure(bool *failed, const struct fail *why, struct fail *fail)
{
    if (!*failed) {
        *fail = *why;
    }
    *failed = true;
}

static bool settle_pending(struct ask *ask, int64_t before_ms, int64_t *settled,
                           struct base_cancel *cancel, struct fail *fail)
{
    size_t count = DUE_AT_ONCE;
    bool failed = false;
    while (count == DUE_AT_ONCE && !failed) {
        struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
        struct state_part *parts;
        struct fail why;
        if (!state_parts_pending(ask->state, before_ms, DUE_AT_ONCE, arena, &parts, &count, fail)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (cancel != NULL && base_cancel_due(cancel, fail)) {
                return false;
            }
            if (write_part(ask, &parts[i], arena, &why)) {
                (*settled)++;
            } else {
                note_failure(&failed, &why, fail);
            }
        }
    }
    return !failed;
}

static bool settle_silent(struct ask *ask, int64_t now_ms, int64_t *settled,
                          struct base_cancel *cancel, struct fail *fail)
{
    size_t count = DUE_AT_ONCE;
    bool failed = false;
    while (count == DUE_AT_ONCE && !failed) {
        struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
        struct str *ids;
        struct fail why;
        if (!state_responses_due(ask->state, now_ms - ASK_SILENT_MS, DUE_AT_ONCE, arena, &ids,
                                 &count, fail)) {
            return false;
        }
        int64_t before = *settled;
        for (size_t i = 0; i < count; i++) {
            if (cancel != NULL && base_cancel_due(cancel, fail)) {
                return false;
            }
            if (ask_settle(ask, ids[i], &why)) {
                (*settled)++;
            } else {
                note_failure(&failed, &why, fail);
            }
        }
        if (*settled == before) {
            break;
        }
    }
    return !failed;
}

bool ask_settle_due(struct ask *ask, struct base_cancel *cancel, int64_t *out_settled,
                    struct fail *fail)
{
    int64_t now_ms = base_now_ms(ask->clock), pruned = 0;
    *out_settled = 0;
    struct fail later;
    bool good = settle_pending(ask, now_ms - PENDING_MS, out_settled, cancel, fail);
    if (!settle_silent(ask, now_ms, out_settled, cancel, good ? fail : &later)) {
        good = false;
    }
    return good && state_responses_prune(ask->state, now_ms - ASK_FORGET_MS, &pruned, fail);
}

bool ask_recover(struct ask *ask, struct fail *fail)
{
    int64_t settled = 0;
    return settle_pending(ask, INT64_MAX, &settled, NULL, fail);
}

/* ---- shown --------------------------------------------------------------------------------------------- */

bool ask_show(struct ask *ask, const struct ask_survey *survey,
              const struct state_response *response, int64_t at_ms, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct store_field fields[ASK_FIELDS_MAX];
    struct store_identifier identifiers[2];
    if (response->shown_ms != 0 || str_is(response->status, "suspect") ||
        str_is(response->status, "discarded")) {
        return true;
    }
    int64_t now_ms = base_now_ms(ask->clock);
    struct store_item item = {
        .event = {.source = STR(ASK_SOURCE),
                  .message_id = str_format(arena, "%.*s/shown", STR_ARG(response->id)),
                  .event = STR("survey shown"),
                  .ts_ms = at_ms < now_ms ? at_ms : now_ms,
                  .received_at_ms = now_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .channel = str_is(response->way, "widget") ? STR("web") : STR("survey"),
                  .properties = fields,
                  .property_count = ask_fields_of(survey, response, fields),
                  .identifiers = identifiers,
                  .identifier_count = ask_identifiers_of(response, identifiers)},
        .verdict = STORE_STORED,
        .from_import = true,
    };
    struct submitted shown;
    return submit(ask, &item, 1, &shown, fail) &&
           state_response_shown(ask->state, response->id, item.event.ts_ms, fail);
}
