/* One customer's timeline as whole events, page by page, and its traits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "store_lab.h"

/* A lab with everything in it: segments of different layouts, fresh rows, joins and splits. */
static struct lab *make_lab(uint64_t seed)
{
    struct lab *lab = lab_new(seed, 30);
    lab_add_random(lab, 400);
    lab_join(lab, 1, 2);
    lab_seal(lab);
    lab_add_random(lab, 300);
    lab_join(lab, 2, 0);
    lab_join(lab, 5, 6);
    lab_seal(lab);
    lab_add_random(lab, 300);
    lab_split(lab, 5);
    lab_seal(lab);
    lab_merge(lab, 1, 2);
    lab_join(lab, 3, 0);
    lab_add_random(lab, 200);
    return lab;
}

/* Fields of an event as the store gives them: by name, several values in the sender's order. */
static size_t expected_fields(struct lab *lab, const struct store_cell *cells, uint32_t count,
                              enum store_family family, struct store_field *out)
{
    size_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct store_field field = {store_names_get(lab->names, family, cells[i].name),
                                    cells[i].value};
        size_t at = made++;
        for (; at > 0 && str_compare(out[at - 1].name, field.name) > 0; at--) {
            out[at] = out[at - 1];
        }
        out[at] = field;
    }
    return made;
}

static void same_fields(const struct store_field *a, size_t a_count, const struct store_field *b,
                        size_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (size_t i = 0; i < a_count; i++) {
        assert_true(str_equal(a[i].name, b[i].name));
        assert_true(lab_same_value(a[i].value, b[i].value));
    }
}

static struct str name_or_missing(struct lab *lab, enum store_family family, uint32_t code)
{
    return code == STORE_NO_CODE ? str_of(NULL, 0) : store_names_get(lab->names, family, code);
}

static void same_text(struct str a, struct str b)
{
    assert_true((a.data == NULL) == (b.data == NULL));
    assert_true(str_equal(a, b));
}

static void check_event(struct lab *lab, const struct store_timeline_row *row,
                        const struct store_row *expected)
{
    const struct store_event *event = &row->event;
    struct store_field fields[16];
    assert_int_equal(row->arrival, expected->arrival);
    assert_int_equal(event->ts_ms, expected->ts_ms);
    assert_int_equal(event->received_at_ms, expected->received_at_ms);
    assert_int_equal(event->client_ts_ms, expected->client_ts_ms);
    assert_int_equal(event->sent_at_ms, expected->sent_at_ms);
    same_text(event->event, store_names_get(lab->names, STORE_FAMILY_EVENT, expected->event));
    same_text(event->source, store_names_get(lab->names, STORE_FAMILY_SOURCE, expected->source));
    same_text(event->channel, name_or_missing(lab, STORE_FAMILY_CHANNEL, expected->channel));
    same_text(event->scale, name_or_missing(lab, STORE_FAMILY_SCALE, expected->scale));
    same_text(event->text, expected->text);
    same_text(event->message_id, expected->message_id);
    if (expected->scale != STORE_NO_CODE) {
        assert_true(lab_same_value(event->score, expected->score));
    }
    same_fields(event->properties, event->property_count, fields,
                expected_fields(lab, expected->properties, expected->property_count,
                                STORE_FAMILY_PROPERTY, fields));
    same_fields(
        event->traits, event->trait_count, fields,
        expected_fields(lab, expected->traits, expected->trait_count, STORE_FAMILY_TRAIT, fields));
}

/* The rows of one customer, in order. */
static size_t rows_of(struct lab *lab, uint32_t customer, struct arena *arena,
                      const struct store_row ***out)
{
    const struct store_row **sorted = lab_sorted(lab, arena);
    size_t from = 0;
    while (from < lab->row_count && sorted[from]->customer < customer) {
        from++;
    }
    size_t to = from;
    while (to < lab->row_count && sorted[to]->customer == customer) {
        to++;
    }
    *out = sorted + from;
    return to - from;
}

static void whole_timelines_come_in_order_with_everything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct lab *lab = make_lab(seed);
        struct store_snapshot snapshot;
        lab_snapshot(lab, &snapshot);
        /* Once each by itself, once when all fresh rows were sorted for a scan. */
        for (uint32_t turn = 0; turn < 2 * lab->customers; turn++) {
            uint32_t customer = turn % lab->customers;
            struct fail fail;
            struct store_sources sources;
            lab_must(turn != lab->customers || store_sources_of(&snapshot, &sources, &fail), &fail);
            struct arena *arena = arena_new(NULL);
            const struct store_row **expected;
            struct store_timeline_row *rows;
            size_t count;
            /* Asked by any number: it is the timeline of the customer as joined now. */
            size_t expected_count = rows_of(lab, lab_root(lab, customer), arena, &expected);
            const struct store_timeline_options options = {.newest_first = customer % 2 == 0};
            lab_must(
                store_timeline_read(&snapshot, customer, &options, arena, &rows, &count, &fail),
                &fail);
            assert_int_equal(count, expected_count);
            for (size_t i = 0; i < count; i++) {
                check_event(lab, &rows[i], expected[options.newest_first ? count - 1 - i : i]);
            }
            arena_free(arena);
        }
        lab_snapshot_done(&snapshot);
        lab_free(lab);
    }
}

