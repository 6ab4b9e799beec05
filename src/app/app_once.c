/* Traits that are set once: the first value stays. Who has none of that name is decided here, before the store sees
 * the event, from all that is stored by then. Two requests about one person must not both find nothing: whoever
 * decides about an id holds its stripe of locks until the event is durable, and with it seen by whoever comes next.
 * docs/decisions/0007-set-once.md has what else was thought of. */
#include <stdlib.h>

#include "app_internal.h"
#include "base_hash.h"
#include "store_map.h"

enum { SET = 1, REMOVED = 0 };

/* What was found set stays so until a trait is removed somewhere: then all is looked up anew. A slot holds the hash
   of a customer and of a list of names, all of which it has; a library sends the same list again and again. */
#define REMEMBERED ((size_t)1 << 18) /* 2 MB, from the first such event on */
struct app_once_memory {
    struct base_mutex lock; /* guards the rest */
    uint64_t *slots;        /* NULL: nothing yet */
    uint64_t generation;    /* grows with every removal */
};

struct person {    /* one id of the batch */
    uint64_t hash; /* of the id: who is whom is decided without its kind */
    uint32_t
        up; /* another id of the same person, nearer to the one that stands for all; itself: that one */
    uint32_t root; /* the customer, where there is one */
    bool known;    /* that customer is a user */
    bool wanted;   /* of one that stands for all: what it has must be read */
};

struct once {
    struct app *app;
    struct arena *arena;
    struct fail *fail;
    struct store_item *items;
    size_t count;
    struct person *persons; /* by hash */
    size_t person_count;
    uint64_t stripes;
    struct store_snapshot *snapshot;
    struct store_map names; /* (person, name of a trait) to SET or REMOVED */
    uint64_t generation;    /* of the memory, when this began */
    bool *remembered;       /* by item: all that it sets once is set */
};

/* ---- what is remembered ------------------------------------------------------------------------------- */

struct app_once_memory *app_once_memory_new(void)
{
    struct app_once_memory *memory = base_alloc_zero(sizeof *memory);
    base_mutex_init(&memory->lock);
    return memory;
}

void app_once_memory_free(struct app_once_memory *memory)
{
    if (memory != NULL) {
        base_mutex_done(&memory->lock);
        base_free(memory->slots);
        base_free(memory);
    }
}

void app_once_forget(struct app_once_memory *memory)
{
    base_lock(&memory->lock);
    memory->generation++;
    base_unlock(&memory->lock);
}

static uint64_t generation_of(struct app_once_memory *memory)
{
    base_lock(&memory->lock);
    uint64_t generation = memory->generation;
    base_unlock(&memory->lock);
    return generation;
}

/* The generation is part of it: a new one empties all slots. Never 0, which is an empty slot. */
static uint64_t slot_key(const struct once *once, uint32_t root, const struct store_item *item)
{
    uint64_t parts[3] = {once->generation, root, item->once_count};
    uint64_t key = base_hash64(parts, sizeof parts, 3);
    for (size_t i = 0; i < item->once_count; i++) {
        key = base_hash64(item->once[i].name.data, item->once[i].name.len, key);
    }
    return key | 1U;
}

static bool remembers(struct once *once, uint32_t root, const struct store_item *item)
{
    struct app_once_memory *memory = once->app->once_memory;
    uint64_t key = slot_key(once, root, item);
    base_lock(&memory->lock);
    bool found = memory->slots != NULL && memory->slots[(key >> 1) % REMEMBERED] == key;
    base_unlock(&memory->lock);
    return found;
}

static void remember(struct once *once, uint32_t root, const struct store_item *item)
{
    struct app_once_memory *memory = once->app->once_memory;
    uint64_t key = slot_key(once, root, item);
    base_lock(&memory->lock);
    if (memory->slots == NULL) {
        memory->slots = base_alloc_zero(sizeof *memory->slots * REMEMBERED);
    }
    if (memory->generation == once->generation) {
        memory->slots[(key >> 1) % REMEMBERED] = key;
    }
    base_unlock(&memory->lock);
}

/* ---- who is who ---------------------------------------------------------------------------------------- */

static bool is_id(const struct store_identifier *id)
{
    return id->value.len > 0 && (str_is(id->kind, "user") || str_is(id->kind, "anonymous"));
}

