/* events.c — the events that speed is measured on, as CSV in the order in which they would arrive.
 *
 *   cc -O2 -o events events.c -lm && ./events ROWS [CUSTOMERS [DAYS [SEED [LATE [JOINED [ids]]]]]] > events.csv
 *
 * Columns: customer_id,ts,event,country,plan,device,price,page; with "ids" two more, all else being as without: message_id, a random
 * UUID (version 4) as text, which is what most senders' libraries make, and received, in ms since 1970, for those who cannot know
 * it themselves: one instant for each 1,000 lines, as they come to a server in batches. ts is in ms since 1970, from 2025-01-06T00:00:00Z on.
 * Some customers come often, most rarely: the rank of who comes is CUSTOMERS times a chance to the power of 1.8. They
 * come in sessions of some seven events, in which views lead to carts, carts to checkouts, checkouts to purchases, each
 * with its losses; thirty-six other events lie between, the last of them about one in ten thousand. Country, plan and
 * usual device belong to the customer; a tenth of all events have a price. No customer has two events in the same ms, so
 * that its timeline has one order, whoever sorts it. With LATE, a file, one event in twenty is written there instead: what
 * arrives when everything else is stored (-: none). With JOINED, a file, all events are written there once more, as they come
 * from where one customer in twenty was known by another id, "a" before the number, until some moment. The same arguments
 * give the same bytes.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0_MS INT64_C(1736121600000) /* 2025-01-06T00:00:00Z */
#define DAY_MS INT64_C(86400000)
#define OTHERS 36
#define COUNTRIES 60
#define PAGES 2000
#define RECEIVED_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z: of the first batch */
#define BATCH_LINES 1000
#define BATCH_MS 2

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t state;
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
static uint64_t draw(void)
{
    return mix(state += UINT64_C(0x9e3779b97f4a7c15));
}
static double unit(void)
{
    return (double)(draw() >> 11) * 0x1p-53;
}
/* Ids are drawn by themselves, so that the events are the same with and without them. */
static uint64_t ids_state = UINT64_C(0x243f6a8885a308d3);
static uint64_t draw_id(void)
{
    return mix(ids_state += UINT64_C(0x9e3779b97f4a7c15));
}
/* 0 to n - 1, small ones more often: as n times a power of chance. */
static uint32_t skewed(uint32_t n, double power)
{
    return (uint32_t)((double)n * pow(unit(), power));
}

static const char *const plans[] = {"free", "basic", "pro", "team"};
static const char *const devices[] = {"desktop", "phone", "tablet", "tv", "watch", "kiosk"};

/* ---- what is under way: sessions in the order of their next event ------------------------------------------- */

enum last { NOTHING, VIEWED, CARTED, PAYING };
struct session {
    int64_t at_ms;
    uint64_t order; /* ties in the order of beginning */
    uint32_t customer, left;
    enum last last;
    uint8_t device;
};
static struct session *heap;
static size_t count, room;

