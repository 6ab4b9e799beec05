/* Erasing people: a store from which people were erased is as one that never saw them, and no byte of theirs is left. */
#include "store_kit.h"

#include <sched.h>
#include <stdio.h>

#include "base_buf.h"
#include "base_random.h"
#include "base_thread.h"
#include "raw_search.h"
#include "store_journal.h"

static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

#define PEOPLE 6U
#define CANARY "cAnArY"

/* ---- a world with and without some people ------------------------------------------------------------------- */

struct script {
    struct kit with, without;
    struct base_random_seeded random;
    unsigned messages;
    bool erased; /* people of the one side only are not spoken of any more */
};

static uint64_t dice(struct script *script, uint64_t sides)
{
    return base_random_below(&script->random.random, sides);
}

/* The text with the number in the place of each "#". */
static const char *numbered(struct arena *arena, const char *text, unsigned n)
{
    CLEANUP(base_buf_done) struct base_buf out = {0};
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '#') {
            base_buf_printf(&out, "%u", n);
        } else {
            base_buf_bytes(&out, at, 1);
        }
    }
    return str_copy_c(arena, base_buf_view(&out));
}

static const char *text_of(struct script *script, const char *text, unsigned n)
{
    return numbered(script->with.arena, text, n);
}

static struct store_field field_of(const char *name, const char *value)
{
    return (struct store_field){str_from_c(name), store_value_str(str_from_c(value))};
}

/* One event; of people who will be erased it goes to one side only, and bears a canary wherever one can be. */
static void tell(struct script *script, bool doomed, unsigned n, unsigned colour)
{
    struct arena *arena = script->with.arena;
    unsigned message = script->messages++;
    const char *ids = !doomed                ? dice(script, 3) == 0
                                                   ? text_of(script, "anonymous=a#", n)
                                                   : text_of(script, "user=u# email=e# account=inc", n)
                                     : dice(script, 3) == 0 ? text_of(script, "anonymous=" CANARY "-anon-#", n)
                                             : text_of(script,
                                                       "user=" CANARY "-user-# email=" CANARY
                                                       "#@example.org account=" CANARY "-firm",
                                                       n);
    struct store_field *fields = arena_array(arena, 8, sizeof *fields, &fail);
    size_t count = 0;
    fields[count++] = field_of("colour", text_of(script, "colour-#", colour));
    if (doomed) {
        fields[count++] = field_of(text_of(script, CANARY "-property-#", n), "x");
        fields[count++] = field_of("note", text_of(script, CANARY "-value-#", n % 2));
    }
    struct store_field *traits = arena_array(arena, 8, sizeof *traits, &fail);
    size_t trait_count = 0;
    traits[trait_count++] =
        field_of("name", doomed ? text_of(script, CANARY "-name-#", n) : text_of(script, "n#", n));
    if (doomed) {
        traits[trait_count++] = field_of(text_of(script, CANARY "-trait-#", n), "y");
    }
    struct kit *kits[] = {&script->with, &script->without};
    for (size_t k = 0; k < 2; k++) {
        struct store_item item = kit_item(
            kits[k], "web",
            doomed ? text_of(script, CANARY "-message-#", message) : text_of(script, "m#", message),
            doomed && dice(script, 4) == 0 ? text_of(script, CANARY "-event-#", n) : "Visit", ids);
        item.event.properties = fields;
        item.event.property_count = count;
        item.event.traits = traits;
        item.event.trait_count = trait_count;
        if (doomed) {
            item.event.channel = str_from_c(text_of(script, CANARY "-channel-#", n));
            item.event.text = str_from_c(text_of(
                script, "I am " CANARY "-words-# and I said a good deal about it, again and again",
                n));
            item.event.scale = str_from_c(CANARY "-scale");
            item.event.score = store_value_int(3);
        } else {
            item.event.text = str_from_c(text_of(script, "words of #", n));
        }
        if (k == 0 || !doomed) {
            assert_int_equal(kit_submit(kits[k], &item), STORE_STORED);
        }
    }
}

