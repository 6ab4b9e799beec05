/* The calls of the simulated disk, over what the running program sees. */
#include "disk_sim_internal.h"

#include <stdlib.h>

struct sim_file {
    struct disk_file file;
    struct sim_node *node;
    bool writable;
    char *path;
};

/* ---- states ------------------------------------------------------------------------------------- */

struct disk_sim *sim_of(struct disk *disk)
{
    return (struct disk_sim *)disk;
}

void sim_reserve(void **items, size_t *capacity, size_t needed, size_t size)
{
    if (needed >
        *capacity) { /* from the heap itself: what fails in base_mem.h for a test does not fail here */
        size_t larger = needed > 2 * *capacity ? needed : 2 * *capacity;
        void *block = reallocarray(*items, larger, size);
        INVARIANT(block != NULL);
        *items = block;
        *capacity = larger;
    }
}

char *sim_copy_text(struct str text)
{
    char *copy = base_alloc_zero(text.len + 1);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

struct sim_node *sim_add_node(struct disk_sim *sim, bool is_dir)
{
    struct sim_node *node = base_alloc_zero(sizeof *node);
    node->is_dir = is_dir;
    node->next = sim->nodes;
    sim->nodes = node;
    return node;
}

void sim_resize(struct sim_bytes *bytes, uint64_t len)
{
    void *data = bytes->data;
    sim_reserve(&data, &bytes->capacity, (size_t)len, 1);
    bytes->data = data;
    if (len > bytes->len) {
        memset(bytes->data + bytes->len, 0, (size_t)len - bytes->len);
    }
    bytes->len = (size_t)len;
}

void sim_write(struct sim_bytes *bytes, uint64_t offset, const void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    if (offset + len > bytes->len) {
        sim_resize(bytes, offset + len);
    }
    memcpy(bytes->data + offset, data, len);
}

struct sim_entry *sim_find(struct sim_entries *entries, struct str name)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (str_is(name, entries->items[i].name)) {
            return &entries->items[i];
        }
    }
    return NULL;
}

void sim_put(struct sim_entries *entries, const char *name, struct sim_node *node)
{
    struct sim_entry *there = sim_find(entries, str_from_c(name));
    if (there != NULL) {
        there->node = node;
        return;
    }
    void *items = entries->items;
    sim_reserve(&items, &entries->capacity, entries->count + 1, sizeof *entries->items);
    entries->items = items;
    entries->items[entries->count++] =
        (struct sim_entry){.name = sim_copy_text(str_from_c(name)), .node = node};
}

void sim_drop(struct sim_entries *entries, const char *name)
{
    struct sim_entry *there = sim_find(entries, str_from_c(name));
    if (there != NULL) {
        base_free(there->name);
        *there = entries->items[--entries->count];
    }
}

void sim_do_step(struct sim_step *step, bool durable, const struct sim_node *only)
{
    struct sim_node *from = step->from_dir, *to = step->to_dir;
    if (step->kind != STEP_ADD && (only == NULL || from == only)) {
        sim_drop(durable ? &from->durable_entries : &from->entries, step->from);
    }
    if (step->kind != STEP_REMOVE && (only == NULL || to == only)) {
        sim_put(durable ? &to->durable_entries : &to->entries, step->to, step->node);
    }
}

static void queue(struct sim_steps *steps, struct sim_step *step)
{
    void *items = steps->items;
    sim_reserve(&items, &steps->capacity, steps->count + 1, sizeof *steps->items);
    steps->items = items;
    steps->items[steps->count++] = step;
}

/* Does a step before the program's eyes, and queues it for the folders' syncs. */
static void add_step(struct disk_sim *sim, const struct sim_step *model)
{
    struct sim_step *step = base_alloc_zero(sizeof *step);
    *step = *model;
    struct sim_steps all = {sim->steps, sim->step_count, sim->step_capacity};
    queue(&all, step);
    sim->steps = all.items;
    sim->step_count = all.count;
    sim->step_capacity = all.capacity;
    queue(&step->from_dir->steps, step);
    if (step->to_dir != step->from_dir) {
        queue(&step->to_dir->steps, step);
    }
    sim_do_step(step, false, NULL);
}

