#include "store_load.h"

/* Replaying applies what was judged; it judges nothing again. So a store is rebuilt as it was, also by a later
   program with other rules. */

bool store_file_id(struct str name, const char *suffix, uint64_t *out)
{
    uint64_t id = 0;
    if (name.len != 16 + strlen(suffix) || !str_ends(name, str_from_c(suffix))) {
        return false;
    }
    for (size_t i = 0; i < 16; i++) {
        char c = name.data[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10U
                                                : 16U;
        if (digit == 16U) {
            return false;
        }
        id = id << 4 | digit;
    }
    *out = id;
    return true;
}

bool store_list_ids(struct disk *disk, const char *folder, const char *suffix, struct arena *arena,
                    uint64_t **out, size_t *out_count, struct fail *fail)
{
    struct str *names;
    size_t count;
    if (!disk_list(disk, folder, arena, &names, &count, fail)) {
        return false;
    }
    uint64_t *ids = arena_array(arena, count, sizeof *ids, fail);
    if (ids == NULL) {
        return false;
    }
    /* Names are sorted by bytes, and digits come before letters: ascending. */
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        kept += store_file_id(names[i], suffix, &ids[kept]);
    }
    *out = ids;
    *out_count = kept;
    return true;
}

static bool begun(struct disk *disk, uint64_t id, bool *out, struct fail *fail)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    store_journal_path(id, path);
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    uint64_t len;
    if (!disk_open(disk, path, DISK_READ, &file, fail) || !disk_size(file, &len, fail)) {
        return false;
    }
    *out = len > STORE_JOURNAL_HEADER_BYTES;
    return true;
}

bool store_journals_begun(struct disk *disk, uint64_t from, struct arena *arena, uint64_t **out,
                          size_t *out_count, struct fail *fail)
{
    uint64_t *ids;
    size_t count;
    if (!store_list_ids(disk, "journal", ".log", arena, &ids, &count, fail)) {
        return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool wanted = ids[i] >= from;
        if (wanted && ids[i] > from && !begun(disk, ids[i], &wanted, fail)) {
            return false;
        }
        if (wanted) {
            ids[kept++] = ids[i];
        }
    }
    *out = ids;
    *out_count = kept;
    return true;
}

/* ---- applying records ------------------------------------------------------------------------------------- */

struct replay {
    struct store *store;
    uint64_t import; /* whose what follows in the frame is */
    struct store_journal_file
        *file; /* of the journal being read, once something of it is quarantined */
    uint64_t file_id;
    struct arena *arena; /* texts of the marks */
    struct store_quarantine_mark *marks;
    size_t mark_count, mark_capacity;
};

static bool wrong(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "%s", what);
}

static bool apply_identifier(struct store_writing *writing, const struct store_frame_record *record,
                             struct fail *fail)
{
    struct store_identity_view *view = writing->identity;
    uint32_t number = record->identifier.number;
    bool member = record->identifier.member;
    if (number > view->numbers || number >= STORE_NO_CUSTOMER - 1) {
        return wrong(fail, "an identifier belongs to a customer that does not exist");
    }
    uint64_t hash =
        store_identity_hash(view, record->identifier.id, member ? number : STORE_NO_CUSTOMER);
    if (!store_identity_live_add(view->live[1], hash, number, record->identifier.id, member,
                                 fail)) {
        return false;
    }
    view->seqs++;
    view->numbers += number == view->numbers;
    return true;
}

static bool apply_edge(struct store_writing *writing, const struct store_frame_record *record,
                       struct fail *fail)
{
    struct store_identity_view *view = writing->identity;
    struct store_edge edge = record->edge;
    bool split = edge.parent == STORE_NO_PARENT;
    if (edge.child >= view->numbers || (!split && edge.parent >= view->numbers) ||
        edge.child == edge.parent) {
        return wrong(fail, "a join names a customer that does not exist");
    }
    if (split) {
        struct store_edge before;
        if (!store_identity_edge(view, edge.child, &before, fail)) {
            return false;
        }
        if (before.parent == STORE_NO_PARENT) {
            return wrong(fail, "a customer is split that was not joined");
        }
        edge.left = before.parent;
    }
    edge.position = view->position + 1;
    if (!store_identity_live_join(view->live[1], &edge, fail)) {
        return false;
    }
    view->position++;
    view->any_split = view->any_split || split;
    return true;
}

