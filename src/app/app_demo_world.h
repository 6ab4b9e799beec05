/* app_demo_world.h — what the demo's shop is made of: places, products, releases.
 *
 * What: fixed tables, and the days on which the stories of docs/demo.md begin and end.
 * Owner: static.   Threads: immutable.   Failure: none.   Limits/cost: none.
 * Units: days before the last day of the demo.   Example: app_demo_life.c.
 * Not here: what one customer does (app_demo_life.h), what they say (app_demo_words.h).
 */
#pragma once

#include "base_random.h"

/* The stories, in days before the demo's last day (the last day is 0). */
#define DEMO_FAULT_BEGIN 61 /* app 4.2.0 is released: its checkout hangs on Android */
#define DEMO_FAULT_END 33   /* app 4.2.1 mends it */
#define DEMO_LATE_BEGIN 84  /* the carrier Fjordpost begins to deliver late in the region West */
#define DEMO_ZIP_BEGIN 120  /* a new batch of the Skodd rain jacket leaks at the zip */

struct demo_place {
    const char *country, *region, *city, *currency;
    unsigned weight;    /* of all customers */
    unsigned carrier_b; /* percent of orders that Fjordpost carries; the rest is Nordfrakt's */
};
extern const struct demo_place demo_places[];
extern const size_t demo_place_count;

struct demo_product {
    const char *name, *category, *sku;
    unsigned price; /* in whole units of the currency */
    unsigned weight;
};
extern const struct demo_product demo_products[];
extern const size_t demo_product_count;
#define DEMO_PRODUCT_ZIP 0 /* the jacket of the third story */

extern const char *const demo_first_names[];
extern const size_t demo_first_name_count;
extern const char *const demo_last_names[];
extern const size_t demo_last_name_count;
extern const char *const demo_searches[];
extern const size_t demo_search_count;
extern const char *const demo_campaigns[];
extern const size_t demo_campaign_count;

/* The app's version on a day, for customers who update at once. */
const char *demo_app_version(int64_t days_before_end);
/* How busy a day is, in percent: by month and weekday, with the autumn sale. */
unsigned demo_season_percent(int month, int day, unsigned weekday);
const char *demo_pick(struct base_random *random, const char *const *list, size_t count);