static void quarantine(struct script *script, const char *raw, bool doomed)
{
    struct kit *kits[] = {&script->with, &script->without};
    for (size_t k = 0; k < 2; k++) {
        struct store_item item = kit_item(kits[k], "web", NULL, "Bad", "user=u1");
        item.verdict = STORE_QUARANTINED;
        item.reason = STR("no time");
        item.raw = str_from_c(raw);
        if (k == 0 || !doomed) {
            (void)kit_submit(kits[k], &item);
        }
    }
}

static void script_init(struct script *script, uint64_t seed)
{
    *script = (struct script){.messages = 0};
    base_random_seed(&script->random, seed);
    kit_init(&script->with);
    kit_init(&script->without);
}

static void script_done(struct script *script)
{
    kit_done(&script->with);
    kit_done(&script->without);
}

static void play(struct script *script, size_t steps)
{
    for (size_t i = 0; i < steps; i++) {
        bool doomed = dice(script, 3) == 0;
        unsigned n = (unsigned)dice(script, PEOPLE);
        tell(script, doomed, n, (unsigned)dice(script, 8));
        switch (dice(script, 16)) {
        case 0:
            kit_seal(&script->with);
            break;
        case 1:
            kit_merge(&script->with);
            break;
        case 2:
            quarantine(script,
                       text_of(script, "{\"userId\":\"" CANARY "-user-#\",\"no\":\"time\"}", n),
                       true);
            break;
        case 3:
            quarantine(script, text_of(script, "{\"userId\":\"u#\",\"no\":\"time\"}", n), false);
            break;
        case 4: { /* an alias joins what came before a user was known */
            struct store_item alias = kit_alias(&script->with, text_of(script, CANARY "-anon-#", n),
                                                text_of(script, "user=" CANARY "-user-#", n), true);
            (void)kit_submit(&script->with, &alias);
            break;
        }
        case 5:
            kit_reopen(&script->with);
            break;
        default:
            break;
        }
    }
}

static void add_value(struct base_buf *out, const struct store_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(out, " %.*s=%.*s", STR_ARG(fields[i].name),
                        STR_ARG(store_value_text(fields[i].value)));
    }
}

/* All that can be asked about those who stay, as text. */
static struct str told(struct kit *kit)
{
    struct base_buf out = {0};
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    base_buf_printf(&out, "%d events of %d customers\n", (int)store_snapshot_events(snapshot),
                    (int)store_snapshot_customers(snapshot));
    static const enum store_name_kind kinds[] = {STORE_NAME_EVENT, STORE_NAME_PROPERTY,
                                                 STORE_NAME_TRAIT, STORE_NAME_CHANNEL};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct store_name *names;
        size_t count;
        OK(store_names(snapshot, kinds[k], (struct str){0}, kit->arena, &names, &count, &fail));
        for (size_t i = 0; i < count; i++) {
            base_buf_printf(&out, "%.*s %d\n", STR_ARG(names[i].name), (int)names[i].rows);
        }
    }
    const struct store_accounts *accounts;
    OK(store_accounts_of(snapshot, &accounts, &fail));
    for (uint32_t i = 0; i < accounts->count; i++) {
        base_buf_printf(&out, "account %.*s of %d\n", STR_ARG(accounts->at[i].id),
                        (int)accounts->at[i].member_count);
    }
    for (unsigned n = 0; n < PEOPLE; n++) {
        static const char *const who[] = {"user:u#", "anonymous:a#", "email:e#",
                                          "user:" CANARY "-user-#", "anonymous:" CANARY "-anon-#"};
        for (size_t k = 0; k < ARRAY_LEN(who); k++) {
            const char *text = numbered(kit->arena, who[k], n);
            uint32_t customer;
            struct store_timeline_options options = {0};
            struct store_timeline_row *rows;
            size_t count;
            store_customer_lookup(snapshot, str_from_c(text), &customer);
            if (customer == STORE_NO_CUSTOMER) {
                continue;
            }
            OK(store_timeline_read(snapshot, customer, &options, kit->arena, &rows, &count, &fail));
            base_buf_printf(&out, "%s: %s\n", text, kit_identifiers(kit, text));
            for (size_t i = 0; i < count; i++) {
                const struct store_event *event = &rows[i].event;
                base_buf_printf(&out, "  %.*s %.*s \"%.*s\"", STR_ARG(event->event),
                                STR_ARG(event->message_id), STR_ARG(event->text));
                add_value(&out, event->properties, event->property_count);
                add_value(&out, event->traits, event->trait_count);
                base_buf_printf(&out, "\n");
            }
        }
    }
    store_snapshot_unref(snapshot);
    struct store_quarantine_row *list;
    size_t count;
    uint64_t total;
    const struct store_quarantine_filter filter = {.limit = 1000};
    OK(store_quarantine_list(kit->store, &filter, kit->arena, &list, &count, &total, &fail));
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(&out, "bad: %.*s\n", STR_ARG(list[i].raw));
    }
    struct str text = str_copy(kit->arena, base_buf_view(&out));
    base_buf_done(&out);
    return text;
}

