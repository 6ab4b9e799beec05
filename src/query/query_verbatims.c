/* Verbatims: the words said, by time, score or relevance. */
#include "query_verbatims.h"

#include "query_kind.h"

#define CANDIDATES_MOST ((size_t)1 << 20)
#define CANDIDATES_SHARE 32 /* of the run's memory, for each worker */

/* A text that holds all terms, while it is not known how rare they are. */
struct candidate {
    int64_t ts_ms;
    uint64_t arrival;
    uint32_t customer, words;
    uint16_t counts[]; /* as many as terms */
};

struct verbatims_run {
    const struct verbatims_body *body;
    size_t candidate_bytes, candidates_most;
    const struct query_corpus *corpus; /* known: a second pass, which ranks at once */
};
struct verbatims_state {
    struct query_said_page page;
    uint64_t total, after, customers;
    struct query_corpus corpus;
    struct query_vec *candidates; /* candidates_most of them, and no more */
    uint64_t candidate_count;
};

static const struct verbatims_run *run_of(const struct query_worker *worker)
{
    return worker->pass->context;
}

static bool start(struct query_worker *worker, struct fail *fail)
{
    const struct verbatims_run *run = run_of(worker);
    struct verbatims_state *state = arena_array(worker->arena, 1, sizeof *state, fail);
    if (state == NULL || !query_said_page_init(&state->page, &run->body->order, run->body->limit,
                                               worker->arena, fail)) {
        return false;
    }
    state->candidates = arena_small(worker->arena, sizeof *state->candidates);
    query_vec_init(state->candidates, worker->arena, worker->exec->budget, run->candidate_bytes);
    worker->state = state;
    return true;
}

static void offer(const struct verbatims_body *body, struct verbatims_state *state,
                  const struct query_said *said)
{
    if (body->has_after && query_said_compare(&body->order, said, &body->after) <= 0) {
        return;
    }
    state->after++;
    query_said_offer(&state->page, said);
}

static bool keep_candidate(struct query_worker *worker, const struct query_said *said,
                           const struct query_hit *hit, struct fail *fail)
{
    const struct verbatims_run *run = run_of(worker);
    struct verbatims_state *state = worker->state;
    state->candidate_count++;
    if (state->candidates->count == run->candidates_most) {
        return true; /* too many: they will be ranked in a second pass */
    }
    struct candidate *candidate = query_vec_add(state->candidates, fail);
    if (candidate == NULL) {
        return false;
    }
    candidate->ts_ms = said->ts_ms;
    candidate->arrival = said->arrival;
    candidate->customer = said->customer;
    candidate->words = hit->words;
    memcpy(candidate->counts, hit->counts, run->body->terms * sizeof hit->counts[0]);
    return true;
}

static void note_text(const struct verbatims_body *body, struct query_corpus *corpus,
                      const struct query_hit *hit)
{
    corpus->texts++;
    corpus->words += hit->words;
    for (uint32_t i = 0; i < body->terms; i++) {
        corpus->holding[i] += hit->counts[i] > 0 ? 1 : 0;
    }
}

static bool take(struct query_worker *worker, uint32_t c, uint32_t row, const struct query_hit *hit,
                 struct fail *fail)
{
    const struct verbatims_run *run = run_of(worker);
    const struct verbatims_body *body = run->body;
    const struct store_value *value;
    struct query_said said = {.customer = worker->rows->customers[c],
                              .ts_ms = worker->rows->ts_ms[row]};
    if (query_row_values(worker, body->arrival, c, row, &value) > 0) {
        said.arrival = (uint64_t)value->i;
    }
    if (body->sort == VERBATIMS_BY_RELEVANCE) {
        if (run->corpus == NULL) {
            return keep_candidate(worker, &said, hit, fail);
        }
        said.key = store_value_int(worker->exec->plan->text->rank(run->corpus, body->terms, hit));
    } else if (body->sort == VERBATIMS_BY_SCORE) {
        said.last_class = query_row_values(worker, body->score, c, row, &value) == 0;
        said.key = said.last_class ? store_value_int(0) : *value;
    }
    offer(body, worker->state, &said);
    return true;
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct verbatims_body *body = run_of(worker)->body;
    const struct store_rows *rows = worker->rows;
    struct verbatims_state *state = worker->state;
    const struct query_plan *plan = worker->exec->plan;
    uint64_t before = state->total;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        const struct store_value *value;
        if ((worker->masks[row] >> body->matcher & 1U) == 0 ||
            rows->ts_ms[row] < plan->range.from_ms || rows->ts_ms[row] >= plan->range.to_ms ||
            query_row_values(worker, body->text, c, row, &value) == 0) {
            continue;
        }
        struct query_hit hit = {.matches = true};
        struct str text = body->search != NULL ? store_value_text(*value) : STR("");
        if (body->by_id && (query_row_values(worker, body->arrival, c, row, &value) == 0 ||
                            (uint64_t)value->i != body->id)) {
            continue;
        }
        if (body->search != NULL) {
            plan->text->look(body->search, text, &hit);
        }
        note_text(body, &state->corpus, &hit);
        if (hit.matches) {
            state->total++;
            if (!take(worker, c, row, &hit, fail)) {
                return false;
            }
        }
    }
    state->customers += state->total > before ? 1 : 0;
    return true;
}

