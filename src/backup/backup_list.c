/* A generation's list: one line of JSON, and below it the hash of that line. */
#include "backup_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "base_json.h"
#include "base_json_write.h"

#define FORMAT 1
#define SUFFIX ".json"
#define NUMBER_CHARS 10

struct str backup_list_path(uint64_t number, struct arena *arena)
{
    return str_format(arena, BACKUP_GENERATIONS "/%0*" PRIu64 SUFFIX, NUMBER_CHARS, number);
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void write_hex(struct json_writer *w, const char *name, uint64_t value)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    json_name_c(w, name);
    json_write_c(w, text);
}

static void write_uint(struct json_writer *w, const char *name, uint64_t value)
{
    json_name_c(w, name);
    json_write_uint(w, value);
}

static void write_entry(struct json_writer *w, const struct backup_entry *entry)
{
    char hash[BACKUP_HASH_CHARS + 1];
    backup_hash_text(entry->hash, hash);
    json_begin_object(w);
    json_name_c(w, "path");
    json_write_str(w, entry->path);
    json_name_c(w, "object");
    json_write_str(w, entry->object);
    write_uint(w, "bytes", entry->bytes);
    write_hex(w, "checksum", entry->checksum);
    json_name_c(w, "hash");
    json_write_c(w, hash);
    json_end_object(w);
}

bool backup_list_encode(const struct backup_generation *generation, struct base_buf *out,
                        struct fail *fail)
{
    struct json_writer w = {.out = out};
    char sum[BACKUP_HASH_CHARS + 1];
    json_begin_object(&w);
    write_uint(&w, "format", FORMAT);
    write_uint(&w, "generation", generation->number);
    write_hex(&w, "directory", generation->directory);
    json_name_c(&w, "moment_ms");
    json_write_int(&w, generation->moment_ms);
    json_name_c(&w, "version");
    json_write_str(&w, generation->version);
    write_uint(&w, "events", generation->events);
    write_uint(&w, "customers", generation->customers);
    write_uint(&w, "copied", generation->copied);
    json_name_c(&w, "folders");
    json_begin_array(&w);
    for (size_t i = 0; i < generation->folder_count; i++) {
        json_write_str(&w, generation->folders[i]);
    }
    json_end_array(&w);
    json_name_c(&w, "files");
    json_begin_array(&w);
    for (size_t i = 0; i < generation->count; i++) {
        write_entry(&w, &generation->entries[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    if (!base_buf_ok(out, fail)) {
        return false;
    }
    backup_hash_text(base_hash128(out->data, out->len, 0), sum);
    base_buf_byte(out, '\n');
    base_buf_c(out, sum);
    base_buf_byte(out, '\n');
    return base_buf_ok(out, fail);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static bool broken(struct fail *fail, const char *member)
{
    return fail_set(fail, FAIL_CORRUPT, "\"%s\" is not as this program writes it", member);
}

static bool get_uint(struct json_value object, const char *name, uint64_t *out, struct fail *fail)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value) ||
        (json_type_of(value) != JSON_UINT &&
         (json_type_of(value) != JSON_INT || json_int(value) < 0))) {
        return broken(fail, name);
    }
    *out = json_type_of(value) == JSON_UINT ? json_uint(value) : (uint64_t)json_int(value);
    return true;
}

static bool get_text(struct json_value object, const char *name, struct arena *arena,
                     struct str *out, struct fail *fail)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value) || json_type_of(value) != JSON_STRING) {
        return broken(fail, name);
    }
    *out = str_copy(arena, json_string(value));
    return true;
}

/* Sixteen digits for one word, as the last half of a hash. */
static bool get_hex(struct json_value object, const char *name, struct arena *arena, uint64_t *out,
                    struct fail *fail)
{
    struct str text;
    struct base_hash128 both;
    if (!get_text(object, name, arena, &text, fail)) {
        return false;
    }
    if (!backup_hash_parse(str_format(arena, "%016d%.*s", 0, STR_ARG(text)), &both)) {
        return broken(fail, name);
    }
    *out = both.low;
    return true;
}