static void add_change(struct sim_node *file, uint64_t offset, const void *data, size_t len)
{
    struct sim_change change = {.offset = offset, .len = len};
    if (data != NULL) {
        change.data = base_alloc_zero(len);
        memcpy(change.data, data, len);
    }
    void *items = file->changes;
    sim_reserve(&items, &file->change_capacity, file->change_count + 1, sizeof change);
    file->changes = items;
    file->changes[file->change_count++] = change;
}

/* ---- faults and paths --------------------------------------------------------------------------- */

static bool say(struct fail *fail, enum fail_code code, const char *path, const char *reason)
{
    return fail_set(fail, code, "%s on the simulated disk: %s", path, reason);
}

/* Counts a call. False when it has to fail; *out_half when a write then writes half. */
static bool allowed(struct disk_sim *sim, bool change, const char *path, bool *out_half,
                    struct fail *fail)
{
    *out_half = false;
    sim->changes += change ? 1 : 0;
    sim->calls++;
    if (sim->off) {
        return say(fail, FAIL_IO, path, "the power is off");
    }
    if (sim->fault.at == 0 || (!change && !sim->fault.any_call)) {
        return true;
    }
    if (--sim->fault.at > 0) {
        return true;
    }
    sim->fault.at = sim->fault.for_good ? 1 : 0;
    sim->fault_happened = true;
    sim->off = sim->fault.kind == DISK_SIM_OFF;
    *out_half = true;
    return sim->fault.kind == DISK_SIM_ENOSPC ? say(fail, FAIL_LIMIT, path, "no room (asked for)")
                                              : say(fail, FAIL_IO, path, "broken (asked for)");
}

/* Before a call that changes the disk, without the lock. */
static void tell(struct disk_sim *sim)
{
    if (sim->before != NULL) {
        sim->before(sim->before_context);
    }
}

void disk_sim_watch(struct disk_sim *sim, void (*before)(void *context), void *context)
{
    sim->before = before;
    sim->before_context = context;
}

/* The folder that a path's last part lies in, and that part; NULL when there is no such folder. */
static struct sim_node *find_dir(struct disk_sim *sim, const char *path, struct str *last)
{
    struct sim_node *dir = sim->root;
    struct str rest = str_from_c(path), part = STR("");
    while (str_next_part(&rest, '/', &part) && rest.data != NULL) {
        struct sim_entry *entry = sim_find(&dir->entries, part);
        if (entry == NULL || !entry->node->is_dir) {
            return NULL;
        }
        dir = entry->node;
    }
    *last = part;
    return dir;
}

static struct sim_node *find_node(struct disk_sim *sim, const char *path)
{
    struct str last;
    if (path[0] == '\0') {
        return sim->root;
    }
    struct sim_node *dir = find_dir(sim, path, &last);
    struct sim_entry *entry = dir == NULL ? NULL : sim_find(&dir->entries, last);
    return entry == NULL ? NULL : entry->node;
}

static bool is_absent(struct fail *fail, const char *path)
{
    return say(fail, FAIL_ABSENT, path, "no such file or folder");
}

/* ---- files -------------------------------------------------------------------------------------- */

static struct sim_file *file_of(struct disk_file *file)
{
    return (struct sim_file *)file;
}

