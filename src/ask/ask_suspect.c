/* Suspects: kept apart with their reasons, looked at by people, released or discarded. */
#include "ask_links.h"

static bool write_suspect(struct ask *ask, const struct state_response *row, struct arena *arena,
                          struct json_writer *w, struct fail *fail)
{
    struct state_answer *answers;
    size_t count;
    struct str reasons = row->reasons, reason;
    if (!state_response_answers(ask->state, row->id, arena, &answers, &count, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "response");
    json_write_str(w, row->id);
    json_name_c(w, "at");
    json_write_instant(w, row->created_ms);
    json_name_c(w, "version");
    json_write_int(w, row->version);
    json_name_c(w, "way");
    json_write_str(w, row->way);
    json_name_c(w, "language");
    json_write_str(w, row->language);
    json_name_c(w, "finished");
    json_write_bool(w, row->finished_ms != 0);
    json_name_c(w, "reasons");
    json_begin_array(w);
    while (reasons.data != NULL && str_next_part(&reasons, '\n', &reason)) {
        if (reason.len > 0) {
            json_write_str(w, reason);
        }
    }
    json_end_array(w);
    json_name_c(w, "answers");
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        json_name(w, answers[i].question);
        json_write_raw(w, answers[i].value);
    }
    json_end_object(w);
    json_end_object(w);
    return true;
}

bool ask_suspects(struct ask *ask, struct str survey, struct str cursor, size_t limit,
                  struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct state_survey row;
    struct state_response *rows;
    size_t count;
    int64_t total;
    if (!ask_library_find(ask->state, survey, arena, &row, fail) ||
        !state_responses_list(ask->state, survey, "suspect", cursor, limit, arena, &rows, &count,
                              &total, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "total");
    json_write_int(w, total);
    json_name_c(w, "suspects");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        if (!write_suspect(ask, &rows[i], arena, w, fail)) {
            return false;
        }
    }
    json_end_array(w);
    json_name_c(w, "cursor");
    if (count == limit) {
        json_write_str(w, rows[count - 1].id);
    } else {
        json_write_null(w);
    }
    json_end_object(w);
    return true;
}

static bool find(struct ask *ask, struct str survey, struct str response, struct arena *arena,
                 struct state_response *out, struct fail *fail)
{
    bool found = false;
    if (!state_response_find(ask->state, response, arena, out, &found, fail)) {
        return false;
    }
    return (found && str_equal(out->survey, survey)) ||
           fail_set(fail, FAIL_ABSENT, "this survey has no such response");
}

bool ask_suspect_release(struct ask *ask, struct str survey, struct str response,
                         struct arena *arena, struct fail *fail)
{
    struct state_response row;
    struct ask_survey parsed;
    struct query_env env;
    if (!find(ask, survey, response, arena, &row, fail) ||
        !ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_version(ask->state, &env, row.survey, row.version, arena, &parsed, fail) ||
        !state_response_set_status(ask->state, response, "suspect", "open", fail)) {
        return false;
    }
    row.status = STR("open");
    return ask_show(ask, &parsed, &row, row.created_ms, fail) && ask_settle(ask, response, fail);
}

bool ask_suspect_discard(struct ask *ask, struct str survey, struct str response,
                         struct arena *arena, struct fail *fail)
{
    struct state_response row;
    struct store_item item = {
        .event = {.source = STR(ASK_SOURCE), .received_at_ms = base_now_ms(ask->clock)},
        .verdict = STORE_REFUSED,
        .reason = STR("a suspect answer to a survey, discarded by a person"),
    };
    return find(ask, survey, response, arena, &row, fail) &&
           state_response_set_status(ask->state, response, "suspect", "discarded", fail) &&
           ask->env.submit(ask->env.context, &item, 1, fail) &&
           state_response_forget(ask->state, response, fail);
}
