#include "ask_results.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- counting --------------------------------------------------------------------------------------------- */

struct funnel {
    uint64_t asked, shown, started, finished;
};
struct group { /* of a wave, a way, a language, a version */
    struct str name;
    int64_t number;
    struct funnel funnel;
};
struct groups {
    const char *member;
    struct group *list;
    size_t count;
};
enum { BY_WAVE, BY_WAY, BY_LANGUAGE, BY_VERSION, BY_COUNT };

struct tally { /* of one question, by its id, over all versions */
    struct str id;
    const struct ask_question *question; /* as the newest version has it */
    uint64_t n, reached, left;
    uint64_t
        *counts; /* by score, choice, yes/no; of a matrix row by row; of a rank: first places */
    uint64_t *places; /* of a rank: sums of places */
    size_t count_count;
    double sum, least, greatest;
};
struct results {
    struct funnel all;
    struct groups by[BY_COUNT];
    struct tally *tallies;
    size_t tally_count;
    struct arena *arena;
};

static void count_funnel(struct funnel *funnel, const struct ask_gathered *response)
{
    funnel->asked += response->asked ? 1 : 0;
    funnel->shown += response->shown ? 1 : 0;
    funnel->started += response->started ? 1 : 0;
    funnel->finished += response->finished ? 1 : 0;
}

static void count_group(struct results *results, int by, struct str name, int64_t number,
                        const struct ask_gathered *response)
{
    struct groups *groups = &results->by[by];
    size_t i = 0;
    while (i < groups->count &&
           (groups->list[i].number != number || !str_equal(groups->list[i].name, name))) {
        i++;
    }
    if (i == groups->count) {
        if (i == ASK_RESULT_GROUPS_MAX) {
            return;
        }
        groups->list[groups->count++] =
            (struct group){.name = str_copy(results->arena, name), .number = number};
    }
    count_funnel(&groups->list[i].funnel, response);
}

static struct tally *tally_of(struct results *results, struct str id)
{
    for (size_t i = 0; i < results->tally_count; i++) {
        if (str_equal(results->tallies[i].id, id)) {
            return &results->tallies[i];
        }
    }
    return NULL;
}

/* A choice's place in the tally is that of its id in the newest version; choices since taken away count in n alone. */
static void count_choices(struct tally *tally, const struct ask_question *question,
                          const struct ask_answer *answer)
{
    const struct ask_question *now = tally->question;
    for (uint32_t i = 0; i < answer->pick_count; i++) {
        if (answer->picks[i] == ASK_NOWHERE) {
            continue;
        }
        uint32_t choice = ask_choice_find(now->choices, now->choice_count,
                                          question->choices[answer->picks[i]].id);
        size_t row = 0;
        if (choice == UINT32_MAX) {
            continue;
        }
        if (question->type == ASK_MATRIX) {
            row = ask_choice_find(now->rows, now->row_count, question->rows[i].id);
            if (row == UINT32_MAX) {
                continue;
            }
        }
        if (question->type == ASK_RANK) {
            tally->places[choice] += i + 1;
            tally->counts[choice] += i == 0 ? 1 : 0;
        } else {
            tally->counts[row * now->choice_count + choice]++;
        }
    }
}

static void count_answer(struct tally *tally, const struct ask_question *question,
                         const struct ask_answer *answer)
{
    int64_t least, most;
    if (question->type != tally->question->type) {
        return; /* the id meant something else then */
    }
    tally->n++;
    if (answer->picks != NULL) {
        count_choices(tally, question, answer);
    } else if (question->type == ASK_YES_NO) {
        tally->counts[answer->value.b ? 0 : 1]++;
    } else if (store_value_is_number(answer->value)) {
        double value = store_value_number(answer->value);
        tally->sum += value;
        tally->least = tally->n == 1 || value < tally->least ? value : tally->least;
        tally->greatest = tally->n == 1 || value > tally->greatest ? value : tally->greatest;
        if (ask_type_is_score(question->type)) {
            ask_type_bounds(question->type, &least, &most);
            if (value >= (double)least && value <= (double)most) {
                tally->counts[(size_t)value - (size_t)least]++;
            }
        }
    }
}

