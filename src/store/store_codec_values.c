/* store_codec_values.c — reading columns of values (docs/formats/segment.md, section 5). */
#include "base_bytes.h"
#include "store_codec.h"

#define HEADER_BYTES 48U
#define RANK_ROWS 512U /* of a bitmap: one count of entries before each so many rows */
#define EXPONENT_MAX 15U

enum section { PLACES, KINDS, BOOLEANS, INTEGERS, LARGES, DOUBLES, CODES, HEAP, SECTIONS };

static bool bad(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "values: %s", what);
}

void store_values_scratch_done(struct store_values_scratch *scratch)
{
    store_vec_done(&scratch->numbers, scratch->budget);
    store_vec_done(&scratch->codes, scratch->budget);
    store_vec_done(&scratch->kinds, scratch->budget);
    store_vec_done(&scratch->lengths, scratch->budget);
    store_vec_done(&scratch->picks, scratch->budget);
    store_vec_done(&scratch->values, scratch->budget);
    base_unzipper_free(scratch->unzipper);
    scratch->unzipper = NULL;
}

static uint32_t rank_groups(uint32_t rows)
{
    return (rows + RANK_ROWS - 1) / RANK_ROWS;
}

static bool open_places(struct store_values *values, struct str section, struct fail *fail)
{
    const uint8_t *bytes = (const uint8_t *)section.data;
    switch (values->places) {
    case STORE_PLACES_ALL:
        return (section.len == 0 && values->entries == values->rows) ||
               bad(fail, "entries and rows differ");
    case STORE_PLACES_BITMAP: {
        size_t ranks = (size_t)rank_groups(values->rows) * 2;
        if (values->entries > values->rows || section.len != ranks + (values->rows + 7U) / 8U) {
            return bad(fail, "bitmap cut short");
        }
        values->ranks = bytes;
        values->bits = bytes + ranks;
        return true;
    }
    case STORE_PLACES_LIST:
        return store_ints_open(bytes, section.len, &values->list, fail) &&
               (values->list.count == values->entries || bad(fail, "entries and places differ"));
    }
    return bad(fail, "unknown form of places");
}

/* An optional run of integers; its count is told. */
static bool open_ints(struct str section, struct store_ints *out, uint32_t *out_count,
                      struct fail *fail)
{
    *out_count = 0;
    if (section.len == 0) {
        return true;
    }
    if (!store_ints_open((const uint8_t *)section.data, section.len, out, fail)) {
        return false;
    }
    *out_count = out->count;
    return true;
}

static bool open_streams(struct store_values *values, const struct str *sections, unsigned heap,
                         struct fail *fail)
{
    uint32_t kinds;
    uint32_t codes;
    if (!open_ints(sections[KINDS], &values->kinds, &kinds, fail) ||
        !open_ints(sections[BOOLEANS], &values->booleans, &values->booleans_count, fail) ||
        !open_ints(sections[INTEGERS], &values->integers, &values->integers_count, fail) ||
        !open_ints(sections[LARGES], &values->larges, &values->larges_count, fail) ||
        !open_ints(sections[CODES], &values->codes, &codes, fail)) {
        return false;
    }
    values->doubles = (const uint8_t *)sections[DOUBLES].data;
    values->doubles_count = (uint32_t)(sections[DOUBLES].len / 8);
    values->has_codes = codes > 0;
    uint32_t in_heap = 0;
    if (sections[HEAP].len > 0) {
        /* All strings without codes; else as many as the codes say, which reading finds out. */
        const uint8_t *bytes = (const uint8_t *)sections[HEAP].data;
        size_t len = sections[HEAP].len;
        in_heap = heap == 1 ? (uint32_t)(len / 16) : len >= 4 ? base_get_u32(bytes) : 0;
        if (!store_heap_open(bytes, len, heap == 1, in_heap, &values->heap, fail)) {
            return false;
        }
    }
    values->strings_count = values->has_codes ? codes : in_heap;
    if (values->has_codes && values->dictionary == NULL) {
        return bad(fail, "codes without a dictionary");
    }
    uint64_t counts[] = {kinds,
                         values->booleans_count,
                         values->integers_count,
                         values->larges_count,
                         values->doubles_count,
                         values->strings_count,
                         values->integers_count};
    if (values->form < ARRAY_LEN(counts) && counts[values->form] == values->entries) {
        return true;
    }
    return bad(fail, "entries and values differ");
}

