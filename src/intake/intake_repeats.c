#include "intake_repeats.h"

#include "base_checked.h"

#define REPEATS_BYTES_MAX ((size_t)1 << 30)
#define SLOTS_FIRST ((size_t)1 << 12)
#define SLOT_BYTES (sizeof(struct base_hash128) + sizeof(uint32_t))

/* Open addressing, linear probing; a count of 0 marks a free slot. */
struct table {
    struct base_hash128 *hashes;
    uint32_t *counts;
    size_t slots; /* a power of two, or 0 */
};

struct intake_repeats {
    struct table table;
    size_t used;
    size_t bytes_max;
};

struct intake_repeats *intake_repeats_new(size_t bytes_max)
{
    struct intake_repeats *repeats = base_alloc_zero(sizeof *repeats);
    repeats->bytes_max = bytes_max == 0 ? REPEATS_BYTES_MAX : bytes_max;
    return repeats;
}

static void table_done(struct table *table)
{
    base_free(table->hashes);
    base_free(table->counts);
}

void intake_repeats_free(struct intake_repeats *repeats)
{
    if (repeats != NULL) {
        table_done(&repeats->table);
        base_free(repeats);
    }
}

/* The slot of the hash, or the free one where it belongs. */
static size_t slot_of(const struct table *table, struct base_hash128 hash)
{
    size_t slot = (size_t)hash.low & (table->slots - 1);
    while (table->counts[slot] != 0 &&
           (table->hashes[slot].low != hash.low || table->hashes[slot].high != hash.high)) {
        slot = (slot + 1) & (table->slots - 1);
    }
    return slot;
}

static bool grow(struct intake_repeats *repeats, struct fail *fail)
{
    struct table old = repeats->table;
    struct table wider = {.slots = old.slots == 0 ? SLOTS_FIRST : old.slots * 2};
    size_t bytes;
    if (!base_size_mul(wider.slots, SLOT_BYTES, &bytes) || bytes > repeats->bytes_max) {
        return fail_set(fail, FAIL_LIMIT,
                        "%zu different rows without an id are more than may be counted; name the "
                        "columns of an id in the map (message_id)",
                        repeats->used);
    }
    void *hashes = NULL, *counts = NULL;
    if (!base_alloc_array(wider.slots, sizeof *wider.hashes, &hashes, fail) ||
        !base_alloc_array(wider.slots, sizeof *wider.counts, &counts, fail)) {
        base_free(hashes);
        return false;
    }
    wider.hashes = hashes;
    wider.counts = counts;
    memset(counts, 0, wider.slots * sizeof *wider.counts);
    for (size_t i = 0; i < old.slots; i++) {
        if (old.counts[i] != 0) {
            size_t slot = slot_of(&wider, old.hashes[i]);
            wider.hashes[slot] = old.hashes[i];
            wider.counts[slot] = old.counts[i];
        }
    }
    table_done(&old);
    repeats->table = wider;
    return true;
}

bool intake_repeats_count(struct intake_repeats *repeats, struct base_hash128 hash,
                          uint32_t *out_nth, struct fail *fail)
{
    struct table *table = &repeats->table;
    size_t slot = 0;
    bool found = false;
    if (table->slots > 0) {
        slot = slot_of(table, hash);
        found = table->counts[slot] != 0;
    }
    if (!found && repeats->used + 1 > table->slots / 8 * 7) {
        if (!grow(repeats, fail)) {
            return false;
        }
        slot = slot_of(table, hash);
    }
    if (!found) {
        table->hashes[slot] = hash;
        repeats->used++;
    }
    if (table->counts[slot] == UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "one row occurs more than %u times", UINT32_MAX);
    }
    *out_nth = ++table->counts[slot];
    return true;
}
