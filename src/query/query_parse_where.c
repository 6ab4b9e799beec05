/* Names, conditions and matchers. */
#include "query_fold.h"
#include "query_parse.h"
#include "base_regex.h"
#include "query_shown.h"

static uint32_t find_column(struct query_parser *parser, enum store_column_of of, struct str name,
                            bool *out_new)
{
    struct query_plan *plan = parser->plan;
    *out_new = false;
    for (size_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i].of == of && str_equal(plan->columns[i].name, name)) {
            return (uint32_t)i;
        }
    }
    if (plan->column_count == parser->column_capacity) {
        size_t capacity = parser->column_capacity == 0 ? 8 : 2 * parser->column_capacity;
        struct store_column_ref *grown = arena_small(parser->arena, capacity * sizeof *grown);
        bool *quiet = arena_small(parser->arena, capacity * sizeof *quiet);
        if (plan->column_count > 0) {
            memcpy(grown, plan->columns, plan->column_count * sizeof *grown);
            memcpy(quiet, plan->column_quiet, plan->column_count * sizeof *quiet);
        }
        plan->columns = grown;
        plan->column_quiet = quiet;
        parser->column_capacity = capacity;
    }
    *out_new = true;
    plan->columns[plan->column_count] =
        (struct store_column_ref){.of = of, .name = str_copy(parser->arena, name)};
    return (uint32_t)plan->column_count++;
}

uint32_t query_parse_column(struct query_parser *parser, enum store_column_of of, struct str name)
{
    bool is_new;
    uint32_t column = find_column(parser, of, name, &is_new);
    parser->plan->column_quiet[column] = false;
    return column;
}

uint32_t query_parse_quiet_column(struct query_parser *parser, enum store_column_of of,
                                  struct str name)
{
    bool is_new;
    uint32_t column = find_column(parser, of, name, &is_new);
    parser->plan->column_quiet[column] = parser->plan->column_quiet[column] || is_new;
    return column;
}

struct query_clause query_parse_quiet_clause(struct query_parser *parser, enum store_column_of of,
                                             const char *name, const struct store_value *value)
{
    struct query_leaf *leaf = arena_small(parser->arena, sizeof *leaf);
    leaf->name = (struct query_name){QUERY_FROM_ROW_COLUMN,
                                     query_parse_quiet_column(parser, of, str_from_c(name))};
    leaf->op = value == NULL ? QUERY_IS_SET : QUERY_EQUAL;
    if (value != NULL) {
        leaf->value = *value;
    }
    return (struct query_clause){leaf, 1};
}

static struct query_name row_column(struct query_parser *parser, enum store_column_of of,
                                    struct str name)
{
    return (struct query_name){QUERY_FROM_ROW_COLUMN, query_parse_column(parser, of, name)};
}

static bool own_field(struct query_parser *parser, struct str text, struct query_name *out)
{
    static const struct {
        const char *name;
        enum store_column_of of;
    } columns[] = {
        {"channel", STORE_COLUMN_CHANNEL}, {"text", STORE_COLUMN_TEXT},
        {"score", STORE_COLUMN_SCORE},     {"scale", STORE_COLUMN_SCALE},
        {"source", STORE_COLUMN_SOURCE},
    };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (str_is(text, columns[i].name)) {
            *out = row_column(parser, columns[i].of, STR(""));
            return true;
        }
    }
    if (str_is(text, "event") || str_is(text, "ts")) {
        enum query_from from = str_is(text, "ts") ? QUERY_FROM_TS : QUERY_FROM_EVENT;
        *out = (struct query_name){from, QUERY_NO_COLUMN};
        return true;
    }
    if (str_is(text, "theme") || str_is(text, "sentiment")) {
        *out = (struct query_name){QUERY_FROM_NOTHING, QUERY_NO_COLUMN};
        return true;
    }
    return false;
}

bool query_parse_customer_name(struct query_parser *parser, struct str text,
                               const struct query_path *path, struct query_name *out,
                               struct fail *fail)
{
    static const struct {
        const char *name;
        enum query_from from;
    } built_in[] = {
        {"id", QUERY_FROM_CUSTOMER_ID},        {"known", QUERY_FROM_CUSTOMER_KNOWN},
        {"first_seen", QUERY_FROM_FIRST_SEEN}, {"last_seen", QUERY_FROM_LAST_SEEN},
        {"events", QUERY_FROM_EVENT_COUNT},
    };
    for (size_t i = 0; i < ARRAY_LEN(built_in); i++) {
        if (str_is(text, built_in[i].name)) {
            parser->plan->wants_facts =
                parser->plan->wants_facts || built_in[i].from >= QUERY_FROM_FIRST_SEEN;
            *out = (struct query_name){built_in[i].from, QUERY_NO_COLUMN};
            return true;
        }
    }
    struct str trait = str_starts_c(text, "traits.") ? str_after(text, strlen("traits.")) : text;
    if (trait.len == 0) {
        return query_refuse(path, fail, "expected the name of a trait");
    }
    *out = (struct query_name){QUERY_FROM_TRAIT_COLUMN,
                               query_parse_column(parser, STORE_COLUMN_TRAIT, trait)};
    return true;
}

