#include "store_import.h"

#include <inttypes.h>

#include "store_writer.h"

const char *store_import_state_name(enum store_import_state state)
{
    static const char *const names[] = {"running", "ended", "stopped", "taken back"};
    return names[state];
}

/* ---- during a commit ------------------------------------------------------------------------------------- */

void store_import_reset(struct store *store)
{
    store->writing.span_count = 0;
    store->writing.import = 0;
}

/* How far each of the store's counters has come with the commit under way. */
static void counters(const struct store_writing *writing, uint64_t out[STORE_IMPORT_OFS])
{
    const struct store_draft *draft = &writing->draft;
    out[STORE_IMPORT_ARRIVALS] = writing->next_arrival;
    out[STORE_IMPORT_POSITIONS] = draft->view->position + draft->edge_count + 1;
    out[STORE_IMPORT_SEQS] = draft->view->seqs + draft->ident_count;
    out[STORE_IMPORT_QUARANTINE] = writing->next_quarantine_id;
}

bool store_import_before(struct store *store, const struct store_item *item, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    if (item->import == writing->import) {
        return true;
    }
    writing->import = item->import;
    store_frame_import(&writing->frame, item->import);
    if (item->import == 0) {
        return true;
    }
    void *spans = writing->spans;
    if (!base_grow_array(&spans, &writing->span_capacity, writing->span_count + 1,
                         sizeof writing->spans[0], fail)) {
        return false;
    }
    writing->spans = spans;
    struct store_import_span *span = &writing->spans[writing->span_count++];
    uint64_t now[STORE_IMPORT_OFS];
    counters(writing, now);
    *span = (struct store_import_span){.number = item->import};
    for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
        span->ranges[of] = (struct store_range){now[of], now[of]};
    }
    return true;
}

void store_import_after(struct store *store, const struct store_item *item,
                        enum store_verdict verdict)
{
    if (item->import != 0) {
        store_import_after_rows(store, verdict, 1);
    }
}

void store_import_after_rows(struct store *store, enum store_verdict verdict, uint64_t records)
{
    struct store_writing *writing = &store->writing;
    struct store_import_span *span = &writing->spans[writing->span_count - 1];
    uint64_t now[STORE_IMPORT_OFS];
    counters(writing, now);
    for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
        span->ranges[of].end = now[of];
    }
    span->counts[verdict] += records;
}

bool store_import_write(struct store *store, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    bool room = true;
    for (size_t i = 0; i < writing->span_count; i++) {
        const struct store_import_span *span = &writing->spans[i];
        struct store_frame_import counted = {.number = span->number,
                                             .change = STORE_FRAME_IMPORT_COUNTED};
        memcpy(counted.counts, span->counts, sizeof counted.counts);
        store_frame_import_change(&writing->frame, &counted);
    }
    base_lock(&store->lock);
    for (size_t i = 0; i < writing->span_count && room; i++) {
        room = store_imports_room(&store->now.imports, writing->spans[i].number, fail);
    }
    base_unlock(&store->lock);
    return room;
}

void store_import_publish_locked(struct store *store)
{
    for (size_t i = 0; i < store->writing.span_count; i++) {
        store_imports_add(&store->now.imports, &store->writing.spans[i]);
    }
}

bool store_import_check(struct store *store, const struct store_item *items, size_t count,
                        struct fail *fail)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].import == seen) {
            continue;
        }
        seen = items[i].import;
        base_lock(&store->lock);
        const struct store_import_entry *entry = store_imports_find(&store->now.imports, seen);
        bool running = entry != NULL && entry->face.state == STORE_IMPORT_RUNNING;
        base_unlock(&store->lock);
        if (seen != 0 && !running) {
            return fail_set(fail, FAIL_CONFLICT, "import %" PRIu64 " is not running", seen);
        }
    }
    return true;
}

/* ---- beginning and ending: commits without items, in the writer thread --------------------------------- */

struct operation {
    struct store_frame_import change;
    bool failed;
    struct fail fail;
};