static bool open_locked(struct disk_sim *sim, const char *path, enum disk_open_flags how,
                        struct sim_node **out, struct fail *fail)
{
    struct str name;
    struct sim_node *dir = find_dir(sim, path, &name), *node = find_node(sim, path);
    bool makes = how == DISK_CREATE_NEW || (how == DISK_CREATE && node == NULL);
    bool half;
    if (!allowed(sim, makes, path, &half, fail)) {
        return false;
    }
    if (dir == NULL || (node == NULL && !makes)) {
        return is_absent(fail, path);
    }
    if (node != NULL && how == DISK_CREATE_NEW) {
        return say(fail, FAIL_CONFLICT, path, "exists");
    }
    if (node != NULL && node->is_dir) {
        return say(fail, FAIL_IO, path, "is a folder");
    }
    if (makes) {
        node = sim_add_node(sim, false);
        add_step(sim, &(struct sim_step){.kind = STEP_ADD,
                                         .from_dir = dir,
                                         .to_dir = dir,
                                         .node = node,
                                         .to = sim_copy_text(name)});
    }
    *out = node;
    return true;
}

static bool sim_open(struct disk *disk, const char *path, enum disk_open_flags how,
                     struct disk_file **out, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    struct sim_node *node = NULL;
    if (how == DISK_CREATE || how == DISK_CREATE_NEW) {
        tell(sim);
    }
    base_lock(&sim->lock);
    bool done = open_locked(sim, path, how, &node, fail);
    base_unlock(&sim->lock);
    if (done) {
        struct sim_file *file = base_alloc_zero(sizeof *file);
        file->file.disk = disk;
        file->node = node;
        file->writable = how != DISK_READ;
        file->path = sim_copy_text(str_from_c(path));
        *out = &file->file;
    }
    return done;
}

static void sim_close(struct disk_file *file)
{
    base_free(file_of(file)->path);
    base_free(file);
}

static bool sim_read_at(struct disk_file *file, uint64_t offset, void *into, size_t len,
                        size_t *out_read, struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    const struct sim_bytes *bytes = &file_of(file)->node->bytes;
    bool half;
    base_lock(&sim->lock);
    bool done = allowed(sim, false, file_of(file)->path, &half, fail);
    if (done) {
        size_t left = offset < bytes->len ? bytes->len - (size_t)offset : 0;
        *out_read = len < left ? len : left;
        if (*out_read > 0) {
            memcpy(into, bytes->data + offset, *out_read);
        }
    }
    base_unlock(&sim->lock);
    return done;
}

/* Writes what fits on the disk. */
static bool write_locked(struct disk_sim *sim, struct sim_file *file, uint64_t offset,
                         const void *from, size_t len, struct fail *fail)
{
    struct sim_node *node = file->node;
    uint64_t end = offset + len;
    uint64_t grows = end > node->bytes.len ? end - node->bytes.len : 0;
    uint64_t left = sim->capacity > sim->used ? sim->capacity - sim->used : 0;
    uint64_t lacks = grows > left ? grows - left : 0;
    size_t fits = lacks > len ? 0 : len - (size_t)lacks;
    if (fits > 0) {
        size_t before = node->bytes.len;
        sim_write(&node->bytes, offset, from, fits);
        sim->used += node->removed ? 0 : node->bytes.len - before;
        add_change(node, offset, from, fits);
    }
    return fits == len || say(fail, FAIL_LIMIT, file->path, "no room");
}

static bool sim_write_at(struct disk_file *file, uint64_t offset, const void *from, size_t len,
                         struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    struct sim_file *open = file_of(file);
    bool half;
    INVARIANT(open->writable && offset + len >= offset);
    tell(sim);
    base_lock(&sim->lock);
    bool done = allowed(sim, true, open->path, &half, fail);
    if (done) {
        done = write_locked(sim, open, offset, from, len, fail);
    } else if (half) {
        struct fail ignored;
        (void)!write_locked(sim, open, offset, from, len / 2, &ignored);
    }
    base_unlock(&sim->lock);
    return done;
}

