#include "app_demo_world.h"

const struct demo_place demo_places[] = {
    {"NO", "West", "Bergen", "NOK", 14, 85},
    {"NO", "West", "Stavanger", "NOK", 8, 85},
    {"NO", "East", "Oslo", "NOK", 20, 30},
    {"NO", "Middle", "Trondheim", "NOK", 8, 40},
    {"NO", "North", "Bod\xC3\xB8", "NOK", 4, 40},
    {"SE", "East", "Stockholm", "SEK", 12, 15},
    {"SE", "West", "G\xC3\xB6teborg", "SEK", 8, 0},
    {"DK", "East",
     "K\xC3\xB8"
     "benhavn",
     "DKK", 9, 0},
    {"DE", "North", "Hamburg", "EUR", 7, 0},
    {"NL", "West", "Utrecht", "EUR", 5, 0},
    {"GB", "North", "Edinburgh", "GBP", 5, 0},
};
const size_t demo_place_count = ARRAY_LEN(demo_places);

const struct demo_product demo_products[] = {
    {"Skodd rain jacket", "jackets", "SKO-1", 219, 14},
    {"Vidde down jacket", "jackets", "VID-1", 289, 8},
    {"Lauv trekking trousers", "trousers", "LAU-2", 129, 10},
    {"Myr boots", "shoes", "MYR-3", 189, 9},
    {"Sti running shoes", "shoes", "STI-3", 149, 9},
    {"Tind tent for two", "tents", "TIN-4", 449, 4},
    {"Hei tent for four", "tents", "HEI-4", 599, 2},
    {"Glo stove", "camp kitchen", "GLO-5", 79, 7},
    {"Kveld sleeping bag", "sleeping", "KVE-6", 239, 6},
    {"Mose sleeping mat", "sleeping", "MOS-6", 89, 8},
    {"Bre rucksack 55", "rucksacks", "BRE-7", 199, 6},
    {"Dal day pack", "rucksacks", "DAL-7", 89, 10},
    {"Ull base layer", "wool", "ULL-8", 69, 16},
    {"Ull socks, three pairs", "wool", "ULL-9", 29, 18},
    {"Kart map of the fells", "maps", "KAR-1", 19, 12},
};
const size_t demo_product_count = ARRAY_LEN(demo_products);

const char *const demo_first_names[] = {
    "Ada",   "Aksel", "Amina", "Anders", "Astrid", "Bilal", "Birgit", "Carl",   "Dagny", "Elias",
    "Emma",  "Erik",  "Eva",   "Farah",  "Finn",   "Greta", "Hanna",  "Henrik", "Ida",   "Ingrid",
    "Ivar",  "Jana",  "Jonas", "Kari",   "Lars",   "Lea",   "Leila",  "Linus",  "Maja",  "Marit",
    "Mats",  "Mei",   "Nils",  "Nora",   "Olav",   "Omar",  "Pieter", "Ragnar", "Sana",  "Sigrid",
    "Sofie", "Sven",  "Thea",  "Tor",    "Turid",  "Ulla",  "Vera",   "Viktor", "Yusuf", "Zoe",
};
const size_t demo_first_name_count = ARRAY_LEN(demo_first_names);

const char *const demo_last_names[] = {
    "Aas",      "Ahmed",   "Bakke",   "Berg",   "Bergstrom", "Dahl",    "de Boer", "Eide",
    "Eriksen",  "Foss",    "Fraser",  "Haddad", "Hagen",     "Hansen",  "Hauge",   "Holm",
    "Iversen",  "Jansen",  "Jensen",  "Khan",   "Krause",    "Larsen",  "Lie",     "Lin",
    "Lund",     "MacLeod", "Moen",    "Moller", "Nguyen",    "Nilsson", "Nygaard", "Olsen",
    "Petersen", "Roth",    "Sandvik", "Schulz", "Solberg",   "Strand",  "Tveit",   "Vik",
};
const size_t demo_last_name_count = ARRAY_LEN(demo_last_names);

const char *const demo_searches[] = {
    "rain jacket", "tent", "wool socks", "boots wide", "sleeping bag winter", "stove gas",
    "day pack",    "map",  "gift",       "repair kit", "kids jacket",         "running shoes",
};
const size_t demo_search_count = ARRAY_LEN(demo_searches);

