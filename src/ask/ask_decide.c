#include "ask_decide.h"

#include <stdlib.h>

#define RESUME_MS                                                                                  \
    ((int64_t)5 * 60 *                                                                             \
     1000) /* asked, not yet begun: the same again, for another tab or a reload;  \
                                ask_remember_contact looks as far back */
#define MEMORY_BYTES ((size_t)64 << 20)
#define TOKEN_KIND "survey-response"

const char *const ask_rule_names[ASK_RULES] = {"live", "way",    "wave",     "whom",
                                               "when", "before", "sampling", "contact"};
static const char *const reasons[ASK_RULES] = {"not-live",    "other-way",     "no-wave",
                                               "not-whom",    "not-when",      "asked-already",
                                               "sampled-out", "contact-policy"};

/* ---- identities ---------------------------------------------------------------------------------------- */

static struct base_hash128 person_hash(const struct ask *ask, struct str survey, int64_t number,
                                       struct str user, struct str anonymous, struct arena *arena)
{
    bool known = user.data != NULL;
    struct str all = str_format(arena, "%.*s\n%lld\n%s\n%.*s", STR_ARG(survey), (long long)number,
                                known ? "user" : "anonymous", STR_ARG(known ? user : anonymous));
    uint64_t seed = 0;
    for (int i = 0; i < 8; i++) {
        seed = seed << 8 | ask->key[i];
    }
    return base_hash128(all.data, all.len, seed);
}

struct str ask_response_id(const struct ask *ask, struct str survey, int64_t wave, struct str user,
                           struct str anonymous, struct arena *arena)
{
    struct base_hash128 hash = person_hash(ask, survey, wave, user, anonymous, arena);
    return str_format(arena, "r_%016llx%016llx", (unsigned long long)hash.high,
                      (unsigned long long)hash.low);
}

struct str ask_token_make(struct ask *ask, struct str response, struct arena *arena)
{
    return access_seal(ask->key, TOKEN_KIND, response, ask->random, arena);
}

bool ask_token_open(struct ask *ask, struct str token, struct arena *arena, struct str *out)
{
    return token.len <= 512 && access_unseal(ask->key, TOKEN_KIND, token, arena, out);
}

/* ---- rules ---------------------------------------------------------------------------------------------- */

struct judging {
    struct ask *ask;
    const struct ask_candidate *candidate;
    const struct ask_asker *asker;
    struct store_snapshot *snapshot;
    uint32_t customer;
    struct query_env env;
    struct arena *arena;
    struct ask_verdicts *verdicts;
};

static void verdict(struct judging *judging, enum ask_rule_of_asking rule, bool passed,
                    struct str text)
{
    struct ask_verdicts *verdicts = judging->verdicts;
    verdicts->tried[rule] = true;
    verdicts->passed[rule] = passed;
    verdicts->text[rule] = text;
    if (!passed && verdicts->reason == NULL) {
        verdicts->reason = reasons[rule];
    }
}

/* Is the customer in the segment, as of some time ago? Somebody unknown is in none. */
static bool in_segment(struct judging *judging, struct str segment, int64_t ago_ms, bool *out,
                       struct fail *fail)
{
    struct query_env env = judging->env;
    struct query_plan *plan;
    struct query_run run = {.snapshot = judging->snapshot, .memory_bytes = MEMORY_BYTES};
    env.now_ms -= ago_ms;
    *out = false;
    if (judging->customer == STORE_NO_CUSTOMER) {
        return true;
    }
    return query_segment_plan(&env, segment, judging->arena, &plan, fail) &&
           query_decide(judging->ask->engine, plan, &run, judging->customer, out, fail);
}

static bool judge_whom(struct judging *judging, struct fail *fail)
{
    struct str whom = judging->candidate->survey->whom;
    bool in = true;
    if (whom.data != NULL && !in_segment(judging, whom, 0, &in, fail)) {
        return false;
    }
    verdict(judging, ASK_RULE_WHOM, in,
            whom.data == NULL ? STR("everybody is asked")
            : in              ? STR("is in the segment that is asked")
                              : STR("is not in the segment that is asked"));
    return true;
}