/* Items without traits and with one id change nothing about what is set. */
static bool matters(const struct store_item *item)
{
    return item->verdict == STORE_STORED && (item->once_count > 0 || item->event.trait_count > 0 ||
                                             item->event.identifier_count > 1);
}

static int by_hash(const void *a, const void *b)
{
    const struct person *x = a;
    const struct person *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static bool collect(struct once *once)
{
    size_t most = 0;
    for (size_t i = 0; i < once->count; i++) {
        most += matters(&once->items[i]) ? once->items[i].event.identifier_count : 0;
    }
    once->persons = arena_array(once->arena, most, sizeof *once->persons, once->fail);
    if (once->persons == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < once->count; i++) {
        const struct store_event *event = &once->items[i].event;
        for (size_t j = 0; matters(&once->items[i]) && j < event->identifier_count; j++) {
            if (is_id(&event->identifiers[j])) {
                once->persons[count++].hash = base_hash_str(event->identifiers[j].value);
            }
        }
    }
    if (count > 1) {
        qsort(once->persons, count, sizeof *once->persons, by_hash);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || once->persons[i].hash != once->persons[once->person_count - 1].hash) {
            once->persons[once->person_count++].hash = once->persons[i].hash;
        }
    }
    for (size_t i = 0; i < once->person_count; i++) {
        once->persons[i].up = (uint32_t)i;
        once->persons[i].root = STORE_NO_CUSTOMER;
    }
    return true;
}

static uint32_t person_of(const struct once *once, const struct store_identifier *id)
{
    struct person key = {.hash = base_hash_str(id->value)};
    const struct person *found =
        bsearch(&key, once->persons, once->person_count, sizeof key, by_hash);
    INVARIANT(found != NULL);
    return (uint32_t)(found - once->persons);
}

static uint32_t top_of(struct once *once, uint32_t person)
{
    struct person *persons = once->persons;
    while (persons[person].up != person) {
        persons[person].up = persons[persons[person].up].up;
        person = persons[person].up;
    }
    return person;
}

static void unite(struct once *once, uint32_t a, uint32_t b)
{
    uint32_t x = top_of(once, a);
    uint32_t y = top_of(once, b);
    once->persons[x > y ? x : y].up = x > y ? y : x;
}

static uint32_t root_of(const struct store_snapshot *snapshot, struct str value)
{
    static const char *const kinds[] = {"user", "anonymous"};
    uint32_t root = STORE_NO_CUSTOMER;
    for (size_t i = 0; i < ARRAY_LEN(kinds) && root == STORE_NO_CUSTOMER; i++) {
        struct store_identifier id = {str_from_c(kinds[i]), value};
        store_customer_find(snapshot, id, &root);
    }
    return root;
}

static void find_roots(struct once *once, const struct store_snapshot *snapshot)
{
    for (size_t i = 0; i < once->count; i++) {
        const struct store_event *event = &once->items[i].event;
        for (size_t j = 0; matters(&once->items[i]) && j < event->identifier_count; j++) {
            if (is_id(&event->identifiers[j])) {
                struct person *person = &once->persons[person_of(once, &event->identifiers[j])];
                person->root = root_of(snapshot, event->identifiers[j].value);
                person->known = person->root != STORE_NO_CUSTOMER &&
                                store_customer_known(snapshot, person->root);
            }
        }
    }
}

static uint64_t stripe(uint64_t hash)
{
    return UINT64_C(1) << (hash % APP_ONCE_STRIPES);
}

/* Those of every id that has something to be set once, and of who it belongs to by now. */
static void find_stripes(struct once *once)
{
    struct store_snapshot *snapshot = store_snapshot_take(once->app->store);
    find_roots(once, snapshot);
    store_snapshot_unref(snapshot);
    for (size_t i = 0; i < once->count; i++) {
        const struct store_event *event = &once->items[i].event;
        bool decides = matters(&once->items[i]) && once->items[i].once_count > 0;
        for (size_t j = 0; decides && j < event->identifier_count; j++) {
            if (is_id(&event->identifiers[j])) {
                const struct person *person =
                    &once->persons[person_of(once, &event->identifiers[j])];
                once->stripes |= stripe(person->hash);
                if (person->root != STORE_NO_CUSTOMER) {
                    once->stripes |= stripe(base_hash64(&person->root, sizeof person->root, 1));
                }
            }
        }
    }
}

