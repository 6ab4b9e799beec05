/* TZif files (RFC 8536, versions 1 to 4), made into a table of changes of the offset. */
#include "base_time_internal.h"
#include "base_zone_internal.h"

#define HEADER_BYTES 44
#define YEARS_A_CYCLE 400
/* Years by which the written-out rule exceeds one cycle at each end, so that the stretch at either
   edge of the cycle has its true length. */
#define YEARS_BESIDE 10
#define RULE_YEARS (YEARS_A_CYCLE + 2 * YEARS_BESIDE)

/* The numbers of a header, and where its data lies. */
struct block {
    char version;
    uint32_t ut_count, standard_count, leap_count, time_count, type_count, char_count;
    const uint8_t *times, *indexes, *types;
};

static uint32_t big_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static int64_t big_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)big_u32(at) << 32 | (uint64_t)big_u32(at + 4));
}

/* Reads the header at *at and moves *at behind its data. */
static bool take_block(struct str bytes, size_t *at, size_t time_bytes, struct block *out,
                       struct fail *fail)
{
    struct str rest = str_after(bytes, *at);
    if (rest.len < HEADER_BYTES || !str_starts(rest, STR("TZif"))) {
        return fail_set(fail, FAIL_CORRUPT, "byte %zu: no header of a time zone file", *at);
    }
    const uint8_t *header = (const uint8_t *)rest.data;
    struct block block = {.version = rest.data[4],
                          .ut_count = big_u32(header + 20),
                          .standard_count = big_u32(header + 24),
                          .leap_count = big_u32(header + 28),
                          .time_count = big_u32(header + 32),
                          .type_count = big_u32(header + 36),
                          .char_count = big_u32(header + 40)};
    /* Numbers of 32 bits: the sum cannot overflow 64. */
    uint64_t wants = (uint64_t)block.time_count * (time_bytes + 1) +
                     (uint64_t)block.type_count * 6 + block.char_count +
                     (uint64_t)block.leap_count * (time_bytes + 4) + block.standard_count +
                     block.ut_count;
    if (wants > rest.len - HEADER_BYTES) {
        return fail_set(fail, FAIL_CORRUPT, "byte %zu: the time zone file ends inside its data",
                        *at);
    }
    block.times = header + HEADER_BYTES;
    block.indexes = block.times + (size_t)block.time_count * time_bytes;
    block.types = block.indexes + block.time_count;
    *at += HEADER_BYTES + (size_t)wants;
    *out = block;
    return true;
}

static bool check_block(const struct block *block, struct fail *fail)
{
    if (block->leap_count != 0) {
        /* Files under "right": their instants are no Unix time. */
        return fail_set(fail, FAIL_CORRUPT, "the time zone file counts leap seconds");
    }
    if (block->type_count == 0 || block->type_count > 256 || block->char_count == 0) {
        return fail_set(fail, FAIL_CORRUPT, "the time zone file has %u types and %u letters",
                        block->type_count, block->char_count);
    }
    if ((block->ut_count != 0 && block->ut_count != block->type_count) ||
        (block->standard_count != 0 && block->standard_count != block->type_count)) {
        return fail_set(fail, FAIL_CORRUPT, "the time zone file's indicators do not fit its types");
    }
    for (size_t i = 0; i < block->type_count; i++) {
        const uint8_t *type = block->types + i * 6;
        int32_t offset_s = (int32_t)big_u32(type);
        if (offset_s <= -ZONE_OFFSET_MOST_S || offset_s >= ZONE_OFFSET_MOST_S || type[4] > 1 ||
            type[5] >= block->char_count) {
            return fail_set(fail, FAIL_CORRUPT, "type %zu of the time zone file is broken", i);
        }
    }
    return true;
}

/* The table while it grows; room is for all that can come. */
struct table {
    struct zone *zone;
    int64_t *at_s;
    int32_t *offset_s;
};

static void add_change(struct table *table, int64_t at_s, int32_t offset_s)
{
    struct zone *zone = table->zone;
    int32_t before = zone->count == 0 ? zone->first_offset_s : table->offset_s[zone->count - 1];
    if (offset_s == before) {
        return; /* only the name or the kind of time changes */
    }
    table->at_s[zone->count] = at_s;
    table->offset_s[zone->count] = offset_s;
    zone->count++;
}

