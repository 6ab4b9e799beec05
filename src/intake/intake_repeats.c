#include "intake_repeats.h"

#include "intake_import.h"

#define SLOTS_FIRST ((size_t)1 << 12)
#define MARK_BYTES sizeof(uint64_t)

/* Most records occur once, so that of each only 64 bits are kept: the table of marks is as small as it can be while it tells
   a hundred million records apart (two of them pass for each other with a chance of 1 in 3,700, and then the later one is
   counted as a repetition: it gets another id, and is lost no more than any other). How often a record occurred
   is kept apart, of those that did so again. Open addressing, linear probing; 0 marks a free slot. */
struct table {
    uint64_t *marks;
    size_t slots; /* a power of two, or 0 */
};
struct count {
    uint64_t mark;
    uint32_t times;
};

struct intake_repeats {
    struct table table;
    size_t used;
    struct count *counts; /* of those that occurred again; open addressing as well */
    size_t count_slots, counted;
    size_t bytes_max;
};

struct intake_repeats *intake_repeats_new(size_t bytes_max)
{
    struct intake_repeats *repeats = base_alloc_zero(sizeof *repeats);
    repeats->bytes_max = bytes_max == 0 ? INTAKE_REPEATS_BYTES : bytes_max;
    return repeats;
}

void intake_repeats_free(struct intake_repeats *repeats)
{
    if (repeats != NULL) {
        base_free(repeats->table.marks);
        base_free(repeats->counts);
        base_free(repeats);
    }
}

static uint64_t mark_of(struct base_hash128 hash)
{
    return hash.low != 0 ? hash.low : 1;
}

/* The slot of the mark, or the free one where it belongs. */
static size_t slot_of(const struct table *table, uint64_t mark)
{
    size_t slot = (size_t)mark & (table->slots - 1);
    while (table->marks[slot] != 0 && table->marks[slot] != mark) {
        slot = (slot + 1) & (table->slots - 1);
    }
    return slot;
}

static bool too_many(const struct intake_repeats *repeats, struct fail *fail)
{
    return fail_set(
        fail, FAIL_LIMIT,
        "%zu different rows without an id are more than may be counted in %zu MB; name the "
        "columns of an id in the map (message_id), or import the file in parts",
        repeats->used, repeats->bytes_max >> 20);
}

static size_t bytes_of(size_t slots, size_t count_slots)
{
    return slots * MARK_BYTES + count_slots * sizeof(struct count);
}

static bool grow(struct intake_repeats *repeats, size_t slots, struct fail *fail)
{
    struct table old = repeats->table;
    struct table wider = {.slots = slots};
    void *marks = NULL;
    if (bytes_of(wider.slots, repeats->count_slots) > repeats->bytes_max) {
        return too_many(repeats, fail);
    }
    if (!base_alloc_spread(wider.slots, MARK_BYTES, &marks, fail)) {
        return false;
    }
    wider.marks = marks;
    memset(marks, 0, wider.slots * MARK_BYTES);
    for (size_t i = 0; i < old.slots; i++) {
        if (old.marks[i] != 0) {
            wider.marks[slot_of(&wider, old.marks[i])] = old.marks[i];
        }
    }
    base_free(old.marks);
    repeats->table = wider;
    return true;
}

void intake_repeats_expect(struct intake_repeats *repeats, uint64_t count)
{
    size_t slots = repeats->table.slots == 0 ? SLOTS_FIRST : repeats->table.slots;
    struct fail ignored; /* then it grows as they come */
    while (count > slots / 8 * 7 &&
           bytes_of(slots * 2, repeats->count_slots) <= repeats->bytes_max) {
        slots *= 2;
    }
    if (slots > repeats->table.slots) {
        (void)!grow(repeats, slots, &ignored);
    }
}

static struct count *count_of(struct count *counts, size_t slots, uint64_t mark)
{
    size_t slot = (size_t)(mark >> 20) & (slots - 1);
    while (counts[slot].mark != 0 && counts[slot].mark != mark) {
        slot = (slot + 1) & (slots - 1);
    }
    return &counts[slot];
}

static bool grow_counts(struct intake_repeats *repeats, struct fail *fail)
{
    size_t slots = repeats->count_slots == 0 ? SLOTS_FIRST : repeats->count_slots * 2;
    void *block = NULL;
    if (bytes_of(repeats->table.slots, slots) > repeats->bytes_max) {
        return too_many(repeats, fail);
    }
    if (!base_alloc_array(slots, sizeof(struct count), &block, fail)) {
        return false;
    }
    struct count *counts = block;
    memset(counts, 0, slots * sizeof *counts);
    for (size_t i = 0; i < repeats->count_slots; i++) {
        if (repeats->counts[i].mark != 0) {
            *count_of(counts, slots, repeats->counts[i].mark) = repeats->counts[i];
        }
    }
    base_free(repeats->counts);
    repeats->counts = counts;
    repeats->count_slots = slots;
    return true;
}

/* One more of a record that occurred before. */
static bool count_again(struct intake_repeats *repeats, uint64_t mark, uint32_t *out_nth,
                        struct fail *fail)
{
    if (repeats->counted + 1 > repeats->count_slots / 8 * 7 && !grow_counts(repeats, fail)) {
        return false;
    }
    struct count *count = count_of(repeats->counts, repeats->count_slots, mark);
    if (count->mark == 0) {
        *count = (struct count){mark, 1};
        repeats->counted++;
    }
    if (count->times == UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "one row occurs more than %u times", UINT32_MAX);
    }
    *out_nth = ++count->times;
    return true;
}

void intake_repeats_soon(const struct intake_repeats *repeats, struct base_hash128 hash)
{
    const struct table *table = &repeats->table;
    if (table->slots > 0) {
        __builtin_prefetch(&table->marks[(size_t)mark_of(hash) & (table->slots - 1)]);
    }
}

bool intake_repeats_count(struct intake_repeats *repeats, struct base_hash128 hash,
                          uint32_t *out_nth, struct fail *fail)
{
    struct table *table = &repeats->table;
    uint64_t mark = mark_of(hash);
    size_t slot = table->slots > 0 ? slot_of(table, mark) : 0;
    if (table->slots > 0 && table->marks[slot] == mark) {
        return count_again(repeats, mark, out_nth, fail);
    }
    if (repeats->used + 1 > table->slots / 8 * 7) {
        if (!grow(repeats, table->slots == 0 ? SLOTS_FIRST : table->slots * 2, fail)) {
            return false;
        }
        slot = slot_of(table, mark);
    }
    table->marks[slot] = mark;
    repeats->used++;
    *out_nth = 1;
    return true;
}
