#include "ask_library.h"

#include "ask_template.h"

#define SLUG_BYTES_MAX 60

const struct ask_template *ask_template_find(struct str name)
{
    for (size_t i = 0; i < ask_template_count; i++) {
        if (str_is(name, ask_templates[i].name)) {
            return &ask_templates[i];
        }
    }
    return NULL;
}

static bool absent(struct state *state, struct str id, struct arena *arena, struct fail *fail)
{
    struct state_survey *surveys;
    size_t count;
    if (!state_surveys_list(state, arena, &surveys, &count, fail)) {
        return false;
    }
    struct str nearest = {NULL, 0};
    for (size_t i = 0; i < count && nearest.data == NULL; i++) {
        if (str_nearest_of(id, &surveys[i].id, 1) == 0) {
            nearest = surveys[i].id;
        }
    }
    return fail_set(fail, FAIL_ABSENT, "there is no survey \"%.*s\"%s%.*s%s",
                    (int)(id.len > 100 ? 100 : id.len), id.data == NULL ? "" : id.data,
                    nearest.data == NULL ? "" : "; did you mean \"", STR_ARG(nearest),
                    nearest.data == NULL ? "" : "\"?");
}

bool ask_library_find(struct state *state, struct str id, struct arena *arena,
                      struct state_survey *out, struct fail *fail)
{
    bool found = false;
    if (!state_survey_find(state, id, arena, out, &found, fail)) {
        return false;
    }
    return found || absent(state, id, arena, fail);
}

static struct str newest(const struct state_survey *survey)
{
    return survey->draft.data != NULL ? survey->draft : survey->definition;
}

static void write_moment(struct json_writer *w, const char *name, int64_t ms)
{
    json_name_c(w, name);
    if (ms == 0) {
        json_write_null(w);
    } else {
        json_write_instant(w, ms);
    }
}

static void write_head(struct json_writer *w, const struct state_survey *survey, struct str name)
{
    json_name_c(w, "id");
    json_write_str(w, survey->id);
    json_name_c(w, "name");
    json_write_str(w, name);
    json_name_c(w, "status");
    json_write_str(w, survey->status);
    json_name_c(w, "version");
    json_write_int(w, survey->version);
    json_name_c(w, "has_draft");
    json_write_bool(w, survey->draft.data != NULL);
    json_name_c(w, "owner");
    json_write_str(w, survey->owner);
    write_moment(w, "created", survey->created_ms);
    write_moment(w, "updated", survey->updated_ms);
    write_moment(w, "published", survey->published_ms);
}

/* Name, languages and number of questions without the whole reading: a list has many. */
static void write_line(struct json_writer *w, const struct state_survey *survey)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, value;
    struct fail ignored;
    json_begin_object(w);
    if (json_parse(parser, newest(survey), &root, &ignored) &&
        json_member(root, STR("name"), &value) && json_type_of(value) == JSON_STRING) {
        write_head(w, survey, json_string(value));
        json_name_c(w, "questions");
        json_write_uint(w, json_member(root, STR("questions"), &value) ? json_count(value) : 0);
        json_name_c(w, "languages");
        if (json_member(root, STR("languages"), &value)) {
            json_write_value(w, value);
        } else {
            json_write_raw(w, STR("[\"en\"]"));
        }
        if (json_member(root, STR("ways"), &value)) {
            json_name_c(w, "ways");
            json_write_value(w, value);
        }
    } else {
        write_head(w, survey, survey->id);
    }
    json_end_object(w);
}

bool ask_library_list(struct state *state, struct arena *arena, struct json_writer *w,
                      struct fail *fail)
{
    struct state_survey *surveys;
    size_t count;
    if (!state_surveys_list(state, arena, &surveys, &count, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "surveys");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        write_line(w, &surveys[i]);
    }
    json_end_array(w);
    json_end_object(w);
    return true;
}

static bool write_versions(struct state *state, struct str id, struct arena *arena,
                           struct json_writer *w, struct fail *fail)
{
    struct state_survey_version *versions;
    size_t count;
    if (!state_survey_versions(state, id, arena, &versions, &count, fail)) {
        return false;
    }
    json_name_c(w, "versions");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_name_c(w, "version");
        json_write_int(w, versions[i].version);
        write_moment(w, "published", versions[i].published_ms);
        json_name_c(w, "owner");
        json_write_str(w, versions[i].owner);
        json_end_object(w);
    }
    json_end_array(w);
    return true;
}

static bool write_raw_member(struct json_writer *w, const char *name, struct str json)
{
    json_name_c(w, name);
    if (json.data == NULL) {
        json_write_null(w);
    } else {
        json_write_raw(w, json);
    }
    return true;
}

