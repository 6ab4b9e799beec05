/* store_build_names.c — the names in use in what is being written, and the columns that follow from them. */
#include <stdlib.h>

#include "store_build.h"

struct usage {
    uint64_t
        *rows[STORE_FAMILIES]; /* by code of the process; 0: not in use. Exact for events only */
};

static void use(struct usage *usage, enum store_family family, uint32_t code, uint64_t rows)
{
    if (code != STORE_NO_CODE) {
        usage->rows[family][code] += rows;
    }
}

static void use_fresh(const struct store_build *build, struct usage *usage)
{
    const struct store_fresh_index *fresh = build->sources.fresh;
    for (uint32_t i = 0; fresh != NULL && i < fresh->row_count; i++) {
        store_fresh_index_soon(fresh, i);
        const struct store_row *row = store_fresh_index_row(fresh, i);
        if (store_build_leaves(build, row->arrival)) {
            continue;
        }
        use(usage, STORE_FAMILY_EVENT, row->event, 1);
        use(usage, STORE_FAMILY_SOURCE, row->source, 1);
        use(usage, STORE_FAMILY_CHANNEL, row->channel, 1);
        use(usage, STORE_FAMILY_SCALE, row->scale, 1);
        for (uint32_t p = 0; p < row->property_count; p++) {
            use(usage, STORE_FAMILY_PROPERTY, row->properties[p].name, 1);
        }
        for (uint32_t t = 0; t < row->trait_count; t++) {
            use(usage, STORE_FAMILY_TRAIT, row->traits[t].name, 1);
        }
    }
}

static void use_bulk(const struct store_bulk *bulk, struct usage *usage)
{
    for (uint32_t i = 0; i < bulk->count; i++) {
        use(usage, STORE_FAMILY_EVENT, bulk->events[i], 1);
        use(usage, STORE_FAMILY_SOURCE, bulk->sources[i], 1);
    }
    for (uint32_t i = 0; bulk->channels != NULL && i < bulk->count; i++) {
        use(usage, STORE_FAMILY_CHANNEL, bulk->channels[i], 1);
    }
    for (uint32_t i = 0; bulk->scales != NULL && i < bulk->count; i++) {
        use(usage, STORE_FAMILY_SCALE, bulk->scales[i], 1);
    }
    for (size_t c = STORE_BULK_OWN; c < bulk->column_count; c++) {
        const struct store_bulk_column *column = &bulk->columns[c];
        use(usage, column->trait ? STORE_FAMILY_TRAIT : STORE_FAMILY_PROPERTY, column->name,
            column->count);
    }
}

