/* What becomes durable: by a sync, by one that fails, and by a power cut. */
#include "disk_sim_internal.h"

static void drop_changes(struct sim_node *file)
{
    for (size_t i = 0; i < file->change_count; i++) {
        base_free(file->changes[i].data);
    }
    file->change_count = 0;
}

void sim_sync_file(struct sim_node *file)
{
    for (size_t i = 0; i < file->change_count; i++) {
        const struct sim_change *change = &file->changes[i];
        if (change->data == NULL) {
            sim_resize(&file->durable_bytes, change->offset);
        } else {
            sim_write(&file->durable_bytes, change->offset, change->data, change->len);
        }
    }
    drop_changes(file);
}

static bool chance(struct base_random *random, uint64_t in_four)
{
    return base_random_below(random, 4) < in_four;
}

/* Sectors of one write; the rest keeps what was there, or is zeros where the file only grew. */
static void write_torn(struct sim_bytes *to, const struct sim_change *change, bool whole,
                       struct base_random *random)
{
    size_t at = 0;
    while (at < change->len) {
        uint64_t offset = change->offset + at;
        size_t part = DISK_SIM_SECTOR_BYTES - (size_t)(offset % DISK_SIM_SECTOR_BYTES);
        part = part < change->len - at ? part : change->len - at;
        if (whole || chance(random, 2)) {
            sim_write(to, offset, change->data + at, part);
        }
        at += part;
    }
}

static void grow_only(struct sim_bytes *to, const struct sim_change *change)
{
    uint64_t end = change->offset + change->len;
    if (end > to->len) {
        sim_resize(to, end);
    }
}