static void same(struct script *script, uint64_t seed, const char *when)
{
    struct str with = told(&script->with);
    struct str without = told(&script->without);
    if (!str_equal(with, without)) {
        fail_msg("seed %d, %s:\n%.*s\nnever saw them:\n%.*s", (int)seed, when, STR_ARG(with),
                 STR_ARG(without));
    }
}

/* The numbers of those to be erased. */
static size_t doomed(struct kit *kit, uint32_t out[2 * PEOPLE])
{
    size_t count = 0;
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    for (unsigned n = 0; n < PEOPLE; n++) {
        for (int k = 0; k < 2; k++) {
            const char *text = numbered(
                kit->arena, k == 0 ? "user:" CANARY "-user-#" : "anonymous:" CANARY "-anon-#", n);
            store_customer_lookup(snapshot, str_from_c(text), &out[count]);
            count += out[count] != STORE_NO_CUSTOMER;
        }
    }
    store_snapshot_unref(snapshot);
    return count;
}

static bool erase(struct kit *kit, struct store_gone *gone)
{
    uint32_t numbers[2 * PEOPLE];
    /* Someone may have been quarantined of whom nothing was stored. */
    struct str words[PEOPLE];
    for (unsigned n = 0; n < PEOPLE; n++) {
        words[n] = str_format(kit->arena, CANARY "-user-%u", n);
    }
    const struct store_erasure erasure = {.customers = numbers,
                                          .customer_count = doomed(kit, numbers),
                                          .words = words,
                                          .word_count = PEOPLE};
    return store_erase(kit->store, &erasure, gone, &fail);
}

static void nothing_is_left(struct kit *kit, uint64_t seed, const char *when)
{
    const char *path = raw_file_with(kit->sim, kit->arena, CANARY);
    if (path != NULL) {
        fail_msg("seed %d, %s: %s holds something of those who were erased", (int)seed, when, path);
    }
}

static void a_store_without_people_is_as_one_that_never_saw_them(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct script script;
        struct store_gone gone;
        script_init(&script, seed);
        play(&script, 50);
        uint64_t stored = kit_ledger(&script.with).total.stored;
        if (seed % 3 == 0) {
            kit_seal(&script.with);
        }
        assert_non_null(
            raw_file_with(script.with.sim, script.with.arena, CANARY)); /* the search can find */
        OK(erase(&script.with, &gone));
        same(&script, seed, "at once");
        nothing_is_left(&script.with, seed, "at once");
        assert_int_equal(kit_ledger(&script.with).total.stored, stored);
        kit_power_cut(&script.with, seed);
        same(&script, seed, "after a power cut");
        for (int i = 0; i < 10; i++) {
            tell(&script, false, (unsigned)dice(&script, PEOPLE), 1);
        }
        kit_seal(&script.with);
        kit_merge(&script.with);
        same(&script, seed, "merged");
        nothing_is_left(&script.with, seed, "merged");
        kit_verify(&script.with);
        same(&script, seed, "opened again");
        script_done(&script);
    }
}

