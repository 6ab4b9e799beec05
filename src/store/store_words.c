/* store_words.c — one page at a time of the heaps in which strings were left. */
#include "store_words.h"

struct store_words_heap { /* of one segment */
    bool open;            /* `block` of the column asked for */
    uint32_t block;
    struct store_segment_column *column;
    struct store_dictionary dictionary;
    struct store_values values;
    struct store_values_scratch scratch;
    struct store_heap_reader reader;
};

void store_words_init(struct store_words *words, struct store_segment *const *segments,
                      size_t segment_count)
{
    *words = (struct store_words){.segments = segments, .segment_count = segment_count};
}

void store_words_done(struct store_words *words)
{
    for (size_t s = 0; words->heaps != NULL && s < words->segment_count; s++) {
        store_values_scratch_done(&words->heaps[s].scratch);
        arena_free(words->heaps[s].scratch.strings);
    }
    base_free(words->heaps);
    *words = (struct store_words){0};
}

void store_words_begin(struct store_words *words, enum store_segment_kind kind, uint32_t name)
{
    words->kind = kind;
    words->name = name;
    for (size_t s = 0; words->heaps != NULL && s < words->segment_count; s++) {
        words->heaps[s].open = false;
    }
}

static bool open_heap(struct store_words *words, uint32_t at, uint32_t block, struct fail *fail)
{
    if (words->heaps == NULL) {
        words->heaps = base_alloc_zero(words->segment_count * sizeof *words->heaps);
    }
    struct store_words_heap *heap = &words->heaps[at];
    struct store_segment *segment = words->segments[at];
    if (heap->open && heap->block == block) {
        return true;
    }
    bool found = false;
    heap->open = false;
    heap->column = store_segment_column_find(segment, words->kind, words->name);
    if (heap->column != NULL &&
        !store_segment_values_open(segment, heap->column, block, &heap->dictionary, &heap->values,
                                   &found, fail)) {
        return false;
    }
    INVARIANT(found); /* the place was read there */
    if (heap->scratch.strings == NULL) {
        heap->scratch.strings = arena_new(NULL);
    }
    heap->reader = (struct store_heap_reader){
        .heap = &heap->values.heap, .scratch = &heap->scratch, .forgets = true};
    heap->block = block;
    heap->open = true;
    return true;
}

bool store_words_get(struct store_words *words, struct store_value value, struct str *out,
                     struct fail *fail)
{
    if (!store_value_is_left(&value)) {
        *out = store_value_text(value);
        return true;
    }
    uint32_t at = store_left_segment(value);
    uint32_t block = store_left_block(value);
    struct store_value found;
    INVARIANT(at < words->segment_count);
    if (!open_heap(words, at, block, fail)) {
        return false;
    }
    struct store_words_heap *heap = &words->heaps[at];
    if (!store_heap_get(&heap->reader, store_left_string(value), &found, fail)) {
        return store_segment_blame(words->segments[at], heap->column, block, fail);
    }
    *out = store_value_text(found);
    return true;
}