/* In one order always, so that two batches never wait for each other. */
static void lock_stripes(struct once *once)
{
    for (unsigned i = 0; i < APP_ONCE_STRIPES; i++) {
        if ((once->stripes >> i & 1U) != 0) {
            base_lock(&once->app->once_locks[i]);
        }
    }
}

static void unlock_stripes(struct once *once)
{
    for (unsigned i = APP_ONCE_STRIPES; i-- > 0;) {
        if ((once->stripes >> i & 1U) != 0) {
            base_unlock(&once->app->once_locks[i]);
        }
    }
}

static int by_root(const void *a, const void *b)
{
    const struct person *x = *(struct person *const *)a;
    const struct person *y = *(struct person *const *)b;
    return (x->root > y->root) - (x->root < y->root);
}

/* Does an item that names two ids make them one? As the store's rules have it (store_judge_space.c). */
static bool joins(const struct once *once, const struct store_item *item,
                  const struct store_identifier *first, const struct store_identifier *other)
{
    const struct person *a = &once->persons[person_of(once, first)];
    const struct person *b = &once->persons[person_of(once, other)];
    if (a->known && b->known) {
        return a->root == b->root || item->may_join_users;
    }
    bool a_is_free = str_is(first->kind, "anonymous") && !a->known;
    return !b->known || a_is_free || !str_is(other->kind, "anonymous");
}

static const struct store_identifier *first_id(const struct store_item *item)
{
    for (size_t i = 0; i < item->event.identifier_count; i++) {
        if (is_id(&item->event.identifiers[i])) {
            return &item->event.identifiers[i];
        }
    }
    return NULL;
}

/* Ids of one customer, and those that an item of this batch joins, are one person: also before that item, since
   what is joined has one past. */
static bool unite_all(struct once *once)
{
    struct person **sorted =
        arena_array(once->arena, once->person_count, sizeof *sorted, once->fail);
    if (sorted == NULL) {
        return false;
    }
    for (size_t i = 0; i < once->person_count; i++) {
        sorted[i] = &once->persons[i];
    }
    if (once->person_count > 1) {
        qsort(sorted, once->person_count, sizeof *sorted, by_root);
    }
    for (size_t i = 1; i < once->person_count; i++) {
        if (sorted[i]->root != STORE_NO_CUSTOMER && sorted[i]->root == sorted[i - 1]->root) {
            unite(once, (uint32_t)(sorted[i] - once->persons),
                  (uint32_t)(sorted[i - 1] - once->persons));
        }
    }
    for (size_t i = 0; i < once->count; i++) {
        const struct store_event *event = &once->items[i].event;
        for (size_t j = 0; matters(&once->items[i]) && j < event->identifier_count; j++) {
            const struct store_identifier *first = first_id(&once->items[i]);
            if (is_id(&event->identifiers[j]) &&
                joins(once, &once->items[i], first, &event->identifiers[j])) {
                unite(once, person_of(once, first), person_of(once, &event->identifiers[j]));
            }
        }
    }
    return true;
}

static uint64_t key_of(uint32_t person, struct str name)
{
    return base_hash64(name.data, name.len, (uint64_t)person + 1);
}

static bool note(struct store_map *map, uint64_t key, uint32_t value, struct fail *fail)
{
    if (store_map_find(map, key) == STORE_MAP_NONE) {
        return store_map_put(map, key, value, fail);
    }
    store_map_set(map, key, value);
    return true;
}

/* Is all that each item sets once remembered as set? What the others' persons have must be read. */
static void find_wanted(struct once *once)
{
    for (size_t i = 0; i < once->count; i++) {
        const struct store_item *item = &once->items[i];
        const struct store_identifier *id = first_id(item);
        if (!matters(item) || item->once_count == 0 || id == NULL) {
            continue;
        }
        struct person *person = &once->persons[person_of(once, id)];
        once->remembered[i] =
            person->root != STORE_NO_CUSTOMER && remembers(once, person->root, item);
        if (!once->remembered[i]) {
            once->persons[top_of(once, person_of(once, id))].wanted = true;
        }
    }
}

