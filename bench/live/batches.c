#include "batches.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CUSTOMER, TS, EVENT, COUNTRY, PLAN, DEVICE, PRICE, PAGE, COLUMNS };
#define LINE_BYTES_MAX 1024 /* of NDJSON; a row of the generator has some 80 bytes */

static void *checked(void *block)
{
    if (block == NULL) {
        fprintf(stderr, "client: no memory\n");
        exit(1);
    }
    return block;
}

/* Cuts the line at its commas; the generator quotes nothing. */
static int cut(char *line, char *columns[COLUMNS])
{
    int count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at != NULL && count < COLUMNS; count++) {
        columns[count] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return count;
}

static size_t write_line(char *into, char *columns[COLUMNS], const char *salt, size_t row)
{
    long long ts_ms = strtoll(columns[TS], NULL, 10);
    time_t seconds = (time_t)(ts_ms / 1000);
    struct tm day;
    char price[64] = "", when[32];
    gmtime_r(&seconds, &day);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &day);
    if (columns[PRICE][0] != '\0') {
        snprintf(price, sizeof price, ",\"price\":%s", columns[PRICE]);
    }
    int len = snprintf(
        into, LINE_BYTES_MAX,
        "{\"message_id\":\"%s-%010zx\",\"userId\":\"%s\",\"event\":\"%s\",\"ts\":\"%s.%03dZ\","
        "\"properties\":{\"country\":\"%s\",\"plan\":\"%s\",\"device\":\"%s\",\"page\":\"%s\"%s}}"
        "\n",
        salt, row, columns[CUSTOMER], columns[EVENT], when, (int)(ts_ms % 1000), columns[COUNTRY],
        columns[PLAN], columns[DEVICE], columns[PAGE], price);
    return (size_t)(len < LINE_BYTES_MAX ? len : LINE_BYTES_MAX - 1);
}

void batches_read(struct batches *out, const char *csv, size_t first, size_t count, size_t batch,
                  const char *salt)
{
    FILE *file = fopen(csv, "r");
    if (file == NULL) {
        perror(csv);
        exit(1);
    }
    size_t room = 0, len = 0, read = 0;
    char line[4096], *columns[COLUMNS];
    *out = (struct batches){0};
    out->starts = checked(calloc(count / batch + 2, sizeof *out->starts));
    out->events = checked(calloc(count / batch + 2, sizeof *out->events));
    if (fgets(line, sizeof line, file) == NULL) { /* the names of the columns */
        line[0] = '\0';
    }
    for (size_t row = 0; read < count && fgets(line, sizeof line, file) != NULL; row++) {
        if (row < first) {
            continue;
        }
        if (cut(line, columns) != COLUMNS) {
            fprintf(stderr, "client: row %zu is not of the generator\n", row);
            exit(1);
        }
        if (len + LINE_BYTES_MAX > room) {
            room = room == 0 ? (size_t)1 << 20 : room * 2;
            out->text = checked(realloc(out->text, room));
        }
        if (read % batch == 0) {
            out->starts[out->count++] = len;
        }
        len += write_line(out->text + len, columns, salt, row);
        out->events[out->count - 1]++;
        read++;
    }
    out->starts[out->count] = len;
    fclose(file);
}

void batches_free(struct batches *batches)
{
    free(batches->text);
    free(batches->starts);
    free(batches->events);
}
