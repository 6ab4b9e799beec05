/* base_random.h — randomness behind an interface.
 *
 * What: base_random_system() is the kernel's, for keys and ids; a base_random_seeded repeats for a
 *   seed (xoshiro256**, Blackman & Vigna 2018, seeded by splitmix64), for tests and the demo.
 * Owner: the system's is static.   Threads: the system's safe; a seeded one belongs to one thread.
 * Failure: the kernel's source failing is an INVARIANT.   Limits/cost: seeded: some ns a number.
 * Units: none.   Example: uint64_t dice = base_random_below(random, 6);
 * Not here: distributions beyond the few below.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base_str.h"

struct base_random {
    void (*fill)(struct base_random *random, void *into, size_t bytes);
};
struct base_random *base_random_system(void);

struct base_random_seeded {
    struct base_random random;
    uint64_t state[4];
};
void base_random_seed(struct base_random_seeded *seeded, uint64_t seed);

void base_random_fill(struct base_random *random, void *into, size_t bytes);
uint64_t base_random_u64(struct base_random *random);
uint64_t base_random_below(struct base_random *random, uint64_t bound); /* unbiased; bound > 0 */
double base_random_unit(struct base_random *random);                    /* [0, 1), 53 bits */
/* `bytes` of randomness in lower-case hex or URL-safe base64 without padding, in the arena. */
struct str base_random_hex(struct base_random *random, struct arena *arena, size_t bytes);
struct str base_random_token(struct base_random *random, struct arena *arena, size_t bytes);
