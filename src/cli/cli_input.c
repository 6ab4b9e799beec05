/* Inputs of operations, written as JSON. */
#include "cli_internal.h"

void cli_input_begin(struct cli_input *input)
{
    *input = (struct cli_input){0};
    input->w.out = &input->text;
    json_begin_object(&input->w);
}

void cli_input_str(struct cli_input *input, const char *name, const char *value)
{
    if (value != NULL) {
        input->w.out = &input->text;
        json_name_c(&input->w, name);
        json_write_c(&input->w, value);
    }
}

void cli_input_int(struct cli_input *input, const char *name, int64_t value)
{
    input->w.out = &input->text;
    json_name_c(&input->w, name);
    json_write_int(&input->w, value);
}

struct str cli_input_end(struct cli *cli, struct cli_input *input)
{
    input->w.out = &input->text;
    json_end_object(&input->w);
    struct str text = str_copy(cli->arena, base_buf_view(&input->text));
    base_buf_done(&input->text);
    return text;
}

bool cli_ask_yes(const char *question)
{
    char answer[16];
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}
