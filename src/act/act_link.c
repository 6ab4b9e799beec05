#include "act_link.h"

#define KIND "preferences"

/* The text inside: "1 EXPIRES KIND:VALUE". The number in front is the form's, should there be another one day. */
struct str act_link_make(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const struct act_link *link,
                         struct base_random *random, struct arena *arena)
{
    struct str text = str_format(arena, "1 %lld %.*s:%.*s", (long long)link->expires_ms,
                                 STR_ARG(link->customer.kind), STR_ARG(link->customer.value));
    return access_seal(key, KIND, text, random, arena);
}

bool act_identifier_parse(struct str text, struct store_identifier *out)
{
    size_t colon = str_find_byte(text, ':');
    struct str value = str_after(text, colon + 1);
    if (colon == 0 || colon >= text.len || colon > STORE_NAME_BYTES_MAX || value.len == 0 ||
        value.len > STORE_IDENTIFIER_BYTES_MAX || !str_is_utf8(text)) {
        return false;
    }
    *out = (struct store_identifier){str_of(text.data, colon), value};
    return true;
}

bool act_link_open(const uint8_t key[ACCESS_SEAL_KEY_BYTES], struct str token, struct arena *arena,
                   struct act_link *out)
{
    struct str text, form, expires;
    struct act_link link;
    if (!access_unseal(key, KIND, token, arena, &text) || !str_next_part(&text, ' ', &form) ||
        !str_is(form, "1") || !str_next_part(&text, ' ', &expires) || text.data == NULL ||
        !str_parse_i64(expires, &link.expires_ms) || !act_identifier_parse(text, &link.customer)) {
        return false;
    }
    *out = link;
    return true;
}
