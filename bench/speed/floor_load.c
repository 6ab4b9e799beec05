/* floor_load.c — CSV into columns sorted by (customer, ts). */
#include "floor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct row {
    uint64_t ms; /* since t0 */
    uint8_t event, country, plan, device;
};
struct text {
    const char *at;
    size_t size;
};

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(1);
}

void *zeroed(size_t n, size_t size)
{
    void *memory = calloc(n == 0 ? 1 : n, size);
    if (memory == NULL) {
        give_up("floor");
    }
    return memory;
}

uint8_t code_of(const struct names *names, const char *name)
{
    for (uint32_t i = 0; i < names->n; i++) {
        if (strcmp(names->name[i], name) == 0) {
            return (uint8_t)i;
        }
    }
    return NONE;
}

static struct text mapped(const char *file)
{
    struct stat status;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        give_up(file);
    }
    void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        give_up(file);
    }
    (void)close(fd);
    return (struct text){at, (size_t)status.st_size};
}

static const char *number(const char *at, uint64_t *ret)
{
    uint64_t n = 0;
    while (*at >= '0' && *at <= '9') {
        n = n * 10 + (uint64_t)(*at++ - '0');
    }
    *ret = n;
    return at + 1; /* behind the comma */
}

static const char *name(const char *at, struct names *names, uint8_t *ret)
{
    size_t size = (size_t)(strchr(at, ',') - at);
    for (uint32_t i = 0; i < names->n; i++) {
        if (memcmp(names->name[i], at, size) == 0 && names->name[i][size] == '\0') {
            *ret = (uint8_t)i;
            return at + size + 1;
        }
    }
    if (names->n == NAMES_MAX || size >= sizeof names->name[0]) {
        (void)fprintf(stderr, "floor: more than %d names of one column, or a long one\n",
                      NAMES_MAX);
        exit(1);
    }
    memcpy(names->name[names->n], at, size);
    *ret = (uint8_t)names->n++;
    return at + size + 1;
}

static const char *after_line(struct text text, const char *at)
{
    const char *end = memchr(at, '\n', (size_t)(text.at + text.size - at));
    return end == NULL ? text.at + text.size : end + 1;
}

/* How many rows each customer has, in first[customer + 1]. */
static void count_rows(struct columns *c, const struct text *texts, int n)
{
    uint32_t room = 0;
    for (int i = 0; i < n; i++) {
        const char *end = texts[i].at + texts[i].size;
        for (const char *at = after_line(texts[i], texts[i].at); at < end;
             at = after_line(texts[i], at)) {
            uint64_t customer;
            (void)number(at, &customer);
            while (customer + 2 > room) {
                uint32_t larger = room == 0 ? 1024 : 2 * room;
                c->first = realloc(c->first, larger * sizeof *c->first);
                if (c->first == NULL) {
                    give_up("floor");
                }
                memset(c->first + room, 0, (larger - room) * sizeof *c->first);
                room = larger;
            }
            c->first[customer + 1]++;
            c->customers = customer + 1 > c->customers ? (uint32_t)customer + 1 : c->customers;
            c->rows++;
        }
    }
    for (uint32_t i = 0; i < c->customers; i++) {
        c->first[i + 1] += c->first[i];
    }
}

static void read_rows(struct columns *c, struct text text, uint32_t *next, struct row *rows)
{
    const char *end = text.at + text.size;
    for (const char *at = after_line(text, text.at); at < end; at = after_line(text, at)) {
        uint64_t customer, ms;
        at = number(number(at, &customer), &ms);
        struct row row = {.ms = ms - c->t0_ms};
        at = name(at, &c->events, &row.event);
        at = name(at, &c->countries, &row.country);
        at = name(at, &c->plans, &row.plan);
        at = name(at, &c->devices, &row.device);
        /* Nearly sorted: most rows come last. */
        uint32_t place = next[customer]++;
        while (place > c->first[customer] && rows[place - 1].ms > row.ms) {
            rows[place] = rows[place - 1];
            place--;
        }
        rows[place] = row;
    }
}

struct columns columns_load(char *const *files, int n, uint64_t t0_ms, uint32_t days)
{
    struct columns c = {.t0_ms = t0_ms, .days = days};
    struct text *texts = zeroed((size_t)n, sizeof *texts);
    for (int i = 0; i < n; i++) {
        texts[i] = mapped(files[i]);
    }
    count_rows(&c, texts, n);
    struct row *rows = zeroed(c.rows, sizeof *rows);
    uint32_t *next = zeroed(c.customers, sizeof *next);
    memcpy(next, c.first, c.customers * sizeof *next);
    for (int i = 0; i < n; i++) {
        read_rows(&c, texts[i], next, rows);
        (void)munmap((void *)texts[i].at, texts[i].size);
    }
    c.event = zeroed(c.rows, 1);
    c.country = zeroed(c.rows, 1);
    c.plan = zeroed(c.rows, 1);
    c.device = zeroed(c.rows, 1);
    c.day = zeroed(c.rows, sizeof *c.day);
    c.of_day = zeroed(c.rows, sizeof *c.of_day);
    for (size_t i = 0; i < c.rows; i++) {
        c.event[i] = rows[i].event;
        c.country[i] = rows[i].country;
        c.plan[i] = rows[i].plan;
        c.device[i] = rows[i].device;
        c.day[i] = (uint16_t)(rows[i].ms / DAY_MS);
        c.of_day[i] = (uint32_t)(rows[i].ms % DAY_MS);
    }
    free(texts);
    free(next);
    free(rows);
    return c;
}
