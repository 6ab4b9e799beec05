#include "intake_hook_suggest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base_time.h"

#define POINTER_BYTES_MAX 500
#define MEMBERS_SHAPED_MAX 100 /* an object with more is a table keyed by data */
#define ELEMENTS_SHAPED_MAX 20
#define WORDS_BYTES_LEAST 12

enum role {
    ROLE_NONE,
    ROLE_TIME,
    ROLE_EMAIL,
    ROLE_PERSON, /* their id in the other system */
    ROLE_TEXT,
    ROLE_SCORE,
    ROLE_ID,
    ROLE_TYPE,
    ROLE_MONEY,
    ROLE_CURRENCY,
    ROLES,
};
static const char *const role_names[ROLES] = {"",      "time", "email", "person", "text",
                                              "score", "id",   "type",  "money",  "currency"};

struct found {
    struct str pointer; /* elements of arrays are "*" */
    enum json_type type;
    struct json_value value;
    enum role role;
    size_t depth;
};

struct walk {
    struct arena *arena;
    struct found *fields;
    size_t count;
    bool shape; /* names that look like data are hidden */
};

/* ---- walking -------------------------------------------------------------------------------------------- */

static bool looks_like_name(struct str name)
{
    bool letter = false;
    if (name.len == 0 || name.len > 64) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        letter = letter || is_letter;
        if (!is_letter && !(c >= '0' && c <= '9' && letter) && strchr("_-.$: ", c) == NULL) {
            return false;
        }
    }
    return letter;
}

static struct str joined(struct arena *arena, struct str pointer, struct str name)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = POINTER_BYTES_MAX * 2};
    base_buf_str(&text, pointer);
    base_buf_byte(&text, '/');
    for (size_t i = 0; i < name.len && text.len < POINTER_BYTES_MAX; i++) {
        if (name.data[i] == '~' || name.data[i] == '/') {
            base_buf_c(&text, name.data[i] == '~' ? "~0" : "~1");
        } else {
            base_buf_byte(&text, name.data[i]);
        }
    }
    struct fail fail;
    return base_buf_ok(&text, &fail) ? str_copy(arena, base_buf_view(&text)) : pointer;
}

static bool known(const struct walk *walk, struct str pointer, enum json_type type)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->fields[i].type == type && str_equal(walk->fields[i].pointer, pointer)) {
            return true;
        }
    }
    return false;
}

/* Recursion ends at INTAKE_HOOK_SUGGEST_DEPTH_MAX. */
static void visit(struct walk *walk, struct json_value value, struct str pointer, size_t depth)
{
    enum json_type type = json_type_of(value);
    bool inner = type == JSON_OBJECT || type == JSON_ARRAY;
    if (depth > INTAKE_HOOK_SUGGEST_DEPTH_MAX || walk->count >= INTAKE_HOOK_SUGGEST_FIELDS_MAX) {
        return;
    }
    if (!inner) {
        if (!known(walk, pointer, type)) {
            walk->fields[walk->count++] =
                (struct found){.pointer = pointer, .type = type, .value = value, .depth = depth};
        }
        return;
    }
    struct str name;
    struct json_value member;
    size_t elements = 0;
    bool table = walk->shape && type == JSON_OBJECT && json_count(value) > MEMBERS_SHAPED_MAX;
    for (struct json_iter it = json_iter_of(value); json_next(&it, &name, &member);) {
        bool hidden = type == JSON_ARRAY || table || (walk->shape && !looks_like_name(name));
        visit(walk, member, joined(walk->arena, pointer, hidden ? STR("*") : name), depth + 1);
        if (type == JSON_ARRAY && ++elements >= (walk->shape ? ELEMENTS_SHAPED_MAX : 1)) {
            break; /* the first stand for all */
        }
    }
}