static void count_questions(struct results *results, const struct ask_gathered *response)
{
    const struct ask_survey *survey = &response->of->survey;
    uint32_t path[ASK_QUESTIONS_MAX], passed = 0;
    bool reached[ASK_QUESTIONS_MAX] = {false};
    /* Whoever went on has passed over what stands before the last answer. */
    struct ask_answer walked[ASK_QUESTIONS_MAX] = {{0}};
    uint32_t last = 0;
    for (uint32_t i = 0; i < survey->question_count; i++) {
        walked[i] = response->answers[i];
        last = response->answers[i].given ? i + 1 : last;
    }
    for (uint32_t i = 0; i < (response->finished ? survey->question_count : last); i++) {
        walked[i].seen = true;
    }
    uint32_t stopped = ask_walk(survey, walked, false, path, &passed);
    for (uint32_t i = 0; i < passed; i++) {
        reached[path[i]] = true;
    }
    if (stopped < survey->question_count) {
        reached[stopped] = true;
    }
    for (uint32_t i = 0; i < survey->question_count; i++) {
        struct tally *tally = tally_of(results, survey->questions[i].id);
        if (tally == NULL) {
            continue;
        }
        tally->reached += reached[i] || response->answers[i].given ? 1 : 0;
        tally->left += i == stopped && !response->finished ? 1 : 0;
        if (response->answers[i].given) {
            count_answer(tally, &survey->questions[i], &response->answers[i]);
        }
    }
}

static bool count_response(void *context, uint32_t customer, const struct ask_gathered *response,
                           struct fail *fail)
{
    struct results *results = context;
    (void)customer;
    (void)fail;
    count_funnel(&results->all, response);
    count_group(results, BY_WAVE, STR(""), response->wave, response);
    count_group(results, BY_WAY, response->way, 0, response);
    count_group(results, BY_LANGUAGE, response->language, 0, response);
    count_group(results, BY_VERSION, STR(""), response->version, response);
    if (response->started && response->of != NULL) {
        count_questions(results, response);
    }
    return true;
}

/* ---- setting up ------------------------------------------------------------------------------------------------ */

static size_t counts_of(const struct ask_question *question)
{
    int64_t least, most;
    if (ask_type_is_score(question->type)) {
        ask_type_bounds(question->type, &least, &most);
        return (size_t)(most - least + 1);
    }
    if (question->type == ASK_YES_NO) {
        return 2;
    }
    return (size_t)question->choice_count *
           (question->type == ASK_MATRIX ? question->row_count : 1U);
}

