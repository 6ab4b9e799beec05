/* Which columns a table needs: a property gets the one type that all its values have, else JSON. */
#include <stdlib.h>

#include "export_internal.h"

#define EXACT_DOUBLE_MAX ((int64_t)1 << 53) /* whole numbers up to here are exact as doubles */
#define SLOTS 4096U                         /* more than twice the names looked at */

struct seen { /* of the values of one name */
    struct str name;
    bool any, bools, ints, doubles, texts, json;
    bool wide; /* a whole number that no double holds */
};
struct export_shaping {
    struct arena *arena;
    uint16_t slots[SLOTS]; /* index of a name + 1; 0: empty */
    struct seen names[EXPORT_COLUMNS_MAX];
    size_t count;
    bool rest; /* there are more names than that */
    struct seen score;
};

struct export_shaping *export_shaping_new(void)
{
    struct export_shaping *shaping = base_alloc_zero(sizeof *shaping);
    shaping->arena = arena_new(NULL);
    return shaping;
}

void export_shaping_free(struct export_shaping *shaping)
{
    if (shaping != NULL) {
        arena_free(shaping->arena);
        base_free(shaping);
    }
}

static struct seen *find(struct export_shaping *shaping, struct str name)
{
    uint32_t slot = (uint32_t)base_hash_str(name) % SLOTS;
    while (shaping->slots[slot] != 0 &&
           !str_equal(shaping->names[shaping->slots[slot] - 1].name, name)) {
        slot = (slot + 1) % SLOTS;
    }
    if (shaping->slots[slot] == 0) {
        if (shaping->count == EXPORT_COLUMNS_MAX) {
            shaping->rest = true;
            return NULL;
        }
        shaping->names[shaping->count].name = str_copy(shaping->arena, name);
        shaping->slots[slot] = (uint16_t)++shaping->count;
    }
    return &shaping->names[shaping->slots[slot] - 1];
}

static void look_at(struct seen *seen, struct store_value value)
{
    seen->any = true;
    switch ((enum store_kind)value.kind) {
    case STORE_BOOL:
        seen->bools = true;
        break;
    case STORE_INT:
        seen->ints = true;
        seen->wide = seen->wide || value.i > EXACT_DOUBLE_MAX || value.i < -EXACT_DOUBLE_MAX;
        break;
    case STORE_DOUBLE:
        seen->doubles = true;
        break;
    case STORE_STRING:
        seen->texts = true;
        break;
    case STORE_NULL:
    case STORE_UINT: /* no column of signed numbers holds it */
        seen->json = true;
        break;
    }
}

bool export_shaping_look(struct export_shaping *shaping, const struct store_event *event,
                         struct fail *fail)
{
    (void)fail;
    if (event->scale.data != NULL) {
        look_at(&shaping->score, event->score);
    }
    for (size_t i = 0; i < event->property_count; i++) {
        const struct store_field *field = &event->properties[i];
        struct seen *seen = find(shaping, field->name);
        if (seen == NULL) {
            continue;
        }
        look_at(seen, field->value);
        /* Fields of one name stand together. */
        seen->json = seen->json || (i > 0 && str_equal(event->properties[i - 1].name, field->name));
    }
    return true;
}

static enum parquet_type type_of(const struct seen *seen)
{
    int kinds = seen->bools + seen->texts + (seen->ints || seen->doubles);
    if (seen->json || kinds != 1 || (seen->doubles && seen->wide)) {
        return PARQUET_JSON;
    }
    return seen->bools     ? PARQUET_BOOL
           : seen->texts   ? PARQUET_TEXT
           : seen->doubles ? PARQUET_DOUBLE
                           : PARQUET_INT;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(((const struct seen *)a)->name, ((const struct seen *)b)->name);
}

bool export_shaping_end(struct export_shaping *shaping, struct arena *arena,
                        struct export_shape *out, struct fail *fail)
{
    static const struct {
        const char *name;
        enum parquet_type type;
    } own[EXPORT_OWN_COUNT] = {
        [EXPORT_CUSTOMER] = {"customer", PARQUET_TEXT},
        [EXPORT_EVENT] = {"event", PARQUET_TEXT},
        [EXPORT_TS] = {"ts", PARQUET_INSTANT},
        [EXPORT_RECEIVED_AT] = {"received_at", PARQUET_INSTANT},
        [EXPORT_SOURCE] = {"source", PARQUET_TEXT},
        [EXPORT_CHANNEL] = {"channel", PARQUET_TEXT},
        [EXPORT_MESSAGE_ID] = {"message_id", PARQUET_TEXT},
        [EXPORT_TEXT] = {"text", PARQUET_TEXT},
        [EXPORT_SCORE] = {"score", PARQUET_INT},
        [EXPORT_SCALE] = {"scale", PARQUET_TEXT},
        [EXPORT_TRAITS] = {"traits", PARQUET_JSON},
    };
    size_t count = EXPORT_OWN_COUNT + shaping->count;
    struct parquet_column *columns = arena_array(arena, count + 1, sizeof *columns, fail);
    if (columns == NULL) {
        return false;
    }
    if (shaping->count > 1) {
        qsort(shaping->names, shaping->count, sizeof *shaping->names, compare_names);
    }
    for (size_t c = 0; c < EXPORT_OWN_COUNT; c++) {
        columns[c] = (struct parquet_column){str_from_c(own[c].name), own[c].type};
    }
    if (shaping->score.any) {
        columns[EXPORT_SCORE].type = type_of(&shaping->score);
    }
    for (size_t i = 0; i < shaping->count; i++) {
        columns[EXPORT_OWN_COUNT + i] = (struct parquet_column){
            str_format(arena, "properties.%.*s", STR_ARG(shaping->names[i].name)),
            type_of(&shaping->names[i])};
    }
    columns[count] = (struct parquet_column){STR("properties"), PARQUET_JSON};
    *out = (struct export_shape){columns, count + (shaping->rest ? 1 : 0), count};
    return true;
}
