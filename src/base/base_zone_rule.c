/* The footer of a TZif file: a POSIX TZ string with the wider hours of RFC 8536, section 3.3.1. */
#include "base_time_internal.h"
#include "base_zone_internal.h"

#define RULE_HOURS_MOST 167
#define OFFSET_HOURS_MOST 24

/* "<+0330>" or letters; the name itself is of no use here. */
static bool skip_name(struct time_cursor *cursor)
{
    const char *from = cursor->at;
    if (time_read_char(cursor, '<')) {
        from = cursor->at;
        while (cursor->at < cursor->end && *cursor->at != '>') {
            cursor->at++;
        }
        return cursor->at - from >= 3 && time_read_char(cursor, '>');
    }
    while (cursor->at < cursor->end && ((*cursor->at >= 'A' && *cursor->at <= 'Z') ||
                                        (*cursor->at >= 'a' && *cursor->at <= 'z'))) {
        cursor->at++;
    }
    return cursor->at - from >= 3;
}

/* "[+-]hh[:mm[:ss]]" */
static bool read_hours(struct time_cursor *cursor, int hours_most, int32_t *out_s)
{
    int hours, minutes = 0, seconds = 0;
    bool negative = time_read_char(cursor, '-');
    if (!negative) {
        time_read_char(cursor, '+');
    }
    if (!time_read_number(cursor, 1, 3, &hours)) {
        return false;
    }
    if (time_read_char(cursor, ':')) {
        if (!time_read_number(cursor, 1, 2, &minutes) ||
            (time_read_char(cursor, ':') && !time_read_number(cursor, 1, 2, &seconds))) {
            return false;
        }
    }
    if (hours > hours_most || minutes > 59 || seconds > 59) {
        return false;
    }
    int32_t total = hours * 3600 + minutes * 60 + seconds;
    *out_s = negative ? -total : total;
    return true;
}

static bool read_weekday_date(struct time_cursor *cursor, struct zone_rule_date *out)
{
    out->form = ZONE_RULE_WEEKDAY;
    return time_read_number(cursor, 1, 2, &out->month) && time_read_char(cursor, '.') &&
           time_read_number(cursor, 1, 1, &out->week) && time_read_char(cursor, '.') &&
           time_read_number(cursor, 1, 1, &out->day) && out->month >= 1 && out->month <= 12 &&
           out->week >= 1 && out->week <= 5 && out->day <= 6;
}

/* ",Mm.w.d[/time]", ",Jn[/time]" or ",n[/time]" */
static bool read_date(struct time_cursor *cursor, struct zone_rule_date *out)
{
    if (!time_read_char(cursor, ',')) {
        return false;
    }
    if (time_read_char(cursor, 'M')) {
        if (!read_weekday_date(cursor, out)) {
            return false;
        }
    } else {
        bool no_leap = time_read_char(cursor, 'J');
        out->form = no_leap ? ZONE_RULE_NO_LEAP : ZONE_RULE_DAY;
        if (!time_read_number(cursor, 1, 3, &out->day) || out->day > 365 ||
            (no_leap && out->day < 1)) {
            return false;
        }
    }
    out->time_s = 2 * 3600;
    return !time_read_char(cursor, '/') || read_hours(cursor, RULE_HOURS_MOST, &out->time_s);
}

bool zone_rule_parse(struct str text, struct zone_rule *out)
{
    struct time_cursor cursor = time_cursor_of(text);
    struct zone_rule rule = {0};
    int32_t west_s;
    if (!skip_name(&cursor) || !read_hours(&cursor, OFFSET_HOURS_MOST, &west_s)) {
        return false;
    }
    rule.standard_s = -west_s;
    if (cursor.at == cursor.end) {
        *out = rule;
        return true;
    }
    rule.has_summer = true;
    rule.summer_s = rule.standard_s + 3600;
    if (!skip_name(&cursor)) {
        return false;
    }
    if (cursor.at < cursor.end && *cursor.at != ',') {
        if (!read_hours(&cursor, OFFSET_HOURS_MOST, &west_s)) {
            return false;
        }
        rule.summer_s = -west_s;
    }
    if (!read_date(&cursor, &rule.begin) || !read_date(&cursor, &rule.end) ||
        cursor.at != cursor.end) {
        return false;
    }
    *out = rule;
    return true;
}

/* The `week`-th such weekday of the month, or its last. */
static int64_t weekday_days(const struct zone_rule_date *date, int year)
{
    int64_t first = time_days_from_civil(year, date->month, 1);
    int64_t next_month = date->month == 12 ? time_days_from_civil(year + 1, 1, 1)
                                           : time_days_from_civil(year, date->month + 1, 1);
    int64_t weekday = time_floor_mod(first + 4, 7); /* 1970-01-01 was a Thursday; 0: Sunday */
    int64_t days = first + (date->day - weekday + 7) % 7 + 7 * (date->week - 1);
    return days < next_month ? days : days - 7;
}

int64_t zone_rule_local_s(const struct zone_rule_date *date, int year)
{
    int64_t january = time_days_from_civil(year, 1, 1);
    int64_t days;
    switch (date->form) {
    case ZONE_RULE_WEEKDAY:
        days = weekday_days(date, year);
        break;
    case ZONE_RULE_NO_LEAP: {
        bool leap = time_days_from_civil(year + 1, 1, 1) - january == 366;
        days = january + date->day - 1 + (leap && date->day >= 60 ? 1 : 0);
        break;
    }
    case ZONE_RULE_DAY:
    default:
        days = january + date->day;
        break;
    }
    return days * TIME_S_A_DAY + date->time_s;
}
