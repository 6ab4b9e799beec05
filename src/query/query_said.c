#include "query_said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query_answer.h"
#include "query_list.h"
#include "query_matcher.h"

/* ---- order ---- */

static int compare_newest_first(const struct query_said *a, const struct query_said *b)
{
    if (a->ts_ms != b->ts_ms) {
        return a->ts_ms > b->ts_ms ? -1 : 1;
    }
    return a->arrival > b->arrival ? -1 : a->arrival < b->arrival ? 1 : 0;
}

int query_said_compare(const struct query_said_order *order, const struct query_said *a,
                       const struct query_said *b)
{
    if (order->by_time) {
        return order->descending ? compare_newest_first(a, b) : compare_newest_first(b, a);
    }
    if (a->last_class != b->last_class) {
        return a->last_class ? 1 : -1;
    }
    int keys = a->last_class ? 0 : query_number_compare(a->key, b->key);
    keys = order->descending ? -keys : keys;
    return keys != 0 ? keys : compare_newest_first(a, b);
}

/* ---- the page: a heap with the last on top ---- */

bool query_said_page_init(struct query_said_page *page, const struct query_said_order *order,
                          size_t limit, struct arena *arena, struct fail *fail)
{
    *page = (struct query_said_page){.order = *order, .limit = limit};
    page->list = arena_array(arena, limit, sizeof *page->list, fail);
    return page->list != NULL;
}

static void sift_down(struct query_said_page *page, size_t count)
{
    struct query_said *heap = page->list;
    for (size_t at = 0;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count &&
            query_said_compare(&page->order, &heap[child + 1], &heap[child]) > 0) {
            child++;
        }
        if (query_said_compare(&page->order, &heap[child], &heap[at]) <= 0) {
            return;
        }
        struct query_said swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

void query_said_offer(struct query_said_page *page, const struct query_said *said)
{
    struct query_said *heap = page->list;
    if (page->count == page->limit) {
        if (query_said_compare(&page->order, said, &heap[0]) < 0) {
            heap[0] = *said;
            sift_down(page, page->count);
        }
        return;
    }
    size_t at = page->count++;
    heap[at] = *said;
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (query_said_compare(&page->order, &heap[at], &heap[parent]) <= 0) {
            return;
        }
        struct query_said swap = heap[at];
        heap[at] = heap[parent];
        heap[parent] = swap;
        at = parent;
    }
}

void query_said_sort(struct query_said_page *page)
{
    for (size_t count = page->count; count > 1; count--) {
        struct query_said swap = page->list[0];
        page->list[0] = page->list[count - 1];
        page->list[count - 1] = swap;
        sift_down(page, count - 1);
    }
}

/* ---- reading the rows of a page ---- */

enum column {
    TEXT,
    CHANNEL,
    SCORE,
    SCALE,
    SOURCE,
    ARRIVAL,
    KIND,
    SURVEY,
    QUESTION,
    LANGUAGE,
    COLUMNS,
};
static const struct store_column_ref columns[COLUMNS] = {
    [TEXT] = {.of = STORE_COLUMN_TEXT},
    [CHANNEL] = {.of = STORE_COLUMN_CHANNEL},
    [SCORE] = {.of = STORE_COLUMN_SCORE},
    [SCALE] = {.of = STORE_COLUMN_SCALE},
    [SOURCE] = {.of = STORE_COLUMN_SOURCE},
    [ARRIVAL] = {.of = STORE_COLUMN_ARRIVAL},
    [KIND] = {.of = STORE_COLUMN_PROPERTY, .name = {"kind", 4}},
    [SURVEY] = {.of = STORE_COLUMN_PROPERTY, .name = {"survey", 6}},
    [QUESTION] = {.of = STORE_COLUMN_PROPERTY, .name = {"question", 8}},
    [LANGUAGE] = {.of = STORE_COLUMN_PROPERTY, .name = {"language", 8}},
};

struct row { /* of one verbatim, its strings copied */
    uint64_t arrival;
    size_t place; /* on the page */
    bool found;
    uint32_t event;
    size_t text_bytes; /* before cutting */
    struct store_value values[COLUMNS];
};
struct reading {
    struct query_exec *exec;
    struct row *rows; /* by arrival */
    size_t count;
    size_t bytes_most; /* of a text */
};

static int compare_arrivals(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival ? 1 : 0;
}

static int compare_customers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* The first value of a column at a row, or null; rows come in order, so places only go forward. */
static struct store_value value_at(const struct store_column *column, uint32_t *at, uint32_t row)
{
    while (*at < column->count && column->at[*at] < row) {
        (*at)++;
    }
    bool there = *at < column->count && column->at[*at] == row;
    return there ? column->values[*at] : (struct store_value){.kind = STORE_NULL};
}

