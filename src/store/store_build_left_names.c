/* store_build_left_names.c — which names the rows of a segment bear that are not left out. */
#include "store_build.h"

struct looking {
    const struct store_build *build;
    struct store_segment *segment;
    uint64_t *const *rows; /* of each family, by code of the process */
    uint8_t *left;         /* of the block: is the row left out? */
    int64_t *ints;
    uint32_t *at;
    bool *seen; /* of the segment's columns */
};

static void looking_done(struct looking *looking)
{
    base_free(looking->left);
    base_free(looking->ints);
    base_free(looking->at);
    base_free(looking->seen);
}

static bool looking_init(struct looking *looking, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_array(STORE_SEGMENT_BLOCK_ROWS, 1, &block, fail)) {
        return false;
    }
    looking->left = block;
    if (!base_alloc_array(STORE_SEGMENT_BLOCK_ROWS, sizeof *looking->ints, &block, fail)) {
        return false;
    }
    looking->ints = block;
    /* Several values may stand in one row. */
    looking->at = NULL;
    uint32_t columns = store_segment_column_count(looking->segment);
    if (!base_alloc_array(columns + 1, sizeof *looking->seen, &block, fail)) {
        return false;
    }
    looking->seen = block;
    memset(looking->seen, 0, (columns + 1) * sizeof *looking->seen);
    return true;
}

static bool read_ints(struct looking *looking, const struct store_segment_column *column,
                      uint32_t block, bool *found, struct fail *fail)
{
    struct store_ints ints;
    uint32_t rows = store_segment_block_rows(looking->segment, block);
    if (!store_segment_ints_open(looking->segment, column, block, &ints, found, fail) ||
        (*found && !store_ints_read(&ints, 0, rows, looking->ints, fail))) {
        return store_segment_blame(looking->segment, column, block, fail);
    }
    return true;
}

static bool look_at_rows(struct looking *looking, uint32_t block, uint32_t *out_left,
                         struct fail *fail)
{
    const struct store_segment_column *arrival =
        store_segment_column_find(looking->segment, STORE_SEGMENT_ARRIVAL, STORE_NO_CODE);
    uint32_t rows = store_segment_block_rows(looking->segment, block);
    bool found = false;
    *out_left = 0;
    if (arrival == NULL || !read_ints(looking, arrival, block, &found, fail) || !found) {
        return arrival != NULL && !found
                   ? fail_set(fail, FAIL_CORRUPT, "a segment has rows without arrival")
                   : false;
    }
    for (uint32_t r = 0; r < rows; r++) {
        bool left = store_ranges_hold(looking->build->in->leave_out, (uint64_t)looking->ints[r]);
        looking->left[r] = left;
        *out_left += left;
    }
    return true;
}

/* A column of codes: `shift` 1 where the file counts from 1, and 0 is none. */
static bool look_at_codes(struct looking *looking, const struct store_segment_column *column,
                          enum store_family family, int64_t shift, uint32_t block,
                          struct fail *fail)
{
    const uint32_t *codes;
    uint32_t count = store_segment_codes(looking->segment, family, &codes);
    uint32_t rows = store_segment_block_rows(looking->segment, block);
    bool found = false;
    if (!read_ints(looking, column, block, &found, fail)) {
        return false;
    }
    for (uint32_t r = 0; found && r < rows; r++) {
        int64_t code = looking->ints[r] - shift;
        if (looking->left[r] == 0 && code >= 0 && code < count && codes[code] != STORE_NO_CODE) {
            looking->rows[family][codes[code]]++;
        }
    }
    return true;
}

/* A property's or trait's column: does a row that stays have a value in it? */
static bool look_at_values(struct looking *looking, struct store_segment_column *column,
                           uint32_t block, bool any_left, bool *out, struct fail *fail)
{
    struct store_dictionary dictionary;
    struct store_values values;
    bool found = false;
    if (!store_segment_values_open(looking->segment, column, block, &dictionary, &values, &found,
                                   fail)) {
        return false;
    }
    *out = found && !any_left;
    if (!found || !any_left) {
        return true;
    }
    void *at = looking->at;
    if (!base_realloc_array(&at, values.entries, sizeof *looking->at, fail)) {
        return false;
    }
    looking->at = at;
    if (!store_values_rows(&values, 0, values.entries, looking->at, fail)) {
        return store_segment_blame(looking->segment, column, block, fail);
    }
    for (uint32_t i = 0; i < values.entries && !*out; i++) {
        *out = looking->left[looking->at[i]] == 0;
    }
    return true;
}

static bool look_at_column(struct looking *looking, uint32_t c, uint32_t block, bool any_left,
                           struct fail *fail)
{
    struct store_segment_column *column = store_segment_column_at(looking->segment, c);
    bool trait = column->kind == STORE_SEGMENT_TRAIT;
    switch ((int)column->kind) {
    case STORE_SEGMENT_EVENT:
        return look_at_codes(looking, column, STORE_FAMILY_EVENT, 0, block, fail);
    case STORE_SEGMENT_SOURCE:
        return look_at_codes(looking, column, STORE_FAMILY_SOURCE, 1, block, fail);
    case STORE_SEGMENT_CHANNEL:
        return look_at_codes(looking, column, STORE_FAMILY_CHANNEL, 1, block, fail);
    case STORE_SEGMENT_SCALE:
        return look_at_codes(looking, column, STORE_FAMILY_SCALE, 1, block, fail);
    case STORE_SEGMENT_PROPERTY:
    case STORE_SEGMENT_TRAIT:
        break;
    default:
        return true;
    }
    if (!looking->seen[c] &&
        !look_at_values(looking, column, block, any_left, &looking->seen[c], fail)) {
        return false;
    }
    if (looking->seen[c]) {
        looking->rows[trait ? STORE_FAMILY_TRAIT : STORE_FAMILY_PROPERTY][column->name] = 1;
    }
    return true;
}

bool store_build_left_names(const struct store_build *build, struct store_segment *segment,
                            uint64_t *const rows[STORE_FAMILIES], struct fail *fail)
{
    CLEANUP(looking_done)
    struct looking looking = {.build = build, .segment = segment, .rows = rows};
    if (!looking_init(&looking, fail)) {
        return false;
    }
    for (uint32_t b = 0; b < store_segment_block_count(segment); b++) {
        uint32_t left;
        if ((build->in->cancel != NULL && base_cancel_due(build->in->cancel, fail)) ||
            !look_at_rows(&looking, b, &left, fail)) {
            return false;
        }
        for (uint32_t c = 0; c < store_segment_column_count(segment); c++) {
            if (!look_at_column(&looking, c, b, left > 0, fail)) {
                return false;
            }
        }
    }
    return true;
}