/* `then.NAME`: the trait and, as far as its name has dots, what stands above it. There are no built-ins. */
static bool parse_past(struct query_parser *parser, struct str trait, const struct query_path *path,
                       struct query_name *out, struct fail *fail)
{
    struct query_plan *plan = parser->plan;
    if (trait.len == 0) {
        return query_refuse(path, fail, "expected the name of a trait after \"then.\"");
    }
    struct query_past past = {.column = query_parse_column(parser, STORE_COLUMN_TRAIT_SENT, trait)};
    for (size_t i = 0; i < plan->past_count; i++) {
        if (plan->pasts[i].column == past.column) {
            *out = (struct query_name){QUERY_FROM_PAST, (uint32_t)i};
            return true;
        }
    }
    uint32_t *above = arena_small(parser->arena, (trait.len + 1) * sizeof *above);
    for (size_t i = 0; i < trait.len; i++) {
        if (trait.data[i] == '.') {
            above[past.above_count++] =
                query_parse_quiet_column(parser, STORE_COLUMN_TRAIT_SENT, str_of(trait.data, i));
        }
    }
    past.above = above;
    if (plan->past_count == parser->past_capacity) {
        size_t capacity = parser->past_capacity == 0 ? 4 : 2 * parser->past_capacity;
        struct query_past *grown = arena_small(parser->arena, capacity * sizeof *grown);
        if (plan->past_count > 0) {
            memcpy(grown, plan->pasts, plan->past_count * sizeof *grown);
        }
        plan->pasts = grown;
        parser->past_capacity = capacity;
    }
    *out = (struct query_name){QUERY_FROM_PAST, (uint32_t)plan->past_count};
    plan->pasts[plan->past_count++] = past;
    return true;
}

bool query_parse_name(struct query_parser *parser, struct str text, const struct query_path *path,
                      struct query_name *out, struct fail *fail)
{
    if (str_starts_c(text, "customer.")) {
        return query_parse_customer_name(parser, str_after(text, strlen("customer.")), path, out,
                                         fail);
    }
    if (str_starts_c(text, "then.")) {
        return parse_past(parser, str_after(text, strlen("then.")), path, out, fail);
    }
    if (own_field(parser, text, out)) {
        return true;
    }
    struct str property =
        str_starts_c(text, "properties.") ? str_after(text, strlen("properties.")) : text;
    if (property.len == 0) {
        return query_refuse(path, fail, "expected the name of a property, trait or own field");
    }
    *out = row_column(parser, STORE_COLUMN_PROPERTY,
                      query_shown_property(&parser->plan->renames, property));
    return true;
}

/* ---- conditions ---- */

struct operator_word {
    const char *word;
    enum query_operator op;
    bool negated;
};
static const struct operator_word operator_words[] = {
    {"=", QUERY_EQUAL, false},
    {"!=", QUERY_EQUAL, true},
    {">", QUERY_ABOVE, false},
    {">=", QUERY_AT_LEAST, false},
    {"<", QUERY_BELOW, false},
    {"<=", QUERY_AT_MOST, false},
    {"in", QUERY_IN, false},
    {"not in", QUERY_IN, true},
    {"contains", QUERY_CONTAINS, false},
    {"starts with", QUERY_STARTS_WITH, false},
    {"matches", QUERY_MATCHES, false},
    {"set", QUERY_IS_SET, false},
    {"not set", QUERY_IS_SET, true},
};
#define COMPARISON_WORDS 6 /* the first so many compare */

static bool parse_operator(struct json_value value, const struct query_path *path, size_t words,
                           const struct operator_word **out, struct fail *fail)
{
    const char *names[ARRAY_LEN(operator_words)];
    for (size_t i = 0; i < words; i++) {
        names[i] = operator_words[i].word;
    }
    size_t index;
    if (!query_read_choice(value, path, names, words, &index, fail)) {
        return false;
    }
    *out = &operator_words[index];
    return true;
}