static bool judge_when(struct judging *judging, struct fail *fail)
{
    const struct ask_survey *survey = judging->candidate->survey;
    bool did = true, did_not = true;
    struct str event = judging->asker->event;
    bool just_now = event.data != NULL && survey->delay_ms == 0 &&
                    survey->when_event.data != NULL && str_equal(event, survey->when_event);
    if (survey->when_did.data != NULL && !just_now &&
        !in_segment(judging, survey->when_did, survey->delay_ms, &did, fail)) {
        return false;
    }
    if (survey->when_did_not.data != NULL &&
        !in_segment(judging, survey->when_did_not, 0, &did_not, fail)) {
        return false;
    }
    verdict(judging, ASK_RULE_WHEN, did && did_not,
            !survey->has_when ? STR("any moment will do")
            : !did            ? STR("what it waits for has not happened, or not so lately")
            : !did_not        ? STR("what must not have happened for a while has, or never did")
                              : STR("this is the moment"));
    return true;
}

/* Asked in this wave, on whatever way and under whichever identifier: the timeline knows. `response`: under this id,
   a moment ago; missing: ever. */
static bool asked_before(struct judging *judging, struct str response, bool *out, struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf text = {.limit = 8192};
    struct json_writer w = {.out = &text};
    const struct ask_candidate *candidate = judging->candidate;
    if (response.data != NULL) {
        ask_remember_contact(candidate->row->id, candidate->wave, response, &w);
    } else {
        ask_remember_asked(candidate->row->id, candidate->wave, &w);
    }
    return base_buf_ok(&text, fail) && in_segment(judging, base_buf_view(&text), 0, out, fail);
}

static bool still_at_it(const struct state_response *response, int64_t now_ms)
{
    if (!str_is(response->status, "open") || response->finished_ms != 0) {
        return false;
    }
    return response->answered_ms != 0 ? now_ms - response->answered_ms < ASK_SILENT_MS
                                      : now_ms - response->created_ms < RESUME_MS;
}

/* The contact is on the timeline, and the program was killed before the response was opened: the same is asked again,
   under the same id, and is no further contact. A personal link's response is opened by its use: that is no cut. */
static bool was_cut(struct judging *judging, bool *out, struct fail *fail)
{
    struct str response =
        ask_response_id(judging->ask, judging->candidate->row->id, judging->candidate->wave,
                        judging->asker->user, judging->asker->anonymous, judging->arena);
    bool by_link = false;
    if (!state_survey_link_holds(judging->ask->state, response, &by_link, fail)) {
        return false;
    }
    *out = false;
    return by_link || asked_before(judging, response, out, fail);
}

static bool judge_before(struct judging *judging, struct fail *fail)
{
    const struct ask_asker *asker = judging->asker;
    struct state_response response;
    bool found = false, before = false, cut = false;
    if (!state_response_of(judging->ask->state, judging->candidate->row->id,
                           judging->candidate->wave, asker->user, asker->anonymous, judging->arena,
                           &response, &found, fail) ||
        (!found && !asked_before(judging, (struct str){NULL, 0}, &before, fail)) ||
        (before && !was_cut(judging, &cut, fail))) {
        return false;
    }
    if (cut) {
        verdict(judging, ASK_RULE_BEFORE, true, STR("was asked a moment ago, and cut off there"));
        return true;
    }
    if (found && still_at_it(&response, judging->env.now_ms)) {
        judging->verdicts->resume = true;
        verdict(judging, ASK_RULE_BEFORE, true, STR("was asked a moment ago and is still at it"));
        return true;
    }
    verdict(judging, ASK_RULE_BEFORE, !found && !before,
            found && response.answered_ms != 0 ? STR("has answered in this wave")
            : found || before                  ? STR("was asked in this wave")
                                               : STR("was not asked in this wave"));
    return true;
}

