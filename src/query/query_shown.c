#include "query_shown.h"

/* ---- names --------------------------------------------------------------------------------------------- */

static struct str shown(const struct query_rename *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].from, name)) {
            return list[i].to;
        }
    }
    return name;
}

struct str query_shown_event(const struct query_renames *renames, struct str name)
{
    return shown(renames->events, renames->event_count, name);
}

struct str query_shown_property(const struct query_renames *renames, struct str name)
{
    return shown(renames->properties, renames->property_count, name);
}

struct str query_event_name(const struct query_exec *exec, uint32_t code)
{
    return query_shown_event(&exec->plan->renames, store_event_name(exec->snapshot, code));
}

uint32_t query_event_code(const struct query_exec *exec, struct str name)
{
    const struct query_renames *renames = &exec->plan->renames;
    uint32_t code = store_event_code(exec->snapshot, name);
    for (size_t i = 0; code == STORE_NO_CODE && i < renames->event_count; i++) {
        if (str_equal(renames->events[i].to, name)) {
            code = store_event_code(exec->snapshot, renames->events[i].from);
        }
    }
    return code < exec->code_count && exec->code_shown != NULL ? exec->code_shown[code] : code;
}

/* ---- of a run ------------------------------------------------------------------------------------------ */

/* One code stands for all of a shown name: the name's own, else the first that is shown so. */
static bool bind_codes(struct query_exec *exec, struct fail *fail)
{
    const struct query_renames *renames = &exec->plan->renames;
    exec->code_count = store_event_codes(exec->snapshot);
    if (renames->event_count == 0) {
        return true;
    }
    uint32_t *codes = arena_array(exec->arena, exec->code_count, sizeof *codes, fail);
    if (codes == NULL) {
        return false;
    }
    for (uint32_t code = 0; code < exec->code_count; code++) {
        codes[code] = code;
    }
    for (size_t i = 0; i < renames->event_count; i++) {
        uint32_t from = store_event_code(exec->snapshot, renames->events[i].from);
        uint32_t to = store_event_code(exec->snapshot, renames->events[i].to);
        for (size_t k = 0; k < i && to >= exec->code_count; k++) {
            if (str_equal(renames->events[k].to, renames->events[i].to)) {
                to = store_event_code(exec->snapshot, renames->events[k].from);
            }
        }
        if (from < exec->code_count && to < exec->code_count) {
            codes[from] = to;
        }
    }
    exec->code_shown = codes;
    return true;
}

/* How many stored names there are of a column besides its own. */
static size_t others_of(const struct query_plan *plan, const struct store_column_ref *column)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->renames.property_count && column->of == STORE_COLUMN_PROPERTY;
         i++) {
        count += str_equal(plan->renames.properties[i].to, column->name);
    }
    return count;
}

static bool bind_columns(struct query_exec *exec, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    size_t count = plan->column_count, merges = 0;
    for (size_t i = 0; i < plan->column_count; i++) {
        size_t others = others_of(plan, &plan->columns[i]);
        count += others;
        merges += others > 0;
    }
    exec->scan_columns = plan->columns;
    exec->scan_column_count = count;
    if (merges == 0) {
        return true;
    }
    struct store_column_ref *columns = arena_array(exec->arena, count, sizeof *columns, fail);
    exec->merges = arena_array(exec->arena, merges, sizeof *exec->merges, fail);
    if (columns == NULL || exec->merges == NULL) {
        return false;
    }
    memcpy(columns, plan->columns, plan->column_count * sizeof *columns);
    uint32_t next = (uint32_t)plan->column_count;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        struct query_merge merge = {.column = i, .first = next};
        for (size_t k = 0;
             k < plan->renames.property_count && others_of(plan, &plan->columns[i]) > 0; k++) {
            if (str_equal(plan->renames.properties[k].to, plan->columns[i].name)) {
                columns[next++] = (struct store_column_ref){
                    .of = STORE_COLUMN_PROPERTY, .name = plan->renames.properties[k].from};
            }
        }
        merge.count = next - merge.first;
        if (merge.count > 0) {
            exec->merges[exec->merge_count++] = merge;
        }
    }
    exec->scan_columns = columns;
    return true;
}

bool query_shown_bind(struct query_exec *exec, struct fail *fail)
{
    return bind_codes(exec, fail) && bind_columns(exec, fail);
}

/* ---- of a batch ---------------------------------------------------------------------------------------- */

static bool lay_codes(struct query_worker *worker, struct store_rows *rows, struct fail *fail)
{
    const struct query_exec *exec = worker->exec;
    if (exec->code_shown == NULL) {
        return true;
    }
    uint32_t *codes = arena_array(worker->scratch, rows->row_count, sizeof *codes, fail);
    if (codes == NULL) {
        return false;
    }
    for (uint32_t row = 0; row < rows->row_count; row++) {
        uint32_t code = rows->events[row];
        codes[row] = code < exec->code_count ? exec->code_shown[code] : code;
    }
    rows->events = codes;
    return true;
}

/* Two columns as one: by row; of one row the values of `a` come first. */
static bool merge_two(struct arena *arena, const struct store_column *a,
                      const struct store_column *b, struct store_column *out, struct fail *fail)
{
    uint32_t count = a->count + b->count, i = 0, k = 0;
    uint32_t *at = arena_array(arena, count, sizeof *at, fail);
    struct store_value *values = arena_array(arena, count, sizeof *values, fail);
    if (at == NULL || values == NULL) {
        return false;
    }
    for (uint32_t n = 0; n < count; n++) {
        bool from_a = k == b->count || (i < a->count && a->at[i] <= b->at[k]);
        at[n] = from_a ? a->at[i] : b->at[k];
        values[n] = from_a ? a->values[i] : b->values[k];
        i += from_a;
        k += !from_a;
    }
    *out = (struct store_column){.count = count, .at = at, .last = at, .values = values};
    return true;
}

static bool lay_columns(struct query_worker *worker, struct store_rows *rows, struct fail *fail)
{
    const struct query_exec *exec = worker->exec;
    if (exec->merge_count == 0) {
        return true;
    }
    struct store_column *columns =
        arena_array(worker->scratch, exec->plan->column_count, sizeof *columns, fail);
    if (columns == NULL) {
        return false;
    }
    memcpy(columns, rows->columns, exec->plan->column_count * sizeof *columns);
    for (size_t m = 0; m < exec->merge_count; m++) {
        const struct query_merge *merge = &exec->merges[m];
        for (uint32_t i = 0; i < merge->count; i++) {
            const struct store_column *other = &rows->columns[merge->first + i];
            struct store_column whole;
            if (other->count == 0) {
                continue;
            }
            if (!merge_two(worker->scratch, &columns[merge->column], other, &whole, fail)) {
                return false;
            }
            columns[merge->column] = whole;
        }
    }
    rows->columns = columns;
    return true;
}

bool query_shown_rows(struct query_worker *worker, struct fail *fail)
{
    const struct query_exec *exec = worker->exec;
    if (exec->code_shown == NULL && exec->merge_count == 0) {
        return true;
    }
    worker->shown_rows = *worker->rows;
    worker->rows = &worker->shown_rows;
    return lay_codes(worker, &worker->shown_rows, fail) &&
           lay_columns(worker, &worker->shown_rows, fail);
}
