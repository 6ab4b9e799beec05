/* The throttle: a bucket of guesses for each account and each address, refilled by the hour. Buckets lie in
 * a table of fixed size, in sets; a newcomer takes the place of the one with the most left, and where all
 * of a set are used up it is treated as one of them, so that flooding the table forgets nobody guilty. */
#include "access_internal.h"

#include "base_hash.h"

#define HOUR_MS 3600000.0

bool access_gate_enter(struct access *access, struct fail *fail)
{
    base_lock(&access->gate_lock);
    if (access->gate_used == ACCESS_HASH_SLOTS && access->gate_waiting == ACCESS_HASH_WAITING_MAX) {
        base_unlock(&access->gate_lock);
        return fail_set(fail, FAIL_BUSY, "too many people are signing in at once; try again");
    }
    access->gate_waiting++;
    while (access->gate_used == ACCESS_HASH_SLOTS) {
        base_cond_wait(&access->gate_free, &access->gate_lock);
    }
    access->gate_waiting--;
    access->gate_used++;
    base_unlock(&access->gate_lock);
    return true;
}

void access_gate_leave(struct access *access)
{
    base_lock(&access->gate_lock);
    access->gate_used--;
    base_cond_signal(&access->gate_free);
    base_unlock(&access->gate_lock);
}

static uint64_t who_of(struct access *access, char kind, struct str name)
{
    /* Accounts are compared as e-mail addresses are: without regard to case. */
    char lower[256];
    size_t len = name.len < sizeof lower ? name.len : sizeof lower;
    for (size_t i = 0; i < len; i++) {
        char c = name.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    uint64_t who = base_hash64(lower, len, access->guess_seed ^ (uint64_t)(unsigned char)kind);
    return who == 0 ? 1 : who;
}

/* The bucket of `who`, filled up to now; a new one where there was none. */
static struct access_guess *bucket_find(struct access *access, uint64_t who, int64_t now_ms)
{
    struct access_guess *set = access->guesses[who % ACCESS_GUESS_SETS];
    struct access_guess *most = &set[0];
    for (int i = 0; i < ACCESS_GUESS_WAYS; i++) {
        struct access_guess *bucket = &set[i];
        if (bucket->who == 0) {
            bucket->left = ACCESS_GUESSES_AT_ONCE;
        } else {
            double passed_ms = now_ms > bucket->at_ms ? (double)(now_ms - bucket->at_ms) : 0.0;
            bucket->left += passed_ms / HOUR_MS * ACCESS_GUESSES_PER_HOUR;
            if (bucket->left > ACCESS_GUESSES_AT_ONCE) {
                bucket->left = ACCESS_GUESSES_AT_ONCE;
            }
        }
        bucket->at_ms = now_ms;
        if (bucket->who == who) {
            return bucket;
        }
        if (bucket->left > most->left) {
            most = bucket;
        }
    }
    if (most->left >= 1.0) {
        *most = (struct access_guess){who, ACCESS_GUESSES_AT_ONCE, now_ms};
    }
    return most;
}

bool access_guess_take(struct access *access, struct str account, struct str address,
                       int64_t *out_retry_s, struct fail *fail)
{
    int64_t now_ms = base_now_ms(access->clock);
    base_lock(&access->guess_lock);
    double least = ACCESS_GUESSES_AT_ONCE;
    struct access_guess *of_address = bucket_find(access, who_of(access, 'a', address), now_ms);
    struct access_guess *of_account = NULL;
    least = of_address->left;
    if (account.data != NULL) {
        of_account = bucket_find(access, who_of(access, 'u', account), now_ms);
        least = of_account->left < least ? of_account->left : least;
    }
    if (least >= 1.0) {
        of_address->left -= 1.0;
        if (of_account != NULL && of_account != of_address) {
            of_account->left -= 1.0;
        }
    }
    base_unlock(&access->guess_lock);
    if (least >= 1.0) {
        return true;
    }
    *out_retry_s = (int64_t)((1.0 - least) * HOUR_MS / ACCESS_GUESSES_PER_HOUR / 1000.0) + 1;
    return fail_set(fail, FAIL_LIMIT,
                    "too many attempts; try again in %lld s, or ask for a sign-in "
                    "link",
                    (long long)*out_retry_s);
}

static void give_one(struct access *access, uint64_t who, int64_t now_ms)
{
    struct access_guess *bucket = bucket_find(access, who, now_ms);
    if (bucket->who == who && bucket->left <= ACCESS_GUESSES_AT_ONCE - 1.0) {
        bucket->left += 1.0;
    }
}

void access_guess_give(struct access *access, struct str account, struct str address)
{
    int64_t now_ms = base_now_ms(access->clock);
    base_lock(&access->guess_lock);
    give_one(access, who_of(access, 'a', address), now_ms);
    if (account.data != NULL) {
        give_one(access, who_of(access, 'u', account), now_ms);
    }
    base_unlock(&access->guess_lock);
}
