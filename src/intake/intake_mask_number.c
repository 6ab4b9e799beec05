/* Numbers written in groups: read once, then looked at as a card's and as a phone's. */
#include "intake_mask_find.h"

#define GAP_BYTES_MAX 8
#define CARD_DIGITS_MAX 19

static char byte_at(struct str text, size_t at)
{
    return at < text.len ? text.data[at] : '\0';
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* What stands between two groups, as one of " -./"; its bytes, or 0 for what ends a number. */
static size_t separator(struct str text, size_t at, char *out)
{
    static const struct {
        const char *bytes;
        char as;
    } wide[] = {
        {"\xc2\xa0", ' '},     {"\xe2\x80\xaf", ' '}, {"\xe2\x80\x89", ' '},
        {"\xe2\x80\x90", '-'}, {"\xe2\x80\x91", '-'}, {"\xe2\x80\x93", '-'},
    };
    char c = byte_at(text, at);
    if (c == ' ' || c == '-' || c == '.' || c == '/') {
        *out = c;
        return 1;
    }
    if ((unsigned char)c < 0x80) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
        if (str_starts_c(str_after(text, at), wide[i].bytes)) {
            *out = wide[i].as;
            return strlen(wide[i].bytes);
        }
    }
    return 0;
}

/* From behind a group to the next digit: a separator, blanks around it, parentheses. False: no group follows. */
static bool read_gap(struct str text, size_t *io_at, struct intake_mask_group *next,
                     bool *out_closed)
{
    size_t at = *io_at, bytes = 0;
    bool blank_before = false, blank_after = false;
    *next = (struct intake_mask_group){.before = ' '};
    *out_closed = false;
    char sign = 0, c = 0;
    while (at - *io_at < GAP_BYTES_MAX && intake_mask_digit(text, at, &bytes) < 0) {
        bytes = separator(text, at, &c);
        if (bytes > 0 && c == ' ') {
            blank_before = blank_before || sign == 0;
            blank_after = blank_after || sign != 0;
        } else if (bytes > 0 && sign == 0) {
            sign = c;
        } else if (byte_at(text, at) == ')' && !*out_closed && !next->open) {
            *out_closed = true;
            bytes = 1;
        } else if (byte_at(text, at) == '(' && !next->open) {
            next->open = true;
            bytes = 1;
        } else {
            return false;
        }
        at += bytes;
    }
    if (at == *io_at || intake_mask_digit(text, at, &bytes) < 0 ||
        (blank_before && blank_after && sign == '.')) {
        return false;
    }
    next->before = sign == 0 ? ' ' : sign;
    next->wide = blank_before && blank_after;
    *io_at = at;
    return true;
}

static size_t read_group(struct str text, size_t at, struct intake_mask_run *run,
                         struct intake_mask_group *group)
{
    size_t bytes = 0;
    group->begin = at;
    group->first = (uint8_t)run->digit_count;
    for (;;) {
        int digit = intake_mask_digit(text, at, &bytes);
        if (digit < 0 || run->digit_count == INTAKE_MASK_DIGITS_MAX) {
            break;
        }
        run->digits[run->digit_count++] = (uint8_t)digit;
        group->count++;
        at += bytes;
    }
    group->end = at;
    return at;
}

bool intake_mask_run_read(struct str text, size_t at, struct intake_mask_run *out)
{
    size_t bytes;
    bool closed = false;
    struct intake_mask_group next = {0};
    *out = (struct intake_mask_run){.begin = at};
    if (byte_at(text, at) == '(') {
        next.open = true;
        at++;
    }
    if (byte_at(text, at) == '+') {
        out->plus = true;
        at++;
        at += byte_at(text, at) == ' ' ? 1U : 0U;
    }
    if (intake_mask_digit(text, at, &bytes) < 0) {
        return false;
    }
    do {
        struct intake_mask_group *group = &out->groups[out->group_count++];
        *group = next;
        at = read_group(text, at, out, group);
        if (byte_at(text, at) == ')' && group->open) {
            group->closed = true;
            group->end = at + 1;
        }
    } while (out->group_count < INTAKE_MASK_GROUPS_MAX &&
             out->digit_count < INTAKE_MASK_DIGITS_MAX && read_gap(text, &at, &next, &closed));
    return true;
}

/* Nothing of a word, and no further group glued on, stands behind. */
static bool ends_clean(struct str text, size_t end)
{
    char c = byte_at(text, end), then = byte_at(text, end + 1);
    if (intake_mask_is_word(text, end) || c == '@') {
        return false;
    }
    bool glue = c == '-' || c == '/' || c == '#' || c == '=' || c == '&';
    return !glue || !intake_mask_is_word(text, end + 1) || then == '_';
}

