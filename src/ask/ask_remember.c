/* What the timeline knows of responses whose rows are gone. One walk over the feedback of one customer: seldom, where a
 * row is missing or an id is taken. */
#include "ask_response.h"

#include "store_scan.h"

#define WALK_BYTES ((size_t)64 << 20)

static const struct store_value *value_of(const struct store_event *event, const char *name)
{
    for (size_t i = 0; i < event->property_count; i++) {
        if (str_is(event->properties[i].name, name)) {
            return &event->properties[i].value;
        }
    }
    return NULL;
}

static bool has_text(const struct store_event *event, const char *name, struct str text)
{
    const struct store_value *value = value_of(event, name);
    return value != NULL && value->kind == STORE_STRING &&
           str_equal(store_value_text(*value), text);
}

typedef void each_fn(void *context, const struct store_event *event);

static bool walk_feedback(struct store_snapshot *snapshot, uint32_t customer, each_fn *each,
                          void *context, struct fail *fail)
{
    uint32_t feedback = store_event_code(snapshot, STR("feedback"));
    if (feedback == STORE_NO_CODE || customer == STORE_NO_CUSTOMER) {
        return true;
    }
    struct store_walk_options options = {.events = &feedback,
                                         .event_count = 1,
                                         .source = STR(ASK_SOURCE),
                                         .customers = &customer,
                                         .customer_count = 1};
    struct base_budget *budget = base_budget_new(WALK_BYTES);
    struct store_walk *walk = NULL;
    const struct store_walk_row *rows;
    size_t count = 1;
    bool good = store_walk_new(snapshot, &options, budget, &walk, fail);
    while (good && count > 0) {
        good = store_walk_next(walk, &rows, &count, fail);
        for (size_t i = 0; good && i < count; i++) {
            each(context, &rows[i].row.event);
        }
    }
    store_walk_free(walk);
    base_budget_free(budget);
    return good;
}

struct looking {
    struct str response; /* or a survey and wave: */
    struct str survey;
    int64_t wave, at_ms;
    struct ask_remembered found;
    bool finished;
};

static void look_for_response(void *context, const struct store_event *event)
{
    struct looking *looking = context;
    if (has_text(event, "response", looking->response)) {
        looking->found.any = true;
        looking->found.this_one = looking->found.this_one || event->ts_ms == looking->at_ms;
    }
}

static void look_for_end(void *context, const struct store_event *event)
{
    struct looking *looking = context;
    const struct store_value *wave = value_of(event, "wave");
    const struct store_value *finished = value_of(event, "finished");
    looking->finished =
        looking->finished || (has_text(event, "survey", looking->survey) && wave != NULL &&
                              wave->kind == STORE_INT && wave->i == looking->wave &&
                              finished != NULL && finished->kind == STORE_BOOL && finished->b);
}

bool ask_remember_response(struct ask *ask, const struct state_response *response, int64_t at_ms,
                           struct ask_remembered *out, struct fail *fail)
{
    struct store_identifier identifiers[2];
    struct looking looking = {.response = response->id, .at_ms = at_ms};
    uint32_t customer = STORE_NO_CUSTOMER;
    size_t count = ask_identifiers_of(response, identifiers);
    struct store_snapshot *snapshot = store_snapshot_take(ask->store);
    for (size_t i = 0; i < count && customer == STORE_NO_CUSTOMER; i++) {
        store_customer_find(snapshot, identifiers[i], &customer);
    }
    bool good = walk_feedback(snapshot, customer, look_for_response, &looking, fail);
    store_snapshot_unref(snapshot);
    *out = looking.found;
    return good;
}

bool ask_remember_finished(struct store_snapshot *snapshot, uint32_t customer, struct str survey,
                           int64_t wave, bool *out, struct fail *fail)
{
    struct looking looking = {.survey = survey, .wave = wave};
    bool good = walk_feedback(snapshot, customer, look_for_end, &looking, fail);
    *out = looking.finished;
    return good;
}

/* ---- as segments ------------------------------------------------------------------------------------------------ */

static void write_condition(struct json_writer *w, const char *name, struct str text)
{
    json_begin_array(w);
    json_write_c(w, name);
    json_write_c(w, "=");
    json_write_str(w, text);
    json_end_array(w);
}

static void begin_did(struct json_writer *w, const char *event, struct str survey, int64_t wave)
{
    json_begin_object(w);
    json_name_c(w, "did");
    json_begin_object(w);
    json_name_c(w, "event");
    json_write_c(w, event);
    json_name_c(w, "where");
    json_begin_array(w);
    write_condition(w, "survey", survey);
    json_begin_array(w);
    json_write_c(w, "wave");
    json_write_c(w, "=");
    json_write_int(w, wave);
    json_end_array(w);
}

static void end_did(struct json_writer *w, const char *within)
{
    json_end_array(w);
    json_end_object(w);
    if (within != NULL) {
        json_name_c(w, "within");
        json_write_c(w, within);
    }
    json_end_object(w);
}

void ask_remember_contact(struct str survey, int64_t wave, struct str response,
                          struct json_writer *w)
{
    begin_did(w, "contacted", survey, wave);
    write_condition(w, "outcome", STR("allowed"));
    write_condition(w, "response", response);
    end_did(w, "5m");
}

void ask_remember_asked(struct str survey, int64_t wave, struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "any");
    json_begin_array(w);
    begin_did(w, "contacted", survey, wave);
    write_condition(w, "outcome", STR("allowed"));
    end_did(w, NULL);
    begin_did(w, "feedback", survey, wave);
    end_did(w, NULL);
    json_end_array(w);
    json_end_object(w);
}
