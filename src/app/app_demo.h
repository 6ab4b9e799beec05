/* app_demo.h — the demo organisation: an outdoor shop with web, app, store and support.
 *
 * What: makes customers and their events from a seed, with true stories in them (docs/demo.md), and puts them
 *   into a directory through whoever holds it. The same seed, days, customers and end give the same
 *   events, byte for byte, on any machine.
 * Owner: options stay the caller's.   Threads: one at a time on a link.
 * Failure: as app_link_take; FAIL_CONFLICT where the directory holds other events already.
 * Limits/cost: some 100,000 events a second; APP_DEMO_*_MAX.   Units: days since 1970-01-01.
 * Example: cli_demo.c.   Not here: the stories in words (docs/demo.md).
 */
#pragma once

#include "app.h"

#define APP_DEMO_CUSTOMERS 20000
#define APP_DEMO_DAYS 365
#define APP_DEMO_CUSTOMERS_MAX 10000000
#define APP_DEMO_DAYS_MAX 3650

struct app_demo_options {
    int64_t customers;
    int64_t days;
    uint64_t seed;
    int64_t until_day; /* the last day (UTC) */
    int64_t end_ms;    /* nothing happens from here on; 0: the last day is whole */
    /* Now and then; false stops. May be NULL. */
    bool (*progress)(void *context, uint64_t customers_done, uint64_t events);
    void *context;
};
struct app_demo_result {
    uint64_t events;
};
bool app_demo_fill(struct app_link *link, const struct app_demo_options *options,
                   struct app_demo_result *out, struct fail *fail) MUST_USE;