/* ---- cards -------------------------------------------------------------------------------------------- */

static bool luhn(const uint8_t *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned d = digits[count - 1 - i];
        d = i % 2 == 1 ? d * 2 : d;
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

static unsigned prefix(const uint8_t *digits, size_t count)
{
    unsigned value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + digits[i];
    }
    return value;
}

/* Who issues numbers of this beginning and length? */
static bool issued(const uint8_t *d, size_t count)
{
    static const struct {
        uint16_t from, to;
        uint8_t shortest, longest;
    } ranges[] = {
        {4000, 4999, 16, 16}, /* Visa; its 13 and 19 digits are hardly seen, EAN-13 begins so too */
        {5100, 5599, 16, 16}, {2221, 2720, 16, 16},                       /* Mastercard */
        {3400, 3499, 15, 15}, {3700, 3799, 15, 15},                       /* American Express */
        {6011, 6011, 16, 19}, {6440, 6599, 16, 19},                       /* Discover */
        {3528, 3589, 16, 19},                                             /* JCB */
        {3000, 3059, 14, 16}, {3600, 3699, 14, 14}, {3800, 3999, 14, 16}, /* Diners */
        {6200, 6299, 16, 19}, {8100, 8199, 16, 19},                       /* UnionPay */
        {2200, 2204, 16, 19},                                             /* Mir */
        {5000, 5000, 16, 16}, {5600, 5899, 16, 19}, {6304, 6304, 16, 19},
        {6700, 6799, 16, 19}, {9792, 9792, 16, 16}, /* Troy */
    };
    unsigned begin = prefix(d, 4);
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (begin >= ranges[i].from && begin <= ranges[i].to && count >= ranges[i].shortest &&
            count <= ranges[i].longest) {
            return true;
        }
    }
    return false;
}

/* 4-4-4-4, 4-6-5 and the like: no card is written in ones and twos. */
static bool card_groups(const struct intake_mask_run *run, size_t groups)
{
    for (size_t g = 0; g < groups; g++) {
        const struct intake_mask_group *group = &run->groups[g];
        bool last = g + 1 == groups;
        if (group->open || group->wide || (groups > 1 && group->count < (last ? 1 : 4)) ||
            (g > 1 && group->before != run->groups[1].before)) {
            return false;
        }
    }
    return groups == 1 || run->groups[0].count <= 8;
}

bool intake_mask_card(struct str text, const struct intake_mask_run *run,
                      struct intake_mask_span *out)
{
    size_t count = 0;
    char prior = run->begin == 0 ? ' ' : text.data[run->begin - 1];
    if (run->plus || prior == '-' || prior == '.' || prior == '#') {
        return false;
    }
    for (size_t groups = 1; groups <= run->group_count; groups++) {
        const struct intake_mask_group *last = &run->groups[groups - 1];
        count += last->count;
        if (count > CARD_DIGITS_MAX) {
            return false;
        }
        if (issued(run->digits, count) && card_groups(run, groups) && luhn(run->digits, count) &&
            ends_clean(text, last->end)) {
            *out = (struct intake_mask_span){run->begin, last->end, INTAKE_MASK_CARD};
            return true;
        }
    }
    return false;
}

/* ---- phones ------------------------------------------------------------------------------------------- */

/* Digits of the calling code that a number begins with; 0: there is none such. */
static size_t calling_code(const uint8_t *d, size_t count)
{
    /* Bit n of row m: the code "mn" has two digits. Beginning with 1 and 7 they have one; the rest, three. */
    static const uint16_t two[10] = {
        [2] = 1U << 0 | 1U << 7,
        [3] = 1U << 0 | 1U << 1 | 1U << 2 | 1U << 3 | 1U << 4 | 1U << 6 | 1U << 9,
        [4] = 0x3ffU & ~(1U << 2),
        [5] = 0x3ffU & ~(1U << 0 | 1U << 9),
        [6] = 0x7fU,
        [8] = 1U << 1 | 1U << 2 | 1U << 4 | 1U << 6,
        [9] = 0x3ffU & ~(1U << 6 | 1U << 7 | 1U << 9),
    };
    if (count < 3 || d[0] == 0) {
        return 0;
    }
    if (d[0] == 1 || d[0] == 7) {
        return 1;
    }
    return (two[d[0]] >> d[1] & 1U) != 0 ? 2 : 3;
}

/* A candidate: the first `groups` groups of a run. */
struct candidate {
    const struct intake_mask_run *run;
    size_t groups;
    size_t digits;
};

static unsigned group_value(const struct candidate *c, size_t g)
{
    const struct intake_mask_group *group = &c->run->groups[g];
    return group->count > 4 ? 10000 : prefix(c->run->digits + group->first, group->count);
}

