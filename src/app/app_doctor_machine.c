/* What can be seen from outside: the directory, its disk, the clock, the kernel, the address. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "app_doctor.h"
#include "app_internal.h"
#include "backup.h"
#include "base_confine.h"
#include "net_server.h"

#define OTHERS (S_IRWXG | S_IRWXO)
#define FILES_LEAST 1000               /* inodes */
#define CLOCK_LEAST_MS 1767225600000LL /* 2026-01-01: before this program was written */
#define FILES_LOOKED_AT 10000

#define SAY(level, check, remedy, ...)                                                             \
    app_doctor_say(doctor, level, check, str_format(doctor->arena, __VA_ARGS__), remedy)

/* ---- the directory ------------------------------------------------------------------------------------------- */

/* The first file in a folder that another user owns, or that others may read; files of sub-folders follow the folder. */
static void look_at_files(struct app_doctor *doctor, const char *data, uid_t owner)
{
    DIR *folder = opendir(data);
    const struct dirent *entry;
    bool foreign = false, open = false;
    if (folder == NULL) {
        return;
    }
    /* Safe: no other thread has this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (int i = 0; i < FILES_LOOKED_AT && (entry = readdir(folder)) != NULL; i++) {
        struct stat status;
        if (strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (status.st_uid != owner && !foreign) {
            foreign = true;
            SAY(APP_FINDING_ERROR, "owner",
                str_format(doctor->arena, "chown -R %u %s, with the server stopped", owner, data),
                "%s/%s belongs to user %u, the directory to %u: the server cannot change it", data,
                entry->d_name, status.st_uid, owner);
        }
        if (S_ISREG(status.st_mode) && (status.st_mode & OTHERS) != 0 && !open &&
            strcmp(entry->d_name, "firsthand.conf") != 0) {
            open = true;
            SAY(APP_FINDING_WARN, "rights", str_format(doctor->arena, "chmod -R go= %s", data),
                "others than its owner may read or change %s/%s", data, entry->d_name);
        }
    }
    closedir(folder);
    if (!foreign) {
        APP_DOCTOR_OK(doctor, "owner", "user %u owns it and what lies in it", owner);
    }
    if (!open) {
        APP_DOCTOR_OK(doctor, "rights", "what lies in it is for its owner only");
    }
}

static void look_at_user(struct app_doctor *doctor, const char *data, const struct stat *status)
{
    if (status->st_uid != geteuid() && geteuid() == 0) {
        SAY(APP_FINDING_WARN, "user",
            str_format(doctor->arena, "run commands as that user: sudo -u '#%u' firsthand ...",
                       status->st_uid),
            "this command runs as root, the directory belongs to user %u: files made by root could "
            "not be changed by the server",
            status->st_uid);
    } else if (access(data, R_OK | W_OK | X_OK) != 0) {
        SAY(APP_FINDING_ERROR, "user",
            str_format(doctor->arena, "run as its user: sudo -u '#%u' firsthand ...",
                       status->st_uid),
            "user %u may not write to %s: %s", geteuid(), data, strerrordesc_np(errno));
    } else {
        APP_DOCTOR_OK(doctor, "user", "user %u may read and write it", geteuid());
    }
    if ((status->st_mode & OTHERS) != 0) {
        SAY(APP_FINDING_WARN, "rights", str_format(doctor->arena, "chmod 700 %s", data),
            "the directory's rights are %03o: others may look into it", status->st_mode & 0777U);
    }
}

/* ---- its disk -------------------------------------------------------------------------------------------------- */

static const struct file_system {
    long type;
    const char *name;
    enum app_finding_level level;
    const char *why;
} FILE_SYSTEMS[] = {
    {NFS_SUPER_MAGIC, "NFS", APP_FINDING_WARN, "its locks and syncs depend on another machine"},
    {(long)0xFF534D42, "CIFS", APP_FINDING_WARN, "its locks and syncs depend on another machine"},
    {(long)0xFE534D42, "SMB", APP_FINDING_WARN, "its locks and syncs depend on another machine"},
    {(long)0x65735546, "FUSE", APP_FINDING_WARN, "not all of them sync what they say they did"},
    {V9FS_MAGIC, "9p", APP_FINDING_WARN, "its syncs depend on another machine"},
    {TMPFS_MAGIC, "tmpfs", APP_FINDING_WARN, "it is memory: all is gone when the machine stops"},
    {RAMFS_MAGIC, "ramfs", APP_FINDING_WARN, "it is memory: all is gone when the machine stops"},
};

static void look_at_file_system(struct app_doctor *doctor, const char *data)
{
    struct statfs found;
    if (statfs(data, &found) != 0) {
        SAY(APP_FINDING_ERROR, "file-system", STR("look at the disk: dmesg, mount"),
            "it does not answer: %s", strerrordesc_np(errno));
        return;
    }
    const struct file_system *odd = NULL;
    for (size_t i = 0; i < ARRAY_LEN(FILE_SYSTEMS); i++) {
        odd = (uint32_t)found.f_type == (uint32_t)FILE_SYSTEMS[i].type ? &FILE_SYSTEMS[i] : odd;
    }
    if (((unsigned long)found.f_flags & ST_RDONLY) != 0) {
        SAY(APP_FINDING_ERROR, "file-system",
            STR("after errors a kernel mounts for reading only: look at dmesg, mount it again"),
            "it is mounted for reading only");
    } else if (odd != NULL) {
        SAY(odd->level, "file-system", STR("keep the directory on a disk of this machine"),
            "the directory lies on %s: %s", odd->name, odd->why);
    } else {
        APP_DOCTOR_OK(doctor, "file-system", "of a disk here, for reading and writing");
    }
    if (found.f_files > 0 && found.f_ffree < FILES_LEAST) {
        SAY(APP_FINDING_ERROR, "file-system",
            STR("remove files that others left there, or use a file system with more inodes"),
            "no more than %llu files can be made", (unsigned long long)found.f_ffree);
    }
}

static void look_for_leftovers(struct app_doctor *doctor, const char *data)
{
    struct stat status;
    if (stat(str_format(doctor->arena, "%s/" BACKUP_RESTORING_PATH, data).data, &status) == 0) {
        SAY(APP_FINDING_ERROR, "restore", STR("run the same firsthand restore once more"),
            "restoring into this directory was cut off");
    }
}

/* ---- the machine ------------------------------------------------------------------------------------------------ */

static void look_at_clock(struct app_doctor *doctor)
{
    struct timex clock = {.modes = 0};
    int64_t now_ms = base_now_ms(base_clock_real());
    if (now_ms < CLOCK_LEAST_MS) {
        SAY(APP_FINDING_ERROR, "clock",
            STR("set the clock, and let a service keep it: timedatectl"),
            "the machine's clock is years behind");
    } else if (adjtimex(&clock) < 0 || (clock.status & STA_UNSYNC) != 0) {
        SAY(APP_FINDING_WARN, "clock",
            STR("let a service keep it right: timedatectl set-ntp true (in a container: on the "
                "host)"),
            "the kernel does not know the machine's clock to be kept right");
    } else {
        APP_DOCTOR_OK(doctor, "clock", "kept right by a service");
    }
}

static void look_at_kernel(struct app_doctor *doctor)
{
    int version = base_confine_version();
    if (version == 0) {
        SAY(APP_FINDING_WARN, "confinement",
            STR("a kernel from 5.19 on has it; in a container its profile must allow it"),
            "this kernel has no Landlock: a server could reach all files of its user");
    } else {
        APP_DOCTOR_OK(doctor, "confinement", "Landlock version %d", version);
    }
}

bool app_doctor_machine(struct app_doctor *doctor, const char *data)
{
    struct stat status;
    look_at_clock(doctor);
    look_at_kernel(doctor);
    if (stat(data, &status) != 0 || !S_ISDIR(status.st_mode)) {
        SAY(APP_FINDING_ERROR, "directory",
            STR("name the right one with --data; firsthand serve makes a new one"),
            "%s is no directory", data);
        return false;
    }
    size_t errors = doctor->errors;
    look_at_user(doctor, data, &status);
    look_at_files(doctor, data, status.st_uid);
    look_at_file_system(doctor, data);
    look_for_leftovers(doctor, data);
    return doctor->errors == errors;
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static void look_at_named(struct app_doctor *doctor, const char *setting, struct str path,
                          bool secret)
{
    struct stat status;
    if (path.len == 0) {
        return;
    }
    const char *name = str_copy_c(doctor->arena, path);
    if (access(name, R_OK) != 0 || stat(name, &status) != 0) {
        SAY(APP_FINDING_ERROR, "settings",
            str_format(doctor->arena, "make it readable for the server's user, or change %s",
                       setting),
            "%s is %s, which cannot be read: %s", setting, name, strerrordesc_np(errno));
    } else if (secret && (status.st_mode & S_IRWXO) != 0) {
        SAY(APP_FINDING_WARN, "settings", str_format(doctor->arena, "chmod o= %s", name),
            "everybody on this machine may read %s (%s)", name, setting);
    }
}

static void look_at_memory(struct app_doctor *doctor, const struct app_config *config)
{
    int64_t memory_mb = (int64_t)(base_memory_bytes() >> 20);
    if (config->query_memory_mb > memory_mb) {
        SAY(APP_FINDING_WARN, "settings",
            str_format(doctor->arena, "query_memory_mb = %lld",
                       (long long)(memory_mb / 4 < 16 ? 16 : memory_mb / 4)),
            "one question may hold %lld MB (query_memory_mb), the machine has %lld MB",
            (long long)config->query_memory_mb, (long long)memory_mb);
    }
}

bool app_doctor_settings(struct app_doctor *doctor, const char *data, struct app_config *out)
{
    struct str origins[64];
    struct fail why = {0};
    size_t set = 0;
    INVARIANT(app_config_key_count <= ARRAY_LEN(origins));
    if (!app_config_load(data, doctor->arena, out, origins, &why)) {
        SAY(APP_FINDING_ERROR, "settings",
            STR("firsthand config show lists them with their meaning"), "%s", why.message);
        return false;
    }
    for (size_t i = 0; i < app_config_key_count; i++) {
        set += !str_is(origins[i], "default");
    }
    APP_DOCTOR_OK(doctor, "settings", "%zu set, all of them valid", set);
    look_at_named(doctor, "tls_certificate_file", out->tls_certificate_file, false);
    look_at_named(doctor, "tls_key_file", out->tls_key_file, true);
    look_at_named(doctor, "outgoing_ca_file", out->outgoing_ca_file, false);
    look_at_named(doctor, "secrets_directory", out->secrets_directory, true);
    if (out->confine == 0) {
        SAY(APP_FINDING_WARN, "confinement", STR("confine = 1; 0 is for debuggers"),
            "confine = 0: a server keeps rights that it does not need");
    }
    look_at_memory(doctor, out);
    return true;
}

/* ---- the address -------------------------------------------------------------------------------------------------- */

/* As a server would; 0, or the errno of what refused. */
static int try_to_listen(const char *host, const char *port)
{
    struct addrinfo *found = NULL,
                    hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    int error = 0, on = 1;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        return EADDRNOTAVAIL;
    }
    int listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, 1) != 0) {
        error = errno;
    }
    if (listener >= 0) {
        close(listener);
    }
    freeaddrinfo(found);
    return error;
}

