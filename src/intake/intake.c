#include "intake.h"

#include "base_bytes.h"
#include "intake_internal.h"

struct intake_decoder *intake_decoder_new(void)
{
    struct intake_decoder *decoder = base_alloc_zero(sizeof *decoder);
    decoder->parser = json_parser_new();
    decoder->envelope = json_parser_new();
    return decoder;
}

void intake_decoder_free(struct intake_decoder *decoder)
{
    if (decoder == NULL) {
        return;
    }
    json_parser_free(decoder->parser);
    json_parser_free(decoder->envelope);
    base_free(decoder->properties.data);
    base_free(decoder->traits.data);
    base_free(decoder->once.data);
    base_free(decoder->identifiers);
    base_free(decoder->kept);
    base_free(decoder);
}

void intake_decoder_free_at(struct intake_decoder **decoder)
{
    intake_decoder_free(*decoder);
}

struct intake_limits intake_limits_of(const struct intake_limits *limits)
{
    struct intake_limits all = limits == NULL ? (struct intake_limits){0} : *limits;
    all.sent_bytes = all.sent_bytes == 0 ? INTAKE_SENT_BYTES_MAX : all.sent_bytes;
    all.body_bytes = all.body_bytes == 0 ? INTAKE_BODY_BYTES_MAX : all.body_bytes;
    all.inflate_ratio = all.inflate_ratio == 0 ? INTAKE_INFLATE_RATIO_MAX : all.inflate_ratio;
    all.events = all.events == 0 ? INTAKE_EVENTS_MAX : all.events;
    if (all.event_bytes == 0 || all.event_bytes > STORE_EVENT_BYTES_MAX) {
        all.event_bytes = STORE_EVENT_BYTES_MAX;
    }
    return all;
}

void intake_count(const struct store_item *items, size_t count, struct intake_counts *counts)
{
    for (size_t i = 0; i < count; i++) {
        counts->received++;
        switch (items[i].verdict) {
        case STORE_STORED:
            counts->stored++;
            break;
        case STORE_DUPLICATE:
            counts->duplicate++;
            break;
        case STORE_QUARANTINED:
            counts->quarantined++;
            break;
        case STORE_REFUSED:
            counts->refused++;
            break;
        }
    }
}

struct str intake_without_bom(struct str text)
{
    return str_starts_c(text, "\xEF\xBB\xBF") ? str_after(text, 3) : text;
}

bool intake_is_utf8(struct str text)
{
    size_t at = 0;
    while (at + 8 <= text.len && (base_get_u64(text.data + at) & 0x8080808080808080U) == 0) {
        at += 8;
    }
    return str_is_utf8(str_after(text, at));
}

/* Position behind the string whose opening quote is at `at`, or 0 where it is not closed on its line. */
static size_t string_end(struct str text, size_t at)
{
    for (size_t i = at + 1; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"') {
            return i + 1;
        }
        if (c == '\n') {
            return 0;
        }
        if (c == '\\') {
            i++;
        }
    }
    return 0;
}

size_t intake_object_bytes(struct str text)
{
    size_t at = 0;
    while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t' ||
                             text.data[at] == '\r' || text.data[at] == '\n')) {
        at++;
    }
    if (at == text.len || text.data[at] != '{') {
        return 0;
    }
    size_t depth = 0;
    while (at < text.len) {
        char c = text.data[at];
        if (c == '"') {
            at = string_end(text, at);
            if (at == 0) {
                return 0;
            }
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return at + 1;
        }
        at++;
    }
    return 0;
}
