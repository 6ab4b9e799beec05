#include "app_rules.h"

#include <stdlib.h>

struct rule {
    struct str kind, name;
    bool hidden, blocked;
    uint64_t turned_away;
};
struct rule_set {
    struct arena *arena;
    uint64_t ticket;    /* later ones know more */
    struct rule *rules; /* by kind, then name */
    size_t count, blocked;
    struct query_renames renames;
};
struct app_rules {
    struct base_mutex lock; /* guards the rest */
    uint64_t next_ticket;
    struct rule_set *now;
};

static struct rule_set *set_new(uint64_t ticket)
{
    struct rule_set *set = base_alloc_zero(sizeof *set);
    set->arena = arena_new(NULL);
    set->ticket = ticket;
    return set;
}

static void set_free(struct rule_set *set)
{
    if (set != NULL) {
        arena_free(set->arena);
        base_free(set);
    }
}

struct app_rules *app_rules_new(void)
{
    struct app_rules *rules = base_alloc_zero(sizeof *rules);
    base_mutex_init(&rules->lock);
    rules->now = set_new(0);
    return rules;
}

void app_rules_free(struct app_rules *rules)
{
    if (rules != NULL) {
        set_free(rules->now);
        base_mutex_done(&rules->lock);
        base_free(rules);
    }
}

/* ---- loading ------------------------------------------------------------------------------------------- */

static int compare_rules(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;
    int order = str_compare(x->kind, y->kind);
    return order != 0 ? order : str_compare(x->name, y->name);
}

static struct rule *find(const struct rule_set *set, struct str kind, struct str name)
{
    struct rule key = {.kind = kind, .name = name};
    return set->count == 0
               ? NULL
               : bsearch(&key, set->rules, set->count, sizeof *set->rules, compare_rules);
}

static bool fill(struct rule_set *set, struct state *state, struct fail *fail)
{
    struct state_catalogue_entry *said;
    size_t count;
    struct str every_kind = {NULL, 0};
    if (!state_catalogue_list(state, every_kind, set->arena, &said, &count, fail)) {
        return false;
    }
    struct query_rename *events = arena_array(set->arena, count, sizeof *events, fail);
    struct query_rename *properties = arena_array(set->arena, count, sizeof *properties, fail);
    set->rules = arena_array(set->arena, count, sizeof *set->rules, fail);
    if (events == NULL || properties == NULL || set->rules == NULL) {
        return false;
    }
    set->renames = (struct query_renames){.events = events, .properties = properties};
    for (size_t i = 0; i < count; i++) {
        const struct state_catalogue_entry *entry = &said[i];
        struct query_rename rename = {entry->name, entry->shown_as};
        if (entry->shown_as.data != NULL && str_is(entry->kind, "event")) {
            events[set->renames.event_count++] = rename;
        } else if (entry->shown_as.data != NULL) {
            properties[set->renames.property_count++] = rename;
        }
        if (entry->hidden || entry->blocked_ms != 0) {
            set->rules[set->count++] = (struct rule){.kind = entry->kind,
                                                     .name = entry->name,
                                                     .hidden = entry->hidden,
                                                     .blocked = entry->blocked_ms != 0};
            set->blocked += entry->blocked_ms != 0;
        }
    }
    if (set->count > 0) {
        qsort(set->rules, set->count, sizeof *set->rules, compare_rules);
    }
    return true;
}

bool app_rules_load(struct app_rules *rules, struct state *state, struct fail *fail)
{
    base_lock(&rules->lock);
    struct rule_set *set = set_new(++rules->next_ticket);
    base_unlock(&rules->lock);
    if (!fill(set, state, fail)) {
        set_free(set);
        return false;
    }
    base_lock(&rules->lock);
    struct rule_set *old = set;
    if (set->ticket >
        rules->now->ticket) { /* else somebody loaded after us, and knows what we know */
        old = rules->now;
        for (size_t i = 0; i < set->count; i++) {
            const struct rule *before = find(old, set->rules[i].kind, set->rules[i].name);
            set->rules[i].turned_away = before != NULL ? before->turned_away : 0;
        }
        rules->now = set;
    }
    base_unlock(&rules->lock);
    set_free(old);
    return true;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static bool copy_renames(struct arena *arena, const struct query_rename *from, size_t count,
                         const struct query_rename **out, struct fail *fail)
{
    struct query_rename *copy = arena_array(arena, count, sizeof *copy, fail);
    if (copy == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] = (struct query_rename){str_copy(arena, from[i].from), str_copy(arena, from[i].to)};
    }
    *out = copy;
    return true;
}

