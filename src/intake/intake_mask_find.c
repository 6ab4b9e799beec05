/* One pass over a text: where could something begin, and what is it? Mail addresses; IBANs; addresses of
 * machines. Numbers in groups are read in intake_mask_phone.c. */
#include "intake_mask_find.h"

#include <arpa/inet.h>

#include <stdio.h>

#define LOCAL_BYTES_MAX 64
#define DOMAIN_BYTES_MAX 253
#define IBAN_CHARS_MAX 34

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char byte_at(struct str text, size_t at)
{
    return at < text.len ? text.data[at] : '\0';
}

int intake_mask_digit(struct str text, size_t at, size_t *out_bytes)
{
    if (at >= text.len) {
        return -1;
    }
    if (is_digit(text.data[at])) {
        *out_bytes = 1;
        return text.data[at] - '0';
    }
    const unsigned char *p = (const unsigned char *)text.data + at;
    size_t left = text.len - at;
    *out_bytes = 2;
    if (left >= 2 && p[0] == 0xd9 && p[1] >= 0xa0 && p[1] <= 0xa9) {
        return p[1] - 0xa0; /* Arabic */
    }
    if (left >= 2 && p[0] == 0xdb && p[1] >= 0xb0 && p[1] <= 0xb9) {
        return p[1] - 0xb0; /* Persian */
    }
    *out_bytes = 3;
    if (left >= 3 && p[0] == 0xe0 && p[1] == 0xa5 && p[2] >= 0xa6 && p[2] <= 0xaf) {
        return p[2] - 0xa6; /* Devanagari */
    }
    if (left >= 3 && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) {
        return p[2] - 0x90; /* full width */
    }
    return -1;
}

/* Of Latin with marks, Greek, Cyrillic: two bytes, C3 to D4. Others are written without blanks between words,
   or their digits are no neighbours of ours. */
static bool is_lead_of_letter(unsigned char c)
{
    return c >= 0xc3 && c <= 0xd4;
}

bool intake_mask_is_word(struct str text, size_t at)
{
    char c = byte_at(text, at);
    size_t bytes;
    return is_letter(c) || c == '_' || is_lead_of_letter((unsigned char)c) ||
           intake_mask_digit(text, at, &bytes) >= 0;
}

/* Where the character that ends before `at` begins. */
static size_t before(struct str text, size_t at)
{
    size_t begin = at;
    while (begin > 0 && at - begin < 4) {
        begin--;
        if (((unsigned char)text.data[begin] & 0xc0U) != 0x80) {
            break;
        }
    }
    return begin;
}

bool intake_mask_word_before(struct str text, size_t at)
{
    return at > 0 && intake_mask_is_word(text, before(text, at));
}

static bool word_is_one_of(struct str word, const char *const *words, size_t count)
{
    for (size_t w = 0; w < count; w++) {
        bool same = strlen(words[w]) == word.len;
        for (size_t k = 0; same && k < word.len; k++) {
            same = lower(word.data[k]) == words[w][k];
        }
        if (same) {
            return true;
        }
    }
    return false;
}

/* ---- mail --------------------------------------------------------------------------------------------- */

static bool is_local(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr(".&'+-_%", c) != NULL);
}

static size_t local_begin(struct str text, size_t end, size_t floor)
{
    size_t begin = end;
    while (begin > floor && end - begin < LOCAL_BYTES_MAX) {
        size_t prior = before(text, begin);
        if (prior < floor ||
            !(is_local(text.data[prior]) || is_lead_of_letter((unsigned char)text.data[prior]))) {
            break;
        }
        begin = prior;
    }
    /* Quotes, slashes and the like before an address are not of it, whatever the rules allow. */
    while (begin < end && !intake_mask_is_word(text, begin)) {
        begin++;
    }
    return begin;
}

/* Behind one of the ways to write a dot; `at` itself where there is none. */
static size_t behind_dot(struct str text, size_t at, bool spelled)
{
    static const char *const words[] = {"dot", "punkt", "point", "punto", "ponto"};
    if (!spelled) {
        return byte_at(text, at) == '.' ? at + 1 : at;
    }
    size_t i = at + (byte_at(text, at) == ' ' ? 1U : 0U);
    char open = byte_at(text, i);
    bool bracket = open == '(' || open == '[' || open == '{';
    i += bracket ? 1U : 0U;
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        size_t len = strlen(words[w]);
        struct str found = str_after(text, i);
        found.len = found.len < len ? found.len : len;
        bool same = found.len == len;
        for (size_t k = 0; same && k < len; k++) {
            same = lower(found.data[k]) == words[w][k];
        }
        char close = byte_at(text, i + len);
        if (!same || (bracket ? close != ')' && close != ']' && close != '}' : close != ' ') ||
            (!bracket && i == at)) {
            continue;
        }
        i += len + 1;
        return i + (bracket && byte_at(text, i) == ' ' ? 1U : 0U);
    }
    return byte_at(text, at) == '.' ? at + 1 : at;
}

