#include "privacy_log.h"

#include "access_seal.h"
#include "base_json_write.h"
#include "base_mem.h"
#include "base_thread.h"

/* What the two uses of the secret sign, so that a hash never passes for a signature. */
#define HASH_USE "firsthand erased identifier 1\n"
#define SIGN_USE "firsthand erasure receipt 1\n"
#define MAC_MEMBER ",\"mac\":\""
#define MAC_TAIL_BYTES (sizeof MAC_MEMBER - 1 + PRIVACY_HASH_BYTES - 1 + 2) /* ..."} */

struct place {
    uint64_t offset;
    size_t len; /* without the end of the line */
};

struct privacy_log {
    struct disk *disk;
    struct arena *arena; /* of the log: the secret */
    struct str secret;
    struct base_mutex lock; /* guards the rest */
    struct disk_file *file; /* NULL: there is none yet */
    bool settled;           /* its name and its last line are durable */
    struct str memory;      /* in its place, of a log beside another */
    uint64_t len;           /* of whole lines */
    struct place *places;
    size_t count, capacity;
    struct str *ids; /* of receipts, by place */
    size_t id_capacity;
    struct arena *texts;
    struct hash {
        char hex[PRIVACY_HASH_BYTES];
    } * hashes; /* open addressing; an empty one begins with NUL */
    size_t hash_size, hash_count;
};

/* ---- hashes ------------------------------------------------------------------------------------------------------ */

void privacy_log_hash(const struct privacy_log *log, struct str identifier,
                      char out[PRIVACY_HASH_BYTES])
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    const struct str parts[] = {STR(HASH_USE), identifier};
    struct str hex = access_hmac_hex(log->secret, parts, ARRAY_LEN(parts), arena);
    INVARIANT(hex.len == PRIVACY_HASH_BYTES - 1);
    memcpy(out, hex.data, hex.len);
    out[hex.len] = '\0';
}

static size_t slot_of(const struct hash *hashes, size_t size, const char *hex)
{
    size_t at = 0;
    for (int i = 0; i < 15; i++) { /* hexadecimal digits: they are uniform */
        at = at * 16 + (size_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
    }
    at &= size - 1;
    while (hashes[at].hex[0] != '\0' && memcmp(hashes[at].hex, hex, PRIVACY_HASH_BYTES - 1) != 0) {
        at = (at + 1) & (size - 1);
    }
    return at;
}

static bool hash_room(struct privacy_log *log, struct fail *fail)
{
    if ((log->hash_count + 1) * 2 <= log->hash_size) {
        return true;
    }
    size_t size = log->hash_size == 0 ? 64 : log->hash_size * 2;
    void *block = NULL;
    if (!base_alloc_array(size, sizeof(struct hash), &block, fail)) {
        return false;
    }
    struct hash *hashes = block;
    memset(hashes, 0, size * sizeof *hashes);
    for (size_t i = 0; i < log->hash_size; i++) {
        if (log->hashes[i].hex[0] != '\0') {
            hashes[slot_of(hashes, size, log->hashes[i].hex)] = log->hashes[i];
        }
    }
    base_free(log->hashes);
    log->hashes = hashes;
    log->hash_size = size;
    return true;
}

static bool is_hash(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == PRIVACY_HASH_BYTES - 1;
}

static bool hash_put(struct privacy_log *log, struct str hex, struct fail *fail)
{
    if (!is_hash(hex) || !hash_room(log, fail)) {
        return is_hash(hex) ? false : fail_set(fail, FAIL_CORRUPT, "a hash is none");
    }
    struct hash *slot = &log->hashes[slot_of(log->hashes, log->hash_size, hex.data)];
    log->hash_count += slot->hex[0] == '\0';
    memcpy(slot->hex, hex.data, hex.len);
    return true;
}

bool privacy_log_holds(struct privacy_log *log, struct str identifier)
{
    char hex[PRIVACY_HASH_BYTES];
    if (!privacy_log_any(log)) {
        return false;
    }
    privacy_log_hash(log, identifier, hex);
    base_lock(&log->lock);
    bool held =
        log->hash_size > 0 && log->hashes[slot_of(log->hashes, log->hash_size, hex)].hex[0] != '\0';
    base_unlock(&log->lock);
    return held;
}

bool privacy_log_any(struct privacy_log *log)
{
    base_lock(&log->lock);
    bool any = log->hash_count > 0;
    base_unlock(&log->lock);
    return any;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static struct str sign(const struct privacy_log *log, struct str body, struct arena *arena)
{
    const struct str parts[] = {STR(SIGN_USE), body};
    return access_hmac_hex(log->secret, parts, ARRAY_LEN(parts), arena);
}

bool privacy_log_signed(const struct privacy_log *log, struct str line)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    if (line.len < MAC_TAIL_BYTES || line.data[line.len - 1] != '}') {
        return false;
    }
    struct str body = str_of(line.data, line.len - MAC_TAIL_BYTES);
    struct str tail = str_after(line, body.len);
    struct str mac = str_of(tail.data + sizeof MAC_MEMBER - 1, PRIVACY_HASH_BYTES - 1);
    return str_starts(tail, STR(MAC_MEMBER)) && access_same_text(mac, sign(log, body, arena));
}

/* Takes in what a line says: its id, its hashes. */
static bool learn(struct privacy_log *log, struct str line, uint64_t offset, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct json_value id;
    struct json_value list;
    struct json_value hash;
    if (!json_parse(parser, line, &root, fail)) {
        return false;
    }
    if (!json_member(root, STR("receipt"), &id) || json_type_of(id) != JSON_STRING ||
        !json_member(root, STR("hashes"), &list) || json_type_of(list) != JSON_ARRAY) {
        return fail_set(fail, FAIL_CORRUPT, "a line is no receipt");
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &hash);) {
        if (json_type_of(hash) != JSON_STRING || !hash_put(log, json_string(hash), fail)) {
            return false;
        }
    }
    void *places = log->places;
    void *ids = log->ids;
    if (!base_grow_array(&places, &log->capacity, log->count + 1, sizeof *log->places, fail)) {
        return false;
    }
    log->places = places;
    if (!base_grow_array(&ids, &log->id_capacity, log->count + 1, sizeof *log->ids, fail)) {
        return false;
    }
    log->ids = ids;
    log->places[log->count] = (struct place){offset, line.len};
    log->ids[log->count++] = str_copy(log->texts, json_string(id));
    return true;
}