/* One name, without a way out: lists are checked by their hash, but whoever can write to the target can write that
   too. */
static bool plain_name(struct str name)
{
    return name.len > 0 && name.len < 200 && !str_is(name, ".") && !str_is(name, "..") &&
           str_find_byte(name, '/') == name.len && str_find_byte(name, '\0') == name.len;
}

/* In the directory itself, or in one of its folders. */
static bool plain_path(struct str path, const struct backup_generation *generation)
{
    size_t slash = str_find_byte(path, '/');
    bool known = slash == path.len;
    for (size_t i = 0; i < generation->folder_count && !known; i++) {
        known = str_equal(str_of(path.data, slash), generation->folders[i]);
    }
    return known && plain_name(slash == path.len ? path : str_after(path, slash + 1));
}

static bool decode_folders(struct json_value root, struct arena *arena,
                           struct backup_generation *out, struct fail *fail)
{
    struct json_value folders, value;
    if (!json_member(root, STR("folders"), &folders) || json_type_of(folders) != JSON_ARRAY ||
        json_count(folders) > BACKUP_FOLDERS_MAX) {
        return broken(fail, "folders");
    }
    out->folders = arena_array(arena, json_count(folders), sizeof *out->folders, fail);
    if (out->folders == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(folders); json_next(&it, NULL, &value);) {
        if (json_type_of(value) != JSON_STRING || !plain_name(json_string(value))) {
            return broken(fail, "folders");
        }
        out->folders[out->folder_count++] = str_copy(arena, json_string(value));
    }
    return true;
}

static bool decode_entry(struct json_value value, const struct backup_generation *generation,
                         struct arena *arena, struct backup_entry *out, struct fail *fail)
{
    struct str hash;
    if (!get_text(value, "path", arena, &out->path, fail) ||
        !get_text(value, "object", arena, &out->object, fail) ||
        !get_uint(value, "bytes", &out->bytes, fail) ||
        !get_hex(value, "checksum", arena, &out->checksum, fail) ||
        !get_text(value, "hash", arena, &hash, fail)) {
        return false;
    }
    if (!plain_path(out->path, generation)) {
        return broken(fail, "path");
    }
    if (!plain_name(out->object)) {
        return broken(fail, "object");
    }
    return backup_hash_parse(hash, &out->hash) || broken(fail, "hash");
}

static bool decode_files(struct json_value root, struct arena *arena, struct backup_generation *out,
                         struct fail *fail)
{
    struct json_value files, value;
    if (!json_member(root, STR("files"), &files) || json_type_of(files) != JSON_ARRAY ||
        json_count(files) > BACKUP_FILES_MAX) {
        return broken(fail, "files");
    }
    out->entries = arena_array(arena, json_count(files), sizeof *out->entries, fail);
    if (out->entries == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(files); json_next(&it, NULL, &value);) {
        if (!decode_entry(value, out, arena, &out->entries[out->count], fail)) {
            return false;
        }
        out->bytes += out->entries[out->count++].bytes;
    }
    return true;
}

static bool decode_root(struct json_value root, uint64_t number, struct arena *arena,
                        struct backup_generation *out, struct fail *fail)
{
    uint64_t format, moment_ms;
    if (!get_uint(root, "format", &format, fail)) {
        return false;
    }
    if (format != FORMAT) {
        return fail_set(fail, FAIL_CORRUPT, "it is of format %llu; this program reads %d",
                        (unsigned long long)format, FORMAT);
    }
    if (!get_uint(root, "generation", &out->number, fail) ||
        !get_hex(root, "directory", arena, &out->directory, fail) ||
        !get_uint(root, "moment_ms", &moment_ms, fail) ||
        !get_text(root, "version", arena, &out->version, fail) ||
        !get_uint(root, "events", &out->events, fail) ||
        !get_uint(root, "customers", &out->customers, fail) ||
        !get_uint(root, "copied", &out->copied, fail)) {
        return false;
    }
    if (moment_ms > INT64_MAX) {
        return broken(fail, "moment_ms");
    }
    out->moment_ms = (int64_t)moment_ms;
    if (out->number != number) {
        return broken(fail, "generation");
    }
    return decode_folders(root, arena, out, fail) && decode_files(root, arena, out, fail);
}

