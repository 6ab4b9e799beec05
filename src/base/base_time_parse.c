/* Patterns of strptime, and the forms that are recognised without one. */
#include "base_time.h"

#include "base_checked.h"
#include "base_time_internal.h"

/* What a text has told so far; -1: nothing yet. */
struct found {
    int year, month, day, day_of_year;
    int hour, hour_of_half, afternoon, minute, second, ms;
    bool has_offset;
    int offset_s;
    bool has_unix, unix_negative;
    int64_t unix_s;
};

static const struct found found_nothing = {
    .year = -1, .month = -1, .day = -1, .day_of_year = -1, .hour_of_half = -1, .afternoon = -1};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_spaces(struct time_cursor *cursor)
{
    while (cursor->at < cursor->end && is_space(*cursor->at)) {
        cursor->at++;
    }
}

/* `word` is in lower case. */
static bool read_word(struct time_cursor *cursor, const char *word, size_t len)
{
    if ((size_t)(cursor->end - cursor->at) < len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (lower(cursor->at[i]) != word[i]) {
            return false;
        }
    }
    cursor->at += len;
    return true;
}

#define NAME_LETTERS_SHORT 3

/* One of the names, whole or its first three letters; *out counts from 0. */
static bool read_name(struct time_cursor *cursor, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count; i++) {
        if (read_word(cursor, names[i], strlen(names[i])) ||
            read_word(cursor, names[i], NAME_LETTERS_SHORT)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_month(struct time_cursor *cursor, int *out)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    int index;
    if (!read_name(cursor, names, ARRAY_LEN(names), &index)) {
        return false;
    }
    *out = index + 1;
    return true;
}

/* A weekday is redundant: it must be one, and is not compared with the date, as in strptime. */
static bool read_weekday(struct time_cursor *cursor)
{
    static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    int index;
    return read_name(cursor, names, ARRAY_LEN(names), &index);
}

static bool read_year_short(struct time_cursor *cursor, int *out)
{
    int year;
    if (!time_read_number(cursor, 2, 2, &year)) {
        return false;
    }
    *out = year + (year >= 69 ? 1900 : 2000); /* where POSIX draws the line */
    return true;
}

static bool read_half(struct time_cursor *cursor, int *out)
{
    bool after = read_word(cursor, "pm", 2);
    if (!after && !read_word(cursor, "am", 2)) {
        return false;
    }
    *out = after ? 1 : 0;
    return true;
}

static bool read_seconds(struct time_cursor *cursor, bool fraction, struct found *found)
{
    if (!time_read_number(cursor, 1, 2, &found->second)) {
        return false;
    }
    if (fraction && cursor->end - cursor->at > 1 && (*cursor->at == '.' || *cursor->at == ',') &&
        time_digit(cursor->at[1])) {
        cursor->at++;
        return time_read_fraction(cursor, &found->ms);
    }
    return true;
}

static bool read_clock(struct time_cursor *cursor, struct found *found)
{
    return time_read_number(cursor, 1, 2, &found->hour) && time_read_char(cursor, ':') &&
           time_read_number(cursor, 1, 2, &found->minute);
}

static bool read_zone_word(struct time_cursor *cursor, struct found *found)
{
    found->has_offset = true;
    found->offset_s = 0;
    return read_word(cursor, "utc", 3) || read_word(cursor, "gmt", 3) || read_word(cursor, "z", 1);
}

static bool read_unix(struct time_cursor *cursor, struct found *found)
{
    found->has_unix = true;
    found->unix_negative = time_read_char(cursor, '-');
    const char *from = cursor->at;
    while (cursor->at < cursor->end && time_digit(*cursor->at)) {
        cursor->at++;
    }
    return str_parse_i64(str_of(from, (size_t)(cursor->at - from)), &found->unix_s);
}

/* Conversions of the date. `known` tells whether `conversion` was one. */
static bool read_date_part(struct time_cursor *cursor, char conversion, struct found *found,
                           bool *known)
{
    *known = true;
    switch (conversion) {
    case 'Y':
        return time_read_number(cursor, 4, 4, &found->year);
    case 'y':
        return read_year_short(cursor, &found->year);
    case 'm':
        return time_read_number(cursor, 1, 2, &found->month);
    case 'b':
    case 'B':
    case 'h':
        return read_month(cursor, &found->month);
    case 'e':
        skip_spaces(cursor);
        return time_read_number(cursor, 1, 2, &found->day);
    case 'd':
        return time_read_number(cursor, 1, 2, &found->day);
    case 'j':
        return time_read_number(cursor, 1, 3, &found->day_of_year);
    case 'a':
    case 'A':
        return read_weekday(cursor);
    case 'F':
        return time_read_number(cursor, 4, 4, &found->year) && time_read_char(cursor, '-') &&
               time_read_number(cursor, 1, 2, &found->month) && time_read_char(cursor, '-') &&
               time_read_number(cursor, 1, 2, &found->day);
    case 'D':
        return time_read_number(cursor, 1, 2, &found->month) && time_read_char(cursor, '/') &&
               time_read_number(cursor, 1, 2, &found->day) && time_read_char(cursor, '/') &&
               read_year_short(cursor, &found->year);
    default:
        *known = false;
        return false;
    }
}

/* All the others. `fraction`: whether seconds may take what follows their point. */
static bool read_other_part(struct time_cursor *cursor, char conversion, bool fraction,
                            struct found *found)
{
    switch (conversion) {
    case 'H':
        return time_read_number(cursor, 1, 2, &found->hour);
    case 'I':
        return time_read_number(cursor, 1, 2, &found->hour_of_half);
    case 'p':
        return read_half(cursor, &found->afternoon);
    case 'M':
        return time_read_number(cursor, 1, 2, &found->minute);
    case 'S':
        return read_seconds(cursor, fraction, found);
    case 'f':
        return time_read_fraction(cursor, &found->ms);
    case 'R':
        return read_clock(cursor, found);
    case 'T':
        return read_clock(cursor, found) && time_read_char(cursor, ':') &&
               read_seconds(cursor, fraction, found);
    case 'z':
        found->has_offset = true;
        return time_read_offset(cursor, true, &found->offset_s);
    case 'Z':
        return read_zone_word(cursor, found);
    case 's':
        return read_unix(cursor, found);
    case 'n':
    case 't':
        skip_spaces(cursor);
        return true;
    case '%':
        return time_read_char(cursor, '%');
    default:
        return false;
    }
}

static bool read_pattern(struct time_cursor *cursor, struct str pattern, struct found *found)
{
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.data[i];
        if (is_space(c)) {
            skip_spaces(cursor);
            continue;
        }
        if (c != '%') {
            if (!time_read_char(cursor, c)) {
                return false;
            }
            continue;
        }
        if (++i == pattern.len) {
            return false;
        }
        char next = i + 1 < pattern.len ? pattern.data[i + 1] : '\0';
        bool known;
        bool fits = read_date_part(cursor, pattern.data[i], found, &known);
        if (!known) {
            fits = read_other_part(cursor, pattern.data[i], next != '.' && next != ',', found);
        }
        if (!fits) {
            return false;
        }
    }
    return cursor->at == cursor->end;
}

