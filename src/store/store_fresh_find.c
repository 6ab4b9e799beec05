/* store_fresh_find.c — where one customer's rows lie among the fresh ones: a chain of notes for each number.
 *
 * A note says what a row is sorted and chosen by, so that the row itself, which lies somewhere in memory, need not be
 * looked at. Notes of one number lie together in pieces, each twice as long as the one before: who has many is read from few places.
 */
#include <stdatomic.h>

#include "store_fresh.h"
#include "store_map.h"

#define ROOM_FIRST 1024U
#define PIECE_NOTES_MOST 63U /* with its head a power of two, as all of them */

struct piece_head {
    uint32_t
        before; /* 1 + the cell of the head of the piece before it of the same number; 0: none */
    uint32_t count, room;
    uint32_t unused;
};
union cell {
    struct piece_head head;
    struct store_timed_row note;
};

struct store_fresh_finder {
    _Atomic bool asked;      /* of this table */
    bool asked_before;       /* of the table before; the writer's */
    struct base_mutex lock;  /* guards the rest */
    uint32_t entered;        /* rows below it have a note */
    uint32_t used, room;     /* of the cells */
    union cell *cells;       /* pieces, one after the other: a head and its notes */
    struct store_map newest; /* number, mixed, to the head of its newest piece */
};

struct store_fresh_finder *store_fresh_finder_new(void)
{
    struct store_fresh_finder *finder = base_alloc_zero(sizeof *finder);
    base_mutex_init(&finder->lock);
    return finder;
}

void store_fresh_finder_free(struct store_fresh_finder *finder)
{
    base_mutex_done(&finder->lock);
    base_free(finder->cells);
    store_map_done(&finder->newest);
    base_free(finder);
}

/* *out is the head of a new piece. Of at most STORE_FRESH_ROWS_MOST rows, each takes three cells at the very most. */
static bool add_piece_locked(struct store_fresh_finder *finder, uint32_t notes, uint32_t *out,
                             struct fail *fail)
{
    uint32_t room = finder->room == 0 ? ROOM_FIRST : finder->room;
    while (room - finder->used <= notes) {
        room *= 2;
    }
    void *cells = finder->cells;
    if (room > finder->room && !base_realloc_array(&cells, room, sizeof *finder->cells, fail)) {
        return false;
    }
    finder->cells = cells;
    finder->room = room;
    *out = finder->used;
    finder->cells[*out].head = (struct piece_head){.room = notes};
    finder->used += 1 + notes;
    return true;
}

static bool enter_row_locked(struct store_fresh_finder *finder, const struct store_row *row,
                             uint32_t place, struct fail *fail)
{
    uint64_t key = store_map_mix(row->original);
    uint32_t newest = store_map_find(&finder->newest, key);
    if (newest == STORE_MAP_NONE ||
        finder->cells[newest].head.count == finder->cells[newest].head.room) {
        uint32_t notes = newest == STORE_MAP_NONE ? 1 : 2 * finder->cells[newest].head.room + 1;
        uint32_t head;
        if (!add_piece_locked(finder, notes < PIECE_NOTES_MOST ? notes : PIECE_NOTES_MOST, &head,
                              fail)) {
            return false;
        }
        if (newest != STORE_MAP_NONE) {
            finder->cells[head].head.before = newest + 1;
            store_map_set(&finder->newest, key, head);
        } else if (!store_map_put(&finder->newest, key, head, fail)) {
            return false;
        }
        newest = head;
    }
    struct piece_head *head = &finder->cells[newest].head;
    finder->cells[newest + 1 + head->count++].note =
        (struct store_timed_row){row->ts_ms, place, row->event};
    return true;
}

static bool enter_locked(struct store_fresh_finder *finder, const struct store_fresh *fresh,
                         uint32_t count, struct fail *fail)
{
    enum { ROWS_AHEAD = 8 };
    for (; finder->entered < count; finder->entered++) {
        uint32_t ahead = finder->entered + ROWS_AHEAD;
        if (ahead < count) {
            __builtin_prefetch(store_fresh_row(fresh, ahead));
        }
        if (!enter_row_locked(finder, store_fresh_row(fresh, finder->entered), finder->entered,
                              fail)) {
            return false;
        }
    }
    return true;
}

/* How many notes of the piece are of rows below the bound: others asked of a later moment. */
static uint32_t notes_below(const union cell *piece, uint32_t bound)
{
    uint32_t count = piece->head.count;
    while (count > 0 && piece[count].note.row >= bound) {
        count--;
    }
    return count;
}

static bool notes_of_locked(const struct store_fresh_finder *finder, uint32_t bound,
                            uint32_t newest, struct store_vec *out, size_t *count,
                            struct fail *fail)
{
    size_t total = 0;
    for (uint32_t next = newest; next != 0; next = finder->cells[next - 1].head.before) {
        total += notes_below(&finder->cells[next - 1], bound);
    }
    if (!store_vec_room(out, *count + total, sizeof(struct store_timed_row), NULL, fail)) {
        return false;
    }
    *count += total;
    struct store_timed_row *end = (struct store_timed_row *)out->data + *count;
    for (uint32_t next = newest; next != 0; next = finder->cells[next - 1].head.before) {
        const union cell *piece = &finder->cells[next - 1];
        uint32_t notes = notes_below(piece, bound);
        end -= notes;
        for (uint32_t i = 0; i < notes; i++) {
            end[i] = piece[1 + i].note;
        }
    }
    return true;
}

bool store_fresh_rows_of(struct store_fresh *fresh, uint32_t bound, uint32_t original,
                         struct store_vec *out, size_t *count, struct fail *fail)
{
    struct store_fresh_finder *finder = store_fresh_finder_of(fresh);
    atomic_store_explicit(&finder->asked, true, memory_order_relaxed);
    base_lock(&finder->lock);
    bool ok = enter_locked(finder, fresh, bound, fail);
    uint32_t newest =
        ok ? store_map_find(&finder->newest, store_map_mix(original)) : STORE_MAP_NONE;
    if (newest != STORE_MAP_NONE) {
        ok = notes_of_locked(finder, bound, newest + 1, out, count, fail);
    }
    base_unlock(&finder->lock);
    return ok;
}

static bool is_asked(const struct store_fresh *fresh)
{
    return atomic_load_explicit(&store_fresh_finder_of(fresh)->asked, memory_order_relaxed);
}

void store_fresh_follow(struct store_fresh *fresh, const struct store_fresh *before)
{
    store_fresh_finder_of(fresh)->asked_before = is_asked(before);
}

void store_fresh_enter(struct store_fresh *fresh)
{
    struct store_fresh_finder *finder = store_fresh_finder_of(fresh);
    struct fail ignored; /* whoever asks next tries again */
    if (is_asked(fresh) || finder->asked_before) {
        base_lock(&finder->lock);
        (void)!enter_locked(finder, fresh, store_fresh_count(fresh), &ignored);
        base_unlock(&finder->lock);
    }
}
