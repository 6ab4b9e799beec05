/* Large files in pieces: what is read by columns is what is read record by record. */
#include "import_run.h"

#include "base_random.h"
#include "piece_same.h"

struct said { /* what became of a file */
    bool may;
    uint64_t pieces, rows;
};

static struct said read_twice(struct fixture *f, const char *map, struct str text)
{
    struct str again = text;
    const struct intake_import_options options[2] = {
        {.reader = intake_reader_of(&text),
         .format = INTAKE_FORMAT_CSV,
         .map = str_from_c(map),
         .source = &f->source},
        {.reader = intake_reader_of(&again),
         .format = INTAKE_FORMAT_CSV,
         .map = str_from_c(map),
         .source = &f->source},
    };
    struct said said;
    said.may = piece_same(options, f->arena, &said.pieces, &said.rows);
    arena_reset(f->arena);
    return said;
}

#define PLAIN                                                                                      \
    "{\"customer\":\"who\",\"event\":\"what\",\"ts\":\"at\",\"properties\":{\"n\":{\"column\":"    \
    "\"n\","                                                                                       \
    "\"type\":\"number\"},\"land\":\"land\",\"from\":{\"const\":\"shop\"}},\"traits\":{\"plan\":"  \
    "\"plan\"},\"missing\":[\"NA\"]}"
#define HEADER "who,what,at,n,land,plan\n"

static void rows_that_are_well_lie_in_columns_and_others_between_them(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        uint64_t in_columns;
    } cases[] = {
        {"u1,Buy,2020-01-01,3,DE,pro\n", 1},
        {"u1,Buy,2020-01-01,3,DE,pro", 1},
        {"u1,Buy,2020-01-01,3,DE,pro\r\n\r\nu1,Buy,2020-01-01,3,DE,pro\r\n", 2}, /* a blank line */
        {"u1,Buy,2020-01-01,,,\n", 1},
        {"u1,Buy,2020-01-01,NA,NA,NA\n", 1},
        {"u1,Buy,2020-01-01,three,DE,pro\n", 0},                       /* no number */
        {",Buy,2020-01-01,3,DE,pro\n", 0},                             /* of nobody */
        {"NA,Buy,2020-01-01,3,DE,pro\n", 0},                           /* of nobody */
        {"u1,,2020-01-01,3,DE,pro\n", 0},                              /* no event */
        {"u1,alias,2020-01-01,3,DE,pro\n", 0},                         /* is no row of a timeline */
        {"u1,Buy,yesterday,3,DE,pro\nu1,Buy,,3,DE,pro\n", 0},          /* no time */
        {"u1,Buy,2020-01-01,3,DE\nu1,Buy,2020-01-01,3,DE,pro,7\n", 0}, /* other columns */
        {"u1,Buy,2020-01-01,3,D\xff,pro\n", 0},                        /* no UTF-8 */
        {"u1,B\xc3\xbcy,2020-01-01,3,\xf0\x9f\x98\x80,pro\n", 1},
        {"u1,Buy,2020-01-01,3,\"D,E\",\"p\nq\"\n", 1},
        {"u1,Buy,2020-01-01,3,\"D\"\"E\",pro\n", 0}, /* a doubled quote must be taken out */
        {"u1,Buy,2020-01-01,3,\"open\nu2,Buy,2020-01-01,3,DE,pro\n", 1},
        {"u1,Buy,2020-01-01,3,DE,pro\nbad\nu1,Buy,2020-01-01,3,DE,pro\n,,,,,\n"
         "u1,Buy,2020-01-01,3,DE,pro\n",
         3},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str text = str_format(f.arena, HEADER "%s", cases[i].rows);
        struct said said = read_twice(&f, PLAIN, text);
        if (!said.may || said.rows != cases[i].in_columns) {
            print_error("%s: %llu rows in columns\n", cases[i].rows, (unsigned long long)said.rows);
        }
        assert_true(said.may);
        assert_int_equal(said.rows, cases[i].in_columns);
    }
    test_done(&f);
}

static void maps_whose_parts_are_not_plain_are_not_read_in_pieces(void **state)
{
    (void)state;
    static const char *const maps[] = {
        MAP_START ",\"message_id\":\"what\"}",
        MAP_START ",\"text\":\"land\"}",
        MAP_START ",\"channel\":\"land\"}",
        MAP_START ",\"score\":\"n\",\"scale\":{\"const\":\"nps\"}}",
        MAP_START ",\"identifiers\":{\"email\":\"land\"}}",
        MAP_START ",\"where\":[\"n\"]}",
        MAP_START ",\"anonymous\":\"each\"}",
        MAP_START ",\"properties\":{\"x\":{\"columns\":[\"n\",\"land\"]}}}",
        MAP_START ",\"traits\":{\"x\":{\"multiply\":[\"n\",\"n\"]}}}",
        "{\"customer\":\"who\",\"event\":{\"columns\":[\"what\",\"n\"]},\"ts\":\"at\"}",
        "{\"customer\":{\"columns\":[\"who\",\"n\"]},\"event\":\"what\",\"ts\":\"at\"}",
        "{\"customer\":\"who\",\"event\":\"what\",\"ts\":{\"const\":\"2020-01-01\"}}",
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        assert_false(read_twice(&f, maps[i], STR(HEADER "u1,Buy,2020-01-01,3,DE,pro\n")).may);
    }
    assert_true(read_twice(&f, MAP_START ",\"channel\":{\"const\":\"web\"}}",
                           STR(HEADER "u1,Buy,2020-01-01,3,DE,pro\n"))
                    .may);
    test_done(&f);
}

