#include "query_kind.h"

static const struct query_kind later[] = {
    {.name = "themes"},
    {.name = "drivers"},
};
static const struct query_kind *const supported[] = {
    &query_kind_trend,      &query_kind_funnel,       &query_kind_retention, &query_kind_lifecycle,
    &query_kind_stickiness, &query_kind_time_between, &query_kind_customers, &query_kind_verbatims,
    &query_kind_score,      &query_kind_paths,
};

const struct query_kind *query_kind_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(supported); i++) {
        if (str_is(name, supported[i]->name)) {
            return supported[i];
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        if (str_is(name, later[i].name)) {
            return &later[i];
        }
    }
    return NULL;
}

const char *const *query_kind_names(size_t *out_count)
{
    static const char *const names[] = {"trend",      "funnel",       "retention", "lifecycle",
                                        "stickiness", "time_between", "customers", "verbatims",
                                        "score",      "paths"};
    _Static_assert(ARRAY_LEN(names) == ARRAY_LEN(supported), "one name for each kind");
    *out_count = ARRAY_LEN(names);
    return names;
}