static bool add_written(struct table *table, const struct block *block, size_t time_bytes,
                        struct fail *fail)
{
    table->zone->first_offset_s = (int32_t)big_u32(block->types);
    int64_t before = INT64_MIN;
    for (size_t i = 0; i < block->time_count; i++) {
        const uint8_t *time = block->times + i * time_bytes;
        int64_t at_s = time_bytes == 8 ? big_i64(time) : (int32_t)big_u32(time);
        if (block->indexes[i] >= block->type_count || (i > 0 && at_s <= before)) {
            return fail_set(fail, FAIL_CORRUPT, "change %zu of the time zone file is broken", i);
        }
        before = at_s;
        int32_t offset_s = (int32_t)big_u32(block->types + (size_t)block->indexes[i] * 6);
        if (at_s < ZONE_S_FIRST) {
            table->zone->first_offset_s = offset_s;
        } else if (at_s < ZONE_S_END) {
            add_change(table, at_s, offset_s);
        }
    }
    return true;
}

struct change {
    int64_t at_s;
    int32_t offset_s;
};

static size_t put_in_order(struct change *changes, size_t count, struct change change)
{
    size_t i = count;
    while (i > 0 && changes[i - 1].at_s > change.at_s) {
        changes[i] = changes[i - 1];
        i--;
    }
    changes[i] = change;
    return count + 1;
}

/* True if one of the changes added lies in [from_s, to_s). */
static bool changes_within(const struct table *table, size_t from, int64_t from_s, int64_t to_s)
{
    for (size_t i = from; i < table->zone->count; i++) {
        if (table->at_s[i] >= from_s && table->at_s[i] < to_s) {
            return true;
        }
    }
    return false;
}

static int64_t year_s(int year)
{
    return time_days_from_civil(year, 1, 1) * TIME_S_A_DAY;
}

/* Writes out a rule with summer time from `last_s`, the last change that stands in the file. */
static bool add_rule(struct table *table, const struct zone_rule *rule, bool always, int64_t last_s,
                     struct fail *fail)
{
    struct zone *zone = table->zone;
    int year, month, day;
    time_civil_from_days(always ? 0 : time_floor_div(last_s, TIME_S_A_DAY), &year, &month, &day);
    struct change *changes = arena_array(zone->arena, 2 * RULE_YEARS, sizeof *changes, fail);
    if (changes == NULL) {
        return false;
    }
    size_t count = 0;
    for (int i = 0; i < RULE_YEARS; i++) {
        int64_t begin_s = zone_rule_local_s(&rule->begin, year + i) - rule->standard_s;
        int64_t end_s = zone_rule_local_s(&rule->end, year + i) - rule->summer_s;
        count = put_in_order(changes, count, (struct change){begin_s, rule->summer_s});
        count = put_in_order(changes, count, (struct change){end_s, rule->standard_s});
    }
    size_t from = zone->count;
    for (size_t i = 0; i < count; i++) {
        /* Of two at once the later in the calendar holds: summer time all year ends and begins so. */
        bool held = i + 1 == count || changes[i + 1].at_s != changes[i].at_s;
        if (held && (always || changes[i].at_s > last_s)) {
            add_change(table, changes[i].at_s, changes[i].offset_s);
        }
    }
    int64_t cycle_s = year_s(year + YEARS_BESIDE);
    if (!changes_within(table, from, cycle_s, cycle_s + ZONE_CYCLE_S)) {
        return true;
    }
    if (!changes_within(table, from, year_s(year), cycle_s) ||
        !changes_within(table, from, cycle_s + ZONE_CYCLE_S, INT64_MAX)) {
        return fail_set(fail, FAIL_CORRUPT, "the rule of the time zone file has gaps of years");
    }
    zone->cyclic = true;
    zone->cyclic_before = always;
    zone->cycle_s = cycle_s;
    return true;
}

