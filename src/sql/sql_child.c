/* sql_child.c — the process that runs one statement: take it, give up every right, answer, end. */
#include <unistd.h>

#include "sql_confine.h"
#include "sql_engine.h"
#include "sql_spawn.h"

bool sql_is_child(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], SQL_CHILD_ARGUMENT) == 0;
}

static bool answer(bool *out_truncated, struct fail *fail)
{
    static struct sql_door door;
    struct sql_engine *engine;
    return sql_door_open(&door, fail) && sql_engine_open(&door, &engine, fail) &&
           sql_confine(door.open.limits.memory_bytes, fail) &&
           sql_engine_run(engine, out_truncated, fail);
}

int sql_child_main(void)
{
    struct fail fail;
    struct base_buf frame = {0};
    bool truncated = false;
    size_t begun;
    if (answer(&truncated, &fail)) {
        begun = sql_frame_begin(&frame, SQL_FRAME_DONE);
        base_buf_byte(&frame, truncated ? 1 : 0);
    } else {
        begun = sql_frame_begin(&frame, SQL_FRAME_FAIL);
        sql_count_put(&frame, fail.code);
        sql_text_put(&frame, str_from_c(fail.message));
    }
    sql_frame_end(&frame, begun);
    sql_door_send(&frame);
    /* At once: nothing is worth giving back, and whoever looks after memory would need more than is allowed here. */
    _exit(0);
}