/* The traits that each of them has by now, read once for each customer. */
static bool read_traits(struct once *once)
{
    struct store_map read = {0};
    bool good = true;
    for (size_t i = 0; good && i < once->person_count; i++) {
        uint32_t root = once->persons[i].root;
        struct store_field *traits;
        size_t count;
        bool wanted = once->persons[top_of(once, (uint32_t)i)].wanted;
        if (root == STORE_NO_CUSTOMER || !wanted ||
            store_map_find(&read, store_map_mix((uint64_t)root + 1)) == SET) {
            continue;
        }
        good =
            note(&read, store_map_mix((uint64_t)root + 1), SET, once->fail) &&
            store_customer_traits(once->snapshot, root, once->arena, &traits, &count, once->fail);
        for (size_t j = 0; good && j < count; j++) {
            good = note(&once->names, key_of(top_of(once, (uint32_t)i), traits[j].name), SET,
                        once->fail);
        }
    }
    store_map_done(&read);
    return good;
}

/* Moves into the item's traits what is to be set. */
static bool decide(struct once *once, struct store_item *item, bool remembered)
{
    const struct store_identifier *id = first_id(item);
    struct store_event *event = &item->event;
    if (id == NULL) {
        return true;
    }
    uint32_t person = top_of(once, person_of(once, id));
    for (size_t i = 0; i < event->trait_count; i++) {
        bool removes = event->traits[i].value.kind == STORE_NULL;
        if (!note(&once->names, key_of(person, event->traits[i].name), removes ? REMOVED : SET,
                  once->fail)) {
            return false;
        }
    }
    if (item->once_count == 0 || remembered) {
        return true;
    }
    struct store_field *traits =
        arena_array(once->arena, event->trait_count + item->once_count, sizeof *traits, once->fail);
    if (traits == NULL) {
        return false;
    }
    size_t count = 0;
    for (; count < event->trait_count; count++) {
        traits[count] = event->traits[count];
    }
    size_t first = count;
    for (size_t i = 0; i < item->once_count; i++) {
        if (store_map_find(&once->names, key_of(person, item->once[i].name)) != SET) {
            traits[count++] = item->once[i];
        }
    }
    /* Only now: several values of one name are set together. */
    for (size_t i = first; i < count; i++) {
        if (!note(&once->names, key_of(person, traits[i].name), SET, once->fail)) {
            return false;
        }
    }
    event->traits = traits;
    event->trait_count = count;
    return true;
}

static bool decide_all(struct once *once)
{
    find_roots(once, once->snapshot);
    if (!unite_all(once)) {
        return false;
    }
    find_wanted(once);
    if (!read_traits(once)) {
        return false;
    }
    for (size_t i = 0; i < once->count; i++) {
        if (matters(&once->items[i]) && !decide(once, &once->items[i], once->remembered[i])) {
            return false;
        }
    }
    return true;
}

/* All that a stored item would set once is set now, whoever set it. */
static void remember_all(struct once *once)
{
    struct store_snapshot *snapshot = store_snapshot_take(once->app->store);
    for (size_t i = 0; i < once->count; i++) {
        const struct store_item *item = &once->items[i];
        const struct store_identifier *id = first_id(item);
        if (item->verdict == STORE_STORED && item->once_count > 0 && id != NULL &&
            !once->remembered[i]) {
            uint32_t root = root_of(snapshot, id->value);
            if (root != STORE_NO_CUSTOMER) {
                remember(once, root, item);
            }
        }
    }
    store_snapshot_unref(snapshot);
}

bool app_take_once(struct app *app, struct store_item *items, size_t count, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct once once = {.app = app,
                        .arena = arena,
                        .fail = fail,
                        .items = items,
                        .count = count,
                        .generation = generation_of(app->once_memory)};
    const struct store_field **before = arena_array(arena, count, sizeof *before, fail);
    size_t *before_count = arena_array(arena, count, sizeof *before_count, fail);
    once.remembered = arena_array(arena, count, sizeof *once.remembered, fail);
    if (before == NULL || before_count == NULL || once.remembered == NULL || !collect(&once)) {
        return false;
    }
    find_stripes(&once);
    lock_stripes(&once);
    once.snapshot = store_snapshot_take(app->store);
    for (size_t i = 0; i < count; i++) {
        before[i] = items[i].event.traits;
        before_count[i] = items[i].event.trait_count;
    }
    bool good = decide_all(&once) && store_submit(app->store, items, count, fail);
    if (good) {
        remember_all(&once);
    }
    unlock_stripes(&once);
    for (size_t i = 0; i < count; i++) { /* ours go with the arena */
        items[i].event.traits = before[i];
        items[i].event.trait_count = before_count[i];
    }
    store_snapshot_unref(once.snapshot);
    store_map_done(&once.names);
    return good;
}
