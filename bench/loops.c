/* loops.c — what the loops with vector twins take, at each level that the processor has.
 *
 * loops [ROUNDS]: runs each loop over frames of 256 values, all levels in turn, ROUNDS times (2,000), and prints the median of each, in
 * nanoseconds of the processor a value, as a table in Markdown. Loops over the rows of a customer are not among them: what they take is which
 * way their jumps go, and that is learnt where the same rows come again (levels.mjs asks questions instead).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base_cpu.h"
#include "base_random.h"
#include "query_marks.h"
#include "store_codec.h"
#include "store_codec_find.h"
#include "store_narrow_rows.h"

#define FRAME 256U
#define FRAMES 128U /* a turn */
#define ROUNDS_MAX 20000U
#define LEVELS (BASE_CPU_AVX512 + 1U)

/* What loops read and write: a frame of each. */
static struct {
    uint8_t bits[FRAME * 8 + 64];
    uint8_t codes[FRAME + 64], labels[FRAME + 64], table[256], few_table[256];
    int64_t ts_ms[FRAME + 64];
    int32_t slots[FRAME + 64];
    uint64_t wide[FRAME + 64];
    uint32_t narrow[FRAME + 64], places[FRAME + 64], found[FRAME + 64];
    uint8_t out_bytes[FRAME + 64];
    int64_t out_ts[FRAME + 64];
    int32_t out_slots[FRAME + 64];
    uint64_t words[FRAME / 64 + 1];
} d;

static void unpack_7(void)
{
    store_unpack(d.bits, 0, 7, FRAME, d.wide);
}
static void unpack_20(void)
{
    store_unpack(d.bits, 0, 20, FRAME, d.wide);
}
static void unpack_34(void)
{
    store_unpack(d.bits, 0, 34, FRAME, d.wide);
}
static void unpack32_10(void)
{
    store_unpack32(d.bits, 0, 10, FRAME, d.narrow);
}
static void unpack32_20(void)
{
    store_unpack32(d.bits, 0, 20, FRAME, d.narrow);
}
static void unpack8_4(void)
{
    BASE_CPU_CALL(store_unpack8, (d.bits, 0, 4, FRAME, d.out_bytes),
                  store_unpack8_portable(d.bits, 0, 4, FRAME, d.out_bytes));
}
static void unzigzag(void)
{
    store_unzigzag(d.wide, FRAME);
}
static void sum_up(void)
{
    store_sum_up(d.wide, FRAME, 5);
}
static void unzigzag32(void)
{
    store_unzigzag32(d.narrow, FRAME);
}
static void sum_up32(void)
{
    store_sum_up32(d.narrow, FRAME, 5);
}
static void join_parts(void)
{
    store_join_parts(d.narrow, d.places, 900000, 13, FRAME, d.out_ts);
}
static void find_in(const uint8_t *wanted)
{
    BASE_CPU_CALL(store_find, (d.codes, FRAME, wanted, 7, d.places, d.found),
                  store_find_portable(d.codes, FRAME, wanted, 7, d.places, d.found));
}
static void find_many(void)
{
    find_in(d.table);
}
static void find_few(void)
{
    find_in(d.few_table);
}
static void label_20(void)
{
    (void)store_label_rows(d.table, 20, d.codes, FRAME, d.out_bytes);
}
static void label_120(void)
{
    (void)store_label_rows(d.table, 120, d.codes, FRAME, d.out_bytes);
}
static void keep_rows(void)
{
    (void)store_keep_rows(d.labels, d.ts_ms, FRAME, (struct store_times){100, 900}, d.out_bytes,
                          d.out_ts, d.words);
}
static void keep_slots(void)
{
    (void)store_keep_slots(d.labels, d.slots, FRAME, (struct store_slots){100, 900}, d.out_bytes,
                           d.out_slots, d.words);
}
static void keep_places(void)
{
    memcpy(d.out_slots, d.slots, sizeof d.slots);
    (void)store_keep_places(d.places, d.out_slots, FRAME, (struct store_slots){100, 900});
}
static void mark_rows(void)
{
    query_mark_rows(d.table, d.labels, FRAME, d.words);
}
static void mark_masks(void)
{
    query_mark_masks(d.wide, 9, FRAME, d.words);
}
static void unmark_before(void)
{
    query_unmark_before(d.ts_ms, 300, FRAME, d.words);
}
static const struct loop {
    const char *name;
    void (*run)(void);
} loops[] = {
    {"unpack 7 bits to 64", unpack_7},
    {"unpack 20 bits to 64", unpack_20},
    {"unpack 34 bits to 64", unpack_34},
    {"unpack 10 bits to 32", unpack32_10},
    {"unpack 20 bits to 32", unpack32_20},
    {"unpack 4 bits to 8", unpack8_4},
    {"zigzag, 64 bits", unzigzag},
    {"sums, 64 bits", sum_up},
    {"zigzag, 32 bits", unzigzag32},
    {"sums, 32 bits", sum_up32},
    {"join parts of times", join_parts},
    {"find codes, every other one", find_many},
    {"find codes, one in 30", find_few},
    {"labels of 20 codes", label_20},
    {"labels of 120 codes", label_120},
    {"keep rows by times", keep_rows},
    {"keep rows by slots", keep_slots},
    {"keep places", keep_places},
    {"mark labels", mark_rows},
    {"mark masks", mark_masks},
    {"unmark before", unmark_before},
};

