/* cli_internal.h — what the commands share: parsed arguments, the link, output.
 *
 * What: struct cli is one run of one command.   Owner: cli_main.   Threads: the main thread.
 * Failure: commands return false with `fail`; cli_main turns it into a message and an exit code.
 * Limits/cost: CLI_ARGUMENTS_MAX.   Units: none.   Example: cli_saved.c.   Not here: the face (cli.h).
 */
#pragma once

#include <stdio.h>

#include "base_json_write.h"
#include "base_plain.h"
#include "cli.h"

#define CLI_ARGUMENTS_MAX 256

struct cli_option {
    const char *name;  /* "--data" */
    const char *value; /* what follows it, "DIR"; NULL: nothing does */
    const char *meaning;
};

struct cli;
struct cli_command {
    const char *name;                 /* "keys create" */
    const char *arguments;            /* "FILE..."; "" */
    const char *summary;              /* one line */
    const char *examples;             /* lines, each a whole command */
    const struct cli_option *options; /* its own, ended by a NULL name; NULL: none */
    int least, most;                  /* positional arguments */
    bool (*run)(struct cli *cli, struct fail *fail);
};
/* Sorted by name for help; ended by a NULL name. */
extern const struct cli_command cli_commands[];
extern const struct cli_option cli_common_options[];

struct cli {
    const struct cli_command *command;
    const struct cli_hooks *hooks;
    struct arena *arena;
    const char *arguments[CLI_ARGUMENTS_MAX];
    int argument_count;
    const char *option_names[CLI_ARGUMENTS_MAX];
    const char *option_values[CLI_ARGUMENTS_MAX];
    int option_count;
    struct app_link *link; /* opened at first need */
    struct base_buf out;   /* what goes to stdout at the end */
    /* Two answers in one file of CSV: what stands in a first column "range"; the second goes without a head. */
    const char *csv_range; /* NULL: no such column */
    bool csv_headless;
};

