/* Whose a row is, told so that an import makes the same customers of it.
 *
 * A customer is a tree of numbers that were joined, each with identifiers of its own; the store knows for each row
 * under which number it was stored. In an export of whole timelines a row bears the identifiers of its number, each
 * of them once, and the join of another number into it as soon as that one was seen: an identifier that is free is
 * named beside the row's own, a user by previousId of an alias. What no row can say stands at the end of the
 * customer, in a bookkeeping event of its own (a join made by hand leaves no row).
 *
 * An export of some rows names each customer by its id, and its other identifiers beside its first rows, as far as they
 * fit; it holds no other rows. */
#include "base_json_write.h"
#include "export_internal.h"

#define EXTRAS_MAX 90U /* identifiers beside one row's own; an event may have 100 */

struct part { /* one number of the customer */
    const struct store_member *member;
    struct store_identifier main; /* what its rows are told by; kind missing: it has none */
    struct str user;              /* of its own, or of one joined into it; missing: none */
    size_t given;                 /* identifiers that were written, beside main */
    bool seen;                    /* a row of it was written */
    bool joined;                  /* its join was written */
};
struct export_who {
    struct store_snapshot *snapshot;
    bool whole;
    struct arena *arena; /* the customer's */
    struct part *parts;
    size_t part_count;
    size_t last; /* part of the last row; where to look first */
    int64_t last_ts_ms;
    struct store_identifier extras[EXTRAS_MAX]; /* of the row being written */
    size_t extra_count;
};

struct export_who *export_who_new(struct store_snapshot *snapshot, bool whole)
{
    struct export_who *who = base_alloc_zero(sizeof *who);
    who->snapshot = snapshot;
    who->whole = whole;
    who->arena = arena_new(NULL);
    return who;
}

void export_who_free(struct export_who *who)
{
    if (who != NULL) {
        arena_free(who->arena);
        base_free(who);
    }
}

/* ---- the customer ------------------------------------------------------------------------------------------ */

static bool is_kind(struct store_identifier id, const char *kind)
{
    return id.kind.data != NULL && str_is(id.kind, kind);
}

static bool same(struct store_identifier a, struct store_identifier b)
{
    return str_equal(a.kind, b.kind) && str_equal(a.value, b.value);
}

/* The identifier by which the store would find it: a user id, else the first that is no account. */
static struct store_identifier main_of(const struct store_member *member)
{
    for (size_t i = 0; i < member->identifier_count; i++) {
        if (!is_kind(member->identifiers[i], "account")) {
            return member->identifiers[i];
        }
    }
    return member->identifier_count > 0 ? member->identifiers[0]
                                        : (struct store_identifier){{NULL, 0}, {NULL, 0}};
}

static struct part *part_of(struct export_who *who, uint32_t number)
{
    if (who->parts[who->last].member->number == number) {
        return &who->parts[who->last];
    }
    for (size_t i = 0; i < who->part_count; i++) {
        if (who->parts[i].member->number == number) {
            who->last = i;
            return &who->parts[i];
        }
    }
    return &who->parts[0];
}

/* Of some rows only: one number, the customer's id, that has all identifiers but other users'. */
static bool flatten(struct export_who *who, const struct store_member *members, size_t count,
                    struct store_member **out, struct fail *fail)
{
    struct store_member *flat = arena_small(who->arena, sizeof *flat);
    struct store_identifier main = main_of(&members[0]);
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        struct store_identifier other = main_of(&members[i]);
        main = !is_kind(main, "user") && is_kind(other, "user") ? other : main;
        total += members[i].identifier_count;
    }
    struct store_identifier *ids = arena_array(who->arena, total + 1, sizeof *ids, fail);
    if (ids == NULL) {
        return false;
    }
    ids[flat->identifier_count++] = main;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < members[i].identifier_count; k++) {
            struct store_identifier id = members[i].identifiers[k];
            if (!is_kind(id, "user") && !same(id, main)) {
                ids[flat->identifier_count++] = id;
            }
        }
    }
    flat->number = members[0].number;
    flat->joined_into = STORE_NO_CUSTOMER;
    flat->has_rows = true;
    flat->identifiers = ids;
    *out = flat;
    return true;
}

