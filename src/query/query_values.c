/* Values of a name by how often they occur, for completion. */
#include <stdlib.h>

#include "query_exec.h"
#include "query_matcher.h"
#include "query_parse.h"
#include "query_shown.h"

/* One distinct value; its string lies in the arena of the worker. */
struct counted {
    struct store_value value;
    uint64_t count;
};
struct value_table {
    struct counted *list;
    size_t count, capacity;
    uint32_t *slots; /* index + 1 */
    size_t slot_count;
};
struct values_run {
    struct query_name name;
    struct str prefix; /* data NULL: all */
    bool by_event;
};

static uint64_t hash_of(struct store_value value)
{
    if (value.kind == STORE_STRING) {
        return base_hash64(value.s, value.len, value.kind);
    }
    uint64_t bits = value.kind == STORE_BOOL ? (value.b ? 1 : 0) : value.u;
    return base_hash64(&bits, sizeof bits, value.kind);
}

/* As written: an instant in two offsets is two values. */
static bool is_same(struct store_value a, struct store_value b)
{
    if (a.kind != b.kind) {
        return false;
    }
    if (a.kind == STORE_STRING) {
        return str_equal(store_value_text(a), store_value_text(b));
    }
    return a.kind == STORE_BOOL ? a.b == b.b : a.u == b.u;
}

static bool grow(struct value_table *table, struct arena *arena, struct fail *fail)
{
    size_t slot_count = table->slot_count == 0 ? 64 : 2 * table->slot_count;
    uint32_t *slots = arena_array(arena, slot_count, sizeof *slots, fail);
    struct counted *list = query_arena_grow(arena, table->list, table->count, &table->capacity,
                                            slot_count / 2, sizeof *list, fail);
    if (slots == NULL || list == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->count; i++) {
        size_t at = (size_t)hash_of(list[i].value) & (slot_count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (slot_count - 1);
        }
        slots[at] = i + 1;
    }
    table->list = list;
    table->slots = slots;
    table->slot_count = slot_count;
    return true;
}

static bool add(struct value_table *table, struct arena *arena, struct store_value value,
                uint64_t count, struct fail *fail)
{
    if (2 * (table->count + 1) > table->slot_count && !grow(table, arena, fail)) {
        return false;
    }
    size_t at = (size_t)hash_of(value) & (table->slot_count - 1);
    while (table->slots[at] != 0) {
        struct counted *one = &table->list[table->slots[at] - 1];
        if (is_same(one->value, value)) {
            one->count += count;
            return true;
        }
        at = (at + 1) & (table->slot_count - 1);
    }
    if (value.kind == STORE_STRING) {
        char *copy = arena_alloc(arena, (size_t)value.len + 1, fail);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, value.s, value.len);
        value.s = copy;
    }
    table->list[table->count] = (struct counted){value, count};
    table->slots[at] = (uint32_t)++table->count;
    return true;
}

static bool start(struct query_worker *worker, struct fail *fail)
{
    worker->state = arena_array(worker->arena, 1, sizeof(struct value_table), fail);
    return worker->state != NULL;
}

static struct str text_of(struct store_value value, char scratch[QUERY_VALUE_CHARS])
{
    return value.kind == STORE_STRING ? store_value_text(value) : query_value_name(value, scratch);
}

/* Each distinct value of a row (or of a customer's trait) once. */
static bool add_values(struct query_worker *worker, const struct store_value *values,
                       uint32_t count, struct fail *fail)
{
    const struct values_run *run = worker->pass->context;
    for (uint32_t i = 0; i < count; i++) {
        char scratch[QUERY_VALUE_CHARS];
        bool again = false;
        for (uint32_t k = 0; k < i && !again; k++) {
            again = is_same(values[k], values[i]);
        }
        if (again || !str_starts(text_of(values[i], scratch), run->prefix)) {
            continue;
        }
        if (!add(worker->state, worker->arena, values[i], 1, fail)) {
            return false;
        }
    }
    return true;
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct values_run *run = worker->pass->context;
    const struct store_rows *rows = worker->rows;
    const struct store_value *values = NULL;
    if (query_name_is_of_customer(run->name)) {
        bool did = !run->by_event;
        for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1] && !did; row++) {
            did = (worker->masks[row] & 1U) != 0;
        }
        uint32_t count = did ? query_customer_values(worker, run->name, c, &values) : 0;
        return add_values(worker, values, count, fail);
    }
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if (run->by_event && (worker->masks[row] & 1U) == 0) {
            continue; /* a row that came for what it makes of a trait */
        }
        uint32_t count = query_row_values(worker, run->name, c, row, &values);
        if (!add_values(worker, values, count, fail)) {
            return false;
        }
    }
    return true;
}

static int compare_counted(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    char x_text[QUERY_VALUE_CHARS], y_text[QUERY_VALUE_CHARS];
    int order = str_compare(text_of(x->value, x_text), text_of(y->value, y_text));
    return order != 0 ? order : (int)x->value.kind - (int)y->value.kind;
}

static bool take(struct query_workers *workers, size_t limit, struct arena *arena,
                 struct query_value **out, size_t *out_count, struct fail *fail)
{
    struct query_worker *into = workers->list[0];
    struct value_table *table = into->state;
    for (int i = 1; i < workers->count; i++) {
        const struct value_table *from = workers->list[i]->state;
        for (size_t k = 0; k < from->count; k++) {
            if (!add(table, into->arena, from->list[k].value, from->list[k].count, fail)) {
                return false;
            }
        }
    }
    if (table->count > 0) {
        qsort(table->list, table->count, sizeof *table->list, compare_counted);
    }
    size_t count = table->count < limit ? table->count : limit;
    struct query_value *list = arena_array(arena, count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct query_value){table->list[i].value, table->list[i].count};
        if (list[i].value.kind == STORE_STRING) {
            list[i].value = store_value_str(str_copy(arena, store_value_text(list[i].value)));
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

bool query_values(struct query_backend *backend, const struct query_run *run, struct str name,
                  struct str event, struct str prefix, size_t limit, struct arena *arena,
                  struct query_value **out, size_t *out_count, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *plan_arena = arena_new(NULL);
    struct query_plan plan = {.now_ms = INT64_MAX};
    struct query_parser parser = {.arena = plan_arena, .plan = &plan};
    struct query_matcher matcher = {.events = &event, .event_count = event.data != NULL ? 1 : 0};
    struct values_run values = {.prefix = prefix, .by_event = event.data != NULL};
    if (run->renames != NULL) {
        plan.renames = *run->renames;
        event = query_shown_event(&plan.renames, event);
    }
    plan.matchers = &matcher;
    plan.matcher_count = values.by_event ? 1 : 0;
    if (!query_parse_name(&parser, name, NULL, &values.name, fail)) {
        return false;
    }
    bool of_customer = query_name_is_of_customer(values.name);
    struct query_pass pass = {
        .from_ms = INT64_MIN,
        .to_ms = INT64_MAX,
        .matchers = values.by_event ? 1 : 0,
        .every_event = !values.by_event && !of_customer,
        .every_customer = !values.by_event && of_customer,
        .with_bookkeeping = true,
        .start = start,
        .customer = customer,
        .context = &values,
    };
    struct query_exec exec;
    struct query_workers workers = {.list = NULL};
    bool ok = query_exec_init(&exec, backend, &plan, run, fail) &&
              query_pass_run(&exec, &pass, &workers, fail) &&
              take(&workers, limit, arena, out, out_count, fail);
    query_workers_free(&workers);
    query_exec_done(&exec);
    return ok;
}
