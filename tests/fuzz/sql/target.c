/* What crosses the socket between the program and the child that runs SQL: neither trusts the other. The first byte says
   which reader gets the rest. What is read is walked to its end. */
#include "sql_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t read_all(const struct sql_batch *batch, const struct sql_scan_request *request)
{
    size_t sum = 0;
    for (uint32_t row = 0; row < batch->rows; row++) {
        for (size_t f = 0; f < SQL_FIELDS; f++) {
            if ((request->fields & SQL_FIELD_BIT(f)) == 0) {
                continue;
            }
            struct sql_value value = sql_batch_value(batch, &batch->fields[f], row);
            for (size_t i = 0; value.type == SQL_TEXT && i < value.s.len; i++) {
                sum += (unsigned char)value.s.data[i];
            }
        }
    }
    return sum;
}

static void take_batch(struct str bytes, struct arena *arena)
{
    /* What was asked for follows from the input too. */
    struct fail fail;
    struct sql_batch batch;
    struct sql_scan_request request = {.id = 1};
    if (bytes.len >= 4) {
        memcpy(&request.fields, bytes.data, 4);
        request.fields &= (UINT32_C(1) << SQL_FIELDS) - 1;
        if (request.fields != 0 &&
            sql_batch_read(str_after(bytes, 4), &request, 3, arena, &batch, &fail)) {
            volatile size_t sum = read_all(&batch, &request); /* so that it is really read */
            (void)sum;
        }
    }
}

static void take_values(struct str bytes)
{
    struct sql_value value;
    while (bytes.len > 0 && sql_value_get(&bytes, &value)) {
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena *arena = arena_new(NULL);
    struct str bytes = str_of((const char *)data + 1, size - 1), payload;
    struct sql_scan_request request;
    struct sql_open open;
    struct fail fail;
    bool whole = true;
    enum sql_frame kind;
    switch (data[0]) {
    case 's':
        (void)!sql_scan_read(bytes, arena, &request, &fail);
        break;
    case 'o':
        (void)!sql_open_read(bytes, arena, &open, &fail);
        break;
    case 'b':
        take_batch(bytes, arena);
        break;
    case 'v':
        take_values(bytes);
        break;
    default:
        while (whole && sql_frame_cut(&bytes, 1000, &whole, &kind, &payload, &fail)) {
        }
        break;
    }
    arena_free(arena);
    return 0;
}
