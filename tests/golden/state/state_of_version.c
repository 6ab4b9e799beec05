/* state_of_version DIR VERSION < statements: makes DIR/state.db of an older version of the schema and runs the statements,
   each ended by the byte 1e, in one transaction: for golden files (make.py). */
#include <stdio.h>
#include <stdlib.h>

#include "base_buf.h"
#include "state_internal.h"

#define END 0x1e
#define STATEMENTS_BYTES_MAX ((size_t)16 << 20)

static bool read_all(struct base_buf *into, struct fail *fail)
{
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, stdin)) > 0) {
        base_buf_bytes(into, piece, got);
    }
    return base_buf_ok(into, fail);
}

static bool run_all(struct state *state, struct str rest, struct arena *arena, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(state, &link, fail)) {
        return false;
    }
    while (rest.len > 0) {
        size_t end = str_find_byte(rest, END);
        if (!state_run(link, str_copy_c(arena, str_of(rest.data, end)), NULL, 0, fail)) {
            return false;
        }
        rest = str_after(rest, end + 1);
    }
    return state_commit(&link, fail);
}

static bool make(const char *directory, int version, struct fail *fail)
{
    const struct state_schema schema = {state_schema.steps, version};
    struct base_buf text CLEANUP(base_buf_done) = {.limit = STATEMENTS_BYTES_MAX};
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state *state = NULL;
    if (version < 1 || version > state_schema.version) {
        return fail_set(fail, FAIL_INPUT, "there is no version %d", version);
    }
    bool ok = read_all(&text, fail) && state_open_schema(directory, NULL, &schema, &state, fail) &&
              run_all(state, base_buf_view(&text), arena, fail);
    state_close(state);
    return ok;
}

int main(int argc, char **argv)
{
    struct fail fail;
    int64_t version = 0;
    if (argc != 3 || !str_parse_i64(str_from_c(argv[2]), &version)) {
        fprintf(stderr, "usage: state_of_version DIR VERSION < statements\n");
        return 2;
    }
    if (!make(argv[1], (int)version, &fail)) {
        fprintf(stderr, "state_of_version: %s\n", fail.message);
        return 1;
    }
    return 0;
}
