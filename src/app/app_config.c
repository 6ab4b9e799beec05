#include "app_config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base_disk.h"

#define CONFIG_BYTES_MAX ((size_t)64 << 10)
#define VARIABLE_CHARS_MAX 64

static const char *const level_words[] = {"debug", "info", "warn", "error", NULL};
static const char *const form_words[] = {"logfmt", "json", NULL};

#define INT_KEY(member, least, most, otherwise, meaning)                                           \
    {                                                                                              \
#member, APP_CONFIG_INT, offsetof(struct app_config, member), least, most, otherwise,      \
            NULL, NULL, meaning                                                                    \
    }
#define TEXT_KEY(member, otherwise, words, meaning)                                                \
    {                                                                                              \
#member, APP_CONFIG_TEXT, offsetof(struct app_config, member), 0, 0, 0, otherwise, words,  \
            meaning                                                                                \
    }

const struct app_config_key app_config_keys[] = {
    TEXT_KEY(listen, "127.0.0.1:8080", NULL, "address and port to serve on"),
    TEXT_KEY(hosts, "", NULL,
             "names under which browsers may call the server, besides its address"),
    TEXT_KEY(tls_certificate_file, "", NULL,
             "PEM file with the certificate chain; empty: plain HTTP"),
    TEXT_KEY(tls_key_file, "", NULL, "PEM file with the certificate's key"),
    INT_KEY(connections, 16, 1000000, 16384,
            "connections at once; fewer where the process may not have so many descriptors"),
    INT_KEY(connections_per_address, 1, 1000000, 1024,
            "of them from one address; behind a proxy all of them"),
    INT_KEY(behind_proxy, 0, 1, 0,
            "1: a proxy on this machine says who called (X-Forwarded-For, -Proto)"),
    INT_KEY(query_time_ms, 100, 3600000, 30000, "how long one question may take"),
    INT_KEY(query_memory_mb, 16, 1048576, 1024, "how much memory one question may hold"),
    INT_KEY(query_threads, 0, 256, 0, "threads of one question; 0: the processors there are"),
    INT_KEY(queries_at_once, 1, 64, 4, "questions that run at once; more wait"),
    INT_KEY(sql_memory_mb, 16, 65536, 256, "how much memory one SQL statement may have"),
    INT_KEY(sql_rows, 1, 10000000, 100000, "rows that one SQL statement may answer with"),
    INT_KEY(sql_result_mb, 1, 64, 16, "bytes of values that one SQL statement may answer with"),
    INT_KEY(dedup_window_days, 1, 30, 7, "how long a message_id is remembered"),
    INT_KEY(quarantine_mb, 1, 1000000, 1000,
            "how much may lie in quarantine; above it what cannot be stored is refused"),
    INT_KEY(body_mb, 1, 1024, 10, "a request's body as sent"),
    INT_KEY(inflated_mb, 1, 4096, 16, "a request's body after inflation"),
    INT_KEY(bodies_mb, 16, 1048576, 32,
            "memory for the bodies of all requests at once; above it they get 503"),
    INT_KEY(waiting_mb, 16, 1048576, 160,
            "memory for events until they are sealed; above it requests get 503"),
    INT_KEY(events_per_request, 1, 1000000, 20000, "events in one request"),
    TEXT_KEY(secrets_directory, "", NULL,
             "folder of files with others' secrets, by name: signatures of webhooks, mailboxes"),
    TEXT_KEY(private_hosts, "", NULL,
             "hosts on loopback or private addresses that feeds and mailboxes may lie on"),
    TEXT_KEY(outgoing_ca_file, "", NULL,
             "PEM file of the authorities for connections out; empty: the system's"),
    INT_KEY(confine, 0, 1, 1,
            "1: a server gives up files and system calls that it does not need; 0: for debuggers"),
    TEXT_KEY(backup_directory, "", NULL, "where the server backs itself up to; empty: it does not"),
    INT_KEY(backup_every_hours, 1, 8760, 24, "how often it does"),
    INT_KEY(backup_keep, 1, 9999, 14, "generations that stay there"),
    INT_KEY(restore_test_every_days, 0, 365, 7,
            "how often the newest is restored as a test; 0: never"),
    INT_KEY(restore_test_mb, 1, 100000000, 10000,
            "size of a backup above which it is only read back as a test"),
    TEXT_KEY(disk_low, "1GB", NULL,
             "below so much room on the disk, or n%, big work waits and people are told"),
    TEXT_KEY(disk_full, "256MB", NULL, "below so much, or n%, no events are taken"),
    TEXT_KEY(ballast, "64MB", NULL,
             "size of a file that is thrown off so that data can be removed from a full disk"),
    TEXT_KEY(log_level, "info", level_words, "least level that is logged"),
    TEXT_KEY(log_form, "logfmt", form_words, "form of log lines"),
};
const size_t app_config_key_count = ARRAY_LEN(app_config_keys);