bool store_values_open(const uint8_t *bytes, size_t len, uint32_t rows,
                       const struct store_dictionary *dictionary, struct store_values *out,
                       struct fail *fail)
{
    if (len < HEADER_BYTES) {
        return bad(fail, "cut short");
    }
    struct store_values values = {.entries = base_get_u32(bytes),
                                  .rows = base_get_u32(bytes + 4),
                                  .places = (enum store_values_places)bytes[8],
                                  .form = bytes[9],
                                  .exponent = bytes[10],
                                  .dictionary = dictionary};
    unsigned heap = bytes[11];
    if (values.entries == 0 || values.rows != rows || values.form > STORE_FORM_DECIMAL ||
        values.exponent > EXPONENT_MAX || heap > 1 || base_get_u32(bytes + 12) != 0) {
        return bad(fail, "malformed header");
    }
    struct str sections[SECTIONS];
    size_t at = HEADER_BYTES;
    for (unsigned s = 0; s < SECTIONS; s++) {
        size_t section = base_get_u32(bytes + 16 + (size_t)s * 4);
        if (section > len - at) {
            return bad(fail, "a section past the end");
        }
        sections[s] = str_of((const char *)bytes + at, section);
        at += section;
    }
    if (!open_places(&values, sections[PLACES], fail) ||
        !open_streams(&values, sections, heap, fail)) {
        return false;
    }
    *out = values;
    return true;
}

/* ---- places ------------------------------------------------------------------------------------------- */

static uint64_t bitmap_word(const struct store_values *values, uint32_t word)
{
    size_t bytes = (values->rows + 7U) / 8U;
    size_t at = (size_t)word * 8;
    uint64_t bits = 0;
    memcpy(&bits, values->bits + at, bytes - at < 8 ? bytes - at : 8);
    return bits;
}

/* Entries before `row`. */
static uint32_t rank(const struct store_values *values, uint32_t row)
{
    if (row == values->rows) {
        return values->entries;
    }
    uint32_t group = row / RANK_ROWS;
    uint32_t count = base_get_u16(values->ranks + (size_t)group * 2);
    for (uint32_t word = group * (RANK_ROWS / 64); word < row / 64; word++) {
        count += base_bits_set(bitmap_word(values, word));
    }
    uint64_t below = (UINT64_C(1) << (row % 64)) - 1;
    return count + base_bits_set(bitmap_word(values, row / 64) & below);
}

bool store_values_find(const struct store_values *values, uint32_t from, uint32_t to,
                       uint32_t *out_first, uint32_t *out_count, struct fail *fail)
{
    INVARIANT(from <= to && to <= values->rows);
    uint32_t first = from;
    uint32_t end = to;
    if (values->places == STORE_PLACES_BITMAP) {
        first = rank(values, from);
        end = rank(values, to);
    } else if (values->places == STORE_PLACES_LIST) {
        if (!store_ints_search(&values->list, from, &first, fail) ||
            !store_ints_search(&values->list, to, &end, fail)) {
            return false;
        }
    }
    if (first > end || end > values->entries) {
        return bad(fail, "places do not ascend");
    }
    *out_first = first;
    *out_count = end - first;
    return true;
}