bool backup_list_decode(struct str bytes, uint64_t number, struct arena *arena,
                        struct backup_generation *out, struct fail *fail)
{
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct backup_generation generation = {0};
    struct base_hash128 sum;
    struct json_value root;
    size_t line = str_find_byte(bytes, '\n');
    if (bytes.len != line + 1 + BACKUP_HASH_CHARS + 1 || bytes.data[bytes.len - 1] != '\n' ||
        !backup_hash_parse(str_of(bytes.data + line + 1, BACKUP_HASH_CHARS), &sum) ||
        !backup_hash_equal(sum, base_hash128(bytes.data, line, 0))) {
        return fail_set(fail, FAIL_CORRUPT, "its bytes are not those that were written");
    }
    struct fail why = {0};
    if (!json_parse(parser, str_of(bytes.data, line), &root, &why)) {
        return fail_set(fail, FAIL_CORRUPT, "it is no JSON: %.180s", why.message);
    }
    if (!decode_root(root, number, arena, &generation, fail)) {
        return false;
    }
    *out = generation;
    return true;
}

/* ---- all of them --------------------------------------------------------------------------------------------- */

static bool number_of(struct str name, uint64_t *out)
{
    struct str suffix = STR(SUFFIX);
    return name.len == NUMBER_CHARS + suffix.len && str_ends(name, suffix) &&
           str_parse_u64(str_of(name.data, NUMBER_CHARS), out) && *out > 0;
}

static bool read_one(struct disk *target, uint64_t number, struct arena *arena,
                     struct backup_generation *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *scratch = arena_new(NULL);
    const char *path = backup_list_path(number, scratch).data;
    struct str bytes;
    struct fail why = {0};
    if (disk_read_whole(target, path, scratch, BACKUP_LIST_BYTES_MAX, &bytes, &why) &&
        backup_list_decode(bytes, number, arena, out, &why)) {
        return true;
    }
    if (why.code != FAIL_CORRUPT && why.code != FAIL_LIMIT) {
        *fail = why;
        return false;
    }
    *out = (struct backup_generation){.number = number,
                                      .damaged = str_copy_c(arena, str_from_c(why.message))};
    return true;
}

bool backup_list(struct disk *target, struct arena *arena, struct backup_generation **out,
                 size_t *out_count, struct fail *fail)
{
    struct str *names;
    size_t count = 0, kept = 0;
    struct fail absent = {0};
    if (!disk_list(target, BACKUP_GENERATIONS, arena, &names, &count, &absent) &&
        absent.code != FAIL_ABSENT) {
        *fail = absent;
        return false;
    }
    if (count > BACKUP_GENERATIONS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "there are more than %d generations",
                        BACKUP_GENERATIONS_MAX);
    }
    struct backup_generation *all = arena_array(arena, count, sizeof *all, fail);
    if (all == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (number_of(names[i], &number) && !read_one(target, number, arena, &all[kept++], fail)) {
            return false;
        }
    }
    *out = all;
    *out_count = kept;
    return true;
}

bool backup_find(struct disk *target, uint64_t number, struct arena *arena,
                 struct backup_generation *out, struct fail *fail)
{
    struct backup_generation *all;
    size_t count;
    if (!backup_list(target, arena, &all, &count, fail)) {
        return false;
    }
    for (size_t i = count; i-- > 0;) {
        if (number == 0 || all[i].number == number) {
            if (all[i].damaged != NULL) {
                return fail_set(fail, FAIL_CORRUPT, "%s: %.180s",
                                backup_list_path(all[i].number, arena).data, all[i].damaged);
            }
            *out = all[i];
            return true;
        }
    }
    return number == 0 ? fail_set(fail, FAIL_ABSENT, "there is no backup in it yet")
                       : fail_set(fail, FAIL_ABSENT, "there is no generation %llu",
                                  (unsigned long long)number);
}