/* A user of a part is a user of what it was joined into, too: there the last one found counts for as little as any. */
static void tell_users(struct export_who *who)
{
    for (size_t i = who->part_count; i-- > 0;) {
        const struct part *part = &who->parts[i];
        for (size_t k = 0; k < who->part_count && part->user.data != NULL; k++) {
            if (who->parts[k].member->number == part->member->joined_into &&
                who->parts[k].user.data == NULL) {
                who->parts[k].user = part->user;
            }
        }
    }
}

bool export_who_begin(struct export_who *who, uint32_t customer, struct fail *fail)
{
    struct store_member *members;
    size_t count;
    arena_reset(who->arena);
    if (!store_customer_members(who->snapshot, customer, who->arena, &members, &count, fail)) {
        return false;
    }
    if (!who->whole) {
        if (!flatten(who, members, count, &members, fail)) {
            return false;
        }
        count = 1;
    }
    who->parts = arena_array(who->arena, count, sizeof *who->parts, fail);
    if (who->parts == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct part *part = &who->parts[i];
        part->member = &members[i];
        part->main = main_of(&members[i]);
        part->joined = members[i].joined_into == STORE_NO_CUSTOMER;
        if (is_kind(part->main, "user")) {
            part->user = part->main.value;
        }
    }
    who->part_count = count;
    who->last = 0;
    tell_users(who);
    return true;
}

/* ---- what a row says ------------------------------------------------------------------------------------------ */

static bool add_extra(struct export_who *who, struct store_identifier id)
{
    if (who->extra_count == EXTRAS_MAX) {
        return false;
    }
    who->extras[who->extra_count++] = id;
    return true;
}

/* The part's identifiers that were not written yet, as many as fit. */
static void add_own(struct export_who *who, struct part *part)
{
    while (part->given < part->member->identifier_count) {
        struct store_identifier id = part->member->identifiers[part->given];
        if (!same(id, part->main) && !add_extra(who, id)) {
            return;
        }
        part->given++;
    }
}

static bool is_child(const struct part *part, const struct part *of)
{
    return !part->joined && part->member->joined_into == of->member->number;
}

/* The join of `child`, by an identifier that is free. */
static void add_free(struct export_who *who, struct part *child)
{
    if (child->main.kind.data == NULL || add_extra(who, child->main)) {
        child->joined = true;
        if (!child->seen) { /* it has no rows that could name the rest */
            add_own(who, child);
        }
    }
}

/* Joins into the row's part that may be told by now; a user's takes an alias. */
static struct str add_joins(struct export_who *who, const struct part *into, bool alias)
{
    struct str previous = {NULL, 0};
    for (size_t i = 0; i < who->part_count; i++) {
        struct part *child = &who->parts[i];
        if (!is_child(child, into) || (!child->seen && child->member->has_rows)) {
            continue;
        }
        if (child->user.data == NULL) {
            add_free(who, child);
        } else if (alias && previous.data == NULL && is_kind(into->main, "user")) {
            previous = child->user;
            child->joined = true;
        }
    }
    return previous;
}

