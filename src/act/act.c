#include "act.h"

#include "base_thread.h"

#define WAIT_US ((int64_t)10 * 1000 * 1000)

/* A decision under way, by the identifiers it speaks of. They are looked up anew in each newer snapshot: a join
   that arrives meanwhile makes two decisions one customer's. */
struct under_way {
    const struct act_request *request;
    struct under_way *next;
};

struct act {
    struct store *store;
    const struct base_clock *clock;
    struct base_random *random;
    struct base_mutex lock; /* guards the list and its count */
    struct base_cond changed;
    struct under_way *first;
    int count;
};

struct act *act_new(const struct act_options *options)
{
    struct act *act = base_alloc_zero(sizeof *act);
    act->store = options->store;
    act->clock = options->clock;
    act->random = options->random;
    base_mutex_init(&act->lock);
    base_cond_init(&act->changed);
    return act;
}

void act_free(struct act *act)
{
    if (act == NULL) {
        return;
    }
    INVARIANT(act->first == NULL);
    base_cond_done(&act->changed);
    base_mutex_done(&act->lock);
    base_free(act);
}

/* ---- who ---------------------------------------------------------------------------------------------------- */

struct roots {
    uint32_t at[ACT_IDENTIFIERS_MAX]; /* ascending, unique */
    size_t count;
};

static void roots_add(struct roots *roots, uint32_t root)
{
    size_t place = 0;
    while (place < roots->count && roots->at[place] < root) {
        place++;
    }
    if (place < roots->count && roots->at[place] == root) {
        return;
    }
    for (size_t i = roots->count; i > place; i--) {
        roots->at[i] = roots->at[i - 1];
    }
    roots->at[place] = root;
    roots->count++;
}

/* The customers that an event with these identifiers would belong to and join. An anonymous id that is another
   known customer's does not count beside a user id: the event would not be that one's. */
static void roots_find(const struct store_snapshot *snapshot, const struct act_request *request,
                       struct roots *out)
{
    bool user = false;
    out->count = 0;
    for (size_t i = 0; i < request->identifier_count; i++) {
        user = user || str_is(request->identifiers[i].kind, "user");
    }
    for (size_t i = 0; i < request->identifier_count; i++) {
        uint32_t root;
        store_customer_find(snapshot, request->identifiers[i], &root);
        bool of_user = str_is(request->identifiers[i].kind, "user");
        if (root != STORE_NO_CUSTOMER &&
            (of_user || !user || !store_customer_known(snapshot, root))) {
            roots_add(out, root);
        }
    }
}

static bool roots_meet(const struct roots *a, const struct roots *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            if (a->at[i] == b->at[j]) {
                return true;
            }
        }
    }
    return false;
}

