/* Fixes for what goes wrong most: by the place and the words of the reason, and by what the document holds. */
#include <stdio.h>

#include "base_json_write.h"
#include "intake_mend.h"

struct search {
    const struct intake_way *way;
    struct json_value root;
    struct str reason, field;
    struct arena *arena;
    struct intake_suggestion *out;
    size_t count;
};

static bool has(const struct search *search, const char *pointer)
{
    struct json_value value = search->root;
    struct str rest = str_from_c(pointer), token;
    rest = str_after(rest, 1);
    while (rest.data != NULL && str_next_part(&rest, '/', &token)) {
        if (!json_member(value, token, &value)) {
            return false;
        }
    }
    return true;
}

static bool says(const struct search *search, const char *words)
{
    return str_find(search->reason, str_from_c(words)) < search->reason.len;
}

static bool at(const struct search *search, const char *field)
{
    return str_is(search->field, field);
}

/* A pointer as JSON text. */
static const char *quoted(const struct search *search, struct str pointer)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = 4096};
    struct json_writer w = {.out = &text};
    struct fail ignored;
    json_write_str(&w, pointer);
    return base_buf_ok(&text, &ignored)
               ? str_format(search->arena, "%.*s", STR_ARG(base_buf_view(&text))).data
               : "\"\"";
}

static void suggest(struct search *search, struct str title, struct str patch)
{
    if (search->count < INTAKE_SUGGESTIONS_MAX) {
        search->out[search->count++] = (struct intake_suggestion){title, patch};
    }
}

/* ---- by the words of the reason ------------------------------------------------------------------------ */

/* What stands behind `did you mean "`, or nothing. */
static struct str meant(const struct search *search)
{
    static const char words[] = "did you mean \"";
    size_t from = str_find(search->reason, STR("did you mean \""));
    if (from == search->reason.len) {
        return (struct str){NULL, 0};
    }
    struct str rest = str_after(search->reason, from + sizeof words - 1);
    return str_of(rest.data, str_find_byte(rest, '"'));
}

/* The field's last part is a word that is nearly right, or that means one of ours. */
static void suggest_name(struct search *search)
{
    struct str name = meant(search);
    const char *from = quoted(search, search->field);
    struct str last = search->field;
    while (str_find_byte(last, '/') < last.len) {
        last = str_after(last, str_find_byte(last, '/') + 1);
    }
    struct str before = str_of(search->field.data, search->field.len - last.len);
    struct str to = str_format(search->arena, "%.*s%.*s", STR_ARG(before), STR_ARG(name));
    const char *make = "";
    if (str_is(name, "identifiers") || str_is(name, "properties")) {
        bool account = str_is(last, "groupId");
        bool identifiers = str_is(name, "identifiers");
        make = has(search, identifiers ? "/identifiers" : "/properties") ? ""
               : identifiers ? "{\"op\":\"add\",\"path\":\"/identifiers\",\"value\":{}},"
                             : "{\"op\":\"add\",\"path\":\"/properties\",\"value\":{}},";
        to = str_format(search->arena, "/%.*s/%.*s", STR_ARG(name),
                        STR_ARG(account ? STR("account") : last));
    }
    suggest(
        search,
        str_format(search->arena, "Take %.*s as %.*s", STR_ARG(last), STR_ARG(str_after(to, 1))),
        str_format(search->arena, "[%s{\"op\":\"move\",\"from\":%s,\"path\":%s}]", make, from,
                   quoted(search, to)));
    suggest(search, str_format(search->arena, "Leave %.*s out", STR_ARG(last)),
            str_format(search->arena, "[{\"op\":\"remove\",\"path\":%s}]", from));
}

static void suggest_unknown(struct search *search)
{
    struct str last = str_after(search->field, 1);
    suggest(
        search, str_format(search->arena, "Keep %.*s as a property", STR_ARG(last)),
        str_format(search->arena, "[%s{\"op\":\"move\",\"from\":%s,\"path\":%s}]",
                   has(search, "/properties")
                       ? ""
                       : "{\"op\":\"add\",\"path\":\"/properties\",\"value\":{}},",
                   quoted(search, search->field),
                   quoted(search, str_format(search->arena, "/properties/%.*s", STR_ARG(last)))));
}

static void suggest_reading(struct search *search, const char *as, const char *words)
{
    struct str name = str_after(search->field, 1);
    suggest(search, str_format(search->arena, "Read %.*s as %s", STR_ARG(name), words),
            str_format(search->arena, "[{\"op\":\"replace\",\"path\":%s,\"read\":\"%s\"}]",
                       quoted(search, search->field), as));
}

static void suggest_removal(struct search *search)
{
    suggest(search,
            str_format(search->arena, "Leave %.*s out", STR_ARG(str_after(search->field, 1))),
            str_format(search->arena, "[{\"op\":\"remove\",\"path\":%s}]",
                       quoted(search, search->field)));
}

/* ---- by the place --------------------------------------------------------------------------------------- */

