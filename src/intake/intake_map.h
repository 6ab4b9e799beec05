/* intake_map.h — the import map: which column becomes what.
 *
 * What: compiled once against the header (CSV) or against nothing (JSON lines: columns are pointers or
 *   top-level names), then applied to every record. Everything that can be wrong with a map is found when it
 *   is compiled, and named by its place in the map.     Reference: docs/how-to/import.md
 * Owner: all in the arena given to intake_map_compile.   Threads: immutable once compiled.
 * Failure: FAIL_INPUT with a JSON pointer into the map, and the nearest column or word.
 * Limits/cost: INTAKE_MAP_COLUMNS_MAX; applying allocates in the batch's arena only.
 * Units: *_ms UTC.   Example: see intake_import.c.   Not here: reading files (intake_import.h).
 */
#pragma once

#include "intake_csv.h"
#include "intake_internal.h"

#define INTAKE_MAP_COLUMNS_MAX 4096
#define INTAKE_MAP_FACTORS_MAX 16

enum intake_map_type {                   /* what a value is turned into */
                       INTAKE_MAP_AS_IS, /* text in CSV; in JSON what it is, flattened */
                       INTAKE_MAP_STRING,
                       INTAKE_MAP_NUMBER,
                       INTAKE_MAP_BOOLEAN,
                       INTAKE_MAP_TIME,
                       INTAKE_MAP_HTML, /* its words */
};

enum intake_map_kind {
    INTAKE_MAP_NONE, /* not in the map */
    INTAKE_MAP_COLUMN,
    INTAKE_MAP_JOIN, /* several columns, joined by a space */
    INTAKE_MAP_CONST,
    INTAKE_MAP_PRODUCT,
};

#define INTAKE_COLUMN_ROW SIZE_MAX        /* "@row" */
#define INTAKE_COLUMN_PATH (SIZE_MAX - 1) /* in JSON, by tokens */
#define INTAKE_COLUMN_ELEMENT                                                                      \
    (SIZE_MAX - 2) /* in JSON, by tokens from the element at hand: "@/id" */
#define INTAKE_COLUMN_HEADER (SIZE_MAX - 3) /* a header of the delivery: "@header.x-topic" */
#define INTAKE_COLUMN_NUMBER (SIZE_MAX - 4) /* a factor that is a number itself, in `name` */

struct intake_column {
    struct str name;
    size_t cell; /* of a CSV row, or one of the above */
    const struct str *tokens;
    size_t token_count;
};

struct intake_map_value {
    enum intake_map_kind kind;
    enum intake_map_type type;
    struct intake_column *columns;
    size_t column_count;
    struct store_value constant;
    int64_t constant_ms; /* of a constant instant */
    struct str format;   /* of times; missing: the usual forms */
    const struct zone *zone;
};

struct intake_map_field {
    struct str name; /* of the property, trait or kind of identifier */
    struct intake_map_value value;
};

enum intake_operator {
    INTAKE_IS,
    INTAKE_IS_NOT,
    INTAKE_ABOVE,
    INTAKE_AT_LEAST,
    INTAKE_BELOW,
    INTAKE_AT_MOST,
    INTAKE_IN,
    INTAKE_NOT_IN,
    INTAKE_CONTAINS,
    INTAKE_STARTS_WITH,
    INTAKE_SET,
    INTAKE_NOT_SET,
    INTAKE_OPERATORS,
};

struct intake_condition {
    const struct intake_condition *any; /* NULL: the rest counts; else one of these must hold */
    size_t any_count;
    struct intake_column column;
    enum intake_operator operator_;
    const struct store_value *values;
    size_t value_count;
    struct intake_column other; /* "=" and "!=" with another column, where has_other */
    bool has_other;
};

enum intake_anonymous { INTAKE_ANONYMOUS_NONE, INTAKE_ANONYMOUS_SKIP, INTAKE_ANONYMOUS_EACH };

