/* store_codec_values_encode.c — writing columns of values (docs/formats/segment.md, section 5). */
#include "base_bytes.h"
#include "store_codec.h"

#define HEADER_BYTES 48U
#define RANK_ROWS 512U
#define EXPONENT_MAX 15U
#define EXACT_MOST 9007199254740992.0 /* 2^53: whole doubles below are exact */

/* ---- places ------------------------------------------------------------------------------------------- */

static bool one_a_row(const struct store_values_input *input)
{
    for (uint32_t i = 1; i < input->entries; i++) {
        if (input->at[i] == input->at[i - 1]) {
            return false;
        }
    }
    return true;
}

static bool put_bitmap(const struct store_values_input *input, struct arena *arena,
                       struct base_buf *out, struct fail *fail)
{
    size_t groups = (input->rows + RANK_ROWS - 1) / RANK_ROWS;
    size_t bytes = (input->rows + 7U) / 8U;
    uint8_t *bits = arena_array(arena, bytes, 1, fail);
    uint8_t *ranks = arena_array(arena, groups, 2, fail);
    if (bits == NULL || ranks == NULL) {
        return false;
    }
    uint32_t entry = 0;
    for (size_t g = 0; g < groups; g++) {
        base_put_u16(ranks + g * 2, (uint16_t)entry);
        while (entry < input->entries && input->at[entry] < (g + 1) * RANK_ROWS) {
            uint32_t row = input->at[entry++];
            bits[row / 8] = (uint8_t)(bits[row / 8] | 1U << (row % 8));
        }
    }
    base_buf_bytes(out, ranks, groups * 2);
    base_buf_bytes(out, bits, bytes);
    return base_buf_ok(out, fail);
}

static bool put_places(const struct store_values_input *input, struct arena *arena,
                       enum store_values_places *out_places, struct base_buf *out,
                       struct fail *fail)
{
    bool single = one_a_row(input);
    if (single && input->entries == input->rows) {
        *out_places = STORE_PLACES_ALL;
        return true;
    }
    int64_t *rows = arena_array(arena, input->entries, sizeof *rows, fail);
    if (rows == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < input->entries; i++) {
        rows[i] = input->at[i];
    }
    size_t before = out->len;
    *out_places = STORE_PLACES_LIST;
    if (!store_ints_encode(rows, input->entries, out, fail)) {
        return false;
    }
    size_t bitmap = (input->rows + RANK_ROWS - 1) / RANK_ROWS * 2 + (input->rows + 7U) / 8U;
    if (single && bitmap <= out->len - before) {
        *out_places = STORE_PLACES_BITMAP;
        out->len = before;
        return put_bitmap(input, arena, out, fail);
    }
    return true;
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

static const double powers[EXPONENT_MAX + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* Is `value` exactly m / 10^exponent, computed as a double? */
static bool is_decimal(struct store_value value, unsigned exponent, int64_t *out)
{
    double number = store_value_number(value);
    double scaled = number * powers[exponent];
    if (!(scaled > -EXACT_MOST && scaled < EXACT_MOST)) {
        return false;
    }
    double whole = round(scaled);
    double back = whole / powers[exponent];
    *out = (int64_t)whole;
    struct store_value read = store_value_double(back);
    if (read.kind != value.kind) {
        return false;
    }
    return read.kind == STORE_INT ? read.i == value.i
                                  : base_get_u64(&read.d) ==
                                        base_get_u64(&value.d); /* the same bits, -0 apart from 0 */
}

/* The least exponent that fits all values; false where none does. */
static bool as_decimals(const struct store_value *values, uint32_t count, int64_t *numbers,
                        unsigned *out_exponent)
{
    unsigned exponent = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t number;
        while (!is_decimal(values[i], exponent, &number)) {
            if (++exponent > EXPONENT_MAX) {
                return false;
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!is_decimal(values[i], exponent, &numbers[i])) {
            return false;
        }
    }
    *out_exponent = exponent;
    return true;
}

/* ---- sections ----------------------------------------------------------------------------------------- */

struct encoding {
    const struct store_values_input *input;
    struct store_encoder *encoder;
    struct base_buf *out;
    uint8_t *header; /* a copy; goes out at the end */
    size_t section_from;
    unsigned section;
};

static void end_section(struct encoding *encoding)
{
    base_put_u32(
        encoding->header + 16 + (size_t)encoding->section * 4,
        (uint32_t)(encoding->out->len + encoding->encoder->taken - encoding->section_from));
    encoding->section_from = encoding->out->len;
    encoding->section++;
}

static bool put_ints(struct encoding *encoding, const int64_t *numbers, uint32_t count,
                     struct fail *fail)
{
    if (count > 0 && !store_ints_encode(numbers, count, encoding->out, fail)) {
        return false;
    }
    end_section(encoding);
    return true;
}

/* Numbers of one kind, as integers. */
static uint32_t numbers_of(const struct store_values_input *input, uint32_t kind, int64_t *numbers)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < input->entries; i++) {
        const struct store_value *value = &input->values[i];
        if (value->kind == kind) {
            numbers[count++] = kind == STORE_BOOL ? value->b : value->i;
        }
    }
    return count;
}

static bool put_doubles(struct encoding *encoding, bool any)
{
    for (uint32_t i = 0; any && i < encoding->input->entries; i++) {
        const struct store_value *value = &encoding->input->values[i];
        if (value->kind == STORE_DOUBLE) {
            base_buf_bytes(encoding->out, &value->d, 8);
        }
    }
    end_section(encoding);
    return true;
}