static uint32_t cut(struct store_value text, size_t most)
{
    if (text.len <= most) {
        return text.len;
    }
    size_t len = most;
    while (len > 0 && ((unsigned char)text.s[len] & 0xC0U) == 0x80U) {
        len--; /* between characters */
    }
    return (uint32_t)len;
}

static bool keep(struct query_exec *exec, struct store_value *value, struct fail *fail)
{
    if (value->kind != STORE_STRING) {
        return true;
    }
    char *copy = arena_alloc(exec->arena, (size_t)value->len + 1, fail);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, value->s, value->len);
    value->s = copy;
    return true;
}

static bool take_batch(struct reading *reading, const struct store_rows *rows, struct fail *fail)
{
    uint32_t at[COLUMNS] = {0};
    for (uint32_t r = 0; r < rows->row_count; r++) {
        struct row sought = {.arrival =
                                 (uint64_t)value_at(&rows->columns[ARRIVAL], &at[ARRIVAL], r).i};
        struct row *row = bsearch(&sought, reading->rows, reading->count, sizeof *reading->rows,
                                  compare_arrivals);
        if (row == NULL) {
            continue;
        }
        row->found = true;
        row->event = rows->events[r];
        for (size_t c = 0; c < COLUMNS; c++) {
            struct store_value value = value_at(&rows->columns[c], &at[c], r);
            if (c == TEXT) {
                row->text_bytes = value.len;
                value.len = cut(value, reading->bytes_most);
            }
            if (!keep(reading->exec, &value, fail)) {
                return false;
            }
            row->values[c] = value;
        }
    }
    return true;
}

static bool take_all(struct reading *reading, struct store_scan *scan, struct fail *fail)
{
    struct query_exec *exec = reading->exec;
    struct store_cursor *cursor;
    if (!store_cursor_new(scan, exec->budget, &cursor, fail)) {
        return false;
    }
    bool ok = true;
    for (;;) {
        const struct store_rows *rows;
        ok = (exec->cancel == NULL || !base_cancel_due(exec->cancel, fail)) &&
             store_cursor_next(cursor, &rows, fail);
        if (!ok || rows->customer_count == 0) {
            break;
        }
        ok = take_batch(reading, rows, fail);
        if (!ok) {
            break;
        }
    }
    store_cursor_free(cursor);
    return ok;
}

static bool read_page(struct query_exec *exec, const struct query_said_page *page,
                      struct reading *reading, struct fail *fail)
{
    uint32_t *customers = arena_array(exec->arena, page->count, sizeof *customers, fail);
    reading->rows = arena_array(exec->arena, page->count, sizeof *reading->rows, fail);
    if (customers == NULL || reading->rows == NULL) {
        return false;
    }
    struct store_scan_options options = {.columns = columns,
                                         .column_count = COLUMNS,
                                         .customers = customers,
                                         .cancel = exec->cancel};
    options.from_ms = INT64_MAX;
    options.to_ms = INT64_MIN;
    for (size_t i = 0; i < page->count; i++) {
        const struct query_said *said = &page->list[i];
        reading->rows[i] = (struct row){.arrival = said->arrival, .place = i};
        customers[i] = said->customer;
        options.from_ms = said->ts_ms < options.from_ms ? said->ts_ms : options.from_ms;
        int64_t after_ms = query_ms_add(said->ts_ms, 1);
        options.to_ms = after_ms > options.to_ms ? after_ms : options.to_ms;
    }
    reading->count = page->count;
    qsort(reading->rows, page->count, sizeof *reading->rows, compare_arrivals);
    qsort(customers, page->count, sizeof *customers, compare_customers);
    for (size_t i = 0; i < page->count; i++) {
        if (i == 0 || customers[i] != customers[i - 1]) {
            customers[options.customer_count++] = customers[i];
        }
    }
    struct store_scan *scan;
    if (!query_events_bearing(exec, QUERY_BEARS_TEXT, &options.events, &options.event_count,
                              fail) ||
        !store_scan_new(exec->snapshot, &options, &scan, fail)) {
        return false;
    }
    bool ok = take_all(reading, scan, fail);
    store_scan_free(scan);
    return ok;
}

/* ---- writing ---- */

static void write_value(struct json_writer *w, const char *name, struct store_value value)
{
    json_name_c(w, name);
    query_answer_value(w, value);
}