static void what_comes_after_makes_a_new_customer(void **state)
{
    (void)state;
    struct kit kit;
    struct store_gone gone;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=ann anonymous=x email=ann@example.org");
    uint32_t before = kit_find(&kit, "ann");
    struct store_erasure erasure = {.customers = &before, .customer_count = 1};
    OK(store_erase(kit.store, &erasure, &gone, &fail));
    assert_int_equal(gone.rows, 1);
    assert_int_equal(gone.customers, 1);
    assert_int_equal(gone.identifiers, 3);
    assert_int_equal(gone.keys, 1);
    assert_int_equal(kit_find(&kit, "ann"), STORE_NO_CUSTOMER);
    /* Even the same message is none that was seen. */
    assert_int_equal(kit_send(&kit, "web", "m1", "Visit", "user=ann"), STORE_STORED);
    assert_true(kit_find(&kit, "ann") > before);
    assert_string_equal(kit_identifiers(&kit, "ann"), "user=ann");
    /* Once more takes nothing of the new one. */
    OK(store_erase(kit.store, &erasure, &gone, &fail));
    assert_int_equal(gone.rows + gone.identifiers + gone.keys, 0);
    assert_int_equal(kit_rows(&kit, "ann"), 1);
    kit_verify(&kit);
    kit_done(&kit);
}

static void an_unknown_number_is_refused(void **state)
{
    (void)state;
    struct kit kit;
    struct store_gone gone;
    uint32_t number = 7;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=ann");
    struct store_erasure erasure = {.customers = &number, .customer_count = 1};
    assert_false(store_erase(kit.store, &erasure, &gone, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_int_equal(kit_rows(&kit, "ann"), 1);
    kit_done(&kit);
}

static void quarantined_records_go_however_they_spell_the_name(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        bool goes;
    } cases[] = {
        {"{\"userId\":\"ann-4711\"}", true},
        {"ann-4711,2026-01-01,Visit", true},
        {"{\"userId\":\"\\u0061nn-4711\"}", true},
        {"{\"email\":\"ANN@example.org\"}", true},
        {"user=ann%2D4711&x=1", true},
        {"{\"data\":\"eyJ1c2VySWQiOiJhbm4tNDcxMSJ9\"}", true},
        {"{\"userId\":\"ann-4711x\"}", false},
        {"{\"userId\":\"joann-4711\"}", false},
        {"{\"email\":\"ann@example.org.uk\"}", false},
        {"{\"text\":\"ann\"}", false},
    };
    struct kit kit;
    struct store_gone gone;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=ann-4711 email=ann@example.org account=inc");
    kit_send(&kit, "web", "m2", "Visit", "user=bob account=inc");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct store_item item = kit_item(&kit, "web", NULL, "Bad", "user=u1");
        item.verdict = STORE_QUARANTINED;
        item.reason = STR("no time");
        item.raw = str_from_c(cases[i].raw);
        (void)kit_submit(&kit, &item);
        if (i == 4) {
            kit_seal(&kit);
        }
    }
    uint32_t number = kit_find(&kit, "ann-4711");
    struct store_erasure erasure = {.customers = &number, .customer_count = 1};
    OK(store_erase(kit.store, &erasure, &gone, &fail));
    struct store_quarantine_row *list;
    size_t count;
    uint64_t total;
    const struct store_quarantine_filter filter = {.limit = 1000};
    OK(store_quarantine_list(kit.store, &filter, kit.arena, &list, &count, &total, &fail));
    size_t stay = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool there = false;
        for (size_t k = 0; k < count; k++) {
            there = there || str_equal(list[k].raw, str_from_c(cases[i].raw));
        }
        if (there == cases[i].goes) {
            fail_msg("%s: %s", cases[i].raw, there ? "is there still" : "is gone");
        }
        stay += !cases[i].goes;
    }
    assert_int_equal(total, stay);
    assert_int_equal(gone.quarantined, ARRAY_LEN(cases) - stay);
    struct store_ledger ledger = kit_ledger(&kit);
    assert_int_equal(ledger.total.quarantined, stay);
    assert_int_equal(ledger.total.refused, gone.quarantined);
    assert_int_equal(ledger.total.received,
                     ledger.total.stored + ledger.total.quarantined + ledger.total.refused);
    kit_verify(&kit);
    kit_done(&kit);
}

/* ---- faults ---------------------------------------------------------------------------------------------- */

