/* client.c — sends batches of events over HTTP, or asks for one thing after the other, and says how long each took.
 *
 *   cc -O2 -pthread -o client client.c batches.c
 *   ./client send PORT KEY EVENTS.csv FIRST COUNT BATCH CONNECTIONS RATE SALT
 *   ./client ask  PORT KEY PATH CUSTOMERS CONNECTIONS RATE SECONDS [QUESTION.json]
 *   ./client cut  DIRECTORY EVENTS.csv FIRST COUNT BATCH SALT
 *
 * To 127.0.0.1, on connections that stay open, each with a thread of its own. RATE is events (or questions) a second in
 * all, 0: as fast as they are answered. With a rate the time of each request counts from when it was due, so that what
 * waits behind a slow answer is slow too. A batch that is refused with 429 or 503 is sent again after Retry-After. PATH
 * has %u where the number of a customer goes; a question is sent there by POST. `cut` writes the bodies as files, for those that read files. Prints one
 * line of JSON; times are in ms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "batches.h"

#define CONNECTIONS_MAX 256
#define HEAD_BYTES_MAX 8192
#define QUESTION_BYTES_MAX 4096

struct plan {
    int port;
    const char *key, *path;
    char *question; /* NULL: nothing is sent, the path says it all */
    size_t question_len;
    struct batches batches;
    uint32_t customers;
    int connections;
    double rate;      /* of requests a second, in all; 0: none */
    uint64_t most;    /* requests */
    int64_t until_us; /* 0: no end but `most` */
    int64_t begin_us;
    _Atomic uint64_t next, refused, absent, failed, events, bytes_in;
};

struct lane {
    struct plan *plan;
    pthread_t thread;
    int socket;
    float *times; /* ms */
    size_t time_count, time_room;
    char *in;
    size_t in_room;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_until(int64_t at_us)
{
    struct timespec at = {at_us / 1000000, at_us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

static int open_socket(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        die("connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            die("send");
        }
        if (sent > 0) {
            data += sent;
            len -= (size_t)sent;
        }
    }
}

static const char *header(const char *head, const char *name)
{
    for (const char *line = head; (line = strstr(line, "\r\n")) != NULL;) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
            return line + strlen(name) + 1;
        }
    }
    return NULL;
}

/* The status of the next answer, read to its end; *retry_s: what Retry-After says. */
static int read_answer(struct lane *lane, long *retry_s)
{
    size_t len = 0, head_len = 0, whole = SIZE_MAX;
    while (len < whole) {
        if (len + 1 >= lane->in_room) {
            lane->in_room = lane->in_room == 0 ? (size_t)64 << 10 : lane->in_room * 2;
            lane->in = realloc(lane->in, lane->in_room);
            if (lane->in == NULL) {
                die("answer");
            }
        }
        ssize_t got = recv(lane->socket, lane->in + len, lane->in_room - len - 1, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            fprintf(stderr, "client: the connection broke off\n");
            exit(1);
        }
        len += (size_t)got;
        lane->in[len] = '\0';
        char *end = head_len == 0 ? strstr(lane->in, "\r\n\r\n") : NULL;
        if (end != NULL) {
            const char *content = header(lane->in, "Content-Length");
            head_len = (size_t)(end - lane->in) + 4;
            if (content == NULL) {
                fprintf(stderr, "client: an answer without Content-Length\n");
                exit(1);
            }
            whole = head_len + strtoul(content, NULL, 10);
        }
    }
    const char *retry = header(lane->in, "Retry-After");
    *retry_s = retry == NULL ? 1 : strtol(retry, NULL, 10);
    lane->plan->bytes_in += len;
    return atoi(lane->in + sizeof "HTTP/1.1");
}

static void keep_time(struct lane *lane, int64_t from_us)
{
    if (lane->time_count == lane->time_room) {
        lane->time_room = lane->time_room == 0 ? 4096 : lane->time_room * 2;
        lane->times = realloc(lane->times, lane->time_room * sizeof *lane->times);
        if (lane->times == NULL) {
            die("times");
        }
    }
    lane->times[lane->time_count++] = (float)(now_us() - from_us) / 1000;
}

