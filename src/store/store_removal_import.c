/* store_removal_import.c — taking an import back: whether it may be, what goes, and the face. */
#include <inttypes.h>

#include "store_removal.h"

/* ---- may it be? ------------------------------------------------------------------------------------------- */

static bool may_undo(const struct store_imports *imports, uint64_t number, struct fail *fail)
{
    const struct store_import_entry *entry = store_imports_find(imports, number);
    if (entry == NULL) {
        return fail_set(fail, FAIL_ABSENT, "there is no import %" PRIu64, number);
    }
    if (entry->face.state == STORE_IMPORT_RUNNING) {
        return fail_set(fail, FAIL_CONFLICT,
                        "import %" PRIu64 " is running; stop it, or wait until it has ended",
                        number);
    }
    if (entry->face.state == STORE_IMPORT_TAKEN_BACK) {
        return fail_set(fail, FAIL_CONFLICT, "import %" PRIu64 " was taken back already", number);
    }
    if (entry->face.forgotten) {
        return fail_set(fail, FAIL_CONFLICT,
                        "import %" PRIu64
                        " cannot be taken back any more: it lies too far behind, or "
                        "in too many pieces",
                        number);
    }
    return true;
}

static bool copy_imports(struct store *store, struct store_imports *out, struct fail *fail)
{
    base_lock(&store->lock);
    bool ok = store_imports_copy(&store->now.imports, out, fail);
    base_unlock(&store->lock);
    return ok;
}

/* How many of the import's records lie in quarantine still. */
static bool count_quarantined(struct store *store, const struct store_ranges *ids, uint64_t *out,
                              struct fail *fail)
{
    CLEANUP(store_quarantine_view_done) struct store_quarantine_view view = {0};
    store_quarantine_view_take(store, &view);
    *out = 0;
    for (size_t i = 0; i < ARRAY_LEN(view.live); i++) {
        for (uint32_t k = 0; view.live[i] != NULL && k < view.live_count[i]; k++) {
            uint64_t id = store_quarantine_live_row(view.live[i], k)->id;
            *out += store_ranges_hold(ids, id) && !store_quarantine_gone(view.marks, id);
        }
    }
    for (size_t i = 0; i < view.files->count; i++) {
        const struct store_quarantine_file *file = &view.files->files[i];
        bool touched = store_ranges_touch(ids, file->id_first, file->id_last + 1);
        for (uint64_t k = 0; touched && k < file->count; k++) {
            struct store_quarantine_row row;
            if (!store_quarantine_file_row(file, k, 0, &row, fail)) {
                return false;
            }
            *out += store_ranges_hold(ids, row.id) && !store_quarantine_gone(view.marks, row.id);
        }
    }
    return true;
}

static bool preview(struct store *store, const struct store_imports *imports, uint64_t number,
                    struct store_import_gone *out, struct fail *fail)
{
    if (!may_undo(imports, number, fail)) {
        return false;
    }
    const struct store_import_entry *entry = store_imports_find(imports, number);
    *out = (struct store_import_gone){
        .rows = store_ranges_sum(&entry->ranges[STORE_IMPORT_ARRIVALS]),
        .joins = store_ranges_sum(&entry->ranges[STORE_IMPORT_POSITIONS]),
    };
    return count_quarantined(store, &entry->ranges[STORE_IMPORT_QUARANTINE], &out->quarantined,
                             fail);
}

bool store_import_preview(struct store *store, uint64_t number, struct store_import_gone *out,
                          struct fail *fail)
{
    struct store_imports imports = {0};
    bool ok = copy_imports(store, &imports, fail) && preview(store, &imports, number, out, fail);
    store_imports_done(&imports);
    return ok;
}

/* ---- what goes ---------------------------------------------------------------------------------------------- */

static const struct store_ranges *ranges_of(const struct store_import_entry *entry,
                                            enum store_import_of of)
{
    return &entry->ranges[of];
}

static enum store_removal_fate fate(const struct store_removal *removal,
                                    const struct store_removal_row *row)
{
    return store_ranges_hold(&removal->rows, row->arrival) ? STORE_REMOVAL_GOES
                                                           : STORE_REMOVAL_STAYS;
}

static bool stands(struct store_removal *removal, struct fail *fail)
{
    const struct store_import_entry *now =
        store_imports_find(&removal->store->now.imports, removal->number);
    return (now != NULL && now->face.received == removal->entry->face.received) ||
           fail_set(fail, FAIL_BUSY, "more of the import came in; try again");
}

static bool quarantined(const struct store_removal *removal, const struct store_quarantine_row *row)
{
    return store_ranges_hold(ranges_of(removal->entry, STORE_IMPORT_QUARANTINE), row->id);
}

