/* All that a question could show of a store, as one number: equal stores have equal digests. */
#include "store_world.h"

struct digest {
    struct base_hasher *hasher;
    struct arena *arena;
};

static void add_number(struct digest *digest, uint64_t number)
{
    base_hasher_add(digest->hasher, &number, sizeof number);
}

static void add_str(struct digest *digest, struct str text)
{
    add_number(digest, text.data == NULL ? UINT64_MAX : text.len);
    if (text.len > 0) {
        base_hasher_add(digest->hasher, text.data, text.len);
    }
}

/* The order of an event's fields is the store's business. */
static uint64_t fields_sum(const struct store_field *fields, size_t count)
{
    uint64_t sum = count;
    for (size_t i = 0; i < count; i++) {
        struct store_value value = fields[i].value;
        uint64_t hash = base_hash_str(fields[i].name) * 31 + value.kind;
        sum += value.kind == STORE_STRING ? base_hash64(value.s, value.len, hash)
                                          : base_hash64(&value.u, sizeof value.u, hash);
    }
    return sum;
}

static void add_event(struct digest *digest, const struct store_event *event)
{
    add_str(digest, event->source);
    add_str(digest, event->message_id);
    add_str(digest, event->event);
    add_str(digest, event->channel);
    add_str(digest, event->text);
    add_number(digest, (uint64_t)event->ts_ms);
    add_number(digest, (uint64_t)event->received_at_ms);
    add_number(digest, (uint64_t)event->client_ts_ms);
    add_number(digest, (uint64_t)event->sent_at_ms);
    add_number(digest, fields_sum(event->properties, event->property_count));
    add_number(digest, fields_sum(event->traits, event->trait_count));
}

static bool add_rows(struct digest *digest, struct store_snapshot *snapshot, struct fail *fail)
{
    struct store_walk *walk;
    const struct store_walk_row *rows;
    size_t count;
    const struct store_walk_options options = {0};
    if (!store_walk_new(snapshot, &options, NULL, &walk, fail)) {
        return false;
    }
    bool ok;
    do {
        count = 0;
        ok = store_walk_next(walk, &rows, &count, fail);
        for (size_t i = 0; ok && i < count; i++) {
            add_number(digest, rows[i].customer);
            add_number(digest, rows[i].row.number);
            add_number(digest, rows[i].row.arrival);
            add_event(digest, &rows[i].row.event);
        }
    } while (ok && count > 0);
    store_walk_free(walk);
    return ok;
}

static bool add_customer(struct digest *digest, struct store_snapshot *snapshot, struct str text,
                         struct fail *fail)
{
    struct store_identifier *identifiers;
    struct store_join *joins;
    size_t count;
    uint32_t customer;
    store_customer_lookup(snapshot, text, &customer);
    add_number(digest, customer);
    if (customer == STORE_NO_CUSTOMER) {
        return true;
    }
    add_str(digest, store_customer_id(snapshot, customer, digest->arena));
    add_number(digest, store_customer_known(snapshot, customer));
    if (!store_customer_identifiers(snapshot, customer, digest->arena, &identifiers, &count,
                                    fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        add_str(digest, identifiers[i].kind);
        add_str(digest, identifiers[i].value);
    }
    if (!store_customer_joins(snapshot, customer, digest->arena, &joins, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        add_str(digest, joins[i].id);
        add_number(digest, (uint64_t)joins[i].joined_at_ms);
    }
    return true;
}

/* And fails where it does not add up. */
static bool add_ledger(struct digest *digest, struct store *store, struct fail *fail)
{
    struct store_ledger ledger;
    if (!store_ledger_read(store, digest->arena, &ledger, fail)) {
        return false;
    }
    for (size_t i = 0; i <= ledger.source_count; i++) {
        const struct store_ledger_line *line =
            i == ledger.source_count ? &ledger.total : &ledger.sources[i];
        assert_int_equal(line->received,
                         line->stored + line->duplicate + line->quarantined + line->refused);
        add_number(digest, line->received);
        add_number(digest, line->stored);
        add_number(digest, line->duplicate);
        add_number(digest, line->quarantined);
        add_number(digest, (uint64_t)line->last_received_ms);
    }
    return true;
}

static bool add_quarantine(struct digest *digest, struct store *store, struct fail *fail)
{
    const struct store_quarantine_filter any = {.limit = 10000};
    struct store_quarantine_row *rows;
    size_t count;
    uint64_t total;
    if (!store_quarantine_list(store, &any, digest->arena, &rows, &count, &total, fail)) {
        return false;
    }
    add_number(digest, total);
    for (size_t i = 0; i < count; i++) {
        add_number(digest, rows[i].id);
        add_str(digest, rows[i].source);
        add_str(digest, rows[i].reason);
        add_str(digest, rows[i].field);
        add_str(digest, rows[i].way);
        add_str(digest, rows[i].raw);
    }
    return true;
}

static bool add_customers(struct digest *digest, struct store_snapshot *snapshot, struct fail *fail)
{
    static const char *const prefixes[] = {"user:u", "anonymous:a", "email:e", "ext.crm:x"};
    for (size_t p = 0; p < ARRAY_LEN(prefixes); p++) {
        for (unsigned i = 0; i < WORLD_POOL; i++) {
            if (!add_customer(digest, snapshot, str_format(digest->arena, "%s%u", prefixes[p], i),
                              fail)) {
                return false;
            }
        }
    }
    return true;
}

bool world_try_digest(struct store *store, struct base_hash128 *out, struct fail *fail)
{
    struct digest digest = {.hasher = base_hasher_new(0), .arena = arena_new(NULL)};
    struct store_snapshot *snapshot = store_snapshot_take(store);
    add_number(&digest, store_snapshot_events(snapshot));
    add_number(&digest, store_snapshot_customers(snapshot));
    bool ok = add_ledger(&digest, store, fail) && add_quarantine(&digest, store, fail) &&
              add_rows(&digest, snapshot, fail) && add_customers(&digest, snapshot, fail);
    store_snapshot_unref(snapshot);
    *out = base_hasher_end(digest.hasher);
    base_hasher_free(digest.hasher);
    arena_free(digest.arena);
    return ok;
}

struct base_hash128 world_digest(struct store *store)
{
    struct base_hash128 digest;
    struct fail fail;
    if (!world_try_digest(store, &digest, &fail)) {
        fail_msg("%s", fail.message);
    }
    return digest;
}

bool world_digests_equal(struct base_hash128 a, struct base_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}