static bool finish_unix(const struct found *found, struct time_reading *out)
{
    int64_t ms;
    if (!base_i64_mul(found->unix_s, 1000, &ms) || !base_i64_add(ms, found->ms, &ms)) {
        return false;
    }
    if (found->unix_negative) {
        ms = -ms;
    }
    if (ms < TIME_MS_FIRST || ms >= TIME_MS_END) {
        return false;
    }
    *out = (struct time_reading){.has_instant = true, .instant_ms = ms};
    return true;
}

/* Month and day from the day of the year, where that is all there is. */
static bool settle_date(const struct found *found, struct civil *civil)
{
    civil->year = found->year;
    civil->month = found->month < 0 ? 1 : found->month;
    civil->day = found->day < 0 ? 1 : found->day;
    if (found->month < 0 && found->day_of_year >= 0) {
        int64_t days = time_days_from_civil(found->year, 1, 1) + found->day_of_year - 1;
        time_civil_from_days(days, &civil->year, &civil->month, &civil->day);
        return civil->year == found->year;
    }
    return true;
}

static bool finish(const struct found *found, struct time_reading *out)
{
    if (found->has_unix) {
        return finish_unix(found, out);
    }
    struct civil civil = {
        .hour = found->hour, .minute = found->minute, .second = found->second, .ms = found->ms};
    if (found->year < 0 || !settle_date(found, &civil)) {
        return false;
    }
    if (found->hour_of_half >= 0) {
        if (found->hour_of_half < 1 || found->hour_of_half > 12 || found->afternoon < 0) {
            return false;
        }
        civil.hour = found->hour_of_half % 12 + (found->afternoon == 1 ? 12 : 0);
    }
    if (!time_settle(&civil)) {
        return false;
    }
    struct time_reading reading = {.has_instant = found->has_offset};
    if (!found->has_offset) {
        reading.local = civil;
    } else if (!time_instant_at(&civil, found->offset_s, &reading.instant_ms)) {
        return false;
    }
    *out = reading;
    return true;
}

