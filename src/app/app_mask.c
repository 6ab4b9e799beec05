/* Masks by the settings they were made of: patterns are compiled once, not for each request. */
#include "app_internal.h"
#include "base_thread.h"
#include "intake_settings.h"

#define MASKS_MAX 64

struct held {
    struct app_masks *masks; /* NULL: nobody else has it */
    char *settings;
    size_t settings_len;
    struct intake_mask *mask;
    int users; /* guarded by the lock */
};

struct app_masks {
    struct base_mutex lock;       /* guards the list and every `users` */
    struct held *list[MASKS_MAX]; /* NULL: a free place */
};

struct app_masks *app_masks_new(void)
{
    struct app_masks *masks = base_alloc_zero(sizeof *masks);
    base_mutex_init(&masks->lock);
    return masks;
}

static void held_free(struct held *held)
{
    intake_mask_free(held->mask);
    base_free(held->settings);
    base_free(held);
}

void app_masks_free(struct app_masks *masks)
{
    if (masks == NULL) {
        return;
    }
    for (size_t i = 0; i < MASKS_MAX; i++) {
        if (masks->list[i] != NULL) {
            held_free(masks->list[i]);
        }
    }
    base_mutex_done(&masks->lock);
    base_free(masks);
}

static void release(void *object)
{
    struct held *held = object;
    if (held->masks == NULL) {
        held_free(held);
        return;
    }
    base_lock(&held->masks->lock);
    held->users--;
    base_unlock(&held->masks->lock);
}

static struct held *find(struct app_masks *masks, struct str settings)
{
    struct held *found = NULL;
    base_lock(&masks->lock);
    for (size_t i = 0; i < MASKS_MAX && found == NULL; i++) {
        struct held *held = masks->list[i];
        if (held != NULL && str_equal(str_of(held->settings, held->settings_len), settings)) {
            held->users++;
            found = held;
        }
    }
    base_unlock(&masks->lock);
    return found;
}

/* Gives it a place, that of one which nobody uses where all are taken; without any it is the caller's alone. */
static void keep(struct app_masks *masks, struct held *held)
{
    struct held *gone = NULL;
    base_lock(&masks->lock);
    size_t place = MASKS_MAX;
    for (size_t i = 0; i < MASKS_MAX; i++) {
        if (masks->list[i] == NULL || (place == MASKS_MAX && masks->list[i]->users == 0)) {
            place = i;
        }
        if (place < MASKS_MAX && masks->list[place] == NULL) {
            break;
        }
    }
    if (place < MASKS_MAX) {
        gone = masks->list[place];
        masks->list[place] = held;
        held->masks = masks;
        held->users = 1;
    }
    base_unlock(&masks->lock);
    if (gone != NULL) {
        held_free(gone);
    }
}

bool app_mask(struct app_masks *masks, const struct intake_settings *settings, struct str text,
              struct arena *arena, const struct intake_mask **out, struct fail *fail)
{
    *out = NULL;
    if (settings->mask == 0 && settings->pattern_count == 0) {
        return true;
    }
    struct held *held = masks == NULL ? NULL : find(masks, text);
    if (held == NULL) {
        struct intake_mask *mask = NULL;
        if (!intake_settings_mask(settings, &mask, fail)) {
            return false;
        }
        held = base_alloc_zero(sizeof *held);
        struct base_buf copy = {0};
        base_buf_str(&copy, text);
        held->mask = mask;
        held->settings = base_buf_take(&copy, &held->settings_len);
        if (masks != NULL) {
            keep(masks, held);
        }
    }
    arena_defer(arena, release, held);
    *out = held->mask;
    return true;
}
