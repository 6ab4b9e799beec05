/* main.c — puts the faces together: the command line, and the server that `serve` runs. */
#include "cli.h"
#include "serve.h"
#include "serve_confine.h"
#include "sql.h"

int main(int argc, char **argv)
{
    if (sql_is_child(argc, argv)) {
        return sql_child_main();
    }
    const struct cli_hooks hooks = {.confine = serve_confine_files, .serve = serve_run};
    return cli_main(argc, argv, &hooks);
}