/* What was valid when it was saved may not be now: a saved segment it names may be gone. That is a finding, too. */
static bool write_findings(const struct query_env *env, struct str definition, struct arena *arena,
                           struct json_writer *w, struct fail *fail)
{
    struct ask_survey survey;
    struct ask_findings found = {.arena = arena};
    struct fail wrong = {0};
    if (ask_survey_parse_text(arena, definition, env, &survey, &wrong)) {
        if (!ask_check(&survey, arena, &found, fail)) {
            return false;
        }
    } else if (wrong.code == FAIL_INPUT) {
        found.list = arena_small(arena, sizeof *found.list);
        ask_found(&found, "invalid", ASK_ERROR, str_from_c(wrong.pointer),
                  str_from_c(wrong.message), "Correct it.");
    } else {
        *fail = wrong;
        return false;
    }
    ask_findings_write(&found, w);
    return true;
}

bool ask_library_show(struct state *state, const struct query_env *env, struct str id,
                      int64_t version, struct arena *arena, struct json_writer *w,
                      struct fail *fail)
{
    struct state_survey survey;
    struct ask_survey parsed;
    if (!ask_library_find(state, id, arena, &survey, fail)) {
        return false;
    }
    struct str definition = survey.definition;
    bool found = true;
    if (version != 0 &&
        !state_survey_version_find(state, id, version, arena, &definition, &found, fail)) {
        return false;
    }
    if (!found) {
        return fail_set(fail, FAIL_ABSENT, "\"%.*s\" has no version %lld", STR_ARG(id),
                        (long long)version);
    }
    struct str shown = version != 0 ? definition : newest(&survey);
    struct fail ignored;
    struct str name = survey.id;
    if (ask_survey_parse_text(arena, shown, env, &parsed, &ignored)) {
        name = parsed.name;
    }
    json_begin_object(w);
    write_head(w, &survey, name);
    write_raw_member(w, "definition", definition);
    write_raw_member(w, "draft", version == 0 ? survey.draft : (struct str){NULL, 0});
    if (!write_findings(env, shown, arena, w, fail) || !write_versions(state, id, arena, w, fail)) {
        return false;
    }
    json_end_object(w);
    return true;
}

/* ---- saving ------------------------------------------------------------------------------------------ */

