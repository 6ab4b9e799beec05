#include "base_time.h"

#include "base_checked.h"
#include "base_time_internal.h"

#define DAYS_A_CYCLE 146097  /* the Gregorian calendar repeats every 400 years */
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

/* Years begin in March here: the leap day is then the last of its year. */
int64_t time_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t cycle = time_floor_div(y, 400);
    int64_t year_of_cycle = y - cycle * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_cycle =
        year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    return cycle * DAYS_A_CYCLE + day_of_cycle - DAYS_TO_EPOCH;
}

void time_civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t shifted = days + DAYS_TO_EPOCH;
    int64_t cycle = time_floor_div(shifted, DAYS_A_CYCLE);
    int64_t day_of_cycle = shifted - cycle * DAYS_A_CYCLE;
    int64_t year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 -
                             day_of_cycle / (DAYS_A_CYCLE - 1)) /
                            365;
    int64_t day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int64_t month_of_year = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * month_of_year + 2) / 5 + 1);
    *month = (int)(month_of_year < 10 ? month_of_year + 3 : month_of_year - 9);
    *year = (int)(year_of_cycle + cycle * 400 + (*month <= 2 ? 1 : 0));
}

int64_t time_ms_from_civil(const struct civil *civil)
{
    int64_t days = time_days_from_civil(civil->year, civil->month, civil->day);
    int64_t of_day =
        (((int64_t)civil->hour * 60 + civil->minute) * 60 + civil->second) * 1000 + civil->ms;
    int64_t ms;
    if (!base_i64_mul(days, TIME_MS_A_DAY, &ms) || !base_i64_add(ms, of_day, &ms)) {
        return days < 0 ? INT64_MIN : INT64_MAX;
    }
    return ms;
}

struct civil time_civil_from_ms(int64_t ms)
{
    struct civil civil;
    time_civil_from_days(time_floor_div(ms, TIME_MS_A_DAY), &civil.year, &civil.month, &civil.day);
    int of_day = (int)time_floor_mod(ms, TIME_MS_A_DAY);
    civil.ms = of_day % 1000;
    civil.second = of_day / 1000 % 60;
    civil.minute = of_day / 60000 % 60;
    civil.hour = of_day / 3600000;
    return civil;
}

