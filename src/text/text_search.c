#include "text_search.h"

#include "base_unicode.h"
#include "text_words.h"

/* Slots are the words of all terms in order. Bit s of a state says: the words up to slot s of its term have
   just been read (shift-and; Baeza-Yates and Gonnet 1992). */
struct slot {
    uint32_t len;
    bool prefix;
    char folded[TEXT_WORD_BYTES_MAX];
};
struct term {
    uint32_t slot, words; /* slots [slot, slot + words) */
    bool excluded;
};
struct text_search {
    struct slot slots[TEXT_SLOTS_MAX];
    uint32_t slot_count;
    struct term terms[TEXT_SLOTS_MAX]; /* required ones first */
    uint32_t term_count, required;
    uint64_t starts, ends; /* bits of the terms' first and last slots */
    uint64_t first_bytes[4];
};

/* ---- parsing ---- */

#define TOO_MANY "at most %d words and phrases can be looked for at once"

static bool is_quote(uint32_t point)
{
    return point == '"' || point == 0x201CU || point == 0x201DU || point == 0x201EU;
}

/* One piece: up to a space, or between quotes. */
struct piece {
    struct str text;
    bool quoted, excluded;
};
static bool next_piece(struct str *rest, struct piece *out)
{
    size_t len = 0;
    uint32_t point = 0;
    while (rest->len > 0 && unicode_is_space(point = unicode_decode(*rest, &len))) {
        *rest = str_after(*rest, len);
    }
    if (rest->len == 0) {
        return false;
    }
    out->excluded = point == '-';
    if (out->excluded) {
        *rest = str_after(*rest, 1);
        point = rest->len > 0 ? unicode_decode(*rest, &len) : ' ';
    }
    out->quoted = is_quote(point);
    if (out->quoted) {
        *rest = str_after(*rest, len);
    }
    size_t at = 0;
    while (at < rest->len) {
        point = unicode_decode(str_after(*rest, at), &len);
        if (out->quoted ? is_quote(point) : unicode_is_space(point) || is_quote(point)) {
            break;
        }
        at += len;
    }
    out->text = str_of(rest->data, at);
    /* The closing quote goes; an opening one begins the next piece. */
    *rest = str_after(*rest, out->quoted && at < rest->len ? at + len : at);
    return true;
}

static bool same_term(const struct text_search *search, const struct term *a, const struct term *b)
{
    if (a->words != b->words || a->excluded != b->excluded) {
        return false;
    }
    for (uint32_t i = 0; i < a->words; i++) {
        const struct slot *x = &search->slots[a->slot + i], *y = &search->slots[b->slot + i];
        if (x->prefix != y->prefix ||
            !str_equal(str_of(x->folded, x->len), str_of(y->folded, y->len))) {
            return false;
        }
    }
    return true;
}

/* The words of a piece become a term, unless it has none or stands there already. */
static bool add_piece(struct text_search *search, const struct piece *piece, bool last,
                      struct fail *fail)
{
    struct term term = {.slot = search->slot_count, .excluded = piece->excluded};
    struct text_words words = {.text = piece->text};
    for (struct text_word word; text_words_next(&words, &word); term.words++) {
        if (term.slot + term.words == TEXT_SLOTS_MAX) {
            return fail_set(fail, FAIL_INPUT, TOO_MANY, TEXT_TERMS_MAX);
        }
        struct slot *slot = &search->slots[term.slot + term.words];
        slot->len = word.len;
        slot->prefix = false;
        memcpy(slot->folded, word.folded, word.len);
    }
    if (term.words == 0) {
        return true;
    }
    search->slots[term.slot + term.words - 1].prefix = last && !piece->quoted && !piece->excluded;
    for (uint32_t i = 0; i < search->term_count; i++) {
        if (same_term(search, &search->terms[i], &term)) {
            return true;
        }
    }
    search->slot_count += term.words;
    search->terms[search->term_count++] = term;
    search->required += term.excluded ? 0 : 1;
    if (search->required > TEXT_TERMS_MAX) {
        return fail_set(fail, FAIL_INPUT, TOO_MANY, TEXT_TERMS_MAX);
    }
    return true;
}

static void required_first(struct text_search *search)
{
    struct term sorted[TEXT_SLOTS_MAX];
    uint32_t count = 0;
    for (int excluded = 0; excluded < 2; excluded++) {
        for (uint32_t i = 0; i < search->term_count; i++) {
            if (search->terms[i].excluded == (excluded == 1)) {
                sorted[count++] = search->terms[i];
            }
        }
    }
    memcpy(search->terms, sorted, count * sizeof sorted[0]);
}

static void note_slots(struct text_search *search)
{
    for (uint32_t i = 0; i < search->term_count; i++) {
        const struct term *term = &search->terms[i];
        search->starts |= UINT64_C(1) << term->slot;
        search->ends |= UINT64_C(1) << (term->slot + term->words - 1);
    }
    for (uint32_t i = 0; i < search->slot_count; i++) {
        unsigned char first = (unsigned char)search->slots[i].folded[0];
        search->first_bytes[first / 64] |= UINT64_C(1) << first % 64;
    }
}

