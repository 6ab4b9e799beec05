/* floor.c — asks a plain scan in C the questions of the benchmark.
 *
 *   floor T0_MS DAYS FILE...    reads the files, says {"rows":n,"customers":n}, then answers one question a line
 *
 * A question is a word and its arguments, as floor.h lists them; the answer is {"ms":..,"cpu_ms":..,"answer":{..}}.
 */
#include "floor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct task {
    pthread_t thread;
    const struct columns *c;
    struct share share;
    void (*part)(const struct columns *c, struct share share, void *context);
    void *context;
};

static void *run(void *argument)
{
    struct task *task = argument;
    task->part(task->c, task->share, task->context);
    return NULL;
}

void share_out(const struct columns *c,
               void (*part)(const struct columns *c, struct share share, void *context),
               void *context)
{
    struct task tasks[THREADS];
    uint32_t from = 0;
    for (uint32_t i = 0; i < THREADS; i++) {
        uint32_t to = from;
        while (to < c->customers &&
               (i == THREADS - 1 || c->first[to + 1] <= c->rows / THREADS * (i + 1))) {
            to++;
        }
        tasks[i] = (struct task){.c = c, .share = {from, to, i}, .part = part, .context = context};
        from = to;
        if (pthread_create(&tasks[i].thread, NULL, run, &tasks[i]) != 0) {
            (void)fprintf(stderr, "floor: no thread\n");
            exit(1);
        }
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        (void)pthread_join(tasks[i].thread, NULL);
    }
}

void list_add(struct list *list, uint32_t value)
{
    if (list->n == list->room) {
        list->room = list->room == 0 ? 4096 : 2 * list->room;
        list->values = realloc(list->values, list->room * sizeof *list->values);
        if (list->values == NULL) {
            perror("floor");
            exit(1);
        }
    }
    list->values[list->n++] = value;
}

struct list lists_joined(struct list *lists, size_t n)
{
    struct list all = {0};
    for (size_t i = 0; i < n; i++) {
        all.room += lists[i].n;
    }
    all.values = zeroed(all.room, sizeof *all.values);
    for (size_t i = 0; i < n; i++) {
        if (lists[i].n > 0) {
            memcpy(all.values + all.n, lists[i].values, lists[i].n * sizeof *all.values);
        }
        all.n += lists[i].n;
        free(lists[i].values);
    }
    return all;
}

/* Quickselect (Hoare 1961), the pivot from the middle. */
static uint32_t selected(uint32_t *values, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        uint32_t pivot = values[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[j] > pivot) {
                j--;
            }
            if (i >= j) {
                break;
            }
            uint32_t swapped = values[i];
            values[i++] = values[j];
            values[j--] = swapped;
        }
        if (k <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
    return values[k];
}

uint32_t percentile(uint32_t *values, size_t n, unsigned percent)
{
    return selected(values, n, (n * percent + 99) / 100 - 1);
}

static double now_ms(clockid_t clock)
{
    struct timespec at;
    (void)clock_gettime(clock, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static const struct {
    const char *word;
    int args;
    void (*ask)(const struct columns *c, char *const *args);
} questions[] = {
    {"count", 1, ask_count},         {"customers", 1, ask_customers},
    {"breakdown", 2, ask_breakdown}, {"funnel", 2, ask_funnel},
    {"devices", 2, ask_devices},     {"retention", 2, ask_retention},
    {"paths", 2, ask_paths},         {"timeline", 1, ask_timeline},
    {"segment", 5, ask_segment},     {"time_between", 3, ask_time_between},
};

static int answer(const struct columns *c, char *line)
{
    char *args[STEPS_MAX + 3] = {NULL};
    int n = 0;
    for (char *word = strtok(line, " \n"); word != NULL && n < STEPS_MAX + 2;
         word = strtok(NULL, " \n")) {
        args[n++] = word;
    }
    for (size_t i = 0; n > 0 && i < sizeof questions / sizeof questions[0]; i++) {
        if (strcmp(questions[i].word, args[0]) == 0 && n - 1 >= questions[i].args) {
            (void)printf("{\"answer\":");
            double wall = now_ms(CLOCK_MONOTONIC), cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);
            questions[i].ask(c, args + 1);
            (void)printf(",\"ms\":%.4f,\"cpu_ms\":%.4f}\n", now_ms(CLOCK_MONOTONIC) - wall,
                         now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu);
            return fflush(stdout);
        }
    }
    (void)fprintf(stderr, "floor: no such question: %s\n", n > 0 ? args[0] : "");
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        (void)fprintf(stderr, "usage: floor T0_MS DAYS FILE...\n");
        return 2;
    }
    struct columns c =
        columns_load(argv + 3, argc - 3, strtoull(argv[1], NULL, 10), (uint32_t)atoi(argv[2]));
    (void)printf("{\"rows\":%zu,\"customers\":%u}\n", c.rows, c.customers);
    (void)fflush(stdout);
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (answer(&c, line) != 0) {
            return 1;
        }
    }
    return 0;
}
