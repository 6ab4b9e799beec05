/* store.h — the timeline engine: takes events in for good, and gives consistent views of them.
 *
 * What: one directory of events. Batches are judged (stored, duplicate, quarantined, refused), written
 *   to the journal, synced, and only then acknowledged and seen. Snapshots are immutable views of all
 *   that was acknowledged. Fresh rows are sealed into sorted segments and merged in the background.
 *   The rules of identity, duplication and the ledger are the query contract's sections 1 to 3.
 *   Formats: docs/formats/.
 * Owner: store_open/store_close; snapshots are reference-counted and keep what they need alive, but must
 *   all be given back before store_close. Everything returned through an arena is the caller's.
 * Threads: every function may be called from any thread, but open and close. One writer thread inside
 *   (group commit), one keeper thread (seal, merge).
 * Failure: after a failed sync the store is read-only for the rest of the process: submitting fails
 *   with FAIL_IO, reading goes on. FAIL_CORRUPT where bytes on disk are not what was written.
 * Limits/cost: a commit costs one fdatasync however many batches share it.
 * Units: *_ms UTC, *_bytes, counts of rows.
 * Example: see tests/unit/store/test_store.c.
 * Not here: reading rows (store_scan.h), questions (query), decoding (intake).
 */
#pragma once

#include "base_clock.h"
#include "base_disk.h"
#include "base_thread.h"
#include "store_event.h"

struct store;
struct store_snapshot;

struct store_options {              /* zero = default */
    const struct base_clock *clock; /* base_clock_real() */
    bool read_only;                 /* no writer, no keeper, nothing is changed on disk */
    bool no_keeper;                 /* seals and merges only when asked (tests) */
    int64_t dedup_window_ms;        /* 7 days; 1 to 30 days */
    uint32_t fresh_rows_max;        /* sealed above this; 262,144 */
    uint64_t journal_bytes_max; /* sealed above this; 256 MiB, so that a start replays in time */
    uint64_t spare_bytes;    /* a merge waits where less than this would be left on the disk; 0 */
    int64_t commit_delay_us; /* how long a commit waits for company; 0: not at all */
    uint32_t bulk_rows_max;  /* of a large import in memory; 2,097,152 */
    uint64_t quarantine_bytes_max; /* above it what cannot be stored is refused; 1 GiB */
    uint64_t
        waiting_bytes_max; /* of batches that wait and of rows until they are sealed, imports aside; 160 MiB */
};

/* Opens (and makes, where the disk is empty) a store; `disk` must outlive it. Replays the journal. */
bool store_open(struct disk *disk, const struct store_options *options, struct store **out,
                struct fail *fail) MUST_USE;
/* From now on merged segments count customers by the days of this zone (store_daily.h), which must outlive the store. Any
   thread. */
struct zone;
void store_count_days_in(struct store *store, const struct zone *zone);
/* Waits for what was submitted, seals nothing, syncs, stops the threads. Accepts NULL. */
void store_close(struct store *store);

/* ---- taking events in ------------------------------------------------------------------------ */

enum store_verdict { STORE_STORED, STORE_DUPLICATE, STORE_QUARANTINED, STORE_REFUSED };
const char *store_verdict_name(enum store_verdict verdict);

/* One received event and what becomes of it. Intake judges first: an item that it marks quarantined or
   refused is only counted (and kept, when quarantined); the others are judged by the store. */
