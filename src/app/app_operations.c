/* The one table of use cases: http maps routes to it, cli maps commands to it. */
#include "app_internal.h"

const struct app_operation app_operations[] = {
    {"query", ACCESS_RIGHT_ASK, "Asks a question of the query contract.", app_op_query},
    {"names", ACCESS_RIGHT_ASK, "Lists names of events, properties, traits, channels, sources.",
     app_op_names},
    {"values", ACCESS_RIGHT_ASK, "Lists the most frequent values of a property or trait.",
     app_op_values},
    {"catalogue", ACCESS_RIGHT_ASK,
     "Lists events, properties or traits, with what is known of them.", app_op_catalogue},
    {"catalogue.entry", ACCESS_RIGHT_ASK, "Shows one event, property or trait.",
     app_op_catalogue_entry},
    {"catalogue.unexpected", ACCESS_RIGHT_ASK,
     "Lists properties and traits with values that are not expected.", app_op_catalogue_unexpected},
    {"catalogue.set", ACCESS_RIGHT_SAVE, "Says what an event, property or trait is.",
     app_op_catalogue_set},
    {"sql", ACCESS_RIGHT_ASK, "Runs a SELECT over events, customers and verbatims.", app_op_sql},
    {"sql.schema", ACCESS_RIGHT_ASK, "Lists the tables of SQL with their columns.",
     app_op_sql_schema},
    {"customer", ACCESS_RIGHT_ASK, "Shows one customer.", app_op_customer},
    {"customer.value", ACCESS_RIGHT_ASK, "Adds up what a customer was worth.",
     app_op_customer_value},
    {"customer.wrong", ACCESS_RIGHT_ASK,
     "Lists what went wrong for a customer, and why it says so.", app_op_customer_wrong},
    {"experience", ACCESS_RIGHT_ASK, "Shows what counts as value, and what as gone wrong.",
     app_op_experience},
    {"experience.save", ACCESS_RIGHT_SETTINGS, "Says what counts as value, and what as gone wrong.",
     app_op_experience_save},
    {"customers.find", ACCESS_RIGHT_ASK, "Finds customers while somebody types.",
     app_op_customers_find},
    {"timeline", ACCESS_RIGHT_ASK, "Reads one customer's timeline, page by page.", app_op_timeline},
    {"account", ACCESS_RIGHT_ASK, "Shows one account and its customers.", app_op_account},
    {"customer.join", ACCESS_RIGHT_JOIN_USERS, "Joins one customer into another.",
     app_op_customer_join},
    {"customer.split", ACCESS_RIGHT_JOIN_USERS, "Undoes the join that an identifier came with.",
     app_op_customer_split},
    {"segments", ACCESS_RIGHT_ASK, "Lists saved segments.", app_op_segments},
    {"segment", ACCESS_RIGHT_ASK, "Shows a saved segment.", app_op_segment},
    {"segment.save", ACCESS_RIGHT_SAVE, "Saves a segment under a name.", app_op_segment_save},
    {"segment.delete", ACCESS_RIGHT_SAVE, "Deletes a saved segment.", app_op_segment_delete},
    {"views", ACCESS_RIGHT_ASK, "Lists saved views.", app_op_views},
    {"view.add", ACCESS_RIGHT_SAVE, "Saves a view.", app_op_view_add},
    {"view.save", ACCESS_RIGHT_SAVE, "Changes a saved view.", app_op_view_save},
    {"view.delete", ACCESS_RIGHT_SAVE, "Deletes a saved view.", app_op_view_delete},
    {"dashboards", ACCESS_RIGHT_ASK, "Lists dashboards.", app_op_dashboards},
    {"dashboard", ACCESS_RIGHT_ASK, "Shows a dashboard.", app_op_dashboard},
    {"dashboard.add", ACCESS_RIGHT_SAVE, "Makes a dashboard.", app_op_dashboard_add},
    {"dashboard.save", ACCESS_RIGHT_SAVE, "Changes a dashboard.", app_op_dashboard_save},
    {"dashboard.delete", ACCESS_RIGHT_SAVE, "Deletes a dashboard; its views stay.",
     app_op_dashboard_delete},
    {"notes", ACCESS_RIGHT_ASK, "Lists notes on time.", app_op_notes},
    {"note.add", ACCESS_RIGHT_SAVE, "Notes what happened at a time.", app_op_note_add},
    {"note.save", ACCESS_RIGHT_SAVE, "Changes a note.", app_op_note_save},
    {"note.delete", ACCESS_RIGHT_SAVE, "Deletes a note.", app_op_note_delete},
    {"surveys", ACCESS_RIGHT_ASK, "Lists surveys.", app_op_surveys},
    {"survey", ACCESS_RIGHT_ASK, "Shows a survey: its version, its draft, what to mend.",
     app_op_survey},
    {"survey.add", ACCESS_RIGHT_SAVE, "Makes a survey, as a draft.", app_op_survey_add},
    {"survey.save", ACCESS_RIGHT_SAVE, "Saves the draft of a survey.", app_op_survey_save},
    {"survey.check", ACCESS_RIGHT_ASK, "Checks a survey without saving it.", app_op_survey_check},
    {"survey.publish", ACCESS_RIGHT_SAVE, "Freezes the draft as a version and opens the survey.",
     app_op_survey_publish},
    {"survey.pause", ACCESS_RIGHT_SAVE, "Asks nobody for the time being.", app_op_survey_pause},
    {"survey.close", ACCESS_RIGHT_SAVE, "Ends a survey; its answers stay.", app_op_survey_close},
    {"survey.delete", ACCESS_RIGHT_SAVE, "Deletes a survey that was never published.",
     app_op_survey_delete},
    {"survey.results", ACCESS_RIGHT_ASK, "Shows what came of a survey, by question.",
     app_op_survey_results},
    {"survey.responses", ACCESS_RIGHT_ASK, "Lists responses, newest first.",
     app_op_survey_responses},
    {"survey.audience", ACCESS_RIGHT_ASK, "Estimates how many a survey would reach now.",
     app_op_survey_audience},
    {"survey.suspects", ACCESS_RIGHT_ASK, "Lists responses that are kept apart, with reasons.",
     app_op_survey_suspects},
    {"survey.release", ACCESS_RIGHT_SAVE, "Puts a suspect's answers on the timeline.",
     app_op_survey_release},
    {"survey.discard", ACCESS_RIGHT_SAVE, "Refuses a suspect; its answers are forgotten.",
     app_op_survey_discard},
    {"survey.invitations", ACCESS_RIGHT_ASK, "Lists personal links.", app_op_survey_links},
    {"survey.link", ACCESS_RIGHT_SAVE, "Makes personal links, within the contact policy.",
     app_op_survey_link},
    {"survey.link.revoke", ACCESS_RIGHT_SAVE, "Revokes a personal link.",
     app_op_survey_link_revoke},
    {"survey.snippet", ACCESS_RIGHT_ASK, "Makes HTML for a mail: the scale as links.",
     app_op_survey_snippet},
    {"survey.qr", ACCESS_RIGHT_ASK, "Makes a QR code of a survey's address.", app_op_survey_qr},
    {"survey.respond", ACCESS_RIGHT_SAVE, "Takes a whole response from a program.",
     app_op_survey_respond},
    {"survey.why", ACCESS_RIGHT_ASK, "Says why a customer is asked, or is not, rule by rule.",
     app_op_survey_why},
    {"ask.next", ACCESS_RIGHT_DECIDE, "Says which survey a customer is asked now, if any.",
     app_op_ask_next},
    {"ask.shown", ACCESS_RIGHT_DECIDE, "Notes that a survey was seen.", app_op_ask_shown},
    {"ask.answer", ACCESS_RIGHT_DECIDE, "Takes answers; sending them again changes nothing.",
     app_op_ask_answer},
    {"survey.templates", ACCESS_RIGHT_ASK, "Lists surveys to begin from.", app_op_survey_templates},
    {"settings", ACCESS_RIGHT_ASK, "Shows the organisation's settings.", app_op_settings},
    {"settings.save", ACCESS_RIGHT_SETTINGS, "Changes the organisation's settings.",
     app_op_settings_save},
    {"internal", ACCESS_RIGHT_ASK, "Shows who is left out of questions, by which rules.",
     app_op_internal},
    {"internal.save", ACCESS_RIGHT_SETTINGS, "Says who is left out of questions.",
     app_op_internal_save},
    {"ledger", ACCESS_RIGHT_PIPELINE, "Shows what became of every event received.", app_op_ledger},
    {"quarantine", ACCESS_RIGHT_PIPELINE, "Lists rows that could not be stored.",
     app_op_quarantine},
    {"quarantine.row", ACCESS_RIGHT_PIPELINE, "Shows one row that could not be stored, whole.",
     app_op_quarantine_row},
    {"quarantine.groups", ACCESS_RIGHT_PIPELINE,
     "Gathers them by source and reason, each with a fix that was tried.",
     app_op_quarantine_groups},
    {"quarantine.fix", ACCESS_RIGHT_MEND,
     "Mends rows and takes them again, or shows what would be.", app_op_quarantine_fix},
    {"quarantine.replay", ACCESS_RIGHT_MEND, "Takes rows again as they are.",
     app_op_quarantine_replay},
    {"quarantine.discard", ACCESS_RIGHT_MEND, "Discards rows: they are counted as refused.",
     app_op_quarantine_discard},
    {"imports", ACCESS_RIGHT_PIPELINE, "Lists imports, newest first.", app_op_imports},
    {"import.preview", ACCESS_RIGHT_PIPELINE, "Says what taking back an import would take.",
     app_op_import_preview},
    {"import.undo", ACCESS_RIGHT_SETTINGS, "Takes back all that an import stored.",
     app_op_import_undo},
    {"live", ACCESS_RIGHT_PIPELINE, "Shows the newest events and their verdicts.", app_op_live},
    {"status", ACCESS_RIGHT_PIPELINE, "Shows sizes, counts and health.", app_op_status},
    {"seal", ACCESS_RIGHT_SETTINGS, "Seals fresh rows and merges segments now.", app_op_seal},
    {"posthog.surveys", ACCESS_RIGHT_DECIDE, "Lists published surveys in PostHog's form.",
     app_op_posthog_surveys},
    {"posthog.flag", ACCESS_RIGHT_DECIDE, "Decides which survey a person of PostHog's is asked.",
     app_op_posthog_flag},
    {"channels", ACCESS_RIGHT_PIPELINE,
     "Lists webhooks, feeds and mailboxes, and how they are doing.", app_op_channels},
    {"channel.save", ACCESS_RIGHT_KEYS, "Makes or changes a webhook, a feed or a mailbox.",
     app_op_channel_save},
    {"channel.pause", ACCESS_RIGHT_KEYS, "Pauses a channel, or goes on with it.",
     app_op_channel_pause},
    {"channel.remove", ACCESS_RIGHT_KEYS, "Removes a channel; its events stay.",
     app_op_channel_remove},
    {"channel.address", ACCESS_RIGHT_KEYS, "Gives a webhook a new address; the old one ends.",
     app_op_channel_address},
    {"channel.poll", ACCESS_RIGHT_KEYS, "Reads a channel now.", app_op_channel_poll},
    {"channel.test", ACCESS_RIGHT_KEYS, "Shows what would become of a channel's newest items.",
     app_op_channel_test},
    {"webhook.preview", ACCESS_RIGHT_KEYS, "Shows what a sample delivery would become.",
     app_op_webhook_preview},
    {"webhook.suggest", ACCESS_RIGHT_KEYS, "Guesses a webhook's definition from a sample.",
     app_op_webhook_suggest},
    {"jobs", ACCESS_RIGHT_PIPELINE, "Lists what the server does by itself, and how it went.",
     app_op_jobs},
    {"job.run", ACCESS_RIGHT_SETTINGS, "Runs a job now.", app_op_job_run},
    {"doctor", ACCESS_RIGHT_SETTINGS, "Looks for what is wrong with data, limits and jobs.",
     app_op_doctor},
    {"backups", ACCESS_RIGHT_SETTINGS, "Shows which backups there are, and whether they are good.",
     app_op_backups},
    {"keys", ACCESS_RIGHT_KEYS, "Lists keys.", app_op_keys},
    {"key.create", ACCESS_RIGHT_KEYS, "Makes a key; a secret one is shown only now.",
     app_op_key_create},
    {"key.revoke", ACCESS_RIGHT_KEYS, "Revokes a key.", app_op_key_revoke},
    {"sources", ACCESS_RIGHT_PIPELINE, "Lists sources.", app_op_sources},
    {"source.save", ACCESS_RIGHT_KEYS, "Makes or changes a source.", app_op_source_save},
    {"users", ACCESS_RIGHT_PEOPLE, "Lists people.", app_op_users},
    {"user.add", ACCESS_RIGHT_PEOPLE, "Adds a person.", app_op_user_add},
    {"user.link", ACCESS_RIGHT_PEOPLE, "Makes a one-time sign-in token.", app_op_user_link},
    {"setup.link", ACCESS_RIGHT_PEOPLE, "Makes the token of the first administrator.",
     app_op_setup_link},
    {"policy", ACCESS_RIGHT_ASK, "Shows the contact policy.", app_op_policy},
    {"policy.save", ACCESS_RIGHT_SETTINGS, "Changes the contact policy.", app_op_policy_save},
    {"decide", ACCESS_RIGHT_DECIDE, "Decides what may be shown to a customer now.", app_op_decide},
    {"contact.why", ACCESS_RIGHT_ASK, "Says why a customer would be contacted now, or not.",
     app_op_contact_why},
    {"interview.add", ACCESS_RIGHT_SAVE, "Records an interview with a customer who consented.",
     app_op_interview_add},
    {"interview.highlight", ACCESS_RIGHT_SAVE, "Picks words of an interview.",
     app_op_interview_highlight},
    {"interview.recruit", ACCESS_RIGHT_ASK,
     "Lists customers of a segment whom the contact policy would let us ask now.",
     app_op_interview_recruit},
    {"consents", ACCESS_RIGHT_ASK, "Shows what a customer said about being contacted.",
     app_op_consents},
    {"consent.record", ACCESS_RIGHT_SAVE, "Records a consent, or its withdrawal, with its proof.",
     app_op_consent_record},
    {"preference.link", ACCESS_RIGHT_SAVE, "Makes a customer's link to their preferences.",
     app_op_preference_link},
    {"erasure.requests", ACCESS_RIGHT_ASK, "Lists customers' wishes to be erased.",
     app_op_erasures},
    {"erasure.close", ACCESS_RIGHT_SAVE, "Closes a wish to be erased.", app_op_erasure_close},
    {"erase", ACCESS_RIGHT_SETTINGS, "Erases customers for good, and gives a receipt.",
     app_op_erase},
    {"erasure.receipts", ACCESS_RIGHT_ASK, "Lists receipts of erasures, newest first.",
     app_op_receipts},
    {"erasure.receipt", ACCESS_RIGHT_ASK, "Shows the receipt of an erasure.", app_op_receipt},
    {"erasure.verify", ACCESS_RIGHT_ASK, "Says whether receipts and audit trail are as signed.",
     app_op_erasure_verify},
    {"privacy", ACCESS_RIGHT_ASK, "Shows what happens to those who come back after an erasure.",
     app_op_privacy},
    {"privacy.save", ACCESS_RIGHT_SETTINGS,
     "Says what happens to those who come back after an erasure.", app_op_privacy_save},
    {"retention", ACCESS_RIGHT_ASK, "Shows for how long things are kept.", app_op_retention},
    {"retention.save", ACCESS_RIGHT_SETTINGS, "Says for how long things are kept.",
     app_op_retention_save},
    {"retention.preview", ACCESS_RIGHT_ASK, "Says what is past its time now.",
     app_op_retention_preview},
};
const size_t app_operation_count = ARRAY_LEN(app_operations);