static void suggest_time(struct search *search)
{
    static const char *const others[] = {"timestamp", "time", "date", "originalTimestamp",
                                         "created_at"};
    if (says(search, "RFC 3339")) {
        suggest_reading(search, "instant", "a time (without an offset in UTC)");
    }
    for (size_t i = 0; says(search, "no time") && i < ARRAY_LEN(others); i++) {
        char pointer[48];
        snprintf(pointer, sizeof pointer, "/properties/%s", others[i]);
        if (has(search, pointer)) {
            suggest(search,
                    str_format(search->arena, "Take the time that stands in %s",
                               pointer + sizeof "/properties"),
                    str_format(search->arena,
                               "[{\"op\":\"copy\",\"from\":\"%s\",\"path\":\"/ts\"},"
                               "{\"op\":\"replace\",\"path\":\"/ts\",\"read\":\"instant\"}]",
                               pointer));
        }
    }
    suggest(search, STR("Take the time of receipt as its time"),
            STR("[{\"op\":\"add\",\"path\":\"/ts\",\"row\":\"received_at\"}]"));
}

static void suggest_score(struct search *search)
{
    bool both = has(search, "/score") && has(search, "/scale");
    if (says(search, "expected a number")) {
        suggest_reading(search, "number", "a number");
    }
    if (says(search, "unknown scale")) {
        suggest(search, STR("Write the scale in small letters"),
                STR("[{\"op\":\"replace\",\"path\":\"/scale\",\"read\":\"lower\"}]"));
    }
    suggest(search,
            both ? STR("Leave score and scale out, keep the rest")
                 : STR("Leave the score out, keep the rest"),
            both                    ? STR("[{\"op\":\"remove\",\"path\":\"/score\"},"
                                                             "{\"op\":\"remove\",\"path\":\"/scale\"}]")
            : has(search, "/score") ? STR("[{\"op\":\"remove\",\"path\":\"/score\"}]")
                                    : STR("[{\"op\":\"remove\",\"path\":\"/scale\"}]"));
}

static void suggest_who(struct search *search)
{
    static const struct {
        const char *from, *to, *make, *words;
    } places[] = {
        {"/properties/userId", "/userId", "", "Take properties.userId as the user"},
        {"/properties/user_id", "/userId", "", "Take properties.user_id as the user"},
        {"/properties/customer_id", "/userId", "", "Take properties.customer_id as the user"},
        {"/traits/email", "/identifiers/email",
         "{\"op\":\"add\",\"path\":\"/identifiers\",\"value\":{}},",
         "Take traits.email as an identifier"},
        {"/properties/email", "/identifiers/email",
         "{\"op\":\"add\",\"path\":\"/identifiers\",\"value\":{}},",
         "Take properties.email as an identifier"},
    };
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (has(search, places[i].from)) {
            suggest(search, str_from_c(places[i].words),
                    str_format(search->arena,
                               "[%s{\"op\":\"copy\",\"from\":\"%s\",\"path\":\"%s\"}]",
                               has(search, "/identifiers") ? "" : places[i].make, places[i].from,
                               places[i].to));
        }
    }
}

static void suggest_own(struct search *search)
{
    if (says(search, "userId and identifiers.user differ")) {
        suggest(search, STR("Keep userId, leave identifiers.user out"),
                STR("[{\"op\":\"remove\",\"path\":\"/identifiers/user\"}]"));
    } else if (at(search, "/ts")) {
        suggest_time(search);
    } else if (at(search, "/score") || at(search, "/scale")) {
        suggest_score(search);
    } else if (says(search, "no identifier")) {
        suggest_who(search);
    } else if (at(search, "/previousId") && says(search, "belongs to events named alias")) {
        suggest_removal(search);
    }
}

/* Over HTTP, or the lines of a file without a map. */
static bool is_own(const struct intake_way *way)
{
    return way->form == INTAKE_WAY_IS_OWN ||
           (way->form == INTAKE_WAY_IS_FILE && way->format == INTAKE_FORMAT_NDJSON &&
            way->map.len == 0);
}

static void suggest_for(struct search *search)
{
    bool pointer = search->field.len > 1 && search->field.data[0] == '/';
    if (pointer && meant(search).len > 0) {
        suggest_name(search);
    } else if (pointer && says(search, "unknown member")) {
        suggest_unknown(search);
    } else if (is_own(search->way)) {
        suggest_own(search);
    }
    if (pointer && search->count == 0 && (says(search, "expected a string"))) {
        suggest_reading(search, "text", "text");
    }
    if (pointer && search->count == 0 && says(search, "expected a number")) {
        suggest_reading(search, "number", "a number");
    }
    if (pointer && search->count == 0 &&
        (says(search, "expected an object") || says(search, "instant") || says(search, "time"))) {
        suggest_removal(search);
    }
}

bool intake_mend_suggest(const struct intake_way *way, struct str document, struct str reason,
                         struct str field, struct arena *arena, struct intake_suggestion *out,
                         size_t *out_count, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct search search = {
        .way = way, .reason = reason, .field = field, .arena = arena, .out = out};
    *out_count = 0;
    if (document.data == NULL) {
        return true;
    }
    if (!json_parse(parser, document, &search.root, fail)) {
        return false;
    }
    suggest_for(&search);
    *out_count = search.count;
    return true;
}
