/* store_codec_heap.c — strings that lie with their rows, and dictionaries (segment.md, section 5). */
#include "base_bytes.h"
#include "store_codec.h"

#define HEADER_BYTES 16U
#define PAGE_ENTRY_BYTES 16U
#define UUID_BYTES 16U
#define UUID_TEXT_BYTES 36U

static bool bad(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "strings: %s", what);
}

/* ---- UUIDs -------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash(unsigned at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool uuid_parse(struct str text, uint8_t out[UUID_BYTES])
{
    if (text.len != UUID_TEXT_BYTES) {
        return false;
    }
    unsigned digits = 0;
    for (unsigned i = 0; i < UUID_TEXT_BYTES; i++) {
        if (is_dash(i)) {
            if (text.data[i] != '-') {
                return false;
            }
            continue;
        }
        int digit = hex_digit(text.data[i]);
        if (digit < 0) {
            return false;
        }
        uint8_t *byte = &out[digits / 2];
        *byte = (uint8_t)(digits % 2 == 0 ? digit << 4 : *byte | digit);
        digits++;
    }
    return true;
}

static void uuid_format(const uint8_t *from, char out[UUID_TEXT_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    for (unsigned i = 0; i < UUID_TEXT_BYTES; i++) {
        if (is_dash(i)) {
            out[i] = '-';
            continue;
        }
        unsigned byte = *from;
        out[i] = hex[byte >> 4];
        out[++i] = hex[byte & 15U];
        from++;
    }
}

/* ---- encoding ----------------------------------------------------------------------------------------- */

static bool string_at(const struct store_encoder *encoder, const struct store_value *value,
                      struct str *out, struct fail *fail)
{
    if (store_value_is_left(value)) {
        INVARIANT(encoder->find != NULL);
        return encoder->find(encoder->context, *value, out, fail);
    }
    *out = store_value_text(*value);
    return true;
}

/* Nothing is put where not all of them are. */
static bool put_uuids(const struct store_value *strings, uint32_t count,
                      const struct store_encoder *encoder, bool *out_all, struct base_buf *out,
                      struct fail *fail)
{
    size_t begin = out->len;
    bool all = true;
    for (uint32_t i = 0; i < count && all; i++) {
        uint8_t uuid[UUID_BYTES];
        struct str text = {0};
        all = store_value_len(&strings[i]) == UUID_TEXT_BYTES;
        if (all && !string_at(encoder, &strings[i], &text, fail)) {
            return false;
        }
        all = all && uuid_parse(text, uuid);
        if (all) {
            base_buf_bytes(out, uuid, sizeof uuid);
        }
    }
    out->len = all ? out->len : begin;
    *out_all = all;
    return base_buf_ok(out, fail);
}

/* Where the page ends that begins with string `from`, and how many bytes it has. */
static uint32_t find_page_end(const struct store_value *strings, uint32_t from, uint32_t count,
                              size_t *out_bytes)
{
    uint32_t to = from;
    size_t bytes = 0;
    do {
        bytes += store_value_len(&strings[to++]);
    } while (to < count && bytes + store_value_len(&strings[to]) <= STORE_HEAP_PAGE_BYTES);
    *out_bytes = bytes;
    return to;
}

/* The bytes of strings [from, to), one behind the other. */
static bool join_page(const struct store_value *strings, uint32_t from, uint32_t to,
                      struct store_encoder *encoder, struct str *out, struct fail *fail)
{
    if (to - from == 1) {
        return string_at(encoder, &strings[from], out, fail);
    }
    base_buf_reset(&encoder->page);
    for (uint32_t i = from; i < to; i++) {
        struct str text;
        if (!string_at(encoder, &strings[i], &text, fail)) {
            return false;
        }
        base_buf_bytes(&encoder->page, text.data, text.len);
    }
    *out = base_buf_view(&encoder->page);
    return base_buf_ok(&encoder->page, fail);
}

static bool take_pages(struct store_encoder *encoder, struct fail *fail)
{
    if (!base_buf_ok(&encoder->pages, fail) ||
        !encoder->take(encoder->context, encoder->pages.data, encoder->pages.len, fail)) {
        return false;
    }
    encoder->taken += encoder->pages.len;
    base_buf_reset(&encoder->pages);
    return true;
}