struct str app_caller_name(const struct app_caller *caller, struct arena *arena)
{
    struct str kind = str_from_c(access_key_kind_name(caller->identity.kind));
    struct str name = caller->identity.name;
    return name.len == 0 || str_equal(name, kind)
               ? kind
               : str_format(arena, "%.*s %.*s", STR_ARG(kind), STR_ARG(name));
}

struct app_caller app_operator(void)
{
    return (struct app_caller){.identity = access_operator()};
}

static const struct app_operation *find(struct str name, struct fail *fail)
{
    for (size_t i = 0; i < app_operation_count; i++) {
        if (str_is(name, app_operations[i].name)) {
            return &app_operations[i];
        }
    }
    fail_set(fail, FAIL_ABSENT, "there is no operation \"%.*s\"", STR_ARG(name));
    return NULL;
}

bool app_call(struct app *app, const struct app_caller *caller, struct str operation,
              struct str input, struct base_buf *out, struct fail *fail)
{
    const struct app_operation *found = find(operation, fail);
    if (found == NULL) {
        return false;
    }
    if (!access_may(&caller->identity, found->right)) {
        return fail_set(fail, FAIL_DENIED, "this needs the right \"%s\"",
                        access_right_name(found->right));
    }
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    if (!json_parse(parser, input.len == 0 ? STR("{}") : input, &root, fail)) {
        return false;
    }
    if (json_type_of(root) != JSON_OBJECT) {
        return fail_input_at(fail, "", "expected an object, got %s",
                             json_type_name(json_type_of(root)));
    }
    return found->run(app, caller, root, arena, out, fail);
}
