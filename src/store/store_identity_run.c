#include "store_identity_run.h"

#include <inttypes.h>

#include "base_bytes.h"
#include "store_bloom.h"
#include "store_map.h"

uint8_t store_identity_kind_code(struct str kind)
{
    return str_is(kind, "user")        ? 0
           : str_is(kind, "anonymous") ? 1
           : str_is(kind, "email")     ? 2
           : str_is(kind, "account")   ? 3
                                       : STORE_IDENTITY_KIND_OTHER;
}

struct str store_identity_kind_name(uint8_t code)
{
    static const char *const names[] = {"user", "anonymous", "email", "account"};
    return str_from_c(names[code]);
}

/* ---- sets ------------------------------------------------------------------------------------------ */

static bool damaged(const struct store_identity_run *run, const char *what, struct fail *fail)
{
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(STORE_RUN_IDENTITY, store_run_info_of(run->run)->id, path);
    return fail_set(fail, FAIL_CORRUPT, "%s: %s", path, what);
}

static bool read_meta(struct store_identity_run *run, struct fail *fail)
{
    const uint8_t *meta;
    if (!store_run_at(run->run, STORE_IDENTITY_META, 0, STORE_IDENTITY_META_BYTES, &meta, fail)) {
        return false;
    }
    run->seq_first = base_get_u64(meta);
    run->seq_count = base_get_u64(meta + 8);
    run->position_first = base_get_u64(meta + 16);
    run->position_count = base_get_u64(meta + 24);
    run->number_first = base_get_u32(meta + 32);
    run->number_count = base_get_u32(meta + 36);
    run->mark_count = base_get_u64(meta + 40);
    const struct {
        uint64_t count;
        uint32_t section, bytes;
    } sizes[] = {
        {run->seq_count, STORE_IDENTITY_INDEX, STORE_IDENTITY_INDEX_BYTES},
        {run->seq_count, STORE_IDENTITY_BY_NUMBER, STORE_IDENTITY_BY_NUMBER_BYTES},
        {run->position_count, STORE_IDENTITY_EDGES, STORE_IDENTITY_EDGE_BYTES},
        {run->position_count, STORE_IDENTITY_BY_POSITION, STORE_IDENTITY_BY_POSITION_BYTES},
        {run->mark_count, STORE_IDENTITY_MARKS, STORE_IDENTITY_MARK_BYTES},
    };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t len = store_run_len(run->run, sizes[i].section);
        if (len % sizes[i].bytes != 0 || len / sizes[i].bytes != sizes[i].count) {
            return damaged(run, "a section has another length than its count says", fail);
        }
    }
    return true;
}

static bool open_run(struct disk *disk, const struct store_run_info *info,
                     const struct store_identity_runs *open, struct store_identity_run *out,
                     struct fail *fail)
{
    for (size_t i = 0; open != NULL && i < open->count; i++) {
        if (store_run_info_of(open->runs[i].run)->id == info->id) {
            *out = open->runs[i];
            store_run_ref(out->run);
            return true;
        }
    }
    if (!store_run_open(disk, STORE_RUN_IDENTITY, info, &out->run, fail)) {
        return false;
    }
    if (!read_meta(out, fail)) {
        store_run_unref(out->run);
        return false;
    }
    return true;
}

bool store_identity_runs_open(struct disk *disk, const struct store_run_info *infos, size_t count,
                              const struct store_identity_runs *open,
                              struct store_identity_runs **out, struct fail *fail)
{
    struct store_identity_runs *set = base_alloc_zero(sizeof *set + count * sizeof set->runs[0]);
    atomic_store(&set->references, 1);
    uint64_t seq = 0;
    uint64_t position = 1;
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++) {
        struct store_identity_run *run = &set->runs[i];
        if (!open_run(disk, &infos[i], open, run, fail)) {
            store_identity_runs_unref(set);
            return false;
        }
        set->count++;
        if (run->seq_first != seq || run->position_first != position ||
            run->number_first != number) {
            damaged(run, "it does not go on where the run before it ends", fail);
            store_identity_runs_unref(set);
            return false;
        }
        seq += run->seq_count;
        position += run->position_count;
        number += run->number_count;
    }
    *out = set;
    return true;
}

