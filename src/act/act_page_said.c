/* What one customer said, from a scan of that customer alone. */
#include "act_page.h"

enum { SAID_TEXT, SAID_SCALE, SAID_SCORE, SAID_CHANNEL, SAID_COLUMNS };

static const struct store_column_ref said_refs[SAID_COLUMNS] = {
    [SAID_TEXT] = {.of = STORE_COLUMN_TEXT},
    [SAID_SCALE] = {.of = STORE_COLUMN_SCALE},
    [SAID_SCORE] = {.of = STORE_COLUMN_SCORE},
    [SAID_CHANNEL] = {.of = STORE_COLUMN_CHANNEL},
};

/* The last `most` in the order of the timeline: a ring. */
struct ring {
    struct act_said *at;
    size_t most;
    uint64_t total;
};

static void keep_row(struct ring *ring, const struct store_snapshot *snapshot,
                     const struct store_rows *rows, uint32_t row,
                     const struct store_value values[SAID_COLUMNS], const bool has[SAID_COLUMNS])
{
    struct str none = {NULL, 0};
    if (!has[SAID_TEXT] && !has[SAID_SCALE]) {
        return;
    }
    ring->at[ring->total++ % ring->most] = (struct act_said){
        .ts_ms = rows->ts_ms[row],
        .event = store_event_name(snapshot, rows->events[row]),
        .channel = has[SAID_CHANNEL] ? store_value_text(values[SAID_CHANNEL]) : none,
        .text = has[SAID_TEXT] ? store_value_text(values[SAID_TEXT]) : none,
        .scale = has[SAID_SCALE] ? store_value_text(values[SAID_SCALE]) : none,
        .score = values[SAID_SCORE],
    };
}

static void keep_rows(struct ring *ring, const struct store_snapshot *snapshot,
                      const struct store_rows *rows)
{
    uint32_t next[SAID_COLUMNS] = {0};
    for (uint32_t row = 0; row < rows->row_count; row++) {
        struct store_value values[SAID_COLUMNS] = {0};
        bool has[SAID_COLUMNS] = {0};
        for (size_t c = 0; c < SAID_COLUMNS; c++) {
            const struct store_column *column = &rows->columns[c];
            if (next[c] < column->count && column->at[next[c]] == row) {
                values[c] = column->values[next[c]++];
                has[c] = true;
            }
        }
        keep_row(ring, snapshot, rows, row, values, has);
    }
}

/* A batch's strings die with it: one customer comes in one batch, so they are copied once, here. */
static void copy_newest_first(const struct ring *ring, struct act_said *out, struct arena *arena)
{
    size_t count = ring->total < ring->most ? (size_t)ring->total : ring->most;
    for (size_t i = 0; i < count; i++) {
        struct act_said said = ring->at[(ring->total - 1 - i) % ring->most];
        said.event = str_copy(arena, said.event);
        said.channel = said.channel.data == NULL ? said.channel : str_copy(arena, said.channel);
        said.text = said.text.data == NULL ? said.text : str_copy(arena, said.text);
        said.scale = said.scale.data == NULL ? said.scale : str_copy(arena, said.scale);
        out[i] = said;
    }
}

bool act_said_read(struct store_snapshot *snapshot, uint32_t root, size_t most, struct arena *arena,
                   struct act_said **out, size_t *out_count, uint64_t *out_total, struct fail *fail)
{
    struct store_scan_options options = {
        .columns = said_refs,
        .column_count = SAID_COLUMNS,
        .customers = &root,
        .customer_count = 1,
    };
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    const struct store_rows *rows = NULL;
    struct ring ring = {.at = arena_array(arena, most, sizeof *ring.at, fail), .most = most};
    struct act_said *list = arena_array(arena, most, sizeof *list, fail);
    if (ring.at == NULL || list == NULL) {
        return false;
    }
    bool good = store_scan_new(snapshot, &options, &scan, fail) &&
                store_cursor_new(scan, NULL, &cursor, fail) &&
                store_cursor_next(cursor, &rows, fail);
    if (good && rows->customer_count > 0) {
        keep_rows(&ring, snapshot, rows);
        copy_newest_first(&ring, list, arena);
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    if (good) {
        *out = list;
        *out_count = ring.total < most ? (size_t)ring.total : most;
        *out_total = ring.total;
    }
    return good;
}