/* What may fail, before the frame is written. A beginning is in the table then already, and leaves it again where
   writing fails. */
static bool prepare(struct store *store, void *context, struct fail *fail)
{
    struct operation *operation = context;
    struct store_frame_import *change = &operation->change;
    bool ok = true;
    base_lock(&store->lock);
    if (change->change == STORE_FRAME_IMPORT_BEGUN) {
        change->number = store->now.imports.last_number + 1;
        ok = store_imports_begin(&store->now.imports, change->number, change->source, change->name,
                                 change->at_ms, fail);
    }
    base_unlock(&store->lock);
    if (ok) {
        store_frame_import_change(&store->writing.frame, change);
    }
    return ok;
}

static void run(struct store *store, void *context)
{
    struct operation *operation = context;
    const struct store_frame_import *change = &operation->change;
    operation->failed = !store_commit_change(store, prepare, operation, &operation->fail);
    base_lock(&store->lock);
    if (operation->failed && change->number != 0 && change->change == STORE_FRAME_IMPORT_BEGUN) {
        store_imports_withdraw(&store->now.imports, change->number);
    }
    if (!operation->failed && change->change == STORE_FRAME_IMPORT_ENDED) {
        store_known_reset(&store->writing.known);
        atomic_store(&store->keeper.importing, false);
        store_imports_end(&store->now.imports, change->number,
                          change->stopped ? STORE_IMPORT_STOPPED : STORE_IMPORT_ENDED,
                          change->at_ms);
    }
    base_unlock(&store->lock);
    if (!atomic_load(&store->keeper.importing)) {
        store_bulk_free(store_spare_take(store));
    }
}

static bool operate(struct store *store, struct operation *operation, struct fail *fail)
{
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    store_writer_control(store, run, operation);
    if (operation->failed) {
        *fail = operation->fail;
    }
    return !operation->failed;
}

bool store_import_begin(struct store *store, struct str source, struct str name, uint64_t *out,
                        struct fail *fail)
{
    if (source.len == 0 || source.len > STORE_NAME_BYTES_MAX ||
        name.len > STORE_IMPORT_NAME_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT,
                        "an import needs a source of 1 to %zu bytes and a name of at most %d",
                        (size_t)STORE_NAME_BYTES_MAX, STORE_IMPORT_NAME_BYTES_MAX);
    }
    struct operation operation = {
        .change = {.change = STORE_FRAME_IMPORT_BEGUN,
                   .source = source,
                   .name = name,
                   .at_ms = base_now_ms(store->clock)},
    };
    if (!operate(store, &operation, fail)) {
        return false;
    }
    *out = operation.change.number;
    return true;
}

/* Is something of a large import in no journal? It is sealed before its end stands in one. */
static void look_ahead(struct store *store, void *context)
{
    bool *out = context;
    *out = store->writing.ahead[0] || store->writing.ahead[1];
}

bool store_import_end(struct store *store, uint64_t number, bool stopped, struct fail *fail)
{
    struct operation operation = {
        .change = {.change = STORE_FRAME_IMPORT_ENDED,
                   .number = number,
                   .at_ms = base_now_ms(store->clock),
                   .stopped = stopped},
    };
    bool ahead = false;
    if (!store->options.read_only) {
        store_writer_control(store, look_ahead, &ahead);
    }
    return (!ahead || store_seal(store, fail)) && operate(store, &operation, fail);
}

bool store_import_list(struct store *store, struct arena *arena, struct store_import **out,
                       size_t *out_count, struct fail *fail)
{
    base_lock(&store->lock);
    const struct store_imports *imports = &store->now.imports;
    struct store_import *list = arena_array(arena, imports->count, sizeof *list, fail);
    for (size_t i = 0; list != NULL && i < imports->count; i++) {
        list[i] = imports->at[imports->count - 1 - i].face;
        list[i].source = str_copy(arena, list[i].source);
        list[i].name = str_copy(arena, list[i].name);
    }
    *out = list;
    *out_count = imports->count;
    base_unlock(&store->lock);
    return list != NULL;
}
