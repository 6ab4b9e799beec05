/* floor_counts.c — counts of events and customers, retention, a segment, one timeline. */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_days(const uint32_t *days, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        (void)printf("%s%u", i == 0 ? "[" : ",", days[i]);
    }
    (void)printf("]");
}

/* ---- events of a kind by day --------------------------------------------------------------------------------- */

struct daily {
    uint8_t event, plan;
    uint32_t *days[THREADS]; /* ask_breakdown: by country, then day */
    uint32_t total[THREADS];
};

static void count_part(const struct columns *c, struct share share, void *context)
{
    struct daily *q = context;
    uint32_t *days = q->days[share.number];
    for (size_t i = c->first[share.from]; i < c->first[share.to]; i++) {
        if (c->event[i] == q->event && c->day[i] < c->days) {
            days[c->day[i]]++;
        }
    }
}

static void customers_part(const struct columns *c, struct share share, void *context)
{
    struct daily *q = context;
    uint32_t *days = q->days[share.number];
    for (uint32_t who = share.from; who < share.to; who++) {
        uint32_t last = UINT32_MAX;
        for (size_t i = c->first[who]; i < c->first[who + 1]; i++) {
            if (c->event[i] == q->event && c->day[i] != last && c->day[i] < c->days) {
                last = c->day[i];
                days[last]++;
            }
        }
        q->total[share.number] += last != UINT32_MAX;
    }
}

static void breakdown_part(const struct columns *c, struct share share, void *context)
{
    struct daily *q = context;
    uint32_t *days = q->days[share.number];
    for (size_t i = c->first[share.from]; i < c->first[share.to]; i++) {
        if (c->event[i] == q->event && c->plan[i] == q->plan && c->day[i] < c->days) {
            days[c->country[i] * c->days + c->day[i]]++;
        }
    }
}

/* The sums of all threads are in days[0] then. */
static struct daily
ask_daily(const struct columns *c, const char *event, const char *plan, size_t cells,
          void (*part)(const struct columns *c, struct share share, void *context))
{
    struct daily q = {.event = code_of(&c->events, event), .plan = code_of(&c->plans, plan)};
    for (int i = 0; i < THREADS; i++) {
        q.days[i] = zeroed(cells, sizeof *q.days[i]);
    }
    share_out(c, part, &q);
    for (int i = 1; i < THREADS; i++) {
        for (size_t k = 0; k < cells; k++) {
            q.days[0][k] += q.days[i][k];
        }
        q.total[0] += q.total[i];
        free(q.days[i]);
    }
    return q;
}

void ask_count(const struct columns *c, char *const *args)
{
    struct daily q = ask_daily(c, args[0], "", c->days, count_part);
    (void)printf("{\"values\":");
    print_days(q.days[0], c->days);
    (void)printf("}");
    free(q.days[0]);
}

void ask_customers(const struct columns *c, char *const *args)
{
    struct daily q = ask_daily(c, args[0], "", c->days, customers_part);
    (void)printf("{\"values\":");
    print_days(q.days[0], c->days);
    (void)printf(",\"total\":%u}", q.total[0]);
    free(q.days[0]);
}

/* ---- the ten largest countries, and all others ---------------------------------------------------------------- */

struct group {
    uint32_t code, total;
    const char *name;
};
static int larger_first(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->total != y->total ? (x->total < y->total) - (x->total > y->total)
                                : strcmp(x->name, y->name);
}

void ask_breakdown(const struct columns *c, char *const *args)
{
    enum { SHOWN = 10 };
    uint32_t days = c->days, n = c->countries.n;
    struct daily q = ask_daily(c, args[0], args[1], (size_t)n * days, breakdown_part);
    struct group groups[NAMES_MAX];
    for (uint32_t i = 0; i < n; i++) {
        groups[i] = (struct group){i, 0, c->countries.name[i]};
        for (uint32_t d = 0; d < days; d++) {
            groups[i].total += q.days[0][i * days + d];
        }
    }
    qsort(groups, n, sizeof *groups, larger_first);
    (void)printf("{\"groups\":[");
    for (uint32_t i = 0; i < n && i < SHOWN && groups[i].total > 0; i++) {
        (void)printf("%s{\"group\":\"%s\",\"values\":", i == 0 ? "" : ",", groups[i].name);
        print_days(q.days[0] + (size_t)groups[i].code * days, days);
        (void)printf("}");
    }
    uint32_t *rest = zeroed(days, sizeof *rest), any = 0;
    for (uint32_t i = SHOWN; i < n; i++) {
        any |= groups[i].total;
        for (uint32_t d = 0; d < days; d++) {
            rest[d] += q.days[0][groups[i].code * days + d];
        }
    }
    if (any != 0) {
        (void)printf(",{\"group\":\"(other)\",\"values\":");
        print_days(rest, days);
        (void)printf("}");
    }
    (void)printf("]}");
    free(rest);
    free(q.days[0]);
}