/* ---- what a value probably is ---------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool holds(struct str text, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= text.len; at++) {
        size_t i = 0;
        while (i < len && lower(text.data[at + i]) == word[i]) {
            i++;
        }
        if (i == len) {
            return true;
        }
    }
    return false;
}

static bool holds_any(struct str text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (holds(text, *words)) {
            return true;
        }
    }
    return false;
}

static bool is_any(struct str text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (text.len == strlen(*words) && holds(text, *words)) {
            return true;
        }
    }
    return false;
}

static struct str last_part(struct str pointer, struct str *out_parent)
{
    size_t at = pointer.len;
    while (at > 0 && pointer.data[at - 1] != '/') {
        at--;
    }
    *out_parent = str_of(pointer.data, at > 0 ? at - 1 : 0);
    return str_after(pointer, at);
}

static bool is_number(enum json_type type)
{
    return type == JSON_INT || type == JSON_UINT || type == JSON_DOUBLE;
}

static const char *const THEIRS[] = {"requester", "customer", "contact", "sender",  "user",
                                     "author",    "from",     "buyer",   "visitor", "lead",
                                     "billing",   "reviewer", NULL};
static const char *const OURS[] = {"agent", "assignee", "staff", "admin",   "owner",
                                   "team",  "merchant", "shop",  "account", NULL};

/* Each answers how sure it is: 0 not at all. */
static int as_time(const struct found *field, struct str name)
{
    static const char *const words[] = {"created", "time", "date", "_at", "sent", "ts", NULL};
    struct time_reading reading;
    int sure = holds_any(name, words) ? 4 : 0;
    sure += holds(name, "created") || holds(name, "timestamp") ? 2 : 0;
    if (field->type == JSON_STRING) {
        int64_t ms;
        struct str text = json_string(field->value);
        return time_parse_rfc3339(text, &ms)      ? sure + 3
               : time_parse_usual(text, &reading) ? (sure > 0 ? sure : 0)
                                                  : 0;
    }
    double number = is_number(field->type) ? json_double(field->value) : 0.0;
    bool instant = (number > 1e9 && number < 4.2e9) || (number > 1e12 && number < 4.2e12);
    return instant && sure > 0 ? sure + 1 : 0;
}

static int as_email(const struct found *field, struct str name, struct str parent)
{
    if (field->type != JSON_STRING) {
        return 0;
    }
    struct str text = json_string(field->value);
    size_t at = str_find_byte(text, '@');
    bool address = at > 0 && at + 3 < text.len && str_find_byte(text, ' ') == text.len &&
                   str_find_byte(str_after(text, at), '.') < text.len - at &&
                   str_find_byte(str_after(text, at + 1), '@') == text.len - at - 1;
    if (!address) {
        return 0;
    }
    return 4 + (holds(name, "mail") ? 2 : 0) + (holds_any(parent, THEIRS) ? 2 : 0) -
           (holds_any(parent, OURS) || holds_any(name, OURS) ? 3 : 0);
}

static int as_person(const struct found *field, struct str name, struct str parent)
{
    static const char *const ids[] = {"requester_id", "customer_id", "user_id",   "contact_id",
                                      "customerid",   "userid",      "contactid", "author_id",
                                      "sender_id",    "customer",    NULL};
    static const char *const id[] = {"id", "uuid", NULL};
    if (field->type != JSON_STRING && field->type != JSON_INT) {
        return 0;
    }
    if (field->type == JSON_STRING &&
        (json_string(field->value).len == 0 || json_string(field->value).len > 128 ||
         str_find_byte(json_string(field->value), ' ') < json_string(field->value).len)) {
        return 0;
    }
    struct str above, grand;
    above = last_part(parent, &grand);
    if (is_any(name, id) && holds_any(above, THEIRS) && !holds_any(above, OURS)) {
        return 6;
    }
    return is_any(name, ids) ? 5 : 0;
}

static int as_text(const struct found *field, struct str name)
{
    static const char *const words[] = {"body",        "text",   "message",  "content", "comment",
                                        "description", "review", "feedback", "note",    NULL};
    static const char *const best[] = {"body", "text", "content", "plain_body", "message", NULL};
    static const char *const not_words[] = {"id", "type", "url", "subject", "title", NULL};
    if (field->type != JSON_STRING || is_any(name, not_words)) {
        return 0;
    }
    struct str text = json_string(field->value);
    bool spoken = text.len >= WORDS_BYTES_LEAST && str_find_byte(text, ' ') < text.len;
    if (!holds_any(name, words) || !spoken) {
        return 0;
    }
    return 4 + (is_any(name, best) ? 1 : 0) + (text.len > 40 ? 1 : 0);
}

static int as_score(const struct found *field, struct str name)
{
    static const char *const words[] = {"rating", "score", "stars", "nps", "csat", NULL};
    if (!is_number(field->type) || !holds_any(name, words)) {
        return 0;
    }
    double value = json_double(field->value);
    return value >= 0 && value <= 10 && value == (double)(int)value ? 5 : 0;
}

