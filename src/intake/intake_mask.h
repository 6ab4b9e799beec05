/* intake_mask.h — finds personal data in customers' words, and puts a mark in its place.
 *
 * What: mail addresses, phone numbers, payment cards (Luhn), IBANs (mod 97) become [email], [phone], [card],
 *   [iban]; addresses of machines are cut (203.0.113.0); own patterns become [NAME]. A mask is made from a
 *   source's settings, and laid over each event of that source before the journal sees it.
 *   What is taken for what: docs/how-to/privacy.md, held by tests/unit/intake/mask.
 * Owner: intake_mask_free. Masked text lies in the arena; text without findings is returned as it was.
 * Threads: immutable once made; safe for concurrent use.
 * Failure: intake_mask_new: FAIL_INPUT with a pointer. Masking: FAIL_NO_MEMORY.
 * Limits/cost: linear in the text, some 200 MB/s where little is found. Of one own pattern at most
 *   INTAKE_MASK_FINDINGS_MAX findings in a text are told apart: the rest of it becomes one [NAME].
 * Units: bytes.
 * Example: if (!intake_mask_text(mask, event->text, arena, &event->text, fail)) return false;
 * Not here: which source masks what (intake_settings.h), what is stored (intake_draft.c).
 */
#pragma once

#include "base_str.h"

#define INTAKE_MASK_PATTERNS_MAX 20
#define INTAKE_MASK_PATTERN_BYTES_MAX 1000
#define INTAKE_MASK_NAME_BYTES_MAX 40
#define INTAKE_MASK_FIELDS_MAX 100
#define INTAKE_MASK_FINDINGS_MAX 10000

enum intake_mask_kind {
    INTAKE_MASK_EMAIL,
    INTAKE_MASK_PHONE,
    INTAKE_MASK_CARD,
    INTAKE_MASK_IBAN,
    INTAKE_MASK_IP,
    INTAKE_MASK_KINDS,
};
/* "email", "phone", "card", "iban", "ip". */
const char *intake_mask_kind_name(enum intake_mask_kind kind);

struct intake_mask_pattern {
    struct str name;    /* letters, digits, _ and -, a letter first */
    struct str pattern; /* RE2 */
};

struct intake_mask_options {
    unsigned kinds; /* bits by enum intake_mask_kind */
    const struct intake_mask_pattern *patterns;
    size_t pattern_count;
    const struct str *fields; /* none: text and properties */
    size_t field_count;
};

struct intake_mask;
/* NULL in *out where there is nothing to mask. Options are copied. */
bool intake_mask_new(const struct intake_mask_options *options, struct intake_mask **out,
                     struct fail *fail) MUST_USE;
void intake_mask_free(struct intake_mask *mask); /* accepts NULL */

/* Is it to be masked: "text", a property (group "properties") or a trait (group "traits") of this name? */
bool intake_mask_wants_text(const struct intake_mask *mask);
bool intake_mask_wants(const struct intake_mask *mask, const char *group, struct str name);

bool intake_mask_text(const struct intake_mask *mask, struct str text, struct arena *arena,
                      struct str *out, struct fail *fail) MUST_USE;
