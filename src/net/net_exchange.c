#include "net_internal.h"

#include <errno.h>
#include <sys/socket.h>

#include "net_gzip.h"

bool net_target_ok(struct str target)
{
    if (target.len == 0 || target.len > NET_TARGET_BYTES_MAX || target.data[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.data[i];
        if (c <= 0x20U || c >= 0x7fU) {
            return false;
        }
    }
    return true;
}

void net_reply_pack(struct net_exchange *exchange)
{
    struct net_reply *reply = &exchange->reply;
    if (reply->status == 0) {
        reply->status = 500;
    }
    if (reply->no_gzip || reply->fixed_body.data != NULL || reply->pull != NULL ||
        reply->body.len < NET_GZIP_BYTES_MIN) {
        return;
    }
    struct str type = {0};
    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_is(reply->headers[i].name, "Content-Type")) {
            type = reply->headers[i].value;
        }
    }
    if (!net_gzip_helps(type) || reply->header_count + 2 > NET_REPLY_HEADERS_MAX) {
        return;
    }
    net_reply_header(reply, "Vary", STR("Accept-Encoding"));
    if (!net_accepts_gzip(net_header(&exchange->request, "Accept-Encoding"))) {
        return;
    }
    struct base_buf packed = {0};
    struct fail fail;
    if (net_gzip(base_buf_view(&reply->body), &packed, &fail) && packed.len < reply->body.len) {
        base_buf_done(&reply->body);
        reply->body = packed;
        net_reply_header(reply, "Content-Encoding", STR("gzip"));
    } else {
        base_buf_done(&packed); /* the plain answer is as good */
    }
}

bool net_request_gone(void *request)
{
    struct net_exchange *exchange = ((struct net_request *)request)->exchange;
    if (exchange == NULL) {
        return false;
    }
    if (net_server_gave_up(exchange->server)) {
        return true;
    }
    if (exchange->descriptor < 0) {
        return false;
    }
    char byte;
    ssize_t got = recv(exchange->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}