/* How the ids of kind "user" and "anonymous" in an item are meant. */
enum store_space {
    STORE_SPACE_TWO,      /* each kind is a name space of its own */
    STORE_SPACE_ONE,      /* of one name space: the kinds are guesses (store_judge_space.c) */
    STORE_SPACE_ONE_USER, /* the same, and the first identifier is surely a user's */
};
struct store_item {
    struct store_event
        event; /* for quarantined and refused items .source, .received_at_ms and .sent_at_ms count */
    enum store_verdict
        verdict;       /* in: STORED (judge it), QUARANTINED or REFUSED; out: the verdict */
    struct str reason; /* plain sentence; in where intake judged, else out (static text) */
    struct str field;  /* JSON pointer or column of the offending part, or missing */
    struct str raw;    /* the bytes as received, kept when quarantined */
    struct str way; /* how raw was read, kept with it: opaque here, at most STORE_WAY_BYTES_MAX */
    /* alias {previousId, userId}: event.identifiers holds the user, `previous_id` joins into it. */
    struct str previous_id; /* missing: no alias */
    bool may_join_users;    /* a secret key or an operator sent it: two known users may be joined */
    bool from_import;       /* its message_id is remembered for ever, not for the window */
    /* Of an event without a message_id: what it is a duplicate by. It is not kept with the event. */
    struct str record_id;
    uint64_t import; /* number of the running import that it is part of; 0: of none */
    enum store_space
        space; /* ONE: the first identifier is whose event it is; a second of these two kinds is
                               another id of the same person, to be joined where that is allowed */
    /* Traits to be set where the customer has none of that name. For app_take, which moves into event.traits those
       that are to be set; the store looks past them. */
    const struct store_field *once;
    size_t once_count;
    /* A row of the quarantine that this is, judged again; 0: none. Not received anew: the row's source counts, the
       ledger moves by one from quarantined to the verdict, and the row goes in the same commit, or stays with the
       new reason. */
    uint64_t mends;
    uint64_t out_arrival;       /* of a stored event: its place in the order of arrival */
    uint64_t out_quarantine_id; /* of a quarantined one */
    bool
        out_absent; /* `mends` names no row (any more): nothing was done, the verdict means nothing */
};

/* Judges, journals, syncs and publishes the items, in order, as one commit. Returns when they are durable and
   visible. On failure nothing of the batch was stored or counted.
   FAIL_LIMIT: no room (disk), FAIL_IO: the store has become read-only, FAIL_BUSY: too much is waiting. */
bool store_submit(struct store *store, struct store_item *items, size_t count,
                  struct fail *fail) MUST_USE;
/* Says what would become of the items now, in the same places, and changes nothing. */
bool store_try(struct store *store, struct store_item *items, size_t count,
               struct fail *fail) MUST_USE;
/* The same as store_submit without waiting: `done` is called once, from the writer thread, or before this returns where the
   items are not taken; `items` and what they view must stay until then. `fail` is NULL on success. */
void store_submit_async(struct store *store, struct store_item *items, size_t count,
                        void (*done)(void *context, const struct fail *fail), void *context);
/* The same for the items of a running import which is too large for the journal, and beside which nobody else sends
   anything: judged by the same rules and counted, but neither durable nor seen before they are sealed, which is at the
   latest when the import is ended. A crash before that leaves an earlier state: what was sealed, a beginning of the
   import. Others' commits wait until all is sealed. At most STORE_BULK_ITEMS_MAX items; never refused as too many: the
   importer bounds what it has under way. */
#define STORE_BULK_ITEMS_MAX ((size_t)1 << 16)
void store_submit_bulk(struct store *store, struct store_item *items, size_t count,
                       void (*done)(void *context, const struct fail *fail), void *context);
/* May the items come so? Not those that are told apart by what earlier ones of them look like when they are read back
   (traits set once), that mend others, or that bear a message id like those that intake makes up for records. */
bool store_bulk_may(const struct store_item *items, size_t count);
/* Counts a request that was refused whole. */
void store_count_refused_request(struct store *store);
/* Called from the writer thread after each commit, with its items; for live views. Set before use. */
void store_set_listener(struct store *store,
                        void (*committed)(void *context, const struct store_item *items,
                                          size_t count),
                        void *context);

/* Seals all fresh rows into a segment now; merges until nothing is worth merging. */
bool store_seal(struct store *store, struct fail *fail) MUST_USE;
/* `quiet`: also what the store does by itself in quiet times only: one segment of all. */
bool store_merge(struct store *store, bool quiet, struct fail *fail) MUST_USE;

/* ---- imports ------------------------------------------------------------------------------------------ */

