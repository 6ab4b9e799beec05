#include "app_demo_event.h"

unsigned demo_dice(struct demo_life *life, unsigned sides)
{
    return (unsigned)base_random_below(life->random, sides);
}

bool demo_chance(struct demo_life *life, unsigned percent)
{
    return demo_dice(life, 100) < percent;
}

void demo_move_mood(struct demo_life *life, int by)
{
    life->mood += by;
    life->mood = life->mood < 0 ? 0 : life->mood > 100 ? 100 : life->mood;
}

/* ---- making events ---------------------------------------------------------------------------------- */

void demo_with(struct demo_life *life, const char *name, struct store_value value)
{
    INVARIANT(life->field_count < DEMO_FIELDS_MAX);
    life->fields[life->field_count++] = (struct store_field){str_from_c(name), value};
}

void demo_with_text(struct demo_life *life, const char *name, const char *text)
{
    demo_with(life, name, store_value_str(str_from_c(text)));
}

static struct str keep(struct demo_life *life, const char *text)
{
    return text == NULL ? (struct str){NULL, 0} : str_copy(life->sink->arena, str_from_c(text));
}

static const struct store_identifier *identifiers(struct demo_life *life, bool with_email,
                                                  size_t *out_count)
{
    struct store_identifier *list = arena_small(life->sink->arena, 3 * sizeof *list);
    size_t count = 0;
    if (life->known) {
        list[count++] = (struct store_identifier){STR("user"), keep(life, life->user)};
    }
    list[count++] = (struct store_identifier){STR("anonymous"), keep(life, life->anonymous)};
    if (with_email) {
        list[count++] = (struct store_identifier){STR("email"), keep(life, life->email)};
    }
    *out_count = count;
    return list;
}

/* Strings of fields are static or the life's own, so they are copied where the life made them. */
static struct store_field *copy_fields(struct demo_life *life)
{
    struct store_field *fields =
        arena_small(life->sink->arena, (life->field_count + 1) * sizeof *fields);
    for (size_t i = 0; i < life->field_count; i++) {
        fields[i] = life->fields[i];
        if (fields[i].value.kind == STORE_STRING) {
            fields[i].value =
                store_value_str(str_copy(life->sink->arena, store_value_text(fields[i].value)));
        }
    }
    return fields;
}

static struct store_item begin_item(struct demo_life *life, const struct demo_moment *at,
                                    const char *event)
{
    struct store_item item = {.verdict = STORE_STORED};
    item.event = (struct store_event){
        .source = str_from_c(at->source),
        .event = str_from_c(event),
        .ts_ms = at->ts_ms,
        .received_at_ms = at->ts_ms + 200 + (int64_t)demo_dice(life, 1800),
        .client_ts_ms = STORE_NO_TIME,
        .sent_at_ms = STORE_NO_TIME,
        .channel = keep(life, at->channel),
    };
    return item;
}

static bool end_item(struct demo_life *life, struct store_item *item, bool as_traits,
                     bool with_email, struct fail *fail)
{
    const struct store_field *fields = copy_fields(life);
    if (as_traits) {
        item->event.traits = fields;
        item->event.trait_count = life->field_count;
    } else {
        item->event.properties = fields;
        item->event.property_count = life->field_count;
    }
    life->field_count = 0;
    if (item->event.received_at_ms >= life->end_ms) {
        return true;
    }
    item->event.identifiers = identifiers(life, with_email, &item->event.identifier_count);
    return life->sink->emit(life->sink, item, fail);
}

bool demo_did(struct demo_life *life, const struct demo_moment *at, const char *event,
              struct fail *fail)
{
    struct store_item item = begin_item(life, at, event);
    return end_item(life, &item, false, false, fail);
}

bool demo_identify(struct demo_life *life, const struct demo_moment *at, struct fail *fail)
{
    struct store_item item = begin_item(life, at, "identify");
    return end_item(life, &item, true, true, fail);
}

bool demo_said(struct demo_life *life, const struct demo_moment *at, struct str text,
               const char *scale, int score, struct fail *fail)
{
    struct store_item item = begin_item(life, at, "feedback");
    if (text.data != NULL) {
        item.event.text = str_copy(life->sink->arena, text);
    }
    if (scale != NULL) {
        item.event.scale = str_from_c(scale);
        item.event.score = store_value_int(score);
    }
    return end_item(life, &item, false, false, fail);
}