static bool in_sample(const struct judging *judging)
{
    const struct ask_survey *survey = judging->candidate->survey;
    if (survey->share >= 1.0) {
        return true;
    }
    int64_t period =
        survey->share_period_ms == 0 ? 0 : judging->env.now_ms / survey->share_period_ms;
    struct base_hash128 hash =
        person_hash(judging->ask, judging->candidate->row->id, -1 - period, judging->asker->user,
                    judging->asker->anonymous, judging->arena);
    return (double)(hash.low >> 11) / 9007199254740992.0 < survey->share;
}

static bool judge_one(struct judging *judging, enum ask_rule_of_asking rule, struct fail *fail)
{
    const struct ask_candidate *candidate = judging->candidate;
    switch (rule) {
    case ASK_RULE_LIVE: {
        bool live = str_is(candidate->row->status, "live");
        verdict(judging, rule, live,
                str_format(judging->arena, "the survey is %.*s", STR_ARG(candidate->row->status)));
        return true;
    }
    case ASK_RULE_WAY: {
        bool offered = (candidate->survey->ways >> judging->asker->way & 1U) != 0;
        verdict(judging, rule, offered,
                str_format(judging->arena, "it is %sasked by way of \"%s\"", offered ? "" : "not ",
                           ask_way_names[judging->asker->way]));
        return true;
    }
    case ASK_RULE_WAVE:
        verdict(judging, rule, candidate->wave > 0,
                candidate->wave > 0
                    ? str_format(judging->arena, "wave %lld is open", (long long)candidate->wave)
                    : STR("no wave is open now"));
        return true;
    case ASK_RULE_WHOM:
        return judge_whom(judging, fail);
    case ASK_RULE_WHEN:
        return judge_when(judging, fail);
    case ASK_RULE_BEFORE:
        return judge_before(judging, fail);
    case ASK_RULE_SAMPLE: {
        bool in = in_sample(judging);
        verdict(judging, rule, in,
                str_format(judging->arena, "%s among the %.4g %% that are asked",
                           in ? "is" : "is not", candidate->survey->share * 100.0));
        return true;
    }
    case ASK_RULE_CONTACT:
    case ASK_RULES:
        break;
    }
    return true;
}

bool ask_judge(struct ask *ask, const struct ask_candidate *candidate,
               const struct ask_asker *asker, struct store_snapshot *snapshot, uint32_t customer,
               bool every, struct arena *arena, struct ask_verdicts *out, struct fail *fail)
{
    struct judging judging = {.ask = ask,
                              .candidate = candidate,
                              .asker = asker,
                              .snapshot = snapshot,
                              .customer = customer,
                              .arena = arena,
                              .verdicts = out};
    *out = (struct ask_verdicts){.reason = NULL};
    if (!ask->env.query_env(ask->env.context, &judging.env, fail)) {
        return false;
    }
    for (int rule = 0; rule < ASK_RULE_CONTACT; rule++) {
        if (!judge_one(&judging, (enum ask_rule_of_asking)rule, fail)) {
            return false;
        }
        if (out->reason != NULL && !every) {
            break;
        }
    }
    return true;
}

/* ---- the contact ------------------------------------------------------------------------------------------ */

static struct str channel_of(const struct ask_asker *asker)
{
    if (asker->channel.data != NULL) {
        return asker->channel;
    }
    return asker->way == ASK_WAY_WIDGET  ? STR("web")
           : asker->way == ASK_WAY_EMAIL ? STR("email")
                                         : STR("survey");
}

struct contacting {
    struct state_response response;
    struct store_field fields[ASK_FIELDS_MAX];
    struct store_identifier identifiers[2];
    struct ask_contact contact;
};

