#include "query_set.h"

#include "base_json_write.h"
#include "base_time.h"

#define FEW 4

bool query_instant_of(struct store_value value, int64_t *out_ms)
{
    /* "2026-05-01T00:00:00Z" is the shortest; most strings are ruled out by two bytes. */
    if (value.kind != STORE_STRING || value.len < 20 || value.s[4] != '-' || value.s[7] != '-') {
        return false;
    }
    return time_parse_rfc3339(store_value_text(value), out_ms);
}

static int order_i64(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b ? 1 : 0;
}

/* A double that stands in a store_value is never a whole number that fits 64 bits, so an integer never
   equals it, and comparing with its floor decides. */
static int order_int_double(int64_t a, double b)
{
    if (b >= 9223372036854775808.0) {
        return -1;
    }
    if (b < -9223372036854775808.0) {
        return 1;
    }
    return a <= (int64_t)floor(b) ? -1 : 1;
}

static int order_uint_double(uint64_t a, double b)
{
    if (b >= 18446744073709551616.0) {
        return -1;
    }
    if (b < 9223372036854775808.0) {
        return 1; /* `a` is above every int64 */
    }
    return a <= (uint64_t)floor(b) ? -1 : 1;
}

int query_number_compare(struct store_value a, struct store_value b)
{
    if (a.kind == STORE_DOUBLE && b.kind == STORE_DOUBLE) {
        return a.d < b.d ? -1 : a.d > b.d ? 1 : 0;
    }
    if (b.kind == STORE_DOUBLE) {
        return a.kind == STORE_INT ? order_int_double(a.i, b.d) : order_uint_double(a.u, b.d);
    }
    if (a.kind == STORE_DOUBLE) {
        return -query_number_compare(b, a);
    }
    if (a.kind == b.kind) {
        return a.kind == STORE_INT ? order_i64(a.i, b.i) : a.u < b.u ? -1 : a.u > b.u ? 1 : 0;
    }
    return a.kind == STORE_INT ? -1 : 1;
}

bool query_value_order(struct store_value a, struct store_value b, int *out_order)
{
    if (store_value_is_number(a) && store_value_is_number(b)) {
        *out_order = query_number_compare(a, b);
        return true;
    }
    if (a.kind != b.kind) {
        return false;
    }
    if (a.kind == STORE_STRING) {
        int64_t at_a, at_b;
        *out_order = query_instant_of(a, &at_a) && query_instant_of(b, &at_b)
                         ? order_i64(at_a, at_b)
                         : str_compare(store_value_text(a), store_value_text(b));
        return true;
    }
    *out_order = (int)a.b - (int)b.b;
    return a.kind == STORE_BOOL;
}

bool query_value_equal(struct store_value a, struct store_value b)
{
    if (a.kind == STORE_STRING && b.kind == STORE_STRING && a.len == b.len &&
        memcmp(a.s, b.s, a.len) == 0) {
        return true;
    }
    int order;
    return query_value_order(a, b, &order) && order == 0;
}

struct str query_value_name(struct store_value value, char scratch[QUERY_VALUE_CHARS])
{
    int64_t at_ms;
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        return STR("");
    case STORE_BOOL:
        return value.b ? STR("true") : STR("false");
    case STORE_INT:
    case STORE_UINT: {
        char *end = scratch + QUERY_VALUE_CHARS, *at = end;
        bool negative = value.kind == STORE_INT && value.i < 0;
        uint64_t magnitude = negative ? 0U - value.u : value.u;
        do {
            *--at = (char)('0' + magnitude % 10U);
            magnitude /= 10U;
        } while (magnitude > 0);
        if (negative) {
            *--at = '-';
        }
        return str_of(at, (size_t)(end - at));
    }
    case STORE_DOUBLE:
        return str_of(scratch, base_format_double(value.d, scratch));
    case STORE_STRING:
        if (query_instant_of(value, &at_ms)) {
            return str_of(scratch, time_format_rfc3339(at_ms, scratch));
        }
        return store_value_text(value);
    }
    return STR("");
}

_Static_assert(QUERY_VALUE_CHARS >= BASE_DOUBLE_CHARS && QUERY_VALUE_CHARS >= TIME_RFC3339_BYTES,
               "names of values must fit");

/* Equal values hash alike: a string that is an instant by its ms. */
static uint64_t hash_of(struct store_value value)
{
    int64_t at_ms;
    if (value.kind == STORE_STRING) {
        return query_instant_of(value, &at_ms) ? base_hash64(&at_ms, sizeof at_ms, 7)
                                               : base_hash64(value.s, value.len, STORE_STRING);
    }
    uint64_t bits = 0;
    if (value.kind == STORE_BOOL) {
        bits = value.b ? 1 : 0;
    } else {
        bits = value.u; /* integers and doubles share the union's 64 bits */
    }
    return base_hash64(&bits, sizeof bits, value.kind);
}

bool query_set_make(struct arena *arena, const struct store_value *values, uint32_t count,
                    struct query_set *out, struct fail *fail)
{
    if (count <= FEW) {
        *out = (struct query_set){.values = values, .count = count};
        return true;
    }
    uint32_t slot_count = 16;
    while (slot_count < 2 * count) {
        slot_count *= 2;
    }
    uint32_t *slots = arena_array(arena, slot_count, sizeof *slots, fail);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)hash_of(values[i]) & (slot_count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (slot_count - 1);
        }
        slots[at] = i + 1;
    }
    *out = (struct query_set){
        .values = values, .count = count, .slots = slots, .slot_count = slot_count};
    return true;
}

bool query_set_has(const struct query_set *set, struct store_value value)
{
    if (set->slots == NULL) {
        for (uint32_t i = 0; i < set->count; i++) {
            if (query_value_equal(set->values[i], value)) {
                return true;
            }
        }
        return false;
    }
    uint32_t at = (uint32_t)hash_of(value) & (set->slot_count - 1);
    while (set->slots[at] != 0) {
        if (query_value_equal(set->values[set->slots[at] - 1], value)) {
            return true;
        }
        at = (at + 1) & (set->slot_count - 1);
    }
    return false;
}