static void an_older_snapshot_sees_no_row_that_came_after_it(void **state)
{
    (void)state;
    struct lab *lab = make_lab(11);
    struct store_snapshot snapshots[4];
    size_t before[4][4];
    for (int s = 0; s < 4; s++) {
        struct arena *arena = arena_new(NULL);
        const struct store_row **rows;
        lab_add_random(lab, 150);
        lab_snapshot(lab, &snapshots[s]);
        for (uint32_t c = 0; c < 4; c++) {
            before[s][c] = rows_of(lab, lab_root(lab, c), arena, &rows);
        }
        arena_free(arena);
    }
    /* The newest is asked first, so that all rows are entered already. */
    for (int s = 3; s >= 0; s--) {
        for (uint32_t c = 0; c < 4; c++) {
            struct fail fail;
            struct arena *arena = arena_new(NULL);
            struct store_timeline_row *rows;
            size_t count;
            const struct store_timeline_options options = {.limit = 0};
            lab_must(store_timeline_read(&snapshots[s], c, &options, arena, &rows, &count, &fail),
                     &fail);
            assert_int_equal(count, before[s][c]);
            arena_free(arena);
        }
        lab_snapshot_done(&snapshots[s]);
    }
    lab_free(lab);
}

/* Turns pages of `limit` until none is left; together they are the rows of the range. */
static void turn_pages(struct lab *lab, struct store_snapshot *snapshot, uint32_t customer,
                       struct store_timeline_options options)
{
    struct arena *arena = arena_new(NULL);
    const struct store_row **all;
    size_t all_count = rows_of(lab, customer, arena, &all);
    const struct store_row **expected = arena_small(arena, (all_count + 1) * sizeof *expected);
    size_t expected_count = 0;
    for (size_t i = 0; i < all_count; i++) {
        const struct store_row *row = all[options.newest_first ? all_count - 1 - i : i];
        bool any_time = options.from_ms == 0 && options.to_ms == 0;
        if (any_time || (row->ts_ms >= options.from_ms && row->ts_ms < options.to_ms)) {
            expected[expected_count++] = row;
        }
    }
    size_t seen = 0;
    for (;;) {
        struct fail fail;
        struct store_timeline_row *rows;
        size_t count;
        lab_must(store_timeline_read(snapshot, customer, &options, arena, &rows, &count, &fail),
                 &fail);
        assert_true(count <= options.limit);
        for (size_t i = 0; i < count; i++) {
            assert_true(seen < expected_count);
            check_event(lab, &rows[i], expected[seen++]);
        }
        if (count < options.limit) {
            break;
        }
        options.after_ts_ms = rows[count - 1].event.ts_ms;
        options.after_arrival = rows[count - 1].arrival;
    }
    assert_int_equal(seen, expected_count);
    arena_free(arena);
}

static void pages_together_are_the_timeline(void **state)
{
    (void)state;
    struct lab *lab = make_lab(7);
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    for (uint32_t customer = 0; customer < 8; customer++) {
        if (lab_root(lab, customer) != customer) {
            continue;
        }
        for (int way = 0; way < 2; way++) {
            static const size_t limits[] = {1, 3, 50, 10000};
            for (size_t l = 0; l < ARRAY_LEN(limits); l++) {
                struct store_timeline_options options = {.newest_first = way == 1,
                                                         .limit = limits[l]};
                turn_pages(lab, &snapshot, customer, options);
                options.from_ms = 1700000050000;
                options.to_ms = 1700000300000;
                turn_pages(lab, &snapshot, customer, options);
            }
        }
    }
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

static int compare_fields(const void *a, const void *b)
{
    const struct store_field *x = a;
    const struct store_field *y = b;
    return str_compare(x->name, y->name);
}

/* Replays all traits of a customer event by event. */
static size_t replay_traits(struct lab *lab, const struct store_row **rows, size_t count,
                            struct store_field *out)
{
    size_t kept = 0;
    for (size_t r = 0; r < count; r++) {
        for (int pass = 0; pass < 2;
             pass++) { /* an event's removals, and old values of what it sets; then values */
            for (uint32_t i = 0; i < rows[r]->trait_count; i++) {
                const struct store_cell *cell = &rows[r]->traits[i];
                struct str name = store_names_get(lab->names, STORE_FAMILY_TRAIT, cell->name);
                bool null = cell->value.kind == STORE_NULL;
                if (pass == 1 && !null) {
                    out[kept++] = (struct store_field){name, cell->value};
                }
                for (size_t f = 0; pass == 0 && f < kept;) {
                    bool below = null && str_starts(out[f].name, name) &&
                                 out[f].name.len > name.len && out[f].name.data[name.len] == '.';
                    if (str_equal(out[f].name, name) || below) {
                        memmove(&out[f], &out[f + 1], (--kept - f) * sizeof *out);
                    } else {
                        f++;
                    }
                }
            }
        }
    }
    /* By name; several values keep their order. */
    for (size_t i = 1; i < kept; i++) {
        struct store_field field = out[i];
        size_t at = i;
        for (; at > 0 && compare_fields(&out[at - 1], &field) > 0; at--) {
            out[at] = out[at - 1];
        }
        out[at] = field;
    }
    return kept;
}

static void traits_are_what_replaying_the_timeline_gives(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 13; seed++) {
        struct lab *lab = make_lab(seed);
        struct store_snapshot snapshot;
        lab_snapshot(lab, &snapshot);
        /* Once each by itself, once when all fresh rows were sorted for a scan. */
        for (uint32_t turn = 0; turn < 2 * lab->customers; turn++) {
            uint32_t customer = turn % lab->customers;
            struct fail fail;
            struct store_sources sources;
            lab_must(turn != lab->customers || store_sources_of(&snapshot, &sources, &fail), &fail);
            struct arena *arena = arena_new(NULL);
            const struct store_row **rows;
            struct store_field *fields;
            struct store_field expected[64];
            size_t count;
            size_t row_count = rows_of(lab, lab_root(lab, customer), arena, &rows);
            size_t expected_count = replay_traits(lab, rows, row_count, expected);
            lab_must(store_customer_traits(&snapshot, customer, arena, &fields, &count, &fail),
                     &fail);
            same_fields(fields, count, expected, expected_count);
            arena_free(arena);
        }
        lab_snapshot_done(&snapshot);
        lab_free(lab);
    }
}