static bool sim_truncate(struct disk_file *file, uint64_t len, struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    struct sim_node *node = file_of(file)->node;
    bool half;
    INVARIANT(file_of(file)->writable);
    tell(sim);
    base_lock(&sim->lock);
    bool done = allowed(sim, true, file_of(file)->path, &half, fail);
    if (done) {
        if (!node->removed) {
            sim->used = sim->used - node->bytes.len + len;
        }
        sim_resize(&node->bytes, len);
        add_change(node, len, NULL, 0);
    }
    base_unlock(&sim->lock);
    return done;
}

static bool sim_reserve_room(struct disk_file *file, uint64_t len, struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    bool half;
    tell(sim);
    base_lock(&sim->lock);
    size_t now = file_of(file)->node->bytes.len;
    bool done = allowed(sim, true, file_of(file)->path, &half, fail);
    if (done && len > now && (sim->used > sim->capacity || len - now > sim->capacity - sim->used)) {
        done = say(fail, FAIL_LIMIT, file_of(file)->path, "no room");
    }
    base_unlock(&sim->lock);
    return done;
}

static bool sim_sync(struct disk_file *file, struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    bool half;
    tell(sim);
    base_lock(&sim->lock);
    bool done = allowed(sim, true, file_of(file)->path, &half, fail);
    if (done) {
        sim_sync_file(file_of(file)->node);
    } else if (half && !sim->off) {
        sim_lose_some(sim, file_of(file)->node);
    }
    base_unlock(&sim->lock);
    return done;
}

static bool sim_size(struct disk_file *file, uint64_t *out, struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    bool half;
    base_lock(&sim->lock);
    bool done = allowed(sim, false, file_of(file)->path, &half, fail);
    if (done) {
        *out = file_of(file)->node->bytes.len;
    }
    base_unlock(&sim->lock);
    return done;
}

static bool sim_map(struct disk_file *file, struct disk_view *out, struct fail *fail)
{
    struct disk_sim *sim = sim_of(file->disk);
    const struct sim_bytes *bytes = &file_of(file)->node->bytes;
    bool half;
    base_lock(&sim->lock);
    bool done = allowed(sim, false, file_of(file)->path, &half, fail);
    if (done) {
        /* Of the very length, so that a sanitizer sees who reads past it. */
        uint8_t *copy = base_alloc_zero(bytes->len);
        if (bytes->len > 0) {
            memcpy(copy, bytes->data, bytes->len);
        }
        *out = (struct disk_view){.data = copy, .len = bytes->len};
    }
    base_unlock(&sim->lock);
    return done;
}

static void sim_unmap(struct disk *disk, struct disk_view *view)
{
    (void)disk;
    void *data;
    memcpy(&data, &view->data, sizeof data);
    base_free(data);
}

/* ---- folders ------------------------------------------------------------------------------------ */

/* The last name of a file goes. */
static void release(struct disk_sim *sim, struct sim_node *file)
{
    sim->used -= file->bytes.len;
    file->removed = true;
}

static bool rename_locked(struct disk_sim *sim, const char *from, const char *to, struct fail *fail)
{
    struct str from_name, to_name;
    struct sim_node *from_dir = find_dir(sim, from, &from_name), *node = find_node(sim, from);
    struct sim_node *to_dir = find_dir(sim, to, &to_name), *there = find_node(sim, to);
    bool half;
    if (!allowed(sim, true, from, &half, fail)) {
        return false;
    }
    if (from_dir == NULL || node == NULL || to_dir == NULL) {
        return is_absent(fail, node == NULL ? from : to);
    }
    if (there == node) {
        return true;
    }
    if (there != NULL && (there->is_dir || node->is_dir)) {
        return say(fail, FAIL_IO, to, "a folder is in the way");
    }
    if (there != NULL) {
        release(sim, there);
    }
    add_step(sim, &(struct sim_step){.kind = STEP_RENAME,
                                     .from_dir = from_dir,
                                     .to_dir = to_dir,
                                     .node = node,
                                     .from = sim_copy_text(from_name),
                                     .to = sim_copy_text(to_name)});
    return true;
}