/* Events that came in together and can be taken back together: items name the import that they are part of. */
enum store_import_state {
    STORE_IMPORT_RUNNING,
    STORE_IMPORT_ENDED,
    STORE_IMPORT_STOPPED, /* before its end, or by a crash */
    STORE_IMPORT_TAKEN_BACK,
};
const char *store_import_state_name(enum store_import_state state);
struct store_import_gone { /* what taking back an import takes, or took */
    uint64_t rows;         /* events */
    uint64_t quarantined;  /* records of the quarantine; the ledger counts them as refused */
    uint64_t joins;
    uint64_t customers; /* that nothing else is known of; of a preview: not counted */
};
struct store_import {
    uint64_t number; /* 1, 2, ... */
    enum store_import_state state;
    struct str source, name;
    int64_t begun_ms, ended_ms, taken_back_ms; /* STORE_NO_TIME: not yet, or not known */
    uint64_t received, stored, duplicate, quarantined, refused;
    bool forgotten; /* too long ago, or in too many pieces: it cannot be taken back */
    struct store_import_gone gone;
};
#define STORE_IMPORTS_MAX 1000 /* older ones fall off the list */
#define STORE_IMPORT_NAME_BYTES_MAX 1000
bool store_import_begin(struct store *store, struct str source, struct str name, uint64_t *out,
                        struct fail *fail) MUST_USE;
/* Ends a running import; `stopped`: before its end. Does nothing where it does not run. */
bool store_import_end(struct store *store, uint64_t number, bool stopped,
                      struct fail *fail) MUST_USE;
/* Newest first. */
bool store_import_list(struct store *store, struct arena *arena, struct store_import **out,
                       size_t *out_count, struct fail *fail) MUST_USE;
/* What taking it back would take, and whether it may be: FAIL_ABSENT where there is none, FAIL_CONFLICT where it runs,
   was taken back already, or is forgotten. */
bool store_import_preview(struct store *store, uint64_t number, struct store_import_gone *out,
                          struct fail *fail) MUST_USE;
/* Takes back all that it stored and nothing else: events, what they would be duplicates of, quarantined records, the
   joins it made, identifiers that nobody else can have used. Durable as a whole or not at all; leases are revoked.
   Reads all segments and writes anew those that hold its events; intake goes on meanwhile. */
bool store_import_undo(struct store *store, uint64_t number, struct store_import_gone *out,
                       struct fail *fail) MUST_USE;

/* ---- erasing, and what is past its time ------------------------------------------------------------ */

struct store_gone {                  /* what went for good */
    uint64_t rows;                   /* events */
    uint64_t texts;                  /* words of events that stay */
    uint64_t customers, identifiers; /* that nothing is known of any more */
    uint64_t quarantined;            /* records; the ledger counts them as refused */
    uint64_t keys;                   /* of deduplication */
    uint64_t joins;                  /* split */
};
struct store_erasure {
    const uint32_t *customers; /* numbers, known; whoever is joined to them goes too */
    size_t customer_count;
    /* Quarantined records that speak of one of these go, as do those that speak of the customers' identifiers. */
    const struct str *words;
    size_t word_count;
};
/* Erases all that there is of these customers. What is left of them is that their numbers are not given again, and in
   runs of identifiers a hash keyed with the store's salt. Durable as a whole or not at all; leases are revoked. Reads all
   segments and writes anew those that hold something of them; intake goes on meanwhile. The ledger goes on counting what
   was stored. FAIL_ABSENT for an unknown number; FAIL_BUSY where they were joined or split meanwhile: try again. To
   erase them once more takes nothing. */
bool store_erase(struct store *store, const struct store_erasure *erasure, struct store_gone *out,
                 struct fail *fail) MUST_USE;

struct store_cut_rule {       /* what lies before an instant, in the event's own time */
    struct str event, source; /* missing: all */
    int64_t before_ms;
    bool words_only; /* the event stays, without its words */
};
struct store_cut {
    const struct store_cut_rule *rules;
    size_t rule_count;
    int64_t quarantine_before_ms; /* by receipt; STORE_NO_TIME: none */
};
/* Takes out what is past its time, as store_erase does; customers of whom nothing is left are forgotten. */
bool store_cut_old(struct store *store, const struct store_cut *cut, struct store_gone *out,
                   struct fail *fail) MUST_USE;
