#include "base_random.h"

#include <errno.h>
#include <sys/random.h>

static void system_fill(struct base_random *random, void *into, size_t bytes)
{
    (void)random;
    char *at = into;
    while (bytes > 0) {
        ssize_t got = getrandom(at, bytes, 0);
        INVARIANT(got > 0 || (got < 0 && errno == EINTR));
        if (got > 0) {
            at += got;
            bytes -= (size_t)got;
        }
    }
}

struct base_random *base_random_system(void)
{
    static struct base_random system = {.fill = system_fill};
    return &system;
}

static uint64_t rotate_left(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

/* One step of xoshiro256**. */
static uint64_t step(uint64_t s[4])
{
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

static void seeded_fill(struct base_random *random, void *into, size_t bytes)
{
    struct base_random_seeded *seeded = (struct base_random_seeded *)random;
    char *at = into;
    while (bytes > 0) {
        uint64_t number = step(seeded->state);
        size_t part = bytes < sizeof number ? bytes : sizeof number;
        memcpy(at, &number, part);
        at += part;
        bytes -= part;
    }
}

void base_random_seed(struct base_random_seeded *seeded, uint64_t seed)
{
    seeded->random.fill = seeded_fill;
    for (size_t i = 0; i < ARRAY_LEN(seeded->state); i++) { /* splitmix64: never four zeros */
        seed += 0x9E3779B97F4A7C15U;
        uint64_t z = seed;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27) * 0x94D049BB133111EBU;
        seeded->state[i] = z ^ z >> 31;
    }
}

void base_random_fill(struct base_random *random, void *into, size_t bytes)
{
    random->fill(random, into, bytes);
}

uint64_t base_random_u64(struct base_random *random)
{
    uint64_t number;
    random->fill(random, &number, sizeof number);
    return number;
}

uint64_t base_random_below(struct base_random *random, uint64_t bound)
{
    INVARIANT(bound > 0);
    /* Lemire, "Fast random integer generation in an interval" (2019): the high half of a product,
       thrown again where the low half falls into the part that is one too many. */
    unsigned __int128 product = (unsigned __int128)base_random_u64(random) * bound;
    if ((uint64_t)product < bound) {
        uint64_t surplus = (0U - bound) % bound;
        while ((uint64_t)product < surplus) {
            product = (unsigned __int128)base_random_u64(random) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

double base_random_unit(struct base_random *random)
{
    return (double)(base_random_u64(random) >> 11) * 0x1p-53;
}

struct str base_random_hex(struct base_random *random, struct arena *arena, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_small(arena, 2 * bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte;
        random->fill(random, &byte, 1);
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15U];
    }
    return str_of(text, 2 * bytes);
}

struct str base_random_token(struct base_random *random, struct arena *arena, size_t bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = 0;
    char *text = arena_small(arena, (bytes + 2) / 3 * 4 + 1);
    for (size_t i = 0; i < bytes; i += 3) {
        unsigned char three[3] = {0};
        size_t part = bytes - i < 3 ? bytes - i : 3;
        random->fill(random, three, part);
        unsigned bits = (unsigned)three[0] << 16 | (unsigned)three[1] << 8 | three[2];
        for (size_t j = 0; j <= part; j++) {
            text[len++] = letters[bits >> (18 - 6 * j) & 63U];
        }
    }
    text[len] = '\0';
    return str_of(text, len);
}
