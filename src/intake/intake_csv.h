/* intake_csv.h — one CSV record at a time out of a window of text (RFC 4180).
 *
 * What: finds the end of the record at the start of the text and its cells. Cells may be quoted, hold
 *   doubled quotes, delimiters and line breaks; lines end with LF or CRLF. A quote inside a cell that does
 *   not begin with one is an ordinary character. A record whose quotes do not fit together is its first
 *   line alone, so that a stray quote cannot swallow the rows after it.
 * Owner: values; cells view the text.   Threads: safe.
 * Failure: none: a record may have a problem.   Limits/cost: one pass, some 500 MB/s.   Units: bytes.
 * Example: if (intake_csv_scan(text, ',', at_end, cells, ARRAY_LEN(cells), &record) ==
 *              INTAKE_CSV_RECORD) name = intake_csv_text(record.raw, &cells[0], arena);
 * Not here: what cells mean (intake_map.h), UTF-8.
 */
#pragma once

#include "base_str.h"

struct intake_csv_cell {
    uint32_t begin, len; /* inside the record, without the quotes around */
    bool quoted;
    bool doubled; /* has doubled quotes inside */
};

enum intake_csv_problem {
    INTAKE_CSV_FINE,
    INTAKE_CSV_UNCLOSED,   /* a quote that is opened and never closed */
    INTAKE_CSV_TEXT_AFTER, /* something between a closing quote and the next delimiter */
};

struct intake_csv_record {
    struct str raw;  /* without its line break */
    size_t consumed; /* with it */
    size_t cells;    /* how many it has, also where there was no room for all */
    enum intake_csv_problem problem;
    size_t problem_cell; /* from 0 */
};

enum intake_csv_result {
    INTAKE_CSV_RECORD,
    INTAKE_CSV_MORE, /* the text ends before the record does */
    INTAKE_CSV_NONE, /* no text, and no more to come */
};
/* `end`: nothing comes after `text`. At most UINT32_MAX bytes. */
enum intake_csv_result intake_csv_scan(struct str text, char delimiter, bool end,
                                       struct intake_csv_cell *cells, size_t capacity,
                                       struct intake_csv_record *out);
/* The cell's text: a view, or, where quotes are doubled, in the arena. */
struct str intake_csv_text(struct str raw, const struct intake_csv_cell *cell, struct arena *arena);

/* Whole lines in which there is no quote, read faster: the same records as intake_csv_scan of them finds. Behind the text
   lie INTAKE_CSV_PADDING bytes that may be read. */
#define INTAKE_CSV_PADDING 64
struct intake_csv_lines {
    struct str text;
    char delimiter;
    size_t at; /* of the next record */
    size_t
        looked; /* a multiple of 64: of the bytes before it, `ends` says which end a cell and are not taken yet */
    uint64_t ends;
};
/* False: there are no more. */
bool intake_csv_lines_next(struct intake_csv_lines *lines, struct intake_csv_cell *cells,
                           size_t capacity, struct intake_csv_record *out);
