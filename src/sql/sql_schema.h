/* sql_schema.h — the three tables: which columns they have, and what a scan must give for each.
 *
 * What: one table for both processes. A column is a *field*, which is what crosses the socket, in a *form*, which is
 *   how it is shown: `ts` and `ts_ms` are one field in two forms.
 * Owner: static.   Threads: immutable.   Failure: none.
 * Limits/cost: SQL_NAMES_MAX named columns a table; values of further names stand in the JSON column.
 * Units: fields of time are ms UTC.
 * Example: sql_schema[SQL_EVENTS].columns[0].name is "customer".
 * Not here: SQLite (sql_table.h), the store (sql_scan.h).
 */
#pragma once

#include "sql.h"

enum sql_table { SQL_EVENTS, SQL_CUSTOMERS, SQL_VERBATIMS, SQL_TABLES };

enum sql_field {
    SQL_FIELD_CUSTOMER,
    SQL_FIELD_EVENT, /* a code of the snapshot */
    SQL_FIELD_TS,
    SQL_FIELD_RECEIVED_AT,
    SQL_FIELD_ID,
    SQL_FIELD_CHANNEL,
    SQL_FIELD_SOURCE,
    SQL_FIELD_MESSAGE_ID,
    SQL_FIELD_TEXT,
    SQL_FIELD_SCORE,
    SQL_FIELD_SCALE,
    SQL_FIELD_BAG, /* all properties of the row, or all traits, as JSON */
    SQL_FIELD_KNOWN,
    SQL_FIELD_FIRST_SEEN,
    SQL_FIELD_LAST_SEEN,
    SQL_FIELD_EVENTS,
    SQL_FIELD_IDENTIFIERS, /* JSON */
    SQL_FIELDS,
};
#define SQL_FIELD_BIT(field) (UINT32_C(1) << (field))

enum sql_form {
    SQL_FORM_PLAIN,
    SQL_FORM_INSTANT, /* RFC 3339, UTC, with ms */
    SQL_FORM_OWN,     /* of an event: 1 where it is the customer's own */
};

struct sql_column {
    enum sql_field field;
    enum sql_form form;
};

#define SQL_FIXED_MAX 20 /* columns that a table always has */

struct sql_table_schema {
    const struct sql_described_table *described;
    const struct sql_column *columns; /* as many as are described */
};
extern const struct sql_table_schema sql_schema[SQL_TABLES];
