/* Finding customers while somebody types: by the beginning of an identifier, or of a word of their name. Apart, as
   the first is a look along identifiers and answers at once, and the second reads traits of everyone. */
#include "app_internal.h"

#include <stdlib.h>

#include "base_unicode.h"

#define BEGINS_BYTES_MAX 200
#define FOUND_MAX 50
#define WORDS_MAX 8

/* What senders call a name. */
static const char *const NAMES[] = {
    "name",      "full_name", "fullName",  "displayName", "firstName", "first_name",
    "firstname", "lastName",  "last_name", "lastname",    "email",     "username",
};

struct found {
    uint32_t customer;
    struct str kind, value; /* what fitted; kind missing: the name did */
};

/* ---- words of a name ------------------------------------------------------------------------------------ */

/* Does a text begin with `folded`, case aside? */
static bool begins(struct str text, struct str folded)
{
    while (folded.len > 0) {
        size_t a_len, b_len;
        unsigned char byte = text.len == 0 ? 0 : (unsigned char)text.data[0];
        if (byte < 0x80 && text.len > 0) { /* in ASCII folding is lower case */
            if ((char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte) != folded.data[0]) {
                return false;
            }
            text = str_after(text, 1);
            folded = str_after(folded, 1);
            continue;
        }
        if (text.len == 0 ||
            unicode_fold_simple(unicode_decode(text, &a_len)) != unicode_decode(folded, &b_len)) {
            return false;
        }
        text = str_after(text, a_len);
        folded = str_after(folded, b_len);
    }
    return true;
}

/* Is what stands first in the text part of a word? Names are mostly ASCII, and there are many. */
static bool is_letter(struct str text, size_t *out_len)
{
    unsigned char byte = (unsigned char)text.data[0];
    if (byte < 0x80) {
        unsigned char lower = byte | 0x20;
        *out_len = 1;
        return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
    }
    return unicode_class_of(unicode_decode(text, out_len)) != UNICODE_BETWEEN;
}

/* Which of the words typed begin a word of the text, as bits. */
static uint32_t words_in(struct str text, const struct str *words, size_t count)
{
    uint32_t bits = 0;
    bool between = true;
    while (text.len > 0) {
        size_t len;
        bool letter = is_letter(text, &len);
        for (size_t i = 0; letter && between && i < count; i++) {
            bits |= begins(text, words[i]) ? 1U << i : 0;
        }
        between = !letter;
        text = str_after(text, len);
    }
    return bits;
}

static size_t fold_words(struct str typed, struct arena *arena, struct str *words)
{
    CLEANUP(base_buf_done) struct base_buf folded = {.limit = 2 * BEGINS_BYTES_MAX};
    for (size_t len; typed.len > 0; typed = str_after(typed, len)) {
        char bytes[4];
        base_buf_bytes(&folded, bytes,
                       unicode_encode(unicode_fold_simple(unicode_decode(typed, &len)), bytes));
    }
    struct str rest = str_copy(arena, base_buf_view(&folded)), word;
    size_t count = 0;
    while (count < WORDS_MAX && str_next_part(&rest, ' ', &word)) {
        if (word.len > 0) {
            words[count++] = word;
        }
    }
    return count;
}

struct by_name { /* of a worker */
    const struct str *words;
    size_t word_count;
    uint32_t *customers; /* at most `limit` */
    size_t count, limit;
};

static bool look_at_batch(struct by_name *by, const struct store_rows *rows, struct fail *fail)
{
    CLEANUP(base_free_at) uint32_t *bits = NULL;
    void *grown = NULL;
    size_t capacity = 0;
    if (!base_grow_array(&grown, &capacity, rows->customer_count, sizeof *bits, fail)) {
        return false;
    }
    bits = grown;
    memset(bits, 0, rows->customer_count * sizeof *bits);
    for (size_t c = 0; c < ARRAY_LEN(NAMES); c++) {
        const struct store_column *column = &rows->columns[c];
        for (uint32_t i = 0; i < column->count; i++) {
            if (column->values[i].kind == STORE_STRING) {
                bits[column->at[i]] |=
                    words_in(store_value_text(column->values[i]), by->words, by->word_count);
            }
        }
    }
    uint32_t all = (1U << by->word_count) - 1;
    for (uint32_t i = 0; i < rows->customer_count && by->count < by->limit; i++) {
        if (bits[i] == all) {
            by->customers[by->count++] = rows->customers[i];
        }
    }
    return true;
}