bool app_rules_renames(struct app_rules *rules, struct arena *arena, struct query_renames *out,
                       struct fail *fail)
{
    base_lock(&rules->lock);
    struct query_renames copy = rules->now->renames;
    bool good = copy_renames(arena, copy.events, copy.event_count, &copy.events, fail) &&
                copy_renames(arena, copy.properties, copy.property_count, &copy.properties, fail);
    base_unlock(&rules->lock);
    if (good) {
        *out = copy;
    }
    return good;
}

bool app_rules_hidden(struct app_rules *rules, struct str kind, struct str name)
{
    base_lock(&rules->lock);
    const struct rule *rule = find(rules->now, kind, name);
    bool hidden = rule != NULL && rule->hidden;
    base_unlock(&rules->lock);
    return hidden;
}

uint64_t app_rules_turned_away(struct app_rules *rules, struct str kind, struct str name)
{
    base_lock(&rules->lock);
    const struct rule *rule = find(rules->now, kind, name);
    uint64_t count = rule != NULL ? rule->turned_away : 0;
    base_unlock(&rules->lock);
    return count;
}

bool app_rules_is_reserved(struct str event)
{
    return store_event_is_bookkeeping(event) || str_is(event, "feedback") ||
           str_is(event, "consent");
}

/* ---- taking in ------------------------------------------------------------------------------------------ */

static bool is_blocked(const struct rule_set *set, struct str kind, struct str name)
{
    const struct rule *rule = find(set, kind, name);
    return rule != NULL && rule->blocked;
}

/* Fields without the blocked ones; each blocked name counts once for an event. */
static bool filter(const struct rule_set *set, uint64_t one, struct str kind,
                   const struct store_field **fields, size_t *count, struct arena *arena,
                   struct fail *fail)
{
    size_t blocked = 0;
    for (size_t i = 0; i < *count; i++) {
        blocked += is_blocked(set, kind, (*fields)[i].name);
    }
    if (blocked == 0) {
        return true;
    }
    struct store_field *kept = arena_array(arena, *count, sizeof *kept, fail);
    size_t kept_count = 0;
    if (kept == NULL) {
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        struct rule *rule = find(set, kind, (*fields)[i].name);
        if (rule == NULL || !rule->blocked) {
            kept[kept_count++] = (*fields)[i];
            continue;
        }
        bool again = false;
        for (size_t k = 0; k < i && !again; k++) {
            again = str_equal((*fields)[k].name, (*fields)[i].name);
        }
        rule->turned_away += again ? 0 : one;
    }
    *fields = kept;
    *count = kept_count;
    return true;
}

static bool apply_to(const struct rule_set *set, uint64_t one, struct store_item *item,
                     struct arena *arena, struct fail *fail)
{
    struct rule *rule = find(set, STR("event"), item->event.event);
    if (rule != NULL && rule->blocked) {
        rule->turned_away += one;
        item->verdict = STORE_REFUSED;
        item->reason = STR("events of this name are blocked in the catalogue");
        item->field = STR("/event");
        return true;
    }
    return filter(set, one, STR("property"), &item->event.properties, &item->event.property_count,
                  arena, fail) &&
           filter(set, one, STR("trait"), &item->event.traits, &item->event.trait_count, arena,
                  fail) &&
           filter(set, one, STR("trait"), &item->once, &item->once_count, arena, fail);
}

bool app_rules_apply(struct app_rules *rules, bool trial, struct store_item *items, size_t count,
                     struct arena *arena, struct fail *fail)
{
    bool good = true;
    base_lock(&rules->lock);
    const struct rule_set *set = rules->now;
    for (size_t i = 0; i < count && good && set->blocked > 0; i++) {
        if (items[i].verdict == STORE_STORED) {
            good = apply_to(set, trial ? 0 : 1, &items[i], arena, fail);
        }
    }
    base_unlock(&rules->lock);
    return good;
}

bool app_rules_block_nothing(struct app_rules *rules)
{
    base_lock(&rules->lock);
    bool nothing = rules->now->blocked == 0;
    base_unlock(&rules->lock);
    return nothing;
}
