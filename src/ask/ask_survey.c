/* Reading a definition: the whole, its texts, languages, look and ways. */
#include "ask_survey.h"

static const char *const type_names[ASK_TYPES] = {"nps",  "csat",   "ces",      "stars",
                                                  "open", "single", "multiple", "yes_no",
                                                  "rank", "matrix", "number",   "date"};
const char *const ask_way_names[ASK_WAYS] = {"hosted", "link", "widget", "email", "api"};
const char *const ask_colour_names[ASK_COLOURS] = {
    "accent",      "accent_text",      "background",      "text",
    "dark_accent", "dark_accent_text", "dark_background", "dark_text"};
const char *const ask_colour_defaults[ASK_COLOURS] = {"#1d5240", "#ffffff", "#ffffff", "#14231c",
                                                      "#7fd0b0", "#10201a", "#15171c", "#edf3ef"};

const char *ask_type_name(enum ask_type type)
{
    return type_names[type];
}

bool ask_type_is_score(enum ask_type type)
{
    return type == ASK_NPS || type == ASK_CSAT || type == ASK_CES || type == ASK_STARS;
}

void ask_type_bounds(enum ask_type type, int64_t *out_least, int64_t *out_most)
{
    *out_least = type == ASK_NPS ? 0 : 1;
    *out_most = type == ASK_NPS ? 10 : type == ASK_CES ? 7 : 5;
}

struct str ask_text_in(struct ask_text text, uint32_t language)
{
    if (text.in == NULL) {
        return (struct str){NULL, 0};
    }
    return text.in[language].data != NULL ? text.in[language] : text.in[0];
}

uint32_t ask_question_find(const struct ask_survey *survey, struct str id)
{
    for (uint32_t i = 0; i < survey->question_count; i++) {
        if (str_equal(survey->questions[i].id, id)) {
            return i;
        }
    }
    return UINT32_MAX;
}

uint32_t ask_choice_find(const struct ask_choice *choices, uint32_t count, struct str id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_equal(choices[i].id, id)) {
            return i;
        }
    }
    return UINT32_MAX;
}

bool ask_id_ok(struct str id)
{
    if (id.len == 0 || id.len > ASK_ID_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
}

bool ask_recall_next(struct str text, size_t *at, size_t *out_end, struct str *out_id)
{
    for (size_t from = *at; from < text.len;) {
        struct str rest = str_after(text, from);
        size_t open = str_find(rest, STR("{{"));
        if (open >= rest.len) {
            return false;
        }
        struct str inside = str_after(rest, open + 2);
        size_t close = str_find(inside, STR("}}"));
        if (close >= inside.len) {
            return false;
        }
        struct str id = str_trim(str_of(inside.data, close));
        if (ask_id_ok(id)) {
            *at = from + open;
            *out_end = from + open + 2 + close + 2;
            *out_id = id;
            return true;
        }
        from += open + 2;
    }
    return false;
}

/* ---- languages ------------------------------------------------------------------------------------- */

static bool tag_ok(struct str tag)
{
    struct str rest = tag, part;
    bool first = true;
    if (tag.len == 0 || tag.len > 20) {
        return false;
    }
    while (str_next_part(&rest, '-', &part)) {
        if (part.len < 2 || part.len > 8 || (first && part.len > 3)) {
            return false;
        }
        for (size_t i = 0; i < part.len; i++) {
            char c = part.data[i];
            bool lower = c >= 'a' && c <= 'z';
            bool other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!lower && (first || !other)) {
                return false;
            }
        }
        first = false;
    }
    return true;
}

