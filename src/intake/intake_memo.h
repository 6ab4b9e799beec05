/* intake_memo.h — which of a column's texts were met before in a piece of a file.
 *
 * What: a table from texts to numbers, for the few different texts of most columns; emptied for each piece in no time.
 *   Over its limit it takes nothing more in: then a text may be met as if it were new, which only costs time.
 * Owner: the decoder.   Threads: one.   Failure: none.
 * Limits/cost: INTAKE_MEMO_SLOTS, 32 bytes each; some 5 ns a text of up to 16 bytes. Reads up to 16 bytes from where
 *   a text begins, however short it is.   Units: bytes.
 * Example: see intake_piece.c.   Not here: what a text means (intake_map_row.c).
 */
#pragma once

#include "base_bytes.h"
#include "base_hash.h"

#define INTAKE_MEMO_SLOTS 8192U
#define INTAKE_MEMO_MOST (INTAKE_MEMO_SLOTS / 4 * 3)

struct intake_memo_key {
    uint64_t low, high; /* the bytes of up to 16, else their hash and the last 8 */
};
struct intake_memo_slot {
    struct intake_memo_key key;
    const char *text; /* of more than 16 bytes */
    uint32_t len;
    uint16_t number;
    uint16_t round; /* of another round: free */
};
struct intake_memo {
    uint16_t round;
    uint32_t count;
    struct intake_memo_slot slots[INTAKE_MEMO_SLOTS];
};

static inline void intake_memo_begin(struct intake_memo *memo)
{
    memo->count = 0;
    if (++memo->round == 0) {
        memset(memo->slots, 0, sizeof memo->slots);
        memo->round = 1;
    }
}

static inline uint64_t intake_memo_low(uint64_t word, size_t bytes)
{
    return bytes >= 8 ? word : word & ((UINT64_C(1) << 8 * bytes) - 1);
}

static inline struct intake_memo_key intake_memo_key(struct str text)
{
    if (text.len <= 8) {
        return (struct intake_memo_key){intake_memo_low(base_get_u64(text.data), text.len), 0};
    }
    uint64_t last = base_get_u64(text.data + text.len - 8);
    return (struct intake_memo_key){
        text.len <= 16 ? base_get_u64(text.data) : base_hash64(text.data, text.len, 0), last};
}

/* The slot of the text, or the free one where it belongs. */
static inline struct intake_memo_slot *intake_memo_slot(struct intake_memo *memo, struct str text,
                                                        struct intake_memo_key key)
{
    uint64_t hash = (key.low ^ key.high * UINT64_C(0xC2B2AE3D27D4EB4F) ^ text.len) *
                    UINT64_C(0x9E3779B97F4A7C15);
    for (uint32_t at = (uint32_t)(hash >> 40);; at++) {
        struct intake_memo_slot *slot = &memo->slots[at % INTAKE_MEMO_SLOTS];
        if (slot->round != memo->round ||
            (slot->key.low == key.low && slot->key.high == key.high && slot->len == text.len &&
             (text.len <= 16 || memcmp(slot->text, text.data, text.len) == 0))) {
            return slot;
        }
    }
}

/* A text that is not there yet gets its number, unless there are too many. */
static inline void intake_memo_put(struct intake_memo *memo, struct intake_memo_slot *slot,
                                   struct str text, struct intake_memo_key key, uint16_t number)
{
    if (memo->count < INTAKE_MEMO_MOST) {
        memo->count++;
        *slot = (struct intake_memo_slot){key, text.data, (uint32_t)text.len, number, memo->round};
    }
}
