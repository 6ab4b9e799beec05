/* store_codec.h — encodings of segments: runs of integers, columns of values, heaps, dictionaries.
 *
 * What: sections 4 and 5 of docs/formats/segment.md, both ways. Encoding picks the smallest form; decoding
 *   reads any range of values without the ones before it.
 * Owner: decoded views point into the encoded bytes.   Threads: values; safe.
 * Failure: FAIL_CORRUPT saying what is wrong; hostile bytes never make it read or write out of bounds.
 * Limits/cost: about 1 ns a value. Encoded bytes must be followed by STORE_CODEC_SLACK readable ones.
 * Units: bits, bytes, values.   Example: tests/unit/store/test_codec.c.
 * Not here: files (store_segment.h).
 */
#pragma once

#include "base_zstd.h"
#include "store_event.h"
#include "store_vec.h"

#define STORE_CODEC_SLACK ((size_t)8)

/* ---- integers ----------------------------------------------------------------------------------------- */

#define STORE_INTS_FRAME 256U

enum store_ints_kind {
    STORE_INTS_CONSTANT = 0,
    STORE_INTS_PACKED = 1,
    STORE_INTS_FRAMES = 2,
    STORE_INTS_DELTAS = 3,
    STORE_INTS_RUNS = 4,
    STORE_INTS_PARTED = 5,
};
struct store_ints_flat { /* any encoding but the last two */
    enum store_ints_kind kind;
    unsigned width;
    bool zigzag;
    uint32_t count;
    int64_t base;
    uint64_t scale;
    const uint8_t *table;   /* of frames */
    const uint8_t *bases;   /* of frames, packed */
    const uint8_t *payload; /* packed values, or the frames */
    size_t payload_bytes;
};
enum store_ints_form { STORE_INTS_FLAT, STORE_INTS_IN_RUNS, STORE_INTS_IN_PARTS };
struct store_ints {
    uint32_t count;
    enum store_ints_form form;
    struct store_ints_flat
        flat; /* the values; of runs: one a run; of parts: value / part, rounded down */
    struct store_ints_flat ends;  /* of runs */
    struct store_ints_flat rests; /* of parts */
    uint32_t part;
};

/* Appends `count` values (at least 1) to `out`; the smallest encoding. */
bool store_ints_encode(const int64_t *values, uint32_t count, struct base_buf *out,
                       struct fail *fail) MUST_USE;
/* The same of times, in ms: slots and rests apart, where that takes hardly more room. */
bool store_ints_encode_times(const int64_t *ts_ms, uint32_t count, struct base_buf *out,
                             struct fail *fail) MUST_USE;
/* Views `bytes`; checks what can be checked without decoding. */
bool store_ints_open(const uint8_t *bytes, size_t len, struct store_ints *out,
                     struct fail *fail) MUST_USE;
/* Values [from, from + count), which must be there. */
bool store_ints_read(const struct store_ints *ints, uint32_t from, uint32_t count, int64_t *out,
                     struct fail *fail) MUST_USE;
/* Values at `count` places, at least 1, ascending and all in one frame of STORE_INTS_FRAME. */
bool store_ints_pick(const struct store_ints *ints, const uint32_t *places, uint32_t count,
                     int64_t *out, struct fail *fail) MUST_USE;
/* Of times, the slots they lie in (store_event.h). */
bool store_ints_read_slots(const struct store_ints *ints, uint32_t from, uint32_t count,
                           int32_t *out, struct fail *fail) MUST_USE;
void store_slots_of(const int64_t *ts_ms, size_t count, int32_t *out);
/* Modulo 2^32. */
bool store_ints_read32(const struct store_ints *ints, uint32_t from, uint32_t count, uint32_t *out,
                       struct fail *fail) MUST_USE;
/* Whole times at `count` ascending places, of which the slots are known; cheapest where those of one frame are few. */
bool store_ints_pick_times(const struct store_ints *ts, const uint32_t *places,
                           const int32_t *slots, uint32_t count, int64_t *out,
                           struct fail *fail) MUST_USE;
/* As codes: FAIL_CORRUPT unless each is below `bound`. */
bool store_ints_read_codes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           uint32_t bound, uint32_t *out, struct fail *fail) MUST_USE;
/* Which codes are wanted (store_codec_find.c): the places of [from, from + count) at which they are, ascending, and
   the codes. Both arrays have room for count + STORE_FIND_SLACK. FAIL_CORRUPT as above, but what need not be looked
   at is not checked. */
#define STORE_FIND_SLACK 64U
struct store_find {
    const uint8_t *wanted; /* by code below `bound` */
    uint32_t bound;
};
bool store_ints_find_codes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           const struct store_find *find, uint32_t *places, uint32_t *codes,
                           uint32_t *out_count, struct fail *fail) MUST_USE;
