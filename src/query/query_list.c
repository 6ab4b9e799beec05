#include "query_list.h"

#include <stdlib.h>

#include "query_answer.h"
#include "query_cursor.h"

struct query_list_entry {
    uint32_t customer;
    bool last_class; /* has nothing to sort by: after all others, in both directions */
    bool has_value;
    bool kept; /* its strings lie in the worker's arena; else they live as the batch */
    struct store_value key;
    struct store_value value;
    struct str id; /* data NULL: not looked up yet */
    int64_t first_seen_ms, last_seen_ms;
    uint64_t events;
};

/* ---- order ---- */

static int type_order(struct store_value value)
{
    return store_value_is_number(value) ? 0 : value.kind == STORE_STRING ? 1 : 2;
}

/* Numbers before strings before booleans; strings by bytes. */
static int compare_keys(struct store_value a, struct store_value b)
{
    int types = type_order(a) - type_order(b);
    if (types != 0) {
        return types;
    }
    if (a.kind == STORE_STRING) {
        return str_compare(store_value_text(a), store_value_text(b));
    }
    return a.kind == STORE_BOOL ? (int)a.b - (int)b.b : query_number_compare(a, b);
}

/* Looked up when a tie asks for it. */
static struct str id_of(struct query_worker *worker, struct query_list_entry *entry)
{
    if (entry->id.data == NULL) {
        entry->id = query_who_id(worker->exec, entry->customer,
                                 entry->kept ? worker->arena : worker->scratch);
    }
    return entry->id;
}

/* Less than 0: `a` stands before `b`, ids aside. */
static int compare_order(const struct query_sort *sort, bool a_last, struct store_value a_key,
                         bool b_last, struct store_value b_key)
{
    if (a_last != b_last) {
        return a_last ? 1 : -1;
    }
    if (a_last || sort->by == QUERY_SORT_ID) {
        return 0; /* by the id itself, which decides ties anyway */
    }
    int order = compare_keys(a_key, b_key);
    return sort->descending ? -order : order;
}

static int compare_ids(const struct query_sort *sort, struct str a, struct str b)
{
    int order = str_compare(a, b);
    return sort->by == QUERY_SORT_ID && sort->descending ? -order : order;
}

static int compare_entries(struct query_worker *worker, struct query_list_entry *a,
                           struct query_list_entry *b)
{
    const struct query_sort *sort = &worker->exec->plan->list.sort;
    int order = compare_order(sort, a->last_class, a->key, b->last_class, b->key);
    return order != 0 ? order : compare_ids(sort, id_of(worker, a), id_of(worker, b));
}

static bool is_after_cursor(struct query_worker *worker, struct query_list_entry *entry)
{
    const struct query_list *list = &worker->exec->plan->list;
    if (!list->after.given) {
        return true;
    }
    int order = compare_order(&list->sort, entry->last_class, entry->key, list->after.last_class,
                              list->after.key);
    return order != 0 ? order > 0
                      : compare_ids(&list->sort, id_of(worker, entry), list->after.id) > 0;
}

/* ---- keys ---- */

static struct store_value instant_key(int64_t at_ms, bool *out_last)
{
    *out_last = at_ms == STORE_NO_TIME;
    return store_value_int(at_ms);
}