static size_t write_head(const struct plan *plan, uint64_t n, size_t body_len, char *head)
{
    if (plan->path == NULL) {
        return (size_t)snprintf(
            head, HEAD_BYTES_MAX,
            "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
            "Content-Type: application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
            plan->port, plan->key, body_len);
    }
    char path[1024];
    uint32_t customer = (uint32_t)(n * UINT64_C(2654435761) % plan->customers);
    const char *place = strstr(plan->path, "%u");
    int before = place == NULL ? (int)strlen(plan->path) : (int)(place - plan->path);
    snprintf(path, sizeof path, place == NULL ? "%.*s" : "%.*s%" PRIu32 "%s", before, plan->path,
             customer, place == NULL ? "" : place + 2);
    if (plan->question != NULL) {
        return (size_t)snprintf(head, HEAD_BYTES_MAX,
                                "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                                "Content-Length: %zu\r\n\r\n%s",
                                path, plan->port, plan->key, plan->question_len, plan->question);
    }
    return (size_t)snprintf(
        head, HEAD_BYTES_MAX,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n\r\n", path,
        plan->port, plan->key);
}

/* Until it was taken, however often it is refused. */
static void do_request(struct lane *lane, uint64_t n, int64_t due_us)
{
    struct plan *plan = lane->plan;
    bool sends = plan->path == NULL;
    size_t body_len = sends ? plan->batches.starts[n + 1] - plan->batches.starts[n] : 0;
    char head[HEAD_BYTES_MAX];
    size_t head_len = write_head(plan, n, body_len, head);
    for (;;) {
        long retry_s;
        send_all(lane->socket, head, head_len);
        if (sends) {
            send_all(lane->socket, plan->batches.text + plan->batches.starts[n], body_len);
        }
        int status = read_answer(lane, &retry_s);
        if (status == 200) {
            keep_time(lane, due_us);
            plan->events += sends ? plan->batches.events[n] : 1;
            return;
        }
        if (status == 404 && !sends) { /* of this number there is no customer yet */
            keep_time(lane, due_us);
            plan->absent++;
            return;
        }
        if (status != 429 && status != 503) {
            if (plan->failed++ == 0) {
                fprintf(stderr, "client: %d\n%s\n", status, lane->in);
            }
            return;
        }
        plan->refused++;
        sleep_until(now_us() + retry_s * 1000000);
    }
}

