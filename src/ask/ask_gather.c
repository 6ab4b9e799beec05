/* Responses out of events: a customer's rows in timeline order, put together by the id of the response. */
#include "ask_results.h"

#include "store_scan.h"

#define MEMORY_BYTES ((size_t)256 << 20)
#define RESPONSES_OF_ONE_MAX 1000 /* of one customer in one survey */

enum own_column {
    COLUMN_SURVEY,
    COLUMN_VERSION,
    COLUMN_WAVE,
    COLUMN_WAY,
    COLUMN_LANGUAGE,
    COLUMN_RESPONSE,
    COLUMN_FINISHED,
    COLUMN_QUESTION,
    COLUMN_TEXT_QUESTION,
    COLUMN_OUTCOME,
    COLUMN_PART,
    COLUMN_TEXT,
    OWN_COLUMNS, /* then one for each answer */
};
static const char *const own_names[OWN_COLUMNS] = {
    "survey",   "version",  "wave",          "way",     "language", "response",
    "finished", "question", "text_question", "outcome", "part",     NULL};

struct answer_column { /* a property: of a question, or of a row of a matrix */
    struct str question;
    struct str row; /* missing: no matrix */
};

struct walk {
    struct ask_gathering *gathering;
    struct store_column_ref *columns;
    struct answer_column *answers; /* of columns from OWN_COLUMNS on */
    size_t column_count;
    uint32_t feedback, shown, contacted; /* codes */
    const struct store_rows *rows;
    uint32_t *next;        /* by column: the first entry not yet passed */
    struct arena *scratch; /* of one customer */
    struct ask_gathered *list;
    size_t count, most;
};

/* ---- columns ------------------------------------------------------------------------------------------------ */