static void fill_key(struct query_worker *worker, uint32_t c, struct query_list_entry *entry)
{
    const struct query_sort *sort = &worker->exec->plan->list.sort;
    const struct store_value *values;
    struct query_name trait = {QUERY_FROM_TRAIT_COLUMN, sort->column};
    entry->key = store_value_int(0);
    switch (sort->by) {
    case QUERY_SORT_ID:
        break;
    case QUERY_SORT_KNOWN:
        entry->key = store_value_bool(query_who_known(worker->exec, entry->customer));
        break;
    case QUERY_SORT_FIRST_SEEN:
        entry->key = instant_key(entry->first_seen_ms, &entry->last_class);
        break;
    case QUERY_SORT_LAST_SEEN:
        entry->key = instant_key(entry->last_seen_ms, &entry->last_class);
        break;
    case QUERY_SORT_EVENTS:
        entry->key = store_value_uint(entry->events);
        entry->last_class = entry->events == 0;
        break;
    case QUERY_SORT_TRAIT:
        if (query_customer_values(worker, trait, c, &values) == 0) {
            entry->last_class = true;
        } else {
            entry->key = values[0];
            if (entry->key.kind == STORE_STRING && entry->key.len > QUERY_SORT_KEY_BYTES_MAX) {
                entry->key.len = QUERY_SORT_KEY_BYTES_MAX;
            }
        }
        break;
    case QUERY_SORT_VALUE:
        entry->key = entry->value;
        break;
    }
}

static bool keep_bytes(struct query_worker *worker, struct str *text, struct fail *fail)
{
    char *copy = arena_alloc(worker->arena, text->len + 1, fail);
    if (copy == NULL) {
        return false;
    }
    if (text->len > 0) {
        memcpy(copy, text->data, text->len);
    }
    *text = str_of(copy, text->len);
    return true;
}

static bool keep(struct query_worker *worker, struct query_list_entry *entry, struct fail *fail)
{
    entry->kept = true;
    if (entry->id.data != NULL && !keep_bytes(worker, &entry->id, fail)) {
        return false;
    }
    if (entry->key.kind != STORE_STRING) {
        return true;
    }
    struct str key = store_value_text(entry->key);
    if (!keep_bytes(worker, &key, fail)) {
        return false;
    }
    entry->key = store_value_str(key);
    return true;
}

/* ---- the page: a heap with the last entry on top ---- */

static void sift_down(struct query_worker *worker, struct query_list_entry *heap, size_t count)
{
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && compare_entries(worker, &heap[child + 1], &heap[child]) > 0) {
            child++;
        }
        if (compare_entries(worker, &heap[child], &heap[at]) <= 0) {
            return;
        }
        struct query_list_entry swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

static void sift_up(struct query_worker *worker, struct query_list_entry *heap, size_t at)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (compare_entries(worker, &heap[at], &heap[parent]) <= 0) {
            return;
        }
        struct query_list_entry swap = heap[at];
        heap[at] = heap[parent];
        heap[parent] = swap;
        at = parent;
    }
}

static bool offer(struct query_worker *worker, struct query_list_state *state,
                  struct query_list_entry *entry, struct fail *fail)
{
    size_t limit = worker->exec->plan->list.limit;
    if (state->entry_count == limit && compare_entries(worker, entry, &state->entries[0]) >= 0) {
        return true;
    }
    if (!keep(worker, entry, fail)) {
        return false;
    }
    if (state->entry_count < limit) {
        state->entries[state->entry_count] = *entry;
        sift_up(worker, state->entries, state->entry_count++);
        return true;
    }
    state->entries[0] = *entry;
    sift_down(worker, state->entries, state->entry_count);
    return true;
}

/* ---- the pass ---- */

static bool list_start(struct query_worker *worker, struct fail *fail)
{
    const struct query_list_job *job = query_list_job(worker);
    struct query_list_state *state = arena_small(worker->arena, sizeof *state);
    worker->state = state;
    state->entries =
        arena_array(worker->arena, worker->exec->plan->list.limit, sizeof *state->entries, fail);
    state->members = arena_small(worker->arena, sizeof *state->members);
    query_vec_init(state->members, worker->arena, worker->exec->budget, sizeof(uint32_t));
    return state->entries != NULL &&
           (job->spec.by == NULL ||
            query_groups_init(&state->groups, &job->spec, worker->arena, fail)) &&
           (job->start == NULL || job->start(worker, &state->own, fail));
}

static void add_value(struct stats_sum *sum, struct store_value value)
{
    if (value.kind == STORE_INT) {
        stats_sum_add_int(sum, value.i);
    } else if (value.kind == STORE_UINT) {
        stats_sum_add_uint(sum, value.u);
    } else {
        stats_sum_add(sum, value.d);
    }
}

