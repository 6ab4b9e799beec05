#include "app_erase.h"

#include "app_room.h"

#include <inttypes.h>
#include <stdio.h>

#include "base_log.h"
#include "base_mention.h"
#include "state_settings.h"

#define JOINED_MEANWHILE_TRIES 5
#define COUNTED_ROWS 2000
#define INTENT_BYTES_MAX ((size_t)64 << 20)
#define SECRET_BYTES 32
/* Shorter texts, and texts of letters alone, stand in anything: of those only "kind:value" is looked for in what others
   wrote. */
#define TELLING_BYTES 4

/* ---- who ------------------------------------------------------------------------------------------------------- */

static bool add_text(struct str **list, size_t *count, struct str text, struct arena *arena,
                     struct fail *fail)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_equal((*list)[i], text)) {
            return true;
        }
    }
    if ((*count & (*count - 1)) == 0) { /* at powers of two */
        struct str *grown = arena_array(arena, *count == 0 ? 1 : *count * 2, sizeof *grown, fail);
        if (grown == NULL) {
            return false;
        }
        if (*count > 0) {
            memcpy(grown, *list, *count * sizeof *grown);
        }
        *list = grown;
    }
    (*list)[(*count)++] = str_copy(arena, text);
    return true;
}

static bool add_identifiers(struct store_snapshot *snapshot, uint32_t customer, struct arena *arena,
                            struct app_erasure *erasure, struct fail *fail)
{
    struct store_identifier *ids;
    size_t count;
    size_t own = 0;
    if (!store_customer_identifiers(snapshot, customer, arena, &ids, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        own += !str_equal(ids[i].kind, STR("account"));
    }
    for (size_t i = 0; i < count; i++) {
        /* An account is others' too, but where it is all that there is. */
        bool account = str_equal(ids[i].kind, STR("account"));
        struct str text =
            str_format(arena, "%.*s:%.*s", STR_ARG(ids[i].kind), STR_ARG(ids[i].value));
        if ((!account || own == 0) &&
            !add_text(&erasure->identifiers, &erasure->identifier_count, text, arena, fail)) {
            return false;
        }
        if (!account &&
            !add_text(&erasure->words, &erasure->word_count, ids[i].value, arena, fail)) {
            return false;
        }
    }
    return true;
}

/* Addresses and numbers by which a quarantined record may call them. */
static bool add_traits(struct store_snapshot *snapshot, uint32_t customer, struct arena *arena,
                       struct app_erasure *erasure, struct fail *fail)
{
    static const char *const names[] = {"email", "phone"};
    struct store_field *traits;
    size_t count;
    if (!store_customer_traits(snapshot, customer, arena, &traits, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool wanted = false;
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            wanted = wanted || str_is(traits[i].name, names[k]);
        }
        if (wanted && traits[i].value.kind == STORE_STRING &&
            traits[i].value.len >= TELLING_BYTES &&
            !add_text(&erasure->words, &erasure->word_count, store_value_text(traits[i].value),
                      arena, fail)) {
            return false;
        }
    }
    return true;
}

static bool count_events(struct store_snapshot *snapshot, uint32_t customer, uint64_t *out,
                         struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct store_timeline_options options = {.limit = COUNTED_ROWS};
    for (;;) {
        struct store_timeline_row *rows;
        size_t count;
        if (!store_timeline_read(snapshot, customer, &options, arena, &rows, &count, fail)) {
            return false;
        }
        *out += count;
        if (count < COUNTED_ROWS) {
            return true;
        }
        options.after_ts_ms = rows[count - 1].event.ts_ms;
        options.after_arrival = rows[count - 1].arrival;
        arena_reset(arena);
    }
}

bool app_erase_add_number(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                          struct arena *arena, struct app_erasure *erasure, struct fail *fail)
{
    (void)app;
    for (size_t i = 0; i < erasure->customer_count; i++) {
        if (erasure->customers[i] == customer) {
            return true;
        }
    }
    if (erasure->customer_count >= APP_ERASE_CUSTOMERS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "at most %d customers are erased at a time",
                        APP_ERASE_CUSTOMERS_MAX);
    }
    if (erasure->customers == NULL) {
        erasure->customers =
            arena_array(arena, APP_ERASE_CUSTOMERS_MAX, sizeof *erasure->customers, fail);
        if (erasure->customers == NULL) {
            return false;
        }
    }
    erasure->customers[erasure->customer_count++] = customer;
    return add_identifiers(snapshot, customer, arena, erasure, fail) &&
           add_traits(snapshot, customer, arena, erasure, fail) &&
           count_events(snapshot, customer, &erasure->events, fail);
}

