/* Lifecycle, stickiness and the time between two events as tables. */
#include "cli_answer.h"

/* A row for each interval, a column for each of the four. */
void cli_write_lifecycle(struct cli *cli, struct json_value answer, enum cli_form form)
{
    static const char *const heads[] = {"interval", "new", "returning", "resurrected", "dormant"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(heads));
    struct json_iter columns[ARRAY_LEN(heads)];
    struct json_value value;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        cli_table_text(table, str_from_c(heads[i]));
        columns[i] = json_iter_of(member(answer, i == 0 ? "intervals" : heads[i]));
    }
    while (json_next(&columns[0], NULL, &value)) {
        cli_table_value(table, value);
        for (size_t i = 1; i < ARRAY_LEN(heads); i++) {
            INVARIANT(json_next(&columns[i], NULL, &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
}

static struct str share_of(struct cli *cli, int64_t part, int64_t of)
{
    return of == 0 ? STR("-") : str_format(cli->arena, "%.1f%%", 100 * (double)part / (double)of);
}

/* For people with shares: of so many, and how many did it at least so often. */
void cli_write_stickiness(struct cli *cli, struct json_value answer, enum cli_form form)
{
    struct json_value counts = member(answer, "counts"), one;
    bool shares = form == CLI_FORM_TABLE;
    struct cli_table *table = cli_table_new(cli, shares ? 4 : 2);
    int64_t all = 0, before = 0;
    for (struct json_iter it = json_iter_of(counts); json_next(&it, NULL, &one);) {
        all += json_int(member(one, "customers"));
    }
    cli_table_text(table, STR("intervals"));
    cli_table_text(table, STR("customers"));
    if (shares) {
        cli_table_text(table, STR("of all"));
        cli_table_text(table, STR("at least"));
    }
    for (struct json_iter it = json_iter_of(counts); json_next(&it, NULL, &one);) {
        int64_t customers = json_int(member(one, "customers"));
        cli_table_value(table, member(one, "intervals"));
        cli_table_value(table, member(one, "customers"));
        if (shares) {
            cli_table_number(table, share_of(cli, customers, all));
            cli_table_number(table, share_of(cli, all - before, all));
        }
        before += customers;
    }
    cli_table_write(cli, table, form);
}

/* "3 times by 2 customers", and how long it took. */
static void write_percentiles(struct cli *cli, struct json_value answer)
{
    static const char *const names[] = {"p50", "p75", "p90", "p99"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(names));
    base_buf_printf(&cli->out, "\n%lld times by %lld customers\n",
                    (long long)json_int(member(answer, "count")),
                    (long long)json_int(member(answer, "customers")));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        cli_table_text(table, str_from_c(names[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        cli_put_duration(cli, table, member(answer, names[i]));
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

/* The bins; under them, for people, how long it took. */
void cli_write_time_between(struct cli *cli, struct json_value answer, enum cli_form form)
{
    static const char *const heads[] = {"from", "below", "times"};
    static const char *const names[] = {"from_ms", "to_ms", "count"};
    bool csv = form == CLI_FORM_CSV;
    struct json_value bins = member(answer, "histogram"), bin;
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(heads));
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        cli_table_text(table, str_from_c(csv ? names[i] : heads[i]));
    }
    for (struct json_iter it = json_iter_of(bins); json_next(&it, NULL, &bin);) {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            struct json_value value = member(bin, names[i]);
            if (csv || i == 2) {
                cli_table_value(table, value);
            } else {
                cli_put_duration(cli, table, value);
            }
        }
    }
    cli_table_write(cli, table, form);
    if (!csv) {
        write_percentiles(cli, answer);
    }
}