static void timeline_of_an_unknown_customer_is_empty(void **state)
{
    (void)state;
    struct lab *lab = make_lab(21);
    struct store_snapshot snapshot;
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    struct store_timeline_row *rows;
    struct store_field *fields;
    size_t count;
    lab_snapshot(lab, &snapshot);
    const struct store_timeline_options options = {.limit = 10};
    lab_must(store_timeline_read(&snapshot, 12345, &options, arena, &rows, &count, &fail), &fail);
    assert_int_equal(count, 0);
    lab_must(store_customer_traits(&snapshot, 12345, arena, &fields, &count, &fail), &fail);
    assert_int_equal(count, 0);
    lab_snapshot_done(&snapshot);
    arena_free(arena);
    lab_free(lab);
}

/* What a walk gives, against the sorted list of all rows. */
static void check_walk(struct lab *lab, struct store_snapshot *snapshot,
                       const struct store_walk_options *options)
{
    struct arena *arena = arena_new(NULL);
    const struct store_row **sorted = lab_sorted(lab, arena);
    struct store_walk *walk;
    struct fail fail;
    size_t at = 0;
    lab_must(store_walk_new(snapshot, options, NULL, &walk, &fail), &fail);
    for (;;) {
        const struct store_walk_row *rows;
        size_t count;
        lab_must(store_walk_next(walk, &rows, &count, &fail), &fail);
        if (count == 0) {
            break;
        }
        for (size_t i = 0; i < count; i++, at++) {
            bool any_time = options->from_ms == 0 && options->to_ms == 0;
            while (at < lab->row_count && !any_time &&
                   (sorted[at]->ts_ms < options->from_ms || sorted[at]->ts_ms >= options->to_ms)) {
                at++;
            }
            assert_true(at < lab->row_count);
            assert_int_equal(rows[i].customer, sorted[at]->customer);
            assert_int_equal(rows[i].row.number, sorted[at]->original);
            check_event(lab, &rows[i].row, sorted[at]);
        }
    }
    while (at < lab->row_count &&
           !(sorted[at]->ts_ms >= options->from_ms && sorted[at]->ts_ms < options->to_ms)) {
        at++; /* what is left is out of the range */
    }
    assert_int_equal(at, lab->row_count);
    store_walk_free(walk);
    arena_free(arena);
}

static void a_walk_gives_every_row_once_in_order_however_little_it_holds(void **state)
{
    (void)state;
    for (uint64_t seed = 31; seed <= 33; seed++) {
        struct lab *lab = make_lab(seed);
        struct store_snapshot snapshot;
        lab_snapshot(lab, &snapshot);
        static const uint32_t batches[] = {0, 1, 3, 50};
        for (size_t b = 0; b < ARRAY_LEN(batches); b++) {
            struct store_walk_options options = {.batch_rows = batches[b]};
            check_walk(lab, &snapshot, &options);
            options.from_ms = 1700000050000;
            options.to_ms = 1700000300000;
            check_walk(lab, &snapshot, &options);
        }
        lab_snapshot_done(&snapshot);
        lab_free(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_timelines_come_in_order_with_everything),
        cmocka_unit_test(an_older_snapshot_sees_no_row_that_came_after_it),
        cmocka_unit_test(pages_together_are_the_timeline),
        cmocka_unit_test(traits_are_what_replaying_the_timeline_gives),
        cmocka_unit_test(timeline_of_an_unknown_customer_is_empty),
        cmocka_unit_test(a_walk_gives_every_row_once_in_order_however_little_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
