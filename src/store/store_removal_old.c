/* store_removal_old.c — what is past its time: rows, words, quarantined records; and who is left without any row. */
#include "store_removal.h"

/* Rules speak of names; rows of codes. Names that nobody bears yet are no row's. */
static bool read_rule(struct store_removal *removal, size_t at, uint32_t codes, struct fail *fail)
{
    const struct store_cut_rule *rule = &removal->cut->rules[at];
    const struct store_names *names = removal->store->names;
    removal->cut_sources[at] = STORE_NO_CODE;
    if (rule->source.data != NULL) {
        uint32_t code = store_names_find(names, STORE_FAMILY_SOURCE, rule->source);
        /* No row has the code behind the last. */
        removal->cut_sources[at] =
            code != STORE_NO_CODE ? code : store_names_count(names, STORE_FAMILY_SOURCE);
    }
    if (rule->event.data == NULL) {
        return true;
    }
    uint8_t *events = arena_array(removal->arena, codes, 1, fail);
    if (events == NULL) {
        return false;
    }
    uint32_t code = store_names_find(names, STORE_FAMILY_EVENT, rule->event);
    if (code != STORE_NO_CODE) {
        events[code] = 1;
    }
    removal->cut_events[at] = events;
    return true;
}

static bool prepare(struct store_removal *removal, struct fail *fail)
{
    const struct store_cut *cut = removal->cut;
    uint32_t codes = store_names_count(removal->store->names, STORE_FAMILY_EVENT);
    removal->cut_event_codes = codes;
    removal->cut_events =
        arena_array(removal->arena, cut->rule_count, sizeof *removal->cut_events, fail);
    removal->cut_sources =
        arena_array(removal->arena, cut->rule_count, sizeof *removal->cut_sources, fail);
    if (removal->cut_events == NULL || removal->cut_sources == NULL) {
        return false;
    }
    for (size_t i = 0; i < cut->rule_count; i++) {
        if (!read_rule(removal, i, codes, fail)) {
            return false;
        }
    }
    return true;
}

/* Rules go by names and instants alone: what comes in meanwhile is judged like the rest. */
static bool stands(struct store_removal *removal, struct fail *fail)
{
    (void)removal;
    (void)fail;
    return true;
}

static bool speaks_of(const struct store_removal *removal, size_t at,
                      const struct store_removal_row *row)
{
    const uint8_t *events = removal->cut_events[at];
    bool event = events == NULL || (row->event < removal->cut_event_codes && events[row->event]);
    return event &&
           (removal->cut_sources[at] == STORE_NO_CODE || removal->cut_sources[at] == row->source);
}

static enum store_removal_fate fate(const struct store_removal *removal,
                                    const struct store_removal_row *row)
{
    enum store_removal_fate out = STORE_REMOVAL_STAYS;
    for (size_t i = 0; i < removal->cut->rule_count; i++) {
        const struct store_cut_rule *rule = &removal->cut->rules[i];
        if (row->ts_ms >= rule->before_ms || !speaks_of(removal, i, row)) {
            continue;
        }
        if (!rule->words_only) {
            return STORE_REMOVAL_GOES;
        }
        out = row->has_words ? STORE_REMOVAL_MUTED : out;
    }
    return out;
}

static bool quarantined(const struct store_removal *removal, const struct store_quarantine_row *row)
{
    return row->received_at_ms < removal->cut->quarantine_before_ms;
}

/* A customer of whom nothing is left is not known any more. */
static bool frees(const struct store_removal *removal, uint64_t seq, uint32_t number, unsigned tree)
{
    (void)removal;
    (void)seq;
    (void)number;
    return (tree & STORE_REMOVAL_TREE_LOST) != 0 && (tree & STORE_REMOVAL_TREE_ROWS) == 0;
}

static const struct store_removal_of what_is_old = {
    .reads_rows = true,
    .fate = fate,
    .stands = stands,
    .quarantined = quarantined,
    .frees = frees,
};

/* Those that lie in quarantine now. */
static bool count_quarantined(struct store_removal *removal, struct fail *fail)
{
    CLEANUP(store_quarantine_view_done) struct store_quarantine_view view = {0};
    store_quarantine_view_take(removal->store, &view);
    for (size_t i = 0; i < ARRAY_LEN(view.live); i++) {
        for (uint32_t k = 0; view.live[i] != NULL && k < view.live_count[i]; k++) {
            const struct store_quarantine_live_row *row =
                store_quarantine_live_row(view.live[i], k);
            removal->gone.quarantined += row->received_at_ms < removal->cut->quarantine_before_ms &&
                                         !store_quarantine_gone(view.marks, row->id);
        }
    }
    for (size_t i = 0; i < view.files->count; i++) {
        const struct store_quarantine_file *file = &view.files->files[i];
        for (uint64_t k = 0; k < file->count; k++) {
            struct store_quarantine_row row;
            if (!store_quarantine_file_row(file, k, 0, &row, fail)) {
                return false;
            }
            removal->gone.quarantined +=
                quarantined(removal, &row) && !store_quarantine_gone(view.marks, row.id);
        }
    }
    return true;
}

static bool count_rows(struct store_removal *removal, const struct store_snapshot *snapshot,
                       struct fail *fail)
{
    if (!prepare(removal, fail) || !store_removal_room(removal, snapshot->customer_bound, fail) ||
        !store_removal_rows(removal, fail)) {
        return false;
    }
    for (size_t i = 0; i < snapshot->fresh_count; i++) {
        if (!store_removal_fresh_rows(removal, snapshot->fresh[i].fresh, snapshot->fresh[i].count,
                                      fail)) {
            return false;
        }
    }
    return true;
}

/* The segments of a snapshot in the place of those that are in use. */
static struct store_segments *segments_of(const struct store_snapshot *snapshot)
{
    struct store_segments *set = store_segments_new(snapshot->segment_count);
    for (size_t i = 0; i < snapshot->segment_count; i++) {
        set->segments[set->count++] = store_segment_ref(snapshot->segments[i]);
    }
    return set;
}

bool store_cut_preview(struct store *store, const struct store_cut *cut, struct store_gone *out,
                       struct fail *fail)
{
    CLEANUP(store_removal_done)
    struct store_removal removal = {
        .of = &what_is_old, .store = store, .cut = cut, .arena = arena_new(NULL)};
    struct store_snapshot *snapshot = store_snapshot_take(store);
    removal.old.segments = segments_of(snapshot);
    bool ok = count_rows(&removal, snapshot, fail) && count_quarantined(&removal, fail);
    store_snapshot_unref(snapshot);
    *out = removal.gone;
    return ok;
}

bool store_cut_old(struct store *store, const struct store_cut *cut, struct store_gone *out,
                   struct fail *fail)
{
    CLEANUP(store_removal_done)
    struct store_removal removal = {.of = &what_is_old, .store = store, .cut = cut};
    if (!store_removal_run(&removal, prepare, fail)) {
        return false;
    }
    *out = removal.gone;
    return true;
}