static void prepare(void)
{
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 1);
    struct base_random *random = &seeded.random;
    for (size_t i = 0; i < sizeof d.bits; i++) {
        d.bits[i] = (uint8_t)base_random_below(random, 256);
    }
    for (unsigned i = 0; i < 256; i++) {
        d.table[i] = (uint8_t)(i % 2);
        d.few_table[i] = (uint8_t)(i == 5);
    }
    for (unsigned i = 0; i < FRAME; i++) {
        uint64_t even = base_random_below(random, 20);
        d.codes[i] = (uint8_t)(base_random_below(random, 3) == 0 ? even : even % 4);
        d.labels[i] = (uint8_t)(base_random_below(random, 2) * base_random_below(random, 200));
        d.ts_ms[i] = (int64_t)base_random_below(random, 1000);
        d.slots[i] = (int32_t)d.ts_ms[i];
        d.wide[i] = base_random_u64(random);
    }
}

static uint64_t cpu_ns(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static double measure(const struct loop *loop)
{
    uint64_t began = cpu_ns();
    for (unsigned i = 0; i < FRAMES; i++) {
        loop->run();
    }
    return (double)(cpu_ns() - began) / ((double)FRAMES * FRAME);
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static double measured[LEVELS][ROUNDS_MAX];

int main(int argc, char **argv)
{
    int64_t rounds = 2000;
    if (argc > 1 &&
        (!str_parse_i64(str_from_c(argv[1]), &rounds) || rounds < 1 || rounds > ROUNDS_MAX)) {
        fprintf(stderr, "loops: between 1 and %u rounds\n", ROUNDS_MAX);
        return 2;
    }
    const unsigned levels = (unsigned)base_cpu_level() + 1;
    prepare();
    printf("| ns a value |");
    for (unsigned level = 0; level < levels; level++) {
        printf(" %s |", base_cpu_name((enum base_cpu)level));
    }
    printf("\n|---|");
    for (unsigned level = 0; level < levels; level++) {
        printf("---:|");
    }
    for (size_t i = 0; i < ARRAY_LEN(loops); i++) {
        for (int64_t round = 0; round < rounds; round++) {
            for (unsigned level = 0; level < levels; level++) {
                base_cpu_limit((enum base_cpu)level);
                measured[level][round] = measure(&loops[i]);
            }
        }
        printf("\n| %s |", loops[i].name);
        for (unsigned level = 0; level < levels; level++) {
            qsort(measured[level], (size_t)rounds, sizeof measured[level][0], compare);
            printf(" %.2f |", measured[level][rounds / 2]);
        }
    }
    printf("\n");
    return 0;
}
