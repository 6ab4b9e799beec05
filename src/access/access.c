#include "access_internal.h"

bool access_open(struct state *state, const struct access_options *options, struct access **out,
                 struct fail *fail)
{
    struct access_options defaults = {0};
    if (options == NULL) {
        options = &defaults;
    }
    if (!access_secret_start(fail)) {
        return false;
    }
    void *guesses = NULL;
    if (!base_alloc_array(ACCESS_GUESS_SETS, sizeof(struct access_guess[ACCESS_GUESS_WAYS]),
                          &guesses, fail)) {
        return false;
    }
    memset(guesses, 0, ACCESS_GUESS_SETS * sizeof(struct access_guess[ACCESS_GUESS_WAYS]));
    struct access *access = base_alloc_zero(sizeof *access);
    access->state = state;
    access->clock = options->clock == NULL ? state_clock(state) : options->clock;
    access->random = options->random == NULL ? base_random_system() : options->random;
    access->weak_hash = options->weak_hash_for_tests;
    access->audit_cut_max =
        options->audit_cut_max > 0 ? options->audit_cut_max : ACCESS_AUDIT_CUT_MAX;
    access->guesses = guesses;
    access->guess_seed = base_random_u64(base_random_system());
    access->keys_written_ms = base_now_ms(access->clock);
    base_mutex_init(&access->key_lock);
    base_mutex_init(&access->gate_lock);
    base_cond_init(&access->gate_free);
    base_mutex_init(&access->guess_lock);
    if (!access_keys_refresh(access, fail)) {
        access_close(access);
        return false;
    }
    *out = access;
    return true;
}

void access_close(struct access *access)
{
    if (access == NULL) {
        return;
    }
    struct fail fail;
    if (access->key_count > 0 && !access_keys_write_uses(access, true, &fail)) {
        access->key_count = 0; /* when each key was used last is not worth failing to stop */
    }
    arena_free(access->key_arena);
    base_mutex_done(&access->guess_lock);
    base_cond_done(&access->gate_free);
    base_mutex_done(&access->gate_lock);
    base_mutex_done(&access->key_lock);
    base_free(access->guesses);
    base_free(access);
}