static bool list_customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct query_list_job *job = query_list_job(worker);
    struct query_list_state *state = query_list_state(worker);
    const struct store_rows *rows = worker->rows;
    struct query_list_entry entry = {.customer = rows->customers[c], .has_value = job->with_value};
    bool belongs = false;
    entry.value = store_value_int(0);
    if (!job->belongs(worker, c, &belongs, &entry.value, fail)) {
        return false;
    }
    if (!belongs) {
        return true;
    }
    state->total++;
    add_value(&state->sum, entry.value);
    if (job->with_verbatims) {
        uint32_t *member = query_vec_add(state->members, fail);
        if (member == NULL) {
            return false;
        }
        *member = entry.customer;
    }
    entry.first_seen_ms = rows->first_seen_ms[c];
    entry.last_seen_ms = rows->last_seen_ms[c];
    entry.events = rows->event_counts[c];
    fill_key(worker, c, &entry);
    if (!is_after_cursor(worker, &entry)) {
        return true;
    }
    state->after++;
    return offer(worker, state, &entry, fail);
}

bool query_list_in_group(struct query_worker *worker, uint32_t c, uint32_t row, bool *out,
                         struct fail *fail)
{
    const struct query_list_job *job = query_list_job(worker);
    struct query_groups *groups = &query_list_state(worker)->groups;
    *out = job->spec.by == NULL;
    if (job->spec.by == NULL) {
        return true;
    }
    if (!query_groups_of_row(groups, worker, c, row, fail)) {
        return false;
    }
    for (size_t i = 0; i < groups->id_count; i++) {
        *out = *out || groups->ids[i] == job->wanted_group;
    }
    return true;
}

bool query_list_nothing_in_group(struct query_worker *worker, bool *out, struct fail *fail)
{
    const struct query_list_job *job = query_list_job(worker);
    struct query_groups *groups = &query_list_state(worker)->groups;
    *out = job->spec.by == NULL;
    if (job->spec.by == NULL) {
        return true;
    }
    if (!query_groups_of_nothing(groups, fail)) {
        return false;
    }
    *out = groups->id_count > 0 && groups->ids[0] == job->wanted_group;
    return true;
}

/* ---- writing ---- */

void query_traits_write(struct json_writer *w, const struct store_field *traits, size_t count)
{
    json_begin_object(w);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && str_equal(traits[end].name, traits[i].name)) {
            end++;
        }
        json_name(w, traits[i].name);
        if (end - i == 1) {
            query_answer_value(w, traits[i].value);
        } else {
            json_begin_array(w);
            for (size_t k = i; k < end; k++) {
                query_answer_value(w, traits[k].value);
            }
            json_end_array(w);
        }
        i = end;
    }
    json_end_object(w);
}

static void write_instant_or_null(struct json_writer *w, const char *name, int64_t at_ms)
{
    json_name_c(w, name);
    if (at_ms == STORE_NO_TIME) {
        json_write_null(w);
    } else {
        json_write_instant(w, at_ms);
    }
}

