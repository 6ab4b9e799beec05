/* Personal links: for named customers, for a segment, or for nobody known. */
#include "ask_links.h"

#include "access.h"

#define PAGE 500

struct making {
    struct ask *ask;
    const struct ask_links_wanted *wanted;
    struct base_cancel *cancel;
    struct ask_candidate candidate;
    struct store_snapshot *snapshot;
    struct arena *arena;
    struct json_writer *links;   /* of those made */
    struct json_writer *skipped; /* of those not */
    int64_t made, passed_over;
    int64_t now_ms;
};

static bool add_link(struct making *making, struct str customer, struct str response,
                     struct fail *fail)
{
    uint8_t digest[ACCESS_HASH_BYTES];
    struct str token = base_random_token(making->ask->random, making->arena, ASK_LINK_TOKEN_BYTES);
    access_hash(token, digest);
    struct state_survey_link link = {
        .survey = making->candidate.row->id,
        .customer = customer,
        .response = response,
        .token_hash = str_of((const char *)digest, sizeof digest),
        .once = making->wanted->once,
        .wave = making->candidate.wave,
        .created_ms = making->now_ms,
        .expires_ms = making->wanted->expires_ms,
    };
    if (!making->wanted->look && !state_survey_links_add(making->ask->state, &link, 1, fail)) {
        return false;
    }
    struct json_writer *w = making->links;
    making->made++;
    json_begin_object(w);
    json_name_c(w, "customer");
    if (customer.data == NULL) {
        json_write_null(w);
    } else {
        json_write_str(w, customer);
    }
    json_name_c(w, "path");
    json_write_str(w, making->wanted->look
                          ? STR("")
                          : str_format(making->arena, "/s/%.*s/%.*s",
                                       STR_ARG(making->candidate.row->id), STR_ARG(token)));
    json_name_c(w, "response");
    json_write_str(w, response);
    json_end_object(w);
    return true;
}

static void pass_over(struct making *making, struct str customer, struct str reason)
{
    struct json_writer *w = making->skipped;
    if (making->passed_over++ < ASK_LINKS_MAX) {
        json_begin_object(w);
        json_name_c(w, "customer");
        json_write_str(w, customer);
        json_name_c(w, "reason");
        json_write_str(w, reason);
        json_end_object(w);
    }
}

/* A named customer is asked whoever the survey is for; a segment of the survey's own is looked at rule by rule. */
static bool may_ask(struct making *making, const struct ask_asker *asker, uint32_t customer,
                    const char **out_reason, struct fail *fail)
{
    struct ask_verdicts verdicts;
    struct state_response there;
    bool found = false, finished = false, named = !making->wanted->by_segment;
    bool own = making->wanted->by_segment && making->wanted->segment.data == NULL;
    *out_reason = NULL;
    if (!ask_judge(making->ask, &making->candidate, asker, making->snapshot, customer, true,
                   making->arena, &verdicts, fail) ||
        !state_response_of(making->ask->state, making->candidate.row->id, making->candidate.wave,
                           asker->user, asker->anonymous, making->arena, &there, &found, fail) ||
        (!found && !ask_remember_finished(making->snapshot, customer, making->candidate.row->id,
                                          making->candidate.wave, &finished, fail))) {
        return false;
    }
    if (finished || (found && there.finished_ms != 0)) {
        *out_reason = "answered";
    } else if (own && !verdicts.passed[ASK_RULE_WHEN]) {
        *out_reason = "not-when";
    } else if (own && !verdicts.passed[ASK_RULE_SAMPLE]) {
        *out_reason = "sampled-out";
    } else if (!named && !verdicts.passed[ASK_RULE_BEFORE]) {
        *out_reason = "asked-already";
    }
    return true;
}

static bool make_for(struct making *making, struct str text, struct fail *fail)
{
    struct ask_asker asker = {
        .way = making->wanted->way, .look = making->wanted->look, .only_contact = true};
    struct str reason = {NULL, 0};
    const char *why = NULL;
    bool allowed = false;
    uint32_t customer;
    store_customer_lookup(making->snapshot, text, &customer);
    if (customer == STORE_NO_CUSTOMER || !store_customer_known(making->snapshot, customer)) {
        pass_over(making, text, STR("no-user-id")); /* there is nobody to write to */
        return true;
    }
    asker.user =
        str_copy(making->arena, store_customer_id(making->snapshot, customer, making->arena));
    if (!may_ask(making, &asker, customer, &why, fail)) {
        return false;
    }
    if (why != NULL) {
        pass_over(making, asker.user, str_from_c(why));
        return true;
    }
    struct str response =
        ask_response_id(making->ask, making->candidate.row->id, making->candidate.wave, asker.user,
                        (struct str){NULL, 0}, making->arena);
    if (!ask_contact_make(making->ask, &making->candidate, &asker, response, making->arena,
                          &allowed, &reason, fail)) {
        return false;
    }
    if (!allowed) {
        pass_over(making, asker.user, reason);
        return true;
    }
    return add_link(making, asker.user, response, fail);
}

static bool stopped(struct making *making, struct fail *fail)
{
    return making->cancel != NULL && base_cancel_due(making->cancel, fail);
}

static bool make_segment(struct making *making, struct fail *fail)
{
    struct str segment = making->wanted->segment.data != NULL ? making->wanted->segment
                                                              : making->candidate.survey->whom;
    struct ask_people people = {.ask = making->ask, .segment = segment, .cancel = making->cancel};
    while (!people.over && making->made < ASK_LINKS_MAX) {
        if (!ask_people_next(&people, PAGE, making->arena, fail)) {
            return false;
        }
        for (size_t i = 0; i < people.count && making->made < ASK_LINKS_MAX; i++) {
            if (stopped(making, fail) || !make_for(making, people.ids[i], fail)) {
                return false;
            }
        }
    }
    return true;
}

