/* Keys lie in a table in memory, by the digest of their text: a request costs no read of the state. The
 * table is built anew whenever keys or sources change, which is rare. */
#include "access_internal.h"

#include <stdio.h>

#define PUBLIC_BYTES 16 /* of randomness; hex makes 32 characters */
#define SECRET_BYTES 24
#define TOKEN_CHARS_MAX 80
#define PREFIX_CHARS 7
#define WRITE_EVERY_MS 60000

static const char *token_prefix(enum access_kind kind)
{
    return kind == ACCESS_KEY_SECRET ? "sk_" : kind == ACCESS_KEY_CLIENT ? "ck_" : "pk_";
}

/* ---- the table --------------------------------------------------------------------------------------- */

static uint32_t rights_of(enum access_kind kind, struct str scopes)
{
    uint32_t all = access_rights_of_key(kind);
    if (kind != ACCESS_KEY_SECRET || scopes.len == 0) {
        return all;
    }
    uint32_t some = 0;
    struct str line;
    while (str_next_part(&scopes, '\n', &line)) {
        for (int right = 0; right < ACCESS_RIGHTS; right++) {
            if (str_is(line, access_right_name((enum access_right)right))) {
                some |= 1U << right;
            }
        }
    }
    return some & all;
}

static bool entry_read(const struct state_rows *rows, struct arena *arena,
                       struct access_key_entry *out, struct fail *fail)
{
    enum access_kind kind;
    struct str digest = state_get_blob(rows, 6, arena);
    if (!access_key_kind_parse(state_get_text(rows, 1, arena), &kind) ||
        digest.len != ACCESS_DIGEST_BYTES) {
        return fail_set(fail, FAIL_CORRUPT, "a key of a kind that is none");
    }
    memcpy(out->digest, digest.data, ACCESS_DIGEST_BYTES);
    out->identity = (struct access_identity){
        .kind = kind,
        .key_id = state_get_int(rows, 0),
        .name = state_get_text(rows, 2, arena),
        .source = state_get_text(rows, 3, arena),
        .default_channel = state_get_text(rows, 4, arena),
        .origins = state_get_text(rows, 5, arena),
        .rights = rights_of(kind, state_get_text(rows, 7, arena)),
    };
    out->expires_ms = state_get_int(rows, 8);
    out->last_used_ms = state_get_int(rows, 9);
    return true;
}