/* The last value given, or NULL. */
const char *cli_option(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
const char *cli_data(const struct cli *cli);
bool cli_link(struct cli *cli, struct fail *fail) MUST_USE;
/* Where --output says, or to standard output, as it comes; a file has its name once it is whole. (cli_export.c) */
typedef bool (*cli_stream)(struct app_link *link, struct str input,
                           const struct app_export_sink *sink, struct fail *fail);
bool cli_stream_out(struct cli *cli, cli_stream stream, struct str input,
                    struct fail *fail) MUST_USE;
/* Calls an operation; the answer is parsed into `root`, which lives as long as the cli. */
bool cli_call(struct cli *cli, const char *operation, struct str input, struct str *out_text,
              struct json_value *root, struct fail *fail) MUST_USE;
/* Reads FILE, or standard input for "-", whole. */
bool cli_read_file(struct cli *cli, const char *path, size_t most, struct str *out,
                   struct fail *fail) MUST_USE;
/* Writes what is in cli->out to stdout, at once: for output that streams. */
bool cli_flush(struct cli *cli, struct fail *fail) MUST_USE;
/* The nearest of names, as "; did you mean X?", or "". */
struct str cli_did_you_mean(struct cli *cli, struct str name, const char *const *names,
                            size_t count);
void cli_help(struct base_buf *out, const struct cli_command *command);

/* ---- building an operation's input ------------------------------------------------------------------- */

struct cli_input {
    struct base_buf text;
    struct json_writer w;
};
void cli_input_begin(struct cli_input *input);
void cli_input_str(struct cli_input *input, const char *name,
                   const char *value); /* NULL: left out */
void cli_input_int(struct cli_input *input, const char *name, int64_t value);
struct str cli_input_end(struct cli *cli, struct cli_input *input);
/* The member "range" of --last, or --from and --to; nothing where there is none of them. */
bool cli_put_range(struct cli *cli, struct json_writer *w, struct fail *fail) MUST_USE;

/* "price > 100" as a condition; `option` is named where it is none. */
bool cli_put_condition(struct cli *cli, struct json_writer *w, const char *option, const char *text,
                       struct fail *fail) MUST_USE;

/* Asks on the terminal; anything but a word that begins with y is a no. */
bool cli_ask_yes(const char *question);

/* ---- output -------------------------------------------------------------------------------------------- */

/* A cell is text; `number` aligns it right. Customers' words are data: control and direction marks are
   taken out, so that no terminal obeys them. */
struct cli_table;
struct cli_table *cli_table_new(struct cli *cli, size_t columns);
/* Nothing is cut and nothing stands at the right: for names with their values. */
void cli_table_whole(struct cli_table *table);
void cli_table_text(struct cli_table *table, struct str text);
void cli_table_number(struct cli_table *table, struct str text);
/* A JSON scalar: numbers right, null as "-". */
void cli_table_value(struct cli_table *table, struct json_value value);
enum cli_form { CLI_FORM_TABLE, CLI_FORM_JSON, CLI_FORM_CSV };
/* The first row is the head. In CSV, cells that a spreadsheet would take for a formula get a leading quote. */
void cli_table_write(struct cli *cli, struct cli_table *table, enum cli_form form);
/* The list `member` of an operation's answer, a row an item. */
bool cli_print_list(struct cli *cli, const char *operation, const char *member,
                    const char *const *columns, size_t count, struct fail *fail) MUST_USE;
/* The same of an operation that takes input. */
bool cli_print_list_of(struct cli *cli, const char *operation, struct str input, const char *member,
                       const char *const *columns, size_t count, struct fail *fail) MUST_USE;
/* --format and --json. */
bool cli_form_of(struct cli *cli, enum cli_form *out, struct fail *fail) MUST_USE;
/* An answer of the query contract, for people. */
void cli_write_answer(struct cli *cli, struct json_value answer, enum cli_form form);

/* ---- commands, by file ------------------------------------------------------------------------------------- */

#define CLI_COMMAND(name) bool name(struct cli *cli, struct fail *fail)
CLI_COMMAND(cli_run_serve);
CLI_COMMAND(cli_run_demo);
CLI_COMMAND(cli_run_doctor);
CLI_COMMAND(cli_run_export);
CLI_COMMAND(cli_run_import);
CLI_COMMAND(cli_run_import_list);
CLI_COMMAND(cli_run_import_undo);
CLI_COMMAND(cli_run_query);
CLI_COMMAND(cli_run_trend);
CLI_COMMAND(cli_run_funnel);
CLI_COMMAND(cli_run_retention);
CLI_COMMAND(cli_run_lifecycle);
CLI_COMMAND(cli_run_stickiness);
CLI_COMMAND(cli_run_time_between);
CLI_COMMAND(cli_run_paths);
CLI_COMMAND(cli_run_score);
CLI_COMMAND(cli_run_verbatims);
CLI_COMMAND(cli_run_timeline);
CLI_COMMAND(cli_run_customer_consent);
CLI_COMMAND(cli_run_customer_consents);
CLI_COMMAND(cli_run_customer_link);
CLI_COMMAND(cli_run_customer_why);
CLI_COMMAND(cli_run_customer_value);
CLI_COMMAND(cli_run_customer_wrong);
CLI_COMMAND(cli_run_experience_show);
CLI_COMMAND(cli_run_experience_set);
/* Below what `customer show` says: value, and what went wrong. */
bool cli_show_experience(struct cli *cli, struct fail *fail) MUST_USE;
CLI_COMMAND(cli_run_erasure_close);
CLI_COMMAND(cli_run_erasure_list);
CLI_COMMAND(cli_run_erase);
CLI_COMMAND(cli_run_customer_export);
CLI_COMMAND(cli_run_erasure_receipts);
CLI_COMMAND(cli_run_erasure_show);
CLI_COMMAND(cli_run_erasure_verify);
CLI_COMMAND(cli_run_privacy_show);
CLI_COMMAND(cli_run_privacy_set);
CLI_COMMAND(cli_run_retention_show);
CLI_COMMAND(cli_run_retention_set);
CLI_COMMAND(cli_run_retention_preview);
CLI_COMMAND(cli_run_policy_set);
CLI_COMMAND(cli_run_policy_show);
CLI_COMMAND(cli_run_customer_show);
CLI_COMMAND(cli_run_account_show);
CLI_COMMAND(cli_run_customer_join);
CLI_COMMAND(cli_run_customer_split);
CLI_COMMAND(cli_run_segment_list);
CLI_COMMAND(cli_run_segment_show);
CLI_COMMAND(cli_run_segment_save);
CLI_COMMAND(cli_run_segment_delete);
CLI_COMMAND(cli_run_survey_list);
CLI_COMMAND(cli_run_survey_template);
CLI_COMMAND(cli_run_survey_show);
CLI_COMMAND(cli_run_survey_save);
CLI_COMMAND(cli_run_survey_check);
CLI_COMMAND(cli_run_survey_publish);
CLI_COMMAND(cli_run_survey_pause);
CLI_COMMAND(cli_run_survey_close);
CLI_COMMAND(cli_run_survey_results);
CLI_COMMAND(cli_run_survey_links);
CLI_COMMAND(cli_run_survey_why);
CLI_COMMAND(cli_run_quarantine_discard);
CLI_COMMAND(cli_run_quarantine_fix);
CLI_COMMAND(cli_run_quarantine_groups);
CLI_COMMAND(cli_run_quarantine_list);
CLI_COMMAND(cli_run_quarantine_replay);
CLI_COMMAND(cli_run_quarantine_show);
CLI_COMMAND(cli_run_ledger);
CLI_COMMAND(cli_run_migrate);
CLI_COMMAND(cli_run_status);
CLI_COMMAND(cli_run_verify);
/* Of a backup, where --backup is given. */
CLI_COMMAND(cli_run_verify_backup);
CLI_COMMAND(cli_run_backup);
CLI_COMMAND(cli_run_backup_list);
CLI_COMMAND(cli_run_restore);
CLI_COMMAND(cli_run_catalogue_list);
CLI_COMMAND(cli_run_catalogue_set);
CLI_COMMAND(cli_run_catalogue_show);
CLI_COMMAND(cli_run_catalogue_unexpected);
CLI_COMMAND(cli_run_channel_add);
CLI_COMMAND(cli_run_channel_address);
CLI_COMMAND(cli_run_channel_list);
CLI_COMMAND(cli_run_channel_pause);
CLI_COMMAND(cli_run_channel_poll);
CLI_COMMAND(cli_run_channel_remove);
CLI_COMMAND(cli_run_channel_resume);
CLI_COMMAND(cli_run_channel_test);
CLI_COMMAND(cli_run_webhook_preview);
CLI_COMMAND(cli_run_webhook_suggest);
CLI_COMMAND(cli_run_job_list);
CLI_COMMAND(cli_run_job_run);
CLI_COMMAND(cli_run_note_add);
CLI_COMMAND(cli_run_note_delete);
CLI_COMMAND(cli_run_note_list);
CLI_COMMAND(cli_run_keys_create);
CLI_COMMAND(cli_run_keys_list);
CLI_COMMAND(cli_run_keys_revoke);
CLI_COMMAND(cli_run_internal_set);
CLI_COMMAND(cli_run_internal_show);
CLI_COMMAND(cli_run_interview_add);
CLI_COMMAND(cli_run_interview_highlight);
CLI_COMMAND(cli_run_interview_recruit);
CLI_COMMAND(cli_run_source_list);
CLI_COMMAND(cli_run_source_show);
CLI_COMMAND(cli_run_source_set);
CLI_COMMAND(cli_run_sql);
CLI_COMMAND(cli_run_user_add);
CLI_COMMAND(cli_run_user_link);
CLI_COMMAND(cli_run_user_list);
CLI_COMMAND(cli_run_config_show);
CLI_COMMAND(cli_run_config_set);
CLI_COMMAND(cli_run_version);
CLI_COMMAND(cli_run_completion);
CLI_COMMAND(cli_run_help);