void app_doctor_listen(struct app_doctor *doctor, const struct app_config *config, bool served)
{
    struct str host;
    int port;
    char digits[16];
    if (!net_listen_parse(config->listen, &host, &port)) {
        SAY(APP_FINDING_ERROR, "listen", STR("listen = 127.0.0.1:8080"),
            "listen is \"%.*s\", expected an address and a port", STR_ARG(config->listen));
        return;
    }
    (void)snprintf(digits, sizeof digits, "%d", port);
    int error = try_to_listen(str_copy_c(doctor->arena, host), digits);
    if (served) { /* by --listen it may be elsewhere */
        APP_DOCTOR_OK(doctor, "listen", "%.*s, %s", STR_ARG(config->listen),
                      error == EADDRINUSE ? "which is in use, as it should be"
                                          : "as set; the server was started with another");
    } else if (error != 0) {
        SAY(APP_FINDING_ERROR, "listen",
            error == EADDRINUSE
                ? STR("stop what has it, or set another port: listen = 127.0.0.1:8081")
            : error == EACCES
                ? STR("use a port from 1024 on, or give the unit CAP_NET_BIND_SERVICE")
                : STR("listen = 127.0.0.1:8080; a name or address must be this machine's"),
            "a server could not listen on %.*s: %s", STR_ARG(config->listen),
            strerrordesc_np(error));
    } else {
        APP_DOCTOR_OK(doctor, "listen", "%.*s is free", STR_ARG(config->listen));
    }
}
