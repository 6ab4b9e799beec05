#include "ask_spam.h"

#include <stdio.h>

#include "access.h"
#include "base_hash.h"
#include "base_thread.h"

struct slot {
    uint64_t who;
    int64_t since_ms;
    uint32_t count;
};
struct ask_rates {
    const struct base_clock *clock;
    struct base_mutex lock; /* guards slots */
    struct slot slots[ASK_RATE_SLOTS];
};

struct ask_rates *ask_rates_new(const struct base_clock *clock)
{
    struct ask_rates *rates = base_alloc_zero(sizeof *rates);
    rates->clock = clock;
    base_mutex_init(&rates->lock);
    return rates;
}

void ask_rates_free(struct ask_rates *rates)
{
    if (rates != NULL) {
        base_mutex_done(&rates->lock);
        base_free(rates);
    }
}

/* The groups of an IPv6 address up to the 56th bit, as they are written; "::" ends them early. */
static struct str prefix_of_six(struct str address, char out[48])
{
    size_t len = 0;
    int groups = 0;
    for (size_t i = 0; i < address.len && len < 40; i++) {
        char c = address.data[i];
        if (c == ':') {
            if (++groups == 4 || (i > 0 && address.data[i - 1] == ':')) {
                break;
            }
        }
        out[len++] = c;
    }
    /* Of the fourth group the upper byte alone belongs to the first 56 bits. */
    size_t last = len;
    while (last > 0 && out[last - 1] != ':') {
        last--;
    }
    if (groups == 4) {
        len = len - last > 2 ? len - 2 : last;
    }
    return str_of(out, len);
}

struct str ask_address_prefix(struct str address, char out[48])
{
    if (str_find_byte(address, ':') < address.len) {
        return prefix_of_six(address, out);
    }
    size_t len = address.len < 47 ? address.len : 47;
    while (len > 0 && address.data[len - 1] != '.') {
        len--;
    }
    if (len > 0) {
        memcpy(out, address.data, len);
    }
    return str_of(out, len);
}

bool ask_rate_ok(struct ask_rates *rates, struct str address, struct str survey, uint32_t most)
{
    char prefix[48];
    struct str network = ask_address_prefix(address, prefix);
    uint64_t hash = base_hash64(network.data, network.len, base_hash_str(survey)) | 1U;
    int64_t now_ms = base_now_ms(rates->clock);
    base_lock(&rates->lock);
    struct slot *slot = &rates->slots[hash % ASK_RATE_SLOTS];
    if (slot->who != hash || now_ms - slot->since_ms >= ASK_RATE_MS || now_ms < slot->since_ms) {
        *slot = (struct slot){hash, now_ms, 0};
    }
    bool ok = ++slot->count <= most;
    base_unlock(&rates->lock);
    return ok;
}

bool ask_work_ok(struct str token, struct str nonce)
{
    uint8_t digest[ACCESS_HASH_BYTES];
    char text[640];
    if (nonce.len == 0 || nonce.len > 20 || token.len > 600) {
        return false;
    }
    int len = snprintf(text, sizeof text, "%.*s:%.*s", STR_ARG(token), STR_ARG(nonce));
    if (len < 0 || (size_t)len >= sizeof text) {
        return false;
    }
    access_hash(str_of(text, (size_t)len), digest);
    unsigned int first = (unsigned int)digest[0] << 8 | digest[1];
    return first >> (16 - ASK_WORK_BITS) == 0;
}