/* What that would take now: rows, texts, quarantined. Changes nothing; reads the columns that rules go by. */
bool store_cut_preview(struct store *store, const struct store_cut *cut, struct store_gone *out,
                       struct fail *fail) MUST_USE;

/* ---- the ledger and the quarantine ------------------------------------------------------------- */

struct store_ledger_line {
    struct str source; /* missing: the sum of all */
    uint64_t received, stored, duplicate, quarantined, refused;
    int64_t last_received_ms; /* STORE_NO_TIME: never */
};
struct store_ledger {
    struct store_ledger_line total;
    struct store_ledger_line *sources; /* by name, byte order */
    size_t source_count;
    uint64_t requests_refused; /* since the process began */
};
/* Consistent: received = stored + duplicate + quarantined + refused in every line. */
bool store_ledger_read(struct store *store, struct arena *arena, struct store_ledger *out,
                       struct fail *fail) MUST_USE;

struct store_quarantine_row {
    uint64_t id; /* shown as q17 */
    struct str source, reason, field;
    struct str way; /* of the item; missing where nobody said */
    int64_t received_at_ms, sent_at_ms;
    uint64_t raw_bytes;
    struct str raw; /* whole in _get, the first STORE_QUARANTINE_PREVIEW_BYTES in _list */
};
#define STORE_QUARANTINE_PREVIEW_BYTES 400
struct store_quarantine_filter {
    struct str source, reason, field; /* missing: any; an empty field: rows that name none */
    uint64_t before_id;               /* 0: from the newest */
    size_t limit;
};
/* Newest first. */
bool store_quarantine_list(struct store *store, const struct store_quarantine_filter *filter,
                           struct arena *arena, struct store_quarantine_row **out,
                           size_t *out_count, uint64_t *out_total, struct fail *fail) MUST_USE;
/* One line for each source, reason and field, the most rows first; `id` is the newest row of it. */
struct store_quarantine_group {
    struct str source, reason, field;
    uint64_t rows, id;
};
#define STORE_QUARANTINE_GROUPS_MAX                                                                \
    2000 /* rarer ones are left out, and *out_rest counts their rows */
bool store_quarantine_groups(struct store *store, struct arena *arena,
                             struct store_quarantine_group **out, size_t *out_count,
                             uint64_t *out_rest, struct fail *fail) MUST_USE;
/* FAIL_ABSENT where there is none. */
bool store_quarantine_get(struct store *store, uint64_t id, struct arena *arena,
                          struct store_quarantine_row *out, struct fail *fail) MUST_USE;

/* ---- snapshots ----------------------------------------------------------------------------------- */

/* A view of everything acknowledged so far. Cheap: no rows are copied. */
struct store_snapshot *store_snapshot_take(struct store *store);
struct store_snapshot *store_snapshot_ref(struct store_snapshot *snapshot);
void store_snapshot_unref(struct store_snapshot *snapshot); /* accepts NULL */
/* Grows by one with every commit that changes what a query sees. Equal numbers: equal answers. */
uint64_t store_snapshot_number(const struct store_snapshot *snapshot);
uint64_t store_snapshot_events(const struct store_snapshot *snapshot); /* rows */
uint64_t
store_snapshot_customers(const struct store_snapshot *snapshot); /* joined ones count once */
/* A number above every customer number in the snapshot: for arrays indexed by customer. */
uint32_t store_snapshot_customer_bound(const struct store_snapshot *snapshot);

/* Answers keep their snapshot for opening: key is the answer's as_of. At most STORE_LEASES_MAX, for
   STORE_LEASE_MS; the oldest goes first. A lease for a key that is there is replaced. */
#define STORE_LEASES_MAX 16
#define STORE_LEASE_MS (10 * 60 * 1000)
void store_lease_put(struct store *store, struct store_snapshot *snapshot, int64_t as_of_ms);
struct store_snapshot *store_lease_find(struct store *store,
                                        int64_t as_of_ms); /* a reference, or NULL */
void store_lease_revoke_all(struct store *store);

