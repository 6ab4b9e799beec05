#include "app_demo_life.h"

#include <stdio.h>

#include "app_demo_world.h"
#include "base_time.h"

#define DAY_MS 86400000LL
#define MINUTE_MS 60000LL
#define FIELDS_MAX 12
#define WAITING_MAX 8

enum way { WAY_PHONE, WAY_DESKTOP, WAY_APP, WAY_STORE };

struct order {
    int64_t delivered_day;
    unsigned id;
    unsigned product;
    unsigned days; /* from order to door */
    bool late, fjordpost, from_new_batch;
};

struct life {
    struct base_random_seeded seeded;
    struct base_random *random;
    struct demo_sink *sink;
    int64_t last_day;
    int64_t end_ms;
    const struct demo_place *place;
    char user[24], anonymous[24], name[48], email[64];
    bool will_sign_up, known, has_app, android, planner_user, gone;
    unsigned visits_per_mille; /* chance of a visit a day, before season and mood */
    int mood;                  /* 0 to 100: how content, moved by what happens */
    unsigned orders;
    struct order waiting[WAITING_MAX];
    size_t waiting_count;
    /* the event being made */
    struct store_field fields[FIELDS_MAX];
    size_t field_count;
};

static unsigned dice(struct life *life, unsigned sides)
{
    return (unsigned)base_random_below(life->random, sides);
}

static bool chance(struct life *life, unsigned percent)
{
    return dice(life, 100) < percent;
}

static void move_mood(struct life *life, int by)
{
    life->mood += by;
    life->mood = life->mood < 0 ? 0 : life->mood > 100 ? 100 : life->mood;
}

/* ---- making events ---------------------------------------------------------------------------------- */

static void with(struct life *life, const char *name, struct store_value value)
{
    INVARIANT(life->field_count < FIELDS_MAX);
    life->fields[life->field_count++] = (struct store_field){str_from_c(name), value};
}

static void with_text(struct life *life, const char *name, const char *text)
{
    with(life, name, store_value_str(str_from_c(text)));
}

static const char *channel_of(enum way way)
{
    return way == WAY_STORE ? "store" : way == WAY_APP ? "app" : "web";
}

struct moment {
    int64_t ts_ms;
    const char *source, *channel;
};

static struct str keep(struct life *life, const char *text)
{
    return text == NULL ? (struct str){NULL, 0} : str_copy(life->sink->arena, str_from_c(text));
}

static const struct store_identifier *identifiers(struct life *life, bool with_email,
                                                  size_t *out_count)
{
    struct store_identifier *list = arena_small(life->sink->arena, 3 * sizeof *list);
    size_t count = 0;
    if (life->known) {
        list[count++] = (struct store_identifier){STR("user"), keep(life, life->user)};
    }
    list[count++] = (struct store_identifier){STR("anonymous"), keep(life, life->anonymous)};
    if (with_email) {
        list[count++] = (struct store_identifier){STR("email"), keep(life, life->email)};
    }
    *out_count = count;
    return list;
}

/* Strings of fields are static or the life's own, so they are copied where the life made them. */
static struct store_field *copy_fields(struct life *life)
{
    struct store_field *fields =
        arena_small(life->sink->arena, (life->field_count + 1) * sizeof *fields);
    for (size_t i = 0; i < life->field_count; i++) {
        fields[i] = life->fields[i];
        if (fields[i].value.kind == STORE_STRING) {
            fields[i].value =
                store_value_str(str_copy(life->sink->arena, store_value_text(fields[i].value)));
        }
    }
    return fields;
}

static struct store_item begin_item(struct life *life, const struct moment *at, const char *event)
{
    struct store_item item = {.verdict = STORE_STORED};
    item.event = (struct store_event){
        .source = str_from_c(at->source),
        .event = str_from_c(event),
        .ts_ms = at->ts_ms,
        .received_at_ms = at->ts_ms + 200 + (int64_t)dice(life, 1800),
        .client_ts_ms = STORE_NO_TIME,
        .sent_at_ms = STORE_NO_TIME,
        .channel = str_from_c(at->channel),
    };
    return item;
}

