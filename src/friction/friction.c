#include "friction.h"

#include <stdlib.h>

#include "base_json_write.h"

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define DAY_MS (24 * 60 * MINUTE_MS)

const char *const friction_scales[FRICTION_SCALES] = {"nps", "csat", "ces", "stars"};

const char *friction_kind_name(enum friction_kind kind)
{
    static const char *const names[FRICTION_KINDS] = {
        [FRICTION_LOW_SCORE] = "low score",   [FRICTION_FAILED] = "failed",
        [FRICTION_REPEATED] = "repeated",     [FRICTION_ABANDONED] = "abandoned",
        [FRICTION_UNANSWERED] = "unanswered", [FRICTION_WAITED] = "waited",
    };
    return names[kind];
}

void friction_rules_default(struct friction_rules *out)
{
    *out = (struct friction_rules){
        .score_at_most = {6, 2, 3, 2},
        .failures = true,
        .repeated_times = 5,
        .repeated_within_ms = 30 * SECOND_MS,
        .repeated_after_ms = 30 * MINUTE_MS,
        .steps_within_ms = DAY_MS,
        .answer_within_ms = 3 * DAY_MS,
    };
}

/* ---- finding ------------------------------------------------------------------------------------------- */

struct finding {
    const struct friction_rules *rules;
    const struct friction_moment *moments;
    size_t count;
    int64_t now_ms;
    struct friction_found *found; /* room for FRICTION_EACH_MAX a moment */
    size_t found_count;
};
/* A moment can be a low score, a failure, the last of many, the last beginning and a request. */
#define FRICTION_EACH_MAX 5

static void find(struct finding *f, enum friction_kind kind, size_t at, size_t first,
                 uint32_t times, int64_t ms, size_t answer)
{
    f->found[f->found_count++] = (struct friction_found){
        .kind = kind, .at = at, .first = first, .answer = answer, .times = times, .ms = ms};
}

static void find_score(struct finding *f, size_t i)
{
    const struct friction_moment *moment = &f->moments[i];
    for (size_t s = 0; s < FRICTION_SCALES; s++) {
        int64_t most = f->rules->score_at_most[s];
        if (str_is(moment->scale, friction_scales[s]) && most != FRICTION_OFF &&
            moment->score <= (double)most) {
            find(f, FRICTION_LOW_SCORE, i, i, 1, 0, SIZE_MAX);
        }
    }
}

#define FRICTION_LOOK_MAX 500 /* moments that are looked back over for a run */

/* The first moment after `i` that is such, no later than `until_ms`; SIZE_MAX: none. */
static size_t next_such(const struct finding *f, size_t i, uint32_t is, int64_t until_ms)
{
    for (size_t k = i + 1; k < f->count && f->moments[k].ts_ms <= until_ms; k++) {
        if ((f->moments[k].is & is) != 0) {
            return k;
        }
    }
    return SIZE_MAX;
}

/* Trying: what the customer did themselves. Looking at pages and saying things is none. */
static bool is_try(const struct friction_moment *moment)
{
    return (moment->is & (FRICTION_IS_OWN | FRICTION_IS_WORDS)) == FRICTION_IS_OWN &&
           !friction_name_looks(moment->event);
}

/* How many of the name lie within the window that ends with moment `i`, counted up to what makes a run; *out_first is
   the earliest of them. Nothing before `from` counts, nor what lies further back than FRICTION_LOOK_MAX. */
static uint32_t count_back(const struct finding *f, size_t i, size_t from, size_t *out_first)
{
    const struct friction_moment *last = &f->moments[i];
    size_t least = i > FRICTION_LOOK_MAX ? i - FRICTION_LOOK_MAX : 0;
    uint32_t times = 0;
    least = from > least ? from : least;
    for (size_t k = i + 1; k-- > least && times < f->rules->repeated_times;) {
        if (last->ts_ms - f->moments[k].ts_ms > f->rules->repeated_within_ms) {
            break;
        }
        if (str_equal(f->moments[k].event, last->event)) {
            times++;
            *out_first = k;
        }
    }
    return times;
}

/* A run goes on while the next of the name comes within the window. It is told at its last, and what lies in it is
   not told again. */