static bool has_column(const struct walk *walk, struct str name)
{
    for (size_t i = OWN_COLUMNS; i < walk->column_count; i++) {
        if (str_equal(walk->columns[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void add_column(struct walk *walk, struct arena *arena, struct str question, struct str row)
{
    struct str name = row.data == NULL
                          ? str_format(arena, "answers.%.*s", STR_ARG(question))
                          : str_format(arena, "answers.%.*s.%.*s", STR_ARG(question), STR_ARG(row));
    if (has_column(walk, name)) {
        return;
    }
    walk->answers[walk->column_count] = (struct answer_column){question, row};
    walk->columns[walk->column_count++] =
        (struct store_column_ref){.of = STORE_COLUMN_PROPERTY, .name = name};
}

static bool make_columns(struct walk *walk, struct arena *arena, struct fail *fail)
{
    const struct ask_gathering *gathering = walk->gathering;
    size_t most = OWN_COLUMNS;
    for (size_t v = 0; v < gathering->version_count; v++) {
        const struct ask_survey *survey = &gathering->versions[v].survey;
        for (uint32_t q = 0; q < survey->question_count; q++) {
            most += 1U + survey->questions[q].row_count;
        }
    }
    walk->columns = arena_array(arena, most, sizeof *walk->columns, fail);
    walk->answers = arena_array(arena, most, sizeof *walk->answers, fail);
    walk->next = arena_array(arena, most, sizeof *walk->next, fail);
    if (walk->columns == NULL || walk->answers == NULL || walk->next == NULL) {
        return false;
    }
    for (int i = 0; i < OWN_COLUMNS; i++) {
        walk->columns[i] = (struct store_column_ref){
            .of = own_names[i] == NULL ? STORE_COLUMN_TEXT : STORE_COLUMN_PROPERTY,
            .name = str_from_c(own_names[i])};
    }
    walk->column_count = OWN_COLUMNS;
    for (size_t v = 0; v < gathering->version_count; v++) {
        const struct ask_survey *survey = &gathering->versions[v].survey;
        for (uint32_t q = 0; q < survey->question_count; q++) {
            const struct ask_question *question = &survey->questions[q];
            if (question->type != ASK_MATRIX && question->type != ASK_OPEN) {
                add_column(walk, arena, question->id, (struct str){NULL, 0});
            }
            for (uint32_t row = 0; row < question->row_count; row++) {
                add_column(walk, arena, question->id, question->rows[row].id);
            }
        }
    }
    return true;
}

/* The values of a column at a row; rows are asked for in rising order. */
static uint32_t values_at(struct walk *walk, size_t column, uint32_t row,
                          const struct store_value **out)
{
    const struct store_column *values = &walk->rows->columns[column];
    uint32_t *next = &walk->next[column];
    while (*next < values->count && values->at[*next] < row) {
        (*next)++;
    }
    uint32_t end = *next;
    while (end < values->count && values->at[end] == row) {
        end++;
    }
    *out = end == *next ? NULL : values->values + *next; /* an empty column has no array */
    return end - *next;
}

/* The first value of a row, NULL where it has none or one of another kind. */
static const struct store_value *first_at(struct walk *walk, size_t column, uint32_t row,
                                          enum store_kind kind)
{
    const struct store_value *values;
    (void)values_at(walk, column, row, &values);
    return values != NULL && values->kind == kind ? values : NULL;
}

static struct str text_at(struct walk *walk, size_t column, uint32_t row)
{
    const struct store_value *value = first_at(walk, column, row, STORE_STRING);
    return value != NULL ? store_value_text(*value) : (struct str){NULL, 0};
}

static int64_t whole_at(struct walk *walk, size_t column, uint32_t row)
{
    const struct store_value *value = first_at(walk, column, row, STORE_INT);
    return value != NULL ? value->i : 0;
}

/* ---- one customer ----------------------------------------------------------------------------------------------- */

static const struct ask_version *version_of(const struct walk *walk, int64_t version)
{
    for (size_t i = 0; i < walk->gathering->version_count; i++) {
        if (walk->gathering->versions[i].version == version) {
            return &walk->gathering->versions[i];
        }
    }
    return NULL;
}

static bool find_response(struct walk *walk, uint32_t row, struct ask_gathered **out,
                          struct fail *fail)
{
    struct str id = text_at(walk, COLUMN_RESPONSE, row);
    for (size_t i = 0; i < walk->count; i++) {
        if (str_equal(walk->list[i].id, id)) {
            *out = &walk->list[i];
            return true;
        }
    }
    *out = NULL;
    if (walk->count == walk->most) {
        return true;
    }
    struct ask_gathered *found = &walk->list[walk->count++];
    *found = (struct ask_gathered){
        .id = str_copy(walk->scratch, id),
        .way = str_copy(walk->scratch, text_at(walk, COLUMN_WAY, row)),
        .language = str_copy(walk->scratch, text_at(walk, COLUMN_LANGUAGE, row)),
        .version = whole_at(walk, COLUMN_VERSION, row),
        .wave = whole_at(walk, COLUMN_WAVE, row),
        .at_ms = walk->rows->ts_ms[row],
        .of = version_of(walk, whole_at(walk, COLUMN_VERSION, row)),
    };
    *out = found;
    uint32_t questions = found->of == NULL ? 0 : found->of->survey.question_count;
    found->answers = arena_array(walk->scratch, questions, sizeof *found->answers, fail);
    found->parts = arena_array(walk->scratch, questions, sizeof *found->parts, fail);
    return found->answers != NULL && found->parts != NULL;
}

static bool add_picks(struct walk *walk, const struct ask_question *question, size_t column,
                      const struct store_value *values, uint32_t count, struct ask_answer *answer,
                      struct fail *fail)
{
    bool matrix = question->type == ASK_MATRIX;
    uint32_t most = matrix ? question->row_count : question->choice_count;
    uint32_t *picks = arena_array(walk->scratch, most, sizeof *picks, fail);
    uint32_t picked = 0;
    if (picks == NULL) {
        return false;
    }
    if (matrix) {
        uint32_t at =
            ask_choice_find(question->rows, question->row_count, walk->answers[column].row);
        for (uint32_t i = 0; i < most; i++) {
            picks[i] = answer->given ? answer->picks[i] : ASK_NOWHERE;
        }
        if (at != UINT32_MAX && values[0].kind == STORE_STRING) {
            picks[at] = ask_choice_find(question->choices, question->choice_count,
                                        store_value_text(values[0]));
        }
        picked = most;
    }
    for (uint32_t i = 0; i < count && !matrix && picked < most; i++) {
        uint32_t pick = values[i].kind != STORE_STRING
                            ? UINT32_MAX
                            : ask_choice_find(question->choices, question->choice_count,
                                              store_value_text(values[i]));
        if (pick != UINT32_MAX) {
            picks[picked++] = pick;
        }
    }
    *answer = (struct ask_answer){.seen = true,
                                  .given = picked > 0,
                                  .value = answer->value,
                                  .picks = picks,
                                  .pick_count = picked};
    if (question->type == ASK_SINGLE && picked > 0) {
        answer->value = store_value_str(question->choices[picks[0]].id);
    }
    return true;
}

static bool fits(const struct ask_question *question, struct store_value value)
{
    if (ask_type_is_score(question->type) || question->type == ASK_NUMBER) {
        return store_value_is_number(value);
    }
    return question->type == ASK_YES_NO ? value.kind == STORE_BOOL : value.kind == STORE_STRING;
}

static bool add_answers(struct walk *walk, uint32_t row, struct ask_gathered *response,
                        struct fail *fail)
{
    if (response->of == NULL) {
        return true;
    }
    const struct ask_survey *survey = &response->of->survey;
    int64_t part = whole_at(walk, COLUMN_PART, row); /* 0: the first */
    for (size_t column = OWN_COLUMNS; column < walk->column_count; column++) {
        const struct store_value *values;
        uint32_t count = values_at(walk, column, row, &values);
        uint32_t at =
            count == 0 ? UINT32_MAX : ask_question_find(survey, walk->answers[column].question);
        /* A later part may lie first on the timeline, where both were told within a millisecond. */
        if (at == UINT32_MAX || part < response->parts[at]) {
            continue;
        }
        response->parts[at] = part;
        const struct ask_question *question = &survey->questions[at];
        struct ask_answer *answer = &response->answers[at];
        if (question->choice_count > 0) {
            if (!add_picks(walk, question, column, values, count, answer, fail)) {
                return false;
            }
        } else if (fits(question, values[0])) {
            struct store_value value = values[0];
            if (value.kind == STORE_STRING) {
                value = store_value_str(str_copy(walk->scratch, store_value_text(value)));
            }
            *answer = (struct ask_answer){.seen = true, .given = true, .value = value};
        }
    }
    struct str text = text_at(walk, COLUMN_TEXT, row);
    struct str of = text_at(walk, COLUMN_TEXT_QUESTION, row);
    of = of.data != NULL ? of : text_at(walk, COLUMN_QUESTION, row);
    uint32_t at = text.data == NULL ? UINT32_MAX : ask_question_find(survey, of);
    /* Of senders that do not say: the first open question. */
    for (uint32_t i = 0;
         text.data != NULL && of.data == NULL && at == UINT32_MAX && i < survey->question_count;
         i++) {
        at = survey->questions[i].type == ASK_OPEN ? i : at;
    }
    if (at != UINT32_MAX && survey->questions[at].type == ASK_OPEN && part >= response->parts[at]) {
        response->parts[at] = part;
        response->answers[at] = (struct ask_answer){
            .seen = true, .given = true, .value = store_value_str(str_copy(walk->scratch, text))};
    }
    return true;
}

static bool add_row(struct walk *walk, uint32_t row, struct fail *fail)
{
    struct ask_gathered *response;
    uint32_t event = walk->rows->events[row];
    const struct store_value *finished;
    if (!str_equal(text_at(walk, COLUMN_SURVEY, row), walk->gathering->filter->survey) ||
        (event == walk->contacted && !str_is(text_at(walk, COLUMN_OUTCOME, row), "allowed"))) {
        return true;
    }
    if (!find_response(walk, row, &response, fail)) {
        return false;
    }
    if (response == NULL) {
        return true;
    }
    if (event == walk->contacted) {
        response->asked = true;
        return true;
    }
    if (event == walk->shown) {
        response->shown = true;
        return true;
    }
    response->at_ms = response->started ? response->at_ms : walk->rows->ts_ms[row];
    response->started = true;
    finished = first_at(walk, COLUMN_FINISHED, row, STORE_BOOL);
    response->finished = response->finished || (finished != NULL && finished->b);
    return add_answers(walk, row, response, fail);
}

static bool passes(const struct ask_filter *filter, const struct ask_gathered *response)
{
    return (filter->way.data == NULL || str_equal(filter->way, response->way)) &&
           (filter->language.data == NULL || str_equal(filter->language, response->language)) &&
           (filter->version == 0 || filter->version == response->version) &&
           (filter->wave == 0 || filter->wave == response->wave);
}

static bool add_customer(struct walk *walk, uint32_t c, struct fail *fail)
{
    arena_reset(walk->scratch);
    walk->count = 0;
    size_t rows = walk->rows->row_begin[c + 1] - walk->rows->row_begin[c];
    walk->most = rows < RESPONSES_OF_ONE_MAX ? rows : RESPONSES_OF_ONE_MAX;
    walk->list = arena_array(walk->scratch, walk->most, sizeof *walk->list, fail);
    if (walk->list == NULL) {
        return false;
    }
    for (uint32_t row = walk->rows->row_begin[c]; row < walk->rows->row_begin[c + 1]; row++) {
        if (!add_row(walk, row, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < walk->count; i++) {
        if (passes(walk->gathering->filter, &walk->list[i]) &&
            !walk->gathering->response(walk->gathering->context, walk->rows->customers[c],
                                       &walk->list[i], fail)) {
            return false;
        }
    }
    return true;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

static bool scan(struct walk *walk, const struct store_scan_options *options,
                 struct base_budget *budget, struct fail *fail)
{
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    bool good = store_scan_new(walk->gathering->snapshot, options, &scan, fail) &&
                store_cursor_new(scan, budget, &cursor, fail);
    while (good) {
        good =
            (walk->gathering->cancel == NULL || !base_cancel_due(walk->gathering->cancel, fail)) &&
            store_cursor_next(cursor, &walk->rows, fail);
        if (!good || walk->rows->customer_count == 0) {
            break;
        }
        memset(walk->next, 0, walk->column_count * sizeof *walk->next);
        for (uint32_t c = 0; good && c < walk->rows->customer_count; c++) {
            good = add_customer(walk, c, fail);
        }
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    return good;
}

bool ask_gather(struct ask_gathering *gathering, struct arena *arena, struct fail *fail)
{
    struct walk walk = {
        .gathering = gathering,
        .feedback = store_event_code(gathering->snapshot, STR("feedback")),
        .shown = store_event_code(gathering->snapshot, STR("survey shown")),
        .contacted = store_event_code(gathering->snapshot, STR("contacted")),
    };
    uint32_t codes[3];
    size_t code_count = 0;
    const uint32_t wanted[] = {walk.feedback, walk.shown, walk.contacted};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (wanted[i] != STORE_NO_CODE) {
            codes[code_count++] = wanted[i];
        }
    }
    if (code_count == 0) {
        return true;
    }
    if (!make_columns(&walk, arena, fail)) {
        return false;
    }
    struct store_scan_options options = {.columns = walk.columns,
                                         .column_count = walk.column_count,
                                         .events = codes,
                                         .event_count = code_count,
                                         .cancel = gathering->cancel};
    struct base_budget *budget = base_budget_new(MEMORY_BYTES);
    walk.scratch = arena_new(budget);
    bool good = scan(&walk, &options, budget, fail);
    arena_free(walk.scratch);
    base_budget_free(budget);
    return good;
}

bool ask_versions_read(struct ask *ask, struct str survey, struct arena *arena,
                       struct ask_version **out, size_t *out_count, struct fail *fail)
{
    struct state_survey_version *rows;
    struct state_survey row;
    struct query_env env;
    size_t count, kept = 0;
    if (!ask_library_find(ask->state, survey, arena, &row, fail) ||
        !ask->env.query_env(ask->env.context, &env, fail) ||
        !state_survey_versions(ask->state, survey, arena, &rows, &count, fail)) {
        return false;
    }
    struct ask_version *list = arena_array(arena, ASK_VERSIONS_MAX, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (size_t i = count; i > 0 && kept < ASK_VERSIONS_MAX; i--) {
        list[kept].version = rows[i - 1].version;
        if (!ask_library_parse(&env, rows[i - 1].definition, arena, &list[kept].survey, fail)) {
            return false;
        }
        kept++;
    }
    *out = list;
    *out_count = kept;
    return true;
}