/* Workers share a scan: each takes the next customers until it has found enough of its own, so whoever is among the
   first of all is among the first of its worker. */
struct name_search {
    struct store_scan *scan;
    struct base_budget *budget;
    struct base_cancel *cancel;
    struct name_worker {
        struct by_name by;
        bool good;
        struct fail fail;
    } * workers;
};

static void search_slot(void *context, int slot)
{
    struct name_search *search = context;
    struct name_worker *worker = &search->workers[slot];
    struct by_name *by = &worker->by;
    struct store_cursor *cursor = NULL;
    const struct store_rows *rows = NULL;
    bool good = store_cursor_new(search->scan, search->budget, &cursor, &worker->fail);
    while (good && by->count < by->limit &&
           (good = store_cursor_next(cursor, &rows, &worker->fail)) && rows->customer_count > 0) {
        good = !base_cancel_due(search->cancel, &worker->fail) &&
               look_at_batch(by, rows, &worker->fail);
    }
    store_cursor_free(cursor);
    worker->good = good;
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return x->customer < y->customer ? -1 : x->customer > y->customer;
}

/* The first `limit` of what the workers found, by customer number. */
static bool collect_found(const struct name_search *search, int width, size_t limit,
                          struct arena *arena, struct found *list, size_t *out_count,
                          struct fail *fail)
{
    struct found *all = arena_array(arena, (size_t)width * limit, sizeof *all, fail);
    size_t count = 0;
    if (all == NULL) {
        return false;
    }
    for (int i = 0; i < width; i++) {
        const struct name_worker *worker = &search->workers[i];
        if (!worker->good) {
            *fail = worker->fail;
            return false;
        }
        for (size_t k = 0; k < worker->by.count; k++) {
            all[count++] = (struct found){.customer = worker->by.customers[k]};
        }
    }
    qsort(all, count, sizeof *all, compare_found);
    *out_count = count < limit ? count : limit;
    memcpy(list, all, *out_count * sizeof *all);
    return true;
}

static bool search_names(struct app *app, struct name_search *search, const struct str *words,
                         size_t word_count, size_t limit, struct arena *arena, struct found *list,
                         size_t *out_count, struct fail *fail)
{
    int width = base_pool_width(app->pool);
    search->workers = arena_array(arena, (size_t)width, sizeof *search->workers, fail);
    uint32_t *customers = arena_array(arena, (size_t)width * limit, sizeof *customers, fail);
    if (search->workers == NULL || customers == NULL) {
        return false;
    }
    for (int i = 0; i < width; i++) {
        search->workers[i].by = (struct by_name){.words = words,
                                                 .word_count = word_count,
                                                 .customers = customers + (size_t)i * limit,
                                                 .limit = limit};
    }
    base_pool_run(app->pool, width, search_slot, search);
    return collect_found(search, width, limit, arena, list, out_count, fail);
}

static bool find_by_name(struct app *app, struct store_snapshot *snapshot, struct str typed,
                         struct base_cancel *cancel, struct arena *arena, struct found *list,
                         size_t limit, size_t *out_count, struct fail *fail)
{
    struct store_column_ref columns[ARRAY_LEN(NAMES)];
    struct str words[WORDS_MAX];
    uint32_t none = 0;
    struct store_scan_options options = {
        .columns = columns,
        .column_count = ARRAY_LEN(NAMES),
        .events = &none, /* traits are of customers: no row is wanted */
        .every_customer = true,
        .cancel = cancel,
    };
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        columns[i] = (struct store_column_ref){STORE_COLUMN_TRAIT, str_from_c(NAMES[i])};
    }
    size_t word_count = fold_words(typed, arena, words);
    *out_count = 0;
    if (word_count == 0) {
        return true;
    }
    struct name_search search = {
        .budget = base_budget_new((size_t)app->config.query_memory_mb << 20), .cancel = cancel};
    bool good = store_scan_new(snapshot, &options, &search.scan, fail) &&
                search_names(app, &search, words, word_count, limit, arena, list, out_count, fail);
    store_scan_free(search.scan);
    base_budget_free(search.budget);
    return good;
}

/* ---- identifiers ------------------------------------------------------------------------------------------ */