static bool end_item(struct life *life, struct store_item *item, bool as_traits, bool with_email,
                     struct fail *fail)
{
    const struct store_field *fields = copy_fields(life);
    if (as_traits) {
        item->event.traits = fields;
        item->event.trait_count = life->field_count;
    } else {
        item->event.properties = fields;
        item->event.property_count = life->field_count;
    }
    life->field_count = 0;
    if (item->event.received_at_ms >= life->end_ms) {
        return true;
    }
    item->event.identifiers = identifiers(life, with_email, &item->event.identifier_count);
    return life->sink->emit(life->sink, item, fail);
}

static bool did(struct life *life, const struct moment *at, const char *event, struct fail *fail)
{
    struct store_item item = begin_item(life, at, event);
    return end_item(life, &item, false, false, fail);
}

/* Feedback: `scale` NULL without a score. */
static bool said(struct life *life, const struct moment *at, const char *kind, const char *text,
                 const char *scale, int score, struct fail *fail)
{
    with_text(life, "kind", kind);
    struct store_item item = begin_item(life, at, "feedback");
    item.event.text = text == NULL ? (struct str){NULL, 0} : str_from_c(text);
    if (scale != NULL) {
        item.event.scale = str_from_c(scale);
        item.event.score = store_value_int(score);
    }
    return end_item(life, &item, false, false, fail);
}

static bool sign_up(struct life *life, const struct moment *at, struct fail *fail)
{
    life->known = true;
    with_text(life, "name", life->name);
    with_text(life, "email", life->email);
    with_text(life, "country", life->place->country);
    with_text(life, "region", life->place->region);
    with_text(life, "city", life->place->city);
    with_text(life, "plan", chance(life, 35) ? "member" : "guest");
    struct store_item item = begin_item(life, at, "identify");
    return end_item(life, &item, true, true, fail);
}

/* ---- after an order ------------------------------------------------------------------------------------- */

static int nps_of(struct life *life)
{
    int score = 1 + life->mood / 10 + (int)dice(life, 3) - 1;
    return score < 0 ? 0 : score > 10 ? 10 : score;
}

static enum demo_words words_for(struct life *life, const struct order *order, int nps)
{
    if (order->late) {
        return DEMO_WORDS_LATE;
    }
    if (nps >= 9) {
        return life->planner_user && chance(life, 40) ? DEMO_WORDS_PLANNER : DEMO_WORDS_GOOD;
    }
    return nps >= 6 ? DEMO_WORDS_MIDDLING : DEMO_WORDS_SIZE;
}

static bool send_back(struct life *life, const struct order *order, struct moment at, bool leaks,
                      struct fail *fail)
{
    at.ts_ms += (2 + (int64_t)dice(life, 5)) * DAY_MS;
    with(life, "order_id", store_value_int(order->id));
    with_text(life, "product", demo_products[order->product].name);
    with_text(life, "reason", leaks ? "leaks" : "size");
    move_mood(life, leaks ? -15 : -4);
    return did(life, &at, "Order Returned", fail);
}

static bool answer_survey(struct life *life, const struct order *order, struct moment at,
                          struct fail *fail)
{
    at.ts_ms += DAY_MS + (int64_t)dice(life, 600) * MINUTE_MS;
    at.channel = "survey";
    int nps = nps_of(life);
    const char *text = chance(life, nps <= 6 ? 60 : 35)
                           ? demo_say(life->random, words_for(life, order, nps))
                           : NULL;
    return said(life, &at, "survey", text, "nps", nps, fail);
}