/* ---- names ------------------------------------------------------------------------------------- */

/* Codes are dense, from 0, and stay the same for the life of the process. */
uint32_t store_event_code(const struct store_snapshot *snapshot,
                          struct str name); /* or STORE_NO_CODE */
struct str store_event_name(const struct store_snapshot *snapshot, uint32_t code);
uint32_t store_event_codes(const struct store_snapshot *snapshot); /* how many */

enum store_name_kind {
    STORE_NAME_EVENT,
    STORE_NAME_PROPERTY,
    STORE_NAME_TRAIT,
    STORE_NAME_CHANNEL,
    STORE_NAME_SOURCE,
};
struct store_name {
    struct str name;
    uint64_t rows; /* that bear it */
    int64_t first_ms, last_ms;
};
/* All names in use, by rows descending, then byte order. `event` restricts properties, traits and
   channels to rows of that event, where not missing. Costs no scan of rows but the fresh ones. */
bool store_names(const struct store_snapshot *snapshot, enum store_name_kind kind, struct str event,
                 struct arena *arena, struct store_name **out, size_t *out_count,
                 struct fail *fail) MUST_USE;
/* The other way round: the events with rows that bear this property (or trait), with how many do. */
bool store_names_events(const struct store_snapshot *snapshot, enum store_name_kind kind,
                        struct str name, struct arena *arena, struct store_name **out,
                        size_t *out_count, struct fail *fail) MUST_USE;

/* How many rows some events have in stretches of time, and with which values of up to two properties, from what segments
   count by the hour: no row is read. Stretch i is [edges[i], edges[i + 1]); edges ascend, there are stretch_count + 1. */
#define STORE_COUNTED_PROPERTIES_MAX 2U
struct store_counting {
    const uint8_t *wanted; /* by code of an event: 1 is counted, 0 is not */
    uint32_t code_count;
    struct str properties[STORE_COUNTED_PROPERTIES_MAX];
    unsigned property_count;
    const int64_t *edges; /* ms UTC */
    size_t stretch_count; /* at least 1 */
};
/* Rows of one event with these values. */
struct store_counted {
    uint32_t event;
    struct store_value
        values[STORE_COUNTED_PROPERTIES_MAX]; /* STORE_NULL: the property is missing */
    const uint64_t *counts;                   /* by stretch */
};
struct store_counts;
/* Finds out which segments can tell, in the arena. `asked` must live as long. */
bool store_counts_find(const struct store_snapshot *snapshot, const struct store_counting *asked,
                       struct arena *arena, struct store_counts **out, struct fail *fail) MUST_USE;
/* By place of the segment: 1 where it is counted; the rows of the others are for a scan (`without` of its options). A segment cannot tell where an edge lies within an hour that has rows (of segments written
   before version 2: within a day, UTC), and where it keeps no counters of the properties. NULL: none can. */
const uint8_t *store_counts_segments(const struct store_counts *counts);
/* Are the fresh rows counted too? Where no properties are asked for, unless there are very many stretches. */
bool store_counts_fresh(const struct store_counts *counts);
/* Gives all that they tell, the same values perhaps more than once; what has no rows is left out. */
bool store_counts_walk(const struct store_counts *counts,
                       bool (*take)(void *context, const struct store_counted *counted,
                                    struct fail *fail),
                       void *context, struct fail *fail) MUST_USE;

/* ---- customers -------------------------------------------------------------------------------------- */

/* Customer numbers here are always those of the customer as joined now ("root"). */

/* By one identifier; *out is STORE_NO_CUSTOMER where unknown. Microseconds. */
void store_customer_find(const struct store_snapshot *snapshot, struct store_identifier identifier,
                         uint32_t *out);
/* By what a person types: "kind:value" where kind is one, else user, anonymous, e-mail in this order. */
void store_customer_lookup(const struct store_snapshot *snapshot, struct str text, uint32_t *out);
/* The id of the query contract (sections 2.5 and 9), unique. Lives as long as the snapshot or arena. */
struct str store_customer_id(const struct store_snapshot *snapshot, uint32_t customer,
                             struct arena *arena);