/* Cells are drawn from few texts, so that rows repeat; now and then one is wrong, quoted, or long. */
static void fill(struct base_random *random, struct base_buf *text, size_t bytes, bool quotes)
{
    static const char *const odd[] = {"\n", "bad\n", "u1,Buy,never,1,DE,pro\n",
                                      "u2,alias,2020-01-01,1,DE,pro\n", ",,,,,\n"};
    static const char *const quoted[] = {"\"a,b\"", "\"a\nb\"", "\"a\"\"b\"", "\"\"", "x\"y"};
    base_buf_c(text, HEADER);
    while (text->len < bytes) {
        if (base_random_below(random, 200) == 0) {
            base_buf_c(text, odd[base_random_below(random, ARRAY_LEN(odd))]);
            continue;
        }
        base_buf_printf(text, "u%u,E%u,2020-01-%02u,%u,", (unsigned)base_random_below(random, 300),
                        (unsigned)base_random_below(random, 400),
                        1 + (unsigned)base_random_below(random, 28),
                        (unsigned)base_random_below(random, 3));
        if (quotes && base_random_below(random, 5) == 0) {
            base_buf_c(text, quoted[base_random_below(random, ARRAY_LEN(quoted))]);
        } else {
            base_buf_printf(text, "L%u", (unsigned)base_random_below(random, 5000));
        }
        base_buf_printf(text, ",p%u\n", (unsigned)base_random_below(random, 3));
    }
}

static void files_of_many_pieces_are_read_as_record_by_record(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_random_seeded random;
    base_random_seed(&random, 7);
    for (int quotes = 0; quotes < 2; quotes++) {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        fill(&random.random, &text, 2 * INTAKE_PIECE_BYTES + 70000, quotes == 1);
        struct said said = read_twice(&f, PLAIN, base_buf_view(&text));
        assert_true(said.may && said.pieces >= 3 && said.rows > 10000);
    }
    test_done(&f);
}

/* One record is longer than a piece: it is a piece of its own. */
static void a_record_longer_than_a_piece_is_kept_whole(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    for (int quotes = 0; quotes < 2; quotes++) {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        base_buf_c(&text, HEADER "u1,Buy,2020-01-01,3,DE,pro\nu2,Buy,2020-01-01,3,");
        base_buf_c(&text, quotes == 1 ? "\"" : "");
        char *room = base_buf_room(&text, 3 * INTAKE_PIECE_BYTES);
        memset(room, 'x', 3 * INTAKE_PIECE_BYTES);
        text.len += 3 * INTAKE_PIECE_BYTES;
        base_buf_c(&text, quotes == 1 ? "\n\"" : "");
        base_buf_c(&text, ",pro\nu3,Buy,2020-01-01,3,DE,pro\n");
        struct said said = read_twice(&f, PLAIN, base_buf_view(&text));
        assert_true(said.may && said.pieces >= 2);
        assert_int_equal(said.rows, 2); /* the long one is an item: too long for an event */
    }
    test_done(&f);
}

struct broken { /* a file whose reading fails behind some bytes */
    struct str text;
    size_t given, fails_after;
};

static bool read_broken(void *context, void *into, size_t len, size_t *out_read, struct fail *fail)
{
    struct broken *broken = context;
    if (broken->given >= broken->fails_after) {
        return fail_set(fail, FAIL_IO, "the cable was pulled");
    }
    size_t take = broken->fails_after - broken->given;
    take = take < len ? take : len;
    memcpy(into, broken->text.data + broken->given, take);
    broken->given += take;
    *out_read = take;
    return true;
}

static void what_was_read_before_a_failure_is_the_same_and_so_is_the_failure(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_random_seeded random;
    base_random_seed(&random, 11);
    struct base_buf text CLEANUP(base_buf_done) = {0};
    fill(&random.random, &text, 2 * INTAKE_PIECE_BYTES, true);
    const size_t ends[] = {100, 30000, INTAKE_PIECE_BYTES + 5, INTAKE_PIECE_BYTES + 200000};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct broken broken[2] = {{base_buf_view(&text), 0, ends[i]},
                                   {base_buf_view(&text), 0, ends[i]}};
        struct intake_import_options options[2];
        for (int k = 0; k < 2; k++) {
            options[k] = (struct intake_import_options){
                .reader = {.read = read_broken, .context = &broken[k]},
                .format = INTAKE_FORMAT_CSV,
                .map = STR(PLAIN),
                .source = &f.source};
        }
        uint64_t pieces, rows;
        assert_true(piece_same(options, f.arena, &pieces, &rows));
        arena_reset(f.arena);
    }
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_are_well_lie_in_columns_and_others_between_them),
        cmocka_unit_test(maps_whose_parts_are_not_plain_are_not_read_in_pieces),
        cmocka_unit_test(files_of_many_pieces_are_read_as_record_by_record),
        cmocka_unit_test(a_record_longer_than_a_piece_is_kept_whole),
        cmocka_unit_test(what_was_read_before_a_failure_is_the_same_and_so_is_the_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
