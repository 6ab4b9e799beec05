/* Reading whom, when, which share and in which waves. "when" is turned into segments, so that there is one
 * language for it: "did" three times within ten minutes is the segment's own `did`; "did not return in 7 days"
 * is: did it once, and not within 7 days. A delay moves the moment at which they are asked. */
#include "ask_survey.h"

#define WITHIN_OTHERWISE "30m" /* how long after the event it is still the moment to ask */

/* A refusal from inside a segment gets the place of the segment put before it. */
static bool refuse_inside(const struct query_path *at, struct fail *fail)
{
    char inner[FAIL_POINTER_BYTES];
    char message[FAIL_MESSAGE_BYTES];
    if (fail->code != FAIL_INPUT) {
        return false;
    }
    memcpy(inner, fail->pointer, sizeof inner);
    memcpy(message, fail->message, sizeof message);
    (void)query_refuse(at, fail, "%s", message);
    size_t len = strlen(fail->pointer), more = strlen(inner);
    if (len + more < sizeof fail->pointer) {
        memcpy(fail->pointer + len, inner, more + 1);
    }
    return false;
}

static bool keep_json(const struct ask_parse *parse, const struct base_buf *text, struct str *out,
                      struct fail *fail)
{
    if (!base_buf_ok(text, fail)) {
        return false;
    }
    *out = str_copy(parse->arena, base_buf_view(text));
    return true;
}