static void erase_with_fault(uint64_t seed, uint64_t at, enum disk_sim_fault_kind kind,
                             bool *out_happened)
{
    struct script script;
    struct store_gone gone;
    script_init(&script, seed);
    play(&script, 40);
    struct str before = told(&script.with);
    struct str after = told(&script.without);
    struct disk_sim_fault fault = {.at = at, .kind = kind};
    disk_sim_fail(script.with.sim, &fault);
    bool ok = erase(&script.with, &gone);
    *out_happened = disk_sim_fault_happened(script.with.sim);
    assert_true(ok || *out_happened);
    if (kind != DISK_SIM_OFF) { /* without power nobody reads */
        assert_true(str_equal(told(&script.with), ok ? after : before));
    }
    kit_power_cut(&script.with, seed * 1000 + at);
    struct str now = told(&script.with);
    assert_true(str_equal(now, after) || (!ok && str_equal(now, before)));
    if (!str_equal(now, after)) {
        OK(erase(&script.with, &gone));
    }
    /* Whatever lay about when the power went is gone once the store was opened again. */
    nothing_is_left(&script.with, seed, "after a fault");
    kit_verify(&script.with);
    assert_true(str_equal(told(&script.with), after));
    script_done(&script);
}

static void a_fault_at_any_write_leaves_all_or_nothing(void **state)
{
    (void)state;
    static const struct {
        enum disk_sim_fault_kind kind;
        uint64_t step; /* the power goes at every write; other faults come at some */
    } faults[] = {{DISK_SIM_OFF, 1}, {DISK_SIM_EIO, 3}, {DISK_SIM_ENOSPC, 3}};
    for (size_t f = 0; f < ARRAY_LEN(faults); f++) {
        bool happened = true;
        for (uint64_t at = 1; happened; at += faults[f].step) {
            erase_with_fault(f + 1, at, faults[f].kind, &happened);
        }
    }
}

/* ---- what is past its time ------------------------------------------------------------------------------- */

static void what_is_past_its_time_goes_with_those_of_whom_nothing_is_left(void **state)
{
    (void)state;
    struct kit kit;
    struct store_gone gone;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=old");
    kit_send(&kit, "web", "m2", "Visit", "user=both anonymous=b");
    kit_seal(&kit);
    int64_t border_ms = base_now_ms(&kit.clock.clock) + 1;
    kit_send(&kit, "web", "m3", "Visit", "user=both");
    kit_send(&kit, "app", "m4", "Buy", "user=new");
    struct store_cut_rule rule = {.before_ms = border_ms};
    struct store_cut cut = {.rules = &rule, .rule_count = 1, .quarantine_before_ms = STORE_NO_TIME};
    OK(store_cut_preview(kit.store, &cut, &gone, &fail));
    assert_int_equal(gone.rows, 2);
    assert_int_equal(kit_rows(&kit, "old"), 1);
    OK(store_cut_old(kit.store, &cut, &gone, &fail));
    assert_int_equal(gone.rows, 2);
    assert_int_equal(gone.customers, 1);
    assert_int_equal(kit_find(&kit, "old"), STORE_NO_CUSTOMER);
    assert_int_equal(kit_rows(&kit, "both"), 1);
    assert_int_equal(kit_rows(&kit, "b"), 1);
    assert_int_equal(kit_rows(&kit, "new"), 1);
    /* By name and by source; what nobody bears takes nothing. */
    struct store_cut_rule rules[] = {
        {.event = STR("Buy"), .source = STR("web"), .before_ms = INT64_MAX},
        {.event = STR("Never"), .before_ms = INT64_MAX},
        {.source = STR("nowhere"), .before_ms = INT64_MAX},
    };
    cut =
        (struct store_cut){.rules = rules, .rule_count = 3, .quarantine_before_ms = STORE_NO_TIME};
    OK(store_cut_old(kit.store, &cut, &gone, &fail));
    assert_int_equal(gone.rows, 0);
    rules[0].source = STR("app");
    OK(store_cut_old(kit.store, &cut, &gone, &fail));
    assert_int_equal(gone.rows, 1);
    assert_int_equal(kit_ledger(&kit).total.stored, 4);
    kit_verify(&kit);
    kit_done(&kit);
}

