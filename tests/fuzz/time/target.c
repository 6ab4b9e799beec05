/* Time zone files and written times. The first byte of an input chooses: 'z' what follows is a TZif
 * file; 't' a pattern, a line feed, and a text; anything else is a text alone. */
#include "base_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WALK_STEPS 12

/* An interval holds its instant, the next begins where it ends, and a step leads there. */
static void check_interval(const struct zone *zone, enum interval interval, int64_t ts_ms)
{
    for (int i = 0; i < WALK_STEPS; i++) {
        int64_t begin = zone_interval_begin(zone, interval, ts_ms);
        int64_t next = zone_interval_next(zone, interval, ts_ms);
        INVARIANT(begin <= ts_ms && ts_ms < next);
        if (begin == INT64_MIN || next == INT64_MAX) {
            return;
        }
        INVARIANT(zone_interval_begin(zone, interval, begin) == begin);
        INVARIANT(zone_interval_begin(zone, interval, next - 1) == begin);
        INVARIANT(zone_interval_next(zone, interval, begin) == next);
        INVARIANT(zone_interval_step(zone, interval, ts_ms, 0) == begin);
        INVARIANT(zone_interval_step(zone, interval, ts_ms, 1) == next);
        INVARIANT(zone_interval_step(zone, interval, next, -1) == begin);
        char label[ZONE_LABEL_BYTES];
        INVARIANT(zone_interval_label(zone, interval, begin, label) < sizeof label);
        ts_ms = next;
    }
}

static void check_reading(const struct zone *zone, int64_t ts_ms)
{
    struct civil local = zone_local(zone, ts_ms);
    /* The first instant with this reading: not later than the one we came from. */
    int64_t first_ms = zone_instant(zone, &local);
    struct civil again = zone_local(zone, first_ms);
    INVARIANT(first_ms <= ts_ms && memcmp(&local, &again, sizeof local) == 0);
}

static void try_zone(struct str bytes)
{
    struct zone *zone;
    struct fail fail;
    if (!zone_decode(STR("Fuzz/Zone"), bytes, &zone, &fail)) {
        return;
    }
    uint64_t mix = 0x9E3779B97F4A7C15U;
    for (size_t i = 0; i < bytes.len; i++) {
        mix = (mix ^ (unsigned char)bytes.data[i]) * 0x100000001B3U;
    }
    for (int i = 0; i < 8; i++) {
        mix = mix * 6364136223846793005U + 1442695040888963407U;
        /* Years 1 to 9999, and the decades with most changes in turn. */
        int64_t ts_ms = i % 2 == 0 ? (int64_t)((mix >> 8) % 315537897600000U) - 62135596800000
                                   : (int64_t)((mix >> 8) % 4102444800000U) - 2051222400000;
        check_reading(zone, ts_ms);
        for (int k = INTERVAL_HOUR; k <= INTERVAL_QUARTER; k++) {
            check_interval(zone, (enum interval)k, ts_ms);
        }
    }
    zone_free(zone);
}

static void check_taken(const struct time_reading *reading)
{
    INVARIANT(reading->has_instant || time_civil_valid(&reading->local));
    char out[TIME_RFC3339_BYTES];
    int64_t ms = reading->has_instant ? reading->instant_ms : time_ms_from_civil(&reading->local);
    int64_t again;
    INVARIANT(time_format_rfc3339(ms, out) == 24);
    INVARIANT(time_parse_rfc3339(str_from_c(out), &again) && again == ms);
}

static void try_text(struct str pattern, struct str text)
{
    struct time_reading reading;
    struct civil civil;
    struct fail fail;
    int64_t ms;
    if (time_pattern_valid(pattern, &fail)) {
        if (time_parse_pattern(text, pattern, &reading)) {
            check_taken(&reading);
        }
    } else {
        INVARIANT(fail.code == FAIL_INPUT);
        if (time_parse_pattern(text, pattern, &reading)) {
            check_taken(&reading);
        }
    }
    bool usual = time_parse_usual(text, &reading);
    if (usual) {
        check_taken(&reading);
    }
    if (time_parse_rfc3339(text, &ms)) {
        INVARIANT(usual && reading.has_instant && reading.instant_ms == ms);
    }
    if (time_parse_date(text, &civil)) {
        INVARIANT(usual && !reading.has_instant &&
                  time_ms_from_civil(&civil) == time_ms_from_civil(&reading.local));
    }
    INVARIANT(!time_parse_duration(text, &ms) || ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = str_of((const char *)data, size);
    if (size > 0 && data[0] == 'z') {
        try_zone(str_after(input, 1));
        return 0;
    }
    struct str rest = input, pattern = STR("%F %T");
    if (size > 0 && data[0] == 't') {
        rest = str_after(input, 1);
        if (!str_next_part(&rest, '\n', &pattern)) {
            pattern = STR("");
        }
    }
    try_text(pattern, rest.data == NULL ? STR("") : rest);
    return 0;
}