/* All of them, as bytes (store_codec_find.c): `bound` is at most 256, and `out` has room for count + STORE_FIND_SLACK. */
bool store_ints_read_bytes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           uint32_t bound, uint8_t *out, struct fail *fail) MUST_USE;
/* Runs of equal values, for whoever looks at ascending places: one look-up gives the value at a place and where its
   run ends. Integers in other encodings give what follows in equal values within a frame. */
struct store_ints_walk {
    const struct store_ints *ints;
    uint32_t run;        /* the next that is not decoded */
    uint32_t at, count;  /* of those decoded: [at, count) are left */
    uint32_t first, end; /* rows of the frame that is decoded, of integers that are no runs */
    int64_t ends[STORE_INTS_FRAME], values[STORE_INTS_FRAME];
};
void store_ints_walk_begin(const struct store_ints *ints, struct store_ints_walk *walk);
/* `place` is below the count and not before the one asked for last. The run is [place, *out_end). */
bool store_ints_walk_to(struct store_ints_walk *walk, uint32_t place, int64_t *out,
                        uint32_t *out_end, struct fail *fail) MUST_USE;
/* First position whose value is not less than `value`, of values that ascend; count where none is. Not of parted ones:
   FAIL_CORRUPT. */
bool store_ints_search(const struct store_ints *ints, int64_t value, uint32_t *out,
                       struct fail *fail) MUST_USE;

/* The parts the above are made of (store_codec_pack.c). Reads 8 bytes past what it needs at most. */
void store_unpack(const uint8_t *bits, uint64_t first, unsigned width, size_t count, uint64_t *out);
void store_unpack32(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                    uint32_t *out); /* width at most 32 */
/* Distances out of zigzag form; sums of all values up to each, beginning with `sum`. In place. */
void store_unzigzag(uint64_t *values, size_t count);
void store_sum_up(uint64_t *values, size_t count, uint64_t sum);
void store_unzigzag32(uint32_t *values, size_t count);
/* Is each value above the one before it? */
bool store_ascend32(const uint32_t *values, size_t count);
/* head x part + (rest + base); both are 32-bit numbers with a sign, `base` is added modulo 2^32. */
void store_join_parts(const uint32_t *heads, const uint32_t *rests, int32_t part, uint32_t base,
                      size_t count, int64_t *out);
void store_sum_up32(uint32_t *values, size_t count, uint32_t sum);
/* Appends `count` values of `width` bits, padded to a byte. */
void store_pack(const uint64_t *values, size_t count, unsigned width, struct base_buf *out);
static inline uint64_t store_packed_bytes(uint64_t count, unsigned width)
{
    return (count * width + 7) / 8;
}
static inline unsigned store_bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64U - (unsigned)__builtin_clzll(value);
}

/* ---- dictionaries ------------------------------------------------------------------------------------- */

struct store_dictionary {
    uint32_t count;
    const uint8_t *offsets;
    const char *bytes;
};
bool store_dictionary_open(const uint8_t *bytes, size_t len, struct store_dictionary *out,
                           struct fail *fail) MUST_USE;
bool store_dictionary_encode(const struct str *strings, uint32_t count, struct base_buf *out,
                             struct fail *fail) MUST_USE;
/* `at` below count. */
static inline struct store_value store_dictionary_value(const struct store_dictionary *dictionary,
                                                        uint32_t at)
{
    uint32_t ends[2];
    memcpy(ends, dictionary->offsets + (size_t)at * 4, sizeof ends);
    return (struct store_value){
        .kind = STORE_STRING, .len = ends[1] - ends[0], .s = dictionary->bytes + ends[0]};
}

/* ---- values ------------------------------------------------------------------------------------------- */

enum store_values_places { STORE_PLACES_ALL = 0, STORE_PLACES_BITMAP = 1, STORE_PLACES_LIST = 2 };
enum store_values_form { /* 1 to 5 as enum store_kind */
                         STORE_FORM_MIXED = 0,
                         STORE_FORM_DECIMAL = 6,
};
struct store_heap {
    bool uuids;
    uint32_t strings, pages;
    struct store_ints lengths;
    const uint8_t *table;
    const uint8_t *bytes;
    size_t bytes_len;
};
struct store_values {
    uint32_t entries, rows;
    enum store_values_places places;
    unsigned form, exponent;
    const uint8_t *ranks, *bits; /* bitmap */
    struct store_ints list, kinds, booleans, integers, larges, codes;
    bool has_codes;
    uint32_t booleans_count, integers_count, larges_count, doubles_count, strings_count;
    const uint8_t *doubles;
    struct store_heap heap;
    const struct store_dictionary *dictionary; /* NULL: none */
};

/* A string of a heap that was left there: in place of its bytes the value says where they are. Only readers that ask for it
   are given such values, and they stay among those of store_words.h. */