static bool sim_rename(struct disk *disk, const char *from, const char *to, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    tell(sim);
    base_lock(&sim->lock);
    bool done = rename_locked(sim, from, to, fail);
    base_unlock(&sim->lock);
    return done;
}

static bool remove_locked(struct disk_sim *sim, const char *path, struct fail *fail)
{
    struct str name;
    struct sim_node *dir = find_dir(sim, path, &name), *node = find_node(sim, path);
    bool half;
    if (!allowed(sim, true, path, &half, fail)) {
        return false;
    }
    if (node == NULL) {
        return is_absent(fail, path);
    }
    if (node->is_dir) {
        return say(fail, FAIL_IO, path, "is a folder");
    }
    release(sim, node);
    add_step(sim,
             &(struct sim_step){
                 .kind = STEP_REMOVE, .from_dir = dir, .to_dir = dir, .from = sim_copy_text(name)});
    return true;
}

static bool sim_remove(struct disk *disk, const char *path, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    tell(sim);
    base_lock(&sim->lock);
    bool done = remove_locked(sim, path, fail);
    base_unlock(&sim->lock);
    return done;
}

static bool make_dir_locked(struct disk_sim *sim, const char *path, struct fail *fail)
{
    struct str name;
    struct sim_node *dir = find_dir(sim, path, &name), *node = find_node(sim, path);
    bool half;
    if (!allowed(sim, true, path, &half, fail)) {
        return false;
    }
    if (dir == NULL) {
        return is_absent(fail, path);
    }
    if (node != NULL) {
        return node->is_dir || say(fail, FAIL_CONFLICT, path, "a file is in the way");
    }
    add_step(sim, &(struct sim_step){.kind = STEP_ADD,
                                     .from_dir = dir,
                                     .to_dir = dir,
                                     .node = sim_add_node(sim, true),
                                     .to = sim_copy_text(name)});
    return true;
}

static bool sim_make_dir(struct disk *disk, const char *path, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    tell(sim);
    base_lock(&sim->lock);
    bool done = make_dir_locked(sim, path, fail);
    base_unlock(&sim->lock);
    return done;
}

/* The folder of a call; counts the call. */
static struct sim_node *dir_locked(struct disk_sim *sim, bool change, const char *path,
                                   struct fail *fail)
{
    bool half;
    if (!allowed(sim, change, path, &half, fail)) {
        return NULL;
    }
    struct sim_node *dir = find_node(sim, path);
    if (dir == NULL) {
        is_absent(fail, path);
    } else if (!dir->is_dir) {
        say(fail, FAIL_IO, path, "is a file");
        return NULL;
    }
    return dir;
}

static bool sim_sync_folder(struct disk *disk, const char *path, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    tell(sim);
    base_lock(&sim->lock);
    struct sim_node *dir = dir_locked(sim, true, path, fail);
    if (dir != NULL) {
        sim_sync_dir(dir);
    }
    base_unlock(&sim->lock);
    return dir != NULL;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool list_locked(struct disk_sim *sim, const char *path, struct arena *arena,
                        struct str **out, size_t *out_count, struct fail *fail)
{
    struct sim_node *dir = dir_locked(sim, false, path, fail);
    if (dir == NULL) {
        return false;
    }
    struct str *names = arena_array(arena, dir->entries.count, sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < dir->entries.count; i++) {
        if (!dir->entries.items[i].node->is_dir) {
            names[count++] = str_copy(arena, str_from_c(dir->entries.items[i].name));
        }
    }
    qsort(names, count, sizeof *names, compare_names);
    *out = names;
    *out_count = count;
    return true;
}

static bool sim_list(struct disk *disk, const char *path, struct arena *arena, struct str **out,
                     size_t *out_count, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    base_lock(&sim->lock);
    bool done = list_locked(sim, path, arena, out, out_count, fail);
    base_unlock(&sim->lock);
    return done;
}

static bool sim_measure(struct disk *disk, struct disk_room *out, struct fail *fail)
{
    struct disk_sim *sim = sim_of(disk);
    bool half;
    base_lock(&sim->lock);
    bool done = allowed(sim, false, "free room", &half, fail);
    if (done) {
        out->free_bytes = sim->capacity > sim->used ? sim->capacity - sim->used : 0;
        out->total_bytes = sim->capacity;
    }
    base_unlock(&sim->lock);
    return done;
}

/* ---- the disk ----------------------------------------------------------------------------------- */

static void free_entries(struct sim_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        base_free(entries->items[i].name);
    }
    base_free(entries->items);
}

