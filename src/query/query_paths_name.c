/* What the events on a path are called: numbers for names, the same for equal ones. */
#include "query_paths.h"

bool paths_names_new(struct query_worker *worker, struct paths_names **out, struct fail *fail)
{
    struct query_groups_spec none = {.by = NULL};
    struct paths_names *names = arena_array(worker->arena, 1, sizeof *names, fail);
    if (names == NULL || !query_groups_init(&names->table, &none, worker->arena, fail)) {
        return false;
    }
    names->by_code =
        arena_array(worker->arena, worker->exec->code_count, sizeof *names->by_code, fail);
    *out = names;
    return names->by_code != NULL;
}

static bool name_of_value(struct paths_names *names, const struct store_value *values,
                          uint32_t count, uint32_t *out, struct fail *fail)
{
    char scratch[QUERY_VALUE_CHARS];
    if (count > 0) {
        return query_groups_intern(&names->table, query_value_name(values[0], scratch), out, fail);
    }
    if (names->none == 0) {
        if (!query_groups_intern(&names->table, STR(QUERY_GROUP_NONE), out, fail)) {
            return false;
        }
        names->none = *out + 1;
    }
    *out = names->none - 1;
    return true;
}

bool paths_name_of_event(struct paths_names *names, const struct query_worker *worker,
                         uint32_t code, uint32_t *out, struct fail *fail)
{
    if (names->by_code[code] == 0) {
        struct str name = query_event_name(worker->exec, code);
        if (!query_groups_intern(&names->table, name, out, fail)) {
            return false;
        }
        names->by_code[code] = *out + 1;
    }
    *out = names->by_code[code] - 1;
    return true;
}

bool paths_name_of_row(struct paths_names *names, struct query_worker *worker, uint32_t c,
                       uint32_t row, uint32_t *out, struct fail *fail)
{
    const struct paths_body *body = worker->exec->plan->body;
    const struct store_value *values;
    if (body->by.from == QUERY_FROM_EVENT) {
        return paths_name_of_event(names, worker, worker->rows->events[row], out, fail);
    }
    if (!query_name_is_of_customer(body->by)) {
        uint32_t count = query_row_values(worker, body->by, c, row, &values);
        return name_of_value(names, values, count, out, fail);
    }
    if (names->batch != worker->batch || names->customer != c) {
        uint32_t count = query_customer_values(worker, body->by, c, &values);
        if (!name_of_value(names, values, count, &names->of_customer, fail)) {
            return false;
        }
        names->batch = worker->batch;
        names->customer = c;
    }
    *out = names->of_customer;
    return true;
}