static bool parse_languages(const struct ask_parse *parse, const struct query_member *member,
                            struct fail *fail)
{
    static const struct str english = {"en", 2};
    struct query_path at = query_path_in(NULL, "languages");
    struct ask_survey *survey = parse->survey;
    survey->languages = &english;
    survey->language_count = 1;
    if (member->place == 0) {
        return true;
    }
    if (!query_read_array(member->value, &at, "a list of language tags such as [\"en\", \"nb\"]",
                          fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count == 0 || count > ASK_LANGUAGES_MAX) {
        return query_refuse(&at, fail, "a survey has 1 to %d languages", ASK_LANGUAGES_MAX);
    }
    struct str *list = arena_array(parse->arena, count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    struct json_value value;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(&at, i);
        struct str tag;
        if (!query_read_string(value, &place, "a language tag", &tag, fail)) {
            return false;
        }
        if (!tag_ok(tag)) {
            return query_refuse(&place, fail,
                                "expected a language tag such as \"en\" or \"pt-BR\"");
        }
        for (size_t k = 0; k < i; k++) {
            if (str_equal(list[k], tag)) {
                return query_refuse(&place, fail, "\"%.*s\" stands twice", STR_ARG(tag));
            }
        }
        list[i] = str_copy(parse->arena, tag);
    }
    survey->languages = list;
    survey->language_count = (uint32_t)count;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_folded(struct str a, struct str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

static struct str primary(struct str tag)
{
    return str_of(tag.data, str_find_byte(tag, '-'));
}

/* "nb" and "no" are asked for in turn by browsers for the same readers. */
static bool same_language(struct str a, struct str b)
{
    struct str first = primary(a), second = primary(b);
    bool norwegian = (same_folded(first, STR("no")) || same_folded(first, STR("nb"))) &&
                     (same_folded(second, STR("no")) || same_folded(second, STR("nb")));
    return norwegian || same_folded(first, second);
}

static uint32_t language_find(const struct ask_survey *survey, struct str tag)
{
    for (uint32_t i = 0; i < survey->language_count; i++) {
        if (same_folded(survey->languages[i], tag)) {
            return i;
        }
    }
    for (uint32_t i = 0; i < survey->language_count; i++) {
        if (same_language(survey->languages[i], tag)) {
            return i;
        }
    }
    return UINT32_MAX;
}

static double weight_of(struct str *entry)
{
    size_t semicolon = str_find_byte(*entry, ';');
    struct str parameters = str_trim(str_after(*entry, semicolon + 1));
    *entry = str_trim(str_of(entry->data, semicolon));
    double weight = 1.0;
    if (str_starts_c(parameters, "q=") && !str_parse_double(str_after(parameters, 2), &weight)) {
        weight = 0.0;
    }
    return weight;
}

uint32_t ask_language_choose(const struct ask_survey *survey, struct str accept)
{
    uint32_t best = 0;
    double best_weight = 0.0;
    struct str rest = accept.len > 1000 ? str_of(accept.data, 1000) : accept, entry;
    while (rest.data != NULL && str_next_part(&rest, ',', &entry)) {
        double weight = weight_of(&entry);
        uint32_t found = entry.len == 0 ? UINT32_MAX : language_find(survey, entry);
        if (found != UINT32_MAX && weight > best_weight) {
            best = found;
            best_weight = weight;
        }
    }
    return best;
}

bool ask_language_is_rtl(struct str tag)
{
    static const char *const rtl[] = {"ar", "he", "fa", "ur", "yi", "ps", "sd", "ckb", "dv", "ug"};
    struct str first = primary(tag);
    for (size_t i = 0; i < ARRAY_LEN(rtl); i++) {
        if (str_is(first, rtl[i])) {
            return true;
        }
    }
    return false;
}

/* ---- texts ------------------------------------------------------------------------------------------- */

static bool text_ok(struct str text, const struct query_path *at, struct fail *fail)
{
    if (text.len > ASK_TEXT_BYTES_MAX) {
        return query_refuse(at, fail, "a text has at most %d bytes", ASK_TEXT_BYTES_MAX);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20U && c != '\n' && c != '\t') || c == 0x7fU) {
            return query_refuse(at, fail, "control characters cannot be shown");
        }
    }
    return true;
}

static bool text_one(const struct ask_parse *parse, struct json_value value,
                     const struct query_path *at, struct str *out, struct fail *fail)
{
    struct str text;
    if (!query_read_string(value, at, "a text", &text, fail) || !text_ok(text, at, fail)) {
        return false;
    }
    /* An empty text is one left out. */
    if (str_trim(text).len > 0) {
        *out = str_copy(parse->arena, text);
    }
    return true;
}

static bool text_many(const struct ask_parse *parse, struct json_value object,
                      const struct query_path *at, struct str *in, struct fail *fail)
{
    const struct ask_survey *survey = parse->survey;
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &value);) {
        struct query_path place = {.up = at, .name = name};
        uint32_t i = 0;
        while (i < survey->language_count && !str_equal(survey->languages[i], name)) {
            i++;
        }
        if (i == survey->language_count) {
            size_t near = str_nearest_of(name, survey->languages, survey->language_count);
            return near == SIZE_MAX
                       ? query_refuse(&place, fail, "\"%.*s\" is none of the survey's languages",
                                      STR_ARG(name))
                       : query_refuse(&place, fail,
                                      "\"%.*s\" is none of the survey's languages; did you mean "
                                      "\"%.*s\"?",
                                      STR_ARG(name), STR_ARG(survey->languages[near]));
        }
        if (!text_one(parse, value, &place, &in[i], fail)) {
            return false;
        }
    }
    return true;
}