static bool read_line(struct privacy_log *log, struct place place, struct arena *arena,
                      struct str *out, struct fail *fail)
{
    size_t got = 0;
    if (log->file == NULL) {
        *out = str_copy(arena, str_of(log->memory.data + place.offset, place.len));
        return true;
    }
    char *bytes = arena_alloc(arena, place.len + 1, fail);
    if (bytes == NULL || !disk_read_at(log->file, place.offset, bytes, place.len + 1, &got, fail)) {
        return false;
    }
    if (got != place.len + 1 || bytes[place.len] != '\n') {
        return fail_set(fail, FAIL_CORRUPT, "%s is shorter than it was", PRIVACY_LOG_PATH);
    }
    *out = str_of(bytes, place.len); /* the line's end follows */
    return true;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static bool is_known(const struct privacy_log *log, struct str line);

/* A line that is no receipt, or was changed, stays in its place for verify to find; it is not believed. `but`: lines that
   this log has are passed over. */
static bool learn_all(struct privacy_log *log, struct str text, struct privacy_log *but,
                      struct fail *fail)
{
    uint64_t offset = 0;
    while (offset < text.len) {
        struct str rest = str_after(text, (size_t)offset);
        size_t len = str_find_byte(rest, '\n');
        if (len == rest.len) {
            break; /* torn: it was never acknowledged */
        }
        struct str line = str_of(rest.data, len);
        if (privacy_log_signed(log, line) && (but == NULL || !is_known(but, line)) &&
            !learn(log, line, offset, fail)) {
            return false;
        }
        offset += len + 1;
    }
    log->len = offset;
    return true;
}

static bool open_file(struct privacy_log *log, struct fail *fail)
{
    struct disk_view view = {0};
    struct fail absent;
    if (!disk_open(log->disk, PRIVACY_LOG_PATH, DISK_WRITE, &log->file, &absent)) {
        log->file = NULL;
        if (absent.code != FAIL_ABSENT) {
            *fail = absent;
        }
        return absent.code == FAIL_ABSENT;
    }
    if (!disk_map(log->file, &view, fail)) {
        return false;
    }
    bool ok = learn_all(log, str_of((const char *)view.data, view.len), NULL, fail);
    disk_unmap(log->disk, &view);
    return ok;
}

static struct privacy_log *log_new(struct disk *disk, struct str secret)
{
    struct privacy_log *log = base_alloc_zero(sizeof *log);
    log->disk = disk;
    log->arena = arena_new(NULL);
    log->texts = arena_new(NULL);
    log->secret = str_copy(log->arena, secret);
    base_mutex_init(&log->lock);
    return log;
}

bool privacy_log_open(struct disk *disk, struct str secret, struct privacy_log **out,
                      struct fail *fail)
{
    struct privacy_log *log = log_new(disk, secret);
    if (!open_file(log, fail)) {
        privacy_log_close(log);
        return false;
    }
    *out = log;
    return true;
}

bool privacy_log_beside(struct privacy_log *log, struct str text, struct privacy_log **out,
                        struct fail *fail)
{
    struct privacy_log *beside = log_new(NULL, log->secret);
    beside->memory = str_copy(beside->arena, text);
    base_lock(&log->lock);
    bool ok = learn_all(beside, beside->memory, log, fail);
    base_unlock(&log->lock);
    if (!ok) {
        privacy_log_close(beside);
        return false;
    }
    *out = beside;
    return true;
}

void privacy_log_close(struct privacy_log *log)
{
    if (log == NULL) {
        return;
    }
    disk_close(log->file);
    base_free(log->places);
    base_free(log->ids);
    base_free(log->hashes);
    base_mutex_done(&log->lock);
    arena_free(log->texts);
    arena_free(log->arena);
    base_free(log);
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

/* Once in a process, before anything is said of what is there: the file's name may never have become durable, nor its
   last line, if the program was ended between writing and syncing. A sync that failed before is not told of twice, so the
   line is written over itself. */
static bool settle(struct privacy_log *log, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str line = STR("");
    if (log->settled) {
        return true;
    }
    if (log->file == NULL &&
        !disk_open(log->disk, PRIVACY_LOG_PATH, DISK_CREATE, &log->file, fail)) {
        log->file = NULL;
        return false;
    }
    const struct place *last = log->count == 0 ? NULL : &log->places[log->count - 1];
    log->settled = (last == NULL || (read_line(log, *last, arena, &line, fail) &&
                                     disk_write_at(log->file, last->offset, line.data,
                                                   line.len + 1 /* its end */, fail))) &&
                   disk_sync(log->file, fail) && disk_sync_dir(log->disk, "", fail);
    return log->settled;
}

static bool write_line(struct privacy_log *log, struct str line, struct fail *fail)
{
    struct base_buf bytes CLEANUP(base_buf_done) = {.limit = PRIVACY_LINE_BYTES_MAX + 1};
    base_buf_str(&bytes, line);
    base_buf_byte(&bytes, '\n');
    if (!base_buf_ok(&bytes, fail)) {
        return false;
    }
    if (!settle(log, fail)) {
        return false;
    }
    /* What a crash left behind the last whole line goes first. */
    return disk_truncate(log->file, log->len, fail) &&
           disk_write_at(log->file, log->len, bytes.data, bytes.len, fail) &&
           disk_sync(log->file, fail) && learn(log, line, log->len, fail);
}

static size_t find_id(const struct privacy_log *log, struct str id)
{
    size_t at = 0;
    while (at < log->count && !str_equal(log->ids[at], id)) {
        at++;
    }
    return at;
}

static bool is_known(const struct privacy_log *log, struct str line)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct json_value id;
    struct fail ignored;
    return json_parse(parser, line, &root, &ignored) && json_member(root, STR("receipt"), &id) &&
           json_type_of(id) == JSON_STRING && find_id(log, json_string(id)) < log->count;
}

static void write_counts(struct json_writer *w, const struct privacy_receipt *receipt)
{
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"customers", receipt->customers},
        {"events", receipt->events},
        {"identifiers", receipt->identifiers},
        {"quarantined", receipt->quarantined},
        {"message_ids", receipt->keys},
        {"survey_responses", (uint64_t)receipt->responses},
        {"survey_links", (uint64_t)receipt->links},
        {"wishes", (uint64_t)receipt->wishes},
        {"mentions", (uint64_t)receipt->texts},
        {"audit_lines", (uint64_t)receipt->audit},
    };
    json_name_c(w, "erased");
    json_begin_object(w);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_name_c(w, counts[i].name);
        json_write_uint(w, counts[i].n);
    }
    json_end_object(w);
}