static void find_repeated(struct finding *f)
{
    const struct friction_rules *rules = f->rules;
    size_t from = 0;
    for (size_t i = 0; i < f->count && rules->repeated_times != FRICTION_OFF; i++) {
        size_t first = i, end = i;
        if (!is_try(&f->moments[i]) || count_back(f, i, from, &first) < rules->repeated_times) {
            continue;
        }
        uint32_t times = (uint32_t)rules->repeated_times;
        for (size_t k = i + 1; k < f->count && f->moments[k].ts_ms - f->moments[end].ts_ms <=
                                                   rules->repeated_within_ms;
             k++) {
            if (str_equal(f->moments[k].event, f->moments[i].event)) {
                end = k;
                times++;
            }
        }
        int64_t until_ms = f->moments[end].ts_ms + rules->repeated_after_ms;
        if (f->now_ms > until_ms && next_such(f, first, FRICTION_IS_DONE, until_ms) == SIZE_MAX) {
            find(f, FRICTION_REPEATED, end, first, times,
                 f->moments[end].ts_ms - f->moments[first].ts_ms, SIZE_MAX);
        }
        from = end + 1;
        i = end;
    }
}

static void find_abandoned(struct finding *f)
{
    const int64_t within_ms = f->rules->steps_within_ms;
    size_t first = SIZE_MAX, last = 0;
    uint32_t times = 0;
    if (within_ms == FRICTION_OFF) {
        return;
    }
    for (size_t i = 0; i <= f->count; i++) {
        int64_t ts_ms = i < f->count ? f->moments[i].ts_ms : f->now_ms;
        uint32_t is = i < f->count ? f->moments[i].is : 0;
        if (first != SIZE_MAX && ts_ms - f->moments[last].ts_ms > within_ms) {
            find(f, FRICTION_ABANDONED, last, first, times, 0, SIZE_MAX);
            first = SIZE_MAX;
        }
        if ((is & FRICTION_IS_DONE) != 0) {
            first = SIZE_MAX;
        }
        if ((is & FRICTION_IS_BEGIN) != 0) {
            times = first == SIZE_MAX ? 1 : times + 1;
            first = first == SIZE_MAX ? i : first;
            last = i;
        }
    }
}

/* Several requests before one answer wait together: told at the first. */
static void find_waits(struct finding *f)
{
    const int64_t within_ms = f->rules->answer_within_ms;
    size_t asked = SIZE_MAX;
    uint32_t times = 0;
    if (within_ms == FRICTION_OFF) {
        return;
    }
    for (size_t i = 0; i < f->count; i++) {
        const struct friction_moment *moment = &f->moments[i];
        if ((moment->is & FRICTION_IS_ANSWER) != 0 && asked != SIZE_MAX) {
            int64_t waited_ms = moment->ts_ms - f->moments[asked].ts_ms;
            if (waited_ms > within_ms) {
                find(f, FRICTION_WAITED, asked, asked, times, waited_ms, i);
            }
            asked = SIZE_MAX;
        }
        if ((moment->is & FRICTION_IS_REQUEST) != 0) {
            times = asked == SIZE_MAX ? 1 : times + 1;
            asked = asked == SIZE_MAX ? i : asked;
        }
    }
    if (asked != SIZE_MAX && f->now_ms - f->moments[asked].ts_ms > within_ms) {
        find(f, FRICTION_UNANSWERED, asked, asked, times, f->now_ms - f->moments[asked].ts_ms,
             SIZE_MAX);
    }
}

static int compare_found(const void *a, const void *b)
{
    const struct friction_found *x = a, *y = b;
    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return (x->kind > y->kind) - (x->kind < y->kind);
}

bool friction_find(const struct friction_rules *rules, const struct friction_moment *moments,
                   size_t count, int64_t now_ms, struct arena *arena, struct friction_found **out,
                   size_t *out_count, struct fail *fail)
{
    struct finding f = {.rules = rules, .moments = moments, .count = count, .now_ms = now_ms};
    f.found = arena_array(arena, count, FRICTION_EACH_MAX * sizeof *f.found, fail);
    if (f.found == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        find_score(&f, i);
        if (rules->failures && (moments[i].is & FRICTION_IS_FAILURE) != 0) {
            find(&f, FRICTION_FAILED, i, i, 1, 0, SIZE_MAX);
        }
    }
    find_repeated(&f);
    find_abandoned(&f);
    find_waits(&f);
    if (f.found_count > 1) {
        qsort(f.found, f.found_count, sizeof *f.found, compare_found);
    }
    *out = f.found;
    *out_count = f.found_count;
    return true;
}

/* ---- saying why ---------------------------------------------------------------------------------------- */

