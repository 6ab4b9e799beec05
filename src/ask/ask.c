#include "ask.h"

#include "ask_spam.h"
#include "state_settings.h"

#define KEY_SETTING "survey_key"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool key_read(struct str text, uint8_t key[ACCESS_SEAL_KEY_BYTES])
{
    if (text.len != (size_t)2 * ACCESS_SEAL_KEY_BYTES) {
        return false;
    }
    for (size_t i = 0; i < ACCESS_SEAL_KEY_BYTES; i++) {
        int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* One key for as long as the directory lives: tokens that are out must open after a restart. */
static bool key_load(struct ask *ask, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str text;
    if (!state_setting_get(ask->state, KEY_SETTING, (struct str){NULL, 0}, arena, &text, fail)) {
        return false;
    }
    if (text.data == NULL) {
        text = base_random_hex(ask->random, arena, ACCESS_SEAL_KEY_BYTES);
        if (!state_setting_put(ask->state, KEY_SETTING, text, fail)) {
            return false;
        }
    }
    return key_read(text, ask->key) ||
           fail_set(fail, FAIL_CORRUPT, "the setting \"" KEY_SETTING "\" is no key");
}

bool ask_new(const struct ask_options *options, struct ask **out, struct fail *fail)
{
    struct ask *ask = base_alloc_zero(sizeof *ask);
    ask->store = options->store;
    ask->state = options->state;
    ask->engine = options->engine;
    ask->clock = options->clock;
    ask->random = options->random == NULL ? base_random_system() : options->random;
    ask->env = options->env;
    ask->rates = ask_rates_new(ask->clock);
    if (!key_load(ask, fail)) {
        ask_free(ask);
        return false;
    }
    *out = ask;
    return true;
}

void ask_free(struct ask *ask)
{
    if (ask != NULL) {
        ask_rates_free(ask->rates);
        base_free(ask);
    }
}