/* Nobody is known so: it may be any kind of identifier, unless it says which. */
static bool add_unknown(struct str text, struct arena *arena, struct app_erasure *erasure,
                        struct fail *fail)
{
    static const char *const kinds[] = {"user", "anonymous", "email"};
    size_t colon = str_find_byte(text, ':');
    struct str value = text;
    bool said = false;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        said = said || (colon < text.len && str_is(str_of(text.data, colon), kinds[k]));
    }
    if (said) {
        value = str_after(text, colon + 1);
    }
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct str identifier = said ? text : str_format(arena, "%s:%.*s", kinds[k], STR_ARG(text));
        if (!add_text(&erasure->identifiers, &erasure->identifier_count, identifier, arena, fail)) {
            return false;
        }
    }
    return add_text(&erasure->words, &erasure->word_count, value, arena, fail);
}

bool app_erase_add(struct app *app, struct store_snapshot *snapshot, struct str text, bool anyway,
                   struct arena *arena, struct app_erasure *erasure, struct fail *fail)
{
    uint32_t customer;
    store_customer_lookup(snapshot, text, &customer);
    if (customer != STORE_NO_CUSTOMER) {
        return app_erase_add_number(app, snapshot, customer, arena, erasure, fail);
    }
    if (!anyway) {
        return fail_set(fail, FAIL_ABSENT, "no customer is known by this identifier");
    }
    if (text.len == 0 || text.len > STORE_IDENTIFIER_BYTES_MAX + 100) {
        return fail_set(fail, FAIL_INPUT, "an identifier has 1 to %d bytes",
                        STORE_IDENTIFIER_BYTES_MAX);
    }
    return add_unknown(text, arena, erasure, fail);
}

/* ---- what others wrote --------------------------------------------------------------------------------------- */

static bool is_telling(struct str word)
{
    bool telling = false;
    for (size_t i = 0; i < word.len; i++) {
        telling = telling || word.data[i] == '@' || (word.data[i] >= '0' && word.data[i] <= '9');
    }
    return telling && word.len >= TELLING_BYTES;
}

/* As it stands in JSON of ours. */
static bool add_escaped(struct str **list, size_t *count, struct str word, struct arena *arena,
                        struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &text};
    json_write_str(&w, word);
    struct str inner = text.len < 2 ? STR("") : str_of(text.data + 1, text.len - 2);
    return add_text(list, count, word, arena, fail) &&
           (inner.len == 0 || add_text(list, count, inner, arena, fail));
}

