#include "store_kit.h"

static struct fail kit_fail;

#define OK(expression)                                                                             \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            fail_msg("%s: %s", fail_code_name(kit_fail.code), kit_fail.message);                   \
        }                                                                                          \
    } while (0)

void kit_open(struct kit *kit)
{
    OK(store_open(disk_sim_disk(kit->sim), &kit->options, &kit->store, &kit_fail));
}

void kit_close(struct kit *kit)
{
    store_close(kit->store);
    kit->store = NULL;
}

void kit_init(struct kit *kit)
{
    *kit = (struct kit){0};
    kit->sim = disk_sim_new(1);
    base_clock_test_init(&kit->clock, KIT_START_MS);
    kit->options.clock = &kit->clock.clock;
    kit->options.no_keeper = true;
    kit->arena = arena_new(NULL);
    kit_open(kit);
}

void kit_done(struct kit *kit)
{
    kit_close(kit);
    disk_sim_free(kit->sim);
    arena_free(kit->arena);
}

void kit_reopen(struct kit *kit)
{
    kit_close(kit);
    kit_open(kit);
}

void kit_power_cut(struct kit *kit, uint64_t seed)
{
    struct disk_sim *after = disk_sim_cut(kit->sim, seed);
    kit_close(kit);
    disk_sim_free(kit->sim);
    kit->sim = after;
    kit_open(kit);
}

void kit_seal(struct kit *kit)
{
    OK(store_seal(kit->store, &kit_fail));
}

void kit_merge(struct kit *kit)
{
    OK(store_merge(kit->store, false, &kit_fail));
}

void kit_step(struct kit *kit)
{
    kit->steps++;
    switch (kit->between) {
    case KIT_REOPEN:
        kit_reopen(kit);
        break;
    case KIT_POWER_CUT:
        kit_power_cut(kit, kit->steps);
        break;
    case KIT_SEAL:
        kit_seal(kit);
        break;
    case KIT_SEAL_REOPEN:
        kit_seal(kit);
        kit_reopen(kit);
        break;
    case KIT_SEAL_MERGE:
        kit_seal(kit);
        kit_merge(kit);
        break;
    case KIT_NOTHING:
    case KIT_BETWEENS:
        break;
    }
}

static void problem(void *context, const char *path, const char *what)
{
    (void)context;
    print_error("%s: %s\n", path, what);
}

void kit_verify(struct kit *kit)
{
    struct store_verify_result result;
    kit_close(kit);
    OK(store_verify(disk_sim_disk(kit->sim), problem, NULL, &result, &kit_fail));
    assert_int_equal(result.problems, 0);
    kit_open(kit);
}

/* ---- items ----------------------------------------------------------------------------------------- */

static void parse_ids(struct kit *kit, const char *ids, struct store_event *event)
{
    struct store_identifier *out = arena_array(kit->arena, 16, sizeof *out, &kit_fail);
    struct str rest = str_copy(kit->arena, str_from_c(ids));
    struct str part;
    assert_non_null(out);
    while (rest.len > 0 && str_next_part(&rest, ' ', &part)) {
        size_t equals = str_find_byte(part, '=');
        assert_true(equals < part.len && event->identifier_count < 16);
        out[event->identifier_count++] =
            (struct store_identifier){str_of(part.data, equals), str_after(part, equals + 1)};
    }
    event->identifiers = out;
}

struct store_item kit_item(struct kit *kit, const char *source, const char *message_id,
                           const char *event, const char *ids)
{
    base_clock_test_step(&kit->clock, 1000);
    int64_t now_ms = base_now_ms(&kit->clock.clock);
    struct store_item item = {
        .event =
            {
                .source = str_from_c(source),
                .message_id = str_from_c(message_id),
                .event = str_from_c(event),
                .ts_ms = now_ms,
                .received_at_ms = now_ms,
                .client_ts_ms = STORE_NO_TIME,
                .sent_at_ms = STORE_NO_TIME,
            },
        .verdict = STORE_STORED,
        .raw = str_format(kit->arena, "{%s %s}", event, ids),
    };
    parse_ids(kit, ids, &item.event);
    return item;
}