static size_t group_len(const struct candidate *c, size_t g)
{
    return g < c->groups ? c->run->groups[g].count : 0;
}

static uint8_t first_digit(const struct candidate *c, size_t g)
{
    return c->run->digits[c->run->groups[g].first];
}

static bool has_groups(const struct candidate *c, const char *lengths)
{
    for (size_t g = 0; g < c->groups; g++) {
        if (lengths[g] == '\0' || group_len(c, g) != (size_t)(lengths[g] - '0')) {
            return false;
        }
    }
    return lengths[c->groups] == '\0';
}

static bool is_year(const struct candidate *c, size_t g)
{
    return group_len(c, g) == 4 && group_value(c, g) >= 1900 && group_value(c, g) <= 2100;
}

/* Day, month, year in any of their orders at group g. */
static bool is_date(const struct candidate *c, size_t g)
{
    if (g + 2 >= c->groups || c->run->groups[g + 1].before != c->run->groups[g + 2].before ||
        c->run->groups[g + 1].before == ' ') {
        return false;
    }
    bool small =
        group_len(c, g + 1) <= 2 && group_value(c, g + 1) >= 1 && group_value(c, g + 1) <= 31;
    if (is_year(c, g)) {
        return small && group_len(c, g + 2) <= 2 && group_value(c, g + 2) <= 31;
    }
    bool two = c->groups == 3 && group_len(c, g + 2) == 2;
    return small && group_len(c, g) <= 2 && group_value(c, g) >= 1 && group_value(c, g) <= 31 &&
           (group_value(c, g) <= 12 || group_value(c, g + 1) <= 12) && (is_year(c, g + 2) || two);
}

static bool holds_date(const struct candidate *c)
{
    for (size_t g = 0; g + 2 < c->groups; g++) {
        if (is_date(c, g)) {
            return true;
        }
    }
    return false;
}

static bool international(const struct candidate *c, enum intake_mask_context context)
{
    const uint8_t *d = c->run->digits;
    size_t skip = c->run->plus ? 0 : 2, trunk = 0;
    if (c->digits < 8 ||
        (!c->run->plus && (d[0] != 0 || d[1] != 0 || d[2] == 0 || group_len(c, 0) < 2))) {
        return false;
    }
    for (size_t g = 1; g < c->groups; g++) {
        trunk += c->run->groups[g].open && group_len(c, g) == 1 && first_digit(c, g) == 0;
    }
    size_t code = calling_code(d + skip, c->digits - skip);
    size_t all = c->digits - skip - trunk, national = all - code;
    if (code == 0 || all < 8 || all > 15 || national < 5) {
        return false;
    }
    if (code == 1 && d[skip] == 1 && national != 10) {
        return false;
    }
    if (c->run->plus) {
        return true;
    }
    return context != INTAKE_MASK_OTHER_WORD &&
           (c->groups > 1 || c->digits >= 12 || context == INTAKE_MASK_PHONE_WORD);
}

/* Inside a country, with the zero that stands for it: 0171 1234567, (020) 7946 0958, 06.12.34.56.78. */
static bool with_trunk(const struct candidate *c)
{
    const uint8_t *d = c->run->digits;
    if (d[0] != 0 || d[1] == 0 || group_len(c, 0) < 2 || group_len(c, 0) > 12) {
        return false;
    }
    if (c->groups == 1) {
        bool mobile = d[1] == 1 && d[2] >= 5 && d[2] <= 7; /* German ones may be longer */
        return c->digits == 10 || c->digits == 11 || (mobile && c->digits == 12);
    }
    char sign = c->run->groups[1].before;
    size_t shortest = sign == '-' || sign == '/' ? 8 : 9;
    return c->digits >= shortest && c->digits <= 12 && group_len(c, c->groups - 1) >= 2;
}