bool ask_parse_text(const struct ask_parse *parse, const struct query_member *member,
                    const struct query_path *up, bool needed, struct ask_text *out,
                    struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    if (member->place == 0) {
        return !needed || query_read_needed(up, member, "a text", fail);
    }
    struct str *in = arena_array(parse->arena, parse->survey->language_count, sizeof *in, fail);
    if (in == NULL) {
        return false;
    }
    if (json_type_of(member->value) == JSON_OBJECT) {
        if (!text_many(parse, member->value, &at, in, fail)) {
            return false;
        }
    } else if (json_type_of(member->value) == JSON_STRING) {
        if (!text_one(parse, member->value, &at, &in[0], fail)) {
            return false;
        }
    } else {
        return query_refuse(&at, fail, "expected a text, or an object of texts by language, not %s",
                            json_type_name(json_type_of(member->value)));
    }
    bool empty = true;
    for (uint32_t i = 0; i < parse->survey->language_count; i++) {
        empty = empty && in[i].data == NULL;
    }
    if (empty) {
        return !needed || query_refuse(&at, fail, "this text is empty");
    }
    if (in[0].data == NULL) {
        return query_refuse(&at, fail,
                            "the text in \"%.*s\", the survey's first language, is missing",
                            STR_ARG(parse->survey->languages[0]));
    }
    out->in = in;
    return true;
}

/* ---- look and ways ------------------------------------------------------------------------------------- */

static bool colour_ok(struct str text)
{
    if (text.len != 7 || text.data[0] != '#') {
        return false;
    }
    for (size_t i = 1; i < 7; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
            return false;
        }
    }
    return true;
}

static bool parse_theme(const struct ask_parse *parse, const struct query_member *member,
                        struct fail *fail)
{
    struct query_path at = query_path_in(NULL, "theme");
    struct query_member members[ASK_COLOURS];
    for (int i = 0; i < ASK_COLOURS; i++) {
        members[i] = (struct query_member){.name = ask_colour_names[i]};
        parse->survey->colours[i] = str_from_c(ask_colour_defaults[i]);
    }
    if (member->place == 0) {
        return true;
    }
    if (!query_read_object(member->value, &at, "a theme", members, ASK_COLOURS, fail)) {
        return false;
    }
    for (int i = 0; i < ASK_COLOURS; i++) {
        struct query_path place = query_path_in(&at, members[i].name);
        struct str text;
        if (members[i].place == 0) {
            continue;
        }
        if (!query_read_string(members[i].value, &place, "a colour such as \"#1d5240\"", &text,
                               fail)) {
            return false;
        }
        if (!colour_ok(text)) {
            return query_refuse(&place, fail, "expected a colour such as \"#1d5240\"");
        }
        parse->survey->colours[i] = str_copy(parse->arena, text);
    }
    return true;
}

static bool parse_ways(const struct ask_parse *parse, const struct query_member *member,
                       struct fail *fail)
{
    struct query_path at = query_path_in(NULL, "ways");
    struct json_value value;
    size_t i = 0, way = 0;
    parse->survey->ways = (1U << ASK_WAYS) - 1;
    if (member->place == 0) {
        return true;
    }
    if (!query_read_array(member->value, &at, "a list of ways such as [\"hosted\", \"widget\"]",
                          fail)) {
        return false;
    }
    parse->survey->ways = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(&at, i);
        if (!query_read_choice(value, &place, ask_way_names, ASK_WAYS, &way, fail)) {
            return false;
        }
        parse->survey->ways |= 1U << way;
    }
    return parse->survey->ways != 0 ||
           query_refuse(&at, fail, "a survey is asked in at least one way");
}

