/* app_config.h — settings that a start reads: defaults < DIR/firsthand.conf < FIRSTHAND_* < flags.
 *
 * What: one table of keys with type, range and meaning; a file of `key = value` lines, # for comments. What the
 *   organisation changes while running (its name, its zone) is in state_settings.h.
 * Owner: a value; text lies in the arena given.   Threads: immutable after loading.
 * Failure: FAIL_INPUT naming file and line (or the variable), what was expected, the nearest key.
 * Limits/cost: a file of at most 64 KiB.   Units: in the names of keys.
 * Example: app_config_load("data", arena, &config, fail)
 * Not here: secrets (files of their own), flags (cli).
 */
#pragma once

#include "base_str.h"

enum app_config_type { APP_CONFIG_INT, APP_CONFIG_TEXT };

struct app_config {
    int64_t query_time_ms;
    int64_t query_memory_mb;
    int64_t query_threads;   /* 0: the processors there are */
    int64_t queries_at_once; /* more wait */
    int64_t sql_memory_mb, sql_rows, sql_result_mb;
    int64_t dedup_window_days;
    int64_t quarantine_mb;
    int64_t body_mb, inflated_mb, events_per_request;
    int64_t bodies_mb, waiting_mb;
    struct str listen;
    struct str hosts; /* names under which the server may be called, separated by spaces */
    struct str tls_certificate_file, tls_key_file;
    int64_t connections, connections_per_address;
    int64_t behind_proxy; /* 1: believe X-Forwarded-For and -Proto of a proxy on this machine */
    struct str secrets_directory; /* files that hold others' secrets, by name; empty: none */
    struct str private_hosts;     /* hosts inside that may be connected to, separated by spaces */
    struct str outgoing_ca_file;  /* PEM, of authorities for connections out; empty: the system's */
    int64_t confine;              /* 1: a server gives up the rights it does not need */
    struct str backup_directory;  /* empty: no backups by themselves */
    int64_t backup_every_hours, backup_keep;
    int64_t restore_test_every_days, restore_test_mb;
    struct str disk_low, disk_full, ballast; /* sizes, see app_room.h */
    struct str log_level, log_form;
};

struct app_config_key {
    const char *name;
    enum app_config_type type;
    size_t offset; /* in struct app_config */
    int64_t least, most, otherwise;
    const char *otherwise_text;
    const char *const *words; /* allowed texts, NULL-terminated; NULL: any */
    const char *meaning;
};
extern const struct app_config_key app_config_keys[];
extern const size_t app_config_key_count;

/* Defaults, then the file where there is one, then the environment. `origins`, where not NULL, gets for each key
   where its value came from ("default", "firsthand.conf:3", "FIRSTHAND_LISTEN"). */
bool app_config_load(const char *directory, struct arena *arena, struct app_config *out,
                     struct str *origins, struct fail *fail) MUST_USE;
/* One key, as a flag would give it. `where` names the flag. */
bool app_config_set(struct app_config *config, struct str name, struct str value, const char *where,
                    struct arena *arena, struct fail *fail) MUST_USE;
