#include "store_ledger.h"

#include <stdlib.h>

void store_ledger_done(struct store_ledger_table *table)
{
    base_free(table->counts);
    base_free(table->touched);
    *table = (struct store_ledger_table){0};
}

void store_ledger_reset(struct store_ledger_table *table)
{
    for (size_t i = 0; i < table->touched_count; i++) {
        table->counts[table->touched[i]] =
            (struct store_ledger_count){.last_received_ms = STORE_NO_TIME};
    }
    table->touched_count = 0;
}

bool store_ledger_room(struct store_ledger_table *table, uint32_t source, struct fail *fail)
{
    size_t before = table->capacity;
    void *counts = table->counts;
    if (!base_grow_array(&counts, &table->capacity, (size_t)source + 1, sizeof table->counts[0],
                         fail)) {
        return false;
    }
    table->counts = counts;
    for (size_t i = before; i < table->capacity; i++) {
        table->counts[i] = (struct store_ledger_count){.last_received_ms = STORE_NO_TIME};
    }
    void *touched = table->touched;
    if (!base_grow_array(&touched, &table->touched_capacity, table->capacity,
                         sizeof table->touched[0], fail)) {
        return false;
    }
    table->touched = touched;
    return true;
}

struct store_ledger_count *store_ledger_of(struct store_ledger_table *table, uint32_t source)
{
    INVARIANT(source < table->capacity);
    struct store_ledger_count *count = &table->counts[source];
    if (count->received == 0 && count->last_received_ms == STORE_NO_TIME) {
        bool known = false;
        for (size_t i = 0; i < table->touched_count && !known; i++) {
            known = table->touched[i] == source;
        }
        if (!known) {
            table->touched[table->touched_count++] = source;
        }
    }
    return count;
}

void store_ledger_add(struct store_ledger_table *table, uint32_t source,
                      const struct store_ledger_count *delta)
{
    struct store_ledger_count *count = store_ledger_of(table, source);
    count->received += delta->received;
    count->stored += delta->stored;
    count->duplicate += delta->duplicate;
    count->quarantined += delta->quarantined;
    count->refused += delta->refused;
    if (delta->last_received_ms > count->last_received_ms) {
        count->last_received_ms = delta->last_received_ms;
    }
}

bool store_ledger_copy(const struct store_ledger_table *from, struct store_ledger_table *to,
                       struct fail *fail)
{
    store_ledger_reset(to);
    if (from->capacity > 0 && !store_ledger_room(to, (uint32_t)from->capacity - 1, fail)) {
        return false;
    }
    for (size_t i = 0; i < from->touched_count; i++) {
        store_ledger_add(to, from->touched[i], &from->counts[from->touched[i]]);
    }
    return true;
}

bool store_ledger_balanced(const struct store_ledger_count *count)
{
    return count->received ==
           count->stored + count->duplicate + count->quarantined + count->refused;
}

static int compare_lines(const void *a, const void *b)
{
    const struct store_ledger_line *x = a;
    const struct store_ledger_line *y = b;
    return str_compare(x->source, y->source);
}

static void add_line(struct store_ledger_line *line, const struct store_ledger_count *count)
{
    line->received += count->received;
    line->stored += count->stored;
    line->duplicate += count->duplicate;
    line->quarantined += count->quarantined;
    line->refused += count->refused;
    if (count->last_received_ms > line->last_received_ms) {
        line->last_received_ms = count->last_received_ms;
    }
}

bool store_ledger_lines(const struct store_ledger_table *table, const struct store_names *names,
                        struct arena *arena, struct store_ledger *out, struct fail *fail)
{
    struct store_ledger ledger = {.total.last_received_ms = STORE_NO_TIME};
    ledger.sources = arena_array(arena, table->touched_count, sizeof *ledger.sources, fail);
    if (ledger.sources == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->touched_count; i++) {
        const struct store_ledger_count *count = &table->counts[table->touched[i]];
        struct store_ledger_line *line = &ledger.sources[ledger.source_count++];
        line->source = store_names_get(names, STORE_FAMILY_SOURCE, table->touched[i]);
        line->last_received_ms = STORE_NO_TIME;
        add_line(line, count);
        add_line(&ledger.total, count);
    }
    if (ledger.source_count > 1) {
        qsort(ledger.sources, ledger.source_count, sizeof *ledger.sources, compare_lines);
    }
    *out = ledger;
    return true;
}