static bool make_all(struct making *making, struct fail *fail)
{
    const struct ask_links_wanted *wanted = making->wanted;
    if (wanted->by_segment && !make_segment(making, fail)) {
        return false;
    }
    for (size_t i = 0; i < wanted->customer_count; i++) {
        if (stopped(making, fail) || !make_for(making, wanted->customers[i], fail)) {
            return false;
        }
    }
    for (int64_t i = 0; i < wanted->anonymous; i++) {
        if (stopped(making, fail) ||
            !add_link(making, (struct str){NULL, 0}, ask_response_mint(making->ask, making->arena),
                      fail)) {
            return false;
        }
    }
    return true;
}

static bool may_make(const struct ask_candidate *candidate, enum ask_way way, struct fail *fail)
{
    if (!str_is(candidate->row->status, "live")) {
        return fail_set(fail, FAIL_CONFLICT, "\"%.*s\" is %.*s: publish it first",
                        STR_ARG(candidate->row->id), STR_ARG(candidate->row->status));
    }
    if ((candidate->survey->ways >> way & 1U) == 0) {
        return fail_set(fail, FAIL_CONFLICT, "\"%.*s\" is not asked by way of \"%s\"",
                        STR_ARG(candidate->row->id), ask_way_names[way]);
    }
    return candidate->wave > 0 || fail_set(fail, FAIL_CONFLICT, "no wave of \"%.*s\" is open now",
                                           STR_ARG(candidate->row->id));
}

bool ask_links_make(struct ask *ask, const struct ask_links_wanted *wanted,
                    struct base_cancel *cancel, struct arena *arena, struct json_writer *w,
                    struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf links = {.limit = (size_t)16 << 20};
    CLEANUP(base_buf_done) struct base_buf skipped = {.limit = (size_t)16 << 20};
    struct json_writer links_writer = {.out = &links}, skipped_writer = {.out = &skipped};
    struct query_env env;
    struct state_survey row;
    struct ask_survey survey;
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_find(ask->state, wanted->survey, arena, &row, fail) ||
        !ask_library_version(ask->state, &env, wanted->survey, 0, arena, &survey, fail)) {
        return false;
    }
    struct making making = {.ask = ask,
                            .wanted = wanted,
                            .cancel = cancel,
                            .candidate = {&row, &survey, ask_wave_at(&survey, env.now_ms)},
                            .arena = arena,
                            .links = &links_writer,
                            .skipped = &skipped_writer,
                            .now_ms = env.now_ms};
    if (!may_make(&making.candidate, wanted->way, fail)) {
        return false;
    }
    json_begin_array(&links_writer);
    json_begin_array(&skipped_writer);
    making.snapshot = store_snapshot_take(ask->store);
    bool good = make_all(&making, fail);
    store_snapshot_unref(making.snapshot);
    json_end_array(&links_writer);
    json_end_array(&skipped_writer);
    if (!good || !base_buf_ok(&links, fail) || !base_buf_ok(&skipped, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "made");
    json_write_int(w, making.made);
    json_name_c(w, "links");
    json_write_raw(w, base_buf_view(&links));
    json_name_c(w, "passed_over");
    json_write_int(w, making.passed_over);
    json_name_c(w, "skipped");
    json_write_raw(w, base_buf_view(&skipped));
    json_end_object(w);
    return true;
}

/* ---- listing ------------------------------------------------------------------------------------------------ */

static void write_moment(struct json_writer *w, const char *name, int64_t ms)
{
    json_name_c(w, name);
    if (ms == 0) {
        json_write_null(w);
    } else {
        json_write_instant(w, ms);
    }
}

static bool write_link(struct ask *ask, const struct state_survey_link *link, struct arena *arena,
                       struct json_writer *w, struct fail *fail)
{
    struct state_response response = {0};
    bool found = false;
    if (!state_response_find(ask->state, link->response, arena, &response, &found, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, link->id);
    json_name_c(w, "customer");
    if (link->customer.data == NULL) {
        json_write_null(w);
    } else {
        json_write_str(w, link->customer);
    }
    json_name_c(w, "response");
    json_write_str(w, link->response);
    json_name_c(w, "wave");
    json_write_int(w, link->wave);
    json_name_c(w, "once");
    json_write_bool(w, link->once);
    write_moment(w, "created", link->created_ms);
    write_moment(w, "expires", link->expires_ms);
    write_moment(w, "revoked", link->revoked_ms);
    write_moment(w, "answered", found ? response.answered_ms : 0);
    write_moment(w, "finished", found ? response.finished_ms : 0);
    json_end_object(w);
    return true;
}

bool ask_links_list(struct ask *ask, struct str survey, int64_t before_id, size_t limit,
                    struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct state_survey row;
    struct state_survey_link *links;
    size_t count;
    int64_t total;
    if (!ask_library_find(ask->state, survey, arena, &row, fail) ||
        !state_survey_links_list(ask->state, survey, before_id, limit, arena, &links, &count,
                                 &total, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "total");
    json_write_int(w, total);
    json_name_c(w, "links");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        if (!write_link(ask, &links[i], arena, w, fail)) {
            return false;
        }
    }
    json_end_array(w);
    json_name_c(w, "cursor");
    if (count == limit) {
        json_write_int(w, links[count - 1].id);
    } else {
        json_write_null(w);
    }
    json_end_object(w);
    return true;
}
