/* cli.h — the command line: one table of commands, thin faces over app.
 *
 * What: parses arguments by the table, opens the directory (or speaks to the server that holds it), calls an
 *   operation, prints the answer as a table, JSON or CSV. Help, completion and did-you-mean come from the
 *   same table.
 * Owner: nothing outlives cli_main.   Threads: the main thread.
 * Failure: messages on stderr with the fix; exit codes CLI_EXIT_*.
 * Limits/cost: none of its own.   Units: none.   Example: main.c.
 * Not here: what commands do (app), the server itself (http, handed in as a hook).
 */
#pragma once

#include "app.h"

enum cli_exit {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_ERROR = 1,
    CLI_EXIT_INPUT = 2, /* wrong use or bad input */
    CLI_EXIT_ABSENT = 3,
    CLI_EXIT_REFUSED = 4,
    CLI_EXIT_CORRUPT = 5,
};

struct cli_serve_options {
    bool sign_in_link;          /* print a one-time sign-in link of the first administrator */
    bool first_steps;           /* print how to send a first own event */
    const char *program, *data; /* as the caller named them, for what is printed to be pasted */
};

/* What stands beside cli on its level, put together in main.c. */
struct cli_hooks {
    /* Before the directory is opened for serving, and before any thread: gives up what a server does not need. */
    bool (*confine)(const char *data, const struct app_config *config, struct fail *fail);
    /* Serves until a signal; `app` stays the caller's. Prints on stdout what a person needs to know. */
    bool (*serve)(struct app *app, const struct cli_serve_options *options, struct fail *fail);
};

int cli_main(int argc, char **argv, const struct cli_hooks *hooks);
