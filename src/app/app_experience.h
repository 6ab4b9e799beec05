/* app_experience.h — one customer's life as rules see it: what was worth something, what went wrong.
 *
 * What: the organisation's rules (a setting; guessed from the names in use where nobody wrote them), and one
 *   customer's moments, each marked with the rules' matchers.
 * Owner: rules and moments lie in the arena, and live no longer than it and the snapshot.   Threads: as app.h.
 * Failure: FAIL_INPUT at the place, when rules are saved; FAIL_LIMIT over a question's memory.
 * Limits/cost: a read of one timeline; guesses read names, no rows.   Units: *_ms.
 * Example: app_value.c, app_wrong.c   Not here: what the rules about trouble do (friction.h).
 */
#pragma once

#include "app_internal.h"
#include "friction_form.h"

#define APP_EXPERIENCE_BYTES_MAX ((size_t)64 << 10)

/* What the moments carry, by place in query_moment.values. */
enum app_experience_value {
    APP_EXPERIENCE_TEXT,
    APP_EXPERIENCE_CHANNEL,
    APP_EXPERIENCE_SCALE,
    APP_EXPERIENCE_SCORE,
    APP_EXPERIENCE_OUTCOME, /* of `contacted` */
    APP_EXPERIENCE_PURPOSE,
    APP_EXPERIENCE_AMOUNT,   /* the property that is added up */
    APP_EXPERIENCE_CURRENCY, /* where it has a property */
    APP_EXPERIENCE_VALUES,
};

struct app_value_rule {
    bool known;              /* false: nothing in use looks like value */
    bool guessed;            /* from names */
    struct str event, where; /* as JSON; `where` may be missing */
    struct str property;
    struct str currency;    /* a property; missing: none */
    struct str currency_is; /* always this one; missing: not said */
};

struct app_experience {
    struct app_value_rule value;
    struct friction_form form;
    bool failures_guessed, begin_guessed, done_guessed;
    struct str matchers; /* all of them, as a JSON list */
    /* Places in that list; -1: there is none. Failures stand last. */
    int value_at, begin_at, done_at, failures_at;
    size_t failure_count;
};

/* `rules` is the setting's JSON, parsed; it must outlive *out. */
bool app_experience_read(struct app *app, struct store_snapshot *snapshot, struct json_value rules,
                         struct arena *arena, struct app_experience *out,
                         struct fail *fail) MUST_USE;

/* One customer under the rules as they are set. */
struct app_lived {
    struct json_parser *parser; /* of the setting */
    struct store_snapshot *snapshot;
    struct base_budget *budget;
    struct arena *arena; /* of the moments, on the budget */
    struct query_env env;
    struct app_experience rules;
    uint32_t customer;
    struct query_moment *moments; /* in timeline order */
    size_t count;
};
/* FAIL_ABSENT where there is no such customer. app_lived_done in any case. */
bool app_lived_read(struct app *app, const struct app_caller *caller, struct str id,
                    struct app_lived *out, struct fail *fail) MUST_USE;
void app_lived_done(struct app_lived *lived);
/* Does the moment fit the matcher at a place of the list (-1: no)? */
bool app_lived_fits(const struct query_moment *moment, int place);
/* The first value, or STORE_NULL; as text, or missing. */
struct store_value app_lived_value(const struct query_moment *moment,
                                   enum app_experience_value which);
struct str app_lived_text(const struct query_moment *moment, enum app_experience_value which);
/* The member "rule": what counts as value. */
void app_value_write_rule(struct json_writer *w, const struct app_value_rule *rule);