static bool brought_by_one_taken_back(const struct store_removal *removal, uint64_t seq)
{
    for (size_t i = 0; i < removal->imports.count; i++) {
        const struct store_import_entry *entry = &removal->imports.at[i];
        if (entry->face.state == STORE_IMPORT_TAKEN_BACK &&
            store_ranges_hold(ranges_of(entry, STORE_IMPORT_SEQS), seq)) {
            return true;
        }
    }
    return false;
}

/* An identifier that the import brought is freed where its customer has had no row of others since the import began: then
   nobody else can have used it. So is one of an import taken back before, where nothing is left of the customer. */
static bool frees(const struct store_removal *removal, uint64_t seq, uint32_t number, unsigned tree)
{
    (void)number;
    bool own = store_ranges_hold(ranges_of(removal->entry, STORE_IMPORT_SEQS), seq);
    return own ? (tree & STORE_REMOVAL_TREE_LATER) == 0
               : (tree & STORE_REMOVAL_TREE_ROWS) == 0 && brought_by_one_taken_back(removal, seq);
}

static bool may_free(const struct store_removal *removal, const struct store_identity_run *run)
{
    for (size_t i = 0; i < removal->imports.count; i++) {
        const struct store_import_entry *entry = &removal->imports.at[i];
        if ((entry == removal->entry || entry->face.state == STORE_IMPORT_TAKEN_BACK) &&
            store_ranges_touch(ranges_of(entry, STORE_IMPORT_SEQS), run->seq_first,
                               run->seq_first + run->seq_count)) {
            return true;
        }
    }
    return false;
}

static bool is_own_key(void *context, struct store_dedup_key key, int64_t at_ms)
{
    const int64_t *gone = context;
    (void)key;
    return at_ms == *gone;
}

static bool dedup(struct store_removal *removal, const struct store_dedup_run *run, uint64_t id,
                  struct store_run_info *out, uint64_t *out_left, bool *out_any, struct fail *fail)
{
    int64_t gone = store_dedup_for_ever(removal->number);
    *out_left = run->count;
    *out_any = false;
    return !run->import || gone < run->first_ms || gone > run->last_ms ||
           store_dedup_without(removal->store->disk, run, is_own_key, &gone, id, out, out_left,
                               out_any, fail);
}

static const struct store_ranges *joins(const struct store_removal *removal)
{
    return ranges_of(removal->entry, STORE_IMPORT_POSITIONS);
}

static struct store_import_gone gone_of(const struct store_removal *removal)
{
    return (struct store_import_gone){removal->gone.rows, removal->gone.quarantined,
                                      removal->gone.joins, removal->gone.customers};
}

/* What is known of the import from now on; its ranges of identifiers stay, for those taken back after it. */
static void note(struct store_removal *removal, struct store_imports *imports)
{
    struct store_import_entry *entry = store_imports_find(imports, removal->number);
    INVARIANT(entry != NULL);
    entry->face.state = STORE_IMPORT_TAKEN_BACK;
    entry->face.taken_back_ms = base_now_ms(removal->store->clock);
    entry->face.gone = gone_of(removal);
    store_ranges_done(&entry->ranges[STORE_IMPORT_ARRIVALS]);
    store_ranges_done(&entry->ranges[STORE_IMPORT_POSITIONS]);
    store_ranges_done(&entry->ranges[STORE_IMPORT_QUARANTINE]);
}

static const struct store_removal_of an_import = {
    .rows_known = true,
    .fate = fate,
    .stands = stands,
    .quarantined = quarantined,
    .frees = frees,
    .may_free = may_free,
    .dedup = dedup,
    .joins = joins,
    .note = note,
};

/* ---- the face ------------------------------------------------------------------------------------------------ */

/* Once more for each round: others may have been taken in meanwhile, and this one is as it was (stands). */
static bool prepare(struct store_removal *removal, struct fail *fail)
{
    store_imports_done(&removal->imports);
    store_ranges_done(&removal->rows);
    if (!copy_imports(removal->store, &removal->imports, fail) ||
        !may_undo(&removal->imports, removal->number, fail)) {
        return false;
    }
    removal->entry = store_imports_find(&removal->imports, removal->number);
    return store_ranges_copy(ranges_of(removal->entry, STORE_IMPORT_ARRIVALS), &removal->rows,
                             fail);
}

bool store_import_undo(struct store *store, uint64_t number, struct store_import_gone *out,
                       struct fail *fail)
{
    CLEANUP(store_removal_done)
    struct store_removal removal = {.of = &an_import, .store = store, .number = number};
    struct store_import_gone ignored;
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    if (!store_import_preview(store, number, &ignored, fail) ||
        !store_removal_run(&removal, prepare, fail)) {
        return false;
    }
    *out = gone_of(&removal);
    return true;
}
