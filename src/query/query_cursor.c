#include "query_cursor.h"

#include "base_bytes.h"

/* version u8 · sort u64 · last class u8 · kind u8 · number u64, or string: length u32 and bytes · id */
#define VERSION 1
#define HEAD_BYTES 11
#define BYTES_MAX (HEAD_BYTES + 8 + QUERY_SORT_KEY_BYTES_MAX + 4096)

struct str query_cursor_encode(struct arena *arena, uint64_t sort_hash,
                               const struct query_after *after)
{
    static const char digits[] = "0123456789abcdef";
    bool text_key = after->key.kind == STORE_STRING;
    size_t key_len = text_key ? 4 + (size_t)after->key.len : 8;
    size_t len = HEAD_BYTES + key_len + after->id.len;
    uint8_t *bytes = arena_small(arena, len);
    bytes[0] = VERSION;
    base_put_u64(bytes + 1, sort_hash);
    bytes[9] = after->last_class ? 1 : 0;
    bytes[10] = (uint8_t)after->key.kind;
    if (text_key) {
        base_put_u32(bytes + HEAD_BYTES, after->key.len);
        memcpy(bytes + HEAD_BYTES + 4, after->key.s, after->key.len);
    } else if (after->key.kind == STORE_BOOL) {
        base_put_u64(bytes + HEAD_BYTES, after->key.b ? 1 : 0);
    } else {
        base_put_u64(bytes + HEAD_BYTES, after->key.u);
    }
    if (after->id.len > 0) {
        memcpy(bytes + HEAD_BYTES + key_len, after->id.data, after->id.len);
    }
    char *text = arena_small(arena, 2 * len);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15U];
    }
    return str_of(text, 2 * len);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_hex(struct str text, uint8_t *out)
{
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        int high = digit_of(text.data[i]), low = digit_of(text.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high * 16 + low);
    }
    return text.len % 2 == 0;
}

/* Only what query_cursor_encode could have written. */
static bool decode_key(const uint8_t *at, size_t len, struct store_value *key, size_t *out_len)
{
    if (key->kind == STORE_STRING) {
        if (len < 4) {
            return false;
        }
        uint32_t text_len = base_get_u32(at);
        if (text_len > len - 4) {
            return false;
        }
        *key = store_value_str(str_of((const char *)at + 4, text_len));
        *out_len = 4 + (size_t)text_len;
        return true;
    }
    if (len < 8) {
        return false;
    }
    uint64_t bits = base_get_u64(at);
    *out_len = 8;
    if (key->kind == STORE_BOOL) {
        *key = store_value_bool(bits != 0);
        return bits <= 1;
    }
    key->u = bits;
    return key->kind == STORE_INT || (key->kind == STORE_UINT && bits > INT64_MAX) ||
           (key->kind == STORE_DOUBLE && !isnan(key->d));
}

bool query_cursor_decode(struct arena *arena, struct str text, uint64_t *out_sort_hash,
                         struct query_after *out)
{
    size_t len = text.len / 2;
    if (len < HEAD_BYTES || len > BYTES_MAX) {
        return false;
    }
    uint8_t *bytes = arena_small(arena, len);
    if (!decode_hex(text, bytes) || bytes[0] != VERSION || bytes[9] > 1 ||
        bytes[10] > STORE_STRING) {
        return false;
    }
    struct store_value key = {.kind = bytes[10]};
    size_t key_len;
    if (!decode_key(bytes + HEAD_BYTES, len - HEAD_BYTES, &key, &key_len)) {
        return false;
    }
    size_t id_at = HEAD_BYTES + key_len;
    *out_sort_hash = base_get_u64(bytes + 1);
    *out = (struct query_after){.given = true,
                                .last_class = bytes[9] == 1,
                                .key = key,
                                .id = str_of((const char *)bytes + id_at, len - id_at)};
    return true;
}
