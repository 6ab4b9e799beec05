/* store_build_writer.c — full blocks are written by a thread of their own, while the next one is filled.
 *
 * Filling reads and merges rows, writing encodes and counts them: each is about half of the work of merging. The file is the same
 * to the byte, since blocks are written one by one, in their order.
 */
#include "store_build.h"

/* A block holds 24 bytes and more for each column of a row. Two of them are held of no more columns than this. */
#define COLUMNS_MOST 64U

struct store_build_writer {
    struct store_build *build;
    struct base_thread thread;
    struct base_mutex lock;
    struct base_cond changed;
    struct store_build_block *handed; /* the one to be written; NULL: the one before is */
    bool ends, failed;
    struct fail fail; /* where it failed */
};

static void run_writer(void *context)
{
    struct store_build_writer *writer = context;
    struct fail fail;
    base_lock(&writer->lock);
    for (;;) {
        while (writer->handed == NULL && !writer->ends) {
            base_cond_wait(&writer->changed, &writer->lock);
        }
        struct store_build_block *block = writer->handed;
        if (block == NULL) {
            break;
        }
        base_unlock(&writer->lock);
        bool ok = store_build_write_block(writer->build, block, &fail);
        base_lock(&writer->lock);
        if (!ok) {
            writer->failed = true;
            writer->fail = fail;
        }
        writer->handed = NULL;
        base_cond_broadcast(&writer->changed);
    }
    base_unlock(&writer->lock);
}

/* With memory for a second block. Where there is none, or no thread, or none is wanted, it goes on without. */
static void start_writer(struct store_build *build)
{
    struct fail ignored;
    struct store_build_block *other = &build->pair[1];
    build->alone = true;
    if (!build->in->apart || build->column_count > COLUMNS_MOST ||
        !store_build_block_init(other, &ignored) ||
        !store_build_block_columns(other, build->column_count, &ignored)) {
        return;
    }
    struct store_build_writer *writer = base_alloc_zero(sizeof *writer);
    writer->build = build;
    base_mutex_init(&writer->lock);
    base_cond_init(&writer->changed);
    build->writer = writer;
    if (base_thread_start(&writer->thread, "store-blocks", run_writer, writer, &ignored)) {
        build->alone = false;
    } else {
        store_build_writer_free(build);
    }
}

/* Until the block that was handed over is written. With the lock. */
static bool await_block(struct store_build_writer *writer, struct fail *fail)
{
    while (writer->handed != NULL) {
        base_cond_wait(&writer->changed, &writer->lock);
    }
    if (writer->failed && fail != NULL) {
        *fail = writer->fail;
    }
    return !writer->failed;
}

bool store_build_block_filled(struct store_build *build, struct fail *fail)
{
    build->rows_filled += build->filling->rows;
    if (build->writer == NULL && !build->alone) {
        start_writer(build);
    }
    struct store_build_writer *writer = build->writer;
    if (writer == NULL) {
        return store_build_write_block(build, build->filling, fail);
    }
    base_lock(&writer->lock);
    bool ok = await_block(writer, fail);
    if (ok) {
        writer->handed = build->filling;
        build->filling = &build->pair[build->filling == &build->pair[0]];
        base_cond_broadcast(&writer->changed);
    }
    base_unlock(&writer->lock);
    return ok;
}

bool store_build_writer_await(struct store_build *build, struct fail *fail)
{
    struct store_build_writer *writer = build->writer;
    if (writer == NULL) {
        return true;
    }
    base_lock(&writer->lock);
    bool ok = await_block(writer, fail);
    base_unlock(&writer->lock);
    store_build_writer_free(build);
    return ok;
}

void store_build_writer_free(struct store_build *build)
{
    struct store_build_writer *writer = build->writer;
    if (writer == NULL) {
        return;
    }
    base_lock(&writer->lock);
    writer->ends = true;
    base_cond_broadcast(&writer->changed);
    base_unlock(&writer->lock);
    base_thread_join(&writer->thread);
    base_cond_done(&writer->changed);
    base_mutex_done(&writer->lock);
    base_free(writer);
    build->writer = NULL;
    build->alone = true;
}