bool store_customer_known(const struct store_snapshot *snapshot, uint32_t customer);
/* All identifiers of a customer and those joined into it, in order of arrival. */
bool store_customer_identifiers(const struct store_snapshot *snapshot, uint32_t customer,
                                struct arena *arena, struct store_identifier **out,
                                size_t *out_count, struct fail *fail) MUST_USE;
struct store_starting {
    uint32_t customer;
    struct store_identifier identifier; /* of its own, begins so */
};
/* Customers of whom an identifier (of any kind but memberships) begins so, case of ASCII letters aside: at most
   `limit`, sealed ones in order of arrival. Looks along all identifiers, some 15 ns each, until it has so many. */
bool store_customers_starting(const struct store_snapshot *snapshot, struct str prefix,
                              size_t limit, struct base_cancel *cancel, struct arena *arena,
                              struct store_starting **out, size_t *out_count,
                              struct fail *fail) MUST_USE;
struct store_join {
    struct str id; /* of what was joined in, as it was called before */
    int64_t joined_at_ms;
};
bool store_customer_joins(const struct store_snapshot *snapshot, uint32_t customer,
                          struct arena *arena, struct store_join **out, size_t *out_count,
                          struct fail *fail) MUST_USE;
/* An operator's join (from into into) and its exact undoing: the customer that `identifier` brought in
   becomes one of its own again, with all that was joined into it before. FAIL_ABSENT, FAIL_CONFLICT. */
bool store_customer_join(struct store *store, struct str from, struct str into,
                         struct fail *fail) MUST_USE;
bool store_customer_split(struct store *store, struct str identifier, struct fail *fail) MUST_USE;

/* ---- accounts ---------------------------------------------------------------------------------------- */

/* What customers are members of, by an identifier of kind "account". A customer joined of several is a member of all
   their accounts. */
struct store_account {
    struct str id;
    const uint32_t *members; /* customers (roots), ascending */
    uint32_t member_count;
};
/* All accounts, by id in byte order; their places are their numbers. */
struct store_accounts {
    const struct store_account *at;
    uint32_t count;
};
/* Made at the first call for a snapshot, in one walk over all identifiers; lives as long as the snapshot. */
bool store_accounts_of(struct store_snapshot *snapshot, const struct store_accounts **out,
                       struct fail *fail) MUST_USE;
/* The number of the account, or STORE_NO_CUSTOMER. */
uint32_t store_accounts_find(const struct store_accounts *accounts, struct str id);
/* As store_customer_traits, of the members' timelines as one. */
bool store_account_traits(struct store_snapshot *snapshot, uint32_t account, struct arena *arena,
                          struct store_field **out, size_t *out_count, struct fail *fail) MUST_USE;

/* ---- looking after it ---------------------------------------------------------------------------------- */

struct store_status {
    uint64_t events, customers, segments, fresh_rows, journal_bytes, segment_bytes, quarantined;
    uint64_t names_events, names_properties;
    uint64_t quarantine_bytes, quarantine_bytes_max;
    int64_t last_commit_ms; /* STORE_NO_TIME: none in this process */
    int64_t last_event_received_ms;
    int64_t oldest_lease_s; /* -1: none */
    int leases;
    bool read_only_after_failure;
};
void store_status_read(struct store *store, struct store_status *out);

/* Reads every byte of a directory that no store holds open: checksums, order, ranges, counts, dictionaries,
   ledger. Calls `problem` for each thing found wrong (path, what). FAIL_IO only where reading fails. */
struct store_verify_result {
    uint64_t files, bytes, rows, problems;
};
bool store_verify(struct disk *disk,
                  void (*problem)(void *context, const char *path, const char *what), void *context,
                  struct store_verify_result *out, struct fail *fail) MUST_USE;
/* The same of an open store, in moments: are the files there, as long as they were, and do the heads and footers of
   segments hold? It reads no rows. *out_files: how many were looked at. */
bool store_look(struct store *store,
                void (*problem)(void *context, const char *path, const char *what), void *context,
                uint64_t *out_files, struct fail *fail) MUST_USE;
