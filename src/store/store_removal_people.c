/* store_removal_people.c — erasing people: their rows, identifiers, keys of deduplication, quarantined records that name
 * them. */
#include "base_mention.h"
#include "store_removal.h"

/* ---- who ------------------------------------------------------------------------------------------------------ */

/* All numbers that belong to these customers, as they are joined in this view. */
static bool members_of(const struct store_identity_view *view, const struct store_erasure *people,
                       struct store_numbers *out, struct fail *fail)
{
    for (size_t i = 0; i < people->customer_count; i++) {
        uint32_t root;
        if (people->customers[i] >= view->numbers) {
            return fail_set(fail, FAIL_ABSENT, "there is no customer number %u",
                            people->customers[i]);
        }
        if (!store_identity_root_of(view, people->customers[i], &root, fail) ||
            !store_identity_members(view, root, out, fail)) {
            return false;
        }
    }
    store_numbers_sort(out);
    return true;
}

/* What quarantined records are searched for: the customers' own identifiers (an account's is others' too), and what the
   caller knows of them besides. */
struct words {
    struct arena *arena;
    struct str *at;
    size_t count, capacity;
    bool failed;
    struct fail *fail;
};

static bool add_word(struct words *words, struct str word)
{
    void *at = words->at;
    if (!base_grow_array(&at, &words->capacity, words->count + 1, sizeof *words->at, words->fail)) {
        words->failed = true;
        return false;
    }
    words->at = at;
    words->at[words->count++] = word;
    return true;
}

static bool add_ident(void *context, const struct store_ident *ident)
{
    struct words *words = context;
    return ident->member || str_equal(ident->id.kind, STR("account")) ||
           add_word(words, str_copy(words->arena, ident->id.value));
}

static bool make_mention(struct store_removal *removal, const struct store_identity_view *view,
                         const struct store_numbers *members, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct words words = {.arena = arena, .fail = fail};
    bool ok = true;
    for (size_t i = 0; ok && i < removal->people->word_count; i++) {
        ok = add_word(&words, removal->people->words[i]);
    }
    for (size_t i = 0; ok && i < members->count; i++) {
        ok = store_identity_idents(view, members->at[i], add_ident, &words, fail) && !words.failed;
    }
    base_mention_free(removal->mention);
    removal->mention = NULL;
    ok = ok && base_mention_new(words.at, words.count, &removal->mention, fail);
    base_free(words.at);
    return ok;
}

/* Who was joined to them since they were chosen goes too; but where that has rows that were looked at already, all begins
   anew, and likewise where one was split off. */
static bool choose_again(struct store_removal *removal, const struct store_numbers *members,
                         struct fail *fail)
{
    uint32_t known = 0;
    uint32_t chosen = 0;
    for (size_t i = 0; i < members->count; i++) {
        uint32_t number = members->at[i];
        bool old = number < removal->chosen_below;
        if (old && (removal->seen[number] & STORE_REMOVAL_CHOSEN) == 0) {
            return fail_set(fail, FAIL_BUSY, "a customer was joined meanwhile; try again");
        }
        known += old;
        removal->seen[number] |= STORE_REMOVAL_CHOSEN;
    }
    for (uint32_t n = 0; n < removal->chosen_below; n++) {
        chosen += (removal->seen[n] & STORE_REMOVAL_CHOSEN) != 0;
    }
    return chosen == known ||
           fail_set(fail, FAIL_BUSY, "a customer was split meanwhile; try again");
}

static bool prepare(struct store_removal *removal, struct fail *fail)
{
    struct store *store = removal->store;
    CLEANUP(store_numbers_done) struct store_numbers members = {0};
    base_lock(&store->lock);
    struct store_identity_view *view = store_identity_view_ref(store->now.identity);
    base_unlock(&store->lock);
    bool ok = members_of(view, removal->people, &members, fail) &&
              store_removal_room(removal, view->numbers, fail) &&
              choose_again(removal, &members, fail); /* the first time none is known */
    removal->chosen_below = view->numbers;
    store_identity_view_unref(view);
    return ok;
}

static bool stands(struct store_removal *removal, struct fail *fail)
{
    const struct store_identity_view *view = removal->store->writing.identity;
    CLEANUP(store_numbers_done) struct store_numbers members = {0};
    return members_of(view, removal->people, &members, fail) &&
           choose_again(removal, &members, fail) && make_mention(removal, view, &members, fail);
}

/* ---- what goes ------------------------------------------------------------------------------------------------- */

static enum store_removal_fate fate(const struct store_removal *removal,
                                    const struct store_removal_row *row)
{
    return (removal->seen[row->number] & STORE_REMOVAL_CHOSEN) != 0 ? STORE_REMOVAL_GOES
                                                                    : STORE_REMOVAL_STAYS;
}

static bool quarantined(const struct store_removal *removal, const struct store_quarantine_row *row)
{
    return base_mention_in(removal->mention, row->raw) ||
           base_mention_in(removal->mention, row->reason) ||
           base_mention_in(removal->mention, row->field) ||
           base_mention_in(removal->mention, row->way);
}

static bool frees(const struct store_removal *removal, uint64_t seq, uint32_t number, unsigned tree)
{
    (void)seq;
    (void)tree;
    return (removal->seen[number] & STORE_REMOVAL_CHOSEN) != 0;
}

static const struct store_removal_of people = {
    .takes_keys = true,
    .quarantine_raw = STORE_QUARANTINE_RAW_MAX,
    .fate = fate,
    .stands = stands,
    .quarantined = quarantined,
    .frees = frees,
};

bool store_erase(struct store *store, const struct store_erasure *erasure, struct store_gone *out,
                 struct fail *fail)
{
    CLEANUP(store_removal_done)
    struct store_removal removal = {.of = &people, .store = store, .people = erasure};
    if (!store_removal_run(&removal, prepare, fail)) {
        return false;
    }
    *out = removal.gone;
    return true;
}