static bool entries_read(struct access *access, struct arena *arena, struct access_key_entry **out,
                         size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t count = 0;
    if (!state_read(access->state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM keys WHERE revoked_ms = 0", &count, fail) ||
        !state_select(link,
                      "SELECT k.id, k.kind, k.name, k.source, s.default_channel, k.origins,"
                      " k.token_hash, k.scopes, k.expires_ms, k.last_used_ms FROM keys k"
                      " JOIN sources s ON s.name = k.source WHERE k.revoked_ms = 0 ORDER BY k.id",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    struct access_key_entry *entries = arena_array(arena, (size_t)count, sizeof *entries, fail);
    if (entries == NULL) {
        return false;
    }
    size_t n = 0;
    for (bool row = true; n < (size_t)count; n++) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        if (!entry_read(rows, arena, &entries[n], fail)) {
            return false;
        }
    }
    *out = entries;
    *out_count = n;
    return true;
}

static size_t slot_of(const uint8_t digest[ACCESS_DIGEST_BYTES], size_t slots)
{
    uint64_t first;
    memcpy(&first, digest, sizeof first);
    return (size_t)(first % slots);
}

bool access_keys_refresh(struct access *access, struct fail *fail)
{
    struct arena *arena = arena_new(NULL);
    struct access_key_entry *entries = NULL;
    size_t count = 0;
    uint32_t *slots = NULL;
    size_t slot_count = 0;
    base_lock(&access->key_lock);
    uint64_t reading = ++access->key_readings;
    base_unlock(&access->key_lock);
    if (entries_read(access, arena, &entries, &count, fail)) {
        slot_count = count * 2 + 1;
        slots = arena_array(arena, slot_count, sizeof *slots, fail);
    }
    if (slots == NULL) {
        arena_free(arena);
        return false;
    }
    memset(slots, 0xff, slot_count * sizeof *slots);
    for (size_t i = 0; i < count; i++) {
        size_t at = slot_of(entries[i].digest, slot_count);
        while (slots[at] != UINT32_MAX) {
            at = (at + 1) % slot_count;
        }
        slots[at] = (uint32_t)i;
    }
    base_lock(&access->key_lock);
    if (reading < access->key_reading_used) {
        base_unlock(&access->key_lock); /* one that began later, and saw more, is in place */
        arena_free(arena);
        return true;
    }
    access->key_reading_used = reading;
    /* Uses that were noted since they were last written move over. Both lists are in order of id. */
    for (size_t i = 0, j = 0; i < count; i++) {
        while (j < access->key_count &&
               access->keys[j].identity.key_id < entries[i].identity.key_id) {
            j++;
        }
        if (j < access->key_count &&
            access->keys[j].identity.key_id == entries[i].identity.key_id && access->keys[j].used) {
            entries[i].used = true;
            entries[i].last_used_ms = access->keys[j].last_used_ms;
        }
    }
    struct arena *old = access->key_arena;
    access->key_arena = arena;
    access->keys = entries;
    access->key_count = count;
    access->key_slots = slots;
    access->key_slot_count = slot_count;
    base_unlock(&access->key_lock);
    arena_free(old);
    return true;
}

bool access_key_find(struct access *access, struct str token, struct arena *arena,
                     struct access_identity *out)
{
    if (token.len == 0 || token.len > TOKEN_CHARS_MAX) {
        return false;
    }
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token, digest);
    int64_t now_ms = base_now_ms(access->clock);
    bool found = false;
    base_lock(&access->key_lock);
    size_t at = slot_of(digest, access->key_slot_count);
    while (access->key_slots[at] != UINT32_MAX) {
        struct access_key_entry *entry = &access->keys[access->key_slots[at]];
        if (access_digest_same(entry->digest, digest)) {
            found = entry->expires_ms == 0 || now_ms < entry->expires_ms;
            if (found) {
                entry->last_used_ms = now_ms;
                entry->used = true;
                *out = entry->identity;
                out->name = str_copy(arena, out->name);
                out->source = str_copy(arena, out->source);
                out->origins = str_copy(arena, out->origins);
                if (out->default_channel.data != NULL) {
                    out->default_channel = str_copy(arena, out->default_channel);
                }
            }
            break;
        }
        at = (at + 1) % access->key_slot_count;
    }
    base_unlock(&access->key_lock);
    return found;
}

struct use {
    int64_t id, at_ms;
};

static bool uses_take(struct access *access, bool now, struct arena *arena, struct use **out,
                      size_t *out_count, struct fail *fail)
{
    int64_t now_ms = base_now_ms(access->clock);
    size_t count = 0;
    struct use *uses = NULL;
    base_lock(&access->key_lock);
    bool due = now || now_ms - access->keys_written_ms >= WRITE_EVERY_MS ||
               now_ms < access->keys_written_ms;
    if (due) {
        access->keys_written_ms = now_ms;
        uses = arena_array(arena, access->key_count, sizeof *uses, fail);
        for (size_t i = 0; uses != NULL && i < access->key_count; i++) {
            if (access->keys[i].used) {
                uses[count++] =
                    (struct use){access->keys[i].identity.key_id, access->keys[i].last_used_ms};
                access->keys[i].used = false;
            }
        }
    }
    base_unlock(&access->key_lock);
    *out = uses;
    *out_count = count;
    return !due || uses != NULL;
}

bool access_keys_write_uses(struct access *access, bool now, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct use *uses = NULL;
    size_t count = 0;
    if (!uses_take(access, now, arena, &uses, &count, fail)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(access->state, &link, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct state_value values[] = {state_int(uses[i].at_ms), state_int(uses[i].id)};
        if (!state_run(link, "UPDATE keys SET last_used_ms = ?1 WHERE id = ?2", values,
                       ARRAY_LEN(values), fail)) {
            return false;
        }
    }
    return state_commit(&link, fail);
}

/* ---- making, listing, revoking --------------------------------------------------------------------------- */

static bool lines_join(struct arena *arena, const struct str *lines, size_t count, struct str *out,
                       struct fail *fail)
{
    struct base_buf buf CLEANUP(base_buf_done) = {.limit = (size_t)64 << 10};
    for (size_t i = 0; i < count; i++) {
        base_buf_str(&buf, lines[i]);
        base_buf_byte(&buf, '\n');
    }
    if (!base_buf_ok(&buf, fail)) {
        return false;
    }
    *out = buf.len == 0 ? STR("") : str_copy(arena, base_buf_view(&buf));
    return true;
}

static bool scope_ok(struct str scope)
{
    for (int right = 0; right < ACCESS_RIGHTS; right++) {
        if ((access_rights_of_key(ACCESS_KEY_SECRET) >> right & 1U) != 0 &&
            str_is(scope, access_right_name((enum access_right)right))) {
            return true;
        }
    }
    return false;
}

static bool options_check(struct access *access, const struct access_key_options *options,
                          struct fail *fail)
{
    char pointer[32];
    if (options->kind != ACCESS_KEY_WRITE && options->kind != ACCESS_KEY_CLIENT &&
        options->kind != ACCESS_KEY_SECRET) {
        return fail_input_at(fail, "/kind", "a key is 'write', 'client' or 'secret'");
    }
    if (!access_line_ok(options->name, ACCESS_NAME_BYTES_MAX)) {
        return fail_input_at(fail, "/name", "a key's name is one line of 1 to %d bytes",
                             ACCESS_NAME_BYTES_MAX);
    }
    if (options->origin_count > 0 && options->kind == ACCESS_KEY_SECRET) {
        return fail_input_at(fail, "/origins", "a secret key does not belong into a page");
    }
    if (options->origin_count > ACCESS_ORIGINS_MAX) {
        return fail_input_at(fail, "/origins", "at most %d origins", ACCESS_ORIGINS_MAX);
    }
    for (size_t i = 0; i < options->origin_count; i++) {
        if (!str_is_origin(options->origins[i])) {
            snprintf(pointer, sizeof pointer, "/origins/%zu", i);
            return fail_input_at(fail, pointer,
                                 "an origin is like https://shop.example: scheme and host in lower "
                                 "case, a port where it is not the usual one, no path");
        }
    }
    if (options->scope_count > 0 && options->kind != ACCESS_KEY_SECRET) {
        return fail_input_at(fail, "/scopes", "only a secret key has scopes");
    }
    for (size_t i = 0; i < options->scope_count; i++) {
        if (!scope_ok(options->scopes[i])) {
            snprintf(pointer, sizeof pointer, "/scopes/%zu", i);
            return fail_input_at(fail, pointer, "'%.*s' is no scope of a key",
                                 STR_ARG(options->scopes[i]));
        }
    }
    if (options->expires_ms != 0 && options->expires_ms <= base_now_ms(access->clock)) {
        return fail_input_at(fail, "/expires", "this instant is past");
    }
    return true;
}

/* Makes the source where there is none; leaves an existing one as it is. */
static bool source_make(struct state_link *link, struct str name, int64_t now_ms, struct fail *fail)
{
    if (!access_line_ok(name, ACCESS_NAME_BYTES_MAX)) {
        return fail_input_at(fail, "/source", "a source's name is one line of 1 to %d bytes",
                             ACCESS_NAME_BYTES_MAX);
    }
    struct state_value values[] = {state_text(name), state_int(now_ms)};
    return state_run(link,
                     "INSERT INTO sources (name, created_ms) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO NOTHING",
                     values, ARRAY_LEN(values), fail);
}

bool access_key_create(struct access *access, const struct access_identity *by,
                       const struct access_key_options *options, struct arena *arena,
                       struct str *out_token, int64_t *out_id, struct fail *fail)
{
    struct str origins, scopes;
    if (!options_check(access, options, fail) ||
        !lines_join(arena, options->origins, options->origin_count, &origins, fail) ||
        !lines_join(arena, options->scopes, options->scope_count, &scopes, fail)) {
        return false;
    }
    bool secret = options->kind == ACCESS_KEY_SECRET;
    struct str random =
        base_random_hex(access->random, arena, secret ? SECRET_BYTES : PUBLIC_BYTES);
    struct str token = str_format(arena, "%s%.*s", token_prefix(options->kind), STR_ARG(random));
    struct str source = options->source.data == NULL ? options->name : options->source;
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token, digest);
    int64_t now_ms = base_now_ms(access->clock);
    struct state_value values[] = {
        state_text(str_from_c(access_key_kind_name(options->kind))),
        state_text(options->name),
        state_text(source),
        access_digest_value(digest),
        state_text(secret ? (struct str){0} : token),
        state_text(str_of(token.data, PREFIX_CHARS)),
        state_text(origins),
        state_text(scopes),
        state_int(now_ms),
        state_int(options->expires_ms),
    };
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t others = 0;
    if (!state_write(access->state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM keys", &others, fail)) {
        return false;
    }
    if (others >= ACCESS_KEYS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "there are %d keys, and no room for more",
                        ACCESS_KEYS_MAX);
    }
    if (!source_make(link, source, now_ms, fail) ||
        !state_run(link,
                   "INSERT INTO keys (kind, name, source, token_hash, shown, prefix, origins,"
                   " scopes, created_ms, last_used_ms, revoked_ms, expires_ms)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, ?10)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    int64_t id = state_last_id(link);
    if (!access_audit_in(access, link, by, "key.create", str_format(arena, "%lld", (long long)id),
                         (struct str){0}, fail) ||
        !state_commit(&link, fail) || !access_keys_refresh(access, fail)) {
        return false;
    }
    *out_token = token;
    *out_id = id;
    return true;
}

/* The last use as memory knows it, which may be newer than what was written. */
static void uses_overlay(struct access *access, struct access_key *list, size_t count)
{
    base_lock(&access->key_lock);
    for (size_t i = 0, j = 0; i < count; i++) {
        while (j < access->key_count && access->keys[j].identity.key_id < list[i].id) {
            j++;
        }
        if (j < access->key_count && access->keys[j].identity.key_id == list[i].id &&
            access->keys[j].last_used_ms > list[i].last_used_ms) {
            list[i].last_used_ms = access->keys[j].last_used_ms;
        }
    }
    base_unlock(&access->key_lock);
}

bool access_keys_list(struct access *access, struct arena *arena, struct access_key **out,
                      size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t count = 0;
    if (!state_read(access->state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM keys", &count, fail) ||
        !state_select(link,
                      "SELECT id, kind, name, source, shown, prefix, origins, scopes, created_ms,"
                      " last_used_ms, revoked_ms, expires_ms FROM keys ORDER BY id",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    struct access_key *list = arena_array(arena, (size_t)count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        bool row = false;
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        INVARIANT(row);
        list[i] = (struct access_key){
            .id = state_get_int(rows, 0),
            .name = state_get_text(rows, 2, arena),
            .source = state_get_text(rows, 3, arena),
            .shown = state_get_text(rows, 4, arena),
            .prefix = state_get_text(rows, 5, arena),
            .origins = state_get_text(rows, 6, arena),
            .scopes = state_get_text(rows, 7, arena),
            .created_ms = state_get_int(rows, 8),
            .last_used_ms = state_get_int(rows, 9),
            .revoked_ms = state_get_int(rows, 10),
            .expires_ms = state_get_int(rows, 11),
        };
        if (!access_key_kind_parse(state_get_text(rows, 1, arena), &list[i].kind)) {
            return fail_set(fail, FAIL_CORRUPT, "a key of a kind that is none");
        }
    }
    uses_overlay(access, list, (size_t)count);
    *out = list;
    *out_count = (size_t)count;
    return true;
}

bool access_key_revoke(struct access *access, const struct access_identity *by, int64_t id,
                       struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(base_now_ms(access->clock)), state_int(id)};
    if (!state_write(access->state, &link, fail) ||
        !state_run(link,
                   "UPDATE keys SET revoked_ms = CASE revoked_ms WHEN 0 THEN ?1 ELSE revoked_ms END"
                   " WHERE id = ?2",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    if (state_changed(link) == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is no key %lld", (long long)id);
    }
    return access_audit_in(access, link, by, "key.revoke", str_format(arena, "%lld", (long long)id),
                           (struct str){0}, fail) &&
           state_commit(&link, fail) && access_keys_refresh(access, fail);
}