static bool apply_event(struct replay *replay, struct store_frame_record *record, struct fail *fail)
{
    struct store *store = replay->store;
    struct store_writing *writing = &store->writing;
    struct store_identity_view *view = writing->identity;
    struct store_row *row = &record->event.row;
    enum store_mark mark;
    if (row->original >= view->numbers) {
        return wrong(fail, "an event belongs to a customer that does not exist");
    }
    row->arrival = writing->next_arrival;
    if (!store_identity_root_of(view, row->original, &row->customer, fail) ||
        !store_identity_mark_of(view, row->original, &mark, fail) ||
        (mark == STORE_MARK_ROWLESS &&
         !store_identity_live_mark(view->live[1], row->original, STORE_MARK_HAS_ROWS, fail)) ||
        !store_fresh_append(writing->fresh, row, fail)) {
        return false;
    }
    if (row->message_id.data != NULL || record->event.has_key) {
        if (!store_dedup_live_begin(writing->dedup[1], 1, fail)) {
            return false;
        }
        struct str source = store_names_get(store->names, STORE_FAMILY_SOURCE, row->source);
        store_dedup_live_put(
            writing->dedup[1],
            record->event.has_key ? record->event.key
                                  : store_dedup_key(store->salt, source, row->message_id),
            record->event.import ? store_dedup_for_ever(replay->import) : row->received_at_ms);
    }
    writing->next_arrival++;
    writing->rows++;
    return true;
}

static bool apply_quarantine(struct replay *replay, const struct store_frame_record *record,
                             uint64_t file_id, uint64_t payload_offset, struct fail *fail)
{
    struct store *store = replay->store;
    struct store_writing *writing = &store->writing;
    const struct store_frame_quarantine *row = &record->quarantine.row;
    if (replay->file == NULL || replay->file_id != file_id) {
        store_journal_file_unref(replay->file);
        replay->file = NULL;
        if (!store_journal_open(store->disk, file_id, &replay->file, fail)) {
            return false;
        }
        replay->file_id = file_id;
    }
    if (!store_quarantine_live_add(writing->quarantine[1], replay->file, row,
                                   store_names_get(store->names, STORE_FAMILY_SOURCE, row->source),
                                   payload_offset + record->quarantine.raw_at, fail)) {
        return false;
    }
    if (row->id >= writing->next_quarantine_id) {
        writing->next_quarantine_id = row->id + 1;
    }
    return true;
}

/* Gathered first: each table of marks is a copy of the one before. */
static bool apply_mended(struct replay *replay, const struct store_quarantine_mark *mark,
                         struct fail *fail)
{
    if (mark->id == 0 || mark->id >= replay->store->writing.next_quarantine_id) {
        return wrong(fail, "a quarantined record is mended that does not exist");
    }
    void *marks = replay->marks;
    if (!base_grow_array(&marks, &replay->mark_capacity, replay->mark_count + 1,
                         sizeof replay->marks[0], fail)) {
        return false;
    }
    replay->marks = marks;
    struct store_quarantine_mark *kept = &replay->marks[replay->mark_count++];
    *kept = *mark;
    kept->reason = mark->reason.data == NULL ? mark->reason : str_copy(replay->arena, mark->reason);
    kept->field = mark->field.data == NULL ? mark->field : str_copy(replay->arena, mark->field);
    return true;
}

static void keep_marks(struct replay *replay)
{
    struct store_writing *writing = &replay->store->writing;
    struct store_quarantine_marks *marks =
        store_quarantine_marks_add(writing->marks, replay->marks, replay->mark_count);
    store_quarantine_marks_unref(writing->marks);
    writing->marks = marks;
    base_free(replay->marks);
}

static bool apply_ledger(struct store *store, const struct store_frame_record *record,
                         struct fail *fail)
{
    if (!store_ledger_room(&store->now.ledger, record->ledger.source, fail)) {
        return false;
    }
    store_ledger_add(&store->now.ledger, record->ledger.source, &record->ledger.count);
    int64_t last_ms = record->ledger.count.last_received_ms;
    if (last_ms > store->now.last_event_received_ms) {
        store->now.last_event_received_ms = last_ms;
    }
    return true;
}

static bool apply_import_change(struct store *store, const struct store_frame_import *change,
                                struct fail *fail)
{
    struct store_imports *imports = &store->now.imports;
    struct store_import_span span = {.number = change->number};
    switch (change->change) {
    case STORE_FRAME_IMPORT_BEGUN:
        if (change->number <= imports->last_number) {
            return wrong(fail, "an import begins under a number that was given before");
        }
        return store_imports_begin(imports, change->number, change->source, change->name,
                                   change->at_ms, fail);
    case STORE_FRAME_IMPORT_COUNTED:
        memcpy(span.counts, change->counts, sizeof span.counts);
        store_imports_add(imports, &span);
        return true;
    case STORE_FRAME_IMPORT_ENDED:
        store_imports_end(imports, change->number,
                          change->stopped ? STORE_IMPORT_STOPPED : STORE_IMPORT_ENDED,
                          change->at_ms);
        return true;
    }
    return true;
}

