#include "store_submit.h"

struct answer {
    struct base_mutex lock;
    struct base_cond changed;
    bool finished, failed;
    struct fail fail;
};

static void note(void *context, const struct fail *why)
{
    struct answer *answer = context;
    base_lock(&answer->lock);
    answer->finished = true;
    answer->failed = why != NULL;
    if (why != NULL) {
        answer->fail = *why;
    }
    base_cond_signal(&answer->changed);
    base_unlock(&answer->lock);
}

bool submit_bulk(struct store *store, struct store_item *items, size_t count, struct fail *fail)
{
    struct answer answer = {0};
    base_mutex_init(&answer.lock);
    base_cond_init(&answer.changed);
    store_submit_bulk(store, items, count, note, &answer);
    base_lock(&answer.lock);
    while (!answer.finished) {
        base_cond_wait(&answer.changed, &answer.lock);
    }
    base_unlock(&answer.lock);
    base_cond_done(&answer.changed);
    base_mutex_done(&answer.lock);
    if (answer.failed) {
        *fail = answer.fail;
    }
    return !answer.failed;
}