static bool use_segment(const struct store_segment *segment, struct usage *usage, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_statistic *lines;
    size_t count;
    for (int f = 0; f < STORE_FAMILIES; f++) {
        enum store_family family = (enum store_family)f;
        const uint32_t *codes;
        uint32_t code_count = store_segment_codes(segment, family, &codes);
        for (uint32_t i = 0; i < code_count; i++) {
            use(usage, family, codes[i], 1);
        }
    }
    if (!store_segment_statistics(segment, arena, &lines, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (lines[i].kind == STORE_STATISTIC_EVENT) {
            use(usage, STORE_FAMILY_EVENT, lines[i].event, lines[i].rows);
        }
    }
    return true;
}

struct ranked {
    struct str name;
    uint64_t rows;
    uint32_t code;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return str_compare(x->name, y->name);
}

/* Events by rows, so that the frequent ones have few bits; other names by bytes. */
static bool rank_family(struct store_build *build, enum store_family family,
                        const uint64_t *rows_of, uint32_t codes, struct fail *fail)
{
    struct arena *arena = build->arena;
    uint32_t count = 0;
    for (uint32_t c = 0; c < codes; c++) {
        count += rows_of[c] > 0;
    }
    struct ranked *ranked = arena_array(arena, count, sizeof *ranked, fail);
    uint32_t *names = arena_array(arena, count, sizeof *names, fail);
    uint32_t *codes_of = arena_array(arena, codes, sizeof *codes_of, fail);
    if (ranked == NULL || names == NULL || codes_of == NULL) {
        return false;
    }
    count = 0;
    for (uint32_t c = 0; c < codes; c++) {
        codes_of[c] = STORE_NO_CODE;
        if (rows_of[c] > 0) {
            ranked[count].name = store_names_get(build->in->names, family, c);
            ranked[count].rows = family == STORE_FAMILY_EVENT ? rows_of[c] : 0;
            ranked[count++].code = c;
        }
    }
    if (count > 0) {
        qsort(ranked, count, sizeof *ranked, compare_ranked);
    }
    for (uint32_t i = 0; i < count; i++) {
        names[i] = ranked[i].code;
        codes_of[ranked[i].code] = i;
    }
    build->names[family] = names;
    build->name_counts[family] = count;
    build->codes[family] = codes_of;
    build->code_counts[family] = codes;
    return true;
}

/* Columns of values: the rows' own, then one for each property and trait in use. */
static bool make_columns(struct store_build *build, struct fail *fail)
{
    static const enum store_segment_kind own[STORE_BUILD_VALUES] = {
        STORE_SEGMENT_CLIENT_TS, STORE_SEGMENT_SENT_AT, STORE_SEGMENT_SCORE, STORE_SEGMENT_TEXT,
        STORE_SEGMENT_MESSAGE_ID};
    uint32_t properties = build->name_counts[STORE_FAMILY_PROPERTY];
    uint32_t traits = build->name_counts[STORE_FAMILY_TRAIT];
    struct arena *arena = build->arena;
    size_t count = (size_t)STORE_BUILD_VALUES + properties + traits;
    build->columns = arena_array(arena, count, sizeof *build->columns, fail);
    build->property_column = arena_array(arena, build->code_counts[STORE_FAMILY_PROPERTY],
                                         sizeof *build->property_column, fail);
    build->trait_column = arena_array(arena, build->code_counts[STORE_FAMILY_TRAIT],
                                      sizeof *build->trait_column, fail);
    if (build->columns == NULL || build->property_column == NULL || build->trait_column == NULL ||
        !store_build_block_columns(build->filling, count, fail)) {
        return false;
    }
    build->column_count = count;
    for (size_t c = 0; c < build->column_count; c++) {
        struct store_build_column *column = &build->columns[c];
        column->name = STORE_NO_CODE;
        if (c < STORE_BUILD_VALUES) {
            column->kind = own[c];
        } else if (c < (size_t)STORE_BUILD_VALUES + properties) {
            column->kind = STORE_SEGMENT_PROPERTY;
            column->name = build->names[STORE_FAMILY_PROPERTY][c - STORE_BUILD_VALUES];
            build->property_column[column->name] = (uint32_t)c + 1;
        } else {
            column->kind = STORE_SEGMENT_TRAIT;
            column->name = build->names[STORE_FAMILY_TRAIT][c - STORE_BUILD_VALUES - properties];
            build->trait_column[column->name] = (uint32_t)c + 1;
        }
    }
    return true;
}

bool store_build_plan_names(struct store_build *build, struct fail *fail)
{
    struct usage usage;
    uint32_t codes[STORE_FAMILIES];
    for (int f = 0; f < STORE_FAMILIES; f++) {
        codes[f] = store_names_count(build->in->names, (enum store_family)f);
        usage.rows[f] = arena_array(build->arena, codes[f], sizeof **usage.rows, fail);
        if (usage.rows[f] == NULL) {
            return false;
        }
    }
    use_fresh(build, &usage);
    if (build->in->bulk != NULL) {
        use_bulk(build->in->bulk, &usage);
    }
    for (size_t s = 0; s < build->sources.segment_count; s++) {
        struct store_segment *segment = build->sources.segments[s];
        if (build->in->leave_out != NULL ? !store_build_left_names(build, segment, usage.rows, fail)
                                         : !use_segment(segment, &usage, fail)) {
            return false;
        }
    }
    for (int f = 0; f < STORE_FAMILIES; f++) {
        if (!rank_family(build, (enum store_family)f, usage.rows[f], codes[f], fail)) {
            return false;
        }
    }
    uint32_t events = codes[STORE_FAMILY_EVENT];
    build->bookkeeping = arena_array(build->arena, events, 1, fail);
    if (build->bookkeeping == NULL) {
        return false;
    }
    for (uint32_t e = 0; e < events; e++) {
        build->bookkeeping[e] = store_names_is_bookkeeping(build->in->names, e);
    }
    uint32_t bits = (build->name_counts[STORE_FAMILY_EVENT] + 7) / 8 * 8;
    build->event_bits = bits < STORE_SEGMENT_EVENT_BITS_MAX ? bits : STORE_SEGMENT_EVENT_BITS_MAX;
    return make_columns(build, fail);
}