static void words_past_their_time_go_and_their_events_stay(void **state)
{
    (void)state;
    for (int sealed = 0; sealed < 2; sealed++) {
        struct script script;
        struct store_gone gone;
        script_init(&script, 9);
        for (unsigned i = 0; i < 20; i++) {
            tell(&script, true, i % PEOPLE, 1);
        }
        if (sealed == 1) {
            kit_seal(&script.with);
        }
        struct store_cut_rule rule = {.before_ms = INT64_MAX, .words_only = true};
        struct store_cut cut = {
            .rules = &rule, .rule_count = 1, .quarantine_before_ms = STORE_NO_TIME};
        assert_non_null(raw_file_with(script.with.sim, script.with.arena, CANARY "-words"));
        OK(store_cut_preview(script.with.store, &cut, &gone, &fail));
        assert_int_equal(gone.texts, 20);
        OK(store_cut_old(script.with.store, &cut, &gone, &fail));
        assert_int_equal(gone.rows, 0);
        assert_int_equal(gone.texts, 20);
        assert_null(raw_file_with(script.with.sim, script.with.arena, CANARY "-words"));
        struct store_snapshot *snapshot = store_snapshot_take(script.with.store);
        assert_int_equal(store_snapshot_events(snapshot), 20);
        store_snapshot_unref(snapshot);
        kit_verify(&script.with);
        script_done(&script);
    }
}

static void quarantined_records_go_by_when_they_came(void **state)
{
    (void)state;
    struct script script;
    struct store_gone gone;
    script_init(&script, 1);
    quarantine(&script, "{\"a\":1}", true);
    int64_t border_ms = base_now_ms(&script.with.clock.clock) + 1;
    quarantine(&script, "{\"b\":1}", true);
    struct store_cut cut = {.quarantine_before_ms = border_ms};
    OK(store_cut_preview(script.with.store, &cut, &gone, &fail));
    assert_int_equal(gone.quarantined, 1);
    OK(store_cut_old(script.with.store, &cut, &gone, &fail));
    assert_int_equal(gone.quarantined, 1);
    assert_null(raw_file_with(script.with.sim, script.with.arena, "{\"a\":1}"));
    assert_non_null(raw_file_with(script.with.sim, script.with.arena, "{\"b\":1}"));
    assert_int_equal(kit_ledger(&script.with).total.refused, 1);
    kit_verify(&script.with);
    script_done(&script);
}

static bool pass_over(void *context, uint64_t id, uint64_t payload_offset, struct str payload,
                      struct fail *why)
{
    (void)context;
    (void)id;
    (void)payload_offset;
    (void)payload;
    (void)why;
    return true;
}

/* A journal that was begun while what is in the one before was being sealed, and whose first frame was torn. */
static void begin_torn_journal(struct kit *kit)
{
    struct disk *disk = disk_sim_disk(kit->sim);
    struct store_journal next;
    struct store_journal_end end;
    OK(store_journal_read(disk, 1, true, pass_over, NULL, &end, &fail));
    OK(store_journal_create(disk, 2, end.next_sequence, KIT_START_MS, &next, &fail));
    OK(disk_write_at(next.file->file, STORE_JOURNAL_HEADER_BYTES, "fhFR and no more", 16, &fail));
    store_journal_file_unref(next.file);
}

static void who_is_only_in_a_journal_behind_which_another_was_begun_is_erased(void **state)
{
    (void)state;
    struct kit kit;
    struct store_gone gone;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=" CANARY);
    kit_send(&kit, "web", "m2", "Visit", "user=bob");
    kit_close(&kit);
    begin_torn_journal(&kit);
    kit_open(&kit);
    uint32_t customer = kit_find(&kit, CANARY);
    const struct store_erasure erasure = {.customers = &customer, .customer_count = 1};
    OK(store_erase(kit.store, &erasure, &gone, &fail));
    assert_int_equal(gone.rows, 1);
    assert_null(raw_file_with(kit.sim, kit.arena, CANARY));
    kit_verify(&kit);
    assert_int_equal(kit_rows(&kit, CANARY), -1);
    assert_int_equal(kit_rows(&kit, "bob"), 1);
    kit_done(&kit);
}

/* ---- beside others -------------------------------------------------------------------------------------------- */

#define SEALED_ABOVE 256U

struct
    crowd { /* sends until it is told to stop: of one in five events the victim, where that is to send */
    struct store *store;
    _Atomic bool stop, victim_sends;
    _Atomic uint64_t others, victims;
};