static int days_of_month(int year, int month)
{
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool within(int value, int least, int most)
{
    return value >= least && value <= most;
}

bool time_civil_valid(const struct civil *civil)
{
    return within(civil->year, 1, 9999) && within(civil->month, 1, 12) &&
           within(civil->day, 1, days_of_month(civil->year, civil->month)) &&
           within(civil->hour, 0, 23) && within(civil->minute, 0, 59) &&
           within(civil->second, 0, 59) && within(civil->ms, 0, 999);
}

bool time_settle(struct civil *civil)
{
    if (civil->second != 60) {
        return time_civil_valid(civil);
    }
    struct civil before = *civil;
    before.second = 59;
    if (!time_civil_valid(&before)) {
        return false;
    }
    *civil = time_civil_from_ms(time_ms_from_civil(&before) + 1000);
    return time_civil_valid(civil);
}

bool time_instant_at(const struct civil *civil, int offset_s, int64_t *out_ms)
{
    int64_t ms = time_ms_from_civil(civil) - (int64_t)offset_s * 1000;
    if (ms < TIME_MS_FIRST || ms >= TIME_MS_END) {
        return false;
    }
    *out_ms = ms;
    return true;
}

bool time_read_number(struct time_cursor *cursor, int least, int most, int *out)
{
    int value = 0, digits = 0;
    while (digits < most && cursor->at < cursor->end && time_digit(*cursor->at)) {
        value = value * 10 + (*cursor->at - '0');
        cursor->at++;
        digits++;
    }
    if (digits < least) {
        return false;
    }
    *out = value;
    return true;
}

bool time_read_fraction(struct time_cursor *cursor, int *out_ms)
{
    int ms = 0, digits = 0;
    while (cursor->at < cursor->end && time_digit(*cursor->at)) {
        if (digits < 3) {
            ms = ms * 10 + (*cursor->at - '0');
            digits++;
        }
        cursor->at++;
    }
    if (digits == 0) {
        return false;
    }
    for (; digits < 3; digits++) {
        ms *= 10;
    }
    *out_ms = ms;
    return true;
}

bool time_read_offset(struct time_cursor *cursor, bool loose, int *out_offset_s)
{
    if (time_read_char(cursor, 'Z') || time_read_char(cursor, 'z')) {
        *out_offset_s = 0;
        return true;
    }
    bool west = time_read_char(cursor, '-');
    if (!west && !time_read_char(cursor, '+')) {
        return false;
    }
    int hours, minutes = 0;
    if (!time_read_number(cursor, 2, 2, &hours)) {
        return false;
    }
    bool colon = time_read_char(cursor, ':');
    if (colon || !loose || (cursor->at < cursor->end && time_digit(*cursor->at))) {
        if ((!colon && !loose) || !time_read_number(cursor, 2, 2, &minutes)) {
            return false;
        }
    }
    if (hours > 23 || minutes > 59) {
        return false;
    }
    *out_offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool read_iso_date(struct time_cursor *cursor, struct civil *civil)
{
    return time_read_number(cursor, 4, 4, &civil->year) && time_read_char(cursor, '-') &&
           time_read_number(cursor, 2, 2, &civil->month) && time_read_char(cursor, '-') &&
           time_read_number(cursor, 2, 2, &civil->day);
}

bool time_parse_rfc3339(struct str text, int64_t *out_ms)
{
    struct time_cursor cursor = time_cursor_of(text);
    struct civil civil = {0};
    if (!read_iso_date(&cursor, &civil) ||
        !(time_read_char(&cursor, 'T') || time_read_char(&cursor, 't') ||
          time_read_char(&cursor, ' '))) {
        return false;
    }
    if (!time_read_number(&cursor, 2, 2, &civil.hour) || !time_read_char(&cursor, ':') ||
        !time_read_number(&cursor, 2, 2, &civil.minute) || !time_read_char(&cursor, ':') ||
        !time_read_number(&cursor, 2, 2, &civil.second)) {
        return false;
    }
    if (time_read_char(&cursor, '.') && !time_read_fraction(&cursor, &civil.ms)) {
        return false;
    }
    int offset_s;
    return time_read_offset(&cursor, false, &offset_s) && cursor.at == cursor.end &&
           time_settle(&civil) && time_instant_at(&civil, offset_s, out_ms);
}

bool time_parse_date(struct str text, struct civil *out)
{
    struct time_cursor cursor = time_cursor_of(text);
    struct civil civil = {0};
    if (!read_iso_date(&cursor, &civil) || cursor.at != cursor.end || !time_civil_valid(&civil)) {
        return false;
    }
    *out = civil;
    return true;
}

/* At least `width` digits, filled with zeros; returns where it ended. */
static char *put_number(char *at, int64_t value, int width)
{
    char digits[20];
    int count = 0;
    uint64_t rest = value < 0 ? 0U - (uint64_t)value : (uint64_t)value;
    if (value < 0) {
        *at++ = '-';
    }
    do {
        digits[count++] = (char)('0' + (char)(rest % 10));
        rest /= 10;
    } while (rest != 0 || count < width);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

static char *put_date(char *at, const struct civil *civil)
{
    at = put_number(at, civil->year, 4);
    *at++ = '-';
    at = put_number(at, civil->month, 2);
    *at++ = '-';
    return put_number(at, civil->day, 2);
}

size_t time_format_rfc3339(int64_t ms, char out[TIME_RFC3339_BYTES])
{
    struct civil civil = time_civil_from_ms(ms);
    char *at = put_date(out, &civil);
    *at++ = 'T';
    at = put_number(at, civil.hour, 2);
    *at++ = ':';
    at = put_number(at, civil.minute, 2);
    *at++ = ':';
    at = put_number(at, civil.second, 2);
    *at++ = '.';
    at = put_number(at, civil.ms, 3);
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - out);
}

size_t time_format_date(const struct civil *civil, char out[16])
{
    /* What the type could hold but no date has would not fit. */
    INVARIANT(within(civil->year, -99999999, 999999999) && within(civil->month, 0, 99) &&
              within(civil->day, 0, 99));
    char *at = put_date(out, civil);
    *at = '\0';
    return (size_t)(at - out);
}

bool time_parse_duration(struct str text, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {
        {"ms", 1},      {"s", 1000},          {"m", 60000},
        {"h", 3600000}, {"d", TIME_MS_A_DAY}, {"w", 7 * TIME_MS_A_DAY},
    };
    size_t digits = 0;
    while (digits < text.len && time_digit(text.data[digits])) {
        digits++;
    }
    int64_t count;
    if (!str_parse_i64(str_of(text.data, digits), &count)) {
        return false;
    }
    struct str unit = str_after(text, digits);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (str_is(unit, units[i].unit)) {
            return base_i64_mul(count, units[i].ms, out_ms);
        }
    }
    return false;
}