#define STORE_LEFT (UINT32_C(1) << 31) /* beside the length */
#define STORE_LEFT_SEGMENTS_MAX (UINT32_C(1) << 16)
static inline bool store_value_is_left(const struct store_value *value)
{
    return value->kind == STORE_STRING && (value->len & STORE_LEFT) != 0;
}
static inline uint32_t store_value_len(const struct store_value *value) /* of any string */
{
    return value->len & ~STORE_LEFT;
}
static inline uint32_t store_left_segment(struct store_value value)
{
    return (uint32_t)(value.u >> 48);
}
static inline uint32_t store_left_block(struct store_value value)
{
    return (uint32_t)(value.u >> 32) & 0xffff;
}
static inline uint32_t store_left_string(struct store_value value) /* of its heap */
{
    return (uint32_t)value.u;
}

/* What decoding values needs besides; keeps its memory. */
struct store_values_scratch {
    struct base_budget *budget;
    struct arena *strings; /* where strings of heaps are put */
    bool leave;            /* strings of heaps are left there, */
    uint32_t leave_segment,
        leave_block; /* which are this segment's, of the reader's list, and this block's */
    struct store_vec numbers, codes, kinds, lengths, picks, values;
    struct base_unzipper *unzipper;
};
void store_values_scratch_done(struct store_values_scratch *scratch);

bool store_values_open(const uint8_t *bytes, size_t len, uint32_t rows,
                       const struct store_dictionary *dictionary, struct store_values *out,
                       struct fail *fail) MUST_USE;
/* The entries of rows [from, to). */
bool store_values_find(const struct store_values *values, uint32_t from, uint32_t to,
                       uint32_t *out_first, uint32_t *out_count, struct fail *fail) MUST_USE;
/* The rows of entries [first, first + count). */
bool store_values_rows(const struct store_values *values, uint32_t first, uint32_t count,
                       uint32_t *out, struct fail *fail) MUST_USE;
/* Values of entries [first, first + count), or where `picks` is not NULL of those `pick_count` entries
   among them (ascending, counted from `first`). Strings lie in the mapped file or in scratch->strings, or are left. */
bool store_values_read(const struct store_values *values, uint32_t first, uint32_t count,
                       const uint32_t *picks, uint32_t pick_count,
                       struct store_values_scratch *scratch, struct store_value *out,
                       struct fail *fail) MUST_USE;

/* Entries to encode, ascending by row. */
struct store_values_input {
    uint32_t entries, rows;
    const uint32_t *at; /* rows */
    const struct store_value *values;
    const uint32_t
        *codes; /* of strings: 1 + place in the dictionary, 0: heap; NULL: all in the heap */
};
struct store_encoder {
    struct arena *arena; /* reset by each call */
    struct base_zipper *zipper;
    struct base_buf page, pages; /* of heaps; keep their memory */
    /* The bytes of a string that was left in its heap, until the next call; NULL: there are none such. */
    bool (*find)(void *context, struct store_value left, struct str *out, struct fail *fail);
    /* Takes what follows what is in `out` and was taken before: called only where the pages of a heap come to more than
       STORE_ENCODER_PAGES_BYTES, and from then on until its end, which is the column's. NULL: all goes into `out`. */
    bool (*take)(void *context, const void *bytes, size_t len, struct fail *fail);
    void *context;
    uint64_t taken; /* by the last call */
};
#define STORE_ENCODER_PAGES_BYTES ((size_t)4 << 20)
void store_encoder_done(struct store_encoder *encoder);
bool store_values_encode(const struct store_values_input *input, struct store_encoder *encoder,
                         struct base_buf *out, struct fail *fail) MUST_USE;

/* ---- heaps of strings (store_codec_heap.c) ------------------------------------------------------------ */

#define STORE_HEAP_PAGE_BYTES ((size_t)65536)

bool store_heap_encode(const struct store_value *strings, uint32_t count,
                       struct store_encoder *encoder, bool *out_uuids, struct base_buf *out,
                       struct fail *fail) MUST_USE;
bool store_heap_open(const uint8_t *bytes, size_t len, bool uuids, uint32_t strings,
                     struct store_heap *out, struct fail *fail) MUST_USE;
/* A reader of one heap, for strings in ascending order. */
struct store_heap_reader {
    const struct store_heap *heap;
    struct store_values_scratch *scratch;
    bool forgets;     /* scratch->strings holds one page: that of the string asked for last */
    const char *page; /* the page open, decompressed */
    uint32_t page_first, page_end, page_bytes;
    uint32_t next; /* string whose offset is known */
    uint32_t next_offset;
    bool any;
};
bool store_heap_get(struct store_heap_reader *reader, uint32_t string, struct store_value *out,
                    struct fail *fail) MUST_USE;
/* The string as one that was left. A reader is asked for this or for bytes, not for both. */
bool store_heap_leave(struct store_heap_reader *reader, uint32_t string, struct store_value *out,
                      struct fail *fail) MUST_USE;