static bool parse_unix(struct str text, struct time_reading *out)
{
    struct time_cursor cursor = time_cursor_of(text);
    struct found found = found_nothing;
    return read_unix(&cursor, &found) &&
           (!time_read_char(&cursor, '.') || time_read_fraction(&cursor, &found.ms)) &&
           cursor.at == cursor.end && finish_unix(&found, out);
}

static bool parse_instant(bool taken, int64_t ms, struct time_reading *out)
{
    if (!taken || ms < TIME_MS_FIRST || ms >= TIME_MS_END) {
        return false;
    }
    *out = (struct time_reading){.has_instant = true, .instant_ms = ms};
    return true;
}

bool time_parse_pattern(struct str text, struct str pattern, struct time_reading *out)
{
    if (str_is(pattern, "unix")) {
        return parse_unix(text, out);
    }
    int64_t ms = 0;
    if (str_is(pattern, "unix_ms")) {
        bool taken = str_parse_i64(text, &ms);
        return parse_instant(taken, ms, out);
    }
    if (str_is(pattern, "rfc3339")) {
        bool taken = time_parse_rfc3339(text, &ms);
        return parse_instant(taken, ms, out);
    }
    struct time_cursor cursor = time_cursor_of(text);
    struct found found = found_nothing;
    return read_pattern(&cursor, pattern, &found) && finish(&found, out);
}

/* The plain conversions that each one stands for; NULL for what is none. */
static const char *conversion_parts(char conversion)
{
    static const struct {
        char conversion;
        const char *parts;
    } table[] = {
        {'Y', "Y"}, {'y', "Y"}, {'m', "m"}, {'b', "m"}, {'B', "m"},   {'h', "m"},   {'d', "d"},
        {'e', "d"}, {'j', "j"}, {'a', ""},  {'A', ""},  {'F', "Ymd"}, {'D', "Ymd"}, {'H', "H"},
        {'I', "I"}, {'p', "p"}, {'M', "M"}, {'S', "S"}, {'f', "f"},   {'T', "HMS"}, {'R', "HM"},
        {'z', "z"}, {'Z', "z"}, {'s', "s"}, {'n', ""},  {'t', ""},    {'%', ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].conversion == conversion) {
            return table[i].parts;
        }
    }
    return NULL;
}

/* A pattern that could never tell an instant, or would tell it wrong. */
static bool check_parts(const bool seen[128], struct fail *fail)
{
    if (seen['s']) {
        return true;
    }
    if (!seen['Y']) {
        return fail_set(fail, FAIL_INPUT,
                        "the time pattern has no year (%%Y, %%y, %%F, %%D or %%s)");
    }
    if (seen['d'] && !seen['m']) {
        return fail_set(fail, FAIL_INPUT,
                        "the time pattern has a day (%%d) but no month (%%m, %%b)");
    }
    if (seen['I'] != seen['p']) {
        return fail_set(fail, FAIL_INPUT,
                        "%%I and %%p need each other in a time pattern; 24 hours are %%H");
    }
    return true;
}