/* The row of entry `entry` of a bitmap. */
static bool select_row(const struct store_values *values, uint32_t entry, uint32_t *out,
                       struct fail *fail)
{
    uint32_t low = 0;
    uint32_t high = rank_groups(values->rows);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (base_get_u16(values->ranks + (size_t)middle * 2) <= entry) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint32_t before = base_get_u16(values->ranks + (size_t)low * 2);
    for (uint32_t word = low * (RANK_ROWS / 64); before <= entry; word++) {
        if ((uint64_t)word * 64 >= values->rows) {
            break;
        }
        uint64_t bits = bitmap_word(values, word);
        uint32_t here = base_bits_set(bits);
        if (before + here <= entry) {
            before += here;
            continue;
        }
        for (; before < entry; before++) {
            bits &= bits - 1;
        }
        *out = word * 64 + (uint32_t)__builtin_ctzll(bits);
        return *out < values->rows || bad(fail, "a place past the block");
    }
    return bad(fail, "bitmap has too few bits");
}

bool store_values_rows(const struct store_values *values, uint32_t first, uint32_t count,
                       uint32_t *out, struct fail *fail)
{
    INVARIANT(first <= values->entries && count <= values->entries - first);
    if (count == 0) {
        return true;
    }
    if (values->places == STORE_PLACES_ALL) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = first + i;
        }
        return true;
    }
    if (values->places == STORE_PLACES_LIST) {
        if (!store_ints_read_codes(&values->list, first, count, values->rows, out, fail)) {
            return false;
        }
        uint32_t falls = 0;
        for (uint32_t i = 1; i < count; i++) {
            falls += out[i] < out[i - 1];
        }
        return falls == 0 || bad(fail, "places do not ascend");
    }
    uint32_t row = 0;
    if (!select_row(values, first, &row, fail)) {
        return false;
    }
    uint32_t word = row / 64;
    uint64_t bits = bitmap_word(values, word) & (UINT64_MAX << (row % 64));
    for (uint32_t i = 0; i < count;) {
        if (bits == 0) {
            word++;
            if ((uint64_t)word * 64 >= values->rows) {
                return bad(fail, "bitmap has too few bits");
            }
            bits = bitmap_word(values, word);
            continue;
        }
        out[i] = word * 64 + (uint32_t)__builtin_ctzll(bits);
        if (out[i] >= values->rows) {
            return bad(fail, "a place past the block");
        }
        bits &= bits - 1;
        i++;
    }
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------- */

