/* app_doctor.h — what is wrong with an installation, and what to do about it.
 *
 * What: a list of checks, each with what was found and, where it is not fine, what to do. Some look at the machine and the
 *   directory from outside (app_doctor_machine.c), some are answered by whoever holds the directory, the server or this
 *   process (app_doctor_data.c: the operation "doctor"). Nothing is changed but what opening a directory changes.
 * Owner: findings lie in the arena given.
 * Threads: any.
 * Failure: none: what is wrong is a finding.
 * Limits/cost: APP_DOCTOR_FINDINGS_MAX; reads state.db whole, and the heads of segments.   Units: none.
 * Example: app_doctor("shop", arena, &doctor); doctor.errors
 * Not here: how it is shown (cli_doctor.c); reading every byte (app_verify).
 */
#pragma once

#include "app.h"

#define APP_DOCTOR_FINDINGS_MAX 200

enum app_finding_level { APP_FINDING_OK, APP_FINDING_WARN, APP_FINDING_ERROR };
const char *app_finding_level_name(enum app_finding_level level);

struct app_finding {
    enum app_finding_level level;
    struct str check; /* "state", "backups": stable */
    struct str what;
    struct str remedy; /* missing where it is fine */
    bool damage;       /* stored data are damaged */
};
struct app_doctor {
    struct arena *arena;
    struct app_finding findings[APP_DOCTOR_FINDINGS_MAX]; /* what is beyond is counted only */
    size_t count;
    size_t warnings, errors, damages;
};

void app_doctor(const char *data, struct arena *arena, struct app_doctor *out);

/* As an object: errors, warnings, findings. */
struct json_writer;
void app_doctor_write(struct json_writer *w, const struct app_doctor *doctor);

/* ---- for the checks -------------------------------------------------------------------------------------------- */

/* `remedy` missing: it is fine. The texts are copied. */
void app_doctor_say(struct app_doctor *doctor, enum app_finding_level level, const char *check,
                    struct str what, struct str remedy);
/* The same of damage. */
void app_doctor_say_damage(struct app_doctor *doctor, const char *check, struct str what,
                           struct str remedy);
#define APP_DOCTOR_OK(doctor, check, ...)                                                          \
    app_doctor_say(doctor, APP_FINDING_OK, check, str_format((doctor)->arena, __VA_ARGS__),        \
                   (struct str){NULL, 0})

/* From outside: directory, disk, clock, this kernel. False: the directory cannot be opened, for a reason that was said. */
bool app_doctor_machine(struct app_doctor *doctor, const char *data);
/* The settings; false: they cannot be read, which was said. */
bool app_doctor_settings(struct app_doctor *doctor, const char *data, struct app_config *out);
/* The address to listen on; `served`: a server holds the directory. */
void app_doctor_listen(struct app_doctor *doctor, const struct app_config *config, bool served);