static void contact_of(const struct ask_candidate *candidate, const struct ask_asker *asker,
                       struct str response, int64_t now_ms, struct arena *arena,
                       struct contacting *out)
{
    const struct ask_survey *survey = candidate->survey;
    uint32_t language = ask_language_choose(survey, asker->language);
    *out = (struct contacting){
        .response = {.id = response,
                     .survey = candidate->row->id,
                     .version = candidate->row->version,
                     .wave = candidate->wave,
                     .way = str_from_c(ask_way_names[asker->way]),
                     .language = survey->languages[language],
                     .user = asker->user,
                     .anonymous = asker->anonymous,
                     .status = STR("open"),
                     .reasons = STR(""),
                     .created_ms = now_ms},
    };
    size_t count = ask_fields_of(survey, &out->response, out->fields);
    if (survey->share < 1.0) {
        out->fields[count++] =
            (struct store_field){STR("share"), store_value_double(survey->share)};
    }
    out->contact = (struct ask_contact){
        .identifiers = out->identifiers,
        .identifier_count = ask_identifiers_of(&out->response, out->identifiers),
        .channel = channel_of(asker),
        .fields = out->fields,
        .field_count = count,
        .message_id = asker->look ? (struct str){NULL, 0}
                                  : str_format(arena, "%.*s/contacted", STR_ARG(response)),
        .look = asker->look,
    };
}

bool ask_contact_make(struct ask *ask, const struct ask_candidate *candidate,
                      const struct ask_asker *asker, struct str response, struct arena *arena,
                      bool *out_allowed, struct str *out_reason, struct fail *fail)
{
    struct contacting contacting;
    struct state_response opened;
    contact_of(candidate, asker, response, base_now_ms(ask->clock), arena, &contacting);
    if (!ask->env.contact(ask->env.context, &contacting.contact, arena, out_allowed, out_reason,
                          fail)) {
        return false;
    }
    return !*out_allowed || asker->look || asker->only_contact ||
           state_response_open(ask->state, &contacting.response, arena, &opened, fail);
}

static bool skip_sampled(struct ask *ask, const struct ask_candidate *candidate,
                         const struct ask_asker *asker, struct str response, struct arena *arena,
                         struct fail *fail)
{
    struct contacting contacting;
    if (asker->look) {
        return true;
    }
    contact_of(candidate, asker, response, base_now_ms(ask->clock), arena, &contacting);
    return ask->env.skip(ask->env.context, &contacting.contact, STR("sampled-out"), fail);
}

/* ---- which survey ------------------------------------------------------------------------------------------- */

struct live {
    struct state_survey row;
    struct ask_survey survey;
};

static int by_priority(const void *a, const void *b)
{
    const struct live *x = a, *y = b;
    if (x->survey.priority != y->survey.priority) {
        return x->survey.priority > y->survey.priority ? -1 : 1;
    }
    if (x->row.published_ms != y->row.published_ms) {
        return x->row.published_ms < y->row.published_ms ? -1 : 1;
    }
    return str_compare(x->row.id, y->row.id);
}

/* Those live; of one asked for by name, that one whatever its status. */
static bool live_surveys(struct ask *ask, const struct ask_asker *asker,
                         const struct query_env *env, struct arena *arena, struct live **out,
                         size_t *out_count, struct fail *fail)
{
    struct state_survey *rows;
    size_t rows_count, count = 0;
    struct live *list = arena_array(arena, ASK_LIVE_MAX, sizeof *list, fail);
    if (list == NULL || !state_surveys_list(ask->state, arena, &rows, &rows_count, fail)) {
        return false;
    }
    for (size_t i = 0; i < rows_count && count < ASK_LIVE_MAX; i++) {
        bool named = asker->survey.data != NULL;
        bool wanted = named ? str_equal(rows[i].id, asker->survey) : str_is(rows[i].status, "live");
        struct fail broken = {
            0}; /* a segment it names was deleted: others are asked all the same */
        if (!wanted || rows[i].definition.data == NULL ||
            !ask_survey_parse_text(arena, rows[i].definition, env, &list[count].survey, &broken)) {
            continue;
        }
        list[count++].row = rows[i];
    }
    qsort(list, count, sizeof *list, by_priority);
    *out = list;
    *out_count = count;
    return true;
}

