/* floor_walks.c — questions about the order of events: funnels, paths, the time between two. */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- funnels --------------------------------------------------------------------------------------------------- */

struct funnel {
    uint32_t n;                     /* steps, each another event */
    uint8_t step_of[NAMES_MAX + 1]; /* by event: from 1, 0 where it is no step */
    uint64_t window_ms, end_ms;
    int by_device;
    uint32_t reached[THREADS][NAMES_MAX + 1][STEPS_MAX + 1];
    struct list pauses[STEPS_MAX + 1][THREADS];
};

/* A customer is walked backwards. next[s] is what an entry would reach from step s on, if its own event were next:
 * the times of the first event of step s from here, of the first of step s + 1 after that one, and so on. */
struct chain {
    uint32_t n;
    uint64_t ms[STEPS_MAX + 1];
};

static void funnel_part(const struct columns *c, struct share share, void *context)
{
    struct funnel *q = context;
    struct chain next[STEPS_MAX + 2];
    for (uint32_t who = share.from; who < share.to; who++) {
        struct chain best = {0};
        uint8_t device = 0;
        for (uint32_t s = 0; s <= q->n + 1; s++) {
            next[s].n = 0;
        }
        for (size_t i = c->first[who + 1]; i > c->first[who]; i--) {
            uint8_t step = q->step_of[c->event[i - 1]];
            if (step == 0) {
                continue;
            }
            struct chain *own = &next[step], *rest = &next[step + 1];
            own->ms[0] = at_ms(c, i - 1);
            own->n = 1;
            for (; own->n <= rest->n; own->n++) {
                own->ms[own->n] = rest->ms[own->n - 1];
            }
            if (step != 1 || own->ms[0] >= q->end_ms) {
                continue;
            }
            uint32_t level = 1;
            while (level < own->n && own->ms[level] - own->ms[0] <= q->window_ms) {
                level++;
            }
            if (level >= best.n) { /* the earliest of the best */
                best = *own;
                best.n = level;
                device = c->device[i - 1];
            }
        }
        for (uint32_t s = 1; s <= best.n; s++) {
            q->reached[share.number][q->by_device ? device : 0][s]++;
            if (s > 1 && !q->by_device) {
                list_add(&q->pauses[s][share.number], (uint32_t)(best.ms[s - 1] - best.ms[s - 2]));
            }
        }
    }
}

static void funnel(const struct columns *c, char *const *args, struct funnel *q)
{
    q->window_ms = strtoull(args[0], NULL, 10);
    q->end_ms = c->days * DAY_MS;
    for (q->n = 0; args[q->n + 1] != NULL; q->n++) {
        uint8_t code = code_of(&c->events, args[q->n + 1]);
        if (code != NONE) { /* an event that never occurred is reached by nobody */
            q->step_of[code] = (uint8_t)(q->n + 1);
        }
    }
    share_out(c, funnel_part, q);
    for (uint32_t g = 0; g <= NAMES_MAX; g++) {
        for (uint32_t s = 1; s <= q->n; s++) {
            q->reached[0][g][s] += q->reached[1][g][s];
        }
    }
}

static void print_counts(const struct funnel *q, uint32_t group)
{
    for (uint32_t s = 1; s <= q->n; s++) {
        (void)printf("%s%u", s == 1 ? "[" : ",", q->reached[0][group][s]);
    }
    (void)printf("]");
}

void ask_funnel(const struct columns *c, char *const *args)
{
    struct funnel *q = zeroed(1, sizeof *q);
    funnel(c, args, q);
    (void)printf("{\"counts\":");
    print_counts(q, 0);
    (void)printf(",\"medians\":[null");
    for (uint32_t s = 2; s <= q->n; s++) {
        struct list all = lists_joined(q->pauses[s], THREADS);
        if (all.n == 0) {
            (void)printf(",null");
        } else {
            (void)printf(",%u", percentile(all.values, all.n, 50));
        }
        free(all.values);
    }
    (void)printf("]}");
    free(q);
}

