/* Imports, and taking them back: a store from which an import was taken is as one that never saw it. */
#include "store_kit.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base_buf.h"
#include "base_random.h"

static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

static uint64_t begin(struct kit *kit)
{
    uint64_t number = 0;
    OK(store_import_begin(kit->store, STR("file"), STR("a.csv"), &number, &fail));
    return number;
}

static void end(struct kit *kit, uint64_t number)
{
    OK(store_import_end(kit->store, number, false, &fail));
}

static enum store_verdict bring(struct kit *kit, uint64_t import, const char *message_id,
                                const char *event, const char *ids)
{
    struct store_item item = kit_item(kit, "file", message_id, event, ids);
    item.import = import;
    item.from_import = true;
    return kit_submit(kit, &item);
}

static void bring_bad(struct kit *kit, uint64_t import, const char *raw)
{
    struct store_item item = kit_item(kit, "file", NULL, "Bad", "user=u1");
    item.import = import;
    item.verdict = STORE_QUARANTINED;
    item.reason = STR("no time");
    item.raw = str_from_c(raw);
    (void)kit_submit(kit, &item);
}

static struct store_import look(struct kit *kit, uint64_t number)
{
    struct store_import *list;
    size_t count;
    OK(store_import_list(kit->store, kit->arena, &list, &count, &fail));
    for (size_t i = 0; i < count; i++) {
        if (list[i].number == number) {
            return list[i];
        }
    }
    fail_msg("import %d is not listed", (int)number);
    return list[0];
}

static struct store_import_gone undo(struct kit *kit, uint64_t number)
{
    struct store_import_gone gone;
    OK(store_import_undo(kit->store, number, &gone, &fail));
    return gone;
}

static uint64_t quarantined(struct kit *kit)
{
    struct store_status status;
    store_status_read(kit->store, &status);
    return status.quarantined;
}

/* ---- the list --------------------------------------------------------------------------------------- */

static void imports_are_listed_with_their_ledgers_whatever_happens_between(void **state)
{
    (void)state;
    static const enum kit_between betweens[] = {KIT_NOTHING, KIT_SEAL, KIT_SEAL_MERGE};
    for (size_t b = 0; b < ARRAY_LEN(betweens); b++) {
        struct kit kit;
        kit_init(&kit);
        kit.between = betweens[b];
        uint64_t first = begin(&kit);
        uint64_t second = begin(&kit);
        assert_int_equal(first, 1);
        assert_int_equal(second, 2);
        assert_int_equal(bring(&kit, first, "m1", "Buy", "user=u1"), STORE_STORED);
        assert_int_equal(bring(&kit, second, "m2", "Buy", "user=u2"), STORE_STORED);
        assert_int_equal(bring(&kit, first, "m2", "Buy", "user=u2"), STORE_DUPLICATE);
        bring_bad(&kit, first, "{");
        end(&kit, first);
        kit_reopen(&kit);
        struct store_import import = look(&kit, first);
        assert_int_equal(import.state, STORE_IMPORT_ENDED);
        assert_int_equal(import.received, 3);
        assert_int_equal(import.stored, 1);
        assert_int_equal(import.duplicate, 1);
        assert_int_equal(import.quarantined, 1);
        assert_true(str_is(import.source, "file"));
        assert_true(str_is(import.name, "a.csv"));
        assert_true(import.ended_ms >= import.begun_ms);
        /* Nobody goes on with the other one. */
        assert_int_equal(look(&kit, second).state, STORE_IMPORT_STOPPED);
        assert_int_equal(begin(&kit), 3);
        kit_verify(&kit);
        assert_int_equal(look(&kit, second).stored, 1);
        kit_done(&kit);
    }
}

