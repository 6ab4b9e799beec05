#include "app_demo_life.h"

#include <stdio.h>

#include "app_demo_voice.h"

static bool sign_up(struct demo_life *life, const struct demo_moment *at, struct fail *fail)
{
    life->known = true;
    demo_with_text(life, "name", life->name);
    demo_with_text(life, "email", life->email);
    demo_with_text(life, "country", life->place->country);
    demo_with_text(life, "region", life->place->region);
    demo_with_text(life, "city", life->place->city);
    demo_with_text(life, "plan", demo_chance(life, 35) ? "member" : "guest");
    if (!demo_identify(life, at, fail)) {
        return false;
    }
    /* One in fifty wants to be left alone from the first day. */
    life->muted = demo_chance(life, 2);
    if (!life->muted && !demo_chance(life, 35)) {
        return true;
    }
    demo_with_text(life, "purpose", life->muted ? "survey" : "newsletter");
    demo_with_text(life, "state", life->muted ? "withdrawn" : "granted");
    demo_with_text(life, "wording",
                   life->muted ? "Do not ask me questions." : "Send me the letter of the month.");
    demo_with_text(life, "how", "box at the checkout");
    return demo_did(life, at, "consent", fail);
}

/* ---- after an order ------------------------------------------------------------------------------------- */

static bool send_back(struct demo_life *life, const struct demo_order *order, struct demo_moment at,
                      bool leaks, struct fail *fail)
{
    at.ts_ms += (2 + (int64_t)demo_dice(life, 5)) * DAY_MS;
    demo_with(life, "order_id", store_value_int(order->id));
    demo_with_text(life, "product", demo_products[order->product].name);
    demo_with_text(life, "reason", leaks ? "leaks" : "size");
    demo_move_mood(life, leaks ? -15 : -4);
    return demo_did(life, &at, "Order Returned", fail);
}

static bool deliver(struct demo_life *life, const struct demo_order *order, struct fail *fail)
{
    struct demo_moment at = {order->delivered_day * DAY_MS +
                                 (600 + (int64_t)demo_dice(life, 480)) * MINUTE_MS,
                             "shop", NULL};
    demo_with(life, "order_id", store_value_int(order->id));
    demo_with_text(life, "carrier", order->fjordpost ? "Fjordpost" : "Nordfrakt");
    demo_with_text(life, "region", life->place->region);
    demo_with(life, "days", store_value_int(order->days));
    demo_with(life, "late", store_value_bool(order->late));
    if (!demo_did(life, &at, "Order Delivered", fail)) {
        return false;
    }
    demo_move_mood(life, order->late ? -22 : 4);
    bool leaks = order->from_new_batch && demo_chance(life, 55);
    if (order->late && demo_chance(life, 45) &&
        !demo_ask_support(life, at, DEMO_WORDS_LATE, order, fail)) {
        return false;
    }
    if (leaks) {
        demo_move_mood(life, -10);
    }
    if (demo_chance(life, leaks ? 60 : 7) && !send_back(life, order, at, leaks, fail)) {
        return false;
    }
    if (!demo_survey_delivery(life, order, at, fail)) {
        return false;
    }
    return !demo_chance(life, leaks ? 30 : 9) || demo_review(life, order, at, leaks, fail);
}

