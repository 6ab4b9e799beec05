#include "base_mention.h"

#include <string.h>

#include "base_base64.h"
#include "base_hash.h"
#include "base_mem.h"

#define HEAD_BYTES                                                                                 \
    4U /* words are looked up by so many first bytes, or fewer where they are shorter */
#define BASE64_LEAST 8U
#define DEPTH_MOST 2

struct word {
    struct str text;
    uint32_t next; /* 1 + the next of the same head */
    bool any_case;
};

struct base_mention {
    struct arena *arena;
    struct word *words;
    uint32_t count;
    uint32_t *slots; /* 1 + word, by hash of the head in small letters */
    uint32_t mask;
    bool heads[256]; /* first bytes, in small letters */
    size_t shortest;
};

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c >= 0x80;
}

/* What joins letters into one name: "ann-marie", "ann@example.org". */
static bool is_joint(unsigned char c)
{
    return c == '.' || c == '@' || c == '-' || c == '+';
}

static uint32_t head_hash(const char *at, size_t len)
{
    char head[HEAD_BYTES] = {0};
    for (size_t i = 0; i < len && i < HEAD_BYTES; i++) {
        head[i] = small(at[i]);
    }
    return (uint32_t)base_hash64(head, len < HEAD_BYTES ? len : HEAD_BYTES, 0);
}

static bool make_slots(struct base_mention *mention, struct fail *fail)
{
    uint32_t size = 16;
    while (size < mention->count * 2) {
        size *= 2;
    }
    mention->slots = arena_array(mention->arena, size, sizeof *mention->slots, fail);
    if (mention->slots == NULL) {
        return false;
    }
    mention->mask = size - 1;
    for (uint32_t i = 0; i < mention->count; i++) {
        struct word *word = &mention->words[i];
        uint32_t *slot =
            &mention->slots[head_hash(word->text.data, word->text.len) & mention->mask];
        word->next = *slot;
        *slot = i + 1;
        mention->heads[(unsigned char)small(word->text.data[0])] = true;
    }
    return true;
}

bool base_mention_new(const struct str *words, size_t count, struct base_mention **out,
                      struct fail *fail)
{
    if (count > BASE_MENTION_WORDS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "at most %u words can be looked for at a time",
                        BASE_MENTION_WORDS_MAX);
    }
    struct base_mention *mention = base_alloc_zero(sizeof *mention);
    mention->arena = arena_new(NULL);
    mention->words = arena_array(mention->arena, count, sizeof *mention->words, fail);
    if (mention->words == NULL) {
        base_mention_free(mention);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (words[i].len > 0) {
            mention->words[mention->count++] = (struct word){
                .text = str_copy(mention->arena, words[i]),
                .any_case = str_find_byte(words[i], '@') < words[i].len,
            };
        }
    }
    if (!make_slots(mention, fail)) {
        base_mention_free(mention);
        return false;
    }
    *out = mention;
    return true;
}

void base_mention_free(struct base_mention *mention)
{
    if (mention != NULL) {
        arena_free(mention->arena);
        base_free(mention);
    }
}

/* ---- plainly ------------------------------------------------------------------------------------------------- */

static bool same(const struct word *word, const char *at)
{
    if (!word->any_case) {
        return memcmp(word->text.data, at, word->text.len) == 0;
    }
    for (size_t i = 0; i < word->text.len; i++) {
        if (small(word->text.data[i]) != small(at[i])) {
            return false;
        }
    }
    return true;
}

static bool ends_name(struct str text, size_t at, int step)
{
    if (at >= text.len) { /* before the beginning too */
        return true;
    }
    unsigned char c = (unsigned char)text.data[at];
    if (is_letter(c)) {
        return false;
    }
    size_t beyond = at + (size_t)(ptrdiff_t)step;
    return !is_joint(c) || beyond >= text.len || !is_letter((unsigned char)text.data[beyond]);
}

static bool is_cell_edge(struct str text, size_t at)
{
    return at >= text.len || strchr("\"',;\t\n\r", text.data[at]) != NULL;
}

/* Does the word at [at, end) stand for itself? */
static bool alone(struct str text, size_t at, size_t end)
{
    if (end - at < BASE_MENTION_ALONE) {
        return is_cell_edge(text, at - 1) && is_cell_edge(text, end);
    }
    bool begins = !is_letter((unsigned char)text.data[at]) || ends_name(text, at - 1, -1);
    bool ends = !is_letter((unsigned char)text.data[end - 1]) || ends_name(text, end, 1);
    return begins && ends;
}

/* The longest word that begins at `at`; 0: none. */
static size_t word_at(const struct base_mention *mention, struct str text, size_t at)
{
    size_t best = 0;
    if (!mention->heads[(unsigned char)small(text.data[at])]) {
        return 0;
    }
    for (size_t head = 1; head <= HEAD_BYTES && at + head <= text.len; head++) {
        uint32_t next = mention->slots[head_hash(text.data + at, head) & mention->mask];
        for (; next != 0; next = mention->words[next - 1].next) {
            const struct word *word = &mention->words[next - 1];
            size_t len = word->text.len;
            bool fits =
                (len < HEAD_BYTES ? len : HEAD_BYTES) == head && len > best && len <= text.len - at;
            if (fits && same(word, text.data + at) && alone(text, at, at + len)) {
                best = len;
            }
        }
    }
    return best;
}

