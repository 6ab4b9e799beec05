/* A manifest of arbitrary bytes, its checksum passed over: refused as damage, or read; and what was read says the same
   when it is written and read again. */
#include "disk_sim.h"
#include "store_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct store_manifest *a, const struct store_manifest *b)
{
    INVARIANT(a->salt == b->salt && a->created_ms == b->created_ms && a->rows == b->rows);
    INVARIANT(a->numbers == b->numbers && a->any_split == b->any_split);
    INVARIANT(a->next_sequence == b->next_sequence && a->next_arrival == b->next_arrival);
    INVARIANT(a->segment_count == b->segment_count && a->ledger_count == b->ledger_count);
    for (size_t i = 0; i < a->segment_count; i++) {
        INVARIANT(a->segments[i].id == b->segments[i].id &&
                  a->segments[i].checksum == b->segments[i].checksum);
    }
    for (size_t kind = 0; kind < ARRAY_LEN(a->runs); kind++) {
        INVARIANT(a->run_count[kind] == b->run_count[kind]);
    }
    for (size_t i = 0; i < a->ledger_count; i++) {
        INVARIANT(str_equal(a->ledger[i].source, b->ledger[i].source) &&
                  a->ledger[i].count.stored == b->ledger[i].count.stored);
    }
}

static void write_and_read(struct store_manifest *manifest)
{
    struct fail fail;
    struct disk_sim *sim = disk_sim_new(1);
    struct store_manifest *again CLEANUP(store_manifest_free_at) = NULL;
    INVARIANT(store_manifest_write(disk_sim_disk(sim), manifest, &fail));
    INVARIANT(store_manifest_read(disk_sim_disk(sim), &again, &fail));
    same(manifest, again);
    disk_sim_free(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fail fail;
    struct store_manifest *manifest CLEANUP(store_manifest_free_at) = NULL;
    if (!store_manifest_decode(str_of((const char *)data, size), &manifest, &fail)) {
        INVARIANT(fail.code == FAIL_CORRUPT || fail.code == FAIL_LIMIT ||
                  fail.code == FAIL_CONFLICT); /* of another version */
        return 0;
    }
    struct store_manifest *copy CLEANUP(store_manifest_free_at) = NULL;
    INVARIANT(store_manifest_copy(manifest, &copy, &fail));
    same(manifest, copy);
    write_and_read(manifest);
    return 0;
}
