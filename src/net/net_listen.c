#include "net_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_disk.h"

#define PEM_BYTES_MAX ((size_t)1 << 20)

bool net_listen_parse(struct str text, struct str *out_host, int *out_port)
{
    struct str host, port;
    if (text.len > 0 && text.data[0] == '[') {
        size_t end = str_find_byte(text, ']');
        if (end >= text.len) {
            return false;
        }
        host = str_of(text.data + 1, end - 1);
        port = str_after(text, end + 1);
    } else {
        size_t colon = text.len;
        while (colon > 0 && text.data[colon - 1] != ':') {
            colon--;
        }
        if (colon == 0) {
            return false;
        }
        host = str_of(text.data, colon - 1);
        port = str_after(text, colon - 1);
        if (str_find_byte(host, ':') < host.len) {
            return false;
        }
    }
    int64_t number = 0;
    if (port.len < 2 || port.data[0] != ':' || !str_parse_i64(str_after(port, 1), &number) ||
        number < 0 || number > 65535) {
        return false;
    }
    *out_host = host;
    *out_port = (int)number;
    return true;
}

static bool address_fill(struct str host, int port, struct sockaddr_storage *out,
                         socklen_t *out_len)
{
    char text[64];
    if (str_is(host, "localhost")) {
        host = STR("127.0.0.1");
    }
    if (host.len >= sizeof text) {
        return false;
    }
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    memset(out, 0, sizeof *out);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(out, &v4, sizeof v4);
        *out_len = sizeof v4;
        return true;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy(out, &v6, sizeof v6);
        *out_len = sizeof v6;
        return true;
    }
    return false;
}

bool net_listen(const char *listen_on, int *out_socket, int *out_port, struct fail *fail)
{
    struct str host;
    int port = 0;
    struct sockaddr_storage address;
    socklen_t len;
    if (!net_listen_parse(str_from_c(listen_on), &host, &port) ||
        !address_fill(host, port, &address, &len)) {
        return fail_set(fail, FAIL_INPUT,
                        "'%s' is no address to listen on; write 127.0.0.1:8080 or [::1]:8080",
                        listen_on);
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return fail_set(fail, FAIL_IO, "no socket to listen on: %s", strerrordesc_np(errno));
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 511) != 0) {
        int why = errno;
        close(fd);
        return fail_set(fail, FAIL_IO, "cannot listen on %s: %s%s", listen_on, strerrordesc_np(why),
                        why == EADDRINUSE ? "; stop the other program or name another port" : "");
    }
    len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        struct sockaddr_in v4; /* the port lies at the same place in both families */
        memcpy(&v4, &address, sizeof v4);
        *out_port = ntohs(v4.sin_port);
    }
    *out_socket = fd;
    return true;
}

bool net_pem_read(const char *path, struct arena *arena, char **out, struct fail *fail)
{
    struct str whole = str_from_c(path);
    size_t slash = whole.len;
    while (slash > 0 && whole.data[slash - 1] != '/') {
        slash--;
    }
    char *folder =
        slash == 0 ? str_copy_c(arena, STR(".")) : str_copy_c(arena, str_of(path, slash));
    struct disk *disk = NULL;
    struct str text;
    if (!disk_real(folder, &disk, fail)) {
        return fail_at(fail, "reading %s", path);
    }
    bool ok = disk_read_whole(disk, path + slash, arena, PEM_BYTES_MAX, &text, fail);
    disk_free(disk);
    if (!ok) {
        return fail_at(fail, "reading %s", path);
    }
    *out = str_copy_c(arena, text);
    return true;
}
