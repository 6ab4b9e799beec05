/* Paths as tables: what customers did in turn, and the links between. */
#include "cli_answer.h"

static void put_heads(struct cli_table *table, const char *const *heads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cli_table_text(table, str_from_c(heads[i]));
    }
}

static size_t longest_of(struct json_value paths)
{
    struct json_value path;
    size_t longest = 1;
    for (struct json_iter it = json_iter_of(paths); json_next(&it, NULL, &path);) {
        size_t count = json_count(member(path, "events"));
        longest = count > longest ? count : longest;
    }
    return longest;
}

/* The names of a path, a cell each, and empty ones up to `cells`. */
static void put_names(struct cli_table *table, struct json_value names, size_t cells)
{
    struct json_value name;
    for (struct json_iter it = json_iter_of(names); json_next(&it, NULL, &name); cells--) {
        cli_table_value(table, name);
    }
    for (; cells > 0; cells--) {
        cli_table_text(table, STR(""));
    }
}

static void write_paths(struct cli *cli, struct json_value paths)
{
    static const char *const heads[] = {"count", "customers", "path"};
    size_t longest = longest_of(paths);
    struct cli_table *table = cli_table_new(cli, 2 + longest);
    struct json_value one;
    put_heads(table, heads, ARRAY_LEN(heads));
    for (size_t i = 1; i < longest; i++) {
        cli_table_text(table, STR(""));
    }
    for (struct json_iter it = json_iter_of(paths); json_next(&it, NULL, &one);) {
        cli_table_value(table, member(one, "count"));
        cli_table_value(table, member(one, "customers"));
        put_names(table, member(one, "events"), longest);
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

static void write_links(struct cli *cli, struct json_value links)
{
    static const char *const heads[] = {"depth", "from", "to", "count", "customers"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(heads));
    struct json_value one;
    put_heads(table, heads, ARRAY_LEN(heads));
    for (struct json_iter it = json_iter_of(links); json_next(&it, NULL, &one);) {
        for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
            cli_table_value(table, member(one, heads[i]));
        }
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

static void write_tables(struct cli *cli, struct json_value answer)
{
    struct json_iter depths = json_iter_of(member(answer, "depths"));
    struct json_value all;
    INVARIANT(json_next(&depths, NULL, &all)); /* depth 0 is always there */
    write_paths(cli, member(answer, "paths"));
    base_buf_byte(&cli->out, '\n');
    write_links(cli, member(answer, "links"));
    base_buf_printf(&cli->out, "%lld paths of %lld customers in all\n",
                    (long long)json_int(member(all, "count")),
                    (long long)json_int(member(all, "customers")));
}

/* One table for both: a link has two names, a path one more than it has steps. */
static void write_csv(struct cli *cli, struct json_value answer)
{
    static const char *const heads[] = {"list", "depth", "count", "customers"};
    size_t names = json_count(member(answer, "depths"));
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(heads) + names);
    struct json_value one;
    put_heads(table, heads, ARRAY_LEN(heads));
    for (size_t i = 0; i < names; i++) {
        cli_table_text(table, str_format(cli->arena, "name_%zu", i + 1));
    }
    for (struct json_iter it = json_iter_of(member(answer, "links")); json_next(&it, NULL, &one);) {
        cli_table_text(table, STR("link"));
        for (size_t i = 1; i < ARRAY_LEN(heads); i++) {
            cli_table_value(table, member(one, heads[i]));
        }
        cli_table_value(table, member(one, "from"));
        cli_table_value(table, member(one, "to"));
        for (size_t i = 2; i < names; i++) {
            cli_table_text(table, STR(""));
        }
    }
    for (struct json_iter it = json_iter_of(member(answer, "paths")); json_next(&it, NULL, &one);) {
        struct json_value events = member(one, "events");
        cli_table_text(table, STR("path"));
        cli_table_number(table, str_format(cli->arena, "%zu", json_count(events) - 1));
        cli_table_value(table, member(one, "count"));
        cli_table_value(table, member(one, "customers"));
        put_names(table, events, names);
    }
    cli_table_write(cli, table, CLI_FORM_CSV);
}

void cli_write_paths(struct cli *cli, struct json_value answer, enum cli_form form)
{
    if (form == CLI_FORM_CSV) {
        write_csv(cli, answer);
    } else {
        write_tables(cli, answer);
    }
}
