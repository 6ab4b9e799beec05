/* RudderStack's libraries speak Segment's API; what is their own is here. */
#include "http_internal.h"

/* Where to send, and nothing to send on to: its browser library asks before anything else. */
void http_rudder_config(struct http_call *call)
{
    struct str key = http_token(call);
    key = key.len > 0 ? key : net_param(call->request, "writeKey");
    if (!http_key_may(call, key.data == NULL ? STR("") : key)) {
        return;
    }
    struct base_buf body = {.limit = (size_t)16 << 10};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "source");
    json_begin_object(&w);
    json_name_c(&w, "id");
    json_write_str(&w, call->who.source);
    json_name_c(&w, "name");
    json_write_str(&w, call->who.source);
    json_name_c(&w, "writeKey");
    json_write_str(&w, key);
    json_name_c(&w, "enabled");
    json_write_bool(&w, true);
    json_name_c(&w, "workspaceId");
    json_write_c(&w, "firsthand");
    /* Else it would report its own errors and numbers to another host. */
    json_name_c(&w, "config");
    json_write_raw(&w, STR("{\"statsCollection\":{\"errors\":{\"enabled\":false},"
                           "\"metrics\":{\"enabled\":false}}}"));
    json_name_c(&w, "connections");
    json_write_raw(&w, STR("[]"));
    json_name_c(&w, "destinations");
    json_write_raw(&w, STR("[]"));
    json_name_c(&w, "dataplanes");
    json_write_raw(&w, STR("{}"));
    json_end_object(&w);
    json_name_c(&w, "updatedAt");
    json_write_instant(&w, 0);
    json_end_object(&w);
    http_send_json(call, 200, &body);
}