static bool plainly(const struct base_mention *mention, struct str text)
{
    for (size_t at = 0; at < text.len; at++) {
        if (word_at(mention, text, at) > 0) {
            return true;
        }
    }
    return false;
}

size_t base_mention_replace(const struct base_mention *mention, struct str text, struct str instead,
                            struct base_buf *out)
{
    size_t count = 0;
    size_t done = 0;
    for (size_t at = 0; mention->count > 0 && at < text.len;) {
        size_t len = word_at(mention, text, at);
        if (len == 0) {
            at++;
            continue;
        }
        base_buf_bytes(out, text.data + done, at - done);
        base_buf_str(out, instead);
        at += len;
        done = at;
        count++;
    }
    base_buf_bytes(out, text.data + done, text.len - done);
    return count;
}

/* ---- with escapes undone ---------------------------------------------------------------------------------- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = small(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(struct str text, size_t at, size_t digits, uint32_t *out)
{
    uint32_t value = 0;
    if (at + digits > text.len) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_of(text.data[at + i]);
        if (digit < 0) {
            return false;
        }
        value = value * 16 + (uint32_t)digit;
    }
    *out = value;
    return true;
}

static size_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* One escape of JSON at `at` (a backslash): its bytes are never more than it takes itself. */
static size_t json_escape(struct str text, size_t *at, char *out)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    uint32_t code;
    uint32_t low;
    if (*at + 1 < text.len && text.data[*at + 1] == 'u' && hex_read(text, *at + 2, 4, &code)) {
        *at += 6;
        if (code >= 0xD800 && code < 0xDC00 && *at + 1 < text.len && text.data[*at] == '\\' &&
            text.data[*at + 1] == 'u' && hex_read(text, *at + 2, 4, &low) && low >= 0xDC00 &&
            low < 0xE000) {
            *at += 6;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        return put_utf8(out, code);
    }
    const char *known = *at + 1 < text.len ? strchr(from, text.data[*at + 1]) : NULL;
    out[0] = known != NULL && *known != '\0' ? to[known - from] : text.data[*at];
    *at += known != NULL && *known != '\0' ? 2 : 1;
    return 1;
}

static struct str without_json(struct str text, char *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        if (text.data[at] == '\\') {
            len += json_escape(text, &at, out + len);
        } else {
            out[len++] = text.data[at++];
        }
    }
    return str_of(out, len);
}

static struct str without_percent(struct str text, char *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t byte;
        if ((text.data[at] == '%' || text.data[at] == '=') && hex_read(text, at + 1, 2, &byte)) {
            out[len++] = (char)byte;
            at += 3;
        } else {
            out[len++] = text.data[at++];
        }
    }
    return str_of(out, len);
}

/* ---- inside of base64 ---------------------------------------------------------------------------------------- */

/* Decodes from `at` on, over ends of lines, until what is no digit; *at: behind it. */
static struct str decode64(struct str text, size_t *at, char *out)
{
    size_t len = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (; *at < text.len; ++*at) {
        char c = text.data[*at];
        int digit = base_base64_digit(c);
        if (digit < 0 && c != '\r' && c != '\n') {
            break;
        }
        if (digit < 0) {
            continue;
        }
        bits = (bits << 6) | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[len++] = (char)((bits >> have) & 0xFF);
        }
    }
    return str_of(out, len);
}

static bool in_depth(const struct base_mention *mention, struct str text, int depth);

static bool inside_base64(const struct base_mention *mention, struct str text, char *scratch,
                          int depth)
{
    for (size_t at = 0; at < text.len;) {
        if (base_base64_digit(text.data[at]) < 0) {
            at++;
            continue;
        }
        size_t begin = at;
        struct str inside = decode64(text, &at, scratch);
        if (at - begin >= BASE64_LEAST && in_depth(mention, inside, depth + 1)) {
            return true;
        }
    }
    return false;
}

/* Deeper than that nobody wraps an address by accident. */
static bool in_depth(const struct base_mention *mention, struct str text, int depth)
{
    if (text.len == 0 || mention->count == 0) {
        return false;
    }
    if (plainly(mention, text)) {
        return true;
    }
    if (depth >= DEPTH_MOST) {
        return false;
    }
    struct arena *arena = arena_new(NULL);
    struct fail ignored;
    char *scratch = arena_alloc(arena, text.len, &ignored);
    /* Without memory to look closer nobody can say that it does not: it is taken to. */
    bool found = scratch == NULL;
    if (!found && memchr(text.data, '\\', text.len) != NULL) {
        found = plainly(mention, without_json(text, scratch));
    }
    if (!found &&
        (memchr(text.data, '%', text.len) != NULL || memchr(text.data, '=', text.len) != NULL)) {
        found = plainly(mention, without_percent(text, scratch));
    }
    found = found || inside_base64(mention, text, scratch, depth);
    arena_free(arena);
    return found;
}

bool base_mention_in(const struct base_mention *mention, struct str text)
{
    return in_depth(mention, text, 0);
}