static void free_node(struct sim_node *node)
{
    for (size_t i = 0; i < node->change_count; i++) {
        base_free(node->changes[i].data);
    }
    base_free(node->changes);
    base_free(node->bytes.data);
    base_free(node->durable_bytes.data);
    free_entries(&node->entries);
    free_entries(&node->durable_entries);
    base_free(node->steps.items);
    base_free(node);
}

static void sim_destroy(struct disk *disk)
{
    struct disk_sim *sim = sim_of(disk);
    while (sim->nodes != NULL) {
        struct sim_node *node = sim->nodes;
        sim->nodes = node->next;
        free_node(node);
    }
    for (size_t i = 0; i < sim->step_count; i++) {
        base_free(sim->steps[i]->from);
        base_free(sim->steps[i]->to);
        base_free(sim->steps[i]);
    }
    base_free(sim->steps);
    base_mutex_done(&sim->lock);
    base_free(sim);
}

struct disk_sim *disk_sim_new(uint64_t seed)
{
    static const struct disk_calls calls = {
        .destroy = sim_destroy,
        .open = sim_open,
        .close = sim_close,
        .read_at = sim_read_at,
        .write_at = sim_write_at,
        .truncate = sim_truncate,
        .reserve = sim_reserve_room,
        .sync = sim_sync,
        .size = sim_size,
        .map = sim_map,
        .unmap = sim_unmap,
        .rename = sim_rename,
        .remove = sim_remove,
        .make_dir = sim_make_dir,
        .sync_dir = sim_sync_folder,
        .list = sim_list,
        .measure = sim_measure,
    };
    struct disk_sim *sim = base_alloc_zero(sizeof *sim);
    sim->disk.calls = &calls;
    base_mutex_init(&sim->lock);
    base_random_seed(&sim->random, seed);
    sim->capacity = UINT64_C(1) << 40;
    sim->root = sim_add_node(sim, true);
    return sim;
}

void disk_sim_free(struct disk_sim *sim)
{
    if (sim != NULL) {
        disk_free(&sim->disk);
    }
}

struct disk *disk_sim_disk(struct disk_sim *sim)
{
    return &sim->disk;
}

void disk_sim_fail(struct disk_sim *sim, const struct disk_sim_fault *fault)
{
    base_lock(&sim->lock);
    sim->fault = fault == NULL ? (struct disk_sim_fault){0} : *fault;
    sim->fault_happened = false;
    sim->off = false;
    base_unlock(&sim->lock);
}

bool disk_sim_fault_happened(struct disk_sim *sim)
{
    base_lock(&sim->lock);
    bool happened = sim->fault_happened;
    base_unlock(&sim->lock);
    return happened;
}

uint64_t disk_sim_changes(struct disk_sim *sim)
{
    base_lock(&sim->lock);
    uint64_t changes = sim->changes;
    base_unlock(&sim->lock);
    return changes;
}

uint64_t disk_sim_calls(struct disk_sim *sim)
{
    base_lock(&sim->lock);
    uint64_t calls = sim->calls;
    base_unlock(&sim->lock);
    return calls;
}

void disk_sim_set_capacity(struct disk_sim *sim, uint64_t bytes)
{
    base_lock(&sim->lock);
    sim->capacity = bytes;
    base_unlock(&sim->lock);
}