static bool mention_of(const struct app_erasure *erasure, struct base_mention **out,
                       struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str *list = NULL;
    size_t count = 0;
    for (size_t i = 0; i < erasure->identifier_count; i++) {
        if (!add_escaped(&list, &count, erasure->identifiers[i], arena, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < erasure->word_count; i++) {
        if (is_telling(erasure->words[i]) &&
            !add_escaped(&list, &count, erasure->words[i], arena, fail)) {
            return false;
        }
    }
    return base_mention_new(list, count, out, fail);
}

/* ---- the steps ------------------------------------------------------------------------------------------------- */

static bool note(struct app *app, const struct app_erasure *erasure, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTENT_BYTES_MAX};
    struct state_intent intent = {.receipt = erasure->receipt, .at_ms = erasure->at_ms};
    if (!app_erase_intent_write(erasure, &text, fail)) {
        return false;
    }
    intent.detail = base_buf_view(&text);
    return state_intent_put(app->state, &intent, fail);
}

static void add_gone(struct store_gone *sum, const struct store_gone *more)
{
    sum->rows += more->rows;
    sum->customers += more->customers;
    sum->identifiers += more->identifiers;
    sum->quarantined += more->quarantined;
    sum->keys += more->keys;
}

static bool erase_events(struct app *app, struct app_erasure *erasure, struct fail *fail)
{
    const struct store_erasure people = {.customers = erasure->customers,
                                         .customer_count = erasure->customer_count,
                                         .words = erasure->words,
                                         .word_count = erasure->word_count};
    struct store_gone gone = {0};
    bool ok = false;
    for (int tries = 0; !ok && tries < JOINED_MEANWHILE_TRIES; tries++) {
        ok = store_erase(app->store, &people, &gone, fail);
        if (!ok && fail->code != FAIL_BUSY) {
            return false;
        }
    }
    if (!ok) {
        return false;
    }
    bool again = erasure->erased;
    add_gone(&erasure->gone, &gone);
    erasure->erased = true;
    app_once_forget(app->once_memory);
    app_live_forget(app->live);
    return again || erasure->receipt.data == NULL || note(app, erasure, fail);
}

/* Copies of the database that older versions left beside it hold what it held then. */
static bool remove_copies(struct app *app, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str *names;
    size_t count;
    bool any = false;
    if (!disk_list(app->disk, "", arena, &names, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_starts(names[i], STR("state.db.before-"))) {
            any = true;
            if (!disk_remove(app->disk, names[i].data, fail)) {
                return false;
            }
        }
    }
    return !any || disk_sync_dir(app->disk, "", fail);
}

static bool forget(struct app *app, const struct app_erasure *erasure, struct state_forgotten *out,
                   struct fail *fail)
{
    struct base_mention *mention = NULL;
    if (!mention_of(erasure, &mention, fail)) {
        return false;
    }
    const struct state_forget who = {
        .identifiers = erasure->identifiers,
        .identifier_count = erasure->identifier_count,
        .mention = mention,
        .receipt = erasure->receipt,
        .by = erasure->by,
        .now_ms = erasure->at_ms,
    };
    bool ok = state_forget(app->state, &who, out, fail);
    base_mention_free(mention);
    return ok && remove_copies(app, fail);
}

/* What the wisher wrote may name them. */
static bool clean_reason(struct app_erasure *erasure, struct arena *arena, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct base_mention *mention = NULL;
    if (erasure->reason.data == NULL) {
        return true;
    }
    if (!mention_of(erasure, &mention, fail)) {
        return false;
    }
    (void)base_mention_replace(mention, erasure->reason, STR(STATE_FORGOTTEN), &text);
    base_mention_free(mention);
    erasure->reason = str_copy(arena, base_buf_view(&text));
    return base_buf_ok(&text, fail);
}

static bool give_receipt(struct app *app, const struct app_erasure *erasure,
                         const struct state_forgotten *forgotten, struct arena *arena,
                         struct str *out_line, struct fail *fail)
{
    /* Where a crash came between the store and its count, what was known before is the least that went. */
    const struct store_gone *gone = &erasure->gone;
    const struct privacy_receipt receipt = {
        .id = erasure->receipt,
        .at_ms = erasure->at_ms,
        .by = erasure->by,
        .reason = erasure->reason,
        .events = gone->rows > erasure->events ? gone->rows : erasure->events,
        .customers =
            gone->customers > erasure->customer_count ? gone->customers : erasure->customer_count,
        .identifiers = gone->identifiers,
        .quarantined = gone->quarantined,
        .keys = gone->keys,
        .responses = forgotten->responses,
        .links = forgotten->links,
        .wishes = forgotten->wishes,
        .texts = forgotten->texts,
        .audit = forgotten->audit,
        .hashed = erasure->identifiers,
        .hashed_count = erasure->identifier_count,
    };
    return privacy_log_append(app->erasures, &receipt, arena, out_line, fail);
}

/* Events and all else; once more takes nothing. */
static bool erase_all(struct app *app, struct app_erasure *erasure,
                      struct state_forgotten *forgotten, struct fail *fail)
{
    return erase_events(app, erasure, fail) && forget(app, erasure, forgotten, fail);
}

/* After the intent. */
static bool carry_out(struct app *app, struct app_erasure *erasure, struct arena *arena,
                      struct str *out_line, struct fail *fail)
{
    struct state_forgotten forgotten = {0};
    return erase_all(app, erasure, &forgotten, fail) &&
           give_receipt(app, erasure, &forgotten, arena, out_line, fail) &&
           state_intent_done(app->state, erasure->receipt, fail) && app_scrub(app, fail);
}

bool app_erase(struct app *app, struct app_erasure *erasure, struct arena *arena,
               struct str *out_line, struct fail *fail)
{
    char id[48];
    erasure->at_ms = base_now_ms(app->clock);
    snprintf(id, sizeof id, "er_%016" PRIx64 "%08" PRIx32, base_random_u64(app->random),
             (uint32_t)base_random_u64(app->random));
    erasure->receipt = str_copy(arena, str_from_c(id));
    if (!clean_reason(erasure, arena, fail)) {
        return false;
    }
    app_room_for_removal(app->room);
    base_lock(&app->erase_lock);
    bool ok = note(app, erasure, fail) && carry_out(app, erasure, arena, out_line, fail);
    base_unlock(&app->erase_lock);
    return ok;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static bool read_secret(struct app *app, struct arena *arena, struct str *out, struct fail *fail)
{
    if (!state_setting_get(app->state, STATE_SETTING_ERASURE_KEY, (struct str){NULL, 0}, arena, out,
                           fail)) {
        return false;
    }
    if (out->data == NULL) {
        *out = base_random_hex(app->random, arena, SECRET_BYTES);
        return state_setting_put(app->state, STATE_SETTING_ERASURE_KEY, *out, fail);
    }
    return true;
}

static bool finish(struct app *app, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_intent *intents;
    size_t count;
    if (!state_intents_list(app->state, arena, &intents, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct app_erasure erasure;
        struct str line;
        if (!app_erase_intent_read(&intents[i], arena, &erasure, fail) ||
            !carry_out(app, &erasure, arena, &line, fail)) {
            return fail_at(fail, "finishing an erasure that was begun");
        }
        base_log(LOG_INFO, "erasure.finished", "an erasure that was begun is finished",
                 LOG_S("receipt", erasure.receipt), LOG_END);
    }
    return true;
}

bool app_erase_open(struct app *app, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str secret;
    struct str after;
    if (!read_secret(app, arena, &secret, fail) ||
        !state_setting_get(app->state, STATE_SETTING_AFTER_ERASURE, STR("new"), arena, &after,
                           fail) ||
        !privacy_log_open(app->disk, secret, &app->erasures, fail)) {
        return false;
    }
    app->refuse_erased = str_equal(after, STR("refuse"));
    if (!finish(app, fail)) {
        return false;
    }
    /* The one step after an intent's end: a crash right before it leaves words in the log of the state's changes. */
    return !privacy_log_any(app->erasures) || app_scrub(app, fail);
}

/* ---- what comes after ----------------------------------------------------------------------------------------------- */

static bool was_erased(struct app *app, const struct store_event *event, struct arena *arena)
{
    for (size_t i = 0; i < event->identifier_count; i++) {
        const struct store_identifier *id = &event->identifiers[i];
        if (id->value.len > 0 && !str_equal(id->kind, STR("account")) &&
            privacy_log_holds(app->erasures, str_format(arena, "%.*s:%.*s", STR_ARG(id->kind),
                                                        STR_ARG(id->value)))) {
            return true;
        }
    }
    return false;
}

bool app_erase_refuses_nobody(struct app *app)
{
    base_lock(&app->privacy_lock);
    bool refuse = app->refuse_erased;
    base_unlock(&app->privacy_lock);
    return !refuse || !privacy_log_any(app->erasures);
}

void app_erase_refuse(struct app *app, struct store_item *items, size_t count)
{
    if (app_erase_refuses_nobody(app)) {
        return;
    }
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    for (size_t i = 0; i < count; i++) {
        if (items[i].verdict == STORE_STORED && was_erased(app, &items[i].event, arena)) {
            items[i].verdict = STORE_REFUSED;
            items[i].reason = STR("the customer was erased, and is not taken in again");
        }
        arena_reset(arena);
    }
}

/* ---- what another directory erased --------------------------------------------------------------------------------- */

struct replaying {
    struct app *app;
    struct privacy_log *missing;
    struct arena *arena;
    struct app_erasure erasure;
    bool failed;
    struct fail *fail;
};

static bool add_stated(void *context, struct str identifier)
{
    struct replaying *r = context;
    r->failed = privacy_log_holds(r->missing, identifier) &&
                !add_text(&r->erasure.identifiers, &r->erasure.identifier_count, identifier,
                          r->arena, r->fail);
    return !r->failed;
}

/* Is one of the customer's identifiers among those that were erased? */
static bool is_missing(struct replaying *r, struct store_snapshot *snapshot, uint32_t customer,
                       struct arena *arena, bool *out, struct fail *fail)
{
    struct store_identifier *ids;
    size_t count;
    if (!store_customer_identifiers(snapshot, customer, arena, &ids, &count, fail)) {
        return false;
    }
    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        *out = privacy_log_holds(r->missing, str_format(arena, "%.*s:%.*s", STR_ARG(ids[i].kind),
                                                        STR_ARG(ids[i].value)));
    }
    return true;
}

static bool erase_batch(struct replaying *r, struct fail *fail)
{
    struct state_forgotten forgotten;
    bool ok = (r->erasure.customer_count == 0 && r->erasure.identifier_count == 0) ||
              erase_all(r->app, &r->erasure, &forgotten, fail);
    arena_reset(r->arena);
    r->erasure = (struct app_erasure){.at_ms = base_now_ms(r->app->clock), .by = STR("replay")};
    return ok;
}

static bool erase_missing(struct replaying *r, struct store_snapshot *snapshot, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    uint32_t bound = store_snapshot_customer_bound(snapshot);
    for (uint32_t n = 0; n < bound; n++) {
        bool gone = false;
        arena_reset(arena);
        if (!is_missing(r, snapshot, n, arena, &gone, fail) ||
            (gone && !app_erase_add_number(r->app, snapshot, n, r->arena, &r->erasure, fail)) ||
            (r->erasure.customer_count == APP_ERASE_CUSTOMERS_MAX && !erase_batch(r, fail))) {
            return false;
        }
    }
    return erase_batch(r, fail);
}

bool app_erasures_replay(struct app *app, struct str log, size_t *out_count, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct arena *lines_arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct replaying r = {
        .app = app, .arena = arena, .fail = fail, .erasure = {.by = STR("replay")}};
    struct str *lines;
    size_t total;
    if (!privacy_log_beside(app->erasures, log, &r.missing, fail)) {
        return false;
    }
    base_lock(&app->erase_lock);
    r.erasure.at_ms = base_now_ms(app->clock);
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool ok =
        privacy_log_list(r.missing, 0, SIZE_MAX / 64, lines_arena, &lines, out_count, &total, fail);
    if (ok && total > 0) {
        ok = state_people_each(app->state, add_stated, &r, fail) && !r.failed &&
             erase_missing(&r, snapshot, fail);
        for (size_t i = total; ok && i-- > 0;) { /* oldest first */
            ok = privacy_log_take(app->erasures, lines[i], fail);
        }
        ok = ok && app_scrub(app, fail);
    }
    store_snapshot_unref(snapshot);
    base_unlock(&app->erase_lock);
    privacy_log_close(r.missing);
    return ok;
}