static bool make_tallies(struct results *results, const struct ask_version *versions, size_t count,
                         struct fail *fail)
{
    size_t most = 0;
    for (size_t v = 0; v < count; v++) {
        most += versions[v].survey.question_count;
    }
    results->tallies = arena_array(results->arena, most, sizeof *results->tallies, fail);
    if (results->tallies == NULL) {
        return false;
    }
    for (size_t v = 0; v < count; v++) {
        for (uint32_t q = 0; q < versions[v].survey.question_count; q++) {
            const struct ask_question *question = &versions[v].survey.questions[q];
            if (tally_of(results, question->id) != NULL) {
                continue;
            }
            struct tally *tally = &results->tallies[results->tally_count++];
            *tally = (struct tally){
                .id = question->id, .question = question, .count_count = counts_of(question)};
            tally->counts =
                arena_array(results->arena, tally->count_count, sizeof *tally->counts, fail);
            tally->places =
                arena_array(results->arena, tally->count_count, sizeof *tally->places, fail);
            if (tally->counts == NULL || tally->places == NULL) {
                return false;
            }
        }
    }
    static const char *const members[BY_COUNT] = {"wave", "way", "language", "version"};
    for (int by = 0; by < BY_COUNT; by++) {
        results->by[by].member = members[by];
        results->by[by].list =
            arena_array(results->arena, ASK_RESULT_GROUPS_MAX, sizeof *results->by[by].list, fail);
        if (results->by[by].list == NULL) {
            return false;
        }
    }
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void write_funnel(struct json_writer *w, const struct funnel *funnel)
{
    json_name_c(w, "asked");
    json_write_uint(w, funnel->asked);
    json_name_c(w, "shown");
    json_write_uint(w, funnel->shown);
    json_name_c(w, "started");
    json_write_uint(w, funnel->started);
    json_name_c(w, "finished");
    json_write_uint(w, funnel->finished);
}

static int by_name(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->number != y->number ? (x->number < y->number ? -1 : 1)
                                  : str_compare(x->name, y->name);
}

static void write_groups(struct json_writer *w, struct groups *groups, bool numbers)
{
    qsort(groups->list, groups->count, sizeof *groups->list, by_name);
    json_name_c(w, groups->member);
    json_begin_array(w);
    for (size_t i = 0; i < groups->count; i++) {
        json_begin_object(w);
        json_name_c(w, groups->member);
        if (numbers) {
            json_write_int(w, groups->list[i].number);
        } else {
            json_write_str(w, groups->list[i].name);
        }
        write_funnel(w, &groups->list[i].funnel);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_choice_counts(struct json_writer *w, const struct ask_question *question,
                                const uint64_t *counts)
{
    json_begin_object(w);
    for (uint32_t i = 0; i < question->choice_count; i++) {
        json_name(w, question->choices[i].id);
        json_write_uint(w, counts[i]);
    }
    json_end_object(w);
}

static void write_distribution(struct json_writer *w, const struct tally *tally)
{
    const struct ask_question *question = tally->question;
    int64_t least, most;
    if (ask_type_is_score(question->type)) {
        char digits[24];
        ask_type_bounds(question->type, &least, &most);
        json_name_c(w, "distribution");
        json_begin_object(w);
        for (int64_t i = least; i <= most; i++) {
            snprintf(digits, sizeof digits, "%lld", (long long)i);
            json_name_c(w, digits);
            json_write_uint(w, tally->counts[i - least]);
        }
        json_end_object(w);
    } else if (question->type == ASK_YES_NO) {
        json_name_c(w, "distribution");
        json_begin_object(w);
        json_name_c(w, "yes");
        json_write_uint(w, tally->counts[0]);
        json_name_c(w, "no");
        json_write_uint(w, tally->counts[1]);
        json_end_object(w);
    } else if (question->type == ASK_MATRIX) {
        json_name_c(w, "rows");
        json_begin_object(w);
        for (uint32_t row = 0; row < question->row_count; row++) {
            json_name(w, question->rows[row].id);
            write_choice_counts(w, question, tally->counts + (size_t)row * question->choice_count);
        }
        json_end_object(w);
    } else if (question->choice_count > 0) {
        json_name_c(w, question->type == ASK_RANK ? "first" : "distribution");
        write_choice_counts(w, question, tally->counts);
    }
}

static void write_number(struct json_writer *w, const char *name, bool there, double value)
{
    json_name_c(w, name);
    if (there) {
        json_write_double(w, value);
    } else {
        json_write_null(w);
    }
}

static void write_numbers(struct json_writer *w, const struct tally *tally)
{
    const struct ask_question *question = tally->question;
    bool any = tally->n > 0;
    if (ask_type_is_score(question->type) || question->type == ASK_NUMBER) {
        write_number(w, "mean", any, tally->sum / (double)(any ? tally->n : 1));
    }
    if (question->type == ASK_NUMBER) {
        write_number(w, "min", any, tally->least);
        write_number(w, "max", any, tally->greatest);
    }
    if (question->type == ASK_RANK) {
        json_name_c(w, "mean_place");
        json_begin_object(w);
        for (uint32_t i = 0; i < question->choice_count; i++) {
            json_name(w, question->choices[i].id);
            json_write_double(w, any ? (double)tally->places[i] / (double)tally->n : 0.0);
        }
        json_end_object(w);
    }
}

static void write_labels(struct json_writer *w, const char *name, const struct ask_choice *choices,
                         uint32_t count)
{
    if (count == 0) {
        return;
    }
    json_name_c(w, name);
    json_begin_object(w);
    for (uint32_t i = 0; i < count; i++) {
        json_name(w, choices[i].id);
        json_write_str(w, ask_text_in(choices[i].label, 0));
    }
    json_end_object(w);
}

static void write_tally(struct json_writer *w, const struct tally *tally)
{
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, tally->id);
    json_name_c(w, "type");
    json_write_c(w, ask_type_name(tally->question->type));
    json_name_c(w, "title");
    json_write_str(w, ask_text_in(tally->question->title, 0));
    json_name_c(w, "n");
    json_write_uint(w, tally->n);
    json_name_c(w, "reached");
    json_write_uint(w, tally->reached);
    json_name_c(w, "left");
    json_write_uint(w, tally->left);
    write_distribution(w, tally);
    write_numbers(w, tally);
    write_labels(w, "labels", tally->question->choices, tally->question->choice_count);
    write_labels(w, "row_labels", tally->question->rows, tally->question->row_count);
    json_end_object(w);
}

static void write_results(struct json_writer *w, const struct ask_filter *filter, int64_t now_ms,
                          struct results *results)
{
    json_begin_object(w);
    json_name_c(w, "survey");
    json_write_str(w, filter->survey);
    json_name_c(w, "as_of");
    json_write_instant(w, now_ms);
    write_funnel(w, &results->all);
    json_name_c(w, "by");
    json_begin_object(w);
    for (int by = 0; by < BY_COUNT; by++) {
        write_groups(w, &results->by[by], by == BY_WAVE || by == BY_VERSION);
    }
    json_end_object(w);
    json_name_c(w, "questions");
    json_begin_array(w);
    for (size_t i = 0; i < results->tally_count; i++) {
        write_tally(w, &results->tallies[i]);
    }
    json_end_array(w);
    json_end_object(w);
}

bool ask_results(struct ask *ask, const struct ask_filter *filter, struct base_cancel *cancel,
                 struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct results results = {.arena = arena};
    struct ask_gathering gathering = {.ask = ask,
                                      .filter = filter,
                                      .cancel = cancel,
                                      .context = &results,
                                      .response = count_response};
    struct ask_version *versions;
    if (!ask_versions_read(ask, filter->survey, arena, &versions, &gathering.version_count, fail) ||
        !make_tallies(&results, versions, gathering.version_count, fail)) {
        return false;
    }
    gathering.versions = versions;
    gathering.snapshot = store_snapshot_take(ask->store);
    bool good = ask_gather(&gathering, arena, fail);
    store_snapshot_unref(gathering.snapshot);
    if (good) {
        write_results(w, filter, base_now_ms(ask->clock), &results);
    }
    return good;
}

/* ---- one by one ---------------------------------------------------------------------------------------------------- */

/* The newest `limit` below the cursor are kept as they are met: a heap would be quicker, and more. */
struct line {
    int64_t at_ms;
    struct str id;
    char *bytes; /* base_free: the response as it will be written, then its id */
    struct str json;
};
struct page {
    const struct ask_gathering *gathering;
    int64_t before_ms; /* the cursor */
    struct str before_id;
    struct line *lines; /* newest first */
    size_t count, limit;
    uint64_t total;
    bool more;
};

static int line_order(int64_t a_ms, struct str a, int64_t b_ms, struct str b)
{
    return a_ms != b_ms ? (a_ms > b_ms ? -1 : 1) : str_compare(b, a);
}

static void write_response(struct json_writer *w, struct str customer,
                           const struct ask_gathered *response)
{
    json_begin_object(w);
    json_name_c(w, "response");
    json_write_str(w, response->id);
    json_name_c(w, "customer");
    json_write_str(w, customer);
    json_name_c(w, "at");
    json_write_instant(w, response->at_ms);
    json_name_c(w, "version");
    json_write_int(w, response->version);
    json_name_c(w, "wave");
    json_write_int(w, response->wave);
    json_name_c(w, "way");
    json_write_str(w, response->way);
    json_name_c(w, "language");
    json_write_str(w, response->language);
    json_name_c(w, "finished");
    json_write_bool(w, response->finished);
    json_name_c(w, "answers");
    json_begin_object(w);
    for (uint32_t i = 0; response->of != NULL && i < response->of->survey.question_count; i++) {
        if (response->answers[i].given) {
            json_name(w, response->of->survey.questions[i].id);
            ask_answer_write(&response->of->survey.questions[i], &response->answers[i], w);
        }
    }
    json_end_object(w);
    json_end_object(w);
}

static bool keep_response(void *context, uint32_t customer, const struct ask_gathered *response,
                          struct fail *fail)
{
    struct page *page = context;
    if (!response->started) {
        return true;
    }
    page->total++;
    if (page->before_id.data != NULL &&
        line_order(response->at_ms, response->id, page->before_ms, page->before_id) <= 0) {
        return true;
    }
    if (page->count == page->limit) {
        const struct line *last = &page->lines[page->count - 1];
        page->more = true;
        if (line_order(response->at_ms, response->id, last->at_ms, last->id) >= 0) {
            return true;
        }
        base_free(page->lines[--page->count].bytes);
    }
    size_t at = page->count;
    while (at > 0 && line_order(response->at_ms, response->id, page->lines[at - 1].at_ms,
                                page->lines[at - 1].id) < 0) {
        page->lines[at] = page->lines[at - 1];
        at--;
    }
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct base_buf text = {.limit = (size_t)16 << 20};
    struct json_writer w = {.out = &text};
    write_response(&w, store_customer_id(page->gathering->snapshot, customer, arena), response);
    size_t json = text.len, len = 0;
    base_buf_str(&text, response->id);
    page->lines[at] = (struct line){.at_ms = response->at_ms};
    page->count++;
    if (!base_buf_ok(&text, fail)) {
        base_buf_done(&text);
        return false;
    }
    char *bytes = base_buf_take(&text, &len);
    page->lines[at].bytes = bytes;
    page->lines[at].json = str_of(bytes, json);
    page->lines[at].id = str_of(bytes + json, len - json);
    return true;
}

static void page_done(struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        base_free(page->lines[i].bytes);
    }
}

static bool cursor_read(struct str cursor, struct page *page, struct fail *fail)
{
    struct str at;
    if (cursor.data == NULL) {
        return true;
    }
    if (!str_next_part(&cursor, '.', &at) || !str_parse_i64(at, &page->before_ms) ||
        cursor.len == 0) {
        return fail_input_at(fail, "/cursor", "expected a cursor of the page before");
    }
    page->before_id = cursor;
    return true;
}

bool ask_responses(struct ask *ask, const struct ask_filter *filter, struct str cursor,
                   size_t limit, struct base_cancel *cancel, struct arena *arena,
                   struct json_writer *w, struct fail *fail)
{
    struct page page = {.limit = limit};
    struct ask_gathering gathering = {.ask = ask,
                                      .filter = filter,
                                      .cancel = cancel,
                                      .context = &page,
                                      .response = keep_response};
    struct ask_version *versions;
    page.gathering = &gathering;
    page.lines = arena_array(arena, limit, sizeof *page.lines, fail);
    if (page.lines == NULL || !cursor_read(cursor, &page, fail) ||
        !ask_versions_read(ask, filter->survey, arena, &versions, &gathering.version_count, fail)) {
        return false;
    }
    gathering.versions = versions;
    gathering.snapshot = store_snapshot_take(ask->store);
    bool good = ask_gather(&gathering, arena, fail);
    store_snapshot_unref(gathering.snapshot);
    if (good) {
        json_begin_object(w);
        json_name_c(w, "total");
        json_write_uint(w, page.total);
        json_name_c(w, "responses");
        json_begin_array(w);
        for (size_t i = 0; i < page.count; i++) {
            json_write_raw(w, page.lines[i].json);
        }
        json_end_array(w);
        json_name_c(w, "cursor");
        if (page.more && page.count > 0) {
            const struct line *last = &page.lines[page.count - 1];
            json_write_str(
                w, str_format(arena, "%lld.%.*s", (long long)last->at_ms, STR_ARG(last->id)));
        } else {
            json_write_null(w);
        }
        json_end_object(w);
    }
    page_done(&page);
    return good;
}
