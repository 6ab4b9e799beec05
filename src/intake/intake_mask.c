/* Masks: made from options, laid over text. Own patterns go first, one after the other; then one pass finds the
 * rest. */
#include "intake_mask.h"

#include <arpa/inet.h>

#include <stdio.h>

#include "base_buf.h"
#include "base_regex.h"
#include "intake_mask_find.h"
#include "intake_mask_keep.h"

/* Patterns are tried on windows of a text, so that one that looks far ahead costs its window and not the text. */
#define WINDOW_BYTES 4096
#define MATCH_BYTES_MAX 256

struct pattern {
    struct base_regex *regex;
    struct str mark; /* "[NAME]" */
};

struct intake_mask {
    struct arena *arena;
    unsigned kinds;
    struct pattern *patterns;
    size_t pattern_count;
    struct str *fields;
    size_t field_count;
};

const char *intake_mask_kind_name(enum intake_mask_kind kind)
{
    static const char *const names[] = {"email", "phone", "card", "iban", "ip"};
    return names[kind];
}

/* ---- making -------------------------------------------------------------------------------------------- */

static bool good_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '-'))) {
            return false;
        }
    }
    return name.len > 0 && name.len <= INTAKE_MASK_NAME_BYTES_MAX;
}

static bool add_pattern(struct intake_mask *mask, const struct intake_mask_pattern *given,
                        size_t index, struct fail *fail)
{
    char pointer[FAIL_POINTER_BYTES];
    struct fail why = {0};
    snprintf(pointer, sizeof pointer, "/settings/patterns/%zu/name", index);
    if (!good_name(given->name)) {
        return fail_input_at(
            fail, pointer, "a pattern's name has 1 to %d letters, digits, _ and -, a letter first",
            INTAKE_MASK_NAME_BYTES_MAX);
    }
    snprintf(pointer, sizeof pointer, "/settings/patterns/%zu/pattern", index);
    if (given->pattern.len == 0 || given->pattern.len > INTAKE_MASK_PATTERN_BYTES_MAX) {
        return fail_input_at(fail, pointer, "a pattern has 1 to %d bytes",
                             INTAKE_MASK_PATTERN_BYTES_MAX);
    }
    struct pattern *pattern = &mask->patterns[mask->pattern_count];
    if (!base_regex_new(given->pattern, &pattern->regex, &why)) {
        return fail_input_at(fail, pointer, "%s", why.message);
    }
    mask->pattern_count++;
    pattern->mark = str_format(mask->arena, "[%.*s]", STR_ARG(given->name));
    return true;
}

static bool good_field(struct str field)
{
    return str_is(field, "text") || str_is(field, "properties") || str_is(field, "traits") ||
           (str_starts_c(field, "properties.") && field.len > 11) ||
           (str_starts_c(field, "traits.") && field.len > 7);
}

static bool add_field(struct intake_mask *mask, struct str field, size_t index, struct fail *fail)
{
    if (!good_field(field)) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/settings/mask_fields/%zu", index);
        return fail_input_at(fail, pointer,
                             "what is masked is text, properties, traits, properties.NAME or "
                             "traits.NAME; identifiers say who it is, and are never masked");
    }
    mask->fields[mask->field_count++] = str_copy(mask->arena, field);
    return true;
}