/* What follows the data of versions 2 and up: a line with the rule for later years, or an empty one. */
static bool add_footer(struct table *table, const struct block *block, struct str rest,
                       struct fail *fail)
{
    struct str line = str_after(rest, 1);
    size_t len = str_find_byte(line, '\n');
    if (rest.len < 2 || rest.data[0] != '\n' || len == line.len) {
        return fail_set(fail, FAIL_CORRUPT, "the time zone file has no footer");
    }
    line.len = len;
    if (len == 0) {
        return true;
    }
    struct zone_rule rule;
    if (!zone_rule_parse(line, &rule)) {
        return fail_set(fail, FAIL_CORRUPT, "the time zone file's rule cannot be read: %.*s",
                        STR_ARG(line));
    }
    bool always = block->time_count == 0;
    if (always) {
        table->zone->first_offset_s = rule.standard_s;
    }
    if (!rule.has_summer) {
        return true;
    }
    if (rule.summer_s - rule.standard_s >= TIME_S_A_DAY ||
        rule.standard_s - rule.summer_s >= TIME_S_A_DAY) {
        return fail_set(fail, FAIL_CORRUPT, "the time zone file's summer time moves a whole day");
    }
    int64_t last_s = always ? 0 : big_i64(block->times + (size_t)(block->time_count - 1) * 8);
    if (last_s >= ZONE_S_END) {
        return true;
    }
    return add_rule(table, &rule, always, last_s < ZONE_S_FIRST ? ZONE_S_FIRST : last_s, fail);
}

/* A date is skipped where the clock jumps over all of it: only a change of a day or more can. */
static bool find_skipped(struct zone *zone, struct fail *fail)
{
    size_t count = 0;
    int64_t *skipped = NULL;
    struct zone_span span = zone_span_at(zone, ZONE_S_FIRST);
    for (size_t i = 0; i < zone->count; i++) {
        int32_t before_s = i == 0 ? zone->first_offset_s : zone->offset_s[i - 1];
        if (zone->offset_s[i] - before_s < TIME_S_A_DAY) {
            continue;
        }
        if (skipped == NULL) {
            /* Offsets lie within 52 hours: a change skips two dates at most. */
            skipped = arena_array(zone->arena, 2 * (zone->count - i), sizeof *skipped, fail);
            if (skipped == NULL) {
                return false;
            }
        }
        int64_t from = time_floor_div(zone->at_s[i] + before_s - 1, TIME_S_A_DAY) + 1;
        int64_t to = time_floor_div(zone->at_s[i] + zone->offset_s[i], TIME_S_A_DAY);
        for (int64_t days = from; days < to; days++) {
            bool known = count > 0 && skipped[count - 1] >= days;
            if (!known && zone_day_begin_s(zone, days, &span) == zone->at_s[i] &&
                zone_day_begin_s(zone, days + 1, &span) == zone->at_s[i]) {
                skipped[count++] = days;
            }
        }
    }
    zone->skipped = skipped;
    zone->skipped_count = count;
    return true;
}

static bool fill(struct zone *zone, struct str bytes, struct fail *fail)
{
    size_t at = 0, time_bytes = 4;
    struct block block;
    if (!take_block(bytes, &at, time_bytes, &block, fail)) {
        return false;
    }
    if (block.version != '\0' && (block.version < '2' || block.version > '4')) {
        return fail_set(fail, FAIL_CORRUPT, "time zone files of version %u are not known",
                        (unsigned)(unsigned char)block.version);
    }
    bool has_footer = block.version != '\0';
    if (has_footer) { /* the first block only serves old readers */
        time_bytes = 8;
        if (!take_block(bytes, &at, time_bytes, &block, fail)) {
            return false;
        }
    }
    if (!check_block(&block, fail)) {
        return false;
    }
    struct table table = {.zone = zone};
    size_t room = block.time_count + 2 * RULE_YEARS;
    table.at_s = arena_array(zone->arena, room, sizeof *table.at_s, fail);
    if (table.at_s == NULL) {
        return false;
    }
    table.offset_s = arena_array(zone->arena, room, sizeof *table.offset_s, fail);
    if (table.offset_s == NULL) {
        return false;
    }
    if (!add_written(&table, &block, time_bytes, fail) ||
        (has_footer && !add_footer(&table, &block, str_after(bytes, at), fail))) {
        return false;
    }
    zone->at_s = table.at_s;
    zone->offset_s = table.offset_s;
    return find_skipped(zone, fail);
}

bool zone_decode(struct str name, struct str bytes, struct zone **out, struct fail *fail)
{
    struct arena *arena = arena_new(NULL);
    struct zone *zone = arena_small(arena, sizeof *zone);
    zone->arena = arena;
    zone->name = str_copy(arena, name);
    if (!fill(zone, bytes, fail)) {
        arena_free(arena);
        return false;
    }
    *out = zone;
    return true;
}

void zone_free(struct zone *zone)
{
    if (zone != NULL) {
        arena_free(zone->arena);
    }
}
