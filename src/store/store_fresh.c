#include "store_fresh.h"

#include <stdatomic.h>

#define BLOCK_ROWS 256U
#define CHUNK_BYTES_FIRST ((size_t)32 << 10)
#define CHUNK_BYTES_MOST ((size_t)1 << 20)

struct chunk {
    struct chunk *older;
    size_t bytes;
    unsigned char payload[];
};

struct store_fresh {
    _Atomic uint32_t references;       /* any thread */
    struct store_fresh_finder *finder; /* the readers'; its own lock */
    /* The writer's. */
    uint32_t count;
    size_t at; /* next free byte of the newest chunk */
    size_t bytes;
    struct chunk *chunks;
    /* Entries are set by the writer before a row of them is published. */
    uint32_t block_count;
    struct store_row *blocks[];
};

struct store_fresh *store_fresh_new(uint32_t capacity_rows)
{
    uint32_t blocks = capacity_rows / BLOCK_ROWS + 1;
    struct store_fresh *fresh =
        base_alloc_zero(sizeof *fresh + sizeof fresh->blocks[0] * (size_t)blocks);
    atomic_store(&fresh->references, 1);
    fresh->finder = store_fresh_finder_new();
    fresh->block_count = blocks;
    return fresh;
}

struct store_fresh *store_fresh_ref(struct store_fresh *fresh)
{
    atomic_fetch_add_explicit(&fresh->references, 1, memory_order_relaxed);
    return fresh;
}

static void free_chunks_above(struct store_fresh *fresh, const struct chunk *keep)
{
    while (fresh->chunks != keep) {
        struct chunk *older = fresh->chunks->older;
        base_free(fresh->chunks);
        fresh->chunks = older;
    }
}

void store_fresh_unref(struct store_fresh *fresh)
{
    if (fresh == NULL ||
        atomic_fetch_sub_explicit(&fresh->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    free_chunks_above(fresh, NULL);
    for (uint32_t i = 0; i < fresh->block_count; i++) {
        base_free(fresh->blocks[i]);
    }
    store_fresh_finder_free(fresh->finder);
    base_free(fresh);
}

struct store_fresh_mark store_fresh_mark_get(const struct store_fresh *fresh)
{
    return (struct store_fresh_mark){fresh->count, fresh->chunks, fresh->at, fresh->bytes};
}

void store_fresh_rollback(struct store_fresh *fresh, struct store_fresh_mark mark)
{
    free_chunks_above(fresh, mark.chunk);
    fresh->count = mark.count;
    fresh->at = mark.at;
    fresh->bytes = mark.bytes;
}

/* 8-aligned room. */
static unsigned char *room(struct store_fresh *fresh, size_t bytes, struct fail *fail)
{
    bytes = (bytes + 7U) & ~(size_t)7;
    if (fresh->chunks == NULL || bytes > fresh->chunks->bytes - fresh->at) {
        size_t size = fresh->chunks == NULL ? CHUNK_BYTES_FIRST : fresh->chunks->bytes * 2;
        size = size > CHUNK_BYTES_MOST ? CHUNK_BYTES_MOST : size;
        size = size < bytes ? bytes : size;
        void *block = NULL;
        if (!base_alloc_array(sizeof(struct chunk) + size, 1, &block, fail)) {
            return NULL;
        }
        struct chunk *chunk = block;
        chunk->bytes = size;
        chunk->older = fresh->chunks;
        fresh->chunks = chunk;
        fresh->at = 0;
    }
    unsigned char *at = fresh->chunks->payload + fresh->at;
    fresh->at += bytes;
    fresh->bytes += bytes;
    return at;
}

static struct str put_str(char **at, struct str text)
{
    if (text.data == NULL) {
        return text;
    }
    char *copy = *at;
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
        *at += text.len;
    }
    return str_of(copy, text.len);
}

static void put_value(char **at, struct store_value *value)
{
    if (value->kind == STORE_STRING) {
        value->s = put_str(at, str_of(value->s == NULL ? "" : value->s, value->len)).data;
    }
}

static size_t cells_text(const struct store_cell *cells, uint32_t count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += cells[i].value.kind == STORE_STRING ? cells[i].value.len : 0;
    }
    return bytes;
}

static const struct store_cell *put_cells(struct store_cell **cells, char **at,
                                          const struct store_cell *from, uint32_t count)
{
    struct store_cell *first = *cells;
    for (uint32_t i = 0; i < count; i++) {
        first[i] = from[i];
        put_value(at, &first[i].value);
    }
    *cells += count;
    return first;
}

bool store_fresh_append(struct store_fresh *fresh, const struct store_row *row, struct fail *fail)
{
    uint32_t block = fresh->count / BLOCK_ROWS;
    if (block >= fresh->block_count) {
        return fail_set(fail, FAIL_LIMIT, "too many rows wait to be sealed");
    }
    if (fresh->blocks[block] == NULL) {
        void *rows = NULL;
        if (!base_alloc_array(BLOCK_ROWS, sizeof(struct store_row), &rows, fail)) {
            return false;
        }
        fresh->blocks[block] = rows;
        fresh->bytes += BLOCK_ROWS * sizeof(struct store_row);
    }
    size_t cells = (size_t)row->property_count + row->trait_count;
    size_t text = row->text.len + row->message_id.len +
                  (row->score.kind == STORE_STRING ? row->score.len : 0) +
                  cells_text(row->properties, row->property_count) +
                  cells_text(row->traits, row->trait_count);
    void *place = room(fresh, cells * sizeof(struct store_cell) + text + 1, fail);
    if (place == NULL) {
        return false;
    }
    struct store_cell *cell = place;
    char *at = (char *)(cell + cells);
    struct store_row *copy = &fresh->blocks[block][fresh->count % BLOCK_ROWS];
    *copy = *row;
    copy->properties = put_cells(&cell, &at, row->properties, row->property_count);
    copy->traits = put_cells(&cell, &at, row->traits, row->trait_count);
    copy->text = put_str(&at, row->text);
    copy->message_id = put_str(&at, row->message_id);
    put_value(&at, &copy->score);
    fresh->count++;
    return true;
}

struct store_fresh_finder *store_fresh_finder_of(const struct store_fresh *fresh)
{
    return fresh->finder;
}

const struct store_row *store_fresh_row(const struct store_fresh *fresh, uint32_t index)
{
    return &fresh->blocks[index / BLOCK_ROWS][index % BLOCK_ROWS];
}

uint32_t store_fresh_count(const struct store_fresh *fresh)
{
    return fresh->count;
}

size_t store_fresh_bytes(const struct store_fresh *fresh)
{
    return fresh->bytes;
}