static void what_names_an_import_that_does_not_run_is_refused(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    end(&kit, import);
    struct store_item item = kit_item(&kit, "file", "m1", "Buy", "user=u1");
    item.import = import;
    assert_false(store_submit(kit.store, &item, 1, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    item.import = 77;
    assert_false(store_submit(kit.store, &item, 1, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    kit_done(&kit);
}

static void an_import_needs_a_source_and_a_name_that_is_not_too_long(void **state)
{
    (void)state;
    struct kit kit;
    uint64_t number;
    kit_init(&kit);
    char *name = arena_alloc(kit.arena, STORE_IMPORT_NAME_BYTES_MAX + 1, &fail);
    memset(name, 'n', STORE_IMPORT_NAME_BYTES_MAX + 1);
    OK(store_import_begin(kit.store, STR("s"), str_of(name, STORE_IMPORT_NAME_BYTES_MAX), &number,
                          &fail));
    assert_false(store_import_begin(kit.store, STR("s"),
                                    str_of(name, STORE_IMPORT_NAME_BYTES_MAX + 1), &number, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(store_import_begin(kit.store, STR(""), STR("n"), &number, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    kit_done(&kit);
}

static void the_oldest_falls_off_a_full_list(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    for (uint64_t i = 0; i <= STORE_IMPORTS_MAX; i++) {
        end(&kit, begin(&kit));
    }
    struct store_import *list;
    size_t count;
    OK(store_import_list(kit.store, kit.arena, &list, &count, &fail));
    assert_int_equal(count, STORE_IMPORTS_MAX);
    assert_int_equal(list[0].number, STORE_IMPORTS_MAX + 1);
    assert_int_equal(list[count - 1].number, 2);
    kit_done(&kit);
}

/* ---- taking back --------------------------------------------------------------------------------------- */

static void all_of_an_import_goes_and_nothing_else(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    assert_int_equal(kit_send(&kit, "web", "w1", "Visit", "anonymous=a1"), STORE_STORED);
    assert_int_equal(kit_send(&kit, "web", "w2", "Visit", "user=u9"), STORE_STORED);
    uint64_t import = begin(&kit);
    bring(&kit, import, "m1", "Buy", "user=u1 anonymous=a1 account=acme");
    bring(&kit, import, "m2", "Buy", "user=u2 email=e2");
    bring(&kit, import, "m3", "Return", "user=u9");
    bring_bad(&kit, import, "{broken");
    end(&kit, import);
    assert_int_equal(kit_customers(&kit), 3);
    assert_string_equal(kit_id(&kit, "a1"), "u1");

    struct store_import_gone gone;
    OK(store_import_preview(kit.store, import, &gone, &fail));
    assert_int_equal(gone.rows, 3);
    assert_int_equal(gone.quarantined, 1);
    assert_int_equal(gone.joins, 1);
    assert_int_equal(kit_customers(&kit), 3);

    gone = undo(&kit, import);
    assert_int_equal(gone.rows, 3);
    assert_int_equal(gone.quarantined, 1);
    assert_int_equal(gone.joins, 1);
    assert_int_equal(gone.customers, 1); /* u2; u1 was of one customer with a1 */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(kit_customers(&kit), 2);
        assert_string_equal(kit_id(&kit, "a1"), "a1");
        assert_int_equal(kit_rows(&kit, "a1"), 1);
        assert_int_equal(kit_rows(&kit, "u9"), 1);
        assert_int_equal(kit_rows(&kit, "u1"), -1);
        assert_int_equal(kit_rows(&kit, "u2"), -1);
        assert_int_equal(kit_rows(&kit, "email:e2"), -1);
        assert_int_equal(quarantined(&kit), 0);
        struct store_ledger ledger = kit_ledger(&kit);
        assert_int_equal(ledger.total.stored, 5);
        assert_int_equal(ledger.total.quarantined, 0);
        assert_int_equal(ledger.total.refused, 1);
        struct store_import after = look(&kit, import);
        assert_int_equal(after.state, STORE_IMPORT_TAKEN_BACK);
        assert_int_equal(after.gone.rows, 3);
        assert_int_equal(after.stored, 3);
        assert_false(store_import_undo(kit.store, import, &gone, &fail));
        assert_int_equal(fail.code, FAIL_CONFLICT);
        assert_non_null(strstr(fail.message, "already"));
        kit_verify(&kit);
    }
    struct store_snapshot *snapshot = store_snapshot_take(kit.store);
    const struct store_accounts *accounts;
    OK(store_accounts_of(snapshot, &accounts, &fail));
    assert_int_equal(accounts->count, 0);
    store_snapshot_unref(snapshot);
    kit_done(&kit);
}

static void the_same_file_is_stored_again_afterwards(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    for (int round = 0; round < 3; round++) {
        uint64_t import = begin(&kit);
        assert_int_equal(bring(&kit, import, "m1", "Buy", "user=u1 anonymous=a1"), STORE_STORED);
        assert_int_equal(bring(&kit, import, "m1", "Buy", "user=u1"), STORE_DUPLICATE);
        end(&kit, import);
        uint64_t again = begin(&kit);
        assert_int_equal(bring(&kit, again, "m1", "Buy", "user=u1"), STORE_DUPLICATE);
        assert_int_equal(bring(&kit, again, "m2", "Buy", "user=u1"), STORE_STORED);
        end(&kit, again);
        if (round == 1) {
            kit_seal(&kit);
            kit_merge(&kit);
        }
        assert_int_equal(undo(&kit, import).rows, 1); /* each owns only what it stored */
        assert_int_equal(kit_rows(&kit, "u1"), 1);
        assert_int_equal(undo(&kit, again).rows, 1);
        assert_int_equal(kit_rows(&kit, "u1"), -1);
        assert_int_equal(kit_rows(&kit, "a1"), -1);
        assert_int_equal(kit_customers(&kit), 0);
        kit_verify(&kit);
    }
    kit_done(&kit);
}

static void what_may_not_be_taken_back_says_why(void **state)
{
    (void)state;
    struct kit kit;
    struct store_import_gone gone;
    kit_init(&kit);
    assert_false(store_import_undo(kit.store, 7, &gone, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    uint64_t import = begin(&kit);
    assert_false(store_import_undo(kit.store, import, &gone, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_non_null(strstr(fail.message, "running"));
    end(&kit, import);
    assert_int_equal(undo(&kit, import).rows, 0); /* one of nothing */
    kit_done(&kit);
}

static void what_others_may_have_used_stays(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    bring(&kit, import, "m1", "Buy", "user=u1 email=e1");
    kit_send(&kit, "web", "w1", "Visit", "email=e1"); /* is u1's, by what the import said */
    end(&kit, import);
    undo(&kit, import);
    assert_int_equal(kit_rows(&kit, "email:e1"), 1);
    assert_string_equal(kit_id(&kit, "email:e1"), "u1");
    kit_verify(&kit);
    /* Once that goes as well, nobody is left, nor found. */
    kit_done(&kit);
}

static void the_last_import_of_a_customer_takes_what_an_earlier_one_left(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t first = begin(&kit);
    bring(&kit, first, "m1", "Buy", "user=u1 email=e1");
    end(&kit, first);
    uint64_t second = begin(&kit);
    bring(&kit, second, "m2", "Buy", "user=u1 anonymous=a1");
    end(&kit, second);
    undo(&kit, first);
    assert_int_equal(kit_rows(&kit, "u1"), 1);
    undo(&kit, second);
    assert_int_equal(kit_rows(&kit, "u1"), -1);
    assert_int_equal(kit_rows(&kit, "email:e1"), -1);
    assert_int_equal(kit_rows(&kit, "a1"), -1);
    kit_verify(&kit);
    kit_done(&kit);
}

static void readers_keep_what_they_hold_and_leases_end(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    bring(&kit, import, "m1", "Buy", "user=u1");
    end(&kit, import);
    struct store_snapshot *held = store_snapshot_take(kit.store);
    store_lease_put(kit.store, held, 5);
    undo(&kit, import);
    assert_null(store_lease_find(kit.store, 5));
    assert_int_equal(store_snapshot_events(held), 1);
    uint32_t customer;
    struct store_timeline_row *rows;
    size_t count;
    struct store_timeline_options options = {0};
    store_customer_lookup(held, STR("u1"), &customer);
    OK(store_timeline_read(held, customer, &options, kit.arena, &rows, &count, &fail));
    assert_int_equal(count, 1);
    struct store_snapshot *now = store_snapshot_take(kit.store);
    assert_true(store_snapshot_number(now) > store_snapshot_number(held));
    assert_int_equal(store_snapshot_events(now), 0);
    store_snapshot_unref(now);
    store_snapshot_unref(held);
    kit_done(&kit);
}

/* ---- as one that never saw it --------------------------------------------------------------------------- */

#define USERS 12U

/* All that can be asked, as text. */
static struct str told(struct kit *kit)
{
    struct base_buf out = {0};
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    base_buf_printf(&out, "%d events of %d customers\n", (int)store_snapshot_events(snapshot),
                    (int)store_snapshot_customers(snapshot));
    struct store_name *names;
    size_t count;
    OK(store_names(snapshot, STORE_NAME_EVENT, (struct str){0}, kit->arena, &names, &count, &fail));
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(&out, "%.*s %d\n", STR_ARG(names[i].name), (int)names[i].rows);
    }
    const struct store_accounts *accounts;
    OK(store_accounts_of(snapshot, &accounts, &fail));
    for (uint32_t i = 0; i < accounts->count; i++) {
        base_buf_printf(&out, "account %.*s of %d\n", STR_ARG(accounts->at[i].id),
                        (int)accounts->at[i].member_count);
    }
    store_snapshot_unref(snapshot);
    static const char *const kinds[] = {"user:u", "anonymous:a", "email:e"};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        for (unsigned n = 0; n < 2 * USERS; n++) {
            const char *who = str_copy_c(kit->arena, str_format(kit->arena, "%s%u", kinds[k], n));
            int rows = kit_rows(kit, who);
            if (rows >= 0) {
                base_buf_printf(&out, "%s is %s: %s; %s; %d rows\n", who, kit_id(kit, who),
                                kit_identifiers(kit, who), kit_joins(kit, who), rows);
            }
        }
    }
    struct str text = str_copy(kit->arena, base_buf_view(&out));
    base_buf_done(&out);
    return text;
}

struct script {
    struct kit with, without;
    struct base_random_seeded random;
    uint64_t first, second; /* imports; the first is taken back */
    unsigned messages;
};

static uint64_t dice(struct script *script, uint64_t sides)
{
    return base_random_below(&script->random.random, sides);
}

/* The same to both, but what is of the first import to one only. */
static void tell(struct script *script, int whose, const char *ids, const char *event)
{
    struct arena *arena = script->with.arena;
    const char *message = str_copy_c(arena, str_format(arena, "m%u", script->messages++));
    struct kit *kits[] = {&script->with, &script->without};
    for (size_t k = 0; k < 2; k++) {
        struct store_item item =
            kit_item(kits[k], whose == 0 ? "web" : "file", message, event, ids);
        item.from_import = whose != 0;
        item.import = whose == 0 ? 0 : whose == 1 ? script->first : script->second;
        if (k == 0 || whose != 1) {
            assert_int_equal(kit_submit(kits[k], &item), STORE_STORED);
        }
    }
}

static const char *ids_of(struct script *script, int whose)
{
    struct arena *arena = script->with.arena;
    unsigned n = (unsigned)dice(script, USERS);
    /* The first import may join what is known, and brings people of its own; the others never say again what only it
       said, for then they would have said it themselves. */
    if (whose == 1) {
        switch (dice(script, 4)) {
        case 0:
            return str_copy_c(arena, str_format(arena, "user=u%u anonymous=a%u", n, n));
        case 1:
            return str_copy_c(arena, str_format(arena, "user=u%u email=e%u account=firm%u",
                                                USERS + n, USERS + n, n % 3));
        case 2:
            return str_copy_c(arena, str_format(arena, "anonymous=a%u", USERS + n));
        default:
            return str_copy_c(arena, str_format(arena, "user=u%u", n));
        }
    }
    return str_copy_c(arena, dice(script, 3) == 0 ? str_format(arena, "anonymous=a%u", n)
                                                  : str_format(arena,
                                                               "user=u%u email=e%u "
                                                               "account=inc%u",
                                                               n, n, n % 4));
}

static void script_init(struct script *script, uint64_t seed)
{
    *script = (struct script){.first = 0};
    base_random_seed(&script->random, seed);
    kit_init(&script->with);
    kit_init(&script->without);
    struct arena *arena = script->with.arena;
    for (unsigned n = 0; n < USERS; n++) { /* all are known beforehand, each by itself */
        tell(script, 0, str_copy_c(arena, str_format(arena, "anonymous=a%u", n)), "Visit");
        tell(script, 0,
             str_copy_c(arena, str_format(arena, "user=u%u email=e%u account=inc%u", n, n, n % 4)),
             "Visit");
    }
    script->first = begin(&script->with);
    uint64_t same = begin(&script->without);
    assert_int_equal(script->first, same);
    script->second = begin(&script->with);
    assert_int_equal(begin(&script->without), script->second);
}

static void script_done(struct script *script)
{
    kit_done(&script->with);
    kit_done(&script->without);
}

static void play(struct script *script, size_t steps)
{
    static const char *const events[] = {"Buy", "Visit", "feedback", "Only there"};
    for (size_t i = 0; i < steps; i++) {
        int whose = (int)dice(script, 3);
        tell(script, whose, ids_of(script, whose), events[dice(script, whose == 1 ? 4 : 3)]);
        switch (dice(script, 25)) {
        case 0:
            kit_seal(&script->with);
            break;
        case 1:
            kit_merge(&script->with);
            break;
        default:
            break;
        }
    }
    end(&script->with, script->first);
    end(&script->with, script->second);
    end(&script->without, script->second);
    for (uint64_t i = dice(script, 6); i > 0; i--) { /* life goes on before it is taken back */
        tell(script, 0, ids_of(script, 0), "Visit");
    }
}

static void same(struct script *script, uint64_t seed, const char *when)
{
    struct str with = told(&script->with);
    struct str without = told(&script->without);
    if (!str_equal(with, without)) {
        fail_msg("seed %d, %s:\n%.*s\nnever saw it:\n%.*s", (int)seed, when, STR_ARG(with),
                 STR_ARG(without));
    }
}

static void a_store_without_the_import_is_as_one_that_never_saw_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct script script;
        script_init(&script, seed);
        play(&script, 60);
        undo(&script.with, script.first);
        same(&script, seed, "at once");
        kit_power_cut(&script.with, seed);
        same(&script, seed, "after a power cut");
        for (int i = 0; i < 10; i++) {
            tell(&script, 0, ids_of(&script, 0), "Visit");
        }
        same(&script, seed, "later");
        kit_seal(&script.with);
        kit_merge(&script.with);
        same(&script, seed, "merged");
        kit_verify(&script.with);
        same(&script, seed, "opened again");
        script_done(&script);
    }
}

/* ---- faults ---------------------------------------------------------------------------------------------- */

static void undo_with_fault(uint64_t seed, uint64_t at, enum disk_sim_fault_kind kind,
                            bool *out_happened)
{
    struct script script;
    struct store_import_gone gone;
    script_init(&script, seed);
    play(&script, 40);
    struct str before = told(&script.with);
    struct str after = told(&script.without);
    struct disk_sim_fault fault = {.at = at, .kind = kind};
    disk_sim_fail(script.with.sim, &fault);
    bool ok = store_import_undo(script.with.store, script.first, &gone, &fail);
    *out_happened = disk_sim_fault_happened(script.with.sim);
    if (ok) {
        assert_true(str_equal(told(&script.with), after));
    } else {
        assert_true(*out_happened);
        assert_true(str_equal(told(&script.with), before));
    }
    struct store_status status;
    store_status_read(script.with.store, &status);
    if (kind == DISK_SIM_ENOSPC && !ok && !status.read_only_after_failure) {
        /* The store goes on, and the next try takes it back. */
        disk_sim_fail(script.with.sim, NULL);
        undo(&script.with, script.first);
        assert_true(str_equal(told(&script.with), after));
        ok = true;
    }
    kit_power_cut(&script.with, seed * 1000 + at);
    struct str now = told(&script.with);
    assert_true(str_equal(now, after) || (!ok && str_equal(now, before)));
    bool taken = look(&script.with, script.first).state == STORE_IMPORT_TAKEN_BACK;
    assert_int_equal(taken, str_equal(now, after));
    if (!taken) {
        undo(&script.with, script.first);
    }
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
            undo_with_fault(f + 1, at, faults[f].kind, &happened);
        }
    }
}

static void a_power_cut_during_an_import_keeps_its_list_and_its_rows_together(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 60; at++) {
        struct kit kit;
        uint64_t import;
        kit_init(&kit);
        struct disk_sim_fault fault = {.at = at, .kind = DISK_SIM_OFF};
        disk_sim_fail(kit.sim, &fault);
        if (store_import_begin(kit.store, STR("file"), STR("f"), &import, &fail)) {
            for (int i = 0; i < 6; i++) {
                struct store_item item =
                    kit_item(&kit, "file", str_copy_c(kit.arena, str_format(kit.arena, "m%d", i)),
                             "Buy", "user=u1");
                item.import = import;
                if (!store_submit(kit.store, &item, 1, &fail) ||
                    (i == 3 && !store_seal(kit.store, &fail))) {
                    break;
                }
            }
        }
        kit_power_cut(&kit, at);
        struct store_import *list;
        size_t count;
        OK(store_import_list(kit.store, kit.arena, &list, &count, &fail));
        struct store_snapshot *snapshot = store_snapshot_take(kit.store);
        uint64_t rows = store_snapshot_events(snapshot);
        store_snapshot_unref(snapshot);
        assert_int_equal(rows, count == 0 ? 0 : list[0].stored);
        if (count > 0) {
            assert_int_equal(undo(&kit, list[0].number).rows, rows);
            assert_int_equal(kit_customers(&kit), 0);
        }
        kit_verify(&kit);
        kit_done(&kit);
    }
}

/* ---- beside others ------------------------------------------------------------------------------------------ */

struct sender {
    struct store *store;
    _Atomic bool stop;
    _Atomic uint64_t sent;
};

static void send_until_told(void *context)
{
    struct sender *sender = context;
    struct fail own;
    for (uint64_t n = 0; !atomic_load(&sender->stop); n++) {
        char user[32];
        char message[32];
        snprintf(user, sizeof user, "live%d", (int)(n % 50));
        snprintf(message, sizeof message, "live-%d", (int)n);
        const struct store_identifier id = {STR("user"), str_from_c(user)};
        struct store_item item = {
            .event = {.source = STR("web"),
                      .message_id = str_from_c(message),
                      .event = STR("Live"),
                      .ts_ms = KIT_START_MS,
                      .received_at_ms = KIT_START_MS,
                      .client_ts_ms = STORE_NO_TIME,
                      .sent_at_ms = STORE_NO_TIME,
                      .identifiers = &id,
                      .identifier_count = 1},
            .verdict = STORE_STORED,
        };
        if (store_submit(sender->store, &item, 1, &own)) {
            atomic_fetch_add(&sender->sent, 1);
        }
    }
}

#define SEALED_ABOVE 256U

/* Were nothing sealed while an import is taken back, only twice SEALED_ABOVE rows could come in. */
static void what_others_send_meanwhile_stays(void **state)
{
    (void)state;
    struct kit kit;
    struct base_thread thread;
    uint64_t most = 0;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.no_keeper = false;
    kit.options.fresh_rows_max = SEALED_ABOVE; /* seals and merges all the time */
    kit_open(&kit);
    struct sender sender = {.store = kit.store};
    OK(base_thread_start(&thread, "sender", send_until_told, &sender, &fail));
    for (int round = 0; round < 200 && (round < 6 || most <= 3U * SEALED_ABOVE); round++) {
        uint64_t import = begin(&kit);
        for (int i = 0; i < 300; i++) {
            const char *message = str_copy_c(kit.arena, str_format(kit.arena, "m%d", i));
            const char *ids =
                str_copy_c(kit.arena, str_format(kit.arena, "user=%s%d anonymous=a%d",
                                                 i % 2 == 0 ? "live" : "own", i % 50, i % 50));
            assert_int_equal(bring(&kit, import, message, "Buy", ids), STORE_STORED);
        }
        end(&kit, import);
        uint64_t before = atomic_load(&sender.sent);
        assert_int_equal(undo(&kit, import).rows, 300);
        uint64_t came = atomic_load(&sender.sent) - before;
        most = came > most ? came : most;
    }
    assert_true(most > 3U * SEALED_ABOVE);
    atomic_store(&sender.stop, true);
    base_thread_join(&thread);
    struct store_snapshot *snapshot = store_snapshot_take(kit.store);
    assert_int_equal(store_snapshot_events(snapshot), atomic_load(&sender.sent));
    store_snapshot_unref(snapshot);
    assert_int_equal(kit_rows(&kit, "own1"), -1);
    kit.options.no_keeper = true;
    kit_verify(&kit);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_are_listed_with_their_ledgers_whatever_happens_between),
        cmocka_unit_test(what_names_an_import_that_does_not_run_is_refused),
        cmocka_unit_test(an_import_needs_a_source_and_a_name_that_is_not_too_long),
        cmocka_unit_test(the_oldest_falls_off_a_full_list),
        cmocka_unit_test(all_of_an_import_goes_and_nothing_else),
        cmocka_unit_test(the_same_file_is_stored_again_afterwards),
        cmocka_unit_test(what_may_not_be_taken_back_says_why),
        cmocka_unit_test(what_others_may_have_used_stays),
        cmocka_unit_test(the_last_import_of_a_customer_takes_what_an_earlier_one_left),
        cmocka_unit_test(readers_keep_what_they_hold_and_leases_end),
        cmocka_unit_test(a_store_without_the_import_is_as_one_that_never_saw_it),
        cmocka_unit_test(a_fault_at_any_write_leaves_all_or_nothing),
        cmocka_unit_test(what_others_send_meanwhile_stays),
        cmocka_unit_test(a_power_cut_during_an_import_keeps_its_list_and_its_rows_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
