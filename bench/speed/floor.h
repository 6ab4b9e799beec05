/* floor.h — columns in memory and the questions asked of them: what a plain scan in C takes.
 *
 * Nothing is shared with the engine: this is what its speed is held against, and another opinion on its answers.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>
#include <stdint.h>

#define DAY_MS UINT64_C(86400000)
#define NAMES_MAX 63 /* of one column; one code more means "none" */
#define NONE 63
#define STEPS_MAX 10
#define THREADS 2

struct names {
    uint32_t n;
    char name[NAMES_MAX][32];
};

/* Rows sorted by (customer, ts); those of customer c are [first[c], first[c + 1]). */
struct columns {
    size_t rows;
    uint32_t customers, days;
    uint64_t t0_ms;
    uint32_t *first;
    uint8_t *event, *country, *plan, *device;
    uint16_t *day;    /* since t0_ms */
    uint32_t *of_day; /* ms */
    struct names events, countries, plans, devices;
};

/* Reads CSV files as events.c writes them. Ends the program where one cannot be read. */
struct columns columns_load(char *const *files, int n, uint64_t t0_ms, uint32_t days);
uint8_t code_of(const struct names *names, const char *name); /* NONE where there is no such name */

static inline uint64_t at_ms(const struct columns *c, size_t row)
{
    return c->day[row] * DAY_MS + c->of_day[row];
}

/* Each prints its answer as one JSON object; a question begins with its name, then come its arguments. */
void ask_count(const struct columns *c, char *const *args);     /* EVENT */
void ask_customers(const struct columns *c, char *const *args); /* EVENT */
void ask_breakdown(const struct columns *c,
                   char *const *args); /* EVENT PLAN: by country, the ten largest */
void ask_funnel(const struct columns *c, char *const *args); /* WINDOW_MS EVENT... */
void ask_devices(const struct columns *c,
                 char *const *args); /* WINDOW_MS EVENT...: the same by device */
void ask_retention(const struct columns *c, char *const *args); /* EVENT WEEKS */
void ask_paths(const struct columns *c,
               char *const *args); /* EVENT GAP_MS: the next three, the 50 most frequent */
void ask_timeline(const struct columns *c, char *const *args); /* CUSTOMER */
void ask_segment(const struct columns *c,
                 char *const *args); /* EVENT TIMES WITHIN_MS NEVER NEVER_WITHIN_MS */
void ask_time_between(const struct columns *c, char *const *args); /* EVENT EVENT WINDOW_MS */

/* Calls part(c, of, context) for each of THREADS runs of customers of about as many rows, each on its own thread. */
struct share {
    uint32_t from, to; /* customers */
    uint32_t number;   /* of the thread */
};
void share_out(const struct columns *c,
               void (*part)(const struct columns *c, struct share share, void *context),
               void *context);

/* The n/100-th by nearest rank; sorts some of the values. */
uint32_t percentile(uint32_t *values, size_t n, unsigned percent);
void *zeroed(size_t n, size_t size); /* or the program ends */

/* What each thread collects. */
struct list {
    uint32_t *values;
    size_t n, room;
};
void list_add(struct list *list, uint32_t value);
struct list lists_joined(struct list *lists, size_t n); /* takes them over */

#endif
