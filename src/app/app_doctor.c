#include "app_doctor.h"

#include "app_internal.h"

const char *app_finding_level_name(enum app_finding_level level)
{
    static const char *const names[] = {"ok", "warn", "error"};
    return names[level];
}

static void add(struct app_doctor *doctor, struct app_finding finding)
{
    if (doctor->count < APP_DOCTOR_FINDINGS_MAX) {
        finding.check = str_copy(doctor->arena, finding.check);
        finding.what = str_copy(doctor->arena, finding.what);
        finding.remedy =
            finding.remedy.data == NULL ? finding.remedy : str_copy(doctor->arena, finding.remedy);
        doctor->findings[doctor->count++] = finding;
    }
    doctor->warnings += finding.level == APP_FINDING_WARN;
    doctor->errors += finding.level == APP_FINDING_ERROR;
    doctor->damages += finding.damage;
}

void app_doctor_say(struct app_doctor *doctor, enum app_finding_level level, const char *check,
                    struct str what, struct str remedy)
{
    add(doctor, (struct app_finding){level, str_from_c(check), what, remedy, false});
}

void app_doctor_say_damage(struct app_doctor *doctor, const char *check, struct str what,
                           struct str remedy)
{
    add(doctor, (struct app_finding){APP_FINDING_ERROR, str_from_c(check), what, remedy, true});
}

/* ---- what the holder of the directory says -------------------------------------------------------------------- */

static struct str text_of(struct json_value item, const char *name)
{
    struct json_value value;
    return json_member(item, str_from_c(name), &value) && json_type_of(value) == JSON_STRING
               ? json_string(value)
               : (struct str){NULL, 0};
}

static void add_answer(struct app_doctor *doctor, struct json_value item)
{
    struct json_value damage;
    struct str level = text_of(item, "level");
    struct app_finding finding = {
        .level = str_is(level, "ok")     ? APP_FINDING_OK
                 : str_is(level, "warn") ? APP_FINDING_WARN
                                         : APP_FINDING_ERROR,
        .check = text_of(item, "check"),
        .what = text_of(item, "what"),
        .remedy = text_of(item, "remedy"),
        .damage = json_member(item, STR("damage"), &damage) && json_bool(damage),
    };
    add(doctor, finding);
}

static bool ask_holder(struct app_doctor *doctor, struct app_link *link, struct fail *fail)
{
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, list, item;
    if (!app_link_call(link, STR("doctor"), STR("{}"), &answer, fail) ||
        !json_parse(parser, base_buf_view(&answer), &root, fail)) {
        return false;
    }
    if (json_member(root, STR("findings"), &list)) {
        for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
            add_answer(doctor, item);
        }
    }
    return true;
}

static void say_closed(struct app_doctor *doctor, const struct fail *why)
{
    struct str what = str_format(doctor->arena, "it cannot be opened: %s", why->message);
    if (why->code == FAIL_CORRUPT) {
        app_doctor_say_damage(doctor, "open", what,
                              STR("firsthand verify says what is damaged; restore a backup "
                                  "(docs/how-to/backup.md)"));
    } else {
        app_doctor_say(doctor, APP_FINDING_ERROR, "open", what,
                       STR("mend that; the checks of what lies in it were not made"));
    }
}

void app_doctor(const char *data, struct arena *arena, struct app_doctor *out)
{
    struct app_options options = {.data = data};
    struct app_link *link = NULL;
    struct app_config config;
    struct fail why = {0};
    *out = (struct app_doctor){.arena = arena};
    bool there = app_doctor_machine(out, data);
    if (!app_doctor_settings(out, data, &config) || !there) {
        return;
    }
    if (!app_link_open(&options, &link, &why)) {
        app_doctor_listen(out, &config, false);
        say_closed(out, &why);
        return;
    }
    bool served = app_link_app(link) == NULL;
    APP_DOCTOR_OK(out, "open", "%s",
                  served ? "a server has it, and answers" : "no server has it; it can be opened");
    app_doctor_listen(out, &config, served);
    if (!ask_holder(out, link, &why)) {
        say_closed(out, &why);
    }
    app_link_close(link);
}