struct label {
    size_t begin, end;
    bool letters; /* nothing else in it */
};

static bool read_label(struct str text, size_t at, struct label *out)
{
    *out = (struct label){at, at, true};
    for (size_t i = at; i < text.len && i - at < 64; i++) {
        char c = text.data[i];
        bool wide = is_lead_of_letter((unsigned char)c) && i + 1 < text.len;
        if (is_letter(c) || is_digit(c) || wide) {
            out->letters = out->letters && !is_digit(c);
            i += wide ? 1U : 0U;
            out->end = i + 1;
        } else if (c != '-') {
            break;
        }
    }
    return out->end > at;
}

/* The end of the domain that begins at `at`; 0: none. `spelled`: dots may be written as words. */
static size_t domain_end(struct str text, size_t at, bool spelled)
{
    struct label label;
    size_t end = 0, labels = 0;
    size_t i = at;
    while (i - at < DOMAIN_BYTES_MAX && read_label(text, i, &label)) {
        labels++;
        size_t bytes = label.end - label.begin;
        bool ascii = !is_lead_of_letter((unsigned char)text.data[label.begin]);
        bool top =
            label.letters || (bytes > 4 && str_starts_c(str_after(text, label.begin), "xn--"));
        if (labels >= 2 && top && bytes >= (ascii ? 2U : 4U)) {
            end = label.end;
        }
        size_t next = behind_dot(text, label.end, spelled);
        if (next == label.end) {
            break;
        }
        i = next;
    }
    return end;
}

/* icon@2x.png names a picture. */
static bool is_file(struct str domain)
{
    return domain.len > 3 && is_digit(domain.data[0]) && lower(domain.data[1]) == 'x' &&
           domain.data[2] == '.';
}

static bool email_around(struct str text, size_t local_end, size_t domain, size_t floor,
                         bool spelled, struct intake_mask_span *out)
{
    size_t begin = local_begin(text, local_end, floor);
    size_t end = domain_end(text, domain, spelled);
    if (begin == local_end || end == 0 || byte_at(text, local_end - 1) == '.' ||
        is_file(str_of(text.data + domain, end - domain))) {
        return false;
    }
    *out = (struct intake_mask_span){begin, end, INTAKE_MASK_EMAIL};
    return true;
}

/* "(at)", "[at]", " at ": bytes of it, or 0. */
static size_t spelled_at(struct str text, size_t at)
{
    static const char *const forms[] = {"(at)",   "[at]", "{at}",       "( at )",
                                        "[ at ]", "(a)",  "(\xc3\xa4t)"};
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        size_t len = strlen(forms[f]);
        bool same = at + len <= text.len;
        for (size_t k = 0; same && k < len; k++) {
            same = lower(text.data[at + k]) == forms[f][k];
        }
        if (same) {
            return len;
        }
    }
    return 0;
}

/* "ann at example dot com": only with the dot spelled too and an end that is no word, else it is a sentence. */
static bool email_in_words(struct str text, size_t at, size_t floor, struct intake_mask_span *out)
{
    static const char *const ends[] = {"com", "net", "org", "info", "biz", "eu", "de", "fr",
                                       "uk",  "nl",  "es",  "se",   "dk",  "fi", "pl", "pt",
                                       "ch",  "cz",  "ru",  "br",   "jp",  "cn", "au", "io"};
    struct label label;
    if (at == 0 || byte_at(text, at - 1) != ' ' || lower(byte_at(text, at + 1)) != 't' ||
        byte_at(text, at + 2) != ' ' || !read_label(text, at + 3, &label) ||
        behind_dot(text, label.end, true) < label.end + 4 ||
        !email_around(text, at - 1, at + 3, floor, true, out)) {
        return false;
    }
    size_t top = out->end;
    while (top > 0 && is_letter(text.data[top - 1])) {
        top--;
    }
    return word_is_one_of(str_of(text.data + top, out->end - top), ends, ARRAY_LEN(ends));
}

bool intake_mask_email(struct str text, size_t at, size_t floor, struct intake_mask_span *out)
{
    char c = text.data[at];
    if (c == '@') {
        return email_around(text, at, at + 1, floor, false, out);
    }
    if (c == '\xef') { /* full width */
        return str_starts_c(str_after(text, at), "\xef\xbc\xa0") &&
               email_around(text, at, at + 3, floor, false, out);
    }
    if (c == 'a' || c == 'A') {
        return email_in_words(text, at, floor, out);
    }
    size_t bytes = spelled_at(text, at);
    if (bytes == 0) {
        return false;
    }
    size_t local_end = at > floor && byte_at(text, at - 1) == ' ' ? at - 1 : at;
    size_t domain = at + bytes + (byte_at(text, at + bytes) == ' ' ? 1U : 0U);
    return local_end > floor && email_around(text, local_end, domain, floor, true, out);
}

