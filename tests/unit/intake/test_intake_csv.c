#include "intake_test.h"

#include "base_random.h"
#include "intake_csv.h"

#define CELLS_MAX 8

/* "[a][b]" of all records, "!" behind one with a problem; "~" where more text is wanted. */
static struct str shape(struct arena *arena, struct str text, char delimiter, bool end)
{
    struct intake_csv_cell cells[CELLS_MAX];
    struct intake_csv_record record;
    struct str out = STR("");
    for (;;) {
        enum intake_csv_result result =
            intake_csv_scan(text, delimiter, end, cells, CELLS_MAX, &record);
        if (result == INTAKE_CSV_NONE) {
            return out;
        }
        if (result == INTAKE_CSV_MORE) {
            return str_format(arena, "%.*s~", STR_ARG(out));
        }
        if (record.problem != INTAKE_CSV_FINE) {
            out = str_format(arena, "%.*s!%s%zu(%.*s)", STR_ARG(out),
                             record.problem == INTAKE_CSV_UNCLOSED ? "open" : "after",
                             record.problem_cell, STR_ARG(record.raw));
        }
        for (size_t i = 0; record.problem == INTAKE_CSV_FINE && i < record.cells; i++) {
            struct str cell =
                i < CELLS_MAX ? intake_csv_text(record.raw, &cells[i], arena) : STR("?");
            out = str_format(arena, "%.*s[%.*s]", STR_ARG(out), STR_ARG(cell));
        }
        out = str_format(arena, "%.*s;", STR_ARG(out));
        assert_true(record.consumed > 0 && record.consumed <= text.len);
        assert_true(record.raw.len <= record.consumed);
        text = str_after(text, record.consumed);
    }
}

static void records_and_cells_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shape;
    } cases[] = {
        {"", ""},
        {"a,b\n", "[a][b];"},
        {"a,b", "[a][b];"},
        {"a,b\r\n1,2\r\n", "[a][b];[1][2];"},
        {"a,b\r", "[a][b];"},
        {"a\rb,c\n", "[a\rb][c];"},
        {",\n", "[][];"},
        {"\n", "[];"},
        {"a,\n,b\n", "[a][];[][b];"},
        {"\"a\",\"b\"\n", "[a][b];"},
        {"\"a\",\"b\"", "[a][b];"},
        {"\"a\"\r\n\"b\"\r\n", "[a];[b];"},
        {"\"a\"\r", "[a];"},
        {"\"\",\"\"\n", "[][];"},
        {"\"a,b\",c\n", "[a,b][c];"},
        {"\"a\nb\",c\nd,e\n", "[a\nb][c];[d][e];"},
        {"\"a\r\nb\"\r\n", "[a\r\nb];"},
        {"\"say \"\"hi\"\"\",x\n", "[say \"hi\"][x];"},
        {"\"\"\"\"\n", "[\"];"},
        {"5\" pipe,x\n", "[5\" pipe][x];"},
        {" \"a\",x\n", "[ \"a\"][x];"},
        {"1,2,3,4,5,6,7,8,9\n", "[1][2][3][4][5][6][7][8][?];"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_str(shape(f.arena, str_from_c(cases[i].text), ',', true), cases[i].shape);
    }
    assert_str(shape(f.arena, STR("a;\"b;c\";d,e\n"), ';', true), "[a][b;c][d,e];");
    assert_str(shape(f.arena, STR("a\tb\n"), '\t', true), "[a][b];");
    test_done(&f);
}

static void quotes_that_do_not_fit_cost_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shape;
    } cases[] = {
        {"a,\"b\nc,d\n", "!open1(a,\"b);[c][d];"},
        {"\"a\"b,c\nd,e\n", "!after0(\"a\"b,c);[d][e];"},
        {"a,\"b\" ,c\r\nd,e\r\n", "!after1(a,\"b\" ,c);[d][e];"},
        {"a,\"b\nc,\"d\"\n", "!after1(a,\"b);[c][d];"},
        {"\"", "!open0(\");"},
        {"\"a\"\rb\n", "!after0(\"a\"\rb);"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_str(shape(f.arena, str_from_c(cases[i].text), ',', true), cases[i].shape);
    }
    test_done(&f);
}

