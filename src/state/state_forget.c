#include "state_forget.h"

#include "base_buf.h"
#include "base_json.h"

/* ---- intents ------------------------------------------------------------------------------------------------- */

bool state_intent_put(struct state *state, const struct state_intent *intent, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(intent->receipt), state_int(intent->at_ms),
                                   state_text(intent->detail)};
    return state_write(state, &link, fail) &&
           state_run(link,
                     "INSERT INTO erasing (receipt, at_ms, detail) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (receipt) DO UPDATE SET detail = ?3",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

bool state_intents_list(struct state *state, struct arena *arena, struct state_intent **out,
                        size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t count = 0;
    size_t at = 0;
    if (!state_read(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM erasing", &count, fail) ||
        !state_select(link, "SELECT receipt, at_ms, detail FROM erasing ORDER BY at_ms, receipt",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    struct state_intent *list = arena_array(arena, (size_t)count + 1, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (bool row = true; at < (size_t)count;) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        list[at++] = (struct state_intent){.receipt = state_get_text(rows, 0, arena),
                                           .at_ms = state_get_int(rows, 1),
                                           .detail = state_get_text(rows, 2, arena)};
    }
    *out = list;
    *out_count = at;
    return true;
}

bool state_intent_done(struct state *state, struct str receipt, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(receipt)};
    return state_write(state, &link, fail) &&
           state_run(link, "DELETE FROM erasing WHERE receipt = ?1", values, 1, fail) &&
           state_commit(&link, fail);
}

/* ---- what is their own ------------------------------------------------------------------------------------------ */

static bool run_for(struct state_link *link, const char *sql, struct str value, int64_t *count,
                    struct fail *fail)
{
    struct state_value values[] = {state_text(value)};
    if (!state_run(link, sql, values, 1, fail)) {
        return false;
    }
    *count += state_changed(link);
    return true;
}

static bool forget_one(struct state_link *link, const struct state_forget *who,
                       struct str identifier, struct state_forgotten *out, struct fail *fail)
{
    struct str value = str_after(identifier, str_find_byte(identifier, ':') + 1);
    struct state_value wish[] = {
        state_text(identifier),
        state_int(who->now_ms),
        state_text(who->by),
        state_text(who->receipt),
    };
    if (str_starts(identifier, STR("user:")) &&
        (!run_for(link, "DELETE FROM survey_responses WHERE user = ?1", value, &out->responses,
                  fail) ||
         !run_for(link, "DELETE FROM survey_links WHERE customer = ?1", value, &out->links,
                  fail))) {
        return false;
    }
    if (str_starts(identifier, STR("anonymous:")) &&
        !run_for(link, "DELETE FROM survey_responses WHERE anonymous = ?1", value, &out->responses,
                 fail)) {
        return false;
    }
    if (!state_run(link,
                   "UPDATE erasures SET customer = ?4 || ':' || id, note = NULL,"
                   " closed_ms = coalesce(closed_ms, ?2), closed_by = coalesce(closed_by, ?3)"
                   " WHERE customer = ?1",
                   wish, ARRAY_LEN(wish), fail)) {
        return false;
    }
    out->wishes += state_changed(link);
    return true;
}

/* ---- where others wrote their names --------------------------------------------------------------------------- */

static const struct text {
    const char *select, *update;
    bool json; /* must still be JSON afterwards */
} TEXTS[] = {
    {"SELECT name, definition FROM segments", "UPDATE segments SET definition = ?2 WHERE name = ?1",
     true},
    {"SELECT id, name FROM views", "UPDATE views SET name = ?2 WHERE id = ?1", false},
    {"SELECT id, query FROM views", "UPDATE views SET query = ?2 WHERE id = ?1", true},
    {"SELECT id, name FROM dashboards", "UPDATE dashboards SET name = ?2 WHERE id = ?1", false},
    {"SELECT id, definition FROM dashboards", "UPDATE dashboards SET definition = ?2 WHERE id = ?1",
     true},
    {"SELECT id, text FROM notes", "UPDATE notes SET text = ?2 WHERE id = ?1", false},
    {"SELECT id, why FROM channels", "UPDATE channels SET why = ?2 WHERE id = ?1", false},
    {"SELECT id, note FROM channels", "UPDATE channels SET note = ?2 WHERE id = ?1", false},
    {"SELECT id, position FROM channels", "UPDATE channels SET position = ?2 WHERE id = ?1", true},
    {"SELECT id, shapes FROM channels", "UPDATE channels SET shapes = ?2 WHERE id = ?1", true},
    {"SELECT kind || ' ' || name, description FROM catalogue",
     "UPDATE catalogue SET description = ?2 WHERE kind || ' ' || name = ?1", false},
    {"SELECT kind || ' ' || name, expected FROM catalogue",
     "UPDATE catalogue SET expected = ?2 WHERE kind || ' ' || name = ?1", true},
    {"SELECT name, why FROM jobs", "UPDATE jobs SET why = ?2 WHERE name = ?1", false},
    {"SELECT name, note FROM jobs", "UPDATE jobs SET note = ?2 WHERE name = ?1", false},
    {"SELECT name, value FROM settings", "UPDATE settings SET value = ?2 WHERE name = ?1", true},
    {"SELECT id, note FROM erasures", "UPDATE erasures SET note = ?2 WHERE id = ?1", false},
};

static bool is_json(struct str text)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value ignored;
    struct fail fail;
    return json_parse(parser, text, &ignored, &fail);
}

/* The text without the names, or missing where it bears none. A number among JSON becomes 0. */
static struct str without(const struct base_mention *mention, struct str text, bool json,
                          struct arena *arena)
{
    struct base_buf out CLEANUP(base_buf_done) = {0};
    if (text.len == 0 || base_mention_replace(mention, text, STR(STATE_FORGOTTEN), &out) == 0) {
        return (struct str){NULL, 0};
    }
    if (json && is_json(text) && !is_json(base_buf_view(&out))) {
        base_buf_reset(&out);
        (void)base_mention_replace(mention, text, STR("0"), &out);
    }
    return str_copy(arena, base_buf_view(&out));
}

struct changed {
    struct state_value key;
    struct str text;
    struct changed *next;
};

/* All rows are read before one is written. */
static bool forget_texts(struct state_link *link, const struct state_forget *who,
                         const struct text *text, int64_t *count, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct changed *all = NULL;
    bool row = true;
    if (!state_select(link, text->select, NULL, 0, &rows, fail)) {
        return false;
    }
    while (row) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        struct str with = row ? state_get_text(rows, 1, arena) : (struct str){NULL, 0};
        struct str changed = without(who->mention, with, text->json, arena);
        if (changed.data == NULL) {
            continue;
        }
        struct changed *one = arena_small(arena, sizeof *one);
        *one = (struct changed){state_text(state_get_text(rows, 0, arena)), changed, all};
        all = one;
    }
    state_rows_done(&rows);
    for (; all != NULL; all = all->next) {
        struct state_value values[] = {all->key, state_text(all->text)};
        if (!state_run(link, text->update, values, ARRAY_LEN(values), fail)) {
            return false;
        }
        ++*count;
    }
    return true;
}

/* A line of the trail loses its words and what they were sealed with; its place in the chain stays. */
static bool forget_audit(struct state_link *link, const struct state_forget *who, int64_t *count,
                         struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct changed *all = NULL;
    bool row = true;
    /* Not of lines by which a trail that was cut is known to be whole: numbers and hashes, which name nobody. */
    if (!state_select(link,
                      "SELECT id, object || ' ' || detail FROM audit WHERE action <> 'audit.cut'",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    while (row) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (row && base_mention_in(who->mention, state_get_text(rows, 1, arena))) {
            struct changed *one = arena_small(arena, sizeof *one);
            *one = (struct changed){.key = state_int(state_get_int(rows, 0)), .next = all};
            all = one;
        }
    }
    state_rows_done(&rows);
    for (; all != NULL; all = all->next) {
        if (!state_run(link,
                       "UPDATE audit SET object = '" STATE_FORGOTTEN "', detail = '',"
                       " salt = NULL WHERE id = ?1",
                       &all->key, 1, fail)) {
            return false;
        }
        ++*count;
    }
    return true;
}

bool state_forget(struct state *state, const struct state_forget *who, struct state_forgotten *out,
                  struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_forgotten forgotten = {0};
    if (!state_write(state, &link, fail)) {
        return false;
    }
    for (size_t i = 0; i < who->identifier_count; i++) {
        if (!forget_one(link, who, who->identifiers[i], &forgotten, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        if (!forget_texts(link, who, &TEXTS[i], &forgotten.texts, fail)) {
            return false;
        }
    }
    if (!forget_audit(link, who, &forgotten.audit, fail) || !state_commit(&link, fail)) {
        return false;
    }
    *out = forgotten;
    return true;
}

bool state_people_each(struct state *state, bool (*each)(void *context, struct str identifier),
                       void *context, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = true;
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT 'user:' || user FROM survey_responses WHERE user IS NOT NULL"
                      " UNION SELECT 'anonymous:' || anonymous FROM survey_responses"
                      "  WHERE anonymous IS NOT NULL"
                      " UNION SELECT 'user:' || customer FROM survey_links"
                      "  WHERE customer IS NOT NULL"
                      " UNION SELECT customer FROM erasures",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    while (row) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (row && !each(context, state_get_text(rows, 0, arena))) {
            return true;
        }
        arena_reset(arena);
    }
    return true;
}