/* Some of the changes, none of them a truncation, in any order; all of them with four in four. */
static void write_some(struct sim_bytes *into, const struct sim_change *changes, size_t count,
                       uint64_t in_four, struct base_random *random)
{
    size_t *order = NULL, capacity = 0;
    void *block = NULL;
    sim_reserve(&block, &capacity, count, sizeof *order);
    order = block;
    for (size_t i = 0; i < count; i++) {
        size_t j = (size_t)base_random_below(random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (size_t i = 0; i < count; i++) {
        const struct sim_change *change = &changes[order[i]];
        if (chance(random, in_four)) {
            write_torn(into, change, in_four == 4 || chance(random, 2), random);
            if (chance(random, 2)) {
                grow_only(into, change);
            }
        } else if (in_four > 0 && chance(random, 1)) {
            grow_only(into, change);
        }
    }
    base_free(order);
}

/* What a cut leaves of a file. `into` holds the durable bytes. */
static void change_some(struct sim_bytes *into, const struct sim_node *file,
                        struct base_random *random)
{
    uint64_t in_four = base_random_below(random, 5);
    size_t begin = 0;
    while (begin < file->change_count) {
        size_t end = begin;
        while (end < file->change_count && file->changes[end].data != NULL) {
            end++;
        }
        write_some(into, file->changes + begin, end - begin, in_four, random);
        if (end == file->change_count || !chance(random, in_four)) {
            return; /* what follows a truncation that did not happen is lost */
        }
        sim_resize(into, file->changes[end].offset);
        begin = end + 1;
    }
}

void sim_lose_some(struct disk_sim *sim, struct sim_node *file)
{
    change_some(&file->durable_bytes, file, &sim->random.random);
    drop_changes(file);
}

/* ---- folders ------------------------------------------------------------------------------------ */

static size_t position_of(const struct sim_steps *steps, const struct sim_step *step)
{
    size_t i = 0;
    while (i < steps->count && steps->items[i] != step) {
        i++;
    }
    return i;
}

static void drop_first(struct sim_steps *steps, size_t count)
{
    for (size_t i = count; i < steps->count; i++) {
        steps->items[i - count] = steps->items[i];
    }
    steps->count -= count;
}

/* The first `count` steps become durable, in both folders of renames that cross. */
static void commit(struct sim_node *dir, size_t count)
{
    while (count > 0) {
        struct sim_step *step = dir->steps.items[0];
        drop_first(&dir->steps, 1);
        count--;
        struct sim_node *other = step->from_dir == dir ? step->to_dir : step->from_dir;
        if (other != dir) { /* what comes before it there happens before it */
            commit(other, position_of(&other->steps, step));
            drop_first(&other->steps, 1);
        }
        sim_do_step(step, true, NULL);
    }
}

void sim_sync_dir(struct sim_node *dir)
{
    commit(dir, dir->steps.count);
}

/* Chooses how many steps of each folder happen; a rename between two happens in both or in neither. */
static void choose_steps(struct disk_sim *sim, struct base_random *random)
{
    for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        node->kept = (size_t)base_random_below(random, node->steps.count + 1);
    }
    bool changed = true;
    while (changed) {
        changed = false;
        for (struct sim_node *dir = sim->nodes; dir != NULL; dir = dir->next) {
            for (size_t i = 0; i < dir->kept; i++) {
                struct sim_step *step = dir->steps.items[i];
                struct sim_node *other = step->from_dir == dir ? step->to_dir : step->from_dir;
                if (other != dir && position_of(&other->steps, step) >= other->kept) {
                    dir->kept = i;
                    changed = true;
                }
            }
        }
    }
}

static void copy_dir(struct disk_sim *to, struct sim_node *into, const struct sim_node *dir,
                     struct base_random *random);

static struct sim_node *copy_node(struct disk_sim *to, const struct sim_node *node,
                                  struct base_random *random)
{
    struct sim_node *copy = sim_add_node(to, node->is_dir);
    if (node->is_dir) {
        copy_dir(to, copy, node, random);
        return copy;
    }
    sim_write(&copy->durable_bytes, 0, node->durable_bytes.data, node->durable_bytes.len);
    change_some(&copy->durable_bytes, node, random);
    sim_write(&copy->bytes, 0, copy->durable_bytes.data, copy->durable_bytes.len);
    to->used += copy->bytes.len;
    return copy;
}

/* `into` becomes what the cut leaves of `dir`: its durable entries and the steps that were kept. */
static void copy_dir(struct disk_sim *to, struct sim_node *into, const struct sim_node *dir,
                     struct base_random *random)
{
    struct sim_node left = {.is_dir = true};
    for (size_t i = 0; i < dir->durable_entries.count; i++) {
        const struct sim_entry *entry = &dir->durable_entries.items[i];
        sim_put(&left.durable_entries, entry->name, entry->node);
    }
    for (size_t i = 0; i < dir->kept; i++) {
        struct sim_step step = *dir->steps.items[i];
        step.from_dir = step.from_dir == dir ? &left : NULL;
        step.to_dir = step.to_dir == dir ? &left : NULL;
        sim_do_step(&step, true, &left);
    }
    for (size_t i = 0; i < left.durable_entries.count; i++) {
        struct sim_entry *entry = &left.durable_entries.items[i];
        struct sim_node *copy = copy_node(to, entry->node, random);
        sim_put(&into->entries, entry->name, copy);
        sim_put(&into->durable_entries, entry->name, copy);
        base_free(entry->name);
    }
    base_free(left.durable_entries.items);
}

struct disk_sim *disk_sim_cut(struct disk_sim *sim, uint64_t seed)
{
    struct base_random_seeded random;
    base_random_seed(&random, seed);
    struct disk_sim *after = disk_sim_new(seed);
    base_lock(&sim->lock);
    after->capacity = sim->capacity;
    choose_steps(sim, &random.random);
    copy_dir(after, after->root, sim->root, &random.random);
    base_unlock(&sim->lock);
    return after;
}

/* The sum over a folder's names: their order says nothing. */
static uint64_t dir_sum(const struct sim_node *dir)
{
    uint64_t sum = dir->durable_entries.count;
    for (size_t i = 0; i < dir->durable_entries.count; i++) {
        const struct sim_entry *entry = &dir->durable_entries.items[i];
        const struct sim_node *node = entry->node;
        uint64_t name = base_hash64(entry->name, strlen(entry->name), node->is_dir);
        uint64_t inside = node->is_dir
                              ? dir_sum(node)
                              : base_hash64(node->durable_bytes.data, node->durable_bytes.len, 0);
        uint64_t both[2] = {name, inside};
        sum += base_hash64(both, sizeof both, 0);
    }
    return sum;
}

uint64_t disk_sim_digest(struct disk_sim *sim)
{
    base_lock(&sim->lock);
    uint64_t sum = dir_sum(sim->root);
    base_unlock(&sim->lock);
    return sum;
}
