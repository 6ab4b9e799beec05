/* Tables for people, CSV for spreadsheets; and text that no terminal obeys. */
#include <stdlib.h>
#include <unistd.h>

#include "cli_internal.h"

struct cell {
    struct str text;
    bool number;
};
struct cli_table {
    struct cli *cli;
    size_t columns;
    bool whole;
    struct cell *cells; /* grown; row after row */
    size_t count, capacity;
};

static void free_cells(void *table)
{
    base_free(((struct cli_table *)table)->cells);
}

struct cli_table *cli_table_new(struct cli *cli, size_t columns)
{
    struct cli_table *table = arena_small(cli->arena, sizeof *table);
    table->cli = cli;
    table->columns = columns;
    arena_defer(cli->arena, free_cells, table);
    return table;
}

static void add(struct cli_table *table, struct str text, bool number)
{
    struct fail fail;
    void *cells = table->cells;
    if (!base_grow_array(&cells, &table->capacity, table->count + 1, sizeof *table->cells, &fail)) {
        table->cli->out.failed = true;
        return;
    }
    table->cells = cells;
    table->cells[table->count++] = (struct cell){str_copy(table->cli->arena, text), number};
}

void cli_table_whole(struct cli_table *table)
{
    table->whole = true;
}

void cli_table_text(struct cli_table *table, struct str text)
{
    add(table, text, false);
}

void cli_table_number(struct cli_table *table, struct str text)
{
    add(table, text, true);
}

void cli_table_value(struct cli_table *table, struct json_value value)
{
    switch (json_type_of(value)) {
    case JSON_NULL:
        add(table, STR("-"), true);
        break;
    case JSON_STRING:
        add(table, json_string(value), false);
        break;
    case JSON_BOOL:
        add(table, json_bool(value) ? STR("yes") : STR("no"), false);
        break;
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE:
    case JSON_ARRAY:
    case JSON_OBJECT: {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        struct json_writer w = {.out = &text};
        json_write_value(&w, value);
        bool number = json_type_of(value) != JSON_ARRAY && json_type_of(value) != JSON_OBJECT;
        add(table, base_buf_view(&text), number);
        break;
    }
    }
}

/* ---- text ---------------------------------------------------------------------------------------- */

static size_t width(struct str text)
{
    size_t points = 0;
    for (size_t i = 0; i < text.len; i++) {
        points += ((unsigned char)text.data[i] & 0xC0U) != 0x80U ? 1 : 0;
    }
    return points;
}

/* ---- forms ------------------------------------------------------------------------------------------ */

#define CELL_CHARS_MAX 60

static struct str cut(struct str text)
{
    if (width(text) <= CELL_CHARS_MAX) {
        return text;
    }
    size_t points = 0, i = 0;
    while (i < text.len && points < CELL_CHARS_MAX - 1) {
        i++;
        points += i == text.len || ((unsigned char)text.data[i] & 0xC0U) != 0x80U ? 1 : 0;
    }
    return str_of(text.data, i);
}

static struct str clean_cell(struct cli *cli, struct str text, bool whole)
{
    struct base_buf clean CLEANUP(base_buf_done) = {0};
    base_plain_text(&clean, text);
    struct str all = base_buf_view(&clean), shown = whole ? all : cut(all);
    return shown.len == all.len ? str_copy(cli->arena, all)
                                : str_format(cli->arena, "%.*s\xE2\x80\xA6", STR_ARG(shown));
}

static void put_padding(struct base_buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        base_buf_byte(out, ' ');
    }
}

static void write_aligned(struct cli *cli, struct cli_table *table)
{
    struct fail fail;
    size_t *widths = arena_array(cli->arena, table->columns, sizeof *widths, &fail);
    INVARIANT(widths != NULL);
    for (size_t i = 0; i < table->count; i++) {
        table->cells[i].text = clean_cell(cli, table->cells[i].text, table->whole);
        size_t w = width(table->cells[i].text);
        size_t *widest = &widths[i % table->columns];
        *widest = w > *widest ? w : *widest;
    }
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % table->columns;
        const struct cell *cell = &table->cells[i];
        /* The head follows the column's first cell. */
        bool right = !table->whole && (i < table->columns && i + table->columns < table->count
                                           ? table->cells[i + table->columns].number
                                           : cell->number);
        size_t padding = widths[column] - width(cell->text);
        bool last = column + 1 == table->columns;
        put_padding(&cli->out, right ? padding : 0);
        base_buf_str(&cli->out, cell->text);
        put_padding(&cli->out, right || last ? 0 : padding);
        base_buf_c(&cli->out, last ? "\n" : "  ");
    }
}

static void write_csv(struct cli *cli, const struct cli_table *table)
{
    struct base_buf *out = &cli->out;
    for (size_t i = cli->csv_headless ? table->columns : 0; i < table->count; i++) {
        const struct cell *cell = &table->cells[i];
        if (cli->csv_range != NULL && i % table->columns == 0) {
            base_buf_printf(out, "%s,", i == 0 ? "range" : cli->csv_range);
        }
        /* What is missing is a dash for people and nothing for programs. */
        struct str text = cell->number && str_is(cell->text, "-") ? STR("") : cell->text;
        base_csv_cell(out, text, cell->number);
        base_buf_c(out, (i + 1) % table->columns == 0 ? "\r\n" : ",");
    }
}

void cli_table_write(struct cli *cli, struct cli_table *table, enum cli_form form)
{
    if (form == CLI_FORM_CSV) {
        write_csv(cli, table);
    } else {
        write_aligned(cli, table);
    }
}

bool cli_form_of(struct cli *cli, enum cli_form *out, struct fail *fail)
{
    const char *format = cli_option(cli, "--format");
    if (cli_flag(cli, "--json") || (format != NULL && strcmp(format, "json") == 0)) {
        *out = CLI_FORM_JSON;
    } else if (format == NULL || strcmp(format, "table") == 0) {
        *out = CLI_FORM_TABLE;
    } else if (strcmp(format, "csv") == 0) {
        *out = CLI_FORM_CSV;
    } else {
        return fail_set(fail, FAIL_INPUT, "--format is \"%s\", expected table, json or csv",
                        format);
    }
    return true;
}