static double power_of_ten(unsigned exponent)
{
    static const double powers[EXPONENT_MAX + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    return powers[exponent];
}

static bool value_of_int(const struct store_values *values, unsigned form, int64_t number,
                         struct store_value *out)
{
    switch (form) {
    case STORE_BOOL:
        *out = store_value_bool(number != 0);
        return number == 0 || number == 1;
    case STORE_UINT:
        *out = store_value_uint((uint64_t)number);
        return number < 0;
    case STORE_FORM_DECIMAL:
        *out = store_value_double((double)number / power_of_ten(values->exponent));
        return true;
    default:
        *out = store_value_int(number);
        return true;
    }
}

/* Values of one kind: positions [first, first + count) among those of that kind. */
struct part {
    const struct store_values *values;
    unsigned form;
    uint32_t first, count;
    const uint32_t *picks;
    uint32_t pick_count;
    struct store_values_scratch *scratch;
    struct store_value *out;
};

static bool read_numbers(const struct part *part, const struct store_ints *ints, struct fail *fail)
{
    if (!store_vec_room(&part->scratch->numbers, part->count, sizeof(int64_t),
                        part->scratch->budget, fail)) {
        return false;
    }
    int64_t *numbers = part->scratch->numbers.data;
    if (!store_ints_read(ints, part->first, part->count, numbers, fail)) {
        return false;
    }
    bool good = true;
    if (part->form == STORE_INT) {
        for (uint32_t i = 0; i < part->pick_count; i++) {
            part->out[i] = store_value_int(numbers[part->picks != NULL ? part->picks[i] : i]);
        }
        return true;
    }
    for (uint32_t i = 0; i < part->pick_count; i++) {
        int64_t number = numbers[part->picks != NULL ? part->picks[i] : i];
        good &= value_of_int(part->values, part->form, number, &part->out[i]);
    }
    return good || bad(fail, "a number of the wrong kind");
}

static bool read_doubles(const struct part *part, struct fail *fail)
{
    bool good = true;
    for (uint32_t i = 0; i < part->pick_count; i++) {
        uint32_t at = part->first + (part->picks != NULL ? part->picks[i] : i);
        double number;
        memcpy(&number, part->values->doubles + (size_t)at * 8, sizeof number);
        part->out[i] = (struct store_value){.kind = STORE_DOUBLE, .d = number};
        good &= number == number;
    }
    return good || bad(fail, "not a number");
}

/* How many of the strings before `first` are in the heap. */
static bool heap_rank(const struct store_values *values, uint32_t first, uint32_t *out,
                      struct fail *fail)
{
    uint32_t codes[STORE_INTS_FRAME];
    uint32_t rank = 0;
    for (uint32_t at = 0; at < first;) {
        uint32_t here = first - at < STORE_INTS_FRAME ? first - at : STORE_INTS_FRAME;
        if (!store_ints_read_codes(&values->codes, at, here, UINT32_MAX, codes, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < here; i++) {
            rank += codes[i] == 0;
        }
        at += here;
    }
    *out = rank;
    return true;
}

static bool get_string(struct store_heap_reader *reader, uint32_t string, struct store_value *out,
                       struct fail *fail)
{
    return reader->scratch->leave ? store_heap_leave(reader, string, out, fail)
                                  : store_heap_get(reader, string, out, fail);
}

static bool read_coded_strings(const struct part *part, struct fail *fail)
{
    const struct store_values *values = part->values;
    const struct store_dictionary *dictionary = values->dictionary;
    if (!store_vec_room(&part->scratch->codes, part->count, sizeof(uint32_t), part->scratch->budget,
                        fail)) {
        return false;
    }
    uint32_t *codes = part->scratch->codes.data;
    if (!store_ints_read_codes(&values->codes, part->first, part->count, dictionary->count + 1,
                               codes, fail)) {
        return false;
    }
    uint32_t heap_at = 0;
    if (values->heap.strings > 0 && !heap_rank(values, part->first, &heap_at, fail)) {
        return false;
    }
    struct store_heap_reader reader = {.heap = &values->heap, .scratch = part->scratch};
    uint32_t seen = 0;
    for (uint32_t i = 0; i < part->pick_count; i++) {
        uint32_t at = part->picks != NULL ? part->picks[i] : i;
        if (codes[at] != 0) {
            part->out[i] = store_dictionary_value(dictionary, codes[at] - 1);
            continue;
        }
        for (; seen < at; seen++) {
            heap_at += codes[seen] == 0;
        }
        if (heap_at >= values->heap.strings) {
            return bad(fail, "a string past its heap");
        }
        if (!get_string(&reader, heap_at, &part->out[i], fail)) {
            return false;
        }
    }
    return true;
}

static bool read_strings(const struct part *part, struct fail *fail)
{
    if (part->values->has_codes) {
        return read_coded_strings(part, fail);
    }
    struct store_heap_reader reader = {.heap = &part->values->heap, .scratch = part->scratch};
    for (uint32_t i = 0; i < part->pick_count; i++) {
        uint32_t at = part->first + (part->picks != NULL ? part->picks[i] : i);
        if (!get_string(&reader, at, &part->out[i], fail)) {
            return false;
        }
    }
    return true;
}

static bool read_part(const struct part *part, struct fail *fail)
{
    switch (part->form) {
    case STORE_BOOL:
        return read_numbers(part, &part->values->booleans, fail);
    case STORE_INT:
    case STORE_FORM_DECIMAL:
        return read_numbers(part, &part->values->integers, fail);
    case STORE_UINT:
        return read_numbers(part, &part->values->larges, fail);
    case STORE_DOUBLE:
        return read_doubles(part, fail);
    default:
        return read_strings(part, fail);
    }
}

/* How many values of a kind there are. */
static uint32_t kind_count(const struct store_values *values, unsigned kind)
{
    switch (kind) {
    case STORE_BOOL:
        return values->booleans_count;
    case STORE_INT:
        return values->integers_count;
    case STORE_UINT:
        return values->larges_count;
    case STORE_DOUBLE:
        return values->doubles_count;
    default:
        return values->strings_count;
    }
}

/* The values of one kind among mixed ones: read together, then put where they belong. */
static bool read_kind(const struct part *mixed, const uint32_t *kinds, unsigned kind,
                      struct fail *fail)
{
    struct store_values_scratch *scratch = mixed->scratch;
    struct part part = *mixed;
    uint32_t *picks = scratch->picks.data;
    uint32_t pick = 0;
    part.form = kind;
    part.first = 0;
    part.count = 0;
    part.picks = picks;
    part.pick_count = 0;
    part.out = scratch->values.data;
    for (uint32_t i = 0; i < mixed->first; i++) {
        part.first += kinds[i] == kind;
    }
    for (uint32_t i = 0; i < mixed->count; i++) {
        bool wanted =
            pick < mixed->pick_count && i == (mixed->picks != NULL ? mixed->picks[pick] : pick);
        pick += wanted;
        if (kinds[mixed->first + i] == kind) {
            if (wanted) {
                picks[part.pick_count++] = part.count;
            }
            part.count++;
        }
    }
    if (part.pick_count == 0) {
        return true;
    }
    if ((uint64_t)part.first + part.count > kind_count(mixed->values, kind)) {
        return bad(fail, "entries and values differ");
    }
    if (!read_part(&part, fail)) {
        return false;
    }
    uint32_t next = 0;
    for (uint32_t i = 0; i < mixed->pick_count; i++) {
        uint32_t at = mixed->first + (mixed->picks != NULL ? mixed->picks[i] : i);
        if (kinds[at] == kind) {
            mixed->out[i] = part.out[next++];
        }
    }
    return true;
}

static bool read_mixed(const struct part *mixed, struct fail *fail)
{
    struct store_values_scratch *scratch = mixed->scratch;
    uint32_t all = mixed->first + mixed->count;
    if (!store_vec_room(&scratch->kinds, all, sizeof(uint32_t), scratch->budget, fail) ||
        !store_vec_room(&scratch->picks, mixed->pick_count, sizeof(uint32_t), scratch->budget,
                        fail) ||
        !store_vec_room(&scratch->values, mixed->pick_count, sizeof(struct store_value),
                        scratch->budget, fail)) {
        return false;
    }
    uint32_t *kinds = scratch->kinds.data;
    if (!store_ints_read_codes(&mixed->values->kinds, 0, all, STORE_STRING + 1, kinds, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < mixed->pick_count; i++) {
        mixed->out[i] = (struct store_value){.kind = STORE_NULL};
    }
    for (unsigned kind = STORE_BOOL; kind <= STORE_STRING; kind++) {
        if (!read_kind(mixed, kinds, kind, fail)) {
            return false;
        }
    }
    return true;
}

bool store_values_read(const struct store_values *values, uint32_t first, uint32_t count,
                       const uint32_t *picks, uint32_t pick_count,
                       struct store_values_scratch *scratch, struct store_value *out,
                       struct fail *fail)
{
    INVARIANT(first <= values->entries && count <= values->entries - first);
    if (picks == NULL) {
        pick_count = count;
    }
    if (pick_count == 0) {
        return true;
    }
    struct part part = {.values = values,
                        .form = values->form,
                        .first = first,
                        .count = count,
                        .picks = picks,
                        .pick_count = pick_count,
                        .scratch = scratch,
                        .out = out};
    return values->form == STORE_FORM_MIXED ? read_mixed(&part, fail) : read_part(&part, fail);
}
