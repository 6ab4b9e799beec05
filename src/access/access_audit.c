/* The trail: each line's hash covers the line and the hash before it, so that a line that was changed, cut
 * out or moved no longer fits. Each part is preceded by its length: no two lines spell the same bytes. Where its old end
 * was cut the first hash is that of the last line removed (access_audit_cut.c). */
#include "access_internal.h"

#include <stdio.h>

#define SALT_BYTES 16

static void part_add(struct base_buf *buf, struct str part)
{
    base_buf_printf(buf, "%zu:", part.len);
    base_buf_str(buf, part);
}

struct line {
    int64_t id, at_ms;
    struct str actor, action, object, detail;
    struct str content,
        salt; /* digest of object and detail; salt missing beside it: they were taken out */
};

/* Of what the line speaks of, with salt of its own: where words are taken out of the trail the digest stays, and does
   not tell what they were. */
static bool content_digest(const struct line *line, uint8_t out[ACCESS_DIGEST_BYTES],
                           struct fail *fail)
{
    struct base_buf buf CLEANUP(base_buf_done) = {.limit = (size_t)1 << 20};
    part_add(&buf, line->salt);
    part_add(&buf, line->object);
    part_add(&buf, line->detail);
    if (!base_buf_ok(&buf, fail)) {
        return false;
    }
    access_digest(base_buf_view(&buf), out);
    return true;
}

static bool line_digest(const struct line *line, struct str before,
                        uint8_t out[ACCESS_DIGEST_BYTES], struct fail *fail)
{
    struct base_buf buf CLEANUP(base_buf_done) = {.limit = (size_t)1 << 20};
    bool whole = line->content.data == NULL; /* of a line from before there was such a digest */
    base_buf_printf(&buf, "firsthand audit %d\n%lld %lld ", whole ? 1 : 2, (long long)line->id,
                    (long long)line->at_ms);
    part_add(&buf, before);
    part_add(&buf, line->actor);
    part_add(&buf, line->action);
    if (whole) {
        part_add(&buf, line->object);
        part_add(&buf, line->detail);
    } else {
        part_add(&buf, line->content);
    }
    if (!base_buf_ok(&buf, fail)) {
        return false;
    }
    access_digest(base_buf_view(&buf), out);
    return true;
}

static bool last_read(struct state_link *link, struct arena *arena, int64_t *out_id,
                      struct str *out_hash, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link, "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", NULL, 0, &rows,
                      fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out_id = row ? state_get_int(rows, 0) : 0;
    *out_hash = row ? state_get_blob(rows, 1, arena) : STR("");
    return true;
}

bool access_audit_in(struct access *access, struct state_link *link,
                     const struct access_identity *by, const char *action, struct str object,
                     struct str detail, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str before = {0};
    int64_t last_id = 0;
    if (!last_read(link, arena, &last_id, &before, fail)) {
        return false;
    }
    const char *kind = access_key_kind_name(by->kind);
    long long number = by->kind == ACCESS_PERSON ? by->user_id : by->key_id;
    struct line line = {
        .id = last_id + 1,
        .at_ms = base_now_ms(access->clock),
        .actor = number == 0 ? str_from_c(kind)
                             : str_format(arena, "%s %lld %.*s", kind, number, STR_ARG(by->name)),
        .action = str_from_c(action),
        .object = object.data == NULL ? STR("") : object,
        .detail = detail.data == NULL ? STR("") : detail,
    };
    uint8_t digest[ACCESS_DIGEST_BYTES];
    uint8_t content[ACCESS_DIGEST_BYTES];
    uint8_t salt[SALT_BYTES];
    base_random_fill(access->random, salt, sizeof salt);
    line.salt = str_of((const char *)salt, sizeof salt);
    line.content = str_of((const char *)content, sizeof content);
    if (!content_digest(&line, content, fail) || !line_digest(&line, before, digest, fail)) {
        return false;
    }
    struct state_value values[] = {
        state_int(line.id),          state_int(line.at_ms),    state_text(line.actor),
        state_text(line.action),     state_text(line.object),  state_text(line.detail),
        access_digest_value(digest), state_blob(line.content), state_blob(line.salt),
    };
    return state_run(link,
                     "INSERT INTO audit"
                     " (id, at_ms, actor, action, object, detail, hash, content, salt)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     values, ARRAY_LEN(values), fail);
}

bool access_audit(struct access *access, const struct access_identity *by, const char *action,
                  struct str object, struct str detail, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    return state_write(access->state, &link, fail) &&
           access_audit_in(access, link, by, action, object, detail, fail) &&
           state_commit(&link, fail);
}

static struct line line_read(const struct state_rows *rows, struct arena *arena)
{
    return (struct line){state_get_int(rows, 0),         state_get_int(rows, 1),
                         state_get_text(rows, 2, arena), state_get_text(rows, 3, arena),
                         state_get_text(rows, 4, arena), state_get_text(rows, 5, arena),
                         state_get_blob(rows, 7, arena), state_get_blob(rows, 8, arena)};
}

/* Does the line stand where it stood, with the words that it had, or with none? */
static bool line_holds(const struct line *line, struct str before, struct str stored, bool *out,
                       uint8_t digest[ACCESS_DIGEST_BYTES], struct fail *fail)
{
    uint8_t content[ACCESS_DIGEST_BYTES];
    if (!line_digest(line, before, digest, fail)) {
        return false;
    }
    *out = stored.len == ACCESS_DIGEST_BYTES && memcmp(stored.data, digest, stored.len) == 0;
    if (line->content.data == NULL) {
        return true;
    }
    if (line->salt.data == NULL) {
        *out = *out && line->detail.len == 0;
        return true;
    }
    if (!content_digest(line, content, fail)) {
        return false;
    }
    *out = *out && line->content.len == sizeof content &&
           memcmp(line->content.data, content, sizeof content) == 0;
    return true;
}

/* The lines one after the other. *found has what stands before the first of them. */
static bool walk_lines(struct state_rows *rows, struct str before, struct access_audit_state *found,
                       struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    uint8_t chain[ACCESS_DIGEST_BYTES];
    for (;;) {
        bool row = false;
        bool holds = false;
        uint8_t digest[ACCESS_DIGEST_BYTES];
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            return true;
        }
        struct line line = line_read(rows, arena);
        if (!line_holds(&line, before, state_get_blob(rows, 6, arena), &holds, digest, fail)) {
            return false;
        }
        found->lines++;
        found->erased += line.content.data != NULL && line.salt.data == NULL;
        if (line.id != found->removed + found->lines || !holds) {
            found->broken_id = line.id;
            return true;
        }
        memcpy(chain, digest, sizeof chain);
        before = str_of((const char *)chain, sizeof chain);
        arena_reset(arena);
    }
}

bool access_audit_verify(struct access *access, struct access_audit_state *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct access_audit_state found = {0};
    struct access_anchor anchor;
    struct str before = STR("");
    if (!state_read(access->state, &link, fail) || !access_anchor_find(link, &anchor, fail) ||
        !state_select(link,
                      "SELECT id, at_ms, actor, action, object, detail, hash, content, salt"
                      " FROM audit ORDER BY id",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    if (anchor.line != 0 && anchor.holds) {
        before = str_of((const char *)anchor.hash, sizeof anchor.hash);
        found.removed = anchor.last;
        found.cut_ms = anchor.at_ms;
    }
    if (!walk_lines(rows, before, &found, fail)) {
        return false;
    }
    if (anchor.line != 0 && !anchor.holds && found.broken_id == 0) {
        found.broken_id = anchor.line; /* it fits, and no cut of ours says so */
    }
    *out = found;
    return true;
}