static bool find_by_identifier(struct store_snapshot *snapshot, struct str typed,
                               struct base_cancel *cancel, struct arena *arena, struct found *list,
                               size_t limit, size_t *out_count, struct fail *fail)
{
    struct store_starting *starting;
    size_t count, written = 0;
    uint32_t exact;
    if (!store_customers_starting(snapshot, typed, limit, cancel, arena, &starting, &count, fail)) {
        return false;
    }
    /* Who is called exactly so stands first, also where "kind:value" was typed. */
    store_customer_lookup(snapshot, typed, &exact);
    if (exact != STORE_NO_CUSTOMER) {
        list[written++] = (struct found){exact, STR("id"), typed};
    }
    for (size_t i = 0; i < count && written < limit; i++) {
        if (starting[i].customer != exact) {
            list[written++] = (struct found){starting[i].customer, starting[i].identifier.kind,
                                             starting[i].identifier.value};
        }
    }
    *out_count = written;
    return true;
}

/* ---- the operation ----------------------------------------------------------------------------------------- */

static bool write_found(struct json_writer *w, struct store_snapshot *snapshot,
                        const struct found *found, struct arena *arena, struct fail *fail)
{
    struct store_field *traits;
    size_t count;
    if (!store_customer_traits(snapshot, found->customer, arena, &traits, &count, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, store_customer_id(snapshot, found->customer, arena));
    json_name_c(w, "known");
    json_write_bool(w, store_customer_known(snapshot, found->customer));
    json_name_c(w, "matched");
    if (found->kind.data == NULL) {
        json_write_null(w);
    } else {
        json_begin_object(w);
        app_write_text(w, "kind", found->kind);
        app_write_text(w, "value", found->value);
        json_end_object(w);
    }
    json_name_c(w, "traits");
    store_json_fields(w, traits, count, false);
    json_end_object(w);
    return true;
}

static bool write_all(struct store_snapshot *snapshot, const struct found *list, size_t count,
                      size_t limit, struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "customers");
    json_begin_array(&w);
    for (size_t i = 0; i < count && i < limit; i++) {
        if (!write_found(&w, snapshot, &list[i], arena, fail)) {
            return false;
        }
    }
    json_end_array(&w);
    json_name_c(&w, "more");
    json_write_bool(&w, count > limit);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool read_input(struct json_value input, struct str *out_typed, bool *out_by_name,
                       int64_t *out_limit, struct fail *fail)
{
    static const char *const members[] = {"begins", "by", "limit", NULL};
    struct str by;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "begins", false, out_typed, fail) ||
        !app_input_str(input, "by", false, &by, fail) ||
        !app_input_int(input, "limit", 1, FOUND_MAX, 8, out_limit, fail)) {
        return false;
    }
    *out_typed = out_typed->data == NULL ? STR("") : str_trim(*out_typed);
    if (out_typed->len == 0 || out_typed->len > BEGINS_BYTES_MAX) {
        return fail_input_at(fail, "/begins", "what is typed has 1 to %d bytes", BEGINS_BYTES_MAX);
    }
    *out_by_name = by.data != NULL && str_is(by, "name");
    if (by.data != NULL && !*out_by_name && !str_is(by, "identifier")) {
        return fail_input_at(fail, "/by", "\"by\" must be identifier or name");
    }
    return true;
}

bool app_op_customers_find(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    struct str typed;
    bool by_name;
    int64_t limit;
    if (!read_input(input, &typed, &by_name, &limit, fail)) {
        return false;
    }
    size_t sought = (size_t)limit + 1, count; /* one more says that there are more */
    struct found *list = arena_array(arena, sought, sizeof *list, fail);
    struct base_cancel cancel = app_cancel_of(app, caller);
    /* Only who reads everyone's traits waits for a place: a look along identifiers must answer while one types. */
    if (list == NULL || (by_name && !app_gate_enter(app, &cancel, fail))) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool good =
        (by_name
             ? find_by_name(app, snapshot, typed, &cancel, arena, list, sought, &count, fail)
             : find_by_identifier(snapshot, typed, &cancel, arena, list, sought, &count, fail)) &&
        write_all(snapshot, list, count, (size_t)limit, arena, out, fail);
    store_snapshot_unref(snapshot);
    if (by_name) {
        app_gate_leave(app);
    }
    return good;
}