static bool slug_ok(struct str id)
{
    if (id.len == 0 || id.len > SLUG_BYTES_MAX || id.data[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    /* A word of the addresses under /api/v1/surveys. */
    return !str_is(id, "templates") && !str_is(id, "check");
}

/* "After a repair!" becomes "after-a-repair"; a name without such letters becomes "survey". */
static struct str slug_of(struct str name, struct arena *arena)
{
    char out[SLUG_BYTES_MAX - 8];
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < sizeof out; i++) {
        char c = name.data[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (word) {
            out[len++] = c;
        } else if (len > 0 && out[len - 1] != '-') {
            out[len++] = '-';
        }
    }
    while (len > 0 && out[len - 1] == '-') {
        len--;
    }
    struct str slug = str_of(out, len);
    return slug_ok(slug) ? str_copy(arena, slug) : STR("survey");
}

static bool add_named(struct state *state, struct str name, struct str text, struct str owner,
                      struct arena *arena, struct str *out_id, struct fail *fail)
{
    struct str slug = slug_of(name, arena);
    for (int i = 1; i <= STATE_SURVEYS_MAX; i++) {
        struct str id = i == 1 ? slug : str_format(arena, "%.*s-%d", STR_ARG(slug), i);
        if (state_survey_add(state, id, text, owner, fail)) {
            *out_id = id;
            return true;
        }
        if (fail->code != FAIL_CONFLICT) {
            return false;
        }
    }
    return false;
}

bool ask_library_save(struct state *state, const struct query_env *env, struct str id,
                      struct json_value definition, bool must_be_new, struct str owner,
                      struct arena *arena, struct json_writer *w, struct str *out_id,
                      struct fail *fail)
{
    struct ask_survey survey;
    struct ask_findings found;
    CLEANUP(base_buf_done) struct base_buf text = {.limit = ASK_SURVEY_BYTES_MAX};
    struct json_writer draft = {.out = &text};
    json_write_value(&draft, definition);
    if (!ask_survey_parse(arena, definition, env, &survey, fail) ||
        !ask_check(&survey, arena, &found, fail) || !base_buf_ok(&text, fail)) {
        return false;
    }
    if (id.data != NULL && !slug_ok(id)) {
        return fail_set(fail, FAIL_INPUT,
                        "an id has 1 to %d characters of a-z, 0-9 and \"-\", and begins with no "
                        "\"-\"",
                        SLUG_BYTES_MAX);
    }
    bool known = false;
    struct state_survey there;
    if (id.data != NULL && !must_be_new &&
        !state_survey_find(state, id, arena, &there, &known, fail)) {
        return false;
    }
    *out_id = id;
    bool ok = known ? state_survey_save(state, id, base_buf_view(&text), owner, fail)
              : id.data != NULL
                  ? state_survey_add(state, id, base_buf_view(&text), owner, fail)
                  : add_named(state, survey.name, base_buf_view(&text), owner, arena, out_id, fail);
    if (!ok) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, *out_id);
    ask_findings_write(&found, w);
    json_end_object(w);
    return true;
}

bool ask_library_check(const struct query_env *env, struct json_value definition,
                       struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct ask_survey survey;
    struct ask_findings found;
    if (!ask_survey_parse(arena, definition, env, &survey, fail) ||
        !ask_check(&survey, arena, &found, fail)) {
        return false;
    }
    json_begin_object(w);
    ask_findings_write(&found, w);
    json_end_object(w);
    return true;
}

/* ---- publishing ---------------------------------------------------------------------------------------- */

static bool may_publish(const struct query_env *env, struct str draft, struct arena *arena,
                        struct fail *fail)
{
    struct ask_survey survey;
    struct ask_findings found;
    if (!ask_survey_parse_text(arena, draft, env, &survey, fail) ||
        !ask_check(&survey, arena, &found, fail)) {
        return false;
    }
    if (found.errors == 0) {
        return true;
    }
    return fail_input_at(fail, str_copy_c(arena, found.list[0].pointer),
                         "%.*s; %zu error%s to mend before it can be published",
                         STR_ARG(found.list[0].message), found.errors,
                         found.errors == 1 ? "" : "s");
}

bool ask_library_publish(struct state *state, const struct query_env *env, struct str id,
                         struct str owner, struct arena *arena, struct json_writer *w,
                         struct fail *fail)
{
    struct state_survey survey;
    int64_t version;
    if (!ask_library_find(state, id, arena, &survey, fail)) {
        return false;
    }
    version = survey.version;
    if (survey.draft.data == NULL) {
        if (!state_survey_set_status(state, id, "live", fail)) {
            return false;
        }
    } else if (!may_publish(env, survey.draft, arena, fail) ||
               !state_survey_publish(state, id, survey.draft, owner, &version, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, id);
    json_name_c(w, "version");
    json_write_int(w, version);
    json_name_c(w, "status");
    json_write_c(w, "live");
    json_end_object(w);
    return true;
}

bool ask_library_set_status(struct state *state, struct str id, const char *status,
                            struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct state_survey survey;
    if (!ask_library_find(state, id, arena, &survey, fail) ||
        !state_survey_set_status(state, id, status, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, id);
    json_name_c(w, "version");
    json_write_int(w, survey.version);
    json_name_c(w, "status");
    json_write_c(w, status);
    json_end_object(w);
    return true;
}

void ask_library_templates(struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "templates");
    json_begin_array(w);
    for (size_t i = 0; i < ask_template_count; i++) {
        json_begin_object(w);
        json_name_c(w, "id");
        json_write_c(w, ask_templates[i].name);
        json_name_c(w, "summary");
        json_write_c(w, ask_templates[i].summary);
        json_name_c(w, "definition");
        json_write_raw(w, str_from_c(ask_templates[i].survey));
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static bool any_segment(void *context, struct str name, struct arena *arena, struct str *out,
                        bool *out_found, struct fail *fail)
{
    (void)context;
    (void)name;
    (void)arena;
    (void)fail;
    *out = STR("{\"did\":{\"event\":\"*\"}}");
    *out_found = true;
    return true;
}

bool ask_library_parse(const struct query_env *env, struct str definition, struct arena *arena,
                       struct ask_survey *out, struct fail *fail)
{
    struct query_env lenient = *env;
    lenient.segment_find = any_segment;
    return ask_survey_parse_text(arena, definition, &lenient, out, fail);
}

bool ask_library_version(struct state *state, const struct query_env *env, struct str id,
                         int64_t version, struct arena *arena, struct ask_survey *out,
                         struct fail *fail)
{
    struct str definition;
    bool found = false;
    struct state_survey survey;
    if (version == 0) {
        if (!ask_library_find(state, id, arena, &survey, fail)) {
            return false;
        }
        definition = survey.definition;
        found = definition.data != NULL;
    } else if (!state_survey_version_find(state, id, version, arena, &definition, &found, fail)) {
        return false;
    }
    if (!found) {
        return fail_set(fail, FAIL_ABSENT, "\"%.*s\" was never published", STR_ARG(id));
    }
    return ask_library_parse(env, definition, arena, out, fail);
}