/* Strings [from, to), which have `bytes`, as one page behind the others: *entry is what the table says of it. */
static bool put_page(const struct store_value *strings, uint32_t from, uint32_t to, size_t bytes,
                     struct store_encoder *encoder, uint8_t entry[PAGE_ENTRY_BYTES],
                     struct fail *fail)
{
    struct base_buf *pages = &encoder->pages;
    size_t begin = pages->len;
    uint64_t offset = encoder->taken + begin;
    bool smaller = false;
    struct str raw;
    if (!join_page(strings, from, to, encoder, &raw, fail)) {
        return false;
    }
    INVARIANT(raw.len == bytes);
    if (bytes > 0 && !base_zip(encoder->zipper, raw.data, bytes, pages, &smaller, fail)) {
        return false;
    }
    if (!smaller) {
        base_buf_bytes(pages, raw.data, bytes);
    }
    if (!base_buf_ok(pages, fail)) {
        return false;
    }
    if (offset > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the strings of one block take more than 4 GiB");
    }
    base_put_u32(entry, from);
    base_put_u32(entry + 4, (uint32_t)offset);
    base_put_u32(entry + 8, (uint32_t)(pages->len - begin));
    base_put_u32(entry + 12, (uint32_t)bytes);
    return encoder->take == NULL || pages->len < STORE_ENCODER_PAGES_BYTES ||
           take_pages(encoder, fail);
}

/* The table stands before the pages, and is filled while they are put. */
static bool put_pages(const struct store_value *strings, uint32_t count, uint32_t pages,
                      struct store_encoder *encoder, struct base_buf *out, struct fail *fail)
{
    size_t table = out->len;
    size_t bytes = (size_t)pages * PAGE_ENTRY_BYTES;
    char *room = base_buf_room(out, bytes);
    if (room == NULL) {
        return base_buf_ok(out, fail);
    }
    out->len += bytes;
    base_buf_reset(&encoder->pages);
    for (uint32_t from = 0; from < count; table += PAGE_ENTRY_BYTES) {
        size_t page_bytes;
        uint32_t to = find_page_end(strings, from, count, &page_bytes);
        if (!put_page(strings, from, to, page_bytes, encoder, (uint8_t *)out->data + table, fail)) {
            return false;
        }
        from = to;
    }
    if (encoder->taken > 0) {
        return encoder->pages.len == 0 || take_pages(encoder, fail);
    }
    base_buf_bytes(out, encoder->pages.data, encoder->pages.len);
    return base_buf_ok(out, fail);
}

bool store_heap_encode(const struct store_value *strings, uint32_t count,
                       struct store_encoder *encoder, bool *out_uuids, struct base_buf *out,
                       struct fail *fail)
{
    if (!put_uuids(strings, count, encoder, out_uuids, out, fail)) {
        return false;
    }
    if (*out_uuids) {
        return true;
    }
    int64_t *lengths = arena_array(encoder->arena, count, sizeof *lengths, fail);
    if (lengths == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        lengths[i] = (int64_t)store_value_len(&strings[i]);
    }
    uint32_t pages = 0;
    size_t bytes;
    for (uint32_t from = 0; from < count; pages++) {
        from = find_page_end(strings, from, count, &bytes);
    }
    uint8_t header[HEADER_BYTES] = {0};
    size_t begin = out->len;
    base_buf_bytes(out, header, sizeof header);
    if (!store_ints_encode(lengths, count, out, fail)) {
        return false;
    }
    base_put_u32(header, count);
    base_put_u32(header + 4, pages);
    base_put_u32(header + 8, (uint32_t)(out->len - begin - sizeof header));
    memcpy(out->data + begin, header, sizeof header);
    return put_pages(strings, count, pages, encoder, out, fail);
}

/* ---- decoding ----------------------------------------------------------------------------------------- */

