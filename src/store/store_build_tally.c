/* store_build_tally.c — which strings are shared by several customers, and looking them up.
 *
 * A tally holds a bounded number of candidates. When it is full, those that only one customer has borne so far are
 * forgotten, the rarest first (in the spirit of Manku & Motwani, "Approximate frequency counts over data
 * streams", VLDB 2002): a string of many customers comes again.
 */
#include <stdlib.h>

#include "store_build.h"

#define CANDIDATES_MAX 131072U

struct candidate {
    struct str string;
    uint64_t hash;
    uint64_t times;
    uint32_t customer; /* the first */
    bool shared, stays;
};

struct store_tally {
    struct candidate *candidates;
    uint32_t count;
    uint32_t *slots;     /* 1 + candidate */
    struct arena *arena; /* copies */
    bool full;           /* of shared ones: nothing new is taken */
};

#define SLOTS (CANDIDATES_MAX * 2)

struct store_tally *store_tally_new(void)
{
    struct store_tally *tally = base_alloc_zero(sizeof *tally);
    tally->candidates = base_alloc_zero(CANDIDATES_MAX * sizeof *tally->candidates);
    tally->slots = base_alloc_zero(SLOTS * sizeof *tally->slots);
    tally->arena = arena_new(NULL);
    return tally;
}

void store_tally_free(struct store_tally *tally)
{
    if (tally != NULL) {
        arena_free(tally->arena);
        base_free(tally->candidates);
        base_free(tally->slots);
        base_free(tally);
    }
}

void store_tally_reset(struct store_tally *tally)
{
    if (tally->count > 0) {
        memset(tally->slots, 0, SLOTS * sizeof *tally->slots);
    }
    tally->count = 0;
    tally->full = false;
    arena_reset(tally->arena);
}

/* The slot of the string, or the empty one where it would stand. */
static uint32_t *slot_of(const struct store_tally *tally, struct str string, uint64_t hash)
{
    for (uint32_t at = (uint32_t)hash % SLOTS;; at = (at + 1) % SLOTS) {
        uint32_t *slot = &tally->slots[at];
        if (*slot == 0) {
            return slot;
        }
        const struct candidate *candidate = &tally->candidates[*slot - 1];
        if (candidate->hash == hash && str_equal(candidate->string, string)) {
            return slot;
        }
    }
}

/* Forgets candidates of one customer that came fewer than `times`; the copies of the others move. */
static bool forget(struct store_tally *tally, uint64_t times, struct fail *fail)
{
    struct arena *arena = arena_new(NULL);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tally->count; i++) {
        struct candidate candidate = tally->candidates[i];
        if (!candidate.shared && candidate.times < times) {
            continue;
        }
        if (!candidate.stays) {
            char *copy = arena_alloc(arena, candidate.string.len, fail);
            if (copy == NULL) {
                arena_free(arena);
                return false;
            }
            memcpy(copy, candidate.string.data, candidate.string.len);
            candidate.string.data = copy;
        }
        tally->candidates[kept++] = candidate;
    }
    arena_free(tally->arena);
    tally->arena = arena;
    tally->count = kept;
    memset(tally->slots, 0, SLOTS * sizeof *tally->slots);
    for (uint32_t i = 0; i < kept; i++) {
        *slot_of(tally, tally->candidates[i].string, tally->candidates[i].hash) = i + 1;
    }
    return true;
}

static bool make_room(struct store_tally *tally, struct fail *fail)
{
    for (uint64_t times = 4; tally->count > CANDIDATES_MAX / 4 * 3; times = UINT64_MAX) {
        if (!forget(tally, times, fail)) {
            return false;
        }
        if (times == UINT64_MAX) {
            tally->full = tally->count > CANDIDATES_MAX / 4 * 3;
            break;
        }
    }
    return true;
}

bool store_tally_add(struct store_tally *tally, struct str string, uint32_t customer,
                     uint64_t times, bool stays, struct fail *fail)
{
    if (string.len == 0 || string.len > STORE_DICTIONARY_STRING_BYTES_MAX) {
        return true;
    }
    uint64_t hash = base_hash_str(string);
    uint32_t *slot = slot_of(tally, string, hash);
    if (*slot != 0) {
        struct candidate *candidate = &tally->candidates[*slot - 1];
        candidate->times += times;
        candidate->shared |= customer == STORE_TALLY_SEVERAL || candidate->customer != customer;
        return true;
    }
    if (tally->full) {
        return true;
    }
    if (tally->count == CANDIDATES_MAX) {
        if (!make_room(tally, fail)) {
            return false;
        }
        if (tally->full) {
            return true;
        }
        slot = slot_of(tally, string, hash);
    }
    if (!stays) {
        char *copy = arena_alloc(tally->arena, string.len, fail);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, string.data, string.len);
        string.data = copy;
    }
    tally->candidates[tally->count] = (struct candidate){.string = string,
                                                         .hash = hash,
                                                         .times = times,
                                                         .customer = customer,
                                                         .shared = customer == STORE_TALLY_SEVERAL,
                                                         .stays = stays};
    *slot = ++tally->count;
    return true;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->shared != y->shared) {
        return x->shared ? -1 : 1;
    }
    if (x->times != y->times) {
        return x->times > y->times ? -1 : 1;
    }
    return str_compare(x->string, y->string);
}

bool store_build_dictionary_of(const struct str *strings, uint32_t count, struct arena *arena,
                               struct store_build_dictionary *out, struct fail *fail)
{
    count = count < STORE_DICTIONARY_STRINGS_MAX ? count : STORE_DICTIONARY_STRINGS_MAX;
    uint32_t size = 4;
    while (size < count * 2) {
        size *= 2;
    }
    struct str *copies = arena_array(arena, count, sizeof *copies, fail);
    uint32_t *slots = arena_array(arena, size, sizeof *slots, fail);
    if (copies == NULL || slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = str_copy(arena, strings[i]);
        uint32_t at = (uint32_t)base_hash_str(strings[i]) & (size - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (size - 1);
        }
        slots[at] = i + 1;
    }
    *out = (struct store_build_dictionary){
        .strings = copies, .count = count, .slots = slots, .mask = size - 1};
    return true;
}

bool store_tally_take(struct store_tally *tally, struct arena *arena,
                      struct store_build_dictionary *out, struct fail *fail)
{
    *out = (struct store_build_dictionary){0};
    if (tally->count > 0) {
        qsort(tally->candidates, tally->count, sizeof *tally->candidates, compare_candidates);
        memset(tally->slots, 0, SLOTS * sizeof *tally->slots); /* they pointed elsewhere */
    }
    uint32_t count = 0;
    while (count < tally->count && count < STORE_DICTIONARY_STRINGS_MAX &&
           tally->candidates[count].shared) {
        count++;
    }
    struct str *strings = arena_array(arena, count, sizeof *strings, fail);
    if (strings == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        strings[i] = tally->candidates[i].string;
    }
    if (!store_build_dictionary_of(strings, count, arena, out, fail)) {
        return false;
    }
    tally->count = 0;
    store_tally_reset(tally);
    return true;
}

uint32_t store_build_dictionary_find(const struct store_build_dictionary *dictionary,
                                     struct str string)
{
    if (dictionary->count == 0) {
        return 0;
    }
    uint32_t at = (uint32_t)base_hash_str(string) & dictionary->mask;
    for (;; at = (at + 1) & dictionary->mask) {
        uint32_t place = dictionary->slots[at];
        if (place == 0 || str_equal(dictionary->strings[place - 1], string)) {
            return place;
        }
    }
}
