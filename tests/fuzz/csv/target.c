/* Files: the first line of an input is the map, what follows the file. The same file is read whole and in
 * small pieces: the items must not know the difference. */
#include "../intake/intake_check.h"
#include "intake_csv.h"
#include "intake_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ITEMS_MAX 4096
#define CELLS_MAX 16

struct slow {
    struct str text;
    size_t step;
};

static bool read_slowly(void *context, void *into, size_t len, size_t *out_read, struct fail *fail)
{
    (void)fail;
    struct slow *slow = context;
    size_t take = len < slow->step ? len : slow->step;
    take = take < slow->text.len ? take : slow->text.len;
    if (take > 0) {
        memcpy(into, slow->text.data, take);
    }
    slow->text = str_after(slow->text, take);
    *out_read = take;
    return true;
}

/* A hash over all that a reader of the items would see. */
static uint64_t import(struct str map, struct str text, size_t step,
                       const struct intake_source *source, struct arena *arena)
{
    struct slow slow = {.text = text, .step = step};
    struct intake_import_options options = {
        .reader = {.read = read_slowly, .context = &slow}, .map = map, .source = source};
    struct intake_import *import;
    struct intake_import_batch batch;
    struct fail fail;
    uint64_t sum = 0;
    if (!intake_import_open(&options, &import, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
        return base_hash_str(str_from_c(fail.message));
    }
    bool good;
    size_t count = 0;
    while ((good = intake_import_next(import, arena, 7, &batch, &fail)) && batch.count > 0 &&
           count < ITEMS_MAX) {
        check_items(batch.items, batch.count, source);
        for (size_t i = 0; i < batch.count; i++) {
            const struct store_item *item = &batch.items[i];
            INVARIANT(item->from_import && item->raw.data != NULL);
            struct str id =
                item->event.message_id.len > 0 ? item->event.message_id : item->record_id;
            INVARIANT(item->verdict != STORE_STORED || id.len > 0);
            sum = base_hash64(item->raw.data, item->raw.len, sum + (uint64_t)item->verdict);
            sum = base_hash64(id.data, id.len, sum);
            sum += item->event.property_count + batch.records[i];
        }
        count += batch.count;
    }
    intake_import_close(import);
    return good ? sum : sum ^ base_hash_str(str_from_c(fail.message));
}

/* What is found of the beginning of a text is what is found of all of it. */
static void scan(struct str text, struct arena *arena)
{
    struct intake_csv_cell cells[CELLS_MAX];
    struct intake_csv_record record, early;
    while (intake_csv_scan(text, ',', true, cells, CELLS_MAX, &record) == INTAKE_CSV_RECORD) {
        INVARIANT(record.consumed > 0 && record.consumed <= text.len);
        INVARIANT(record.raw.len <= record.consumed);
        for (size_t i = 0; record.problem == INTAKE_CSV_FINE && i < record.cells && i < CELLS_MAX;
             i++) {
            INVARIANT((size_t)cells[i].begin + cells[i].len <= record.raw.len);
            INVARIANT(intake_csv_text(record.raw, &cells[i], arena).len <= cells[i].len);
        }
        if (intake_csv_scan(text, ',', false, cells, CELLS_MAX, &early) == INTAKE_CSV_RECORD) {
            INVARIANT(early.consumed == record.consumed && early.cells == record.cells &&
                      early.problem == record.problem);
        }
        text = str_after(text, record.consumed);
    }
    INVARIANT(text.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct intake_source source = {.name = STR("fuzz"),
                                         .received_at_ms = INT64_C(1777627800000)};
    struct str all = str_of((const char *)data, size);
    size_t line = str_find_byte(all, '\n');
    struct str map = str_of(all.data, line), text = str_after(all, line + 1);
    struct arena *arena = arena_new(NULL);
    scan(text, arena);
    uint64_t whole = import(map, text, SIZE_MAX, &source, arena);
    INVARIANT(import(map, text, 1 + size % 13, &source, arena) == whole);
    arena_free(arena);
    return 0;
}
