/* app_demo_event.h — the one whose life is told, and the making of its events.
 *
 * What: struct demo_life is one customer as the demo tells it; demo_with adds a property to the event being made,
 *   demo_did and its neighbours end it. app_demo_life.c tells what happens, app_demo_voice.c what is said and asked.
 * Owner: the caller; items live in the sink's arena.   Threads: one at a time.   Failure: what the sink says.
 * Limits/cost: DEMO_FIELDS_MAX properties an event.   Units: *_ms UTC, *_day since 1970-01-01.
 * Example: app_demo_voice.c.   Not here: tables (app_demo_world.h), sentences (app_demo_words.h).
 */
#pragma once

#include "app_demo_life.h"
#include "app_demo_world.h"
#include "base_time.h"

#define DAY_MS 86400000LL
#define MINUTE_MS 60000LL
#define DEMO_FIELDS_MAX 16
#define DEMO_WAITING_MAX 8
#define DEMO_CONTACTS_MAX 8

enum demo_way { DEMO_PHONE, DEMO_DESKTOP, DEMO_APP, DEMO_STORE };

struct demo_order {
    int64_t delivered_day;
    unsigned id;
    unsigned product;
    unsigned days; /* from order to door */
    bool late, fjordpost, from_new_batch;
};

struct demo_life {
    struct base_random_seeded seeded;
    struct base_random *random;
    struct demo_sink *sink;
    int64_t last_day;
    int64_t end_ms;
    const struct demo_place *place;
    char user[24], anonymous[24], name[48], email[64];
    bool will_sign_up, known, has_app, android, planner_user, gone, muted;
    unsigned visits_per_mille; /* chance of a visit a day, before season and mood */
    int mood;                  /* 0 to 100: how content, moved by what happens */
    unsigned orders;
    struct demo_order waiting[DEMO_WAITING_MAX];
    size_t waiting_count;
    int64_t contacted_ms[DEMO_CONTACTS_MAX]; /* the newest allowed contacts, oldest first */
    size_t contacts;
    /* the event being made */
    struct store_field fields[DEMO_FIELDS_MAX];
    size_t field_count;
};

struct demo_moment {
    int64_t ts_ms;
    const char *source, *channel; /* channel NULL: none */
};

unsigned demo_dice(struct demo_life *life, unsigned sides);
bool demo_chance(struct demo_life *life, unsigned percent);
void demo_move_mood(struct demo_life *life, int by);

void demo_with(struct demo_life *life, const char *name, struct store_value value);
/* `text` is copied when the event ends. */
void demo_with_text(struct demo_life *life, const char *name, const char *text);

/* Ends the event being made, with the properties gathered; nothing is told from the demo's end on. */
bool demo_did(struct demo_life *life, const struct demo_moment *at, const char *event,
              struct fail *fail) MUST_USE;
/* An `identify` with the gathered fields as traits, and the e-mail address as an identifier. */
bool demo_identify(struct demo_life *life, const struct demo_moment *at,
                   struct fail *fail) MUST_USE;
/* A `feedback`: `text` missing: no words; `scale` NULL: no score. */
bool demo_said(struct demo_life *life, const struct demo_moment *at, struct str text,
               const char *scale, int score, struct fail *fail) MUST_USE;