static void write_marks(struct json_writer *w, const struct query_text *text, const void *search,
                        struct str said)
{
    struct query_mark marks[QUERY_SAID_MARKS_MAX];
    size_t count = text->marks(search, said, marks, ARRAY_LEN(marks));
    json_name_c(w, "matches");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_array(w);
        json_write_uint(w, marks[i].from);
        json_write_uint(w, marks[i].to);
        json_end_array(w);
    }
    json_end_array(w);
}

static void write_one(struct query_exec *exec, const struct query_said *said, const struct row *row,
                      const struct query_said_form *form, struct json_writer *w)
{
    char id[24];
    int len = snprintf(id, sizeof id, "%llu", (unsigned long long)said->arrival);
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, str_of(id, (size_t)len));
    json_name_c(w, "customer");
    json_write_str(w, store_customer_id(exec->snapshot, said->customer, exec->arena));
    json_name_c(w, "ts");
    json_write_instant(w, said->ts_ms);
    write_value(w, "channel", row->values[CHANNEL]);
    json_name_c(w, "event");
    json_write_str(w, query_event_name(exec, row->event));
    write_value(w, "kind", row->values[KIND]);
    write_value(w, "source", row->values[SOURCE]);
    write_value(w, "survey", row->values[SURVEY]);
    write_value(w, "question", row->values[QUESTION]);
    write_value(w, "language", row->values[LANGUAGE]);
    write_value(w, "text", row->values[TEXT]);
    if (row->text_bytes > row->values[TEXT].len) {
        json_name_c(w, "cut");
        json_write_bool(w, true);
    }
    write_value(w, "score", row->values[SCORE]);
    write_value(w, "scale", row->values[SCALE]);
    json_name_c(w, "themes");
    json_begin_array(w);
    json_end_array(w);
    json_name_c(w, "sentiment");
    json_write_null(w);
    if (form->with_relevance) {
        json_name_c(w, "relevance");
        json_write_double(w, store_value_number(said->key) / 1e6);
    }
    if (form->search != NULL) {
        write_marks(w, exec->plan->text, form->search, store_value_text(row->values[TEXT]));
    }
    json_end_object(w);
}

static int number_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* "people": each who speaks on the page, once, in the order of their first words. */
static bool write_people(struct query_exec *exec, const struct query_said_page *page,
                         struct json_writer *w, struct fail *fail)
{
    uint32_t *seen = arena_array(exec->arena, page->count, sizeof *seen, fail);
    if (seen == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < page->count; i++) {
        seen[i] = page->list[i].customer;
    }
    qsort(seen, page->count, sizeof *seen, number_compare);
    for (size_t i = 0; i < page->count; i++) {
        if (i == 0 || seen[i] != seen[i - 1]) {
            seen[count++] = seen[i];
        }
    }
    bool *told = arena_array(exec->arena, count, sizeof *told, fail);
    if (told == NULL) {
        return false;
    }
    memset(told, 0, count * sizeof *told);
    json_name_c(w, "people");
    json_begin_array(w);
    for (size_t i = 0; i < page->count; i++) {
        uint32_t customer = page->list[i].customer;
        uint32_t *at = bsearch(&customer, seen, count, sizeof *seen, number_compare);
        struct store_field *traits;
        size_t trait_count;
        if (told[at - seen]) {
            continue;
        }
        told[at - seen] = true;
        if (!store_customer_traits(exec->snapshot, customer, exec->arena, &traits, &trait_count,
                                   fail)) {
            return false;
        }
        json_begin_object(w);
        json_name_c(w, "id");
        json_write_str(w, store_customer_id(exec->snapshot, customer, exec->arena));
        json_name_c(w, "traits");
        query_traits_write(w, traits, trait_count);
        json_end_object(w);
    }
    json_end_array(w);
    return true;
}

bool query_said_write(struct query_exec *exec, const struct query_said_page *page,
                      const struct query_said_form *form, struct json_writer *w, struct fail *fail)
{
    struct reading reading = {.exec = exec,
                              .bytes_most = form->whole ? SIZE_MAX : QUERY_SAID_BYTES_MAX};
    if (page->count > 0 && !read_page(exec, page, &reading, fail)) {
        return false;
    }
    const struct row **by_place = arena_array(exec->arena, page->count, sizeof *by_place, fail);
    if (by_place == NULL) {
        return false;
    }
    for (size_t i = 0; i < page->count; i++) {
        by_place[reading.rows[i].place] = &reading.rows[i];
    }
    json_name_c(w, "verbatims");
    json_begin_array(w);
    for (size_t i = 0; i < page->count; i++) {
        INVARIANT(by_place[i]->found); /* of the same snapshot */
        write_one(exec, &page->list[i], by_place[i], form, w);
    }
    json_end_array(w);
    return !form->with_people || write_people(exec, page, w, fail);
}
