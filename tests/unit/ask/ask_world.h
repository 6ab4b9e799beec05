/* ask_world.h — surveys at work over a real store, a real `state` and the real engine, for tests.
 *
 * What: a store on a simulated disk, `state` in memory-backed files, a contact policy of the test's own (a set of
 *   words), faults to order: the next submits fail before or after they were stored.
 * Owner: world_done.   Threads: the test's.   Failure: fails the test.
 * Limits/cost: none.   Units: *_ms UTC.   Example: world_publish(&world, "s", "{...}");
 * Not here: what is tested.
 */
#pragma once

#include "store_kit.h"
#include "scratch.h"

#include "ask_widget.h"

enum world_fault { WORLD_NO_FAULT, WORLD_FAILS_BEFORE, WORLD_FAILS_AFTER, WORLD_REFUSES };

struct world {
    struct kit kit;
    char directory[SCRATCH_BYTES];
    struct state *state;
    struct base_pool *pool;
    struct query_backend *engine;
    struct base_random_seeded random;
    struct ask *ask;
    struct arena *arena;
    _Atomic enum world_fault fault; /* of the next submit; then gone */
    int fault_later;                /* so many submits go well before it */
    const char *policy;             /* NULL: allows; else the reason why not */
    int contacts, skips;
    char skipped[64]; /* the reason of the last skip */
};

void world_init(struct world *world);
void world_done(struct world *world);
/* The program is killed and started again: only what lies in files is left. */
void world_restart(struct world *world);
void world_step(struct world *world, int64_t by_ms);
void world_settle(struct world *world); /* the job; faults fail it silently */
void world_publish(struct world *world, const char *id, const char *definition);
/* Somebody does something now. */
void world_did(struct world *world, const char *user, const char *event);
/* JSON in, JSON out; text lies in world->arena. FAIL_NONE where it worked. */
enum fail_code world_next(struct world *world, const char *user, const char *event,
                          const char **out);
enum fail_code world_answer(struct world *world, const char *response, const char *token,
                            int64_t seq, const char *answers, bool finished, const char **out);
/* The string member of an object, or NULL. */
const char *world_member(struct world *world, const char *json, const char *name);
/* The feedback events of a customer, oldest first. */
struct store_timeline_row *world_feedback(struct world *world, const char *user, size_t *out_count);
/* The value of a property, as text; NULL where missing. */
const char *world_property(struct world *world, const struct store_event *event, const char *name);
extern struct fail world_failed;
