/* Reading back: every list, and every object that a list names, once. */
#include "backup_internal.h"

#include <stdlib.h>

bool backup_read(struct disk *target, const struct backup_generation *generation, const char *path,
                 size_t most, struct arena *arena, struct str *out, bool *out_there,
                 struct fail *fail)
{
    *out_there = false;
    for (size_t i = 0; i < generation->count && !*out_there; i++) {
        const struct backup_entry *entry = &generation->entries[i];
        if (!str_is(entry->path, path)) {
            continue;
        }
        const char *object = backup_object_path(entry->object, arena).data;
        if (!disk_read_whole(target, object, arena, most, out, fail)) {
            return false;
        }
        if (!backup_hash_equal(base_hash128(out->data, out->len, 0), entry->hash)) {
            return fail_set(fail, FAIL_CORRUPT,
                            "%s is damaged: its bytes are not those that were written", object);
        }
        *out_there = true;
    }
    return true;
}

struct verify {
    struct disk *target;
    struct base_cancel *cancel;
    void (*problem)(void *context, const char *path, const char *what);
    void *context;
    struct arena *arena;
    struct backup_verify_result result;
};

static void report(struct verify *verify, const char *path, const char *what)
{
    verify->result.problems++;
    verify->problem(verify->context, path, what);
}

static int compare(const void *a, const void *b)
{
    const struct backup_entry *const *x = a, *const *y = b;
    return str_compare((*x)->object, (*y)->object);
}

static bool check_objects(struct verify *verify, const struct backup_entry **entries, size_t count,
                          struct fail *fail)
{
    qsort(entries, count, sizeof *entries, compare);
    for (size_t i = 0; i < count; i++) {
        const struct backup_entry *entry = entries[i];
        const char *problem = NULL;
        if (i > 0 && str_equal(entry->object, entries[i - 1]->object)) {
            continue;
        }
        if (!backup_object_check(verify->target, entry, verify->cancel, &problem, fail)) {
            return false;
        }
        verify->result.objects++;
        verify->result.bytes += entry->bytes;
        if (problem != NULL) {
            report(verify, backup_object_path(entry->object, verify->arena).data, problem);
        }
    }
    return true;
}

bool backup_verify(struct disk *target, uint64_t number, struct base_cancel *cancel,
                   void (*problem)(void *context, const char *path, const char *what),
                   void *context, struct backup_verify_result *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct verify verify = {target, cancel, problem, context, arena, {0}};
    struct backup_generation *all;
    size_t count, entries = 0, put = 0;
    if (!backup_list(target, arena, &all, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (number != 0 && all[i].number != number) {
            continue;
        }
        verify.result.generations++;
        entries += all[i].count;
        if (all[i].damaged != NULL) {
            report(&verify, backup_list_path(all[i].number, arena).data, all[i].damaged);
        }
    }
    if (number != 0 && verify.result.generations == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is no generation %llu",
                        (unsigned long long)number);
    }
    const struct backup_entry **of =
        arena_array(arena, entries, sizeof(struct backup_entry *), fail);
    if (of == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < all[i].count && (number == 0 || all[i].number == number); k++) {
            of[put++] = &all[i].entries[k];
        }
    }
    if (!check_objects(&verify, of, put, fail)) {
        return false;
    }
    *out = verify.result;
    return true;
}