static bool parse_whom(const struct ask_parse *parse, const struct query_member *member,
                       struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    if (member->place == 0 || json_type_of(member->value) == JSON_NULL) {
        return true;
    }
    CLEANUP(base_buf_done) struct base_buf text = {.limit = ASK_SURVEY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    if (json_type_of(member->value) == JSON_STRING) {
        json_begin_object(&w);
        json_name_c(&w, "in");
        json_write_value(&w, member->value);
        json_end_object(&w);
    } else {
        json_write_value(&w, member->value);
    }
    if (!keep_json(parse, &text, &parse->survey->whom, fail)) {
        return false;
    }
    if (query_check_segment(parse->env, parse->survey->whom, (struct str){NULL, 0}, fail)) {
        return true;
    }
    if (json_type_of(member->value) == JSON_STRING) {
        fail->pointer[0] = '\0';
    }
    return refuse_inside(&at, fail);
}

/* ---- when -------------------------------------------------------------------------------------------- */

enum member_of_when { DID, TIMES, WITHIN, DELAY, DID_NOT, FOR, WHEN_MEMBERS };
static const char *const when_names[WHEN_MEMBERS] = {"did",   "times",   "within",
                                                     "delay", "did_not", "for"};

static bool belongs_beside(const struct query_member *members, const struct query_path *at,
                           enum member_of_when member, enum member_of_when needed,
                           struct fail *fail)
{
    if (members[member].place == 0 || members[needed].place != 0) {
        return true;
    }
    struct query_path place = query_path_in(at, when_names[member]);
    return query_refuse(&place, fail, "\"%s\" belongs beside \"%s\"", when_names[member],
                        when_names[needed]);
}

static void write_did(struct json_writer *w, struct json_value matcher)
{
    json_begin_object(w);
    json_name_c(w, "did");
    json_write_value(w, matcher);
}

static bool check_when(const struct ask_parse *parse, struct str segment,
                       const struct query_path *at, struct fail *fail)
{
    return query_check_segment(parse->env, segment, (struct str){NULL, 0}, fail) ||
           refuse_inside(at, fail);
}

static bool when_did(const struct ask_parse *parse, const struct query_member *members,
                     const struct query_path *at, struct fail *fail)
{
    struct query_path delay = query_path_in(at, "delay");
    struct json_value event;
    if (members[DID].place == 0) {
        return true;
    }
    CLEANUP(base_buf_done) struct base_buf text = {.limit = ASK_SURVEY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    write_did(&w, members[DID].value);
    if (members[TIMES].place != 0) {
        json_name_c(&w, "times");
        json_write_value(&w, members[TIMES].value);
    }
    json_name_c(&w, "within");
    if (members[WITHIN].place != 0) {
        json_write_value(&w, members[WITHIN].value);
    } else {
        json_write_c(&w, WITHIN_OTHERWISE);
    }
    json_end_object(&w);
    if (!keep_json(parse, &text, &parse->survey->when_did, fail) ||
        !check_when(parse, parse->survey->when_did, at, fail)) {
        return false;
    }
    bool plain = members[TIMES].place == 0 && json_count(members[DID].value) == 1 &&
                 json_member(members[DID].value, STR("event"), &event) &&
                 json_type_of(event) == JSON_STRING && !str_is(json_string(event), "*");
    if (plain) {
        parse->survey->when_event = str_copy(parse->arena, json_string(event));
    }
    return members[DELAY].place == 0 ||
           query_read_duration(members[DELAY].value, &delay, &parse->survey->delay_ms, fail);
}

static bool when_did_not(const struct ask_parse *parse, const struct query_member *members,
                         const struct query_path *at, struct fail *fail)
{
    struct query_path did_not = query_path_in(at, "did_not");
    if (members[DID_NOT].place == 0) {
        return true;
    }
    if (!query_read_needed(at, &members[FOR], "how long, such as \"7d\"", fail)) {
        return false;
    }
    CLEANUP(base_buf_done) struct base_buf text = {.limit = ASK_SURVEY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    /* Alone first: so that a refusal names the place in the request. */
    write_did(&w, members[DID_NOT].value);
    json_end_object(&w);
    struct str once;
    if (!keep_json(parse, &text, &once, fail)) {
        return false;
    }
    if (!query_check_segment(parse->env, once, (struct str){NULL, 0}, fail)) {
        if (strncmp(fail->pointer, "/did", 4) == 0) {
            memmove(fail->pointer, fail->pointer + 4, strlen(fail->pointer + 4) + 1);
        }
        return refuse_inside(&did_not, fail);
    }
    struct query_path spell = query_path_in(at, "for");
    int64_t ignored;
    if (!query_read_duration(members[FOR].value, &spell, &ignored, fail)) {
        return false;
    }
    base_buf_reset(&text);
    w = (struct json_writer){.out = &text};
    json_begin_object(&w);
    json_name_c(&w, "all");
    json_begin_array(&w);
    json_write_raw(&w, once);
    json_begin_object(&w);
    json_name_c(&w, "not");
    write_did(&w, members[DID_NOT].value);
    json_name_c(&w, "within");
    json_write_value(&w, members[FOR].value);
    json_end_object(&w);
    json_end_object(&w);
    json_end_array(&w);
    json_end_object(&w);
    return keep_json(parse, &text, &parse->survey->when_did_not, fail) &&
           check_when(parse, parse->survey->when_did_not, at, fail);
}

static bool parse_when(const struct ask_parse *parse, const struct query_member *member,
                       struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    struct query_member members[WHEN_MEMBERS];
    for (int i = 0; i < WHEN_MEMBERS; i++) {
        members[i] = (struct query_member){.name = when_names[i]};
    }
    if (member->place == 0 || json_type_of(member->value) == JSON_NULL) {
        return true;
    }
    if (!query_read_object(member->value, &at, "\"when\"", members, WHEN_MEMBERS, fail) ||
        !belongs_beside(members, &at, TIMES, DID, fail) ||
        !belongs_beside(members, &at, WITHIN, DID, fail) ||
        !belongs_beside(members, &at, DELAY, DID, fail) ||
        !belongs_beside(members, &at, FOR, DID_NOT, fail)) {
        return false;
    }
    if (members[DID].place == 0 && members[DID_NOT].place == 0) {
        return query_refuse(&at, fail, "expected \"did\" or \"did_not\"");
    }
    parse->survey->has_when = true;
    return when_did(parse, members, &at, fail) && when_did_not(parse, members, &at, fail);
}

/* ---- sampling and waves ---------------------------------------------------------------------------------- */

static bool parse_sampling(const struct ask_parse *parse, const struct query_member *member,
                           struct fail *fail)
{
    struct query_member members[] = {{.name = "share"}, {.name = "period"}};
    struct query_path at = query_path_in(NULL, member->name);
    struct query_path share = query_path_in(&at, "share");
    struct query_path period = query_path_in(&at, "period");
    if (member->place == 0 || json_type_of(member->value) == JSON_NULL) {
        return true;
    }
    if (!query_read_object(member->value, &at, "\"sampling\"", members, ARRAY_LEN(members), fail) ||
        !query_read_needed(&at, &members[0], "a share above 0 and up to 1", fail)) {
        return false;
    }
    enum json_type type = json_type_of(members[0].value);
    bool number = type == JSON_INT || type == JSON_DOUBLE;
    double value = number ? json_double(members[0].value) : 0.0;
    if (!(value > 0.0 && value <= 1.0)) {
        return query_refuse(&share, fail, "expected a share above 0 and up to 1");
    }
    parse->survey->share = value;
    return members[1].place == 0 ||
           query_read_duration(members[1].value, &period, &parse->survey->share_period_ms, fail);
}

static bool parse_from(struct json_value value, const struct query_path *at, int64_t *out,
                       struct fail *fail)
{
    struct str text = {NULL, 0};
    struct civil date;
    if (!query_read_string(value, at, "a date such as \"2026-05-01\"", &text, fail)) {
        return false;
    }
    if (!time_parse_date(text, &date)) {
        return query_refuse(at, fail, "expected a date such as \"2026-05-01\"");
    }
    *out = time_ms_from_civil(&date);
    return true;
}

static bool parse_waves(const struct ask_parse *parse, const struct query_member *member,
                        struct fail *fail)
{
    struct query_member members[] = {{.name = "from"}, {.name = "every"}, {.name = "most"}};
    struct query_path at = query_path_in(NULL, member->name);
    struct query_path from = query_path_in(&at, "from"), every = query_path_in(&at, "every"),
                      most = query_path_in(&at, "most");
    struct ask_survey *survey = parse->survey;
    if (member->place == 0 || json_type_of(member->value) == JSON_NULL) {
        return true;
    }
    if (!query_read_object(member->value, &at, "\"waves\"", members, ARRAY_LEN(members), fail) ||
        !query_read_needed(&at, &members[0], "the date of the first wave", fail) ||
        !query_read_needed(&at, &members[1], "a duration such as \"90d\"", fail) ||
        !parse_from(members[0].value, &from, &survey->waves_from_ms, fail) ||
        !query_read_duration(members[1].value, &every, &survey->waves_every_ms, fail)) {
        return false;
    }
    if (survey->waves_every_ms < 3600000) {
        return query_refuse(&every, fail, "a wave lasts at least an hour");
    }
    return members[2].place == 0 ||
           query_read_whole(members[2].value, &most, 1, 10000, &survey->waves_most, fail);
}

int64_t ask_wave_at(const struct ask_survey *survey, int64_t at_ms)
{
    if (survey->waves_every_ms == 0) {
        return 1;
    }
    if (at_ms < survey->waves_from_ms) {
        return 0;
    }
    int64_t wave = (at_ms - survey->waves_from_ms) / survey->waves_every_ms + 1;
    return survey->waves_most != 0 && wave > survey->waves_most ? 0 : wave;
}

bool ask_parse_aim(const struct ask_parse *parse, const struct query_member *members,
                   struct fail *fail)
{
    return parse_whom(parse, &members[ASK_AIM_WHOM], fail) &&
           parse_when(parse, &members[ASK_AIM_WHEN], fail) &&
           parse_sampling(parse, &members[ASK_AIM_SAMPLING], fail) &&
           parse_waves(parse, &members[ASK_AIM_WAVES], fail);
}
