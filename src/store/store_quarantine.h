/* store_quarantine.h — records that could not be taken, kept for a person to mend.
 *
 * What: since the last seal a row is some words in memory and a place in the journal, where its bytes lie; a seal
 *   moves rows with their bytes into an immutable file. The hash of (source, raw) finds a record that came
 *   before, so that it makes no second row. A row that was stored after all or discarded is marked as gone, one
 *   that stays for another reason with that reason; the next seal writes its files anew by the marks.
 *   Format: docs/formats/quarantine.md.
 * Owner: tables and sets of files are reference-counted.
 * Threads: one writer adds to a table; any thread reads rows below a count it got under the store's lock.
 * Failure: FAIL_CORRUPT, FAIL_IO, FAIL_NO_MEMORY.
 * Limits/cost: about 150 bytes of memory a row that is not sealed.   Units: bytes, *_ms UTC.
 * Example: see store_writer.c.   Not here: why a record is quarantined (intake, store_judge.c).
 */
#pragma once

#include "store_frame.h"
#include "store_journal.h"
#include "store_map.h"
#include "store_run.h"

/* Of a larger record only its beginning is kept; raw_bytes tells how large it was. */
#define STORE_QUARANTINE_RAW_MAX ((size_t)2 << 20)
#define STORE_QUARANTINE_RAW_CUT ((size_t)64 << 10)
/* Files above this are not merged any further. */
#define STORE_QUARANTINE_FILE_BYTES_MAX ((uint64_t)256 << 20)

#define STORE_QUARANTINE_ROW_BYTES 72U /* of its words in a file */
#define STORE_QUARANTINE_BY_HASH_BYTES 12U

struct base_hash128 store_quarantine_hash(uint64_t salt, struct str source, struct str raw);

struct store_quarantine_live_row {
    uint64_t id;
    struct str source, reason, field; /* field: missing where data is NULL */
    struct str way;
    int64_t received_at_ms, sent_at_ms;
    uint64_t raw_bytes;
    uint32_t raw_len;
    uint32_t file;   /* index into the table's files */
    uint64_t raw_at; /* in that journal file */
    const char *raw; /* of a record that is in no journal; else NULL */
    struct base_hash128 hash;
};

#define STORE_QUARANTINE_BLOCK_ROWS 256U
#define STORE_QUARANTINE_BLOCKS 4096U
#define STORE_QUARANTINE_JOURNALS 64U
#define STORE_QUARANTINE_WAYS 64U /* remembered to be kept once; the rest is kept as it comes */

struct store_quarantine_live {
    _Atomic uint32_t references;
    /* The writer's. */
    struct arena *arena;
    struct store_map by_hash; /* low half -> row */
    uint32_t count;
    uint32_t file_count;
    uint32_t way_count;
    _Atomic uint64_t kept_bytes; /* of all rows, as far as they count against the budget */
    struct str ways[STORE_QUARANTINE_WAYS];
    struct store_journal_file *files[STORE_QUARANTINE_JOURNALS]; /* references held */
    /* Set by the writer before a row of them is published. */
    struct store_quarantine_live_row *blocks[STORE_QUARANTINE_BLOCKS];
};
struct store_quarantine_live *store_quarantine_live_new(void);
struct store_quarantine_live *store_quarantine_live_ref(struct store_quarantine_live *live);
void store_quarantine_live_unref(struct store_quarantine_live *live); /* accepts NULL */
/* Makes room for so many rows more, so that adding them cannot fail but for the bytes of those in no journal. */
bool store_quarantine_live_room(struct store_quarantine_live *live, size_t rows,
                                struct fail *fail) MUST_USE;
/* `file` NULL: the record is in no journal, and its bytes are kept in memory until it is sealed. */
bool store_quarantine_live_add(struct store_quarantine_live *live, struct store_journal_file *file,
                               const struct store_frame_quarantine *row, struct str source,
                               uint64_t raw_at, struct fail *fail) MUST_USE;
/* The id of the newest row with that hash, or 0. The writer's. */
uint64_t store_quarantine_live_find(const struct store_quarantine_live *live,
                                    struct base_hash128 hash);
const struct store_quarantine_live_row *
store_quarantine_live_row(const struct store_quarantine_live *live, uint32_t index);
/* Finds the row of that id below `count`. */
const struct store_quarantine_live_row *
store_quarantine_live_get(const struct store_quarantine_live *live, uint32_t count, uint64_t id);
/* As the face shows it, without raw; the text is the table's. */
void store_quarantine_live_face(const struct store_quarantine_live_row *row,
                                struct store_quarantine_row *out);
/* Its raw bytes, read back from the journal; cut at `most`. */
bool store_quarantine_live_raw(const struct store_quarantine_live *live,
                               const struct store_quarantine_live_row *row, size_t most,
                               struct arena *arena, struct str *out, struct fail *fail) MUST_USE;

/* ---- what became of rows (store_quarantine_marks.c) --------------------------------------------------- */

struct store_quarantine_words;
struct store_quarantine_marks { /* immutable, reference-counted */
    _Atomic uint32_t references;
    struct store_quarantine_words *words; /* where the texts lie; a reference */
    size_t count;
    uint64_t gone;                     /* of them */
    struct store_quarantine_mark at[]; /* by id, each once */
};
/* All of these take NULL for no marks but _add and _without. */
struct store_quarantine_marks *store_quarantine_marks_new(void);
struct store_quarantine_marks *store_quarantine_marks_ref(struct store_quarantine_marks *marks);
void store_quarantine_marks_unref(struct store_quarantine_marks *marks);
const struct store_quarantine_mark *
store_quarantine_marks_find(const struct store_quarantine_marks *marks, uint64_t id);
bool store_quarantine_gone(const struct store_quarantine_marks *marks, uint64_t id);
/* How many marks there are of ids [first, last]. */
uint64_t store_quarantine_marks_within(const struct store_quarantine_marks *marks, uint64_t first,
                                       uint64_t last, uint64_t *out_gone);
