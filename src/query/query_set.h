/* query_set.h — scalar values: when they are equal, which is greater, what they are called.
 *
 * What: the query contract's rules for comparing values (section 4): no conversion, whole numbers exact
 *   to 64 bits also beside doubles, instants as instants. A set answers `in`.
 * Owner: a set lies in the arena it was made in.   Threads: values; a set is immutable.
 * Failure: a set: FAIL_LIMIT.   Limits/cost: a look-up hashes the value once.   Units: *_ms.
 * Example: if (query_value_equal(a, b)) ...
 * Not here: conditions over rows (query_condition.h).
 */
#pragma once

#include "store_event.h"

/* Is the string an RFC 3339 instant with offset? */
bool query_instant_of(struct store_value value, int64_t *out_ms);

/* Numbers of any kind, exactly: less than 0, 0, more than 0. */
int query_number_compare(struct store_value a, struct store_value b);
bool query_value_equal(struct store_value a, struct store_value b);
/* Orders two values of one type as the operators do; false where they are of different types. */
bool query_value_order(struct store_value a, struct store_value b, int *out_order);

/* What the value is called as a group: strings themselves, others into `scratch`. */
#define QUERY_VALUE_CHARS 40
struct str query_value_name(struct store_value value, char scratch[QUERY_VALUE_CHARS]);

struct query_set {
    const struct store_value *values;
    uint32_t *slots;     /* index + 1 into values; NULL: few, looked through */
    uint32_t slot_count; /* a power of two */
    uint32_t count;
};
/* The values stay the caller's. */
bool query_set_make(struct arena *arena, const struct store_value *values, uint32_t count,
                    struct query_set *out, struct fail *fail) MUST_USE;
bool query_set_has(const struct query_set *set, struct store_value value);