static bool fill(struct intake_mask *mask, const struct intake_mask_options *options,
                 struct fail *fail)
{
    mask->kinds = options->kinds;
    mask->patterns = arena_array(mask->arena, options->pattern_count, sizeof *mask->patterns, fail);
    mask->fields = arena_array(mask->arena, options->field_count, sizeof *mask->fields, fail);
    if (mask->patterns == NULL || mask->fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < options->pattern_count; i++) {
        if (!add_pattern(mask, &options->patterns[i], i, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < options->field_count; i++) {
        if (!add_field(mask, options->fields[i], i, fail)) {
            return false;
        }
    }
    return true;
}

bool intake_mask_new(const struct intake_mask_options *options, struct intake_mask **out,
                     struct fail *fail)
{
    struct intake_mask *mask = base_alloc_zero(sizeof *mask);
    mask->arena = arena_new(NULL);
    if (!fill(mask, options, fail)) {
        intake_mask_free(mask);
        return false;
    }
    if (mask->kinds == 0 && mask->pattern_count == 0) {
        intake_mask_free(mask);
        mask = NULL;
    }
    *out = mask;
    return true;
}

void intake_mask_free(struct intake_mask *mask)
{
    if (mask == NULL) {
        return;
    }
    for (size_t i = 0; i < mask->pattern_count; i++) {
        base_regex_free(mask->patterns[i].regex);
    }
    arena_free(mask->arena);
    base_free(mask);
}

/* ---- what is masked -------------------------------------------------------------------------------------- */

bool intake_mask_wants_text(const struct intake_mask *mask)
{
    for (size_t i = 0; i < mask->field_count; i++) {
        if (str_is(mask->fields[i], "text")) {
            return true;
        }
    }
    return mask->field_count == 0;
}

bool intake_mask_wants(const struct intake_mask *mask, const char *group, struct str name)
{
    size_t len = strlen(group);
    if (mask->field_count == 0) {
        return strcmp(group, "properties") == 0;
    }
    for (size_t i = 0; i < mask->field_count; i++) {
        struct str field = mask->fields[i];
        if (!str_starts_c(field, group)) {
            continue;
        }
        /* "properties.note" means all that lies below it too: note.body. */
        struct str wanted = str_after(field, len + 1);
        if (field.len == len || str_equal(wanted, name) ||
            (str_starts(name, wanted) && name.data[wanted.len] == '.')) {
            return true;
        }
    }
    return false;
}

/* ---- text ------------------------------------------------------------------------------------------------ */

static bool kept(const struct intake_mask_keep *keep, struct str found)
{
    for (size_t i = 0; keep != NULL && i < keep->count; i++) {
        if (str_equal(keep->values[i], found)) {
            return true;
        }
    }
    return false;
}

/* A text as it becomes: `out` holds what stands before `done`, once something was found. */
struct masking {
    struct str text;
    size_t done;
    bool changed;
    struct base_buf out;
};

static void put(struct masking *m, size_t begin, size_t end, struct str mark)
{
    bool again = m->changed && begin == m->done && str_ends(base_buf_view(&m->out), mark);
    m->changed = true;
    if (again) { /* neighbours that share a mark need it once */
        m->done = end;
        return;
    }
    base_buf_str(&m->out, str_of(m->text.data + m->done, begin - m->done));
    base_buf_str(&m->out, mark);
    m->done = end;
}

/* What is there now becomes the text of the next pass. */
static bool settle(struct masking *m, struct arena *arena, struct fail *fail)
{
    if (!m->changed) {
        return true;
    }
    base_buf_str(&m->out, str_after(m->text, m->done));
    if (!base_buf_ok(&m->out, fail)) {
        return false;
    }
    char *copy = arena_alloc(arena, m->out.len, fail);
    if (copy == NULL) {
        return false;
    }
    if (m->out.len > 0) {
        memcpy(copy, m->out.data, m->out.len);
    }
    m->text = str_of(copy, m->out.len);
    base_buf_reset(&m->out);
    m->done = 0;
    m->changed = false;
    return true;
}

static void mask_pattern(struct masking *m, const struct pattern *pattern,
                         const struct intake_mask_keep *keep)
{
    size_t from = 0, found = 0;
    while (from < m->text.len) {
        size_t left = m->text.len - from;
        size_t end = left > WINDOW_BYTES + MATCH_BYTES_MAX ? from + WINDOW_BYTES + MATCH_BYTES_MAX
                                                           : m->text.len;
        size_t match_begin, match_end;
        if (!base_regex_find(pattern->regex, m->text, from, end, &match_begin, &match_end) ||
            (end < m->text.len && match_begin >= from + WINDOW_BYTES)) {
            from = end < m->text.len ? from + WINDOW_BYTES : end;
            continue;
        }
        if (match_end == match_begin) {
            from = match_end + 1;
            continue;
        }
        from = match_end;
        if (kept(keep, str_of(m->text.data + match_begin, match_end - match_begin))) {
            continue;
        }
        if (++found > INTAKE_MASK_FINDINGS_MAX) {
            put(m, match_begin, m->text.len, pattern->mark);
            return;
        }
        put(m, match_begin, match_end, pattern->mark);
    }
}

/* 203.0.113.7 becomes 203.0.113.0, 2001:db8:1:2::3 becomes 2001:db8:1::, as usual for what is counted. */
static struct str cut_address(struct str found, char room[INET6_ADDRSTRLEN + 1])
{
    char copy[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;
    size_t dot = found.len;
    if (str_find_byte(found, ':') == found.len) {
        while (dot > 0 && found.data[dot - 1] != '.') {
            dot--;
        }
        int len = snprintf(room, INET6_ADDRSTRLEN, "%.*s0", (int)dot, found.data);
        return str_of(room, (size_t)len);
    }
    snprintf(copy, sizeof copy, "%.*s", STR_ARG(found));
    if (inet_pton(AF_INET6, copy, &address) != 1) {
        return STR("[ip]");
    }
    memset(address.s6_addr + 6, 0, sizeof address.s6_addr - 6);
    return inet_ntop(AF_INET6, &address, room, INET6_ADDRSTRLEN) == NULL ? STR("[ip]")
                                                                         : str_from_c(room);
}

static void mask_known(struct masking *m, unsigned kinds, const struct intake_mask_keep *keep)
{
    static const char *const marks[] = {"[email]", "[phone]", "[card]", "[iban]"};
    struct intake_mask_span span;
    char room[INET6_ADDRSTRLEN + 1];
    for (size_t at = 0; intake_mask_next(m->text, kinds, at, &span); at = span.end) {
        struct str found = str_of(m->text.data + span.begin, span.end - span.begin);
        if (!kept(keep, found)) {
            put(m, span.begin, span.end,
                span.kind == INTAKE_MASK_IP ? cut_address(found, room)
                                            : str_from_c(marks[span.kind]));
        }
    }
}

bool intake_mask_text_but(const struct intake_mask *mask, struct str text,
                          const struct intake_mask_keep *keep, struct arena *arena, struct str *out,
                          struct fail *fail)
{
    struct masking m = {.text = text};
    bool good = true;
    for (size_t i = 0; good && i < mask->pattern_count; i++) {
        mask_pattern(&m, &mask->patterns[i], keep);
        good = settle(&m, arena, fail);
    }
    if (good && mask->kinds != 0) {
        mask_known(&m, mask->kinds, keep);
        good = settle(&m, arena, fail);
    }
    base_buf_done(&m.out);
    if (good) {
        *out = m.text;
    }
    return good;
}

bool intake_mask_text(const struct intake_mask *mask, struct str text, struct arena *arena,
                      struct str *out, struct fail *fail)
{
    return text.len == 0 ? (*out = text, true)
                         : intake_mask_text_but(mask, text, NULL, arena, out, fail);
}