static int as_money(const struct found *field, struct str name)
{
    static const char *const best[] = {"total_price", "amount_total", "grand_total", "revenue",
                                       "total",       "amount",       NULL};
    double value;
    bool number = is_number(field->type) || (field->type == JSON_STRING &&
                                             str_parse_double(json_string(field->value), &value));
    if (!number) {
        return 0;
    }
    for (int i = 0; best[i] != NULL; i++) {
        if (name.len == strlen(best[i]) && holds(name, best[i])) {
            return 9 - i;
        }
    }
    return 0;
}

static int sure_of(const struct found *field, enum role role)
{
    static const char *const ids[] = {"id", "uuid", "event_id", "message_id", NULL};
    static const char *const types[] = {"type", "event", "topic", "event_type", "action", NULL};
    struct str parent, name = last_part(field->pointer, &parent);
    bool text = field->type == JSON_STRING;
    switch (role) {
    case ROLE_TIME:
        return as_time(field, name);
    case ROLE_EMAIL:
        return as_email(field, name, parent);
    case ROLE_PERSON:
        return as_person(field, name, parent);
    case ROLE_TEXT:
        return as_text(field, name);
    case ROLE_SCORE:
        return as_score(field, name);
    case ROLE_ID:
        return is_any(name, ids) && (text || field->type == JSON_INT) ? 4 : 0;
    case ROLE_TYPE:
        return text && is_any(name, types) && field->depth <= 2 ? 4 : 0;
    case ROLE_MONEY:
        return as_money(field, name);
    case ROLE_CURRENCY:
        return text && holds(name, "currency") && json_string(field->value).len == 3 ? 5 : 0;
    case ROLE_NONE:
    case ROLES:
        break;
    }
    return 0;
}

