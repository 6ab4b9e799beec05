/* app_demo_words.h — what the demo's customers say: sentences by occasion and language.
 *
 * What: each occasion has sentences in English, some in Norwegian, Swedish, Danish, German and Dutch; {product},
 *   {days} and {city} stand for what happened to the one who speaks. Some open with a few words of their own, so
 *   that thousands of people do not sound like ten.
 * Owner: static tables; what is said lies in the caller's buffer.   Threads: immutable.   Failure: none.
 * Limits/cost: DEMO_SAY_BYTES.   Units: none.   Example: app_demo_life.c.
 * Not here: who says it, and why (app_demo_life.h).
 */
#pragma once

#include "base_random.h"
#include "base_str.h"

#define DEMO_SAY_BYTES 400

enum demo_words {
    DEMO_WORDS_LATE,     /* a late parcel */
    DEMO_WORDS_FAULT,    /* the hanging checkout */
    DEMO_WORDS_ZIP,      /* the leaking jacket */
    DEMO_WORDS_SIZE,     /* sent back: does not fit */
    DEMO_WORDS_GOOD,     /* content */
    DEMO_WORDS_PLANNER,  /* the trip planner */
    DEMO_WORDS_MIDDLING, /* neither */
    DEMO_WORDS_QUESTION, /* an ordinary ticket */
    DEMO_WORDS_HELPED,   /* about support: good */
    DEMO_WORDS_UNHELPED, /* about support: bad */
    DEMO_WORDS_KINDS,
};

struct demo_speaker {
    const char *country; /* decides which languages are spoken */
    const char *city;
    const char *product; /* what it is about */
    unsigned days;
};
/* A sentence in `out`; *out_language is its language ("en", "nb", ...). */
struct str demo_say(struct base_random *random, enum demo_words occasion,
                    const struct demo_speaker *speaker, char out[DEMO_SAY_BYTES],
                    const char **out_language);
