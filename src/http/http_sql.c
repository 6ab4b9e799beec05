/* SQL: JSON as a whole, or rows as they come where the asker accepts NDJSON or CSV. */
#include "app_sql.h"
#include "http_internal.h"

static bool next(void *sql, struct base_buf *out, bool *out_end, struct fail *fail)
{
    return app_sql_next(sql, out, out_end, fail);
}

static void close_sql(void *sql)
{
    app_sql_close(sql);
}

static void stream(struct http_call *call, enum app_sql_form form, struct str media_type)
{
    struct base_buf input CLEANUP(base_buf_done) = {0};
    struct app_caller caller = {.identity = call->who,
                                .gone = net_request_gone,
                                .gone_context = call->request,
                                .address = call->address};
    struct app_sql *sql;
    struct fail fail;
    if (!http_input(call, &input)) {
        return;
    }
    if (!base_buf_ok(&input, &fail) ||
        !app_sql_open(call->http->app, &caller, base_buf_view(&input), form, &sql, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    http_send_stream(call, &(struct http_stream){.context = sql, .next = next, .close = close_sql},
                     media_type);
    net_reply_header(call->reply, "Vary", STR("Accept"));
}

/* Is the media type among those accepted? Weights do not matter: who names one wants it. */
static bool accepts(struct http_call *call, struct str media_type)
{
    struct str list = net_header(call->request, "Accept"), part;
    while (list.data != NULL && str_next_part(&list, ',', &part)) {
        struct str name;
        if (str_next_part(&part, ';', &name) && str_equal(str_trim(name), media_type)) {
            return true;
        }
    }
    return false;
}

void http_sql(struct http_call *call)
{
    if (accepts(call, STR("application/x-ndjson"))) {
        stream(call, APP_SQL_NDJSON, STR("application/x-ndjson"));
    } else if (accepts(call, STR("text/csv"))) {
        stream(call, APP_SQL_CSV, STR("text/csv; charset=utf-8"));
    } else {
        http_operation(call);
    }
}