bool time_pattern_valid(struct str pattern, struct fail *fail)
{
    if (str_is(pattern, "unix") || str_is(pattern, "unix_ms") || str_is(pattern, "rfc3339")) {
        return true;
    }
    bool seen[128] = {false};
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] != '%') {
            continue;
        }
        if (++i == pattern.len) {
            return fail_set(fail, FAIL_INPUT, "the time pattern ends inside a conversion (%%)");
        }
        const char *parts = conversion_parts(pattern.data[i]);
        if (parts == NULL) {
            unsigned char c = (unsigned char)pattern.data[i];
            if (c > ' ' && c < 0x7FU) {
                return fail_set(fail, FAIL_INPUT, "%%%c is no conversion of a time pattern", c);
            }
            return fail_set(fail, FAIL_INPUT, "%% and byte %u is no conversion of a time pattern",
                            (unsigned)c);
        }
        for (; *parts != '\0'; parts++) {
            seen[(unsigned char)*parts] = true;
        }
    }
    return check_parts(seen, fail);
}

#define UNIX_DIGITS_LEAST 9
#define UNIX_MS_DIGITS_LEAST 12
#define UNIX_MS_DIGITS_MOST 14

/* Seconds from 1973 to 5138, or milliseconds of the same years: the lengths do not overlap. */
static bool parse_usual_number(struct str text, struct time_reading *out)
{
    int64_t value;
    if (text.len < UNIX_DIGITS_LEAST || text.len > UNIX_MS_DIGITS_MOST || text.data[0] == '-' ||
        !str_parse_i64(text, &value)) {
        return false;
    }
    *out = (struct time_reading){
        .has_instant = true, .instant_ms = text.len < UNIX_MS_DIGITS_LEAST ? value * 1000 : value};
    return true;
}

/* Year first with dashes or slashes, or day first with points: no form that has two readings. */
static bool read_usual_date(struct time_cursor *cursor, struct found *found)
{
    int first;
    const char *from = cursor->at;
    if (!time_read_number(cursor, 1, 4, &first)) {
        return false;
    }
    if (cursor->at - from == 4) {
        char separator = cursor->at < cursor->end ? *cursor->at : '\0';
        found->year = first;
        return (separator == '-' || separator == '/') && time_read_char(cursor, separator) &&
               time_read_number(cursor, 1, 2, &found->month) && time_read_char(cursor, separator) &&
               time_read_number(cursor, 1, 2, &found->day);
    }
    found->day = first;
    return cursor->at - from <= 2 && time_read_char(cursor, '.') &&
           time_read_number(cursor, 1, 2, &found->month) && time_read_char(cursor, '.') &&
           time_read_number(cursor, 4, 4, &found->year);
}

bool time_parse_usual(struct str text, struct time_reading *out)
{
    if (parse_usual_number(text, out)) {
        return true;
    }
    struct time_cursor cursor = time_cursor_of(text);
    struct found found = found_nothing;
    if (!read_usual_date(&cursor, &found)) {
        return false;
    }
    if (cursor.at == cursor.end) {
        return finish(&found, out);
    }
    if (!time_read_char(&cursor, 'T') && !time_read_char(&cursor, 't') &&
        !time_read_char(&cursor, ' ')) {
        return false;
    }
    if (!read_clock(&cursor, &found) ||
        (time_read_char(&cursor, ':') && !read_seconds(&cursor, true, &found))) {
        return false;
    }
    if (cursor.at < cursor.end) {
        found.has_offset = true;
        time_read_char(&cursor, ' ');
        bool number = cursor.at < cursor.end && (*cursor.at == '+' || *cursor.at == '-');
        if (number ? !time_read_offset(&cursor, true, &found.offset_s)
                   : !read_zone_word(&cursor, &found)) {
            return false;
        }
    }
    return cursor.at == cursor.end && finish(&found, out);
}