/* An event's old name means the event. */
static struct store_value shown_operand(const struct query_parser *parser,
                                        const struct query_leaf *leaf, struct store_value value)
{
    bool names_event = leaf->name.from == QUERY_FROM_EVENT && value.kind == STORE_STRING &&
                       (leaf->op == QUERY_EQUAL || leaf->op == QUERY_IN);
    return names_event
               ? store_value_str(query_shown_event(&parser->plan->renames, store_value_text(value)))
               : value;
}

static bool parse_operand_list(struct query_parser *parser, struct json_value value,
                               const struct query_path *path, struct query_leaf *leaf,
                               struct fail *fail)
{
    if (!query_read_array(value, path, "a list of values", fail)) {
        return false;
    }
    size_t count = json_count(value);
    struct store_value *values = arena_array(parser->arena, count, sizeof *values, fail);
    if (values == NULL) {
        return false;
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(path, i);
        if (!query_read_scalar(element, &at, parser->arena, &values[i], fail)) {
            return false;
        }
        values[i] = shown_operand(parser, leaf, values[i]);
    }
    return query_set_make(parser->arena, values, (uint32_t)count, &leaf->set, fail);
}

static void free_regex(void *regex)
{
    base_regex_free(regex);
}

static bool parse_operand_text(struct query_parser *parser, struct json_value value,
                               const struct query_path *path, struct query_leaf *leaf,
                               struct fail *fail)
{
    struct str text;
    if (!query_read_string(value, path, "a text", &text, fail)) {
        return false;
    }
    if (leaf->op == QUERY_MATCHES) {
        struct fail reason;
        if (!base_regex_new(text, &leaf->regex, &reason)) {
            return query_refuse(path, fail, "%s", reason.message);
        }
        arena_defer(parser->arena, free_regex, leaf->regex);
        return true;
    }
    if (leaf->op == QUERY_CONTAINS) {
        CLEANUP(base_buf_done) struct base_buf folded = {.limit = 2 * QUERY_BYTES_MAX};
        query_fold(text, &folded);
        if (!base_buf_ok(&folded, fail)) {
            return false;
        }
        leaf->value = store_value_str(str_copy(parser->arena, base_buf_view(&folded)));
        return true;
    }
    leaf->value = store_value_str(str_copy(parser->arena, text));
    return true;
}

static bool parse_operand(struct query_parser *parser, struct json_value value,
                          const struct query_path *path, struct query_leaf *leaf, struct fail *fail)
{
    switch (leaf->op) {
    case QUERY_IN:
        return parse_operand_list(parser, value, path, leaf, fail);
    case QUERY_CONTAINS:
    case QUERY_STARTS_WITH:
    case QUERY_MATCHES:
        return parse_operand_text(parser, value, path, leaf, fail);
    case QUERY_IS_SET:
        return query_refuse(path, fail, "\"set\" and \"not set\" take no value");
    case QUERY_EQUAL:
    case QUERY_ABOVE:
    case QUERY_AT_LEAST:
    case QUERY_BELOW:
    case QUERY_AT_MOST:
        break;
    }
    if (!query_read_scalar(value, path, parser->arena, &leaf->value, fail)) {
        return false;
    }
    leaf->value = shown_operand(parser, leaf, leaf->value);
    leaf->is_instant = query_instant_of(leaf->value, &leaf->instant_ms);
    return true;
}

/* [name, operator, value] */
static bool parse_leaf(struct query_parser *parser, struct json_value value,
                       const struct query_path *path, bool of_customer, struct query_leaf *out,
                       struct fail *fail)
{
    if (++parser->conditions > QUERY_CONDITIONS_MAX) {
        return query_refuse(path, fail, "more than %d conditions in one question",
                            QUERY_CONDITIONS_MAX);
    }
    struct query_leaf leaf = {.regex = NULL};
    const struct operator_word *word = NULL;
    struct json_value element;
    size_t count = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element); count++) {
        struct query_path at = query_path_at(path, count);
        if (count == 0) {
            struct str name;
            if (!query_read_string(element, &at, "the name of a property", &name, fail) ||
                !(of_customer ? query_parse_customer_name(parser, name, &at, &leaf.name, fail)
                              : query_parse_name(parser, name, &at, &leaf.name, fail))) {
                return false;
            }
        } else if (count == 1) {
            if (!parse_operator(element, &at, ARRAY_LEN(operator_words), &word, fail)) {
                return false;
            }
            leaf.op = word->op;
            leaf.negated = word->negated;
        } else if (count > 2) {
            return query_refuse(&at, fail, "a condition is [name, operator, value], no more");
        } else if (!parse_operand(parser, element, &at, &leaf, fail)) {
            return false;
        }
    }
    size_t wanted = word != NULL && word->op == QUERY_IS_SET ? 2 : 3;
    if (count < wanted) {
        struct query_path at = query_path_at(path, count);
        static const char *const parts[] = {"the name of a property", "an operator", "a value"};
        return query_refuse(&at, fail, "the condition ends here: expected %s", parts[count]);
    }
    *out = leaf;
    return true;
}