static bool make_line(const struct privacy_log *log, const struct privacy_receipt *receipt,
                      struct arena *arena, struct str *out, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = PRIVACY_LINE_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    json_name_c(&w, "receipt");
    json_write_str(&w, receipt->id);
    json_name_c(&w, "at");
    json_write_instant(&w, receipt->at_ms);
    json_name_c(&w, "by");
    json_write_str(&w, receipt->by);
    json_name_c(&w, "reason");
    if (receipt->reason.data == NULL) {
        json_write_null(&w);
    } else {
        json_write_str(&w, receipt->reason);
    }
    write_counts(&w, receipt);
    json_name_c(&w, "hashes");
    json_begin_array(&w);
    for (size_t i = 0; i < receipt->hashed_count; i++) {
        char hex[PRIVACY_HASH_BYTES];
        privacy_log_hash(log, receipt->hashed[i], hex);
        json_write_c(&w, hex);
    }
    json_end_array(&w);
    /* The object stays open: its last member is the signature over what stands before it. */
    base_buf_c(&text, MAC_MEMBER);
    size_t body = text.len - (sizeof MAC_MEMBER - 1);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    base_buf_str(&text, sign(log, str_of(text.data, body), arena));
    base_buf_c(&text, "\"}");
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

bool privacy_log_append(struct privacy_log *log, const struct privacy_receipt *receipt,
                        struct arena *arena, struct str *out_line, struct fail *fail)
{
    base_lock(&log->lock);
    size_t at = find_id(log, receipt->id);
    bool ok =
        at < log->count
            ? settle(log, fail) && read_line(log, log->places[at], arena, out_line, fail)
            : make_line(log, receipt, arena, out_line, fail) && write_line(log, *out_line, fail);
    if (ok && at == log->count - 1) {
        log->len = log->places[at].offset + log->places[at].len + 1;
    }
    base_unlock(&log->lock);
    return ok;
}

bool privacy_log_take(struct privacy_log *log, struct str line, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct json_value id;
    if (!privacy_log_signed(log, line)) {
        return fail_set(fail, FAIL_INPUT, "this is no receipt that this directory signed");
    }
    if (!json_parse(parser, line, &root, fail) || !json_member(root, STR("receipt"), &id) ||
        json_type_of(id) != JSON_STRING) {
        return fail_set(fail, FAIL_INPUT, "this is no receipt");
    }
    base_lock(&log->lock);
    bool known = find_id(log, json_string(id)) < log->count;
    bool ok = known || write_line(log, line, fail);
    if (ok && !known) {
        log->len += line.len + 1;
    }
    base_unlock(&log->lock);
    return ok;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

bool privacy_log_list(struct privacy_log *log, size_t offset, size_t limit, struct arena *arena,
                      struct str **out, size_t *out_count, size_t *out_total, struct fail *fail)
{
    base_lock(&log->lock);
    size_t total = log->count;
    size_t count = offset >= total ? 0 : total - offset < limit ? total - offset : limit;
    struct str *lines = arena_array(arena, count + 1, sizeof *lines, fail);
    bool ok = lines != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        ok = read_line(log, log->places[total - 1 - offset - i], arena, &lines[i], fail);
    }
    base_unlock(&log->lock);
    *out = lines;
    *out_count = count;
    *out_total = total;
    return ok;
}

bool privacy_log_find(struct privacy_log *log, struct str id, struct arena *arena, struct str *out,
                      bool *out_found, struct fail *fail)
{
    base_lock(&log->lock);
    size_t at = find_id(log, id);
    *out_found = at < log->count;
    bool ok = !*out_found || read_line(log, log->places[at], arena, out, fail);
    base_unlock(&log->lock);
    return ok;
}

bool privacy_log_verify(struct privacy_log *log, struct privacy_log_state *out, struct fail *fail)
{
    struct privacy_log_state state = {0};
    struct disk_view view = {0};
    base_lock(&log->lock);
    bool ok = log->file == NULL || disk_map(log->file, &view, fail);
    uint64_t len = log->len;
    base_unlock(&log->lock);
    if (!ok) {
        return false;
    }
    struct str text = str_of((const char *)view.data, view.len < len ? view.len : (size_t)len);
    while (text.len > 0) {
        size_t at = str_find_byte(text, '\n');
        state.broken += !privacy_log_signed(log, str_of(text.data, at));
        state.lines++;
        text = str_after(text, at < text.len ? at + 1 : at);
    }
    disk_unmap(log->disk, &view);
    *out = state;
    return true;
}
