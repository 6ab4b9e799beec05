/* sql.h — read-only SQL over a snapshot, answered by a process of its own.
 *
 * What: one SELECT over the tables `events`, `customers` and `verbatims` (docs/reference/sql.md). SQLite runs in a
 *   child that holds no file, no directory and no memory of ours: it has one socket, over which it asks this process
 *   for rows of the snapshot, and sends the answer. Conditions on customer, event, channel and time go with what it
 *   asks for, and only columns that the statement names are read.
 * Owner: nothing outlives sql_run; the snapshot stays the caller's. What a sink gets lives until it returns.
 * Threads: any, many at once; sql_run waits, and works on its caller's thread.
 * Failure: FAIL_INPUT at "/sql" with line and column; FAIL_LIMIT past a limit; FAIL_CANCELLED; FAIL_INTERNAL where the
 *   child died. Whatever happens, the child is gone when sql_run returns.
 * Limits/cost: struct sql_limits; some 5 ms to start the child.   Units: *_bytes, *_ms; instants are RFC 3339 text.
 * Example: app_sql.c.
 * Not here: rights and the queue of questions (app), how answers are written (app, http).
 */
#pragma once

#include "base_thread.h"
#include "store.h"

#define SQL_STATEMENT_BYTES_MAX ((size_t)100000)
#define SQL_PARAMS_MAX 100
#define SQL_COLUMNS_MAX 500 /* of an answer */
#define SQL_ROW_BYTES_MAX ((size_t)16 << 20)

enum sql_type { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_type type;
    union {
        int64_t i;
        double d;
        struct str s; /* of a text, which need not be UTF-8, or a blob */
    };
};

struct sql_limits {
    size_t memory_bytes; /* of the child, beside its program */
    uint64_t rows;       /* of the answer: what is more is left out, and said */
    size_t result_bytes; /* the same */
};

struct sql_question {
    struct str statement;
    const struct sql_value *params; /* for each ? of the statement */
    size_t param_count;
    struct str zone; /* of 'localtime': an IANA name */
    struct sql_limits limits;
    struct base_cancel *cancel; /* its deadline is the statement's limit of time */
};

/* Takes an answer: its columns once, then row after row. False stops the statement. */
struct sql_sink {
    void *context;
    bool (*columns)(void *context, const struct str *names, size_t count, struct fail *fail);
    bool (*row)(void *context, const struct sql_value *values, size_t count, struct fail *fail);
};

struct sql_outcome {
    uint64_t rows;
    uint64_t rows_scanned; /* that the child was given */
    bool truncated;        /* there was more than a limit lets through */
};

bool sql_run(struct store_snapshot *snapshot, const struct sql_question *question,
             const struct sql_sink *sink, struct sql_outcome *out, struct fail *fail) MUST_USE;

/* The same in steps, for who hands the answer on as it comes: while nobody steps, the child waits. Opening takes the
   columns and the first rows, so that most of what can go wrong has gone wrong by then. `sink` is copied; the snapshot
   and the cancel token outlive the answer. */
struct sql_answer;
bool sql_answer_open(struct store_snapshot *snapshot, const struct sql_question *question,
                     const struct sql_sink *sink, struct sql_answer **out,
                     struct fail *fail) MUST_USE;
bool sql_answer_step(struct sql_answer *answer, bool *out_end, struct fail *fail) MUST_USE;
const struct sql_outcome *sql_answer_outcome(const struct sql_answer *answer);
void sql_answer_close(struct sql_answer *answer); /* accepts NULL; ends the child */

/* ---- what may be asked for ---------------------------------------------------------------------- */

struct sql_described_column {
    const char *name, *type, *meaning;
};
struct sql_described_table {
    const char *name, *meaning;
    const struct sql_described_column *columns;
    size_t column_count;
    const char *named; /* "properties" or "traits": further columns are "properties.NAME" */
};
/* The tables, with the columns that they always have. */
const struct sql_described_table *sql_tables(size_t *out_count);
/* Properties and traits that have columns of their own: the most frequent. */
#define SQL_NAMES_MAX 1900

/* ---- the child ----------------------------------------------------------------------------------- */

/* The program starts itself anew for each statement; its main asks this first. */
bool sql_is_child(int argc, char **argv);
int sql_child_main(void);