static void write_extras(const struct export_who *who, struct store_identifier main,
                         struct json_writer *w)
{
    bool own = main.kind.data != NULL && !is_kind(main, "user") && !is_kind(main, "anonymous");
    struct store_identifier list[EXTRAS_MAX + 1];
    size_t count = 0;
    if (own) {
        list[count++] = main;
    }
    for (size_t i = 0; i < who->extra_count; i++) {
        list[count++] = who->extras[i];
    }
    if (count == 0) {
        return;
    }
    json_name_c(w, "identifiers");
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        bool before = false;
        size_t more = 0;
        for (size_t k = 0; k < count; k++) {
            bool equal = str_equal(list[k].kind, list[i].kind);
            before = before || (equal && k < i);
            more += equal && k > i ? 1 : 0;
        }
        if (before) {
            continue;
        }
        json_name(w, list[i].kind);
        if (more > 0) {
            json_begin_array(w);
        }
        for (size_t k = i; k < count; k++) {
            if (str_equal(list[k].kind, list[i].kind)) {
                json_write_str(w, list[k].value);
            }
        }
        if (more > 0) {
            json_end_array(w);
        }
    }
    json_end_object(w);
}

/* Missing where `previous` is. */
static void write_ids(const struct export_who *who, struct store_identifier main,
                      struct str previous, struct json_writer *w)
{
    if (is_kind(main, "user") || is_kind(main, "anonymous")) {
        json_name_c(w, is_kind(main, "user") ? "userId" : "anonymousId");
        json_write_str(w, main.value);
    }
    write_extras(who, main, w);
    if (previous.data != NULL) {
        json_name_c(w, "previousId");
        json_write_str(w, previous);
    }
}

void export_who_write(struct export_who *who, const struct store_timeline_row *row,
                      struct json_writer *w)
{
    struct part *part = part_of(who, who->whole ? row->number : who->parts[0].member->number);
    bool alias = str_is(row->event.event, "alias");
    struct store_identifier main = part->main;
    who->extra_count = 0;
    who->last_ts_ms = row->event.ts_ms;
    part->seen = true;
    add_own(who, part);
    struct str previous = add_joins(who, part, alias);
    if (alias && !is_kind(main, "user") && part->user.data != NULL) {
        /* An alias needs a user: the row is told by the user that its number was joined with. */
        add_extra(who, main);
        main = (struct store_identifier){STR("user"), part->user};
    }
    if (alias && previous.data == NULL) {
        previous = main.value; /* to itself: joins nothing */
    }
    write_ids(who, main, previous, w);
}

/* ---- what no row could say ------------------------------------------------------------------------------------ */

static void write_bookkeeping(const struct export_who *who, struct store_identifier main,
                              struct str previous, struct base_buf *out)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    write_ids(who, main, previous, &w);
    json_name_c(&w, "event");
    json_write_c(&w, previous.data == NULL ? "identify" : "alias");
    json_name_c(&w, "ts");
    json_write_instant(&w, who->last_ts_ms);
    json_end_object(&w);
    base_buf_byte(out, '\n');
}

static void end_join(struct export_who *who, struct part *child, struct base_buf *out)
{
    const struct part *into = part_of(who, child->member->joined_into);
    struct store_identifier user = {STR("user"), child->user};
    struct str none = {NULL, 0};
    who->extra_count = 0;
    if (child->user.data == NULL) {
        add_free(who, child);
        write_bookkeeping(who, into->main, none, out);
    } else if (is_kind(into->main, "user")) {
        write_bookkeeping(who, into->main, child->user, out);
    } else {
        /* Joined by hand into a customer without a user: the other way round it is the same customer. */
        add_extra(who, into->main);
        write_bookkeeping(who, user, none, out);
    }
    child->joined = true;
}

void export_who_end(struct export_who *who, struct base_buf *out)
{
    if (!who->whole) {
        return; /* only rows that were asked for */
    }
    for (size_t i = 0; i < who->part_count; i++) {
        if (!who->parts[i].joined) {
            end_join(who, &who->parts[i], out);
        }
    }
    for (size_t i = 0; i < who->part_count; i++) {
        struct part *part = &who->parts[i];
        for (;;) {
            who->extra_count = 0;
            add_own(who, part);
            if (who->extra_count == 0 || part->main.kind.data == NULL) {
                break;
            }
            write_bookkeeping(who, part->main, (struct str){NULL, 0}, out);
        }
    }
}