static size_t count_leaves(struct json_value value)
{
    struct json_value any, element;
    if (json_type_of(value) != JSON_OBJECT || !json_member(value, STR("any"), &any) ||
        json_type_of(any) != JSON_ARRAY) {
        return 1;
    }
    size_t count = 0;
    for (struct json_iter it = json_iter_of(any); json_next(&it, NULL, &element);) {
        count += count_leaves(element);
    }
    return count;
}

/* Nested {"any"} mean the same flattened; JSON's depth bounds the recursion. */
static bool parse_alternatives(struct query_parser *parser, struct json_value value,
                               const struct query_path *path, struct query_clause *clause,
                               struct fail *fail)
{
    if (json_type_of(value) == JSON_ARRAY) {
        return parse_leaf(parser, value, path, false, &clause->leaves[clause->count++], fail);
    }
    struct query_member members[] = {{.name = "any"}};
    if (json_type_of(value) != JSON_OBJECT) {
        return query_refuse(path, fail,
                            "expected a condition: [name, operator, value] or {\"any\": [...]}");
    }
    if (!query_read_object(value, path, "a condition", members, 1, fail) ||
        !query_read_needed(path, &members[0], "a list of conditions", fail)) {
        return false;
    }
    struct query_path any = query_path_in(path, "any");
    if (!query_read_array(members[0].value, &any, "a list of conditions", fail)) {
        return false;
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(members[0].value); json_next(&it, NULL, &element);
         i++) {
        struct query_path at = query_path_at(&any, i);
        if (!parse_alternatives(parser, element, &at, clause, fail)) {
            return false;
        }
    }
    return true;
}

bool query_parse_where(struct query_parser *parser, const struct query_member *member,
                       const struct query_path *path, struct query_where *out, struct fail *fail)
{
    if (member->place == 0) {
        *out = (struct query_where){.count = 0};
        return true;
    }
    struct query_path where = query_path_in(path, member->name);
    if (!query_read_array(member->value, &where, "a list of conditions", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count > QUERY_CONDITIONS_MAX) {
        return query_refuse(&where, fail, "more than %d conditions in one question",
                            QUERY_CONDITIONS_MAX);
    }
    struct query_clause *clauses = arena_array(parser->arena, count, sizeof *clauses, fail);
    if (clauses == NULL) {
        return false;
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(&where, i);
        /* The count may be that of an "any" given twice, which is refused below; one more is safe. */
        size_t leaves = count_leaves(element) + 1;
        clauses[i].leaves = arena_array(parser->arena, leaves, sizeof *clauses[i].leaves, fail);
        if (clauses[i].leaves == NULL ||
            !parse_alternatives(parser, element, &at, &clauses[i], fail)) {
            return false;
        }
    }
    *out = (struct query_where){clauses, (uint32_t)count};
    return true;
}

bool query_parse_trait_condition(struct query_parser *parser, struct json_value value,
                                 const struct query_path *path, struct query_clause *out,
                                 struct fail *fail)
{
    if (!query_read_array(value, path, "a condition on a trait: [name, operator, value]", fail)) {
        return false;
    }
    struct query_leaf *leaf = arena_small(parser->arena, sizeof *leaf);
    if (!parse_leaf(parser, value, path, true, leaf, fail)) {
        return false;
    }
    *out = (struct query_clause){leaf, 1};
    return true;
}

bool query_parse_comparison(struct query_parser *parser, struct json_value value,
                            const struct query_path *path, struct query_comparison *out,
                            struct json_value *out_operand, struct fail *fail)
{
    (void)parser;
    if (!query_read_array(value, path, "a comparison such as [\">=\", 1]", fail)) {
        return false;
    }
    struct json_value parts[2], element;
    size_t count = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element); count++) {
        if (count == 2) {
            struct query_path at = query_path_at(path, 2);
            return query_refuse(&at, fail, "a comparison is [operator, value], no more");
        }
        parts[count] = element;
    }
    if (count < 2) {
        struct query_path at = query_path_at(path, count);
        return query_refuse(&at, fail, "the comparison ends here: expected %s",
                            count == 0 ? "an operator" : "a value");
    }
    struct query_path at = query_path_at(path, 0);
    const struct operator_word *word;
    if (!parse_operator(parts[0], &at, COMPARISON_WORDS, &word, fail)) {
        return false;
    }
    *out = (struct query_comparison){.op = word->op, .negated = word->negated};
    *out_operand = parts[1];
    return true;
}