const char *const demo_campaigns[] = {"newsletter", "search", "autumn sale", "friends"};
const size_t demo_campaign_count = ARRAY_LEN(demo_campaigns);

static const char *const late[] = {
    "Nine days for a parcel that was promised in three. We left for the cabin without it.",
    "Where is my order? The tracking has said \"on its way\" since last week.",
    "The parcel came two days after the trip it was bought for.",
    "Third time in a row that Fjordpost is late. I would rather pay more for another carrier.",
    "Delivery took eleven days. Nobody told me, I had to ask.",
    "Good things, but the delivery is not to be relied on any more.",
    NULL,
};
static const char *const fault[] = {
    "The app hangs when I press pay. I tried four times.",
    "Since the update I cannot finish an order on my phone, the wheel just keeps turning.",
    "Pressed pay, nothing happened, and my basket was empty afterwards.",
    "Checkout freezes on the payment page. I bought the tent somewhere else.",
    "Was I charged or not? The app stood still and then threw me out.",
    NULL,
};
static const char *const zip[] = {
    "Twenty minutes of rain and my sleeve was soaked along the zip.",
    "The zip on the new Skodd lets water in. My old one never did.",
    "Lovely cut, but the front zip leaks. A rain jacket should keep out rain.",
    "Sent it back: wet through along the zip on the first day.",
    NULL,
};
static const char *const size[] = {
    "Too narrow over the shoulders, otherwise fine.",
    "I ordered my usual size and it is one too small.",
    "The trousers are long for my legs, I am sending them back.",
    NULL,
};
static const char *const good[] = {
    "Ordered on Monday, here on Wednesday, fits as it should.",
    "The woman in the shop took half an hour to find me the right boots. Thank you.",
    "Warm, light, and it still looks new after two winters.",
    "Easy to order, quick to come.",
    "I have told everyone on my ski team to buy from you.",
    "You mended my old rucksack for nothing. That is why I come back.",
    NULL,
};
static const char *const planner[] = {
    "The trip planner is the best thing in the app: it told me what I had forgotten.",
    "We plan every weekend with your app now. The packing list saves our mornings.",
    "I came for a stove and stayed for the trip planner.",
    NULL,
};
static const char *const middling[] = {
    "All right.",
    "Good quality, the prices have gone up though.",
    "Nothing to complain about, nothing special.",
    "The shop is nice, the web page could be clearer about sizes.",
    NULL,
};
static const char *const question[] = {
    "Can I change the address of an order that has not left yet?",
    "Do you still have the stove in red?",
    "How do I wash the down jacket without ruining it?",
    "Could I have the receipt once more, for my employer?",
    NULL,
};
const char *const *const demo_words[DEMO_WORDS_KINDS] = {
    [DEMO_WORDS_LATE] = late,         [DEMO_WORDS_FAULT] = fault,
    [DEMO_WORDS_ZIP] = zip,           [DEMO_WORDS_SIZE] = size,
    [DEMO_WORDS_GOOD] = good,         [DEMO_WORDS_PLANNER] = planner,
    [DEMO_WORDS_MIDDLING] = middling, [DEMO_WORDS_QUESTION] = question,
};

const char *demo_app_version(int64_t days_before_end)
{
    return days_before_end > 180                ? "4.0.3"
           : days_before_end > DEMO_FAULT_BEGIN ? "4.1.0"
           : days_before_end > DEMO_FAULT_END   ? "4.2.0"
                                                : "4.2.1";
}

unsigned demo_season_percent(int month, int day, unsigned weekday)
{
    static const unsigned by_month[] = {80, 75, 85, 95, 115, 110, 100, 105, 100, 95, 120, 130};
    static const unsigned by_weekday[] = {95, 92, 95, 98, 105, 112, 110}; /* from Monday */
    unsigned percent = by_month[month - 1] * by_weekday[weekday] / 100;
    bool sale = month == 11 && day >= 23 && day <= 30;
    return sale ? percent * 17 / 10 : percent;
}

const char *demo_pick(struct base_random *random, const char *const *list, size_t count)
{
    return list[base_random_below(random, count)];
}

const char *demo_say(struct base_random *random, enum demo_words occasion)
{
    size_t count = 0;
    while (demo_words[occasion][count] != NULL) {
        count++;
    }
    return demo_pick(random, demo_words[occasion], count);
}