static void find_customer(const struct ask_asker *asker, struct store_snapshot *snapshot,
                          uint32_t *out)
{
    *out = STORE_NO_CUSTOMER;
    if (asker->user.data != NULL) {
        store_customer_find(snapshot, (struct store_identifier){STR("user"), asker->user}, out);
    }
    if (*out == STORE_NO_CUSTOMER && asker->anonymous.data != NULL) {
        store_customer_find(snapshot, (struct store_identifier){STR("anonymous"), asker->anonymous},
                            out);
    }
}

struct choice {
    const struct live *live; /* NULL: nobody is asked anything */
    struct str reason;
    struct str response;
};

static bool try_one(struct ask *ask, const struct live *live, const struct ask_asker *asker,
                    struct store_snapshot *snapshot, uint32_t customer, int64_t now_ms,
                    struct arena *arena, struct choice *choice, bool *out_done, struct fail *fail)
{
    struct ask_candidate candidate = {&live->row, &live->survey,
                                      ask_wave_at(&live->survey, now_ms)};
    struct ask_verdicts verdicts;
    if (!ask_judge(ask, &candidate, asker, snapshot, customer, false, arena, &verdicts, fail)) {
        return false;
    }
    struct str response =
        ask_response_id(ask, live->row.id, candidate.wave, asker->user, asker->anonymous, arena);
    if (verdicts.reason != NULL) {
        bool tells = !verdicts.passed[ASK_RULE_WHOM] || !verdicts.passed[ASK_RULE_WHEN];
        choice->reason = asker->discreet && tells ? STR("not-now") : str_from_c(verdicts.reason);
        return strcmp(verdicts.reason, "sampled-out") != 0 ||
               skip_sampled(ask, &candidate, asker, response, arena, fail);
    }
    *out_done = true;
    choice->response = response;
    if (verdicts.resume) {
        struct state_response there;
        bool found = false;
        if (!state_response_of(ask->state, live->row.id, candidate.wave, asker->user,
                               asker->anonymous, arena, &there, &found, fail)) {
            return false;
        }
        choice->response = found ? there.id : response;
        choice->live = live;
        return true;
    }
    bool allowed = false;
    if (!ask_contact_make(ask, &candidate, asker, response, arena, &allowed, &choice->reason,
                          fail)) {
        return false;
    }
    choice->live = allowed ? live : NULL;
    return true;
}

