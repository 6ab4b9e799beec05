#include "serve.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base_json.h"
#include "base_log.h"
#include "base_mem.h"
#include "http.h"
#include "serve_confine.h"

#define SERVE_GRACE_MS 10000

/* So often free memory beyond so much goes back to the system. */
#define TIDY_EVERY_S 20
#define TIDY_KEPT_BYTES ((size_t)16 << 20)

/* The token in an operation's answer, in the arena. */
static bool ask_token(struct app *app, const char *operation, struct arena *arena, struct str *out,
                      struct fail *fail)
{
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, token;
    struct app_caller caller = app_operator();
    if (!app_call(app, &caller, str_from_c(operation), STR("{}"), &answer, fail) ||
        !json_parse(parser, base_buf_view(&answer), &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("token"), &token));
    *out = str_copy(arena, json_string(token));
    return true;
}

/* Links carry their token behind '#', which browsers never send: it ends up in no log. */
static bool print_link(struct app *app, const struct http *http,
                       const struct cli_serve_options *options, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str token;
    bool has_admin;
    if (!access_has_admin(app_access(app), &has_admin, fail)) {
        return false;
    }
    if (!has_admin) {
        if (!ask_token(app, "setup.link", arena, &token, fail)) {
            return false;
        }
        printf("Make the first administrator (this link works once):\n  %s/setup#%.*s\n",
               http_address(http), STR_ARG(token));
    } else if (options->sign_in_link) {
        if (!ask_token(app, "user.link", arena, &token, fail)) {
            return false;
        }
        printf("Sign in (this link works once, for 15 minutes):\n  %s/sign-in#%.*s\n",
               http_address(http), STR_ARG(token));
    }
    return true;
}

/* As one word of a shell, whatever is in it. */
static void print_quoted(const char *text)
{
    if (text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789/._-")] == '\0') {
        printf("%s", text);
        return;
    }
    putchar('\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            printf("'\\''");
        } else {
            putchar(*text);
        }
    }
    putchar('\'');
}

static void print_first_steps(const struct http *http, const struct cli_serve_options *options)
{
    printf("Send a first own event, from another terminal:\n  key=$(");
    print_quoted(options->program);
    printf(" keys create --kind write --name first --data ");
    print_quoted(options->data);
    printf(
        ")\n"
        "  curl %s/api/v1/events -H \"Authorization: Bearer $key\" -d \\\n"
        "    '{\"userId\":\"ann\",\"event\":\"Said hello\",\"ts\":\"'$(date -u +%%FT%%TZ)'\"}'\n",
        http_address(http));
}

static void log_as_set(const struct app_config *config, const struct base_clock *clock)
{
    enum log_level level = str_is(config->log_level, "debug")   ? LOG_DEBUG
                           : str_is(config->log_level, "warn")  ? LOG_WARN
                           : str_is(config->log_level, "error") ? LOG_ERROR
                                                                : LOG_INFO;
    enum log_form form = str_is(config->log_form, "json") ? LOG_FORM_JSON : LOG_FORM_LOGFMT;
    base_log_set(level, form, STDERR_FILENO, clock);
}

/* Which of the signals came; the thread that waits keeps house meanwhile. */
static int wait_for(struct app *app, const sigset_t *stop)
{
    const struct timespec while_s = {.tv_sec = TIDY_EVERY_S};
    int number;
    while ((number = sigtimedwait(stop, NULL, &while_s)) < 0) {
        (void)base_give_back(TIDY_KEPT_BYTES); /* nothing came, or it was interrupted */
        app_tend(app);
    }
    return number;
}

bool serve_run(struct app *app, const struct cli_serve_options *options, struct fail *fail)
{
    /* Blocked before any thread of the server begins, so that the signal waits for wait_for below. */
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): on Linux it means this thread */
    sigprocmask(SIG_BLOCK, &stop, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    log_as_set(app_config_of(app), app_clock(app));

    struct http *http = NULL;
    if (!http_start(app, &(struct http_options){0}, &http, fail)) {
        return false;
    }
    printf("firsthand serves on %s\n", http_address(http));
    bool good =
        serve_confine_calls(app_config_of(app), fail) && print_link(app, http, options, fail);
    if (good && options->first_steps) {
        print_first_steps(http, options);
    }
    fflush(stdout);
    base_log(LOG_INFO, "server.started", "serving", LOG_C("address", http_address(http)), LOG_END);
    int number = 0;
    if (good) {
        number = wait_for(app, &stop);
    }
    base_log(LOG_INFO, "server.stopping", "stopping", LOG_N("signal", number), LOG_END);
    app_quiesce(app);
    http_stop(http, SERVE_GRACE_MS);
    base_log(LOG_INFO, "server.stopped", "stopped", LOG_END);
    return good;
}