static bool identifiers_meet(const struct act_request *a, const struct act_request *b)
{
    for (size_t i = 0; i < a->identifier_count; i++) {
        for (size_t j = 0; j < b->identifier_count; j++) {
            if (str_equal(a->identifiers[i].kind, b->identifiers[j].kind) &&
                str_equal(a->identifiers[i].value, b->identifiers[j].value)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- one at a time ---------------------------------------------------------------------------------------------- */

static bool taken_locked(struct act *act, const struct store_snapshot *snapshot,
                         const struct act_request *request, const struct roots *roots)
{
    for (const struct under_way *other = act->first; other != NULL; other = other->next) {
        struct roots theirs;
        roots_find(snapshot, other->request, &theirs);
        if (identifiers_meet(other->request, request) || roots_meet(&theirs, roots)) {
            return true;
        }
    }
    return false;
}

/* Waits until nobody else decides about this customer; then the snapshot has all that was decided before. */
static bool enter(struct act *act, struct under_way *mine, struct store_snapshot **out,
                  struct roots *roots, struct fail *fail)
{
    int64_t end_us = base_steady_us(base_clock_real()) + WAIT_US;
    bool good = true;
    base_lock(&act->lock);
    for (;;) {
        struct store_snapshot *snapshot = store_snapshot_take(act->store);
        roots_find(snapshot, mine->request, roots);
        bool full = act->count >= ACT_UNDER_WAY_MAX;
        if (!full && !taken_locked(act, snapshot, mine->request, roots)) {
            mine->next = act->first;
            act->first = mine;
            act->count++;
            *out = snapshot;
            break;
        }
        store_snapshot_unref(snapshot);
        int64_t left_us = end_us - base_steady_us(base_clock_real());
        if (left_us <= 0 || !base_cond_wait_us(&act->changed, &act->lock, left_us)) {
            good = fail_set(fail, FAIL_BUSY, "%s",
                            full ? "too many contacts are being decided; try again"
                                 : "this customer's contacts are being decided; try again");
            break;
        }
    }
    base_unlock(&act->lock);
    return good;
}

static void leave(struct act *act, struct under_way *mine)
{
    base_lock(&act->lock);
    struct under_way **at = &act->first;
    while (*at != mine) {
        at = &(*at)->next;
    }
    *at = mine->next;
    act->count--;
    base_cond_broadcast(&act->changed);
    base_unlock(&act->lock);
}

/* ---- reading and writing -------------------------------------------------------------------------------------------- */

bool act_request_check(const struct store_identifier *identifiers, size_t identifier_count,
                       struct str purpose, struct str channel, struct str message_id,
                       struct fail *fail)
{
    if (identifier_count == 0 || identifier_count > ACT_IDENTIFIERS_MAX) {
        return fail_set(fail, FAIL_INPUT, "a contact names 1 to %d identifiers of the customer",
                        ACT_IDENTIFIERS_MAX);
    }
    for (size_t i = 0; i < identifier_count; i++) {
        if (identifiers[i].value.len == 0 ||
            identifiers[i].value.len > STORE_IDENTIFIER_BYTES_MAX ||
            !str_is_utf8(identifiers[i].value) || str_is(identifiers[i].kind, "account")) {
            return fail_set(fail, FAIL_INPUT,
                            "a customer's identifier has 1 to %d bytes of UTF-8, and is no account",
                            STORE_IDENTIFIER_BYTES_MAX);
        }
    }
    if (purpose.len == 0 || purpose.len > STORE_NAME_BYTES_MAX || !str_is_utf8(purpose)) {
        return fail_input_at(fail, "/purpose", "a purpose has 1 to %d bytes of UTF-8",
                             STORE_NAME_BYTES_MAX);
    }
    if (channel.len > STORE_NAME_BYTES_MAX || (channel.data != NULL && !str_is_utf8(channel))) {
        return fail_input_at(fail, "/channel", "a channel has at most %d bytes of UTF-8",
                             STORE_NAME_BYTES_MAX);
    }
    return (message_id.len <= STORE_MESSAGE_ID_BYTES_MAX &&
            (message_id.data == NULL || str_is_utf8(message_id))) ||
           fail_input_at(fail, "/message_id", "a message_id has at most %d bytes of UTF-8",
                         STORE_MESSAGE_ID_BYTES_MAX);
}

static bool request_ok(const struct act_request *request, struct fail *fail)
{
    if (!act_request_check(request->identifiers, request->identifier_count, request->purpose,
                           request->channel, request->message_id, fail)) {
        return false;
    }
    return request->field_count <= ACT_FIELDS_MAX ||
           fail_set(fail, FAIL_LIMIT, "a contact has at most %d further properties",
                    ACT_FIELDS_MAX);
}

static bool write_contacted(struct act *act, const struct act_request *request, bool allowed,
                            struct str reason, int64_t now_ms, struct arena *arena,
                            struct fail *fail)
{
    struct store_field fields[ACT_FIELDS_MAX + 3] = {
        {STR("purpose"), store_value_str(request->purpose)},
        {STR("outcome"), store_value_str(allowed ? STR("allowed") : STR("skipped"))},
        {STR("reason"), store_value_str(reason)},
    };
    if (request->field_count > 0) {
        memcpy(fields + 3, request->fields, request->field_count * sizeof *fields);
    }
    struct store_item item = {
        .event =
            {
                .source = STR(ACT_SOURCE),
                .message_id = allowed && request->message_id.len > 0
                                  ? request->message_id
                                  : base_random_token(act->random, arena, 16),
                .event = STR(ACT_EVENT_CONTACTED),
                .ts_ms = now_ms,
                .received_at_ms = now_ms,
                .client_ts_ms = STORE_NO_TIME,
                .sent_at_ms = STORE_NO_TIME,
                .channel = request->channel,
                .properties = fields,
                .property_count = request->field_count + 3,
                .identifiers = request->identifiers,
                .identifier_count = request->identifier_count,
            },
        .verdict = STORE_STORED,
    };
    if (!store_submit(act->store, &item, 1, fail)) {
        return false;
    }
    /* A duplicate was written before under this message_id, and is no contact to be made again. */
    return item.verdict == STORE_STORED ||
           fail_set(fail, FAIL_CONFLICT, "the contact could not be written down: %.*s",
                    STR_ARG(item.reason.len > 0 ? item.reason
                                                : str_from_c(store_verdict_name(item.verdict))));
}

static bool read_record(struct store_snapshot *snapshot, const struct roots *roots,
                        const struct act_request *request, int64_t now_ms, struct arena *arena,
                        struct act_record *out, struct fail *fail)
{
    if (!act_history_read(snapshot, roots->at, roots->count,
                          now_ms - act_policy_reach_ms(request->policy), now_ms - ACT_SKIP_LOG_MS,
                          arena, out, fail)) {
        return false;
    }
    const struct zone *zone = request->zone;
    for (size_t i = 0; i < roots->count && zone == request->zone; i++) {
        if (!act_history_zone(snapshot, roots->at[i], request->zone, &zone, fail)) {
            return false;
        }
    }
    out->history.zone = zone;
    return true;
}

static bool was_allowed(const struct act_record *record, const struct act_request *request)
{
    for (size_t i = 0; i < record->history.contact_count; i++) {
        const struct act_contact *contact = &record->history.contacts[i];
        if (request->message_id.len > 0 && str_equal(contact->message_id, request->message_id) &&
            str_equal(contact->purpose, request->purpose)) {
            return true;
        }
    }
    return false;
}

/* Within an hour on either side: a clock that went back does not log it again and again. */
static bool skip_is_logged(const struct act_record *record, const struct act_request *request,
                           struct str reason, int64_t now_ms)
{
    for (size_t i = 0; i < record->skip_count; i++) {
        const struct act_skip *skip = &record->skips[i];
        if (skip->ts_ms > now_ms - ACT_SKIP_LOG_MS && skip->ts_ms < now_ms + ACT_SKIP_LOG_MS &&
            str_equal(skip->purpose, request->purpose) && str_equal(skip->reason, reason)) {
            return true;
        }
    }
    return false;
}

static bool decide(struct act *act, struct store_snapshot *snapshot, const struct roots *roots,
                   const struct act_request *request, struct arena *arena, struct act_decision *out,
                   struct fail *fail)
{
    int64_t now_ms = base_now_ms(act->clock);
    struct act_record record;
    struct act_decision decision;
    if (!read_record(snapshot, roots, request, now_ms, arena, &record, fail)) {
        return false;
    }
    struct act_question question = {request->purpose, request->channel, now_ms};
    act_decide(request->policy, &record.history, &question, &decision);
    if (was_allowed(&record, request)) {
        decision.allowed = true;
        decision.repeated = true;
        decision.reason = ACT_REASON_ALLOWED;
        decision.next_ms = now_ms;
    } else if (!request->look &&
               (decision.allowed ||
                !skip_is_logged(&record, request, str_from_c(decision.reason), now_ms)) &&
               !write_contacted(act, request, decision.allowed, str_from_c(decision.reason), now_ms,
                                arena, fail)) {
        return false;
    }
    *out = decision;
    return true;
}

bool act_contact(struct act *act, const struct act_request *request, struct arena *arena,
                 struct act_decision *out, struct fail *fail)
{
    struct store_snapshot *snapshot = NULL;
    struct roots roots;
    struct under_way mine = {.request = request};
    if (!request_ok(request, fail)) {
        return false;
    }
    if (request->look) {
        snapshot = store_snapshot_take(act->store);
        roots_find(snapshot, request, &roots);
    } else if (!enter(act, &mine, &snapshot, &roots, fail)) {
        return false;
    }
    bool good = decide(act, snapshot, &roots, request, arena, out, fail);
    store_snapshot_unref(snapshot);
    if (!request->look) {
        leave(act, &mine);
    }
    return good;
}

bool act_skip(struct act *act, const struct act_request *request, struct str reason,
              bool *out_written, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct store_snapshot *snapshot = NULL;
    struct roots roots;
    struct act_record record;
    struct under_way mine = {.request = request};
    bool written = false;
    if (!request_ok(request, fail) || !enter(act, &mine, &snapshot, &roots, fail)) {
        return false;
    }
    int64_t now_ms = base_now_ms(act->clock);
    bool good = read_record(snapshot, &roots, request, now_ms, arena, &record, fail);
    if (good && !request->look && !skip_is_logged(&record, request, reason, now_ms)) {
        good = write_contacted(act, request, false, reason, now_ms, arena, fail);
        written = good;
    }
    store_snapshot_unref(snapshot);
    leave(act, &mine);
    if (good && out_written != NULL) {
        *out_written = written;
    }
    return good;
}