static int before(const struct session *a, const struct session *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}
static void sink(size_t at)
{
    struct session moved = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && before(&heap[child + 1], &heap[child]);
        if (!before(&heap[child], &moved)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}
static void begin(struct session session)
{
    if (count == room) {
        room = room == 0 ? 4096 : 2 * room;
        heap = realloc(heap, room * sizeof *heap);
        if (heap == NULL) {
            abort();
        }
    }
    size_t at = count++;
    while (at > 0 && before(&session, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = session;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

struct output {
    FILE *file;
    size_t used;
    char bytes[1 << 20];
};
#define LINE_MAX_BYTES 256
static struct output on_time, late, joined;
static struct output *to = &on_time;
static void flush(struct output *output)
{
    if (fwrite(output->bytes, 1, output->used, output->file) != output->used) {
        exit(1);
    }
    output->used = 0;
}
static void text(const char *s)
{
    size_t n = strlen(s);
    memcpy(to->bytes + to->used, s, n);
    to->used += n;
}
static void number(uint64_t n)
{
    char digits[20];
    int at = 20;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    memcpy(to->bytes + to->used, digits + at, (size_t)(20 - at));
    to->used += (size_t)(20 - at);
}
static void byte(char c)
{
    to->bytes[to->used++] = c;
}

static bool with_ids;

/* 122 random bits, and the six that say version 4 and variant 1. */
static void uuid(void)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t halves[2] = {(draw_id() & UINT64_C(0xffffffffffff0fff)) | 0x4000,
                          (draw_id() & UINT64_C(0x3fffffffffffffff)) | UINT64_C(1) << 63};
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            byte('-');
        }
        byte(digits[halves[i / 16] >> (60 - i % 16 * 4) & 15]);
    }
}

static double
    others[OTHERS]; /* running sums: the share of the n-th falls as n to the power of -2.2 */
static void weigh_others(void)
{
    double sum = 0;
    for (int i = 0; i < OTHERS; i++) {
        others[i] = sum += pow(i + 1, -2.2);
    }
}

static const char *next_event(struct session *s, char *other)
{
    double dice = unit();
    if (s->last == PAYING && dice < 0.50) {
        s->last = NOTHING;
        return "purchase";
    }
    if (s->last == CARTED && dice < 0.30) {
        s->last = PAYING;
        return "checkout";
    }
    if (s->last == VIEWED && dice < 0.16) {
        s->last = CARTED;
        return "add_to_cart";
    }
    if (dice < 0.55) {
        s->last = s->last == CARTED || s->last == PAYING ? s->last : VIEWED;
        return "product_view";
    }
    double place = unit() * others[OTHERS - 1];
    unsigned at = 0;
    while (others[at] < place) {
        at++;
    }
    (void)snprintf(other, 16, "event_%02u", at);
    return other;
}

/* What a customer is, and stays: drawn from its number alone. */
struct traits {
    uint32_t country;
    uint8_t plan, device;
};
static struct traits traits_of(uint32_t customer)
{
    uint64_t who = mix(customer + UINT64_C(0x5bd1e995));
    double place = (double)(who & 0xffff) / 65536;
    unsigned plan = who >> 16 & 15, device = who >> 24 & 7;
    return (struct traits){.country = (uint32_t)(COUNTRIES * place * place),
                           .plan = plan < 9    ? 0
                                   : plan < 13 ? 1
                                   : plan < 15 ? 2
                                               : 3,
                           .device = device < 4   ? 0
                                     : device < 7 ? 1
                                                  : 2};
}

/* The last line of `from` once more, as it comes from a customer that is joined later. */
static void write_joined(const struct output *from, size_t line, uint32_t customer, int64_t at_ms,
                         int64_t span_ms)
{
    uint64_t who = mix(customer + UINT64_C(0x1d8e4e27c47d124f));
    double moment = (double)(who >> 11) * 0x1p-53;
    to = &joined;
    if (who % 20 == 0 && (double)(at_ms - T0_MS) < moment * (double)span_ms) {
        byte('a');
    }
    memcpy(to->bytes + to->used, from->bytes + line, from->used - line);
    to->used += from->used - line;
    if (to->used > sizeof to->bytes - LINE_MAX_BYTES) {
        flush(to);
    }
}

static void write_event(struct session *s, int64_t at_ms, int64_t span_ms, uint64_t row)
{
    char other[16];
    struct traits traits = traits_of(s->customer);
    to = late.file != NULL && draw() % 20 == 0 ? &late : &on_time;
    struct output *own = to;
    size_t line = to->used;
    number(s->customer);
    byte(',');
    number((uint64_t)at_ms);
    byte(',');
    text(next_event(s, other));
    byte(',');
    byte((char)('A' + traits.country / 10));
    byte((char)('A' + traits.country % 10));
    byte(',');
    text(plans[traits.plan]);
    byte(',');
    text(devices[s->device]);
    byte(',');
    if (draw() % 10 == 0) {
        number(1 + skewed(500, 2));
        byte('.');
        byte((char)('0' + draw() % 10));
        byte((char)('1' + draw() % 9));
    }
    byte(',');
    text("/p/");
    number(skewed(PAGES, 3));
    if (with_ids) {
        byte(',');
        uuid();
        byte(',');
        number((uint64_t)RECEIVED_MS + row / BATCH_LINES * BATCH_MS);
    }
    byte('\n');
    if (joined.file != NULL) {
        write_joined(own, line, s->customer, at_ms, span_ms);
    }
    if (own->used > sizeof own->bytes - LINE_MAX_BYTES) {
        flush(own);
    }
}

static void begin_session(int64_t at_ms, uint64_t order, uint32_t customers)
{
    uint32_t rank = skewed(customers, 1.8), length = 1;
    while (length < 60 && unit() < 0.857) {
        length++;
    }
    begin((struct session){.at_ms = at_ms,
                           .order = order,
                           .customer = rank,
                           .left = length,
                           .device =
                               draw() % 8 == 0 ? (uint8_t)(draw() % 6) : traits_of(rank).device});
}

static void generate(uint64_t rows, uint32_t customers, int64_t span_ms)
{
    double step_ms = (double)span_ms / ((double)rows / 7 + 1), next_ms = 0;
    int64_t *last_ms = calloc(customers, sizeof *last_ms); /* of each customer's latest event */
    if (last_ms == NULL) {
        abort();
    }
    uint64_t order = 0;
    for (uint64_t row = 0; row < rows; row++) {
        while (count == 0 || (double)(heap[0].at_ms - T0_MS) >= next_ms) {
            begin_session(T0_MS + (int64_t)next_ms, order++, customers);
            next_ms += step_ms;
        }
        struct session *s = &heap[0];
        int64_t at_ms = s->at_ms > last_ms[s->customer] ? s->at_ms : last_ms[s->customer] + 1;
        last_ms[s->customer] = at_ms;
        write_event(s, at_ms, span_ms, row);
        if (--s->left == 0) {
            heap[0] = heap[--count];
        } else {
            s->at_ms = at_ms + 1000 + (int64_t)(-90000 * log(1 - unit()));
        }
        if (count > 0) {
            sink(0);
        }
    }
    free(last_ms);
}

static int ended(struct output *output)
{
    if (output->file == NULL) {
        return 0;
    }
    flush(output);
    return ferror(output->file) || fclose(output->file) != 0;
}

/* A file beside standard output; -: none. */
static void begin_file(struct output *output, const char *name, const char *header)
{
    if (strcmp(name, "-") == 0) {
        return;
    }
    output->file = fopen(name, "w");
    if (output->file == NULL) {
        perror(name);
        exit(1);
    }
    to = output;
    text(header);
}

int main(int argc, char **argv)
{
    uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    with_ids = argc > 7 && strcmp(argv[7], "ids") == 0;
    if (rows == 0 || argc > 8 || (argc == 8 && !with_ids)) {
        (void)fprintf(stderr,
                      "usage: events ROWS [CUSTOMERS [DAYS [SEED [LATE [JOINED [ids]]]]]]\n");
        return 2;
    }
    uint32_t customers =
        argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : (uint32_t)(rows / 50 + 1);
    int64_t span_ms = (argc > 3 ? strtoll(argv[3], NULL, 10) : 180) * DAY_MS;
    state = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    if (customers == 0 || span_ms <= 0) {
        (void)fprintf(stderr, "events: at least one customer and one day\n");
        return 2;
    }
    const char *header =
        with_ids ? "customer_id,ts,event,country,plan,device,price,page,message_id,received\n"
                 : "customer_id,ts,event,country,plan,device,price,page\n";
    on_time.file = stdout;
    begin_file(&late, argc > 5 ? argv[5] : "-", header);
    begin_file(&joined, argc > 6 ? argv[6] : "-", header);
    to = &on_time;
    text(header);
    weigh_others();
    generate(rows, customers, span_ms);
    free(heap);
    return ended(&on_time) | ended(&late) | ended(&joined);
}