struct intake_map {
    struct intake_map_value customer, event, ts, message_id, channel, text, score, scale;
    struct intake_map_field *identifiers, *properties, *traits;
    size_t identifier_count, property_count, trait_count;
    struct intake_condition *where; /* all must hold */
    size_t where_count;
    struct str *missing; /* texts that stand for nothing, besides "" */
    size_t missing_count;
    enum intake_anonymous anonymous;
    struct intake_places places;
};

/* The names of CSV columns, in order. */
struct intake_header {
    const struct str *names;
    size_t count;
};

/* Just the delimiter of a map that was parsed: needed before there is a header. ',' where it says none. */
bool intake_map_delimiter(struct json_value map, char *out, struct fail *fail) MUST_USE;
/* `header` NULL: JSON lines. `zone`: where the map names none; NULL: UTC. Strings are copied. */
bool intake_map_compile(struct json_value map, const struct intake_header *header,
                        const struct zone *zone, struct arena *arena, struct intake_map *out,
                        struct fail *fail) MUST_USE;

/* One record: cells of a CSV row over `raw`, or a JSON value. */
struct intake_record {
    struct str raw;
    uint64_t number;
    const struct intake_csv_cell *cells; /* NULL: JSON */
    struct json_value root;
    struct json_value element; /* where has_element; else "@/..." is into the root */
    bool has_element;
    struct str (*header)(void *context, const char *name); /* NULL: there are none */
    void *header_context;
};

/* Reads the record into the draft. False: judged (or hard). */
bool intake_map_apply(const struct intake_map *map, const struct intake_record *record,
                      struct intake_draft *draft) MUST_USE;

/* ---- parts of that, for rows of columns too (intake_piece.c) ------------------------------------------- */

bool intake_map_is_missing(const struct intake_map *map, struct str text);
/* The value as text, data NULL: missing; and as its type says. False: judged (or hard). */
bool intake_map_text(const struct intake_map *map, const struct intake_record *record,
                     const struct intake_map_value *value, struct intake_draft *draft,
                     struct str *out) MUST_USE;
bool intake_map_scalar(const struct intake_map *map, const struct intake_record *record,
                       const struct intake_map_value *value, struct intake_draft *draft,
                       struct store_value *out, bool *out_has) MUST_USE;
bool intake_map_check_id(struct intake_draft *draft, struct str id, struct str field) MUST_USE;

/* ---- between the parts of the map ---------------------------------------------------------------- */

/* What a column holds in a record. */
struct intake_cell {
    enum { INTAKE_CELL_MISSING, INTAKE_CELL_TEXT, INTAKE_CELL_JSON } kind;
    struct str text;        /* of a CSV cell, a JSON string, or @row */
    struct json_value json; /* a number, boolean, array or object */
};
/* Follows a column's tokens into JSON; false where there is nothing. */
bool intake_map_find(struct json_value root, const struct intake_column *column,
                     struct json_value *out);
bool intake_cell_read(const struct intake_map *map, const struct intake_record *record,
                      const struct intake_column *column, struct intake_draft *draft,
                      struct intake_cell *out) MUST_USE;
bool intake_where_holds(const struct intake_map *map, const struct intake_record *record,
                        struct intake_draft *draft, bool *out_holds) MUST_USE;
/* A local or absolute time in text. */
bool intake_time_parse(struct str text, struct str format, const struct zone *zone,
                       int64_t *out_ms);

struct intake_compile { /* one compilation */
    const struct intake_header *header;
    const struct zone *zone;
    struct arena *arena;
    struct fail *fail;
};
bool intake_compile_fail(const struct intake_compile *compile, const struct intake_path *at,
                         const char *format, ...) PRINTF_LIKE(3, 4);
bool intake_compile_column(const struct intake_compile *compile, struct str name,
                           const struct intake_path *at, struct intake_column *out) MUST_USE;
bool intake_compile_where(const struct intake_compile *compile, struct json_value list,
                          const struct intake_path *at, struct intake_condition **out,
                          size_t *out_count) MUST_USE;
/* A JSON scalar as a store value, copied; false for null, arrays and objects. */
bool intake_compile_scalar(const struct intake_compile *compile, struct json_value json,
                           struct store_value *out);
