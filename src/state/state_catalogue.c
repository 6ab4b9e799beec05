#include "state_catalogue.h"
#include "state_internal.h"

#define COLUMNS                                                                                    \
    "kind, name, owner, description, expected, updated_ms, updated_by, shown_as, hidden, "         \
    "blocked_ms"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_catalogue_entry *)out = (struct state_catalogue_entry){
        .kind = state_get_text(rows, 0, arena),
        .name = state_get_text(rows, 1, arena),
        .owner = state_get_text(rows, 2, arena),
        .description = state_get_text(rows, 3, arena),
        .expected = state_get_text(rows, 4, arena),
        .updated_ms = state_get_int(rows, 5),
        .updated_by = state_get_text(rows, 6, arena),
        .shown_as = state_get_text(rows, 7, arena),
        .hidden = state_get_int(rows, 8) != 0,
        .blocked_ms = state_get_int(rows, 9),
    };
}

static const struct state_saved ENTRIES = {"entries in the catalogue",
                                           "SELECT count(*) FROM catalogue", STATE_CATALOGUE_MAX,
                                           sizeof(struct state_catalogue_entry), row_read};

bool state_catalogue_list(struct state *state, struct str kind, struct arena *arena,
                          struct state_catalogue_entry **out, size_t *out_count, struct fail *fail)
{
    struct state_value values[] = {state_text(kind)};
    return state_saved_list(state, &ENTRIES,
                            "SELECT " COLUMNS " FROM catalogue WHERE ?1 IS NULL OR kind = ?1"
                            " ORDER BY kind, name",
                            values, ARRAY_LEN(values), arena, out, out_count, fail);
}

bool state_catalogue_find(struct state *state, struct str kind, struct str name,
                          struct arena *arena, struct state_catalogue_entry *out, bool *out_found,
                          struct fail *fail)
{
    struct state_value values[] = {state_text(kind), state_text(name)};
    return state_saved_find(state, &ENTRIES,
                            "SELECT " COLUMNS " FROM catalogue WHERE kind = ?1 AND name = ?2",
                            values, ARRAY_LEN(values), arena, out, out_found, fail);
}

static bool says_nothing(const struct state_catalogue_entry *entry)
{
    return entry->owner.len == 0 && entry->description.len == 0 && entry->expected.data == NULL &&
           entry->shown_as.data == NULL && !entry->hidden && entry->blocked_ms == 0;
}

static bool remove_entry(struct state_link *link, const struct state_catalogue_entry *entry,
                         struct fail *fail)
{
    struct state_value values[] = {state_text(entry->kind), state_text(entry->name)};
    return state_run(link, "DELETE FROM catalogue WHERE kind = ?1 AND name = ?2", values,
                     ARRAY_LEN(values), fail);
}

bool state_catalogue_put(struct state *state, const struct state_catalogue_entry *entry,
                         struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(state, &link, fail)) {
        return false;
    }
    if (says_nothing(entry)) {
        return remove_entry(link, entry, fail) && state_commit(&link, fail);
    }
    struct state_value values[] = {
        state_text(entry->kind),       state_text(entry->name),
        state_text(entry->owner),      state_text(entry->description),
        state_text(entry->expected),   state_int(base_now_ms(state_clock(state))),
        state_text(entry->updated_by), state_text(entry->shown_as),
        state_int(entry->hidden),      state_int(entry->blocked_ms),
    };
    return state_saved_room(link, &ENTRIES, fail) &&
           state_run(link,
                     "INSERT INTO catalogue (" COLUMNS
                     ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                     " ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner,"
                     " description = excluded.description, expected = excluded.expected,"
                     " updated_ms = excluded.updated_ms, updated_by = excluded.updated_by,"
                     " shown_as = excluded.shown_as, hidden = excluded.hidden,"
                     " blocked_ms = excluded.blocked_ms",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}
