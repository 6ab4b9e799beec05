#include "intake_csv.h"

#include "base_bytes.h"

struct scan {
    struct str text;
    char delimiter;
    bool end;
    size_t at;
};

enum cell_end {
    CELL_DELIMITER,
    CELL_LINE, /* the record ends; scan.at is behind the line break */
    CELL_MORE,
    CELL_UNCLOSED,
    CELL_TEXT_AFTER,
};

/* Bytes of `word` that are 0 get their highest bit, and so may those above the lowest of these, which alone counts. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* The first delimiter or line break from `at` on, eight bytes at a time; the end where there is none. */
static size_t find_end(struct str text, size_t at, char delimiter)
{
    const uint64_t delimiters = UINT64_C(0x0101010101010101) * (unsigned char)delimiter;
    const uint64_t breaks = UINT64_C(0x0101010101010101) * '\n';
    for (; text.len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word = base_get_u64(text.data + at);
        uint64_t found = zero_bytes(word ^ delimiters) | zero_bytes(word ^ breaks);
        if (found != 0) {
            return at + (size_t)__builtin_ctzll(found) / 8;
        }
    }
    while (at < text.len && text.data[at] != delimiter && text.data[at] != '\n') {
        at++;
    }
    return at;
}

static enum cell_end plain_cell(struct scan *scan, struct intake_csv_cell *cell)
{
    const char *data = scan->text.data;
    size_t begin = scan->at;
    size_t at = find_end(scan->text, begin, scan->delimiter);
    if (at == scan->text.len && !scan->end) {
        return CELL_MORE;
    }
    size_t stop = at;
    bool delimited = at < scan->text.len && data[at] == scan->delimiter;
    if (!delimited && stop > begin && data[stop - 1] == '\r') {
        stop--;
    }
    *cell = (struct intake_csv_cell){.begin = (uint32_t)begin, .len = (uint32_t)(stop - begin)};
    scan->at = at < scan->text.len ? at + 1 : at;
    return delimited ? CELL_DELIMITER : CELL_LINE;
}

/* Behind the closing quote at `at`: what may follow there. */
static enum cell_end after_quote(struct scan *scan, size_t at)
{
    const char *data = scan->text.data;
    size_t left = scan->text.len - at;
    if (left == 0) {
        scan->at = at;
        return scan->end ? CELL_LINE : CELL_MORE;
    }
    if (data[at] == scan->delimiter || data[at] == '\n') {
        scan->at = at + 1;
        return data[at] == '\n' ? CELL_LINE : CELL_DELIMITER;
    }
    if (data[at] == '\r') {
        if (left == 1) {
            scan->at = at + 1;
            return scan->end ? CELL_LINE : CELL_MORE;
        }
        if (data[at + 1] == '\n') {
            scan->at = at + 2;
            return CELL_LINE;
        }
    }
    return CELL_TEXT_AFTER;
}

static enum cell_end quoted_cell(struct scan *scan, struct intake_csv_cell *cell)
{
    const char *data = scan->text.data;
    size_t begin = scan->at + 1, at = begin;
    bool doubled = false;
    for (;;) {
        const char *quote =
            at < scan->text.len ? memchr(data + at, '"', scan->text.len - at) : NULL;
        if (quote == NULL) {
            return scan->end ? CELL_UNCLOSED : CELL_MORE;
        }
        at = (size_t)(quote - data);
        if (at + 1 < scan->text.len && data[at + 1] == '"') {
            doubled = true;
            at += 2;
            continue;
        }
        *cell = (struct intake_csv_cell){.begin = (uint32_t)begin,
                                         .len = (uint32_t)(at - begin),
                                         .quoted = true,
                                         .doubled = doubled};
        return after_quote(scan, at + 1);
    }
}

static size_t without_break(struct str text, size_t consumed)
{
    size_t len = consumed;
    if (len > 0 && text.data[len - 1] == '\n') {
        len--;
    }
    if (len > 0 && text.data[len - 1] == '\r') {
        len--;
    }
    return len;
}