bool store_heap_open(const uint8_t *bytes, size_t len, bool uuids, uint32_t strings,
                     struct store_heap *out, struct fail *fail)
{
    struct store_heap heap = {.uuids = uuids, .strings = strings};
    if (uuids) {
        if (len != (size_t)strings * UUID_BYTES) {
            return bad(fail, "UUIDs cut short");
        }
        heap.bytes = bytes;
        *out = heap;
        return true;
    }
    if (len < HEADER_BYTES || base_get_u32(bytes) != strings) {
        return bad(fail, "malformed heap");
    }
    heap.pages = base_get_u32(bytes + 4);
    size_t lengths = base_get_u32(bytes + 8);
    size_t left = len - HEADER_BYTES;
    size_t table = (size_t)heap.pages * PAGE_ENTRY_BYTES;
    if (heap.pages == 0 || lengths > left || table > left - lengths) {
        return bad(fail, "heap cut short");
    }
    if (!store_ints_open(bytes + HEADER_BYTES, lengths, &heap.lengths, fail)) {
        return false;
    }
    if (heap.lengths.count != strings) {
        return bad(fail, "lengths and strings differ");
    }
    heap.table = bytes + HEADER_BYTES + lengths;
    heap.bytes = heap.table + table;
    heap.bytes_len = left - lengths - table;
    *out = heap;
    return true;
}

static uint32_t page_first(const struct store_heap *heap, uint32_t page)
{
    return base_get_u32(heap->table + (size_t)page * PAGE_ENTRY_BYTES);
}

/* Opens the page that holds `string` and reads its strings' lengths. */
static bool open_page(struct store_heap_reader *reader, uint32_t string, struct fail *fail)
{
    const struct store_heap *heap = reader->heap;
    uint32_t low = 0;
    uint32_t high = heap->pages;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (page_first(heap, middle) <= string) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const uint8_t *entry = heap->table + (size_t)low * PAGE_ENTRY_BYTES;
    uint32_t first = base_get_u32(entry);
    uint32_t offset = base_get_u32(entry + 4);
    uint32_t stored = base_get_u32(entry + 8);
    uint32_t bytes = base_get_u32(entry + 12);
    uint32_t end = low + 1 < heap->pages ? page_first(heap, low + 1) : heap->strings;
    if (first > string || end <= string || end > heap->strings ||
        (uint64_t)offset + stored > heap->bytes_len || stored > bytes ||
        bytes > STORE_EVENT_BYTES_MAX + STORE_HEAP_PAGE_BYTES) {
        return bad(fail, "a page past the end");
    }
    if (!store_vec_room(&reader->scratch->lengths, end - first, sizeof(int64_t),
                        reader->scratch->budget, fail) ||
        !store_ints_read(&heap->lengths, first, end - first, reader->scratch->lengths.data, fail)) {
        return false;
    }
    const uint8_t *from = heap->bytes + offset;
    if (reader->forgets) {
        arena_reset(reader->scratch->strings);
    }
    if (stored == bytes) {
        reader->page = (const char *)from;
    } else {
        char *into = arena_alloc(reader->scratch->strings, bytes, fail);
        if (into == NULL) {
            return false;
        }
        if (reader->scratch->unzipper == NULL) {
            reader->scratch->unzipper = base_unzipper_new();
        }
        if (!base_unzip(reader->scratch->unzipper, from, stored, into, bytes, fail)) {
            return false;
        }
        reader->page = into;
    }
    reader->page_first = first;
    reader->page_end = end;
    reader->page_bytes = bytes;
    reader->next = first;
    reader->next_offset = 0;
    reader->any = true;
    return true;
}