static bool put_strings(struct encoding *encoding, int64_t *numbers, struct fail *fail)
{
    const struct store_values_input *input = encoding->input;
    struct store_value *rare =
        arena_array(encoding->encoder->arena, input->entries, sizeof *rare, fail);
    if (rare == NULL) {
        return false;
    }
    uint32_t rare_count = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < input->entries; i++) {
        if (input->values[i].kind != STORE_STRING) {
            continue;
        }
        numbers[count] = input->codes != NULL ? input->codes[i] : 0;
        if (numbers[count++] == 0) {
            rare[rare_count++] = input->values[i];
        }
    }
    /* CODES: left out where all strings are in the heap */
    if (!put_ints(encoding, numbers, rare_count < count ? count : 0, fail)) {
        return false;
    }
    bool uuids = false;
    if (rare_count > 0 &&
        !store_heap_encode(rare, rare_count, encoding->encoder, &uuids, encoding->out, fail)) {
        return false;
    }
    encoding->header[11] = uuids ? 1 : 0;
    end_section(encoding);
    return true;
}

static uint32_t kinds_of(const struct store_values_input *input)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < input->entries; i++) {
        kinds |= 1U << input->values[i].kind;
    }
    return kinds;
}

/* The form for all: one kind, decimals for whole and broken numbers together, else mixed. */
static unsigned form_of(const struct store_values_input *input, uint32_t kinds, int64_t *numbers,
                        unsigned *out_exponent)
{
    uint32_t doubles = 1U << STORE_DOUBLE;
    uint32_t numeric = doubles | 1U << STORE_INT;
    *out_exponent = 0;
    if ((kinds & doubles) != 0 && (kinds & ~numeric) == 0 &&
        as_decimals(input->values, input->entries, numbers, out_exponent)) {
        return STORE_FORM_DECIMAL;
    }
    bool single = (kinds & (kinds - 1)) == 0 && (kinds & 1U << STORE_NULL) == 0;
    return single ? (unsigned)__builtin_ctz(kinds) : STORE_FORM_MIXED;
}

static bool put_sections(struct encoding *encoding, struct fail *fail)
{
    const struct store_values_input *input = encoding->input;
    struct arena *arena = encoding->encoder->arena;
    int64_t *numbers = arena_array(arena, input->entries, sizeof *numbers, fail);
    if (numbers == NULL) {
        return false;
    }
    enum store_values_places places;
    if (!put_places(input, arena, &places, encoding->out, fail)) {
        return false;
    }
    end_section(encoding);
    unsigned exponent;
    uint32_t there = kinds_of(input);
    unsigned form = form_of(input, there, numbers, &exponent);
    encoding->header[8] = (uint8_t)places;
    encoding->header[9] = (uint8_t)form;
    encoding->header[10] = (uint8_t)exponent;
    if (form == STORE_FORM_DECIMAL) {
        return put_ints(encoding, NULL, 0, fail) &&                 /* KINDS */
               put_ints(encoding, NULL, 0, fail) &&                 /* BOOLEANS */
               put_ints(encoding, numbers, input->entries, fail) && /* INTEGERS */
               put_ints(encoding, NULL, 0, fail) &&                 /* LARGES */
               put_ints(encoding, NULL, 0, fail) &&                 /* DOUBLES */
               put_ints(encoding, NULL, 0, fail) &&                 /* CODES */
               put_ints(encoding, NULL, 0, fail);                   /* HEAP */
    }
    for (uint32_t i = 0; form == STORE_FORM_MIXED && i < input->entries; i++) {
        numbers[i] = input->values[i].kind;
    }
    if (!put_ints(encoding, numbers, form == STORE_FORM_MIXED ? input->entries : 0, fail)) {
        return false;
    }
    static const uint32_t kinds[] = {STORE_BOOL, STORE_INT, STORE_UINT};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        uint32_t count = (there & 1U << kinds[k]) != 0 ? numbers_of(input, kinds[k], numbers) : 0;
        if (!put_ints(encoding, numbers, count, fail)) {
            return false;
        }
    }
    return put_doubles(encoding, (there & 1U << STORE_DOUBLE) != 0) &&
           put_strings(encoding, numbers, fail);
}

void store_encoder_done(struct store_encoder *encoder)
{
    base_buf_done(&encoder->page);
    base_buf_done(&encoder->pages);
    base_zipper_free(encoder->zipper);
    arena_free(encoder->arena);
}

bool store_values_encode(const struct store_values_input *input, struct store_encoder *encoder,
                         struct base_buf *out, struct fail *fail)
{
    INVARIANT(input->entries > 0 && input->rows > 0 && input->rows <= 65536);
    uint8_t header[HEADER_BYTES] = {0};
    base_put_u32(header, input->entries);
    base_put_u32(header + 4, input->rows);
    arena_reset(encoder->arena);
    encoder->taken = 0;
    size_t header_at = out->len;
    base_buf_bytes(out, header, sizeof header);
    struct encoding encoding = {
        .input = input, .encoder = encoder, .out = out, .header = header, .section_from = out->len};
    if (!put_sections(&encoding, fail) || !base_buf_ok(out, fail)) {
        return false;
    }
    memcpy(out->data + header_at, header, sizeof header);
    return true;
}