static void *run(void *context)
{
    struct lane *lane = context;
    struct plan *plan = lane->plan;
    for (;;) {
        uint64_t n = plan->next++;
        int64_t due_us =
            plan->rate > 0 ? plan->begin_us + (int64_t)((double)n / plan->rate * 1e6) : now_us();
        if (n >= plan->most || (plan->until_us != 0 && due_us >= plan->until_us)) {
            return NULL;
        }
        if (plan->rate > 0) {
            sleep_until(due_us);
        }
        do_request(lane, n, due_us);
    }
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float quantile(const float *sorted, size_t count, double q)
{
    return count == 0 ? 0 : sorted[(size_t)((double)(count - 1) * q)];
}

static void say(const struct plan *plan, struct lane *lanes, double seconds)
{
    size_t count = 0, at = 0;
    for (int i = 0; i < plan->connections; i++) {
        count += lanes[i].time_count;
    }
    float *all = calloc(count + 1, sizeof *all);
    if (all == NULL) {
        die("times");
    }
    for (int i = 0; i < plan->connections; i++) {
        memcpy(all + at, lanes[i].times, lanes[i].time_count * sizeof *all);
        at += lanes[i].time_count;
    }
    qsort(all, count, sizeof *all, by_size);
    printf("{\"requests\":%zu,\"count\":%" PRIu64
           ",\"seconds\":%.3f,\"per_s\":%.0f,\"refused\":%" PRIu64 ",\"absent\":%" PRIu64
           ",\"failed\":%" PRIu64 ",\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"most\":%.3f}\n",
           count, plan->events, seconds, (double)plan->events / seconds, plan->refused,
           plan->absent, plan->failed, quantile(all, count, 0.5), quantile(all, count, 0.9),
           quantile(all, count, 0.99), quantile(all, count, 1));
    free(all);
}

static void run_all(struct plan *plan)
{
    static struct lane lanes[CONNECTIONS_MAX];
    for (int i = 0; i < plan->connections; i++) {
        lanes[i] = (struct lane){.plan = plan, .socket = open_socket(plan->port)};
    }
    plan->begin_us = now_us();
    plan->until_us += plan->until_us == 0 ? 0 : plan->begin_us;
    for (int i = 0; i < plan->connections; i++) {
        if (pthread_create(&lanes[i].thread, NULL, run, &lanes[i]) != 0) {
            die("thread");
        }
    }
    for (int i = 0; i < plan->connections; i++) {
        pthread_join(lanes[i].thread, NULL);
    }
    double seconds = (double)(now_us() - plan->begin_us) / 1e6;
    say(plan, lanes, seconds);
    for (int i = 0; i < plan->connections; i++) {
        close(lanes[i].socket);
        free(lanes[i].times);
        free(lanes[i].in);
    }
}

static int connections_of(const char *text)
{
    int connections = atoi(text);
    if (connections < 1 || connections > CONNECTIONS_MAX) {
        fprintf(stderr, "client: 1 to %d connections\n", CONNECTIONS_MAX);
        exit(2);
    }
    return connections;
}

static size_t whole(const char *text)
{
    return (size_t)strtoull(text, NULL, 10);
}

/* Of at most as many bytes as fit a head's buffer beside the head. */
static void read_question(struct plan *plan, const char *path)
{
    FILE *file = fopen(path, "r");
    plan->question = calloc(1, QUESTION_BYTES_MAX + 1);
    if (file == NULL || plan->question == NULL) {
        die(path);
    }
    plan->question_len = fread(plan->question, 1, QUESTION_BYTES_MAX, file);
    bool whole_file = fgetc(file) == EOF && ferror(file) == 0;
    fclose(file);
    if (!whole_file) {
        fprintf(stderr, "client: a question of at most %d bytes\n", QUESTION_BYTES_MAX);
        exit(2);
    }
}

static void write_files(const char *directory, const struct batches *batches)
{
    for (size_t n = 0; n < batches->count; n++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%06zu.ndjson", directory, n);
        FILE *file = fopen(path, "w");
        size_t len = batches->starts[n + 1] - batches->starts[n];
        if (file == NULL || fwrite(batches->text + batches->starts[n], 1, len, file) != len ||
            fclose(file) != 0) {
            die(path);
        }
    }
    printf("{\"files\":%zu,\"bytes\":%zu}\n", batches->count, batches->starts[batches->count]);
}

int main(int argc, char **argv)
{
    static struct plan plan;
    if (argc == 11 && strcmp(argv[1], "send") == 0 && whole(argv[7]) > 0) {
        size_t batch = whole(argv[7]);
        plan.port = atoi(argv[2]);
        plan.key = argv[3];
        plan.connections = connections_of(argv[8]);
        plan.rate = strtod(argv[9], NULL) / (double)batch;
        batches_read(&plan.batches, argv[4], whole(argv[5]), whole(argv[6]), batch, argv[10]);
        plan.most = plan.batches.count;
        run_all(&plan);
    } else if ((argc == 9 || argc == 10) && strcmp(argv[1], "ask") == 0 && whole(argv[5]) > 0) {
        plan.port = atoi(argv[2]);
        plan.key = argv[3];
        plan.path = argv[4];
        plan.customers = (uint32_t)whole(argv[5]);
        plan.connections = connections_of(argv[6]);
        plan.rate = strtod(argv[7], NULL);
        plan.until_us = (int64_t)(strtod(argv[8], NULL) * 1e6);
        plan.most = UINT64_MAX;
        if (argc == 10) {
            read_question(&plan, argv[9]);
        }
        run_all(&plan);
        free(plan.question);
    } else if (argc == 8 && strcmp(argv[1], "cut") == 0 && whole(argv[6]) > 0) {
        batches_read(&plan.batches, argv[3], whole(argv[4]), whole(argv[5]), whole(argv[6]),
                     argv[7]);
        write_files(argv[2], &plan.batches);
    } else {
        fprintf(stderr, "client: its first lines say how it is called\n");
        return 2;
    }
    batches_free(&plan.batches);
    return plan.failed > 0 ? 1 : 0;
}
