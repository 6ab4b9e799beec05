/* sql_table.h — `events`, `customers` and `verbatims` as virtual tables of SQLite.
 *
 * What: tells SQLite's planner which conditions a scan takes (customer, event, channel by = and IN; ts by =, <, <=, >,
 *   >=) and in which order rows can come, and walks a feed for each use of a table. SQLite judges every condition
 *   again; what is taken here only makes fewer rows.
 * Owner: SQLite frees tables and cursors; the struct below is the engine's.   Threads: one.
 * Failure: SQLite's codes.
 * Limits/cost: columns that the statement does not name are not asked for.   Units: ms UTC.
 * Example: sql_engine.c.   Not here: limits and the authorizer (sql_engine.c).
 */
#pragma once

#include "sql_feed.h"

struct sqlite3;

struct sql_tables {
    struct sql_door *door;
    const uint8_t *own; /* by event code */
    bool
        declaring; /* SQLite is taking a table's columns down, which its authorizer sees as writing */
    /* Which named columns the statement reads: noted by the authorizer while it is prepared. */
    struct sql_named {
        bool used[SQL_NAMES_MAX];
        uint32_t places[SQL_NAMES_MAX]; /* of those used, in a request */
    } named[SQL_TABLES];
};

bool sql_tables_register(struct sql_tables *tables, struct sqlite3 *db);
/* "properties.country" of events is read. */
void sql_tables_note(struct sql_tables *tables, const char *table, const char *column);
/* The names that are columns of a table. */
const struct str *sql_names_of(const struct sql_tables *tables, enum sql_table table,
                               size_t *out_count);
/* Appends them to a declaration: ', "properties.country" HIDDEN'. */
void sql_names_declare(struct base_buf *sql, const char *prefix, const struct str *names,
                       size_t count);
/* The table of that name, or SQL_TABLES. */
enum sql_table sql_table_find(const char *name);
/* The first instant whose text is not before `text` (or behind it); INT64_MIN, INT64_MAX where it is all or none. */
int64_t sql_instant_bound(struct str text, bool behind);