/* "40 seconds", "2 hours", "9 days": whole, of the largest unit that fills one. */
static struct str length_words(int64_t ms, struct arena *arena)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"day", DAY_MS}, {"hour", 60 * MINUTE_MS}, {"minute", MINUTE_MS}};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (ms >= units[i].ms) {
            long long n = (long long)(ms / units[i].ms);
            return str_format(arena, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
        }
    }
    long long n = (long long)((ms + SECOND_MS - 1) / SECOND_MS);
    return str_format(arena, "%lld second%s", n, n == 1 ? "" : "s");
}

static struct str times_words(uint32_t times, struct arena *arena)
{
    return times == 1 ? STR("once") : str_format(arena, "%u times", times);
}

static int64_t most_of(const struct friction_rules *rules, struct str scale)
{
    size_t s = 0;
    while (s + 1 < FRICTION_SCALES && !str_is(scale, friction_scales[s])) {
        s++;
    }
    return rules->score_at_most[s];
}

/* The rule without a word about guesses. */
static struct str rule_words(const struct friction_rules *rules, const struct friction_found *found,
                             const struct friction_moment *moments, struct arena *arena)
{
    const struct friction_moment *at = &moments[found->at];
    struct str lasted = length_words(found->ms, arena);
    struct str times = times_words(found->times, arena);
    char number[BASE_DOUBLE_CHARS];
    switch (found->kind) {
    case FRICTION_LOW_SCORE:
        return str_format(arena, "Scored %.*s (%.*s); %lld or less counts as low.",
                          (int)base_format_double(at->score, number), number, STR_ARG(at->scale),
                          (long long)most_of(rules, at->scale));
    case FRICTION_FAILED:
        return str_format(arena, "\"%.*s\" is marked as going wrong.", STR_ARG(at->event));
    case FRICTION_REPEATED:
        return str_format(arena,
                          "\"%.*s\" %.*s in %.*s, and nothing finished within %.*s after it.",
                          STR_ARG(at->event), STR_ARG(times), STR_ARG(lasted),
                          STR_ARG(length_words(rules->repeated_after_ms, arena)));
    case FRICTION_ABANDONED:
        return str_format(arena, "Began (\"%.*s\", %.*s) and did not finish within %.*s.",
                          STR_ARG(at->event), STR_ARG(times),
                          STR_ARG(length_words(rules->steps_within_ms, arena)));
    case FRICTION_UNANSWERED:
        return str_format(
            arena, "Wrote to us (%.*s) and had no answer for %.*s; more than %.*s is long.",
            STR_ARG(times), STR_ARG(lasted), STR_ARG(length_words(rules->answer_within_ms, arena)));
    case FRICTION_WAITED:
    case FRICTION_KINDS:
        break;
    }
    return str_format(arena, "Wrote to us and had an answer after %.*s; more than %.*s is long.",
                      STR_ARG(lasted), STR_ARG(length_words(rules->answer_within_ms, arena)));
}

struct str friction_why(const struct friction_rules *rules, const struct friction_found *found,
                        const struct friction_moment *moments, bool guessed, struct arena *arena)
{
    if (guessed && found->kind == FRICTION_FAILED) {
        return str_format(arena,
                          "\"%.*s\" is something going wrong by its name: a guess, as nobody has "
                          "marked which events are.",
                          STR_ARG(moments[found->at].event));
    }
    struct str words = rule_words(rules, found, moments, arena);
    return guessed
               ? str_format(arena, "%.*s Which events begin and finish is a guess by their names.",
                            STR_ARG(words))
               : words;
}

/* ---- guessing by names --------------------------------------------------------------------------------- */

/* Case of ASCII letters aside: names are given by programs. */
static bool holds(struct str name, const char *part)
{
    size_t len = strlen(part);
    for (size_t from = 0; from + len <= name.len; from++) {
        size_t i = 0;
        while (i < len && (name.data[from + i] | 0x20) == part[i]) {
            i++;
        }
        if (i == len) {
            return true;
        }
    }
    return false;
}

bool friction_name_holds(struct str name, const char *const *parts)
{
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (holds(name, parts[i])) {
            return true;
        }
    }
    return false;
}

bool friction_name_fails(struct str event)
{
    static const char *const parts[] = {"fail",   "error", "declin",  "reject",
                                        "denied", "crash", "timeout", NULL};
    return friction_name_holds(event, parts);
}

bool friction_name_looks(struct str event)
{
    static const char *const parts[] = {"view", "page", "screen", NULL};
    return friction_name_holds(event, parts);
}

bool friction_name_begins(struct str event)
{
    static const char *const begins[] = {"start", "begin", "began", "initiat", NULL};
    return holds(event, "checkout") && friction_name_holds(event, begins);
}