static void send_all(void *context)
{
    struct crowd *crowd = context;
    struct fail own;
    for (uint64_t n = 0; !atomic_load(&crowd->stop); n++) {
        bool victim = n % 5 == 0 && atomic_load(&crowd->victim_sends);
        char user[32];
        char message[32];
        snprintf(user, sizeof user, victim ? CANARY : "live%d", (int)(n % 40));
        snprintf(message, sizeof message, victim ? CANARY "-%d" : "m-%d", (int)n);
        const struct store_identifier id = {STR("user"), str_from_c(user)};
        struct store_item item = {
            .event = {.source = STR("web"),
                      .message_id = str_from_c(message),
                      .event = STR("Live"),
                      .text = str_from_c(message),
                      .ts_ms = KIT_START_MS,
                      .received_at_ms = KIT_START_MS,
                      .client_ts_ms = STORE_NO_TIME,
                      .sent_at_ms = STORE_NO_TIME,
                      .identifiers = &id,
                      .identifier_count = 1},
            .verdict = STORE_STORED,
        };
        if (store_submit(crowd->store, &item, 1, &own)) {
            atomic_fetch_add(victim ? &crowd->victims : &crowd->others, 1);
        }
    }
}

/* Returns how many events of others came in meanwhile. */
static uint64_t erase_victim(struct kit *kit, struct crowd *crowd)
{
    struct store_gone gone;
    uint32_t customer = kit_find(kit, CANARY);
    const struct store_erasure erasure = {.customers = &customer, .customer_count = 1};
    uint64_t before = atomic_load(&crowd->others);
    if (customer != STORE_NO_CUSTOMER) {
        OK(store_erase(kit->store, &erasure, &gone, &fail));
        assert_true(gone.rows > 0);
    }
    return atomic_load(&crowd->others) - before;
}

/* Were nothing sealed while people are erased, only twice SEALED_ABOVE rows could come in; and who goes on sending has rows in
   what is sealed then. */
static void others_and_they_may_go_on_sending_meanwhile(void **state)
{
    (void)state;
    struct kit kit;
    struct base_thread thread;
    uint64_t most = 0;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.no_keeper = false;
    kit.options.fresh_rows_max = SEALED_ABOVE;
    kit_open(&kit);
    struct crowd crowd = {.store = kit.store};
    OK(base_thread_start(&thread, "crowd", send_all, &crowd, &fail));
    atomic_store(&crowd.victim_sends, true);
    for (int round = 0; round < 200 && (round < 4 || most <= 3U * SEALED_ABOVE); round++) {
        uint64_t sent = atomic_load(&crowd.victims);
        while (atomic_load(&crowd.victims) < sent + 100) {
            sched_yield();
        }
        uint64_t came = erase_victim(&kit, &crowd);
        most = came > most ? came : most;
    }
    assert_true(most > 3U * SEALED_ABOVE);
    atomic_store(&crowd.stop, true);
    base_thread_join(&thread);
    (void)erase_victim(&kit, &crowd);
    struct store_snapshot *snapshot = store_snapshot_take(kit.store);
    assert_int_equal(store_snapshot_events(snapshot), atomic_load(&crowd.others));
    store_snapshot_unref(snapshot);
    assert_int_equal(kit_rows(&kit, CANARY), -1);
    assert_null(raw_file_with(kit.sim, kit.arena, CANARY));
    kit.options.no_keeper = true;
    kit_verify(&kit);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_without_people_is_as_one_that_never_saw_them),
        cmocka_unit_test(what_comes_after_makes_a_new_customer),
        cmocka_unit_test(an_unknown_number_is_refused),
        cmocka_unit_test(quarantined_records_go_however_they_spell_the_name),
        cmocka_unit_test(a_fault_at_any_write_leaves_all_or_nothing),
        cmocka_unit_test(what_is_past_its_time_goes_with_those_of_whom_nothing_is_left),
        cmocka_unit_test(words_past_their_time_go_and_their_events_stay),
        cmocka_unit_test(quarantined_records_go_by_when_they_came),
        cmocka_unit_test(others_and_they_may_go_on_sending_meanwhile),
        cmocka_unit_test(who_is_only_in_a_journal_behind_which_another_was_begun_is_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
