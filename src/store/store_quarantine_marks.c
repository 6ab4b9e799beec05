/* What became of rows since they were written: an immutable table, replaced by each commit that changes it. */
#include <stdatomic.h>
#include <stdlib.h>

#include "store_quarantine.h"

/* Reasons of one generation of tables, from a seal to the next. Grows only, and only in the writer's hands. */
struct store_quarantine_words {
    _Atomic uint32_t references;
    struct arena *arena;
};

static struct store_quarantine_words *words_new(void)
{
    struct store_quarantine_words *words = base_alloc_zero(sizeof *words);
    atomic_store(&words->references, 1);
    words->arena = arena_new(NULL);
    return words;
}

static void words_unref(struct store_quarantine_words *words)
{
    if (atomic_fetch_sub_explicit(&words->references, 1, memory_order_acq_rel) == 1) {
        arena_free(words->arena);
        base_free(words);
    }
}

static struct str kept(struct store_quarantine_words *words, struct str text)
{
    return text.data == NULL ? text : str_copy(words->arena, text);
}

static struct store_quarantine_marks *marks_new(size_t capacity,
                                                struct store_quarantine_words *words)
{
    struct store_quarantine_marks *marks =
        base_alloc_zero(sizeof *marks + capacity * sizeof marks->at[0]);
    atomic_store(&marks->references, 1);
    marks->words = words;
    return marks;
}

struct store_quarantine_marks *store_quarantine_marks_new(void)
{
    return marks_new(0, words_new());
}

struct store_quarantine_marks *store_quarantine_marks_ref(struct store_quarantine_marks *marks)
{
    atomic_fetch_add_explicit(&marks->references, 1, memory_order_relaxed);
    return marks;
}

void store_quarantine_marks_unref(struct store_quarantine_marks *marks)
{
    if (marks != NULL &&
        atomic_fetch_sub_explicit(&marks->references, 1, memory_order_acq_rel) == 1) {
        words_unref(marks->words);
        base_free(marks);
    }
}

/* The first mark of `id` or above. */
static size_t seek(const struct store_quarantine_marks *marks, uint64_t id)
{
    size_t low = 0;
    size_t high = marks->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (marks->at[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct store_quarantine_mark *
store_quarantine_marks_find(const struct store_quarantine_marks *marks, uint64_t id)
{
    if (marks == NULL || marks->count == 0) {
        return NULL;
    }
    size_t at = seek(marks, id);
    return at < marks->count && marks->at[at].id == id ? &marks->at[at] : NULL;
}

bool store_quarantine_gone(const struct store_quarantine_marks *marks, uint64_t id)
{
    const struct store_quarantine_mark *mark = store_quarantine_marks_find(marks, id);
    return mark != NULL && mark->gone;
}

uint64_t store_quarantine_marks_within(const struct store_quarantine_marks *marks, uint64_t first,
                                       uint64_t last, uint64_t *out_gone)
{
    uint64_t count = 0;
    uint64_t gone = 0;
    for (size_t i = marks == NULL ? 0 : seek(marks, first);
         marks != NULL && i < marks->count && marks->at[i].id <= last; i++) {
        count++;
        gone += marks->at[i].gone;
    }
    *out_gone = gone;
    return count;
}

static void append(struct store_quarantine_marks *marks, const struct store_quarantine_mark *mark)
{
    marks->at[marks->count++] = *mark;
    marks->gone += mark->gone;
}

struct numbered { /* a sort that keeps the order of marks of one row */
    const struct store_quarantine_mark *mark;
    size_t number;
};

static int compare(const void *a, const void *b)
{
    const struct numbered *x = a;
    const struct numbered *y = b;
    if (x->mark->id != y->mark->id) {
        return x->mark->id < y->mark->id ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

static struct numbered *sorted(const struct store_quarantine_mark *added, size_t count)
{
    struct numbered *list = base_alloc_zero((count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct numbered){&added[i], i};
    }
    qsort(list, count, sizeof *list, compare);
    return list;
}

struct store_quarantine_marks *store_quarantine_marks_add(struct store_quarantine_marks *old,
                                                          const struct store_quarantine_mark *added,
                                                          size_t count)
{
    struct numbered *list = sorted(added, count);
    atomic_fetch_add_explicit(&old->words->references, 1, memory_order_relaxed);
    struct store_quarantine_marks *marks = marks_new(old->count + count, old->words);
    size_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && list[i + 1].mark->id == list[i].mark->id) {
            continue; /* the later one counts */
        }
        struct store_quarantine_mark mark = *list[i].mark;
        while (before < old->count && old->at[before].id < mark.id) {
            append(marks, &old->at[before++]);
        }
        before += before < old->count && old->at[before].id == mark.id;
        mark.reason = kept(marks->words, mark.reason);
        mark.field = kept(marks->words, mark.field);
        append(marks, &mark);
    }
    while (before < old->count) {
        append(marks, &old->at[before++]);
    }
    base_free(list);
    return marks;
}

struct store_quarantine_marks *
store_quarantine_marks_without(const struct store_quarantine_marks *now,
                               const struct store_quarantine_marks *sealed)
{
    struct store_quarantine_marks *rest = marks_new(now->count, words_new());
    for (size_t i = 0; i < now->count; i++) {
        struct store_quarantine_mark mark = now->at[i];
        const struct store_quarantine_mark *before = store_quarantine_marks_find(sealed, mark.id);
        /* Tables since one seal share their words: a mark that changed has others. */
        if (before != NULL && before->gone == mark.gone &&
            before->reason.data == mark.reason.data) {
            continue;
        }
        mark.reason = kept(rest->words, mark.reason);
        mark.field = kept(rest->words, mark.field);
        append(rest, &mark);
    }
    return rest;
}

void store_quarantine_marks_lay(const struct store_quarantine_marks *marks,
                                struct store_quarantine_row *row)
{
    const struct store_quarantine_mark *mark = store_quarantine_marks_find(marks, row->id);
    if (mark != NULL && !mark->gone) {
        row->reason = mark->reason;
        row->field = mark->field;
    }
}
