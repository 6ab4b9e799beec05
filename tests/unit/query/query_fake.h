/* query_fake.h — timelines in memory behind the store's face, for tests of questions.
 *
 * What: events and traits are written as lines of JSON with ' for ", a short form:
 *   {'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','p':{'price':5},'text':'..','channel':'web'}
 *   {'c':'ann','e':'identify','t':'2026-05-02T10:00:00Z','sent':{'plan':'pro','age':null}} for `then.` alone
 *   {'c':'ann','traits':{'plan':'pro'},'ids':['email:a@b.c'],'known':false}
 *   A question is asked over several layouts and numbers of threads; all answers must be the same bytes.
 * Owner: fake_new, fake_free.   Threads: immutable once loaded.
 * Failure: a test fails on bad lines.   Limits/cost: small data.   Units: *_ms.
 * Example: test_query_trend.c.   Not here: what answers should be.
 */
#pragma once

#include "query.h"

struct store_snapshot;
struct fake {
    struct store_snapshot *snapshot;
    struct arena *arena;
    struct base_pool *pool;
    struct query_backend *backend;
    struct query_env env; /* now: 2026-05-15T12:00:00Z, UTC */
    size_t memory_bytes;
    struct base_cancel *cancel;
};

struct fake *fake_new(const char *lines);
void fake_free(struct fake *fake);
void fake_add(struct fake *fake, const char *lines);
/* A saved segment. */
void fake_save(struct fake *fake, const char *name, const char *segment);

/* The whole answer, without elapsed time; in the fake's arena. Fails the test where the question does. */
struct str fake_ask(struct fake *fake, const char *question);
/* The answer up to "as_of" must be this. ' stands for " in both. */
void fake_expect(struct fake *fake, const char *question, const char *answer);
/* It must hold this. */
void fake_expect_part(struct fake *fake, const char *question, const char *part);
/* The question fails with this code and, for FAIL_INPUT, this pointer; the message holds `part`. */
void fake_expect_fail(struct fake *fake, const char *question, enum fail_code code,
                      const char *pointer, const char *part);
/* Parses only. */
void fake_expect_refused(struct fake *fake, const char *question, const char *pointer,
                         const char *part);
char *fake_quotes(struct arena *arena, const char *text); /* ' becomes " */
