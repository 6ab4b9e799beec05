/* cli_answer.h — answers of the query contract as tables: what their files share.
 *
 * What: pieces of answers for cells, and the tables of kinds that have a file of their own.
 * Owner: text lies in the cli's arena.   Threads: the main thread.   Failure: an answer has what the contract says.
 * Limits/cost: none.   Units: none.   Example: cli_answer_habits.c.   Not here: which kind has which table.
 */
#pragma once

#include "cli_internal.h"

static inline struct json_value member(struct json_value object, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(object, str_from_c(name), &value));
    return value;
}

static inline bool has(struct json_value object, const char *name, struct json_value *out)
{
    return json_member(object, str_from_c(name), out) && json_type_of(*out) != JSON_NULL;
}

/* "2.5 h"; of null "-". */
void cli_put_duration(struct cli *cli, struct cli_table *table, struct json_value ms);

void cli_write_lifecycle(struct cli *cli, struct json_value answer, enum cli_form form);
void cli_write_stickiness(struct cli *cli, struct json_value answer, enum cli_form form);
void cli_write_time_between(struct cli *cli, struct json_value answer, enum cli_form form);
void cli_write_paths(struct cli *cli, struct json_value answer, enum cli_form form);
