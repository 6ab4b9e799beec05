/* Customers by the beginning of an identifier: one look along the heaps of identifiers, which lie in order of
   arrival. There is no second order of identifiers on disk: a look costs some 15 ns each, and only a person
   who types asks for it. */
#include "store_identity.h"

#include "base_bytes.h"

#define CHUNK_BYTES ((uint64_t)1 << 20) /* looked at between two polls of the cancel token */

struct starts {
    const struct store_identity_view *view;
    struct str folded;
    struct store_starting *list;
    size_t count, limit;
};

static unsigned char fold(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20U) : byte;
}

static bool begins(struct str value, struct str folded)
{
    if (value.len < folded.len) {
        return false;
    }
    for (size_t i = 0; i < folded.len; i++) {
        if (fold(value.data[i]) != (unsigned char)folded.data[i]) {
            return false;
        }
    }
    return true;
}

/* Each customer once, under the identifier that was met first. */
static void take(struct starts *starts, uint32_t number, struct store_identifier id)
{
    uint32_t root = store_identity_root(starts->view, number);
    for (size_t i = 0; i < starts->count; i++) {
        if (starts->list[i].customer == root) {
            return;
        }
    }
    starts->list[starts->count++] = (struct store_starting){.customer = root, .identifier = id};
}

/* One identifier at `at` of `bytes`; *out_len 0: it does not lie wholly in them. */
static void look_at(struct starts *starts, const uint8_t *bytes, uint64_t len, uint64_t *out_len)
{
    *out_len = 0;
    if (len < STORE_IDENTITY_HEAP_BYTES) {
        return;
    }
    size_t kind_len = base_get_u16(bytes + 6), value_len = base_get_u16(bytes + 8);
    uint64_t whole = STORE_IDENTITY_HEAP_BYTES + (uint64_t)kind_len + value_len;
    if (len < whole) {
        return;
    }
    *out_len = whole;
    const char *text = (const char *)bytes + STORE_IDENTITY_HEAP_BYTES;
    struct str value = str_of(text + kind_len, value_len);
    bool passed_over = bytes[4] != 0; /* a membership, or freed */
    if (!passed_over && begins(value, starts->folded)) {
        uint8_t kind = bytes[5];
        struct str name = kind < STORE_IDENTITY_KIND_OTHER ? store_identity_kind_name(kind)
                                                           : str_of(text, kind_len);
        take(starts, base_get_u32(bytes), (struct store_identifier){name, value});
    }
}

static bool look_along(struct starts *starts, const struct store_run *run,
                       struct base_cancel *cancel, struct fail *fail)
{
    uint64_t len = store_run_len(run, STORE_IDENTITY_HEAP), at = 0;
    while (at < len && starts->count < starts->limit) {
        uint64_t chunk = len - at < CHUNK_BYTES ? len - at : CHUNK_BYTES, in = 0, step;
        const uint8_t *bytes;
        if ((cancel != NULL && base_cancel_due(cancel, fail)) ||
            !store_run_at(run, STORE_IDENTITY_HEAP, at, chunk, &bytes, fail)) {
            return false;
        }
        do {
            look_at(starts, bytes + in, chunk - in, &step);
            in += step;
        } while (step > 0 && starts->count < starts->limit);
        if (in == 0) {
            return fail_set(fail, FAIL_CORRUPT, "an identifier reaches past the end of its run");
        }
        at += in;
    }
    return true;
}

/* What is not sealed lies in no order that a reader may walk: bucket by bucket. */
static void look_live(struct starts *starts, const struct store_identity_live *live)
{
    for (uint64_t bucket = 0; bucket <= live->mask && starts->count < starts->limit; bucket++) {
        const struct store_live_ident *at = store_identity_live_bucket(live, bucket);
        for (; at != NULL && starts->count < starts->limit; at = at->next_in_bucket) {
            if (at->seq < starts->view->seqs && !at->member &&
                begins(at->id.value, starts->folded)) {
                take(starts, at->number, at->id);
            }
        }
    }
}

bool store_customers_starting(const struct store_snapshot *snapshot, struct str prefix,
                              size_t limit, struct base_cancel *cancel, struct arena *arena,
                              struct store_starting **out, size_t *out_count, struct fail *fail)
{
    const struct store_identity_view *view = snapshot->identity;
    struct starts starts = {.view = view, .limit = limit};
    starts.list = arena_array(arena, limit, sizeof *starts.list, fail);
    char *folded = arena_alloc(arena, prefix.len + 1, fail);
    if (starts.list == NULL || folded == NULL) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        folded[i] = (char)fold(prefix.data[i]);
    }
    starts.folded = str_of(folded, prefix.len);
    for (size_t i = 0; i < view->runs->count; i++) {
        if (!look_along(&starts, view->runs->runs[i].run, cancel, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(view->live); i++) {
        if (view->live[i] != NULL) {
            look_live(&starts, view->live[i]);
        }
    }
    *out = starts.list;
    *out_count = starts.count;
    return true;
}