/* A new table with `added` over what `old` says; of one id the last counts. The writer's. */
struct store_quarantine_marks *store_quarantine_marks_add(struct store_quarantine_marks *old,
                                                          const struct store_quarantine_mark *added,
                                                          size_t count);
/* What `now` says that `sealed`, an earlier table, did not. */
struct store_quarantine_marks *
store_quarantine_marks_without(const struct store_quarantine_marks *now,
                               const struct store_quarantine_marks *sealed);
/* Puts the reason of a mark in the place of the row's own. */
void store_quarantine_marks_lay(const struct store_quarantine_marks *marks,
                                struct store_quarantine_row *row);

/* ---- sealed -------------------------------------------------------------------------------------------- */

struct store_quarantine_file {
    struct store_run *run; /* reference held by the set */
    uint64_t count, id_first, id_last;
};
struct store_quarantine_files {
    _Atomic uint32_t references;
    size_t count;
    struct store_quarantine_file files[]; /* ascending ids */
};
/* What `open` has open already is taken over from it (NULL: nothing is). */
bool store_quarantine_files_open(struct disk *disk, const struct store_run_info *infos,
                                 size_t count, const struct store_quarantine_files *open,
                                 struct store_quarantine_files **out, struct fail *fail) MUST_USE;
struct store_quarantine_files *store_quarantine_files_ref(struct store_quarantine_files *files);
void store_quarantine_files_unref(struct store_quarantine_files *files); /* accepts NULL */
/* The id of a row with that hash that is not gone, or 0. */
bool store_quarantine_files_find(const struct store_quarantine_files *files,
                                 const struct store_quarantine_marks *marks,
                                 struct base_hash128 hash, uint64_t *out,
                                 struct fail *fail) MUST_USE;
/* The row with that id; *out_found false where there is none. Its text views the file. */
bool store_quarantine_files_get(const struct store_quarantine_files *files, uint64_t id,
                                size_t raw_most, struct store_quarantine_row *out, bool *out_found,
                                struct fail *fail) MUST_USE;
/* Row `at` of a file; its text views the file. */
bool store_quarantine_file_row(const struct store_quarantine_file *file, uint64_t at,
                               size_t raw_most, struct store_quarantine_row *out,
                               struct fail *fail) MUST_USE;
/* Where the row with this id lies, or the first above it; the file's count where there is none. */
bool store_quarantine_file_seek(const struct store_quarantine_file *file, uint64_t id,
                                uint64_t *out, struct fail *fail) MUST_USE;

/* What counts against store_options.quarantine_bytes_max: files as they lie on disk, rows that no file has yet by their
   bytes. `live`: two, either may be NULL. */
uint64_t store_quarantine_bytes(const struct store_quarantine_files *files,
                                struct store_quarantine_live *const *live);
static inline uint64_t store_quarantine_row_bytes(size_t raw_len)
{
    return raw_len + STORE_QUARANTINE_ROW_BYTES + STORE_QUARANTINE_BY_HASH_BYTES;
}

/* Rows that are gone are left out; at least one must stay. */
bool store_quarantine_seal(struct disk *disk, const struct store_quarantine_live *live,
                           const struct store_quarantine_marks *marks, uint64_t id,
                           struct store_run_info *out, struct fail *fail) MUST_USE;
/* One file or several, as the marks say (NULL: as they are). At least one row must stay. */
bool store_quarantine_merge(struct disk *disk, const struct store_quarantine_file *files,
                            size_t count, const struct store_quarantine_marks *marks, uint64_t id,
                            struct store_run_info *out, struct fail *fail) MUST_USE;
bool store_quarantine_file_check(const struct store_quarantine_file *file,
                                 void (*problem)(void *context, const char *path, const char *what),
                                 void *context, uint64_t *problems, struct fail *fail) MUST_USE;

/* ---- the face's two questions, over a view -------------------------------------------------------------- */

struct store_quarantine_view { /* references held */
    struct store_quarantine_files *files;
    struct store_quarantine_live *live[2]; /* older (or NULL) and current */
    uint32_t live_count[2];
    struct store_quarantine_marks *marks;
};
void store_quarantine_view_done(struct store_quarantine_view *view);
bool store_quarantine_view_list(const struct store_quarantine_view *view,
                                const struct store_quarantine_filter *filter, struct arena *arena,
                                struct store_quarantine_row **out, size_t *out_count,
                                uint64_t *out_total, struct fail *fail) MUST_USE;
bool store_quarantine_view_groups(const struct store_quarantine_view *view, struct arena *arena,
                                  struct store_quarantine_group **out, size_t *out_count,
                                  uint64_t *out_rest, struct fail *fail) MUST_USE;
bool store_quarantine_view_get(const struct store_quarantine_view *view, uint64_t id,
                               struct arena *arena, struct store_quarantine_row *out,
                               struct fail *fail) MUST_USE;

/* ---- the format ------------------------------------------------------------------------------------------- */

enum store_quarantine_section {
    STORE_QUARANTINE_META,
    STORE_QUARANTINE_ROWS,
    STORE_QUARANTINE_BY_HASH,
    STORE_QUARANTINE_TEXT,
    STORE_QUARANTINE_RAW,
    STORE_QUARANTINE_WAYS_SECTION,
    STORE_QUARANTINE_SECTIONS,
};
#define STORE_QUARANTINE_META_BYTES 24U
#define STORE_QUARANTINE_NO_FIELD 0xFFFFU
#define STORE_QUARANTINE_HAS_SENT_AT 1U /* in a row's flags */
