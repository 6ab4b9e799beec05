/* Fills a directory with the demo organisation. */
#include <unistd.h>

#include "app_demo.h"
#include "cli_internal.h"

static bool number_option(const struct cli *cli, const char *name, int64_t least, int64_t most,
                          int64_t *out, struct fail *fail)
{
    const char *text = cli_option(cli, name);
    if (text == NULL) {
        return true;
    }
    if (!str_parse_i64(str_from_c(text), out) || *out < least || *out > most) {
        return fail_set(fail, FAIL_INPUT, "%s is \"%s\", expected a whole number from %lld to %lld",
                        name, text, (long long)least, (long long)most);
    }
    return true;
}

static bool draw_progress(void *context, uint64_t customers_done, uint64_t events)
{
    const struct app_demo_options *options = context;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%3u%%  %llu events ",
                (unsigned)(customers_done * 100 / (uint64_t)options->customers),
                (unsigned long long)events);
        fflush(stderr);
    }
    return true;
}

bool cli_run_demo(struct cli *cli, struct fail *fail)
{
    struct app_demo_options options = {
        .customers = APP_DEMO_CUSTOMERS, .days = APP_DEMO_DAYS, .seed = 1};
    int64_t seed = 1;
    const char *until = cli_option(cli, "--until");
    struct civil last = {0};
    if (!number_option(cli, "--customers", 1, APP_DEMO_CUSTOMERS_MAX, &options.customers, fail) ||
        !number_option(cli, "--days", 14, APP_DEMO_DAYS_MAX, &options.days, fail) ||
        !number_option(cli, "--seed", 0, INT64_MAX, &seed, fail)) {
        return false;
    }
    options.seed = (uint64_t)seed;
    if (until != NULL && !time_parse_date(str_from_c(until), &last)) {
        return fail_set(fail, FAIL_INPUT, "--until is \"%s\", expected a date: 2026-05-01", until);
    }
    if (until != NULL) {
        options.until_day = time_days_from_civil(last.year, last.month, last.day);
    } else { /* up to the last full hour: a demo of today has no events of the future */
        int64_t hour = base_now_ms(base_clock_real()) / 3600000;
        options.until_day = hour / 24;
        options.end_ms = hour * 3600000;
    }
    options.progress = cli_flag(cli, "--quiet") ? NULL : draw_progress;
    options.context = &options;
    struct app_demo_result result;
    if (!cli_link(cli, fail) || !app_demo_fill(cli->link, &options, &result, fail)) {
        return false;
    }
    if (isatty(STDERR_FILENO) && options.progress != NULL) {
        fputs("\r\033[K", stderr);
    }
    if (cli_flag(cli, "--json")) {
        base_buf_printf(&cli->out, "{\"customers\":%lld,\"events\":%llu}\n",
                        (long long)options.customers, (unsigned long long)result.events);
    } else {
        base_buf_printf(&cli->out, "%lld customers, %llu events over %lld days\n",
                        (long long)options.customers, (unsigned long long)result.events,
                        (long long)options.days);
    }
    return true;
}