void ask_devices(const struct columns *c, char *const *args)
{
    struct funnel *q = zeroed(1, sizeof *q);
    q->by_device = 1;
    funnel(c, args, q);
    (void)printf("{\"groups\":{");
    for (uint32_t g = 0, shown = 0; g < c->devices.n; g++) {
        if (q->reached[0][g][1] > 0) {
            (void)printf("%s\"%s\":", shown++ == 0 ? "" : ",", c->devices.name[g]);
            print_counts(q, g);
        }
    }
    (void)printf("}}");
    free(q);
}

/* ---- paths ----------------------------------------------------------------------------------------------------- */

#define NEXT 3
#define LIMIT 50
#define PATHS (1U << 18) /* three names of 6 bits; 63 is none */
#define LINKS (NEXT << 12)

struct seen {
    uint32_t count, customers, last; /* last: the customer that was counted last, plus one */
};
struct paths {
    uint8_t event;
    uint64_t gap_ms, end_ms;
    struct seen *paths[THREADS], *links[THREADS];
};

static void see(struct seen *seen, uint32_t who)
{
    seen->count++;
    seen->customers += seen->last != who + 1;
    seen->last = who + 1;
}

static void paths_part(const struct columns *c, struct share share, void *context)
{
    struct paths *q = context;
    for (uint32_t who = share.from; who < share.to; who++) {
        for (size_t i = c->first[who]; i < c->first[who + 1]; i++) {
            if (c->event[i] != q->event || c->day[i] >= c->days) {
                continue;
            }
            uint32_t key = 0, depth = 0, last = c->event[i];
            for (size_t k = i + 1; depth < NEXT && k < c->first[who + 1]; k++, depth++) {
                if (at_ms(c, k) - at_ms(c, k - 1) > q->gap_ms) {
                    break;
                }
                see(&q->links[share.number][depth << 12 | last << 6 | c->event[k]], who);
                last = c->event[k];
                key = key << 6 | last;
            }
            for (; depth < NEXT; depth++) {
                key = key << 6 | NONE;
            }
            see(&q->paths[share.number][key], who);
        }
    }
}

struct ranked {
    struct seen seen;
    uint32_t key;
};
static const struct columns *names_of; /* for comparing */
static const char *event_name(uint32_t code)
{
    return code == NONE ? "" : names_of->events.name[code];
}
static int most_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = (x->seen.count < y->seen.count) - (x->seen.count > y->seen.count);
    order = order != 0 ? order : (int)(x->key >> 18) - (int)(y->key >> 18);
    for (int shift = 12; order == 0 && shift >= 0; shift -= 6) {
        order = strcmp(event_name(x->key >> shift & 63), event_name(y->key >> shift & 63));
    }
    return order;
}

/* Those that were seen, by rank; a link's depth is moved where no name lies. */
static size_t rank(struct seen *const *seen, uint32_t n, int links, struct ranked *ranked)
{
    size_t found = 0;
    for (uint32_t key = 0; key < n; key++) {
        struct seen sum = {seen[0][key].count + seen[1][key].count,
                           seen[0][key].customers + seen[1][key].customers, 0};
        if (sum.count > 0) {
            ranked[found++] = (struct ranked){sum, links ? (key >> 12) << 18 | (key & 4095) : key};
        }
    }
    qsort(ranked, found, sizeof *ranked, most_first);
    return found < LIMIT ? found : LIMIT;
}

static void print_paths(const struct columns *c, uint8_t start, const struct ranked *ranked,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)printf("%s[[\"%s\"", i == 0 ? "" : ",", c->events.name[start]);
        for (int shift = 12; shift >= 0 && (ranked[i].key >> shift & 63) != NONE; shift -= 6) {
            (void)printf(",\"%s\"", event_name(ranked[i].key >> shift & 63));
        }
        (void)printf("],%u,%u]", ranked[i].seen.count, ranked[i].seen.customers);
    }
}