static bool write_entry(struct query_worker *worker, struct query_list_entry *entry,
                        struct json_writer *w, struct fail *fail)
{
    struct store_field *traits;
    size_t count;
    if (!query_who_traits(worker->exec, entry->customer, worker->arena, &traits, &count, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, id_of(worker, entry));
    write_instant_or_null(w, "first_seen", entry->first_seen_ms);
    write_instant_or_null(w, "last_seen", entry->last_seen_ms);
    json_name_c(w, "events");
    json_write_uint(w, entry->events);
    json_name_c(w, "traits");
    query_traits_write(w, traits, count);
    if (entry->has_value) {
        json_name_c(w, "value");
        query_answer_value(w, entry->value);
    }
    json_end_object(w);
    return true;
}

/* Takes the heap apart: the last entry of the page goes to the end, and so on. */
static void sort_page(struct query_worker *worker, struct query_list_state *state)
{
    for (size_t count = state->entry_count; count > 1; count--) {
        struct query_list_entry swap = state->entries[0];
        state->entries[0] = state->entries[count - 1];
        state->entries[count - 1] = swap;
        sift_down(worker, state->entries, count - 1);
    }
}

static void write_cursor(struct query_worker *worker, struct query_list_state *state,
                         struct json_writer *w)
{
    const struct query_plan *plan = worker->exec->plan;
    json_name_c(w, "cursor");
    if (state->after <= state->entry_count || state->entry_count == 0) {
        json_write_null(w);
        return;
    }
    struct query_list_entry *last = &state->entries[state->entry_count - 1];
    struct query_after after = {.last_class = last->last_class, .id = id_of(worker, last)};
    after.key =
        plan->list.sort.by == QUERY_SORT_ID || last->last_class ? store_value_int(0) : last->key;
    json_write_str(w, query_cursor_encode(worker->arena, plan->list.sort_hash, &after));
}

static bool merge(struct query_workers *workers, struct fail *fail)
{
    struct query_worker *into = workers->list[0];
    struct query_list_state *state = query_list_state(into);
    for (int i = 1; i < workers->count; i++) {
        struct query_list_state *from = query_list_state(workers->list[i]);
        state->total += from->total;
        state->after += from->after;
        stats_sum_merge(&state->sum, &from->sum);
        if (!query_vec_append(state->members, from->members, fail)) {
            return false;
        }
        for (size_t k = 0; k < from->entry_count; k++) {
            struct query_list_entry entry = from->entries[k];
            entry.kept = false; /* its strings lie in the other worker's arena, until it ends */
            if (!offer(into, state, &entry, fail)) {
                return false;
            }
        }
    }
    query_workers_keep_first(workers);
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* "moved": the number that the list is, where it is not the one that was shown (section 7). */
static void write_moved(const struct query_exec *exec, const struct query_list_job *job,
                        const struct query_list_state *state, struct json_writer *w)
{
    const struct store_value *was = exec->plan->open_was;
    if (was == NULL || job->other_number) {
        return;
    }
    struct store_value now = job->with_value ? store_value_double(stats_sum_value(&state->sum))
                                             : store_value_uint(state->total);
    if (query_number_compare(*was, now) == 0) {
        return;
    }
    json_name_c(w, "moved");
    json_begin_object(w);
    json_name_c(w, "was");
    query_answer_value(w, *was);
    json_name_c(w, "now");
    query_answer_value(w, now);
    json_end_object(w);
}

static bool write_list(struct query_exec *exec, struct query_list_job *job,
                       struct query_worker *worker, struct json_writer *w, struct fail *fail)
{
    struct query_list_state *state = query_list_state(worker);
    sort_page(worker, state);
    json_name_c(w, "total");
    json_write_uint(w, state->total);
    json_name_c(w, "customers");
    json_begin_array(w);
    for (size_t i = 0; i < state->entry_count; i++) {
        if (!write_entry(worker, &state->entries[i], w, fail)) {
            return false;
        }
    }
    json_end_array(w);
    write_cursor(worker, state, w);
    write_moved(exec, job, state, w);
    if (!job->with_verbatims) {
        return true;
    }
    if (state->members->count > 0) {
        qsort(state->members->data, state->members->count, sizeof(uint32_t), compare_numbers);
    }
    return query_verbatims_write(exec, job, state->members->data, state->members->count, w, fail);
}

bool query_list_run(struct query_exec *exec, struct query_list_job *job, struct json_writer *w,
                    struct fail *fail)
{
    struct query_workers workers = {.list = NULL};
    job->pass.start = list_start;
    job->pass.customer = list_customer;
    job->pass.context = job;
    bool ok = query_pass_run(exec, &job->pass, &workers, fail) && merge(&workers, fail) &&
              write_list(exec, job, workers.list[0], w, fail);
    query_workers_free(&workers);
    return ok;
}