struct store_identity_runs *store_identity_runs_ref(struct store_identity_runs *runs)
{
    atomic_fetch_add_explicit(&runs->references, 1, memory_order_relaxed);
    return runs;
}

void store_identity_runs_unref(struct store_identity_runs *runs)
{
    if (runs == NULL ||
        atomic_fetch_sub_explicit(&runs->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < runs->count; i++) {
        store_run_unref(runs->runs[i].run);
    }
    base_free(runs);
}

/* ---- finding ---------------------------------------------------------------------------------------- */

/* False in *out: surely not there. */
static bool bloom_maybe(const struct store_identity_run *run, uint32_t section, uint64_t hash,
                        bool *out, struct fail *fail)
{
    uint64_t blocks = store_run_len(run->run, section) / STORE_BLOOM_BLOCK_BYTES;
    if (blocks == 0) {
        *out = false;
        return true;
    }
    const uint8_t *block;
    if (!store_run_at(run->run, section, store_bloom_block(hash, blocks) * STORE_BLOOM_BLOCK_BYTES,
                      STORE_BLOOM_BLOCK_BYTES, &block, fail)) {
        return false;
    }
    *out = store_bloom_maybe(block, hash);
    return true;
}

static bool heap_at(const struct store_identity_run *run, uint64_t offset,
                    struct store_run_ident *out, struct fail *fail)
{
    const uint8_t *head;
    const uint8_t *text;
    if (!store_run_at(run->run, STORE_IDENTITY_HEAP, offset, STORE_IDENTITY_HEAP_BYTES, &head,
                      fail)) {
        return false;
    }
    uint8_t kind = head[5];
    size_t kind_len = base_get_u16(head + 6);
    size_t value_len = base_get_u16(head + 8);
    if (kind > STORE_IDENTITY_KIND_OTHER || (kind < STORE_IDENTITY_KIND_OTHER) != (kind_len == 0)) {
        return damaged(run, "an identifier has an unknown kind", fail);
    }
    if (!store_run_at(run->run, STORE_IDENTITY_HEAP, offset + STORE_IDENTITY_HEAP_BYTES,
                      kind_len + value_len, &text, fail)) {
        return false;
    }
    *out = (struct store_run_ident){
        .number = base_get_u32(head),
        .member = (head[4] & STORE_IDENTITY_MEMBER) != 0,
        .freed = (head[4] & STORE_IDENTITY_FREED) != 0,
        .offset = offset,
        .id.kind = kind < STORE_IDENTITY_KIND_OTHER ? store_identity_kind_name(kind)
                                                    : str_of((const char *)text, kind_len),
        .id.value = str_of((const char *)text + kind_len, value_len),
    };
    return true;
}

/* The first place whose hash is not below `hash`. Hashes are uniform, so a guess by proportion lands close;
   halving takes over where it does not. */
static bool index_lower(const struct store_identity_run *run, uint64_t hash, uint64_t *out,
                        struct fail *fail)
{
    uint64_t low = 0;
    uint64_t high = run->seq_count;
    uint64_t low_hash = 0;
    uint64_t high_hash = UINT64_MAX;
    for (int round = 0; low < high; round++) {
        uint64_t middle = low + (high - low) / 2;
        if (round < 6 && high_hash > low_hash && hash >= low_hash && hash <= high_hash) {
            uint64_t over = (uint64_t)(((unsigned __int128)(hash - low_hash) * (high - low)) /
                                       ((unsigned __int128)(high_hash - low_hash) + 1));
            middle = low + over;
        }
        const uint8_t *entry;
        if (!store_run_at(run->run, STORE_IDENTITY_INDEX, middle * STORE_IDENTITY_INDEX_BYTES,
                          STORE_IDENTITY_INDEX_BYTES, &entry, fail)) {
            return false;
        }
        uint64_t found = base_get_u64(entry);
        if (found < hash) {
            low = middle + 1;
            low_hash = found;
        } else {
            high = middle;
            high_hash = found;
        }
    }
    *out = low;
    return true;
}

bool store_identity_run_find(const struct store_identity_run *run, uint64_t hash,
                             struct store_identifier id, uint32_t member_of, uint32_t *out,
                             struct fail *fail)
{
    *out = STORE_NO_CUSTOMER;
    bool maybe;
    uint64_t at;
    if (!bloom_maybe(run, STORE_IDENTITY_INDEX_BLOOM, hash, &maybe, fail)) {
        return false;
    }
    if (!maybe) {
        return true;
    }
    if (!index_lower(run, hash, &at, fail)) {
        return false;
    }
    for (; at < run->seq_count; at++) {
        const uint8_t *entry;
        struct store_run_ident ident;
        if (!store_run_at(run->run, STORE_IDENTITY_INDEX, at * STORE_IDENTITY_INDEX_BYTES,
                          STORE_IDENTITY_INDEX_BYTES, &entry, fail)) {
            return false;
        }
        if (base_get_u64(entry) != hash) {
            break;
        }
        if (!heap_at(run, base_get_u64(entry + 8), &ident, fail)) {
            return false;
        }
        bool member = member_of != STORE_NO_CUSTOMER;
        if (!ident.freed && ident.member == member && (!member || ident.number == member_of) &&
            str_equal(ident.id.kind, id.kind) && str_equal(ident.id.value, id.value)) {
            *out = ident.number;
            return true;
        }
    }
    return true;
}

/* First entry of a section, sorted by the u32 it begins with, that is not below `key`. */
static bool lower_u32(const struct store_identity_run *run, uint32_t section, uint32_t entry_bytes,
                      uint64_t count, uint32_t key, uint64_t *out, struct fail *fail)
{
    uint64_t low = 0;
    uint64_t high = count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const uint8_t *entry;
        if (!store_run_at(run->run, section, middle * entry_bytes, 4, &entry, fail)) {
            return false;
        }
        if (base_get_u32(entry) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return true;
}

bool store_identity_run_idents(const struct store_identity_run *run, uint32_t number,
                               bool (*each)(void *context, const struct store_run_ident *ident),
                               void *context, struct fail *fail)
{
    uint64_t at;
    if (number >= run->number_first + (uint64_t)run->number_count) {
        return true;
    }
    if (!lower_u32(run, STORE_IDENTITY_BY_NUMBER, STORE_IDENTITY_BY_NUMBER_BYTES, run->seq_count,
                   number, &at, fail)) {
        return false;
    }
    for (; at < run->seq_count; at++) {
        const uint8_t *entry;
        struct store_run_ident ident;
        if (!store_run_at(run->run, STORE_IDENTITY_BY_NUMBER, at * STORE_IDENTITY_BY_NUMBER_BYTES,
                          STORE_IDENTITY_BY_NUMBER_BYTES, &entry, fail)) {
            return false;
        }
        if (base_get_u32(entry) != number) {
            break;
        }
        if (!heap_at(run, base_get_u64(entry + 4), &ident, fail)) {
            return false;
        }
        if (!ident.freed && !each(context, &ident)) {
            break;
        }
    }
    return true;
}

bool store_identity_run_memberships(const struct store_identity_run *run,
                                    bool (*each)(void *context,
                                                 const struct store_run_ident *ident),
                                    void *context, struct fail *fail)
{
    for (uint64_t at = 0; at < run->seq_count; at++) {
        const uint8_t *entry;
        struct store_run_ident ident;
        if (!store_run_at(run->run, STORE_IDENTITY_BY_NUMBER, at * STORE_IDENTITY_BY_NUMBER_BYTES,
                          STORE_IDENTITY_BY_NUMBER_BYTES, &entry, fail) ||
            !heap_at(run, base_get_u64(entry + 4), &ident, fail)) {
            return false;
        }
        if (ident.member && !ident.freed && !each(context, &ident)) {
            break;
        }
    }
    return true;
}

static bool edge_at(const struct store_identity_run *run, uint64_t at, struct store_edge *out,
                    struct fail *fail)
{
    const uint8_t *entry;
    if (!store_run_at(run->run, STORE_IDENTITY_EDGES, at * STORE_IDENTITY_EDGE_BYTES,
                      STORE_IDENTITY_EDGE_BYTES, &entry, fail)) {
        return false;
    }
    *out = (struct store_edge){
        .child = base_get_u32(entry),
        .parent = base_get_u32(entry + 4),
        .position = base_get_u64(entry + 8),
        .at_ms = base_get_i64(entry + 16),
        .height = base_get_u32(entry + 24),
        .left = base_get_u32(entry + 28),
    };
    return true;
}

bool store_identity_run_edges(const struct store_identity_run *run, uint32_t child,
                              bool (*each)(void *context, const struct store_edge *edge),
                              void *context, struct fail *fail)
{
    bool maybe;
    if (!bloom_maybe(run, STORE_IDENTITY_EDGE_BLOOM, store_map_mix(child), &maybe, fail)) {
        return false;
    }
    uint64_t first;
    if (!maybe) {
        return true;
    }
    if (!lower_u32(run, STORE_IDENTITY_EDGES, STORE_IDENTITY_EDGE_BYTES, run->position_count, child,
                   &first, fail)) {
        return false;
    }
    uint64_t end = first;
    struct store_edge edge;
    for (; end < run->position_count; end++) {
        if (!edge_at(run, end, &edge, fail)) {
            return false;
        }
        if (edge.child != child) {
            break;
        }
    }
    while (end > first) {
        if (!edge_at(run, --end, &edge, fail)) {
            return false;
        }
        if (!each(context, &edge)) {
            break;
        }
    }
    return true;
}

bool store_identity_run_children(const struct store_identity_run *run, uint32_t parent,
                                 bool (*each)(void *context, uint32_t child, uint64_t position),
                                 void *context, struct fail *fail)
{
    bool maybe;
    if (!bloom_maybe(run, STORE_IDENTITY_PARENT_BLOOM, store_map_mix(parent), &maybe, fail)) {
        return false;
    }
    uint64_t count =
        store_run_len(run->run, STORE_IDENTITY_BY_PARENT) / STORE_IDENTITY_BY_PARENT_BYTES;
    uint64_t at;
    if (!maybe) {
        return true;
    }
    if (!lower_u32(run, STORE_IDENTITY_BY_PARENT, STORE_IDENTITY_BY_PARENT_BYTES, count, parent,
                   &at, fail)) {
        return false;
    }
    for (; at < count; at++) {
        const uint8_t *entry;
        if (!store_run_at(run->run, STORE_IDENTITY_BY_PARENT, at * STORE_IDENTITY_BY_PARENT_BYTES,
                          STORE_IDENTITY_BY_PARENT_BYTES, &entry, fail)) {
            return false;
        }
        if (base_get_u32(entry) != parent ||
            !each(context, base_get_u32(entry + 4), base_get_u64(entry + 8))) {
            break;
        }
    }
    return true;
}

bool store_identity_run_change(const struct store_identity_run *run, uint64_t position,
                               uint32_t *out_child, uint32_t *out_parent, struct fail *fail)
{
    const uint8_t *entry;
    if (!store_run_at(run->run, STORE_IDENTITY_BY_POSITION,
                      (position - run->position_first) * STORE_IDENTITY_BY_POSITION_BYTES,
                      STORE_IDENTITY_BY_POSITION_BYTES, &entry, fail)) {
        return false;
    }
    *out_child = base_get_u32(entry);
    *out_parent = base_get_u32(entry + 4);
    return true;
}

bool store_identity_run_mark(const struct store_identity_run *run, uint32_t number,
                             enum store_mark *out, struct fail *fail)
{
    *out = STORE_MARK_NONE;
    uint64_t at;
    const uint8_t *entry;
    if (run->mark_count == 0) {
        return true;
    }
    if (!lower_u32(run, STORE_IDENTITY_MARKS, STORE_IDENTITY_MARK_BYTES, run->mark_count, number,
                   &at, fail)) {
        return false;
    }
    if (at == run->mark_count) {
        return true;
    }
    if (!store_run_at(run->run, STORE_IDENTITY_MARKS, at * STORE_IDENTITY_MARK_BYTES,
                      STORE_IDENTITY_MARK_BYTES, &entry, fail)) {
        return false;
    }
    if (base_get_u32(entry) == number) {
        *out = base_get_u32(entry + 4) == STORE_MARK_ROWLESS ? STORE_MARK_ROWLESS
                                                             : STORE_MARK_HAS_ROWS;
    }
    return true;
}

/* ---- checking ----------------------------------------------------------------------------------------- */

struct checking {
    const struct store_identity_run *run;
    void (*problem)(void *context, const char *path, const char *what);
    void *context;
    uint64_t *problems;
};

static void report(const struct checking *checking, const char *what)
{
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(STORE_RUN_IDENTITY, store_run_info_of(checking->run->run)->id, path);
    checking->problem(checking->context, path, what);
    ++*checking->problems;
}

static bool check_idents(const struct checking *checking, struct fail *fail)
{
    const struct store_identity_run *run = checking->run;
    uint64_t last_hash = 0;
    uint64_t last_number = 0;
    uint64_t bound = run->number_first + (uint64_t)run->number_count;
    for (uint64_t i = 0; i < run->seq_count; i++) {
        const uint8_t *index;
        const uint8_t *by_number;
        struct store_run_ident ident;
        if (!store_run_at(run->run, STORE_IDENTITY_INDEX, i * STORE_IDENTITY_INDEX_BYTES,
                          STORE_IDENTITY_INDEX_BYTES, &index, fail) ||
            !store_run_at(run->run, STORE_IDENTITY_BY_NUMBER, i * STORE_IDENTITY_BY_NUMBER_BYTES,
                          STORE_IDENTITY_BY_NUMBER_BYTES, &by_number, fail) ||
            !heap_at(run, base_get_u64(index + 8), &ident, fail)) {
            return false;
        }
        if (base_get_u64(index) < last_hash || base_get_u32(by_number) < last_number) {
            report(checking, "identifiers are out of order");
            return true;
        }
        if (ident.number != base_get_u32(index + 16) || ident.number >= bound) {
            report(checking, "an identifier belongs to a number that it cannot have");
            return true;
        }
        last_hash = base_get_u64(index);
        last_number = base_get_u32(by_number);
        if (!heap_at(run, base_get_u64(by_number + 4), &ident, fail)) {
            return false;
        }
        if (ident.number != last_number) {
            report(checking, "an identifier is listed under another number");
            return true;
        }
    }
    return true;
}

static bool check_edges(const struct checking *checking, struct fail *fail)
{
    const struct store_identity_run *run = checking->run;
    struct store_edge last = {0};
    for (uint64_t i = 0; i < run->position_count; i++) {
        struct store_edge edge;
        uint32_t child;
        uint32_t parent;
        if (!edge_at(run, i, &edge, fail)) {
            return false;
        }
        if (edge.child < last.child ||
            (edge.child == last.child && edge.position <= last.position) ||
            edge.position < run->position_first ||
            edge.position - run->position_first >= run->position_count) {
            report(checking, "joins are out of order");
            return true;
        }
        if (!store_identity_run_change(run, edge.position, &child, &parent, fail)) {
            return false;
        }
        uint32_t other = edge.parent == STORE_NO_PARENT ? edge.left : edge.parent;
        if (child != edge.child || parent != other) {
            report(checking, "a join differs from its place in the order of joins");
            return true;
        }
        last = edge;
    }
    return true;
}

bool store_identity_run_check(const struct store_identity_run *run,
                              void (*problem)(void *context, const char *path, const char *what),
                              void *context, uint64_t *problems, struct fail *fail)
{
    struct checking checking = {run, problem, context, problems};
    struct fail found;
    if (!store_run_check(run->run, &found) || !check_idents(&checking, &found) ||
        !check_edges(&checking, &found)) {
        if (found.code != FAIL_CORRUPT) {
            *fail = found;
            return false;
        }
        report(&checking, found.message);
    }
    return true;
}