enum intake_csv_result intake_csv_scan(struct str text, char delimiter, bool end,
                                       struct intake_csv_cell *cells, size_t capacity,
                                       struct intake_csv_record *out)
{
    if (text.len == 0) {
        return end ? INTAKE_CSV_NONE : INTAKE_CSV_MORE;
    }
    struct scan scan = {.text = text, .delimiter = delimiter, .end = end};
    struct intake_csv_record record = {0};
    enum cell_end how;
    do {
        struct intake_csv_cell cell;
        bool quoted = scan.at < text.len && text.data[scan.at] == '"';
        how = quoted ? quoted_cell(&scan, &cell) : plain_cell(&scan, &cell);
        if (how == CELL_MORE) {
            return INTAKE_CSV_MORE;
        }
        if (how == CELL_UNCLOSED || how == CELL_TEXT_AFTER) {
            break;
        }
        if (record.cells < capacity) {
            cells[record.cells] = cell;
        }
        record.cells++;
    } while (how == CELL_DELIMITER);
    record.consumed = scan.at;
    if (how != CELL_LINE) {
        record.problem = how == CELL_UNCLOSED ? INTAKE_CSV_UNCLOSED : INTAKE_CSV_TEXT_AFTER;
        record.problem_cell = record.cells;
        size_t line = str_find_byte(text, '\n');
        if (line == text.len && !end) {
            return INTAKE_CSV_MORE;
        }
        record.consumed = line == text.len ? line : line + 1;
    }
    record.raw = str_of(text.data, without_break(text, record.consumed));
    *out = record;
    return INTAKE_CSV_RECORD;
}

struct str intake_csv_text(struct str raw, const struct intake_csv_cell *cell, struct arena *arena)
{
    struct str text = str_of(raw.data + cell->begin, cell->len);
    if (!cell->doubled) {
        return text;
    }
    char *copy = str_copy_c(arena, text);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        copy[len++] = text.data[i];
        if (text.data[i] == '"') {
            i++; /* the second of the pair */
        }
    }
    return str_of(copy, len);
}

/* ---- lines without quotes -------------------------------------------------------------------------------- */

/* The highest bit of each byte that is 0, and no other. */
static uint64_t exactly_zero(uint64_t word)
{
    const uint64_t low = UINT64_C(0x7F7F7F7F7F7F7F7F);
    return ~(((word & low) + low) | word | low);
}

/* Of 64 bytes, those that end a cell. */
static uint64_t ends_of(const char *data, char delimiter)
{
    const uint64_t delimiters = UINT64_C(0x0101010101010101) * (unsigned char)delimiter;
    const uint64_t breaks = UINT64_C(0x0101010101010101) * '\n';
    uint64_t ends = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t word = base_get_u64(data + i * sizeof word);
        uint64_t found = exactly_zero(word ^ delimiters) | exactly_zero(word ^ breaks);
        /* The eight high bits, moved together. */
        ends |= (found >> 7) * UINT64_C(0x0102040810204080) >> 56 << 8 * i;
    }
    return ends;
}

/* The place of the next end of a cell; that of the text's where there is none. */
static size_t next_end(struct intake_csv_lines *lines)
{
    while (lines->ends == 0) {
        if (lines->looked >= lines->text.len) {
            return lines->text.len;
        }
        lines->ends = ends_of(lines->text.data + lines->looked, lines->delimiter);
        lines->looked += 64;
    }
    size_t at = lines->looked - 64 + (size_t)__builtin_ctzll(lines->ends);
    lines->ends &= lines->ends - 1;
    return at < lines->text.len ? at : lines->text.len;
}

bool intake_csv_lines_next(struct intake_csv_lines *lines, struct intake_csv_cell *cells,
                           size_t capacity, struct intake_csv_record *out)
{
    const char *data = lines->text.data;
    size_t record = lines->at, begin = record, count = 0;
    if (record >= lines->text.len) {
        return false;
    }
    for (;;) {
        size_t end = next_end(lines);
        bool delimited = end < lines->text.len && data[end] == lines->delimiter;
        size_t stop = end;
        if (!delimited && stop > begin && data[stop - 1] == '\r') {
            stop--;
        }
        if (count < capacity) {
            cells[count] = (struct intake_csv_cell){.begin = (uint32_t)(begin - record),
                                                    .len = (uint32_t)(stop - begin)};
        }
        count++;
        begin = end + 1;
        if (!delimited) {
            size_t consumed = (end < lines->text.len ? end + 1 : end) - record;
            struct str text = str_of(data + record, consumed);
            *out = (struct intake_csv_record){
                .raw = str_of(text.data, without_break(text, consumed)),
                .consumed = consumed,
                .cells = count,
            };
            lines->at = record + consumed;
            return true;
        }
    }
}