struct store_item kit_alias(struct kit *kit, const char *previous, const char *ids, bool may)
{
    struct store_item item = kit_item(kit, "web", NULL, "alias", ids);
    item.previous_id = str_from_c(previous);
    item.may_join_users = may;
    return item;
}

enum store_verdict kit_submit(struct kit *kit, struct store_item *item)
{
    OK(store_submit(kit->store, item, 1, &kit_fail));
    enum store_verdict verdict = item->verdict;
    kit_step(kit);
    return verdict;
}

enum store_verdict kit_send(struct kit *kit, const char *source, const char *message_id,
                            const char *event, const char *ids)
{
    struct store_item item = kit_item(kit, source, message_id, event, ids);
    return kit_submit(kit, &item);
}

/* ---- looking ----------------------------------------------------------------------------------------- */

uint32_t kit_find(struct kit *kit, const char *text)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(text), &customer);
    store_snapshot_unref(snapshot);
    return customer;
}

const char *kit_id(struct kit *kit, const char *text)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(text), &customer);
    assert_int_not_equal(customer, STORE_NO_CUSTOMER);
    const char *id = str_copy_c(kit->arena, store_customer_id(snapshot, customer, kit->arena));
    store_snapshot_unref(snapshot);
    return id;
}

int kit_rows(struct kit *kit, const char *text)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    struct store_timeline_options options = {0};
    struct store_timeline_row *rows;
    size_t count = 0;
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(text), &customer);
    if (customer != STORE_NO_CUSTOMER) {
        OK(store_timeline_read(snapshot, customer, &options, kit->arena, &rows, &count, &kit_fail));
    }
    store_snapshot_unref(snapshot);
    return customer == STORE_NO_CUSTOMER ? -1 : (int)count;
}

int kit_customers(struct kit *kit)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    int customers = (int)store_snapshot_customers(snapshot);
    store_snapshot_unref(snapshot);
    return customers;
}

const char *kit_identifiers(struct kit *kit, const char *text)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    struct store_identifier *ids;
    size_t count;
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(text), &customer);
    OK(store_customer_identifiers(snapshot, customer, kit->arena, &ids, &count, &kit_fail));
    struct str out = STR("");
    for (size_t i = 0; i < count; i++) {
        out = str_format(kit->arena, "%.*s%s%.*s=%.*s", STR_ARG(out), i == 0 ? "" : " ",
                         STR_ARG(ids[i].kind), STR_ARG(ids[i].value));
    }
    store_snapshot_unref(snapshot);
    return str_copy_c(kit->arena, out);
}

const char *kit_joins(struct kit *kit, const char *text)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    struct store_join *joins;
    size_t count;
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(text), &customer);
    OK(store_customer_joins(snapshot, customer, kit->arena, &joins, &count, &kit_fail));
    struct str out = STR("");
    for (size_t i = 0; i < count; i++) {
        out = str_format(kit->arena, "%.*s%s%.*s", STR_ARG(out), i == 0 ? "" : " ",
                         STR_ARG(joins[i].id));
    }
    store_snapshot_unref(snapshot);
    return str_copy_c(kit->arena, out);
}

struct store_ledger kit_ledger(struct kit *kit)
{
    struct store_ledger ledger;
    OK(store_ledger_read(kit->store, kit->arena, &ledger, &kit_fail));
    uint64_t sum = 0;
    for (size_t i = 0; i < ledger.source_count; i++) {
        const struct store_ledger_line *line = &ledger.sources[i];
        assert_int_equal(line->received,
                         line->stored + line->duplicate + line->quarantined + line->refused);
        sum += line->received;
    }
    assert_int_equal(ledger.total.received, sum);
    return ledger;
}