static bool review_product(struct life *life, const struct order *order, struct moment at,
                           bool leaks, struct fail *fail)
{
    at.ts_ms += (4 + (int64_t)dice(life, 10)) * DAY_MS;
    at.channel = "review";
    int stars = leaks ? 1 + (int)dice(life, 2) : life->mood > 55 ? 4 + (int)dice(life, 2) : 3;
    enum demo_words words = leaks        ? DEMO_WORDS_ZIP
                            : stars >= 4 ? DEMO_WORDS_GOOD
                                         : DEMO_WORDS_MIDDLING;
    with_text(life, "product", demo_products[order->product].name);
    return said(life, &at, "review", demo_say(life->random, words), "stars", stars, fail);
}

static bool ask_support(struct life *life, struct moment at, enum demo_words words,
                        struct fail *fail)
{
    at.source = "support";
    at.channel = chance(life, 60) ? "email" : "chat";
    return said(life, &at, "ticket", demo_say(life->random, words), NULL, 0, fail);
}

static bool deliver(struct life *life, const struct order *order, struct fail *fail)
{
    struct moment at = {
        order->delivered_day * DAY_MS + (600 + (int64_t)dice(life, 480)) * MINUTE_MS, "shop", NULL};
    with(life, "order_id", store_value_int(order->id));
    with_text(life, "carrier", order->fjordpost ? "Fjordpost" : "Nordfrakt");
    with_text(life, "region", life->place->region);
    with(life, "days", store_value_int(order->days));
    with(life, "late", store_value_bool(order->late));
    if (!did(life, &at, "Order Delivered", fail)) {
        return false;
    }
    move_mood(life, order->late ? -22 : 4);
    bool leaks = order->from_new_batch && chance(life, 55);
    if (order->late && chance(life, 45) && !ask_support(life, at, DEMO_WORDS_LATE, fail)) {
        return false;
    }
    if (leaks) {
        move_mood(life, -10);
    }
    if (chance(life, leaks ? 60 : 7) && !send_back(life, order, at, leaks, fail)) {
        return false;
    }
    if (chance(life, 22) && !answer_survey(life, order, at, fail)) {
        return false;
    }
    return !chance(life, leaks ? 30 : 9) || review_product(life, order, at, leaks, fail);
}

