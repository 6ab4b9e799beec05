/* intake_mask_find.h — the finders behind intake_mask.h, one for each kind of personal data.
 *
 * What: each looks at one place of a text and says whether something begins there (mail: is around there).
 *   Shapes and the words around decide; a number that could as well be an order's is left alone.
 * Owner: values; spans index the text.   Threads: safe.   Failure: none.
 * Limits/cost: each looks at a bounded number of bytes.   Units: bytes.
 * Example: for (size_t at = 0; intake_mask_next(text, kinds, at, &span); at = span.end) ...
 * Not here: what is put in the place (intake_mask.c).
 */
#pragma once

#include "intake_mask.h"

struct intake_mask_span {
    size_t begin, end;
    enum intake_mask_kind kind;
};
/* The next span at or after `from`; false at the end. */
bool intake_mask_next(struct str text, unsigned kinds, size_t from, struct intake_mask_span *out);

/* The value of the digit at `at` (ASCII, Arabic, Persian, Devanagari, full width) and its bytes; else -1. */
int intake_mask_digit(struct str text, size_t at, size_t *out_bytes);
/* Letters, digits and _; letters of scripts that put spaces between words too. */
bool intake_mask_is_word(struct str text, size_t at);
bool intake_mask_word_before(struct str text, size_t at);

/* Around the @ (or what stands for it) at `at`, beginning not before `floor`. */
bool intake_mask_email(struct str text, size_t at, size_t floor, struct intake_mask_span *out);
bool intake_mask_iban(struct str text, size_t at, struct intake_mask_span *out);
bool intake_mask_ip(struct str text, size_t at, struct intake_mask_span *out);

/* ---- numbers in groups: cards and phones ---------------------------------------------------------------- */

#define INTAKE_MASK_DIGITS_MAX 24
#define INTAKE_MASK_GROUPS_MAX 10

struct intake_mask_group {
    size_t begin, end;    /* bytes of the text */
    uint8_t first, count; /* digits of the run */
    char before;          /* what stands before it: ' ', '-', '.', '/', or 0 */
    bool open, closed;    /* in parentheses */
    bool wide;            /* blanks on both sides of a dash or slash before it */
};
struct intake_mask_run {
    size_t begin;
    bool plus;
    uint8_t digits[INTAKE_MASK_DIGITS_MAX];
    size_t digit_count, group_count;
    struct intake_mask_group groups[INTAKE_MASK_GROUPS_MAX];
};
/* Groups of digits from `at` on, which is +, ( or a digit. False where there are none. */
bool intake_mask_run_read(struct str text, size_t at, struct intake_mask_run *out);
bool intake_mask_card(struct str text, const struct intake_mask_run *run,
                      struct intake_mask_span *out);
bool intake_mask_phone(struct str text, const struct intake_mask_run *run,
                       struct intake_mask_span *out);

enum intake_mask_context { INTAKE_MASK_NEUTRAL, INTAKE_MASK_PHONE_WORD, INTAKE_MASK_OTHER_WORD };
/* What the words before `at`, on its line and since the last number, say about a number there. */
enum intake_mask_context intake_mask_context_of(struct str text, size_t at);
/* Is there a currency or a unit at `at`? */
bool intake_mask_unit_follows(struct str text, size_t at);