bool store_heap_get(struct store_heap_reader *reader, uint32_t string, struct store_value *out,
                    struct fail *fail)
{
    const struct store_heap *heap = reader->heap;
    INVARIANT(string < heap->strings);
    if (heap->uuids) {
        if (reader->forgets) {
            arena_reset(reader->scratch->strings);
        }
        char *text = arena_alloc(reader->scratch->strings, UUID_TEXT_BYTES, fail);
        if (text == NULL) {
            return false;
        }
        uuid_format(heap->bytes + (size_t)string * UUID_BYTES, text);
        *out = store_value_str(str_of(text, UUID_TEXT_BYTES));
        return true;
    }
    if (!reader->any || string < reader->page_first || string >= reader->page_end) {
        if (!open_page(reader, string, fail)) {
            return false;
        }
    } else if (string < reader->next) {
        reader->next = reader->page_first;
        reader->next_offset = 0;
    }
    const int64_t *lengths = reader->scratch->lengths.data;
    for (;;) {
        int64_t len = lengths[reader->next - reader->page_first];
        if (len < 0 || len > (int64_t)(reader->page_bytes - reader->next_offset)) {
            return bad(fail, "a string past its page");
        }
        uint32_t at = reader->next_offset;
        reader->next_offset += (uint32_t)len;
        if (reader->next++ == string) {
            *out = store_value_str(str_of(reader->page + at, (size_t)len));
            return true;
        }
    }
}

/* Lengths are unpacked so many at once. */
#define LENGTHS_AHEAD 256U

bool store_heap_leave(struct store_heap_reader *reader, uint32_t string, struct store_value *out,
                      struct fail *fail)
{
    const struct store_heap *heap = reader->heap;
    struct store_values_scratch *scratch = reader->scratch;
    int64_t len = UUID_TEXT_BYTES;
    INVARIANT(string < heap->strings);
    if (!heap->uuids) {
        if (!reader->any || string < reader->page_first || string >= reader->page_end) {
            uint32_t left = heap->strings - string;
            uint32_t count = left < LENGTHS_AHEAD ? left : LENGTHS_AHEAD;
            if (!store_vec_room(&scratch->lengths, count, sizeof(int64_t), scratch->budget, fail) ||
                !store_ints_read(&heap->lengths, string, count, scratch->lengths.data, fail)) {
                return false;
            }
            reader->page_first = string;
            reader->page_end = string + count;
            reader->any = true;
        }
        len = ((const int64_t *)scratch->lengths.data)[string - reader->page_first];
        if (len < 0 || len > (int64_t)(STORE_EVENT_BYTES_MAX + STORE_HEAP_PAGE_BYTES)) {
            return bad(fail, "a string past its page");
        }
    }
    *out = (struct store_value){.kind = STORE_STRING,
                                .len = (uint32_t)len | STORE_LEFT,
                                .u = (uint64_t)scratch->leave_segment << 48 |
                                     (uint64_t)scratch->leave_block << 32 | string};
    return true;
}

/* ---- dictionaries ------------------------------------------------------------------------------------- */

bool store_dictionary_encode(const struct str *strings, uint32_t count, struct base_buf *out,
                             struct fail *fail)
{
    uint8_t number[8] = {0};
    base_put_u32(number, count);
    base_buf_bytes(out, number, 8);
    uint64_t offset = 0;
    for (uint32_t i = 0; i <= count; i++) {
        base_put_u32(number, (uint32_t)offset);
        base_buf_bytes(out, number, 4);
        offset += i < count ? strings[i].len : 0;
    }
    if (offset > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a dictionary of more than 4 GiB");
    }
    for (uint32_t i = 0; i < count; i++) {
        base_buf_bytes(out, strings[i].data, strings[i].len);
    }
    return base_buf_ok(out, fail);
}

bool store_dictionary_open(const uint8_t *bytes, size_t len, struct store_dictionary *out,
                           struct fail *fail)
{
    if (len < 12) {
        return bad(fail, "dictionary cut short");
    }
    struct store_dictionary dictionary = {.count = base_get_u32(bytes), .offsets = bytes + 8};
    uint64_t offsets = ((uint64_t)dictionary.count + 1) * 4;
    if (base_get_u32(bytes + 4) != 0 || dictionary.count == UINT32_MAX || offsets > len - 8) {
        return bad(fail, "dictionary cut short");
    }
    uint64_t left = len - 8 - offsets;
    dictionary.bytes = (const char *)bytes + 8 + offsets;
    uint32_t before = 0;
    for (uint32_t i = 0; i <= dictionary.count; i++) {
        uint32_t end = base_get_u32(dictionary.offsets + (size_t)i * 4);
        if (end < before || end > left) {
            return bad(fail, "a dictionary's string past its end");
        }
        before = end;
    }
    *out = dictionary;
    return true;
}
