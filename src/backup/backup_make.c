/* Making a generation: every file's object is there and synced before the list that names it.
 *
 * Invariants
 * (1) An object's name appears by a rename of what was synced: it is whole, whoever was cut.
 * (2) A list appears by a rename after all of its objects' names are durable.
 * (3) A list goes, durably, before the first of its objects does; an object goes only when every list is readable and
 *     none names it. */
#include "backup_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PART_PATH BACKUP_OBJECTS "/part"

struct make {
    struct disk *target;
    const struct backup_options *options;
    struct arena *arena;
    struct backup_generation *old;
    size_t old_count;
    struct str *objects; /* names there are, sorted */
    size_t object_count;
    struct backup_generation *out;
};

/* The first object whose name is not before `name`. */
static size_t lower_bound(const struct make *make, struct str name)
{
    size_t low = 0, high = make->object_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(make->objects[middle], name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- one file ---------------------------------------------------------------------------------------------- */

static void add(struct make *make, const struct backup_entry *entry, bool copied)
{
    make->out->entries[make->out->count++] = *entry;
    make->out->bytes += entry->bytes;
    make->out->copied += copied ? entry->bytes : 0;
}

/* Is the file there already, from an older generation or from a backup that was cut? */
static bool find_object(struct make *make, struct backup_entry *entry, bool *out, struct fail *fail)
{
    struct str begin =
        backup_object_begin(str_copy_c(make->arena, entry->path), entry->checksum, make->arena);
    const char *problem = NULL;
    *out = false;
    for (size_t i = lower_bound(make, begin);
         i < make->object_count && str_starts(make->objects[i], begin); i++) {
        struct fail ignored = {0};
        CLEANUP(disk_close_at) struct disk_file *file = NULL;
        uint64_t size;
        entry->object = make->objects[i];
        if (!backup_hash_parse(str_after(entry->object, begin.len), &entry->hash)) {
            continue;
        }
        if (make->options->read_back) {
            if (!backup_object_check(make->target, entry, make->options->cancel, &problem, fail)) {
                return false;
            }
            *out = problem == NULL;
        } else {
            *out = disk_open(make->target, backup_object_path(entry->object, make->arena).data,
                             DISK_READ, &file, &ignored) &&
                   disk_size(file, &size, &ignored) && size == entry->bytes;
        }
        if (*out) {
            return true;
        }
    }
    return true;
}

static bool write_part(struct make *make, const struct backup_bytes *from, struct base_hash128 *out,
                       struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *part = NULL;
    return disk_open(make->target, PART_PATH, DISK_CREATE, &part, fail) &&
           disk_truncate(part, 0, fail) &&
           backup_copy(from, part, make->options->cancel, out, fail) && disk_sync(part, fail);
}

static bool copy_object(struct make *make, const struct backup_bytes *from,
                        struct backup_entry *entry, struct fail *fail)
{
    char hash[BACKUP_HASH_CHARS + 1];
    const char *path = str_copy_c(make->arena, entry->path);
    if (!write_part(make, from, &entry->hash, fail)) {
        struct fail ignored;
        (void)!disk_remove(make->target, PART_PATH, &ignored);
        return fail_at(fail, "copying %s", path);
    }
    backup_hash_text(entry->hash, hash);
    struct str begin = backup_object_begin(path, entry->checksum, make->arena);
    entry->object = str_format(make->arena, "%.*s%s", STR_ARG(begin), hash);
    size_t at = lower_bound(make, entry->object);
    bool known = at < make->object_count && str_equal(make->objects[at], entry->object);
    /* Also over one that is there: the bytes are the same, or were damaged. */
    if (!disk_rename(make->target, PART_PATH, backup_object_path(entry->object, make->arena).data,
                     fail)) {
        return false;
    }
    add(make, entry, !known);
    return true;
}

static bool take_held(struct make *make, struct disk *disk, const struct store_held_file *held,
                      struct fail *fail)
{
    struct backup_entry entry = {
        .path = str_copy(make->arena, str_from_c(held->path)),
        .bytes = held->bytes,
        .checksum = held->checksum,
    };
    bool there = false;
    if (held->checksum != 0 && !find_object(make, &entry, &there, fail)) {
        return false;
    }
    if (there) {
        add(make, &entry, false);
        return true;
    }
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    if (held->content.data == NULL && !disk_open(disk, held->path, DISK_READ, &file, fail)) {
        return false;
    }
    struct backup_bytes from = {.file = file, .content = held->content, .len = held->bytes};
    return copy_object(make, &from, &entry, fail);
}

static bool take_file(struct make *make, const struct backup_file *given, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    struct fail absent = {0};
    struct backup_entry entry = {.path = str_copy(make->arena, str_from_c(given->path))};
    if (!disk_open(given->disk, given->at, DISK_READ, &file, &absent)) {
        if (absent.code != FAIL_ABSENT) {
            *fail = absent;
        }
        return absent.code == FAIL_ABSENT;
    }
    if (!disk_size(file, &entry.bytes, fail)) {
        return false;
    }
    entry.bytes = given->most > 0 && given->most < entry.bytes ? given->most : entry.bytes;
    return copy_object(make, &(struct backup_bytes){.file = file, .len = entry.bytes}, &entry,
                       fail);
}

/* ---- all files ------------------------------------------------------------------------------------------------ */

static bool may_follow(const struct make *make, uint64_t directory, struct fail *fail)
{
    for (size_t i = make->old_count; i-- > 0;) {
        if (make->old[i].damaged == NULL) {
            return make->old[i].directory == directory ||
                   fail_set(fail, FAIL_CONFLICT,
                            "it holds backups of another directory: give each a target of its own");
        }
    }
    return true;
}

static bool prepare(struct make *make, const struct backup_source *source, struct fail *fail)
{
    struct fail ignored;
    if (!disk_make_dir(make->target, BACKUP_OBJECTS, fail) ||
        !disk_make_dir(make->target, BACKUP_GENERATIONS, fail) ||
        !disk_sync_dir(make->target, "", fail) ||
        !backup_list(make->target, make->arena, &make->old, &make->old_count, fail) ||
        !may_follow(make, source->hold->directory, fail)) {
        return false;
    }
    (void)!disk_remove(make->target, PART_PATH, &ignored); /* of one that was cut */
    if (make->old_count >= BACKUP_GENERATIONS_MAX && make->options->keep == 0) {
        return fail_set(fail, FAIL_LIMIT, "it has %d generations: say how many to keep",
                        BACKUP_GENERATIONS_MAX);
    }
    *make->out = (struct backup_generation){
        .number = make->old_count == 0 ? 1 : make->old[make->old_count - 1].number + 1,
        .directory = source->hold->directory,
        .moment_ms = source->moment_ms,
        .version = str_copy(make->arena, source->version),
        .events = source->hold->events,
        .customers = source->hold->customers,
    };
    size_t most = source->hold->count + source->file_count;
    if (most > BACKUP_FILES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the directory has more than %d files", BACKUP_FILES_MAX);
    }
    make->out->entries = arena_array(make->arena, most, sizeof *make->out->entries, fail);
    make->out->folders =
        arena_array(make->arena, source->hold->folder_count, sizeof *make->out->folders, fail);
    for (size_t i = 0; make->out->folders != NULL && i < source->hold->folder_count; i++) {
        make->out->folders[make->out->folder_count++] = str_from_c(source->hold->folders[i]);
    }
    return make->out->folders != NULL && make->out->entries != NULL &&
           disk_list(make->target, BACKUP_OBJECTS, make->arena, &make->objects, &make->object_count,
                     fail);
}

static bool write_list(struct make *make, struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf list = {.limit = BACKUP_LIST_BYTES_MAX};
    return disk_sync_dir(make->target, BACKUP_OBJECTS, fail) &&
           backup_list_encode(make->out, &list, fail) &&
           disk_write_whole(make->target, backup_list_path(make->out->number, make->arena).data,
                            base_buf_view(&list), fail);
}

/* ---- what nobody names any more -------------------------------------------------------------------------------- */

static bool drop_lists(struct make *make, uint64_t keep, size_t *out_first, struct fail *fail)
{
    size_t gone = keep > 0 && make->old_count + 1 > keep ? make->old_count + 1 - (size_t)keep : 0;
    for (size_t i = 0; i < gone; i++) {
        struct str path = backup_list_path(make->old[i].number, make->arena);
        if (!disk_remove(make->target, path.data, fail)) {
            return false;
        }
    }
    *out_first = gone;
    return gone == 0 || disk_sync_dir(make->target, BACKUP_GENERATIONS, fail);
}

static int compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static size_t put_names(struct str *names, const struct backup_generation *generation)
{
    for (size_t i = 0; i < generation->count; i++) {
        names[i] = generation->entries[i].object;
    }
    return generation->count;
}

/* `first`: of the old generations that are still there. */
static bool named(struct make *make, size_t first, struct str **out, size_t *out_count,
                  struct fail *fail)
{
    size_t most = make->out->count, count = 0;
    for (size_t i = first; i < make->old_count; i++) {
        most += make->old[i].count;
    }
    struct str *names = arena_array(make->arena, most, sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    for (size_t i = first; i < make->old_count; i++) {
        count += put_names(names + count, &make->old[i]);
    }
    count += put_names(names + count, make->out);
    qsort(names, count, sizeof *names, compare);
    *out = names;
    *out_count = count;
    return true;
}

static bool sweep(struct make *make, size_t first, struct fail *fail)
{
    struct str *names;
    size_t count;
    for (size_t i = first; i < make->old_count; i++) {
        if (make->old[i].damaged != NULL) {
            return true; /* nobody knows what it names */
        }
    }
    if (!named(make, first, &names, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < make->object_count; i++) {
        if (bsearch(&make->objects[i], names, count, sizeof *names, compare) == NULL &&
            !disk_remove(make->target, backup_object_path(make->objects[i], make->arena).data,
                         fail)) {
            return false;
        }
    }
    return true;
}

bool backup_make(struct disk *target, const struct backup_source *source,
                 const struct backup_options *options, struct arena *arena,
                 struct backup_generation *out, struct fail *fail)
{
    struct backup_generation generation = {0};
    struct make make = {.target = target, .options = options, .arena = arena, .out = &generation};
    size_t first;
    if (!prepare(&make, source, fail)) {
        return false;
    }
    for (size_t i = 0; i < source->file_count; i++) {
        if (!take_file(&make, &source->files[i], fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < source->hold->count; i++) {
        if (!take_held(&make, source->disk, &source->hold->files[i], fail)) {
            return false;
        }
    }
    if (!write_list(&make, fail)) {
        return false;
    }
    *out = generation;
    return (drop_lists(&make, options->keep, &first, fail) && sweep(&make, first, fail)) ||
           fail_at(fail, "the backup was made, but older ones could not be removed");
}