static bool deliver_due(struct life *life, int64_t day, struct fail *fail)
{
    for (size_t i = 0; i < life->waiting_count;) {
        if (life->waiting[i].delivered_day != day) {
            i++;
            continue;
        }
        struct order order = life->waiting[i];
        life->waiting[i] = life->waiting[--life->waiting_count];
        if (!deliver(life, &order, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- a visit ---------------------------------------------------------------------------------------------- */

struct visit {
    enum way way;
    struct moment at;
    int64_t day;
    int64_t before_end;  /* days */
    const char *version; /* of the app */
};

static void pass_time(struct life *life, struct visit *visit, unsigned seconds_most)
{
    visit->at.ts_ms += 2000 + (int64_t)dice(life, seconds_most) * 1000 + (int64_t)dice(life, 1000);
}

static void with_device(struct life *life, const struct visit *visit)
{
    static const char *const devices[] = {"phone", "desktop", "phone", "till"};
    with_text(life, "device", devices[visit->way]);
    if (visit->way == WAY_APP) {
        with_text(life, "app_version", visit->version);
        with_text(life, "os", life->android ? "Android" : "iOS");
    }
}

static unsigned pick_product(struct life *life)
{
    unsigned all = 0;
    for (size_t i = 0; i < demo_product_count; i++) {
        all += demo_products[i].weight;
    }
    unsigned at = dice(life, all);
    unsigned i = 0;
    while (at >= demo_products[i].weight) {
        at -= demo_products[i++].weight;
    }
    return i;
}

static void with_product(struct life *life, unsigned product)
{
    with_text(life, "product", demo_products[product].name);
    with_text(life, "category", demo_products[product].category);
    with_text(life, "sku", demo_products[product].sku);
    with(life, "price", store_value_int(demo_products[product].price));
}

static void place_order(struct life *life, const struct visit *visit, unsigned product)
{
    if (visit->way == WAY_STORE || life->waiting_count == WAITING_MAX) {
        return;
    }
    struct order order = {.id = life->orders, .product = product};
    order.fjordpost = chance(life, life->place->carrier_b);
    order.days = 2 + dice(life, 3);
    order.late = order.fjordpost && visit->before_end <= DEMO_LATE_BEGIN &&
                         str_is(str_from_c(life->place->country), "NO") &&
                         str_is(str_from_c(life->place->region), "West")
                     ? chance(life, 80)
                     : chance(life, 3);
    if (order.late) {
        order.days += 4 + dice(life, 4);
    }
    order.from_new_batch = product == DEMO_PRODUCT_ZIP && visit->before_end <= DEMO_ZIP_BEGIN;
    order.delivered_day = visit->day + order.days;
    life->waiting[life->waiting_count++] = order;
}

static bool pay(struct life *life, struct visit *visit, unsigned product, struct fail *fail)
{
    bool faulty =
        visit->way == WAY_APP && life->android && str_is(str_from_c(visit->version), "4.2.0");
    pass_time(life, visit, 60);
    if (chance(life, faulty ? 62 : 4)) {
        with_device(life, visit);
        with_text(life, "error", faulty ? "timeout" : "card declined");
        if (!did(life, &visit->at, "Payment Failed", fail)) {
            return false;
        }
        move_mood(life, faulty ? -12 : -2);
        if (faulty && chance(life, 30)) {
            struct moment at = visit->at;
            at.ts_ms += (20 + (int64_t)dice(life, 300)) * MINUTE_MS;
            return ask_support(life, at, DEMO_WORDS_FAULT, fail);
        }
        return true;
    }
    unsigned quantity = 1 + (chance(life, 18) ? 1U : 0U);
    life->orders++;
    with(life, "order_id", store_value_int(life->orders));
    with_product(life, product);
    with(life, "quantity", store_value_int(quantity));
    with(life, "revenue", store_value_int((int64_t)quantity * demo_products[product].price));
    with_text(life, "currency", life->place->currency);
    with_device(life, visit);
    place_order(life, visit, product);
    return did(life, &visit->at, "Order Completed", fail);
}

static bool shop(struct life *life, struct visit *visit, unsigned product, struct fail *fail)
{
    pass_time(life, visit, 90);
    with_product(life, product);
    with_device(life, visit);
    if (!did(life, &visit->at, "Product Added", fail)) {
        return false;
    }
    if (!chance(life, 58)) {
        return true;
    }
    pass_time(life, visit, 120);
    with_device(life, visit);
    if (!did(life, &visit->at, "Checkout Started", fail)) {
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
    with_text(life, "delivery", chance(life, 45) ? "pick-up point" : "home");
    return !chance(life, 82) ||
           (did(life, &visit->at, "Delivery Chosen", fail) && pay(life, visit, product, fail));
}

static bool visit_store(struct life *life, struct visit *visit, struct fail *fail)
{
    with_text(life, "city", life->place->city);
    if (!did(life, &visit->at, "Store Visited", fail)) {
        return false;
    }
    return !chance(life, 45) || pay(life, visit, pick_product(life), fail);
}

static bool arrive(struct life *life, struct visit *visit, struct fail *fail)
{
    with_device(life, visit);
    if (visit->way == WAY_APP) {
        with_text(life, "screen", "home");
        return did(life, &visit->at, "Screen Viewed", fail);
    }
    with_text(life, "page", "/");
    if (chance(life, 30)) {
        with_text(life, "campaign", demo_pick(life->random, demo_campaigns, demo_campaign_count));
    }
    return did(life, &visit->at, "Page Viewed", fail);
}

static bool browse(struct life *life, struct visit *visit, struct fail *fail)
{
    unsigned views = 1 + dice(life, 6), product = 0;
    if (chance(life, 25)) {
        pass_time(life, visit, 40);
        with_text(life, "query", demo_pick(life->random, demo_searches, demo_search_count));
        with(life, "results", store_value_int(dice(life, 30)));
        if (!did(life, &visit->at, "Product Searched", fail)) {
            return false;
        }
    }
    for (unsigned i = 0; i < views; i++) {
        pass_time(life, visit, 120);
        product = pick_product(life);
        with_product(life, product);
        with_device(life, visit);
        if (!did(life, &visit->at, "Product Viewed", fail)) {
            return false;
        }
    }
    return !chance(life, 24 + (unsigned)life->mood / 6) || shop(life, visit, product, fail);
}

static bool plan_trip(struct life *life, struct visit *visit, struct fail *fail)
{
    pass_time(life, visit, 200);
    with_device(life, visit);
    with(life, "days", store_value_int(1 + dice(life, 6)));
    with(life, "people", store_value_int(1 + dice(life, 4)));
    return did(life, &visit->at, "Trip Planned", fail);
}

static bool visit_once(struct life *life, int64_t day, struct fail *fail)
{
    struct visit visit = {.day = day, .before_end = life->last_day - day};
    visit.way = chance(life, 4)                     ? WAY_STORE
                : life->has_app && chance(life, 62) ? WAY_APP
                : chance(life, 55)                  ? WAY_PHONE
                                                    : WAY_DESKTOP;
    if (visit.way == WAY_STORE && !life->known) {
        visit.way = WAY_PHONE; /* the till knows members only */
    }
    /* Some update at once, some a version later. */
    int64_t behind = life->seeded.state[0] % 3 == 0 ? 9 : 0;
    visit.version = demo_app_version(visit.before_end + behind);
    unsigned minute = visit.way == WAY_STORE ? 600 + dice(life, 480) : 380 + dice(life, 960);
    visit.at = (struct moment){day * DAY_MS + (int64_t)minute * MINUTE_MS + dice(life, 60000),
                               visit.way == WAY_STORE ? "store" : channel_of(visit.way),
                               channel_of(visit.way)};
    if (visit.way == WAY_STORE) {
        return visit_store(life, &visit, fail);
    }
    if (!arrive(life, &visit, fail) || !browse(life, &visit, fail)) {
        return false;
    }
    if (life->planner_user && visit.way == WAY_APP && chance(life, 55) &&
        !plan_trip(life, &visit, fail)) {
        return false;
    }
    return !chance(life, 1) || ask_support(life, visit.at, DEMO_WORDS_QUESTION, fail);
}

/* ---- a life ------------------------------------------------------------------------------------------------ */

static const struct demo_place *pick_place(struct life *life)
{
    unsigned at = dice(life, 100);
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

static void be_born(struct life *life, uint64_t seed, uint64_t number)
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
    life->will_sign_up = chance(life, 78);
    life->has_app = chance(life, 46);
    life->android = chance(life, 55);
    life->planner_user = life->has_app && chance(life, 28);
    life->visits_per_mille = visits[dice(life, ARRAY_LEN(visits))];
    if (life->planner_user) {
        life->visits_per_mille += life->visits_per_mille / 2;
    }
    life->mood = 55 + (int)dice(life, 40);
}

/* A shop keeps those it treats well, and those who plan their trips with it. */
static bool leaves(struct life *life)
{
    unsigned per_ten_thousand = life->planner_user ? 6 : 26;
    per_ten_thousand += life->mood < 45 ? 120 : 0;
    return dice(life, 10000) < per_ten_thousand;
}

bool demo_live(uint64_t seed, uint64_t number, const struct demo_span *span, struct demo_sink *sink,
               struct fail *fail)
{
    struct life life = {.sink = sink, .last_day = span->last_day, .end_ms = span->end_ms};
    int64_t first_day = span->first_day, last_day = span->last_day;
    be_born(&life, seed, number);
    /* A third were customers before the demo begins, the others come during it. */
    uint64_t days = (uint64_t)(last_day - first_day + 1);
    int64_t begin =
        chance(&life, 34) ? first_day : first_day + (int64_t)base_random_below(life.random, days);
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
        if (dice(&life, 1000) < per_mille && !visit_once(&life, day, fail)) {
            return false;
        }
        life.gone = leaves(&life);
    }
    return true;
}