static const struct app_config_key *find_key(struct str name, const char *where, struct fail *fail)
{
    const char *names[ARRAY_LEN(app_config_keys)];
    for (size_t i = 0; i < app_config_key_count; i++) {
        if (str_is(name, app_config_keys[i].name)) {
            return &app_config_keys[i];
        }
        names[i] = app_config_keys[i].name;
    }
    const char *nearest = str_nearest(name, names, app_config_key_count);
    fail_set(fail, FAIL_INPUT, "%s: there is no setting \"%.*s\"%s%s%s", where, STR_ARG(name),
             nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "\"?");
    return NULL;
}

static bool set_text(struct app_config *config, const struct app_config_key *key, struct str value,
                     const char *where, struct arena *arena, struct fail *fail)
{
    for (size_t i = 0; key->words != NULL && !str_is(value, key->words[i]); i++) {
        if (key->words[i + 1] == NULL) {
            return fail_set(fail, FAIL_INPUT, "%s: %s is \"%.*s\", expected one of: %s ...", where,
                            key->name, STR_ARG(value), key->words[0]);
        }
    }
    struct str copy = str_copy(arena, value);
    memcpy((char *)config + key->offset, &copy, sizeof copy);
    return true;
}

bool app_config_set(struct app_config *config, struct str name, struct str value, const char *where,
                    struct arena *arena, struct fail *fail)
{
    const struct app_config_key *key = find_key(name, where, fail);
    if (key == NULL) {
        return false;
    }
    if (key->type == APP_CONFIG_TEXT) {
        return set_text(config, key, value, where, arena, fail);
    }
    int64_t number;
    if (!str_parse_i64(value, &number) || number < key->least || number > key->most) {
        return fail_set(fail, FAIL_INPUT,
                        "%s: %s is \"%.*s\", expected a whole number from %lld to %lld", where,
                        key->name, STR_ARG(value), (long long)key->least, (long long)key->most);
    }
    memcpy((char *)config + key->offset, &number, sizeof number);
    return true;
}

static void set_default(struct app_config *config, const struct app_config_key *key)
{
    if (key->type == APP_CONFIG_INT) {
        memcpy((char *)config + key->offset, &key->otherwise, sizeof key->otherwise);
    } else {
        struct str text = str_from_c(key->otherwise_text);
        memcpy((char *)config + key->offset, &text, sizeof text);
    }
}

static void note_origin(struct str *origins, struct str name, struct str origin)
{
    for (size_t i = 0; origins != NULL && i < app_config_key_count; i++) {
        if (str_is(name, app_config_keys[i].name)) {
            origins[i] = origin;
        }
    }
}

static bool load_file(const char *directory, struct arena *arena, struct app_config *config,
                      struct str *origins, struct fail *fail)
{
    struct disk *disk = NULL;
    struct fail absent = {0};
    if (!disk_real(directory, &disk, &absent)) {
        return true; /* no directory yet, so no file in it */
    }
    struct str text;
    bool read = disk_read_whole(disk, "firsthand.conf", arena, CONFIG_BYTES_MAX, &text, &absent);
    disk_free(disk);
    if (!read && absent.code == FAIL_ABSENT) {
        return true;
    }
    if (!read) {
        *fail = absent;
        return false;
    }
    struct str line;
    for (int number = 1; str_next_part(&text, '\n', &line); number++) {
        line = str_trim(line);
        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }
        struct str where = str_format(arena, "firsthand.conf:%d", number);
        size_t equals = str_find_byte(line, '=');
        if (equals == line.len) {
            return fail_set(fail, FAIL_INPUT, "%s: expected `key = value`", where.data);
        }
        struct str name = str_trim(str_of(line.data, equals));
        if (!app_config_set(config, name, str_trim(str_after(line, equals + 1)), where.data, arena,
                            fail)) {
            return false;
        }
        note_origin(origins, name, where);
    }
    return true;
}

static bool load_environment(struct arena *arena, struct app_config *config, struct str *origins,
                             struct fail *fail)
{
    for (size_t i = 0; i < app_config_key_count; i++) {
        char variable[VARIABLE_CHARS_MAX];
        snprintf(variable, sizeof variable, "FIRSTHAND_%s", app_config_keys[i].name);
        for (char *c = variable; *c != '\0'; c++) {
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        }
        const char *value = getenv(variable); /* NOLINT(concurrency-mt-unsafe): before any thread */
        if (value == NULL) {
            continue;
        }
        struct str name = str_from_c(app_config_keys[i].name);
        if (!app_config_set(config, name, str_from_c(value), variable, arena, fail)) {
            return false;
        }
        note_origin(origins, name, str_copy(arena, str_from_c(variable)));
    }
    return true;
}

bool app_config_load(const char *directory, struct arena *arena, struct app_config *out,
                     struct str *origins, struct fail *fail)
{
    struct app_config config = {0};
    for (size_t i = 0; i < app_config_key_count; i++) {
        set_default(&config, &app_config_keys[i]);
        if (origins != NULL) {
            origins[i] = STR("default");
        }
    }
    if (!load_file(directory, arena, &config, origins, fail) ||
        !load_environment(arena, &config, origins, fail)) {
        return false;
    }
    *out = config;
    return true;
}