bool text_search_parse(struct str typed, struct arena *arena, struct text_search **out,
                       struct fail *fail)
{
    struct text_search *search = arena_array(arena, 1, sizeof *search, fail);
    if (search == NULL) {
        return false;
    }
    struct str rest = typed;
    struct piece piece;
    bool more = next_piece(&rest, &piece);
    while (more) {
        struct piece next;
        bool another = next_piece(&rest, &next);
        if (!add_piece(search, &piece, !another, fail)) {
            return false;
        }
        piece = next;
        more = another;
    }
    if (search->term_count == 0) {
        return fail_set(fail, FAIL_INPUT, "there is no word to look for");
    }
    required_first(search);
    note_slots(search);
    *out = search;
    return true;
}

uint32_t text_search_terms(const struct text_search *search)
{
    return search->required;
}

/* ---- looking ---- */

/* Bits of the slots that the word is. */
static uint64_t slots_of(const struct text_search *search, const struct text_word *word)
{
    unsigned char first = (unsigned char)word->folded[0];
    if ((search->first_bytes[first / 64] >> first % 64 & 1U) == 0) {
        return 0;
    }
    uint64_t bits = 0;
    for (uint32_t i = 0; i < search->slot_count; i++) {
        const struct slot *slot = &search->slots[i];
        bool fits = slot->prefix ? word->len >= slot->len : word->len == slot->len;
        if (fits && memcmp(word->folded, slot->folded, slot->len) == 0) {
            bits |= UINT64_C(1) << i;
        }
    }
    return bits;
}

static uint64_t step(const struct text_search *search, uint64_t state, uint64_t bits)
{
    /* An end's bit would step into the first slot of the next term, which is a start anyway. */
    return (state << 1 | search->starts) & bits;
}

void text_search_look(const struct text_search *search, struct str text, struct text_hit *out)
{
    uint32_t counts[TEXT_SLOTS_MAX] = {0}; /* by last slot */
    struct text_words words = {.text = text};
    uint64_t state = 0;
    uint32_t count = 0;
    for (struct text_word word; text_words_next(&words, &word); count++) {
        state = step(search, state, slots_of(search, &word));
        for (uint64_t ends = state & search->ends; ends != 0; ends &= ends - 1) {
            counts[__builtin_ctzll(ends)]++;
        }
    }
    *out = (struct text_hit){.matches = true, .words = count};
    for (uint32_t i = 0; i < search->term_count; i++) {
        const struct term *term = &search->terms[i];
        uint32_t found = counts[term->slot + term->words - 1];
        if (i < search->required) {
            out->counts[i] = found > UINT16_MAX ? UINT16_MAX : (uint16_t)found;
        }
        out->matches = out->matches && (found > 0) != term->excluded;
    }
}

/* ---- marks ---- */

/* UTF-16 code units of a part of a text. */
static uint32_t units_of(struct str part)
{
    uint32_t units = 0;
    for (size_t at = 0, len; at < part.len; at += len) {
        uint32_t point = unicode_decode(str_after(part, at), &len);
        units += point >= 0x10000U ? 2 : 1;
    }
    return units;
}

/* Adds bytes [begin, end): ends never go back, so only the last marks can meet it. */
static size_t add_mark(struct text_mark *marks, size_t count, size_t most, size_t begin, size_t end)
{
    while (count > 0 && begin <= marks[count - 1].to) {
        count--;
        begin = marks[count].from < begin ? marks[count].from : begin;
    }
    if (count < most) {
        marks[count++] = (struct text_mark){(uint32_t)begin, (uint32_t)end};
    }
    return count;
}

static size_t byte_marks(const struct text_search *search, struct str text, struct text_mark *out,
                         size_t most)
{
    size_t begins[TEXT_SLOTS_MAX]; /* of the last words */
    struct text_words words = {.text = text};
    uint64_t state = 0;
    size_t count = 0, at = 0;
    for (struct text_word word; count < most && text_words_next(&words, &word); at++) {
        begins[at % TEXT_SLOTS_MAX] = word.begin;
        state = step(search, state, slots_of(search, &word));
        uint32_t longest = 0;
        for (uint32_t i = 0; i < search->required; i++) {
            const struct term *term = &search->terms[i];
            bool ends = (state >> (term->slot + term->words - 1) & 1U) != 0;
            longest = ends && term->words > longest ? term->words : longest;
        }
        if (longest > 0) {
            count =
                add_mark(out, count, most, begins[(at + 1 - longest) % TEXT_SLOTS_MAX], word.end);
        }
    }
    return count;
}

size_t text_search_marks(const struct text_search *search, struct str text, struct text_mark *out,
                         size_t most)
{
    size_t count = byte_marks(search, text, out, most);
    size_t at = 0;
    uint32_t units = 0;
    for (size_t i = 0; i < count; i++) {
        size_t from = out[i].from, to = out[i].to;
        units += units_of(str_of(text.data + at, from - at));
        out[i].from = units;
        units += units_of(str_of(text.data + from, to - from));
        out[i].to = units;
        at = to;
    }
    return count;
}