static bool apply_record(struct replay *replay, struct store_frame_record *record, uint64_t file_id,
                         uint64_t payload_offset, struct fail *fail)
{
    struct store *store = replay->store;
    struct store_writing *writing = &store->writing;
    switch (record->tag) {
    case STORE_FRAME_IDENTIFIER:
        return apply_identifier(writing, record, fail);
    case STORE_FRAME_JOIN:
        return apply_edge(writing, record, fail);
    case STORE_FRAME_ROWLESS:
        if (record->number >= writing->identity->numbers) {
            return wrong(fail, "a customer that does not exist is called empty");
        }
        return store_identity_live_mark(writing->identity->live[1], record->number,
                                        STORE_MARK_ROWLESS, fail);
    case STORE_FRAME_EVENT:
        return apply_event(replay, record, fail);
    case STORE_FRAME_QUARANTINE:
        return apply_quarantine(replay, record, file_id, payload_offset, fail);
    case STORE_FRAME_LEDGER:
        return apply_ledger(store, record, fail);
    case STORE_FRAME_MENDED:
        return apply_mended(replay, &record->mended, fail);
    case STORE_FRAME_CUSTOMERS:
        writing->customers = record->customers;
        return true;
    case STORE_FRAME_IMPORT:
        replay->import = record->import.number;
        return true;
    case STORE_FRAME_IMPORT_CHANGE:
        return apply_import_change(store, &record->import, fail);
    case STORE_FRAME_CLOSED:
    case STORE_FRAME_END:
    case STORE_FRAME_NAME:
        break;
    }
    return true;
}

static void counters(const struct store_writing *writing, uint64_t out[STORE_IMPORT_OFS])
{
    out[STORE_IMPORT_ARRIVALS] = writing->next_arrival;
    out[STORE_IMPORT_POSITIONS] = writing->identity->position + 1;
    out[STORE_IMPORT_SEQS] = writing->identity->seqs;
    out[STORE_IMPORT_QUARANTINE] = writing->next_quarantine_id;
}

/* Applies the record, and notes what it added for the import whose it is. */
static bool apply_owned(struct replay *replay, struct store_frame_record *record, uint64_t file_id,
                        uint64_t payload_offset, struct fail *fail)
{
    struct store_import_span span = {.number = replay->import};
    struct store_imports *imports = &replay->store->now.imports;
    uint64_t before[STORE_IMPORT_OFS];
    uint64_t after[STORE_IMPORT_OFS];
    counters(&replay->store->writing, before);
    if (!apply_record(replay, record, file_id, payload_offset, fail)) {
        return false;
    }
    counters(&replay->store->writing, after);
    bool any = false;
    for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
        any = any || before[of] < after[of];
        span.ranges[of] = (struct store_range){before[of], after[of]};
    }
    if (!any || span.number == 0) {
        return true;
    }
    if (!store_imports_room(imports, span.number, fail)) {
        return false;
    }
    store_imports_add(imports, &span);
    return true;
}

static bool apply_frame(void *context, uint64_t file_id, uint64_t payload_offset,
                        struct str payload, struct fail *fail)
{
    struct replay *replay = context;
    struct store_frame_reader reader;
    struct store_frame_record record = {.tag = STORE_FRAME_NAME};
    store_frame_reader_init(&reader, replay->store->names, payload);
    bool ok = true;
    replay->import = 0;
    while (ok && record.tag != STORE_FRAME_END) {
        ok = store_frame_next(&reader, &record, fail) &&
             apply_owned(replay, &record, file_id, payload_offset, fail);
    }
    store_frame_reader_done(&reader);
    return ok;
}

bool store_replay(struct store *store, const struct store_manifest *manifest,
                  struct store_journal_end *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    uint64_t *ids;
    size_t count;
    char path[STORE_JOURNAL_PATH_BYTES];
    if (!store_journals_begun(store->disk, manifest->journal_from, arena, &ids, &count, fail)) {
        return false;
    }
    if (count == 0 || ids[0] != manifest->journal_from) {
        store_journal_path(manifest->journal_from, path);
        return fail_set(fail, FAIL_CORRUPT, "%s: the manifest names it, but it is not there", path);
    }
    struct replay replay = {.store = store, .arena = arena};
    uint64_t sequence = manifest->next_sequence;
    struct store_journal_end end = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        store_journal_path(ids[i], path);
        ok = store_journal_read(store->disk, ids[i], i + 1 == count, apply_frame, &replay, &end,
                                fail);
        if (ok && (end.headless || end.first_sequence != sequence)) {
            ok = fail_set(fail, FAIL_CORRUPT, "%s: it does not go on where the one before ends",
                          path);
        }
        sequence = end.next_sequence;
    }
    store_journal_file_unref(replay.file);
    keep_marks(&replay);
    *out = end;
    return ok;
}