/* ---- retention: weeks from t0 on, which is a Monday ------------------------------------------------------------ */

#define WEEKS_MAX 26
struct retention {
    uint8_t event;
    uint32_t weeks;
    uint32_t size[THREADS][WEEKS_MAX], returned[THREADS][WEEKS_MAX][WEEKS_MAX];
};

static void retention_part(const struct columns *c, struct share share, void *context)
{
    struct retention *q = context;
    for (uint32_t who = share.from; who < share.to; who++) {
        size_t i = c->first[who], end = c->first[who + 1];
        while (i < end && (c->event[i] != q->event)) {
            i++;
        }
        uint32_t cohort = i < end ? c->day[i] / 7 : q->weeks;
        if (cohort >= q->weeks) {
            continue;
        }
        uint64_t active = 0; /* a bit for each week after the cohort's */
        for (i++; i < end && c->day[i] / 7U - cohort < q->weeks; i++) {
            active |= UINT64_C(1) << (c->day[i] / 7U - cohort);
        }
        q->size[share.number][cohort]++;
        for (uint32_t k = 0; k < q->weeks; k++) {
            q->returned[share.number][cohort][k] += active >> k & 1;
        }
    }
}

void ask_retention(const struct columns *c, char *const *args)
{
    struct retention q = {.event = code_of(&c->events, args[0]), .weeks = (uint32_t)atoi(args[1])};
    if (q.weeks > WEEKS_MAX) {
        (void)fprintf(stderr, "floor: at most %d weeks\n", WEEKS_MAX);
        exit(2);
    }
    share_out(c, retention_part, &q);
    (void)printf("{\"cohorts\":[");
    for (uint32_t w = 0; w < q.weeks; w++) {
        (void)printf("%s{\"size\":%u,\"returned\":[", w == 0 ? "" : ",",
                     q.size[0][w] + q.size[1][w]);
        for (uint32_t k = 0; k < q.weeks; k++) {
            (void)printf("%s%u", k == 0 ? "" : ",", q.returned[0][w][k] + q.returned[1][w][k]);
        }
        (void)printf("]}");
    }
    (void)printf("]}");
}

/* ---- a segment: so often lately, and not that more lately; now is the end of the range ------------------------- */

struct segment {
    uint8_t event, never;
    uint32_t times;
    uint64_t from_ms, never_from_ms, now_ms;
    uint32_t n[THREADS];
};

static void segment_part(const struct columns *c, struct share share, void *context)
{
    struct segment *q = context;
    uint64_t earliest = q->from_ms < q->never_from_ms ? q->from_ms : q->never_from_ms;
    for (uint32_t who = share.from; who < share.to; who++) {
        uint32_t times = 0, never = 0;
        for (size_t i = c->first[who + 1]; i > c->first[who]; i--) {
            uint64_t ms = at_ms(c, i - 1);
            if (ms < earliest) {
                break;
            }
            times += c->event[i - 1] == q->event && ms >= q->from_ms && ms <= q->now_ms;
            never += c->event[i - 1] == q->never && ms >= q->never_from_ms && ms <= q->now_ms;
        }
        q->n[share.number] += times >= q->times && never == 0;
    }
}

void ask_segment(const struct columns *c, char *const *args)
{
    uint64_t now = c->days * DAY_MS;
    struct segment q = {.event = code_of(&c->events, args[0]),
                        .times = (uint32_t)atoi(args[1]),
                        .from_ms = now - strtoull(args[2], NULL, 10),
                        .never = code_of(&c->events, args[3]),
                        .never_from_ms = now - strtoull(args[4], NULL, 10),
                        .now_ms = now};
    share_out(c, segment_part, &q);
    (void)printf("{\"total\":%u}", q.n[0] + q.n[1]);
}

void ask_timeline(const struct columns *c, char *const *args)
{
    uint32_t who = (uint32_t)strtoul(args[0], NULL, 10);
    (void)printf("{\"events\":[");
    for (size_t i = who < c->customers ? c->first[who] : 0;
         who < c->customers && i < c->first[who + 1]; i++) {
        (void)printf("%s[%llu,\"%s\"]", i == c->first[who] ? "" : ",",
                     (unsigned long long)(c->t0_ms + at_ms(c, i)), c->events.name[c->event[i]]);
    }
    (void)printf("]}");
}