/* Without a zero: only shapes that little else has. */
static bool without_trunk(const struct candidate *c)
{
    uint8_t first = first_digit(c, 0);
    if (c->run->groups[0].open && c->run->groups[0].closed) {
        return group_len(c, 0) >= 2 && group_len(c, 0) <= 5 && c->digits >= 8 && c->digits <= 12 &&
               c->groups > 1;
    }
    if (c->groups < 2) {
        return false;
    }
    char sign = c->run->groups[1].before;
    bool even = true;
    for (size_t g = 2; g < c->groups; g++) {
        even = even && c->run->groups[g].before == sign;
    }
    if (has_groups(c, "334")) {
        return first >= 2 && first_digit(c, 1) >= 2;
    }
    if (has_groups(c, "1334")) {
        return first == 1 && first_digit(c, 1) >= 2 && first_digit(c, 2) >= 2;
    }
    if (first == 8 && group_len(c, 0) == 1 && c->digits == 11 && group_len(c, 1) == 3) {
        return first_digit(c, 1) >= 3 && first_digit(c, 1) != 7;
    }
    bool mobile9 = first == 6 || first == 7 || first == 9;
    return (has_groups(c, "55") && first >= 6 && sign == ' ') ||
           (has_groups(c, "344") && first == 1 && c->run->digits[1] >= 3 && even) ||
           ((has_groups(c, "254") || has_groups(c, "244")) && sign == ' ' &&
            c->run->groups[2].before == '-') ||
           (has_groups(c, "333") && first >= 5 && even && sign != '.' && sign != '/') ||
           (has_groups(c, "323") && (first == 4 || first == 9) && even && sign == ' ') ||
           (has_groups(c, "3222") && mobile9 && even && sign == ' ') ||
           (has_groups(c, "2322") && first == 9 && even && sign == ' ') ||
           (has_groups(c, "37") && first == 3 && sign == ' ');
}

static bool is_phone(const struct candidate *c, enum intake_mask_context context)
{
    if (holds_date(c)) {
        return false;
    }
    if (international(c, context)) {
        return true;
    }
    if (c->run->plus || context == INTAKE_MASK_OTHER_WORD) {
        return false;
    }
    if (context == INTAKE_MASK_PHONE_WORD) {
        return c->digits >= 6 && c->digits <= 14 &&
               !(c->digits == 8 && is_year(c, 0) && c->groups == 1);
    }
    return with_trunk(c) || without_trunk(c);
}

/* Glued to what makes it another kind of number: AB-0171..., #0171..., 3.0171..., EUR 0171... */
static bool begins_clean(struct str text, const struct intake_mask_run *run,
                         enum intake_mask_context context)
{
    size_t at = run->begin;
    if (at == 0) {
        return true;
    }
    char c = text.data[at - 1];
    bool word = at > 1 && intake_mask_word_before(text, at - 1);
    size_t bytes;
    bool digit = at > 1 && intake_mask_digit(text, at - 2, &bytes) >= 0;
    switch (c) {
    case ' ': /* the end of a longer number is no number of its own */
        return !digit || run->plus || context == INTAKE_MASK_PHONE_WORD;
    case '#':
    case '$':
    case '&':
    case '%':
        return false;
    case '-':
    case '/':
        return !word || (context == INTAKE_MASK_PHONE_WORD && !digit);
    case '.':
        return !digit;
    case ',':
        return !digit || run->plus || run->digits[0] == 0;
    case ':':
    case '=':
        return !digit;
    default:
        break;
    }
    struct str rest = str_after(text, at >= 3 ? at - 3 : 0);
    return !(at >= 3 && (str_starts_c(rest, "\xe2\x82\xac"))) &&
           !(at >= 2 && str_starts_c(str_after(text, at - 2), "\xc2\xa3"));
}

static bool ends_as_phone(struct str text, const struct candidate *c,
                          enum intake_mask_context context)
{
    size_t end = c->run->groups[c->groups - 1].end, bytes;
    char sign = byte_at(text, end);
    if (!ends_clean(text, end)) {
        return false;
    }
    bool more = intake_mask_digit(text, end + 1, &bytes) >= 0;
    if ((sign == ':' || sign == '%') && (more || sign == '%')) {
        return false;
    }
    bool sure = c->run->plus || c->run->digits[0] == 0 || context == INTAKE_MASK_PHONE_WORD;
    return sure || !((sign == ',' && more) || intake_mask_unit_follows(text, end));
}

bool intake_mask_phone(struct str text, const struct intake_mask_run *run,
                       struct intake_mask_span *out)
{
    enum intake_mask_context context = intake_mask_context_of(text, run->begin);
    struct candidate c = {run, run->group_count, run->digit_count};
    if (!begins_clean(text, run, context)) {
        return false;
    }
    /* Two numbers with a stroke between them are two: 030 1234567 / 0171 1234567. */
    for (size_t g = 1; g < c.groups; g++) {
        if ((run->groups[g].wide && run->digits[run->groups[g].first] == 0) ||
            (g > 1 && run->groups[g].open)) {
            c.groups = g;
            c.digits = run->groups[g].first;
        }
    }
    for (; c.groups > 0; c.groups--) {
        if (is_phone(&c, context) && ends_as_phone(text, &c, context)) {
            *out = (struct intake_mask_span){run->begin, run->groups[c.groups - 1].end,
                                             INTAKE_MASK_PHONE};
            return true;
        }
        c.digits = run->groups[c.groups - 1].first;
    }
    return false;
}
