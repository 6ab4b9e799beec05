/* The trail's old end may be cut. The line that says so holds the hash of the last line that went, sealed with a secret of
 * the directory's, and stands in the chain itself: what is left begins there, or was cut by somebody else. Of several
 * the newest counts; it is younger than all that it let go. */
#include "access_internal.h"
#include "access_seal.h"

#include "base_json.h"
#include "base_json_write.h"
#include "state_settings.h"

#define KEY_BYTES 32

static void hex_of(const uint8_t *bytes, char out[2 * ACCESS_DIGEST_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < ACCESS_DIGEST_BYTES; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static bool hex_read(struct str text, uint8_t out[ACCESS_DIGEST_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (text.len != (size_t)2 * ACCESS_DIGEST_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(digits, text.data[i], sizeof digits - 1);
        if (digit == NULL) {
            return false;
        }
        uint8_t value = (uint8_t)(digit - digits);
        out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
    }
    return true;
}

/* ---- the secret ------------------------------------------------------------------------------------------------ */

static bool key_read(struct state_link *link, struct arena *arena, struct str *out,
                     struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value name = state_text(STR(STATE_SETTING_AUDIT_KEY));
    bool row = false;
    if (!state_select(link, "SELECT value FROM settings WHERE name = ?1", &name, 1, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out = row ? state_get_text(rows, 0, arena) : (struct str){NULL, 0};
    return true;
}

static bool key_want(struct access *access, struct state_link *link, struct arena *arena,
                     struct str *out, struct fail *fail)
{
    if (!key_read(link, arena, out, fail)) {
        return false;
    }
    if (out->data != NULL) {
        return true;
    }
    *out = base_random_hex(access->random, arena, KEY_BYTES);
    struct state_value values[] = {state_text(STR(STATE_SETTING_AUDIT_KEY)), state_text(*out)};
    return state_run(link, "INSERT INTO settings (name, value) VALUES (?1, ?2)", values,
                     ARRAY_LEN(values), fail);
}

static struct str seal_of(struct str key, int64_t last, struct str hash, struct arena *arena)
{
    struct str parts[] = {str_format(arena, "firsthand audit cut\n%lld\n", (long long)last), hash};
    return access_hmac_hex(key, parts, ARRAY_LEN(parts), arena);
}

/* ---- finding -------------------------------------------------------------------------------------------------- */

static bool anchor_parse(struct str key, struct str detail, struct arena *arena,
                         struct access_anchor *out)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, last, hash, seal;
    struct fail ignored;
    if (key.data == NULL || !json_parse(parser, detail, &root, &ignored) ||
        json_type_of(root) != JSON_OBJECT || !json_member(root, STR("last"), &last) ||
        json_type_of(last) != JSON_INT || !json_member(root, STR("hash"), &hash) ||
        json_type_of(hash) != JSON_STRING || !json_member(root, STR("seal"), &seal) ||
        json_type_of(seal) != JSON_STRING || !hex_read(json_string(hash), out->hash)) {
        return false;
    }
    out->last = json_int(last);
    return access_same_text(json_string(seal), seal_of(key, out->last, json_string(hash), arena));
}

bool access_anchor_find(struct state_link *link, struct access_anchor *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct str key;
    bool row = false;
    *out = (struct access_anchor){.line = 0};
    if (!key_read(link, arena, &key, fail) ||
        !state_select(link,
                      "SELECT id, at_ms, detail FROM audit WHERE action = '" ACCESS_AUDIT_CUT "'"
                      " ORDER BY id DESC LIMIT 1",
                      NULL, 0, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        out->line = state_get_int(rows, 0);
        out->at_ms = state_get_int(rows, 1);
        out->holds = anchor_parse(key, state_get_text(rows, 2, arena), arena, out);
    }
    return true;
}

/* ---- cutting --------------------------------------------------------------------------------------------------- */

/* What may go: up to the first line that is young. A clock that was wrong for a while keeps lines longer, and takes none
   that is young. Lines that only tell of cuts do not make another. */
struct old_end {
    int64_t first, last; /* ids; last below first: nothing */
    int64_t others;      /* lines that tell of something else */
};

static bool old_end_find(struct state_link *link, int64_t before_ms, int64_t most,
                         struct old_end *out, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_int(before_ms), state_int(most)};
    bool row = false;
    if (!state_select(
            link,
            "WITH kept (first, last) AS (SELECT (SELECT coalesce(min(id), 1) FROM audit), min("
            "  coalesce((SELECT min(id) - 1 FROM audit WHERE at_ms >= ?1),"
            "   (SELECT coalesce(max(id), 0) FROM audit)),"
            "  (SELECT coalesce(min(id), 1) FROM audit) - 1 + ?2))"
            " SELECT first, last, (SELECT count(*) FROM audit WHERE id <= last"
            "  AND action <> '" ACCESS_AUDIT_CUT "') FROM kept",
            values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out = (struct old_end){state_get_int(rows, 0), state_get_int(rows, 1), state_get_int(rows, 2)};
    return true;
}

bool access_audit_old(struct access *access, int64_t before_ms, int64_t *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct old_end old;
    if (!state_read(access->state, &link, fail) ||
        !old_end_find(link, before_ms, INT64_MAX / 2, &old, fail)) {
        return false;
    }
    *out = old.others == 0 ? 0 : old.last - old.first + 1;
    return true;
}

static bool hash_read(struct state_link *link, int64_t id, uint8_t out[ACCESS_DIGEST_BYTES],
                      struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value value = state_int(id);
    bool row = false;
    if (!state_select(link, "SELECT hash FROM audit WHERE id = ?1", &value, 1, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    struct str hash = row ? state_get_blob(rows, 0, arena) : STR("");
    if (hash.len != ACCESS_DIGEST_BYTES) {
        return fail_set(fail, FAIL_CORRUPT, "line %lld of the audit trail has no hash",
                        (long long)id);
    }
    memcpy(out, hash.data, hash.len);
    return true;
}

static bool cut_in(struct access *access, struct state_link *link, const struct access_identity *by,
                   const struct old_end *old, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct base_buf detail CLEANUP(base_buf_done) = {.limit = 1024};
    struct json_writer w = {.out = &detail};
    struct state_value last = state_int(old->last);
    uint8_t hash[ACCESS_DIGEST_BYTES];
    char hex[2 * ACCESS_DIGEST_BYTES];
    struct str key;
    if (!hash_read(link, old->last, hash, fail) || !key_want(access, link, arena, &key, fail)) {
        return false;
    }
    hex_of(hash, hex);
    json_begin_object(&w);
    json_name_c(&w, "last");
    json_write_int(&w, old->last);
    json_name_c(&w, "removed");
    json_write_int(&w, old->last - old->first + 1);
    json_name_c(&w, "hash");
    json_write_str(&w, str_of(hex, sizeof hex));
    json_name_c(&w, "seal");
    json_write_str(&w, seal_of(key, old->last, str_of(hex, sizeof hex), arena));
    json_end_object(&w);
    /* The line first: its number follows that of the last line, which may be among those that go. */
    return base_buf_ok(&detail, fail) &&
           access_audit_in(access, link, by, ACCESS_AUDIT_CUT, STR("audit"), base_buf_view(&detail),
                           fail) &&
           state_run(link, "DELETE FROM audit WHERE id <= ?1", &last, 1, fail);
}

bool access_audit_cut(struct access *access, const struct access_identity *by, int64_t before_ms,
                      int64_t *out_removed, struct fail *fail)
{
    struct access_audit_state found;
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct old_end old;
    if (!access_audit_verify(access, &found, fail)) {
        return false;
    }
    if (found.broken_id != 0) {
        return fail_set(fail, FAIL_CORRUPT,
                        "line %lld of the audit trail does not fit; nothing is removed from it",
                        (long long)found.broken_id);
    }
    if (!state_write(access->state, &link, fail) ||
        !old_end_find(link, before_ms, access->audit_cut_max, &old, fail)) {
        return false;
    }
    if (old.others == 0) {
        *out_removed = 0;
        return true;
    }
    if (!cut_in(access, link, by, &old, fail) || !state_commit(&link, fail)) {
        return false;
    }
    *out_removed = old.last - old.first + 1;
    return true;
}