void ask_paths(const struct columns *c, char *const *args)
{
    struct paths q = {.event = code_of(&c->events, args[0]), .gap_ms = strtoull(args[1], NULL, 10)};
    for (int i = 0; i < THREADS; i++) {
        q.paths[i] = zeroed(PATHS, sizeof *q.paths[i]);
        q.links[i] = zeroed(LINKS, sizeof *q.links[i]);
    }
    share_out(c, paths_part, &q);
    names_of = c;
    struct ranked *ranked = zeroed(PATHS, sizeof *ranked);
    (void)printf("{\"paths\":[");
    print_paths(c, q.event, ranked, rank(q.paths, PATHS, 0, ranked));
    (void)printf("],\"links\":[");
    size_t links = rank(q.links, LINKS, 1, ranked);
    for (size_t i = 0; i < links; i++) {
        (void)printf("%s[%u,\"%s\",\"%s\",%u,%u]", i == 0 ? "" : ",", (ranked[i].key >> 18) + 1,
                     event_name(ranked[i].key >> 6 & 63), event_name(ranked[i].key & 63),
                     ranked[i].seen.count, ranked[i].seen.customers);
    }
    (void)printf("]}");
    free(ranked);
    for (int i = 0; i < THREADS; i++) {
        free(q.paths[i]);
        free(q.links[i]);
    }
}

/* ---- from one event to the next of another --------------------------------------------------------------------- */

struct between {
    uint8_t from, to;
    uint64_t window_ms;
    uint32_t customers[THREADS];
    struct list gaps[THREADS];
};

static void between_part(const struct columns *c, struct share share, void *context)
{
    struct between *q = context;
    for (uint32_t who = share.from; who < share.to; who++) {
        uint64_t next = UINT64_MAX;
        size_t before = q->gaps[share.number].n;
        for (size_t i = c->first[who + 1]; i > c->first[who]; i--) {
            if (c->event[i - 1] == q->to) {
                next = at_ms(c, i - 1);
            } else if (c->event[i - 1] == q->from && c->day[i - 1] < c->days &&
                       next != UINT64_MAX && next - at_ms(c, i - 1) <= q->window_ms) {
                list_add(&q->gaps[share.number], (uint32_t)(next - at_ms(c, i - 1)));
            }
        }
        q->customers[share.number] += q->gaps[share.number].n > before;
    }
}

void ask_time_between(const struct columns *c, char *const *args)
{
    static const uint64_t edges[] = {0,       1000,     10000,    60000,     300000,    1800000,
                                     3600000, 21600000, 86400000, 259200000, 604800000, 2592000000};
    enum { EDGES = sizeof edges / sizeof edges[0] };
    struct between q = {.from = code_of(&c->events, args[0]),
                        .to = code_of(&c->events, args[1]),
                        .window_ms = strtoull(args[2], NULL, 10)};
    share_out(c, between_part, &q);
    struct list all = lists_joined(q.gaps, THREADS);
    size_t bins[EDGES] = {0};
    for (size_t i = 0; i < all.n; i++) {
        int bin = EDGES - 1;
        while (all.values[i] < edges[bin]) {
            bin--;
        }
        bins[bin]++;
    }
    (void)printf("{\"count\":%zu,\"customers\":%u", all.n, q.customers[0] + q.customers[1]);
    static const unsigned percents[] = {50, 75, 90, 99};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        (void)printf(",\"p%u\":", percents[i]);
        (void)(all.n > 0 ? printf("%u", percentile(all.values, all.n, percents[i]))
                         : printf("null"));
    }
    (void)printf(",\"histogram\":[");
    for (int i = 0; i < EDGES; i++) {
        (void)printf("%s%zu", i == 0 ? "" : ",", bins[i]);
    }
    (void)printf("]}");
    free(all.values);
}