static void merge(struct query_workers *workers)
{
    struct verbatims_state *into = workers->list[0]->state;
    for (int i = 1; i < workers->count; i++) {
        const struct verbatims_state *from = workers->list[i]->state;
        into->total += from->total;
        into->after += from->after;
        into->customers += from->customers;
        into->candidate_count += from->candidate_count;
        into->corpus.texts += from->corpus.texts;
        into->corpus.words += from->corpus.words;
        for (size_t t = 0; t < QUERY_TERMS_MAX; t++) {
            into->corpus.holding[t] += from->corpus.holding[t];
        }
        for (size_t k = 0; k < from->page.count; k++) {
            query_said_offer(&into->page, &from->page.list[k]);
        }
    }
}

/* Now that it is known how rare the terms are. */
static void rank_candidates(const struct query_exec *exec, const struct verbatims_run *run,
                            const struct query_workers *workers)
{
    struct verbatims_state *into = workers->list[0]->state;
    for (int i = 0; i < workers->count; i++) {
        const struct query_vec *vec =
            ((struct verbatims_state *)workers->list[i]->state)->candidates;
        for (size_t k = 0; k < vec->count; k++) {
            const void *at = (const char *)vec->data + k * vec->size;
            const struct candidate *candidate = at;
            struct query_hit hit = {.matches = true, .words = candidate->words};
            memcpy(hit.counts, candidate->counts, run->body->terms * sizeof hit.counts[0]);
            struct query_said said = {.customer = candidate->customer,
                                      .ts_ms = candidate->ts_ms,
                                      .arrival = candidate->arrival};
            said.key =
                store_value_int(exec->plan->text->rank(&into->corpus, run->body->terms, &hit));
            offer(run->body, into, &said);
        }
    }
}

/* One pass, or two where very many texts fit. Which it is does not show: neither in the order nor in what
   the answer says was scanned. */
static bool find(struct query_exec *exec, struct verbatims_run *run, struct query_workers *workers,
                 struct fail *fail)
{
    struct query_pass pass = {.from_ms = exec->plan->range.from_ms,
                              .to_ms = exec->plan->range.to_ms,
                              .matchers = UINT64_C(1) << run->body->matcher,
                              .start = start,
                              .customer = customer,
                              .context = run};
    if (!query_pass_run(exec, &pass, workers, fail)) {
        return false;
    }
    merge(workers);
    const struct verbatims_state *state = workers->list[0]->state;
    if (state->candidate_count <= run->candidates_most) {
        rank_candidates(exec, run, workers);
        return true;
    }
    struct query_corpus *corpus = arena_small(exec->arena, sizeof *corpus);
    uint64_t events_scanned = exec->events_scanned, customers = exec->customers;
    *corpus = state->corpus;
    run->corpus = corpus;
    query_workers_free(workers);
    if (!query_pass_run(exec, &pass, workers, fail)) {
        return false;
    }
    exec->events_scanned = events_scanned;
    exec->customers = customers;
    merge(workers);
    return true;
}

static bool write(struct query_exec *exec, const struct verbatims_body *body,
                  struct verbatims_state *state, struct json_writer *w, struct fail *fail)
{
    struct query_said_form form = {.search = body->search,
                                   .whole = body->by_id,
                                   .with_relevance = body->sort == VERBATIMS_BY_RELEVANCE,
                                   .with_people = true};
    query_said_sort(&state->page);
    json_name_c(w, "total");
    json_write_uint(w, state->total);
    json_name_c(w, "customers");
    json_write_uint(w, state->customers);
    json_name_c(w, "searched");
    json_write_uint(w, state->corpus.texts);
    if (!query_said_write(exec, &state->page, &form, w, fail)) {
        return false;
    }
    json_name_c(w, "cursor");
    if (state->after <= state->page.count) {
        json_write_null(w);
    } else {
        json_write_str(
            w, verbatims_cursor(exec->arena, body, &state->page.list[state->page.count - 1]));
    }
    json_name_c(w, "partial");
    json_begin_array(w);
    json_end_array(w);
    return true;
}

static bool verbatims_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    const struct verbatims_body *body = exec->plan->body;
    struct verbatims_run run = {.body = body};
    size_t bytes = sizeof(struct candidate) + body->terms * sizeof(uint16_t);
    run.candidate_bytes = (bytes + 7) / 8 * 8;
    run.candidates_most = exec->memory_bytes / CANDIDATES_SHARE / run.candidate_bytes;
    run.candidates_most =
        run.candidates_most < CANDIDATES_MOST ? run.candidates_most : CANDIDATES_MOST;
    struct query_workers workers = {.list = NULL};
    bool ok =
        find(exec, &run, &workers, fail) && write(exec, body, workers.list[0]->state, w, fail);
    query_workers_free(&workers);
    return ok;
}

const struct query_kind query_kind_verbatims = {.name = "verbatims",
                                                .counts_no_customers = true,
                                                .parse = verbatims_parse,
                                                .run = verbatims_run};