static bool parse_pages(const struct ask_parse *parse, const struct query_member *member,
                        struct fail *fail)
{
    static const char *const words[] = {"one", "all"};
    struct query_path at = query_path_in(NULL, "pages");
    size_t chosen = 0;
    if (member->place != 0 &&
        !query_read_choice(member->value, &at, words, ARRAY_LEN(words), &chosen, fail)) {
        return false;
    }
    parse->survey->one_page = chosen == 1;
    return true;
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

enum member_of_survey {
    MEMBER_NAME,
    MEMBER_LANGUAGES,
    MEMBER_TITLE,
    MEMBER_INTRO,
    MEMBER_QUESTIONS,
    MEMBER_THANKS,
    MEMBER_PAGES,
    MEMBER_THEME,
    MEMBER_WAYS,
    MEMBER_PRIORITY,
    MEMBER_AIM, /* ASK_AIM_COUNT from here */
    MEMBERS = MEMBER_AIM + ASK_AIM_COUNT,
};
static const char *const member_names[MEMBERS] = {
    "name",  "languages", "title",    "intro", "questions", "thanks",   "pages",
    "theme", "ways",      "priority", "whom",  "when",      "sampling", "waves"};

static bool parse_name(const struct ask_parse *parse, const struct query_member *member,
                       struct fail *fail)
{
    struct query_path at = query_path_in(NULL, "name");
    struct str text;
    if (!query_read_needed(NULL, member, "the survey's name", fail) ||
        !query_read_string(member->value, &at, "a name", &text, fail) ||
        !text_ok(text, &at, fail)) {
        return false;
    }
    text = str_trim(text);
    if (text.len == 0 || text.len > ASK_NAME_BYTES_MAX) {
        return query_refuse(&at, fail, "a name has 1 to %d bytes", ASK_NAME_BYTES_MAX);
    }
    parse->survey->name = str_copy(parse->arena, text);
    return true;
}

bool ask_survey_parse(struct arena *arena, struct json_value json, const struct query_env *env,
                      struct ask_survey *out, struct fail *fail)
{
    struct query_member members[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = (struct query_member){.name = member_names[i]};
    }
    struct ask_survey survey = {.priority = 50, .share = 1.0};
    struct ask_parse parse = {arena, env, &survey};
    struct query_path priority = query_path_in(NULL, "priority");
    if (!query_read_object(json, NULL, "a survey", members, MEMBERS, fail) ||
        !parse_name(&parse, &members[MEMBER_NAME], fail) ||
        !parse_languages(&parse, &members[MEMBER_LANGUAGES], fail) ||
        !ask_parse_text(&parse, &members[MEMBER_TITLE], NULL, false, &survey.title, fail) ||
        !ask_parse_text(&parse, &members[MEMBER_INTRO], NULL, false, &survey.intro, fail) ||
        !ask_parse_questions(&parse, &members[MEMBER_QUESTIONS], fail) ||
        !ask_parse_text(&parse, &members[MEMBER_THANKS], NULL, false, &survey.thanks, fail) ||
        !parse_pages(&parse, &members[MEMBER_PAGES], fail) ||
        !parse_theme(&parse, &members[MEMBER_THEME], fail) ||
        !parse_ways(&parse, &members[MEMBER_WAYS], fail) ||
        (members[MEMBER_PRIORITY].place != 0 &&
         !query_read_whole(members[MEMBER_PRIORITY].value, &priority, 0, 100, &survey.priority,
                           fail)) ||
        !ask_parse_aim(&parse, &members[MEMBER_AIM], fail)) {
        return false;
    }
    *out = survey;
    return true;
}

bool ask_survey_parse_text(struct arena *arena, struct str text, const struct query_env *env,
                           struct ask_survey *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    if (text.len > ASK_SURVEY_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "a survey's definition has at most %zu bytes",
                        ASK_SURVEY_BYTES_MAX);
    }
    return json_parse(parser, text, &root, fail) && ask_survey_parse(arena, root, env, out, fail);
}