static bool choose(struct ask *ask, const struct ask_asker *asker, struct arena *arena,
                   struct choice *out, struct fail *fail)
{
    struct query_env env;
    struct live *list;
    size_t count;
    uint32_t customer;
    bool done = false, good = true;
    *out = (struct choice){.reason = STR("no-survey")};
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !live_surveys(ask, asker, &env, arena, &list, &count, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(ask->store);
    find_customer(asker, snapshot, &customer);
    for (size_t i = 0; good && !done && i < count; i++) {
        good =
            try_one(ask, &list[i], asker, snapshot, customer, env.now_ms, arena, out, &done, fail);
    }
    store_snapshot_unref(snapshot);
    return good;
}

bool ask_next(struct ask *ask, const struct ask_asker *asker, struct arena *arena,
              struct json_writer *w, struct fail *fail)
{
    struct choice choice;
    if (!choose(ask, asker, arena, &choice, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "survey");
    if (choice.live == NULL) {
        json_write_null(w);
        json_name_c(w, "reason");
        json_write_str(w, choice.reason);
    } else {
        const struct ask_survey *survey = &choice.live->survey;
        ask_survey_write(survey, choice.live->row.id, choice.live->row.version,
                         ask_language_choose(survey, asker->language), w);
        json_name_c(w, "response");
        json_write_str(w, choice.response);
        json_name_c(w, "token");
        json_write_str(w, ask_token_make(ask, choice.response, arena));
    }
    json_end_object(w);
    return true;
}

/* ---- why ------------------------------------------------------------------------------------------------------ */

static void write_rule(struct json_writer *w, enum ask_rule_of_asking rule, bool passed,
                       struct str text)
{
    json_begin_object(w);
    json_name_c(w, "rule");
    json_write_c(w, ask_rule_names[rule]);
    json_name_c(w, "passed");
    json_write_bool(w, passed);
    json_name_c(w, "text");
    json_write_str(w, text);
    json_end_object(w);
}

/* The customer as somebody asking: its own id, as a user or not. */
static bool asker_of(struct store_snapshot *snapshot, uint32_t customer, struct arena *arena,
                     struct ask_asker *out, struct fail *fail)
{
    struct store_identifier *identifiers;
    size_t count;
    if (!store_customer_identifiers(snapshot, customer, arena, &identifiers, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_is(identifiers[i].kind, "user")) {
            out->user = identifiers[i].value; /* the last joined stands last */
        } else if (str_is(identifiers[i].kind, "anonymous") && out->anonymous.data == NULL) {
            out->anonymous = identifiers[i].value;
        }
    }
    return out->user.data != NULL || out->anonymous.data != NULL ||
           fail_set(fail, FAIL_CONFLICT, "this customer has no id that could be asked");
}

static bool write_verdicts(struct ask *ask, const struct ask_candidate *candidate,
                           struct ask_asker *asker, struct store_snapshot *snapshot,
                           uint32_t customer, struct arena *arena, struct json_writer *w,
                           struct fail *fail)
{
    struct ask_verdicts verdicts;
    bool allowed = false;
    struct str reason = {NULL, 0};
    struct str response = ask_response_id(ask, candidate->row->id, candidate->wave, asker->user,
                                          asker->anonymous, arena);
    if (!ask_judge(ask, candidate, asker, snapshot, customer, true, arena, &verdicts, fail) ||
        !ask_contact_make(ask, candidate, asker, response, arena, &allowed, &reason, fail)) {
        return false;
    }
    json_name_c(w, "rules");
    json_begin_array(w);
    for (int rule = 0; rule < ASK_RULE_CONTACT; rule++) {
        if (verdicts.tried[rule]) {
            write_rule(w, (enum ask_rule_of_asking)rule, verdicts.passed[rule],
                       verdicts.text[rule]);
        }
    }
    write_rule(
        w, ASK_RULE_CONTACT, allowed,
        str_format(arena,
                   allowed ? "the contact policy allows it" : "the contact policy says no: %.*s",
                   STR_ARG(reason)));
    json_end_array(w);
    json_name_c(w, "asks");
    json_write_bool(w, verdicts.reason == NULL && allowed);
    json_name_c(w, "reason");
    json_write_str(w, verdicts.reason != NULL ? str_from_c(verdicts.reason) : reason);
    return true;
}

bool ask_why(struct ask *ask, struct str survey, struct str customer, struct arena *arena,
             struct json_writer *w, struct fail *fail)
{
    struct query_env env;
    struct state_survey row;
    struct ask_survey parsed;
    uint32_t number;
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_find(ask->state, survey, arena, &row, fail) ||
        !ask_library_version(ask->state, &env, survey, 0, arena, &parsed, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(ask->store);
    store_customer_lookup(snapshot, customer, &number);
    struct ask_candidate candidate = {&row, &parsed, ask_wave_at(&parsed, env.now_ms)};
    struct ask_asker asker = {.look = true, .way = ASK_WAY_WIDGET};
    while (asker.way < ASK_WAY_API && (parsed.ways >> asker.way & 1U) == 0) {
        asker.way++;
    }
    if ((parsed.ways >> ASK_WAY_WIDGET & 1U) != 0) {
        asker.way = ASK_WAY_WIDGET;
    }
    bool good = number != STORE_NO_CUSTOMER ||
                fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(customer));
    if (good) {
        json_begin_object(w);
        json_name_c(w, "survey");
        json_write_str(w, survey);
        json_name_c(w, "customer");
        json_write_str(w, store_customer_id(snapshot, number, arena));
        good = asker_of(snapshot, number, arena, &asker, fail) &&
               write_verdicts(ask, &candidate, &asker, snapshot, number, arena, w, fail);
        json_end_object(w);
    }
    store_snapshot_unref(snapshot);
    return good;
}
