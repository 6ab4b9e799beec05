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