/* ---- IBAN --------------------------------------------------------------------------------------------- */

/* Countries of the SWIFT registry and the length of their numbers. */
static const struct {
    char country[3];
    uint8_t chars;
} ibans[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27},
    {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
    {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28},
    {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

/* Bytes of a blank, a no-break blank or a dash between the groups; 0: none. */
static size_t iban_gap(struct str text, size_t at)
{
    char c = byte_at(text, at);
    if (c == ' ' || c == '-') {
        return 1;
    }
    struct str rest = str_after(text, at);
    return str_starts_c(rest, "\xc2\xa0") ? 2 : str_starts_c(rest, "\xe2\x80\xaf") ? 3 : 0;
}

/* mod 97 of the characters, the first four moved to the end, letters as 10 to 35. */
static unsigned iban_rest(const char *chars, size_t count)
{
    unsigned rest = 0;
    for (size_t k = 0; k < count; k++) {
        char c = chars[(k + 4) % count];
        rest =
            is_digit(c) ? rest * 10 + (unsigned)(c - '0') : rest * 100 + (unsigned)(c - 'a' + 10);
        rest %= 97;
    }
    return rest;
}

bool intake_mask_iban(struct str text, size_t at, struct intake_mask_span *out)
{
    char chars[IBAN_CHARS_MAX];
    size_t wanted = 0, count = 0, i = at;
    if (!is_letter(byte_at(text, at + 1)) || intake_mask_word_before(text, at)) {
        return false;
    }
    for (size_t k = 0; k < ARRAY_LEN(ibans) && wanted == 0; k++) {
        if (lower(text.data[at]) == lower(ibans[k].country[0]) &&
            lower(text.data[at + 1]) == lower(ibans[k].country[1])) {
            wanted = ibans[k].chars;
        }
    }
    while (count < wanted) {
        char c = byte_at(text, i);
        if (!is_letter(c) && !is_digit(c)) {
            return false;
        }
        if ((count == 2 || count == 3) && !is_digit(c)) {
            return false;
        }
        chars[count++] = lower(c);
        i++;
        i += count < wanted ? iban_gap(text, i) : 0;
    }
    if (wanted == 0 || intake_mask_is_word(text, i) || iban_rest(chars, wanted) != 1) {
        return false;
    }
    *out = (struct intake_mask_span){at, i, INTAKE_MASK_IBAN};
    return true;
}

/* ---- addresses of machines ---------------------------------------------------------------------------- */

/* The word before the address and its blanks, colons and the like. */
static struct str word_before(struct str text, size_t at)
{
    while (at > 0 && strchr(" :=([\"'.", text.data[at - 1]) != NULL) {
        at--;
    }
    size_t end = at;
    while (at > 0 && end - at < 16 && is_letter(text.data[at - 1])) {
        at--;
    }
    return str_of(text.data + at, end - at);
}

static bool ip_by_context(struct str text, size_t at, const unsigned *octets)
{
    static const char *const versions[] = {"v",       "version", "ver",     "build",   "firmware",
                                           "release", "chapter", "section", "kapitel", "abschnitt",
                                           "app",     "versi",   "fw",      "rev",     "revision",
                                           "chrome",  "update"};
    static const char *const places[] = {"ip",   "address", "adresse", "server", "host", "ipv",
                                         "from", "dns",     "gateway", "ping",   "von",  "addr"};
    struct str word = word_before(text, at);
    if (word_is_one_of(word, versions, ARRAY_LEN(versions))) {
        return false;
    }
    return word_is_one_of(word, places, ARRAY_LEN(places)) || octets[0] == 10 || octets[0] >= 100 ||
           octets[1] >= 100 || octets[2] >= 100 || octets[3] >= 100;
}

static bool ip4(struct str text, size_t at, struct intake_mask_span *out)
{
    unsigned octets[4];
    size_t i = at;
    for (size_t k = 0; k < 4; k++) {
        size_t begin = i;
        octets[k] = 0;
        while (is_digit(byte_at(text, i)) && i - begin < 4) {
            octets[k] = octets[k] * 10 + (unsigned)(text.data[i++] - '0');
        }
        if (i == begin || octets[k] > 255 || (i - begin > 1 && text.data[begin] == '0') ||
            (k < 3 && byte_at(text, i++) != '.')) {
            return false;
        }
    }
    if (intake_mask_is_word(text, i) ||
        (byte_at(text, i) == '.' && is_digit(byte_at(text, i + 1))) || byte_at(text, i) == '-' ||
        !ip_by_context(text, at, octets)) {
        return false;
    }
    *out = (struct intake_mask_span){at, i, INTAKE_MASK_IP};
    return true;
}

static bool ip6(struct str text, size_t at, struct intake_mask_span *out)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t len = 0, colons = 0, groups = 0, first = 0;
    bool digit = false;
    for (; len < sizeof copy - 1 && at + len < text.len; len++) {
        char c = text.data[at + len];
        bool hex = is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
        if (!hex && c != ':') {
            break;
        }
        colons += c == ':' ? 1U : 0U;
        groups += hex && (len == 0 || copy[len - 1] == ':') ? 1U : 0U;
        first += hex && colons == 0 ? 1U : 0U;
        digit = digit || is_digit(c);
        copy[len] = c;
    }
    while (len > 2 && copy[len - 1] == ':' && copy[len - 2] != ':') {
        len--; /* the colon of a sentence */
        colons--;
    }
    copy[len] = '\0';
    if (colons < 2 || !digit || (first < 3 && groups < 4) || intake_mask_is_word(text, at + len) ||
        inet_pton(AF_INET6, copy, &address) != 1) {
        return false;
    }
    *out = (struct intake_mask_span){at, at + len, INTAKE_MASK_IP};
    return true;
}

bool intake_mask_ip(struct str text, size_t at, struct intake_mask_span *out)
{
    char prior = at == 0 ? ' ' : text.data[at - 1];
    if (intake_mask_word_before(text, at) || prior == '.' || prior == ':' || prior == '-') {
        return ip4(text, at, out) && prior == ':' && !is_digit(byte_at(text, at - 2));
    }
    return ip6(text, at, out) || ip4(text, at, out);
}

/* ---- the pass ----------------------------------------------------------------------------------------- */

static bool wanted(unsigned kinds, enum intake_mask_kind kind)
{
    return (kinds >> kind & 1U) != 0;
}

static bool number_at(struct str text, unsigned kinds, size_t at, struct intake_mask_span *out)
{
    struct intake_mask_run run;
    if (wanted(kinds, INTAKE_MASK_IP) && intake_mask_ip(text, at, out)) {
        return true;
    }
    if ((!wanted(kinds, INTAKE_MASK_CARD) && !wanted(kinds, INTAKE_MASK_PHONE)) ||
        !intake_mask_run_read(text, at, &run)) {
        return false;
    }
    /* A card's number is never a phone's, wanted or not. */
    if (intake_mask_card(text, &run, out)) {
        return wanted(kinds, INTAKE_MASK_CARD);
    }
    return wanted(kinds, INTAKE_MASK_PHONE) && intake_mask_phone(text, &run, out);
}

static bool letter_at(struct str text, unsigned kinds, size_t at, size_t floor,
                      struct intake_mask_span *out)
{
    char c = text.data[at];
    if (is_digit(byte_at(text, at + 2)) && wanted(kinds, INTAKE_MASK_IBAN) &&
        intake_mask_iban(text, at, out)) {
        return true;
    }
    if ((c == 'a' || c == 'A') && wanted(kinds, INTAKE_MASK_EMAIL) &&
        intake_mask_email(text, at, floor, out)) {
        return true;
    }
    return lower(c) <= 'f' && wanted(kinds, INTAKE_MASK_IP) && !intake_mask_word_before(text, at) &&
           intake_mask_ip(text, at, out);
}

static bool find_at(struct str text, unsigned kinds, size_t at, size_t floor,
                    struct intake_mask_span *out)
{
    char c = text.data[at];
    size_t bytes;
    if (is_letter(c)) {
        return letter_at(text, kinds, at, floor, out);
    }
    if (c == '@' || c == '[' || c == '{' || c == '(' || c == '\xef') {
        if (wanted(kinds, INTAKE_MASK_EMAIL) && intake_mask_email(text, at, floor, out)) {
            return true;
        }
    }
    bool begins = c == '+' || c == '(' || intake_mask_digit(text, at, &bytes) >= 0;
    return begins && !intake_mask_word_before(text, at) && number_at(text, kinds, at, out);
}

bool intake_mask_next(struct str text, unsigned kinds, size_t from, struct intake_mask_span *out)
{
    for (size_t at = from; at < text.len; at++) {
        char c = text.data[at];
        if (c == ' ' || (c > '9' && c != '@' && c != '[' && c != '{' && !is_letter(c))) {
            continue;
        }
        if (find_at(text, kinds, at, from, out)) {
            return true;
        }
    }
    return false;
}