static bool deliver_due(struct demo_life *life, int64_t day, struct fail *fail)
{
    for (size_t i = 0; i < life->waiting_count;) {
        if (life->waiting[i].delivered_day != day) {
            i++;
            continue;
        }
        struct demo_order order = life->waiting[i];
        life->waiting[i] = life->waiting[--life->waiting_count];
        if (!deliver(life, &order, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- a visit ---------------------------------------------------------------------------------------------- */

static const char *channel_of(enum demo_way way)
{
    return way == DEMO_STORE ? "store" : way == DEMO_APP ? "app" : "web";
}

struct visit {
    enum demo_way way;
    struct demo_moment at;
    int64_t day;
    int64_t before_end;  /* days */
    const char *version; /* of the app */
};

static void pass_time(struct demo_life *life, struct visit *visit, unsigned seconds_most)
{
    visit->at.ts_ms +=
        2000 + (int64_t)demo_dice(life, seconds_most) * 1000 + (int64_t)demo_dice(life, 1000);
}

static void with_device(struct demo_life *life, const struct visit *visit)
{
    static const char *const devices[] = {"phone", "desktop", "phone", "till"};
    demo_with_text(life, "device", devices[visit->way]);
    if (visit->way == DEMO_APP) {
        demo_with_text(life, "app_version", visit->version);
        demo_with_text(life, "os", life->android ? "Android" : "iOS");
    }
}

static unsigned pick_product(struct demo_life *life)
{
    unsigned all = 0;
    for (size_t i = 0; i < demo_product_count; i++) {
        all += demo_products[i].weight;
    }
    unsigned at = demo_dice(life, all);
    unsigned i = 0;
    while (at >= demo_products[i].weight) {
        at -= demo_products[i++].weight;
    }
    return i;
}

static void with_product(struct demo_life *life, unsigned product)
{
    demo_with_text(life, "product", demo_products[product].name);
    demo_with_text(life, "category", demo_products[product].category);
    demo_with_text(life, "sku", demo_products[product].sku);
    demo_with(life, "price", store_value_int(demo_products[product].price));
}

static void place_order(struct demo_life *life, const struct visit *visit, unsigned product)
{
    if (visit->way == DEMO_STORE || life->waiting_count == DEMO_WAITING_MAX) {
        return;
    }
    struct demo_order order = {.id = life->orders, .product = product};
    order.fjordpost = demo_chance(life, life->place->carrier_b);
    order.days = 2 + demo_dice(life, 3);
    order.late = order.fjordpost && visit->before_end <= DEMO_LATE_BEGIN &&
                         str_is(str_from_c(life->place->country), "NO") &&
                         str_is(str_from_c(life->place->region), "West")
                     ? demo_chance(life, 80)
                     : demo_chance(life, 3);
    if (order.late) {
        order.days += 4 + demo_dice(life, 4);
    }
    order.from_new_batch = product == DEMO_PRODUCT_ZIP && visit->before_end <= DEMO_ZIP_BEGIN;
    order.delivered_day = visit->day + order.days;
    life->waiting[life->waiting_count++] = order;
}

static bool pay(struct demo_life *life, struct visit *visit, unsigned product, struct fail *fail)
{
    bool faulty =
        visit->way == DEMO_APP && life->android && str_is(str_from_c(visit->version), "4.2.0");
    pass_time(life, visit, 60);
    if (demo_chance(life, faulty ? 62 : 4)) {
        with_device(life, visit);
        demo_with_text(life, "error", faulty ? "timeout" : "card declined");
        if (!demo_did(life, &visit->at, "Payment Failed", fail)) {
            return false;
        }
        demo_move_mood(life, faulty ? -12 : -2);
        if (faulty && demo_chance(life, 30)) {
            struct demo_moment at = visit->at;
            at.ts_ms += (20 + (int64_t)demo_dice(life, 300)) * MINUTE_MS;
            return demo_ask_support(life, at, DEMO_WORDS_FAULT, NULL, fail);
        }
        return true;
    }
    unsigned quantity = 1 + (demo_chance(life, 18) ? 1U : 0U);
    life->orders++;
    demo_with(life, "order_id", store_value_int(life->orders));
    with_product(life, product);
    demo_with(life, "quantity", store_value_int(quantity));
    demo_with(life, "revenue", store_value_int((int64_t)quantity * demo_products[product].price));
    demo_with_text(life, "currency", life->place->currency);
    with_device(life, visit);
    place_order(life, visit, product);
    return demo_did(life, &visit->at, "Order Completed", fail) &&
           (visit->way != DEMO_APP || demo_survey_checkout(life, visit->at, faulty, fail));
}

static bool shop(struct demo_life *life, struct visit *visit, unsigned product, struct fail *fail)
{
    pass_time(life, visit, 90);
    with_product(life, product);
    with_device(life, visit);
    if (!demo_did(life, &visit->at, "Product Added", fail)) {
        return false;
    }
    if (!demo_chance(life, 58)) {
        return true;
    }
    pass_time(life, visit, 120);
    with_device(life, visit);
    if (!demo_did(life, &visit->at, "Checkout Started", fail)) {
        return false;
    }
    if (life->will_sign_up && !life->known) {
        pass_time(life, visit, 60);
        if (!sign_up(life, &visit->at, fail)) {
            return false;
        }
    }
    pass_time(life, visit, 90);
    with_device(life, visit);
    demo_with_text(life, "delivery", demo_chance(life, 45) ? "pick-up point" : "home");
    return !demo_chance(life, 82) ||
           (demo_did(life, &visit->at, "Delivery Chosen", fail) && pay(life, visit, product, fail));
}

static bool visit_store(struct demo_life *life, struct visit *visit, struct fail *fail)
{
    demo_with_text(life, "city", life->place->city);
    if (!demo_did(life, &visit->at, "Store Visited", fail)) {
        return false;
    }
    return !demo_chance(life, 45) || pay(life, visit, pick_product(life), fail);
}

static bool arrive(struct demo_life *life, struct visit *visit, struct fail *fail)
{
    with_device(life, visit);
    if (visit->way == DEMO_APP) {
        demo_with_text(life, "screen", "home");
        return demo_did(life, &visit->at, "Screen Viewed", fail);
    }
    demo_with_text(life, "page", "/");
    if (demo_chance(life, 30)) {
        demo_with_text(life, "campaign",
                       demo_pick(life->random, demo_campaigns, demo_campaign_count));
    }
    return demo_did(life, &visit->at, "Page Viewed", fail);
}

static bool browse(struct demo_life *life, struct visit *visit, struct fail *fail)
{
    unsigned views = 1 + demo_dice(life, 6), product = 0;
    if (demo_chance(life, 25)) {
        pass_time(life, visit, 40);
        demo_with_text(life, "query", demo_pick(life->random, demo_searches, demo_search_count));
        demo_with(life, "results", store_value_int(demo_dice(life, 30)));
        if (!demo_did(life, &visit->at, "Product Searched", fail)) {
            return false;
        }
    }
    for (unsigned i = 0; i < views; i++) {
        pass_time(life, visit, 120);
        product = pick_product(life);
        with_product(life, product);
        with_device(life, visit);
        if (!demo_did(life, &visit->at, "Product Viewed", fail)) {
            return false;
        }
    }
    return !demo_chance(life, 24 + (unsigned)life->mood / 6) || shop(life, visit, product, fail);
}

static bool plan_trip(struct demo_life *life, struct visit *visit, struct fail *fail)
{
    pass_time(life, visit, 200);
    with_device(life, visit);
    demo_with(life, "days", store_value_int(1 + demo_dice(life, 6)));
    demo_with(life, "people", store_value_int(1 + demo_dice(life, 4)));
    return demo_did(life, &visit->at, "Trip Planned", fail);
}

static bool visit_once(struct demo_life *life, int64_t day, struct fail *fail)
{
    struct visit visit = {.day = day, .before_end = life->last_day - day};
    visit.way = demo_chance(life, 4)                     ? DEMO_STORE
                : life->has_app && demo_chance(life, 62) ? DEMO_APP
                : demo_chance(life, 55)                  ? DEMO_PHONE
                                                         : DEMO_DESKTOP;
    if (visit.way == DEMO_STORE && !life->known) {
        visit.way = DEMO_PHONE; /* the till knows members only */
    }
    /* Some update at once, some a version later. */
    int64_t behind = life->seeded.state[0] % 3 == 0 ? 9 : 0;
    visit.version = demo_app_version(visit.before_end + behind);
    unsigned minute =
        visit.way == DEMO_STORE ? 600 + demo_dice(life, 480) : 380 + demo_dice(life, 960);
    visit.at = (struct demo_moment){
        day * DAY_MS + (int64_t)minute * MINUTE_MS + demo_dice(life, 60000),
        visit.way == DEMO_STORE ? "store" : channel_of(visit.way), channel_of(visit.way)};
    if (visit.way == DEMO_STORE) {
        return visit_store(life, &visit, fail);
    }
    if (!arrive(life, &visit, fail) || !browse(life, &visit, fail)) {
        return false;
    }
    if (life->planner_user && visit.way == DEMO_APP && demo_chance(life, 55) &&
        !plan_trip(life, &visit, fail)) {
        return false;
    }
    return !demo_chance(life, 1) ||
           demo_ask_support(life, visit.at, DEMO_WORDS_QUESTION, NULL, fail);
}

/* ---- a life ------------------------------------------------------------------------------------------------ */

static const struct demo_place *pick_place(struct demo_life *life)
{
    unsigned at = demo_dice(life, 100);
    size_t i = 0;
    while (i + 1 < demo_place_count && at >= demo_places[i].weight) {
        at -= demo_places[i++].weight;
    }
    return &demo_places[i];
}

static void lower_case(char *text)
{
    for (; *text != '\0'; text++) {
        *text = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text == ' ' ? '.' : *text;
    }
}

static void be_born(struct demo_life *life, uint64_t seed, uint64_t number)
{
    /* Most visit now and then, some weekly, a few all the time. */
    static const unsigned visits[] = {8,  10, 12, 15,  18,  22,  28, 36,
                                      48, 62, 80, 110, 150, 210, 320};
    base_random_seed(&life->seeded, seed * 0x9E3779B97F4A7C15U + number);
    life->random = &life->seeded.random;
    life->place = pick_place(life);
    const char *first = demo_pick(life->random, demo_first_names, demo_first_name_count);
    const char *last = demo_pick(life->random, demo_last_names, demo_last_name_count);
    snprintf(life->user, sizeof life->user, "c%06llu", (unsigned long long)number);
    snprintf(life->anonymous, sizeof life->anonymous, "v-%llx",
             (unsigned long long)(base_random_u64(life->random) >> 16));
    snprintf(life->name, sizeof life->name, "%s %s", first, last);
    snprintf(life->email, sizeof life->email, "%s.%s.%llu@example.com", first, last,
             (unsigned long long)number);
    lower_case(life->email);
    life->will_sign_up = demo_chance(life, 78);
    life->has_app = demo_chance(life, 46);
    life->android = demo_chance(life, 55);
    life->planner_user = life->has_app && demo_chance(life, 28);
    life->visits_per_mille = visits[demo_dice(life, ARRAY_LEN(visits))];
    if (life->planner_user) {
        life->visits_per_mille += life->visits_per_mille / 2;
    }
    life->mood = 55 + (int)demo_dice(life, 40);
}

/* A shop keeps those it treats well, and those who plan their trips with it. */
static bool leaves(struct demo_life *life)
{
    unsigned per_ten_thousand = life->planner_user ? 6 : 26;
    per_ten_thousand += life->mood < 45 ? 120 : 0;
    return demo_dice(life, 10000) < per_ten_thousand;
}

bool demo_live(uint64_t seed, uint64_t number, const struct demo_span *span, struct demo_sink *sink,
               struct fail *fail)
{
    struct demo_life life = {.sink = sink, .last_day = span->last_day, .end_ms = span->end_ms};
    int64_t first_day = span->first_day, last_day = span->last_day;
    be_born(&life, seed, number);
    /* A third were customers before the demo begins, the others come during it. */
    uint64_t days = (uint64_t)(last_day - first_day + 1);
    int64_t begin = demo_chance(&life, 34)
                        ? first_day
                        : first_day + (int64_t)base_random_below(life.random, days);
    if (!visit_once(&life, begin, fail)) {
        return false;
    }
    for (int64_t day = begin; day <= last_day; day++) {
        if (!deliver_due(&life, day, fail)) {
            return false;
        }
        if (life.gone || day == begin) {
            continue;
        }
        int year, month, of_month;
        time_civil_from_days(day, &year, &month, &of_month);
        unsigned weekday = (unsigned)((day + 3) % 7); /* 1970-01-01 was a Thursday */
        unsigned per_mille = life.visits_per_mille * demo_season_percent(month, of_month, weekday) /
                             100 * (40 + (unsigned)life.mood) / 100;
        if (demo_dice(&life, 1000) < per_mille && !visit_once(&life, day, fail)) {
            return false;
        }
        life.gone = leaves(&life);
    }
    return true;
}
