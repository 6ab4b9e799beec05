/* query_fake_store.h — what the faked store holds: filled by query_fake.c, read through the store's face.
 *
 * What: customers, rows and names in memory.   Owner: the snapshot's arena.   Threads: one fills, then many read.
 * Failure: aborts the test.   Limits/cost: the *_MAX below.   Units: *_ms UTC.
 * Example: see query_fake.c.   Not here: asking (query_fake.h).
 */
#pragma once

#include "base_thread.h"
#include "query_fake.h"

#define ROWS_MAX 20000
#define CUSTOMERS_MAX 4000
#define NAMES_MAX 200

struct fake_row {
    uint32_t customer, event;
    int64_t ts_ms;
    size_t arrival;
    /* Properties; own fields under names that begin with '@', traits sent under '^'. */
    struct store_field *fields;
    size_t field_count;
};
struct fake_customer {
    struct str id;
    bool known;
    struct store_field traits[64];
    size_t trait_count;
    struct store_identifier identifiers[16];
    size_t identifier_count;
};
struct saved {
    struct str name, json;
};
struct store_snapshot {
    struct arena *arena;
    struct fake_row *rows;
    size_t row_count;
    struct fake_customer *customers;
    uint32_t customer_count;
    struct str events[NAMES_MAX];
    uint32_t event_count;
    bool descending; /* layout: customers from the last */
    uint32_t batch_customers;
    struct saved saved[20];
    size_t saved_count;
    uint32_t scans, narrow_scans; /* so many were made; with labels */
    uint32_t corrupt_scan;        /* number of one whose rows cannot be read, from 1; 0: none */
    struct base_mutex lock;       /* guards accounts, and the arena while they are made */
    const struct store_accounts *accounts; /* NULL: not made since the last row came */
};
