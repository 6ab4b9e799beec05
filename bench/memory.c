/* memory.c — how fast this machine reads memory, which is what no scan over decoded columns can beat.
 *
 * memory [MB [ROUNDS]]: each thread sums up MB (1,024) of its own, ROUNDS times (9), and the medians are printed in GB a second, for one thread
 * and for as many as there are processors.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base_mem.h"
#include "base_str.h"

#define MB_MOST 65536
#define ROUNDS_MOST 1000
#define THREADS_MOST 256U
#define WORDS_AT_ONCE 16U /* sums that do not wait for each other */

struct part {
    pthread_t thread;
    pthread_barrier_t *begin, *end;
    uint64_t *words;
    size_t count;
    int64_t rounds;
    uint64_t sum;
};

static uint64_t sum_of(const uint64_t *words, size_t count)
{
    uint64_t sums[WORDS_AT_ONCE] = {0};
    for (size_t i = 0; i < count; i += WORDS_AT_ONCE) {
        for (size_t k = 0; k < WORDS_AT_ONCE; k++) {
            sums[k] += words[i + k];
        }
    }
    uint64_t sum = 0;
    for (size_t k = 0; k < WORDS_AT_ONCE; k++) {
        sum += sums[k];
    }
    return sum;
}

static void *run(void *argument)
{
    struct part *part = argument;
    for (size_t i = 0; i < part->count; i++) {
        part->words[i] = i; /* so that there are pages */
    }
    for (int64_t round = 0; round < part->rounds; round++) {
        pthread_barrier_wait(part->begin);
        part->sum += sum_of(part->words, part->count);
        pthread_barrier_wait(part->end);
    }
    return NULL;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* GB a second, the median; below 0: there was no memory, or no thread. */
static double measure(unsigned threads, size_t words, int64_t rounds)
{
    static struct part parts[THREADS_MOST];
    static double seconds[ROUNDS_MOST];
    struct fail fail;
    pthread_barrier_t begin, end;
    pthread_barrier_init(&begin, NULL, threads + 1);
    pthread_barrier_init(&end, NULL, threads + 1);
    for (unsigned t = 0; t < threads; t++) {
        void *block;
        if (!base_alloc_spread(words, sizeof(uint64_t), &block, &fail)) {
            fprintf(stderr, "memory: %s\n", fail.message);
            return -1;
        }
        parts[t] = (struct part){
            .begin = &begin, .end = &end, .words = block, .count = words, .rounds = rounds};
        if (pthread_create(&parts[t].thread, NULL, run, &parts[t]) != 0) {
            fprintf(stderr, "memory: no thread\n");
            return -1;
        }
    }
    for (int64_t round = 0; round < rounds; round++) {
        pthread_barrier_wait(&begin);
        double from = seconds_now();
        pthread_barrier_wait(&end);
        seconds[round] = seconds_now() - from;
    }
    uint64_t sum = 0;
    for (unsigned t = 0; t < threads; t++) {
        pthread_join(parts[t].thread, NULL);
        base_free(parts[t].words);
        sum += parts[t].sum;
    }
    qsort(seconds, (size_t)rounds, sizeof seconds[0], compare);
    uint64_t expected = (uint64_t)words * (words - 1) / 2 * (uint64_t)rounds * threads;
    return sum == expected
               ? (double)(threads * words * sizeof(uint64_t)) / seconds[rounds / 2] / 1e9
               : -1;
}

static bool number_of(const char *text, int64_t most, int64_t *out)
{
    return str_parse_i64(str_from_c(text), out) && *out >= 1 && *out <= most;
}

int main(int argc, char **argv)
{
    int64_t megabytes = 1024, rounds = 9;
    if ((argc > 1 && !number_of(argv[1], MB_MOST, &megabytes)) ||
        (argc > 2 && !number_of(argv[2], ROUNDS_MOST, &rounds)) || argc > 3) {
        fprintf(stderr, "memory [MB [ROUNDS]]: up to %d MB, up to %d rounds\n", MB_MOST,
                ROUNDS_MOST);
        return 2;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned all = processors < 1                    ? 1
                   : processors > (long)THREADS_MOST ? THREADS_MOST
                                                     : (unsigned)processors;
    size_t words = (size_t)megabytes << 20 >> 3;
    double one = measure(1, words, rounds), every = measure(all, words, rounds);
    printf("1 thread: %.1f GB/s\n%u threads: %.1f GB/s\n", one, all, every);
    return one > 0 && every > 0 ? 0 : 1;
}