/* Where the text is cut must not matter: what is found before the end is what is found of the whole. */
static void a_window_never_ends_a_record_too_early(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a,b\r\n\"c\r\nd\",e\r\n\"f\"\"g\",h\r\n,\r\n\"\"\r\n",
        "a,\"b\nc,\"d\"\ne\"f,g\r\n\"x\"y\nz\n",
        "\"open\nand,no\nend\n",
    };
    struct fixture f;
    test_init(&f);
    for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
        struct str whole = str_from_c(texts[t]);
        struct str expected = shape(f.arena, whole, ',', true);
        for (size_t len = 0; len <= whole.len; len++) {
            struct str part = shape(f.arena, str_of(whole.data, len), ',', false);
            assert_true(str_ends(part, STR("~")));
            part.len--;
            assert_true(str_starts(expected, part));
        }
    }
    test_done(&f);
}

static void write_cell(struct base_random *random, char *text, size_t *len, char *shown,
                       size_t *shown_len)
{
    static const char bytes[] = "ab\",\n\r ";
    char cell[6];
    size_t count = base_random_below(random, sizeof cell);
    for (size_t i = 0; i < count; i++) {
        cell[i] = bytes[base_random_below(random, sizeof bytes - 1)];
    }
    text[(*len)++] = '"';
    for (size_t i = 0; i < count; i++) {
        if (cell[i] == '"') {
            text[(*len)++] = '"';
        }
        text[(*len)++] = cell[i];
        shown[(*shown_len)++] = cell[i];
    }
    text[(*len)++] = '"';
}

/* What a writer that quotes everything writes is read back as it was. */
static void quoted_tables_round_trip(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_random_seeded random;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        base_random_seed(&random, seed);
        char text[1024], shown[1024];
        size_t len = 0, shown_len = 0;
        for (size_t row = 0; row < 4; row++) {
            size_t cells = 1 + base_random_below(&random.random, 4);
            for (size_t i = 0; i < cells; i++) {
                text[len] = ',';
                len += i > 0 ? 1 : 0;
                shown[shown_len++] = '[';
                write_cell(&random.random, text, &len, shown, &shown_len);
                shown[shown_len++] = ']';
            }
            text[len++] = '\n';
            shown[shown_len++] = ';';
        }
        struct str found = shape(f.arena, str_of(text, len), ',', true);
        if (!str_equal(found, str_of(shown, shown_len))) {
            print_error("seed %llu: %.*s\n", (unsigned long long)seed, (int)len, text);
            fail();
        }
        arena_reset(f.arena);
    }
    test_done(&f);
}

static void lines_without_quotes_are_the_same_read_in_words_of_marks(void **state)
{
    (void)state;
    static const char alphabet[] = "ab;,\r\n\n,,c\xC3\x80\x7F-.";
    struct base_random_seeded random;
    base_random_seed(&random, 11);
    for (uint64_t round = 0; round < 4000; round++) {
        char text[400 + INTAKE_CSV_PADDING] = {0};
        size_t len = base_random_below(&random.random, 400);
        for (size_t i = 0; i < len; i++) {
            bool long_cells = round % 3 == 0 && base_random_below(&random.random, 10) > 0;
            text[i] =
                long_cells ? 'x' : alphabet[base_random_below(&random.random, sizeof alphabet - 1)];
        }
        struct intake_csv_lines lines = {.text = str_of(text, len),
                                         .delimiter = round % 2 == 0 ? ',' : ';'};
        struct str rest = lines.text;
        for (;;) {
            struct intake_csv_cell one[CELLS_MAX], other[CELLS_MAX];
            struct intake_csv_record x, y;
            bool any = intake_csv_lines_next(&lines, one, CELLS_MAX, &x);
            assert_int_equal(any, intake_csv_scan(rest, lines.delimiter, true, other, CELLS_MAX,
                                                  &y) == INTAKE_CSV_RECORD);
            if (!any) {
                break;
            }
            assert_ptr_equal(x.raw.data, y.raw.data);
            assert_int_equal(x.raw.len, y.raw.len);
            assert_int_equal(x.consumed, y.consumed);
            assert_int_equal(x.cells, y.cells);
            assert_int_equal(y.problem, INTAKE_CSV_FINE);
            for (size_t c = 0; c < x.cells && c < CELLS_MAX; c++) {
                assert_int_equal(one[c].begin, other[c].begin);
                assert_int_equal(one[c].len, other[c].len);
            }
            rest = str_after(rest, y.consumed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_cells_are_found),
        cmocka_unit_test(quotes_that_do_not_fit_cost_one_line),
        cmocka_unit_test(a_window_never_ends_a_record_too_early),
        cmocka_unit_test(quoted_tables_round_trip),
        cmocka_unit_test(lines_without_quotes_are_the_same_read_in_words_of_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