/* The surest of each role; of equals the one nearest to the top, then the first. A field has one role. */
static void assign(struct walk *walk, struct found *best[ROLES])
{
    for (enum role role = ROLE_TIME; role < ROLES; role++) {
        int most = 0;
        for (size_t i = 0; i < walk->count; i++) {
            struct found *field = &walk->fields[i];
            int sure = field->role == ROLE_NONE ? sure_of(field, role) * 16 - (int)field->depth : 0;
            if (sure > most) {
                most = sure;
                best[role] = field;
            }
        }
        if (best[role] != NULL) {
            best[role]->role = role;
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------------------- */

struct guess {
    struct found *best[ROLES];
    struct str each; /* the array that words come from; missing: none */
    struct str source;
    struct arena *arena;
};

/* Words inside of an array make an event for each of its elements. */
static void find_each(struct guess *guess)
{
    const struct found *field = guess->best[ROLE_TEXT];
    guess->each = (struct str){NULL, 0};
    if (field == NULL) {
        return;
    }
    size_t star = str_find(field->pointer, STR("/*/"));
    if (star < field->pointer.len) {
        guess->each = str_of(field->pointer.data, star);
    }
}

/* As the map says it: into the element where it lies there, the first element of any other array. */
static struct str column_of(const struct guess *guess, const struct found *field)
{
    struct str pointer = field->pointer;
    size_t each = guess->each.len + 2;
    if (guess->each.data != NULL && pointer.len > each && str_starts(pointer, guess->each) &&
        memcmp(pointer.data + guess->each.len, "/*", 2) == 0) {
        pointer = str_format(guess->arena, "@%.*s", STR_ARG(str_after(pointer, each)));
    }
    char *copy = str_copy_c(guess->arena, pointer);
    for (char *at = strstr(copy, "/*"); at != NULL; at = strstr(at + 1, "/*")) {
        at[1] = '0';
    }
    return str_from_c(copy);
}

static void write_column(struct json_writer *w, const char *name, const struct guess *guess,
                         enum role role)
{
    json_name_c(w, name);
    json_write_str(w, column_of(guess, guess->best[role]));
}

static void write_typed(struct json_writer *w, const char *name, struct str column,
                        const char *type, const char *format)
{
    json_name_c(w, name);
    json_begin_object(w);
    json_name_c(w, "column");
    json_write_str(w, column);
    json_name_c(w, "type");
    json_write_c(w, type);
    if (format != NULL) {
        json_name_c(w, "format");
        json_write_c(w, format);
    }
    json_end_object(w);
}

static void write_const(struct json_writer *w, const char *name, const char *value)
{
    json_name_c(w, name);
    json_begin_object(w);
    json_name_c(w, "const");
    json_write_c(w, value);
    json_end_object(w);
}

static void write_time(struct json_writer *w, const struct guess *guess)
{
    const struct found *field = guess->best[ROLE_TIME];
    struct str column = column_of(guess, field);
    if (field->type == JSON_STRING) {
        json_name_c(w, "ts");
        json_write_str(w, column);
    } else {
        write_typed(w, "ts", column, "time", json_double(field->value) > 1e11 ? "unix_ms" : "unix");
    }
}

static const char *kind_of(const struct guess *guess)
{
    struct str text = guess->best[ROLE_TEXT] == NULL ? STR("") : guess->best[ROLE_TEXT]->pointer;
    struct str type =
        guess->best[ROLE_TYPE] == NULL ? STR("") : json_string(guess->best[ROLE_TYPE]->value);
    if (guess->best[ROLE_SCORE] != NULL || holds(type, "review") || holds(text, "review")) {
        return "review";
    }
    if (holds(type, "ticket") || holds(text, "ticket") || holds(guess->source, "desk")) {
        return "ticket";
    }
    if (holds(type, "message") || holds(type, "conversation") || holds(text, "conversation")) {
        return "chat";
    }
    return "note";
}

static void write_who(struct json_writer *w, const struct guess *guess)
{
    if (guess->best[ROLE_EMAIL] == NULL && guess->best[ROLE_PERSON] == NULL) {
        json_name_c(w, "anonymous");
        json_write_c(w, "each");
        return;
    }
    json_name_c(w, "identifiers");
    json_begin_object(w);
    if (guess->best[ROLE_EMAIL] != NULL) {
        write_column(w, "email", guess, ROLE_EMAIL);
    }
    if (guess->best[ROLE_PERSON] != NULL) {
        struct str kind = str_format(guess->arena, "ext.%.*s", STR_ARG(guess->source));
        write_column(w, kind.data, guess, ROLE_PERSON);
    }
    json_end_object(w);
}

static void write_words(struct json_writer *w, const struct guess *guess)
{
    const struct found *text = guess->best[ROLE_TEXT], *score = guess->best[ROLE_SCORE];
    if (text != NULL) {
        struct str sample = json_string(text->value);
        bool html = holds(sample, "</") || holds(sample, "<br") || holds(sample, "<p>");
        if (html) {
            write_typed(w, "text", column_of(guess, text), "html", NULL);
        } else {
            write_column(w, "text", guess, ROLE_TEXT);
        }
    }
    if (score != NULL) {
        bool nps = holds(score->pointer, "nps") || json_double(score->value) > 5;
        bool csat = holds(score->pointer, "csat") || holds(score->pointer, "satisfaction");
        write_typed(w, "score", column_of(guess, score), "number", NULL);
        write_const(w, "scale", nps ? "nps" : csat ? "csat" : "stars");
    }
}

static void write_properties(struct json_writer *w, const struct guess *guess, bool order)
{
    json_name_c(w, "properties");
    json_begin_object(w);
    if (!order) {
        write_const(w, "kind", kind_of(guess));
    }
    if (guess->best[ROLE_MONEY] != NULL) {
        write_typed(w, "revenue", column_of(guess, guess->best[ROLE_MONEY]), "number", NULL);
    }
    if (guess->best[ROLE_CURRENCY] != NULL) {
        write_column(w, "currency", guess, ROLE_CURRENCY);
    }
    json_end_object(w);
}

static void write_rule(struct json_writer *w, const struct guess *guess)
{
    bool order = guess->best[ROLE_MONEY] != NULL && guess->best[ROLE_TEXT] == NULL;
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_c(w, order ? "orders" : "words");
    if (guess->each.data != NULL) {
        json_name_c(w, "each");
        json_write_str(w, guess->each);
    }
    if (guess->best[ROLE_TYPE] != NULL) {
        json_name_c(w, "where");
        json_begin_array(w);
        json_begin_array(w);
        json_write_str(w, column_of(guess, guess->best[ROLE_TYPE]));
        json_write_c(w, "=");
        json_write_str(w, json_string(guess->best[ROLE_TYPE]->value));
        json_end_array(w);
        json_end_array(w);
    }
    write_const(w, "event", order ? "Order Completed" : "feedback");
    if (guess->best[ROLE_TIME] != NULL) {
        write_time(w, guess);
    }
    write_who(w, guess);
    if (guess->best[ROLE_ID] != NULL) {
        write_column(w, "message_id", guess, ROLE_ID);
    }
    write_words(w, guess);
    write_properties(w, guess, order);
    json_end_object(w);
}

static void write_sample(struct json_writer *w, struct json_value value)
{
    if (json_type_of(value) != JSON_STRING) {
        json_write_value(w, value);
        return;
    }
    struct str text = json_string(value);
    if (text.len > INTAKE_HOOK_SUGGEST_SAMPLE_BYTES) {
        text.len = INTAKE_HOOK_SUGGEST_SAMPLE_BYTES;
        while (!str_is_utf8(text)) {
            text.len--;
        }
    }
    json_write_str(w, text);
}

static const char *type_word(enum json_type type)
{
    return type == JSON_STRING ? "string"
           : type == JSON_BOOL ? "boolean"
           : type == JSON_NULL ? "null"
                               : "number";
}

static void write_fields(struct json_writer *w, const struct walk *walk)
{
    json_name_c(w, "fields");
    json_begin_array(w);
    for (size_t i = 0; i < walk->count; i++) {
        const struct found *field = &walk->fields[i];
        json_begin_object(w);
        json_name_c(w, "pointer");
        json_write_str(w, field->pointer);
        json_name_c(w, "type");
        json_write_c(w, type_word(field->type));
        json_name_c(w, "sample");
        write_sample(w, field->value);
        json_name_c(w, "role");
        if (field->role == ROLE_NONE) {
            json_write_null(w);
        } else {
            json_write_c(w, role_names[field->role]);
        }
        json_end_object(w);
    }
    json_end_array(w);
}

static bool parse(struct json_parser *parser, struct str text, struct json_value *out,
                  struct fail *fail)
{
    if (!json_parse(parser, text, out, fail)) {
        return fail_at(fail, "the sample");
    }
    return json_type_of(*out) == JSON_OBJECT || json_type_of(*out) == JSON_ARRAY ||
           fail_set(fail, FAIL_INPUT, "the sample: expected an object or an array");
}

bool intake_hook_suggest(struct str sample, struct str source, struct json_writer *w,
                         struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct guess guess = {.source = source, .arena = arena};
    struct walk walk = {.arena = arena};
    struct json_value root;
    walk.fields = arena_array(arena, INTAKE_HOOK_SUGGEST_FIELDS_MAX, sizeof *walk.fields, fail);
    if (walk.fields == NULL || !parse(parser, sample, &root, fail)) {
        return false;
    }
    visit(&walk, root, STR(""), 0);
    assign(&walk, guess.best);
    find_each(&guess);
    json_begin_object(w);
    json_name_c(w, "definition");
    json_begin_object(w);
    json_name_c(w, "rules");
    json_begin_array(w);
    write_rule(w, &guess);
    json_end_array(w);
    json_end_object(w);
    write_fields(w, &walk);
    json_name_c(w, "missing");
    json_begin_array(w);
    static const enum role wanted[] = {ROLE_TIME, ROLE_ID};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (guess.best[wanted[i]] == NULL) {
            json_write_c(w, role_names[wanted[i]]);
        }
    }
    if (guess.best[ROLE_EMAIL] == NULL && guess.best[ROLE_PERSON] == NULL) {
        json_write_c(w, "person");
    }
    if (guess.best[ROLE_TEXT] == NULL && guess.best[ROLE_MONEY] == NULL) {
        json_write_c(w, "text");
    }
    json_end_array(w);
    json_end_object(w);
    return true;
}

static int by_pointer(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    int order = str_compare(left->pointer, right->pointer);
    return order != 0 ? order : (int)left->type - (int)right->type;
}

bool intake_hook_shape(struct str body, struct json_writer *w, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct walk walk = {.arena = arena, .shape = true};
    struct json_value root;
    walk.fields = arena_array(arena, INTAKE_HOOK_SUGGEST_FIELDS_MAX, sizeof *walk.fields, fail);
    if (walk.fields == NULL || !parse(parser, body, &root, fail)) {
        return false;
    }
    visit(&walk, root, STR(""), 0);
    qsort(walk.fields, walk.count, sizeof *walk.fields, by_pointer);
    json_begin_array(w);
    for (size_t i = 0; i < walk.count; i++) {
        json_write_str(w, str_format(arena, "%.*s %s", STR_ARG(walk.fields[i].pointer),
                                     type_word(walk.fields[i].type)));
    }
    json_end_array(w);
    return true;
}
