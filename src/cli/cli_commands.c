/* The one table of commands: parsing, help and completion come from it. Sorted by name. */
#include "cli_internal.h"

const struct cli_option cli_common_options[] = {
    {"--data", "DIR", "the data directory (FIRSTHAND_DATA, else ./data); made where there is none"},
    {"--json", NULL, "answer as JSON"},
    {"--quiet", NULL, "say only what was asked for"},
    {"--plain", NULL, "no progress bar"},
    {"--help", NULL, "show this"},
    {NULL, NULL, NULL},
};

#define FORMAT_OPTION                                                                              \
    {                                                                                              \
        "--format", "FORM", "table, json or csv"                                                   \
    }
#define END_OF_OPTIONS                                                                             \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

static const struct cli_option format_only[] = {FORMAT_OPTION, END_OF_OPTIONS};

#define RANGE_OPTIONS                                                                              \
    {"--last", "SPAN", "the last hours, days, weeks, months or quarters: 24h, 30d, 12w, 6m, 4q"},  \
        {"--from", "DATE", "begin of the range, with --to"}, {"--to", "DATE", "its last day"},     \
        {"--where", "COND", "only events with: 'price > 100' (may be repeated)"},                  \
        {"--segment", "NAME", "only customers of a saved segment"},                                \
        {"--internal", "WHAT", "internal customers: left-out, included or only (left-out)"},       \
        {"--timezone", "ZONE", "instead of the organisation's: Europe/Oslo"}, FORMAT_OPTION
#define INTERVAL_OPTION                                                                            \
    {                                                                                              \
        "--interval", "UNIT", "hour, day, week, month or quarter"                                  \
    }
#define COMPARE_OPTION                                                                             \
    {                                                                                              \
        "--compare", "WITH",                                                                       \
            "previous: the range before; year: a year before; weekday: the last "                  \
            "before it that begins on the same day of the week"                                    \
    }
#define PER_OPTION                                                                                 \
    {                                                                                              \
        "--per", "WHO", "account: count accounts, each with all its customers' timelines"          \
    }
#define QUESTION_OPTIONS                                                                           \
    RANGE_OPTIONS,                                                                                 \
        {"--by", "NAME", "break down by a property, customer.TRAIT, then.TRAIT or channel"},       \
        INTERVAL_OPTION

static const struct cli_option copy_options[] = {
    {"--output", "FILE", "instead of standard output; - is standard output"},
    {"-o", "FILE", "the same"},
    END_OF_OPTIONS,
};
static const struct cli_option export_options[] = {
    {"--format", "FORM", "ndjson, which may be imported again, csv or parquet (ndjson)"},
    {"--output", "FILE", "instead of standard output; - is standard output"},
    {"-o", "FILE", "the same as --output"},
    {"--last", "SPAN", "the last hours, days, weeks, months or quarters: 24h, 30d, 12w, 6m, 4q"},
    {"--from", "DATE", "begin of the range, with --to; an instant may stand for a date"},
    {"--to", "DATE", "its last day"},
    {"--timezone", "ZONE", "of days, instead of the organisation's: Europe/Oslo"},
    {"--segment", "NAME|FILE", "only customers of a saved segment, or of one in a file"},
    {"--event", "EVENT", "only events of this name (may be repeated)"},
    {"--source", "NAME", "only events of this source"},
    END_OF_OPTIONS};
static const struct cli_option trend_options[] = {
    QUESTION_OPTIONS,
    PER_OPTION,
    {"--measure", "M", "count, customers, sessions, sum:P, avg:P, p50:P, ... per_customer"},
    COMPARE_OPTION,
    END_OF_OPTIONS};
static const struct cli_option funnel_options[] = {
    QUESTION_OPTIONS,
    PER_OPTION,
    {"--window", "SPAN", "from the first step to the last: 30m, 7d (7d)"},
    COMPARE_OPTION,
    END_OF_OPTIONS};
static const struct cli_option retention_options[] = {
    QUESTION_OPTIONS,
    PER_OPTION,
    {"--return", "EVENT", "what counts as coming back (the same event)"},
    {"--periods", "N", "how many periods (12)"},
    {"--mode", "MODE", "bounded or unbounded"},
    {"--cohort", "WHICH",
     "first: a customer's first start alone; every: one in each interval (first)"},
    COMPARE_OPTION,
    END_OF_OPTIONS};
static const struct cli_option habit_options[] = {RANGE_OPTIONS, INTERVAL_OPTION, PER_OPTION,
                                                  COMPARE_OPTION, END_OF_OPTIONS};
static const struct cli_option time_between_options[] = {
    RANGE_OPTIONS,
    {"--window", "SPAN", "at most so long: 30m, 7d (no limit)"},
    PER_OPTION,
    COMPARE_OPTION,
    END_OF_OPTIONS};
static const struct cli_option paths_options[] = {
    RANGE_OPTIONS,
    PER_OPTION,
    {"--end", NULL, "the paths that lead to the event, not those that begin with it"},
    {"--steps", "N", "at most so many steps (4)"},
    {"--by", "NAME", "steps are values of a property, customer.TRAIT or channel, not events"},
    {"--gap", "SPAN", "a longer pause ends a path (30m)"},
    {"--repeats", NULL, "count the same event twice in a row as two steps"},
    {"--limit", "N", "at most so many paths and links (50)"},
    COMPARE_OPTION,
    END_OF_OPTIONS};
static const struct cli_option score_options[] = {
    QUESTION_OPTIONS,
    {"--least", "N", "show no score of fewer answers (30)"},
    COMPARE_OPTION,
    {"--adjusted", NULL, "and corrected for who did not answer"},
    END_OF_OPTIONS};
static const struct cli_option note_options[] = {
    {"--at", "WHEN", "when: 2026-05-01, '2026-05-01 09:30', 2026-05-01T09:30:00Z (now)"},
    {"--until", "WHEN", "when it ended, for what lasted"},
    {"--kind", "KIND", "release, incident, campaign or other (other)"},
    END_OF_OPTIONS};
static const struct cli_option note_list_options[] = {
    {"--from", "DATE", "only those since"},
    {"--to", "DATE", "only those up to the end of this day"},
    {"--kind", "KIND", "release, incident, campaign or other"},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option verbatims_options[] = {
    QUESTION_OPTIONS,
    {"--sort", "ORDER", "relevance, -ts, ts, -score or score"},
    {"--limit", "N", "at most so many (50)"},
    END_OF_OPTIONS};
static const struct cli_option serve_options[] = {
    {"--listen", "ADDR:PORT", "where to serve (127.0.0.1:8080)"},
    {"--sign-in-link", NULL, "print a one-time sign-in link of the first administrator"},
    {"--first-steps", NULL, "print how to send a first own event"},
    {"--log-level", "LEVEL", "debug, info, warn or error"},
    {"--log-form", "FORM", "logfmt or json"},
    END_OF_OPTIONS};
static const struct cli_option catalogue_list_options[] = {
    {"--kind", "KIND", "event, property or trait (event)"},
    {"--search", "WORDS", "in the name, the owner, the description"},
    {"--limit", "N", "at most so many (100)"},
    {"--cursor", "NAME", "go on after this one"},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option catalogue_set_options[] = {
    {"--owner", "WHO", "who answers for it; '': nobody"},
    {"--description", "TEXT", "what it means; '': not said"},
    {"--type", "TYPE", "expected of its values: string, number or boolean"},
    {"--values", "A,B,...", "the values that are expected"},
    {"--any", NULL, "nothing is expected any more"},
    {"--shown-as", "NAME", "renames, or merges into another; '': by its own name again"},
    {"--hidden", "on|off", "keep it out of suggestions (off)"},
    {"--blocked", "on|off", "events of it are refused; a property or trait is left out (off)"},
    END_OF_OPTIONS};
static const struct cli_option channel_options[] = {
    {"--kind", "KIND", "of a feed: post or review (post)"},
    {"--score", "PLACE", "of a feed: the element, or pointer, that holds the stars"},
    {"--scale", "SCALE", "of that score: stars, csat, ces or nps (stars)"},
    {"--channel", "NAME", "the events' channel"},
    {"--every", "MINUTES", "how often it is read (a feed 30, a mailbox 5)"},
    {"--user", "NAME", "of a mailbox"},
    {"--secret", "NAME", "the file in secrets_directory that holds a mailbox's password"},
    {"--folder", "NAME", "of a mailbox (INBOX)"},
    END_OF_OPTIONS};
static const struct cli_option webhook_options[] = {
    {"--name", "NAME", "the webhook's name, as in its people's ids"}, END_OF_OPTIONS};
static const struct cli_option demo_options[] = {
    {"--customers", "N", "how many customers (20000)"},
    {"--days", "N", "how many days (365)"},
    {"--seed", "N", "another seed, other customers (1)"},
    {"--until", "DATE", "the last day, whole (default: today, up to the last full hour)"},
    END_OF_OPTIONS};
static const struct cli_option import_options[] = {
    {"--source", "NAME", "the source the events are filed under (import)"},
    {"--format", "FORM",
     "ndjson, csv, segment, posthog, access-log, eml or mbox; else seen from it"},
    {"--map", "MAP.json", "which column is what (docs/how-to/import.md)"},
    {"--suggest-map", NULL, "of a CSV: print a map to start from, and do nothing else"},
    {"--dry-run", NULL, "read and judge, store nothing"},
    END_OF_OPTIONS};
static const struct cli_option sql_options[] = {
    {"--param", "VALUE", "for the next ? of the statement (may be repeated)"},
    {"--limit", "N", "at most so many rows (the setting sql_rows)"},
    {"--schema", NULL, "show the tables and their columns instead"},
    FORMAT_OPTION,
    END_OF_OPTIONS};
#define MEND_OPTIONS                                                                               \
    {"--reason", "REASON", "all rows with this reason, to the letter"},                            \
        {"--source", "NAME", "all rows of this source"},                                           \
        {"--field", "FIELD", "of those only with this field"},                                     \
    {                                                                                              \
        "--dry-run", NULL, "show what would become of them, change nothing"                        \
    }
static const struct cli_option quarantine_fix_options[] = {
    MEND_OPTIONS,
    {"--set", "/PATH=VALUE", "put a value there: JSON, or a text; @received_at (may be repeated)"},
    {"--remove", "/PATH", "take out what stands there (may be repeated)"},
    {"--patch", "FILE", "a JSON Patch (RFC 6902); - is standard input"},
    {"--text", "FILE", "of one row: take this text instead of the record"},
    {"--suggested", NULL, "with --reason: the fix that \"quarantine groups\" suggests"},
    {"--map", "MAP.json", "of rows out of files: read them with this map"},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option quarantine_replay_options[] = {
    MEND_OPTIONS,
    {"--map", "MAP.json", "of rows out of files: read them with this map"},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option quarantine_discard_options[] = {
    MEND_OPTIONS, {"--yes", NULL, "do not ask"}, FORMAT_OPTION, END_OF_OPTIONS};
static const struct cli_option undo_options[] = {
    {"--dry-run", NULL, "say what would go; change nothing"},
    {"--yes", NULL, "do not ask first"},
    END_OF_OPTIONS};
static const struct cli_option erase_options[] = {
    {"--file", "FILE", "whom: an identifier a line (- is standard input)"},
    {"--segment", "NAME", "whom: who is in this saved segment now"},
    {"--reason", "TEXT", "why, for the receipt; identifiers in it are left out"},
    {"--anyway", NULL, "also where nobody is known so: quarantined rows, invitations"},
    {"--dry-run", NULL, "say what would go; change nothing"},
    {"--yes", NULL, "do not ask first"},
    END_OF_OPTIONS};
static const struct cli_option privacy_options[] = {
    {"--after-erasure", "WHAT", "new: whoever comes back is a new customer; refuse: not taken in"},
    END_OF_OPTIONS};
static const struct cli_option quarantine_options[] = {
    {"--source", "NAME", "only of this source"},
    {"--reason", "REASON", "only for this reason"},
    {"--limit", "N", "at most so many rows (50)"},
    {"--cursor", "ID", "go on after this row"},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option limited_options[] = {
    {"--limit", "N", "at most so many, the newest"}, FORMAT_OPTION, END_OF_OPTIONS};
static const struct cli_option key_options[] = {
    {"--kind", "KIND", "write, client or secret"},
    {"--name", "NAME", "what it is for; its source too, unless --source says otherwise"},
    {"--source", "NAME", "the source that its events are filed under"},
    {"--origin", "ORIGIN", "public keys: only pages from there (may be repeated)"},
    {"--expires", "INSTANT", "RFC 3339"},
    END_OF_OPTIONS};
static const struct cli_option internal_options[] = {
    {"--email-domain", "A,B", "whose e-mail (trait email, or id) ends so; '': none"},
    {"--customer", "A,B", "these customers, by id"},
    {"--trait", "COND", "who has: 'role = staff' (may be repeated)"},
    {"--segment", "A,B", "saved segments"},
    {"--address", "A,B", "who sent from there, if addresses are kept: 192.0.2.0/24"},
    {"--bots", "on|off", "who names a robot's user agent, if these are kept"},
    END_OF_OPTIONS};
static const struct cli_option interview_options[] = {
    {"--customer", "CUSTOMER", "who was interviewed: any of its identifiers"},
    {"--notes", "FILE", "the notes (- for standard input)"},
    {"--consent", "WORDING", "what was agreed to; writes the consent where there is none yet"},
    {"--participant", "NAME", "who else was there (may be repeated)"},
    {"--title", "TITLE", "what it was about"},
    {"--channel", "NAME", "where: phone, store, ..."},
    {"--ts", "INSTANT", "when, RFC 3339 (now)"},
    {"--id", "ID", "an id of your own: given again, it is recorded once"},
    END_OF_OPTIONS};
static const struct cli_option highlight_options[] = {
    {"--quote", "WORDS", "words of the interview, exactly"},
    {"--note", "NOTE", "why they matter"},
    END_OF_OPTIONS};
static const struct cli_option recruit_options[] = {
    {"--limit", "N", "at most so many (20)"},
    {"--purpose", "PURPOSE", "of the contact policy (survey)"},
    {"--channel", "NAME", "where they would be asked: email, phone, ..."},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option source_options[] = {
    {"--channel", "NAME", "where its events happen that do not say so; '': none"},
    {"--zone", "ZONE", "of times without an offset: Europe/Oslo; '': the organisation's"},
    {"--origin", "ORIGIN", "only pages from there may send (may be repeated); '': any"},
    {"--mask", "KINDS", "masked before storing: email,phone,card,iban,ip; '': nothing"},
    {"--mask-field", "FIELD", "where: text, properties, traits, properties.NAME (text,properties)"},
    {"--pattern", "NAME=RE2", "masked too, as [NAME] (may be repeated); '': none"},
    {"--own-domain", "DOMAIN", "mail from there is yours, not a customer's (may be repeated)"},
    {"--mail-kind", "KIND", "what its mails are: ticket, review, note, ... (ticket)"},
    {"--keep-mail-text", "on|off", "keep the whole text of mails, quotes and all (off)"},
    {"--keep-address", "on|off", "keep the addresses that its senders are at (off)"},
    {"--keep-user-agent", "on|off", "keep the names of their browsers (off)"},
    {"--heed-gpc", "on|off", "refuse events of browsers that ask not to be tracked (off)"},
    {"--quota-minute", "N", "events over HTTP in a minute, 429 above; '': as many as come"},
    {"--quota-day", "N", "the same in a day of its zone"},
    END_OF_OPTIONS};
static const struct cli_option user_options[] = {
    {"--name", "NAME", "the person's name"},
    {"--role", "ROLE", "viewer, member or admin (member)"},
    {"--password-file", "FILE",
     "a file with the password (- for standard input); none: links only"},
    END_OF_OPTIONS};
static const struct cli_option link_options[] = {
    {"--address", "URL", "how the server is reached (http://127.0.0.1:8080)"}, END_OF_OPTIONS};

static const struct cli_option consent_options[] = {
    {"--how", "TEXT", "the proof: where and how the customer said so"},
    {"--wording", "TEXT", "what the customer agreed to"},
    {"--until", "INSTANT", "it ends by itself then (RFC 3339)"},
    END_OF_OPTIONS};
static const struct cli_option why_options[] = {
    {"--purpose", "NAME", "survey, message, ... (survey)"},
    {"--channel", "NAME", "web, app, email, ..."},
    FORMAT_OPTION,
    END_OF_OPTIONS};
static const struct cli_option preference_options[] = {
    {"--days", "N", "how long the link is good (90)"},
    {"--address", "URL", "how the server is reached (http://127.0.0.1:8080)"},
    END_OF_OPTIONS};
static const struct cli_option close_options[] = {{"--note", "TEXT", "what was done"},
                                                  END_OF_OPTIONS};

static const struct cli_option survey_link_options[] = {
    {"--customer", "ID", "for this customer (may be repeated)"},
    {"--segment", "NAME", "for all of a saved segment"},
    {"--audience", NULL, "for whom the survey itself is, at its moment, in its sample"},
    {"--anonymous", "N", "so many for nobody known"},
    {"--once", NULL, "each ends with its answer"},
    {"--expires", "INSTANT", "RFC 3339"},
    {"--address", "URL", "how the server is reached (http://127.0.0.1:8080)"},
    FORMAT_OPTION,
    END_OF_OPTIONS};

static const struct cli_option account_options[] = {
    {"--limit", "N", "so many of its customers, those seen last first (50)"},
    FORMAT_OPTION,
    END_OF_OPTIONS};

static const struct cli_option backup_options[] = {
    {"--keep", "N", "so many generations stay; older ones go (all stay)"},
    {"--verify", NULL, "read back and check all that the new generation names"},
    END_OF_OPTIONS,
};
static const struct cli_option migrate_options[] = {
    {"--backup", "TARGET", "where to; DIR.before-upgrade"},
    END_OF_OPTIONS,
};
static const struct cli_option restore_options[] = {
    {"--at", "GENERATION", "which one; the newest"},
    {"--erasures", "FILE", "erasures.log of a directory that went on after the last backup"},
    END_OF_OPTIONS,
};
static const struct cli_option verify_options[] = {
    {"--backup", "TARGET", "read a backup in place of the directory"},
    {"--at", "GENERATION", "only this generation of it"},
    END_OF_OPTIONS,
};

const struct cli_command cli_commands[] = {
    {"account show", "ACCOUNT", "Shows one account: counts, traits, its customers.",
     "firsthand account show acme", account_options, 1, 1, cli_run_account_show},
    {"backup", "TARGET", "Backs the directory up into another one, also beside a running server.",
     "firsthand backup backups --data shop\n"
     "firsthand backup backups --verify --keep 14 --data shop",
     backup_options, 1, 1, cli_run_backup},
    {"backup list", "TARGET", "Lists the generations of a backup.", "firsthand backup list backups",
     format_only, 1, 1, cli_run_backup_list},
    {"catalogue list", "", "Lists events, properties or traits, and what is known of them.",
     "firsthand catalogue list\n"
     "firsthand catalogue list --kind property --search price",
     catalogue_list_options, 0, 0, cli_run_catalogue_list},
    {"catalogue set", "KIND NAME",
     "Says what an event, property or trait is, and what is expected.",
     "firsthand catalogue set event 'Order Completed' --owner 'Shop team' "
     "--description 'Paid and confirmed.'\n"
     "firsthand catalogue set property price --type number\n"
     "firsthand catalogue set trait plan --values free,pro\n"
     "firsthand catalogue set event 'order completed' --shown-as 'Order Completed'\n"
     "firsthand catalogue set property password --blocked on",
     catalogue_set_options, 2, 2, cli_run_catalogue_set},
    {"catalogue show", "KIND NAME", "Shows one of them, and where it occurs.",
     "firsthand catalogue show event 'Order Completed'", format_only, 2, 2, cli_run_catalogue_show},
    {"catalogue unexpected", "", "Lists properties and traits with values that are not expected.",
     "firsthand catalogue unexpected", format_only, 0, 0, cli_run_catalogue_unexpected},
    {"channel add", "KIND NAME FILE|URL",
     "Makes a webhook, feed or mailbox; prints a webhook's path.",
     "firsthand channel add webhook zendesk examples/webhooks/zendesk.json\n"
     "firsthand channel add feed forum https://forum.example/latest.rss\n"
     "firsthand channel add feed store https://store.example/reviews.atom --kind review --score "
     "im:rating\n"
     "firsthand channel add mailbox support imaps://mail.example.com --user support --secret "
     "support-mail",
     channel_options, 3, 3, cli_run_channel_add},
    {"channel address", "NAME", "Gives a webhook a new address; the old one ends.",
     "firsthand channel address zendesk", NULL, 1, 1, cli_run_channel_address},
    {"channel list", "", "Lists webhooks, feeds and mailboxes, and how they are doing.",
     "firsthand channel list", format_only, 0, 0, cli_run_channel_list},
    {"channel pause", "NAME", "Pauses a channel.", "firsthand channel pause forum", NULL, 1, 1,
     cli_run_channel_pause},
    {"channel poll", "NAME", "Reads a feed or mailbox now.", "firsthand channel poll reviews", NULL,
     1, 1, cli_run_channel_poll},
    {"channel remove", "NAME", "Removes a channel; its events stay.",
     "firsthand channel remove forum", NULL, 1, 1, cli_run_channel_remove},
    {"channel resume", "NAME", "Goes on with a paused channel.", "firsthand channel resume forum",
     NULL, 1, 1, cli_run_channel_resume},
    {"channel test", "NAME", "Shows what would become of the newest items or mails.",
     "firsthand channel test reviews", NULL, 1, 1, cli_run_channel_test},
    {"completion", "SHELL", "Prints completion for bash, zsh or fish.",
     "firsthand completion bash > /etc/bash_completion.d/firsthand", NULL, 1, 1,
     cli_run_completion},
    {"config set", "NAME VALUE", "Sets the organisation's name or time zone.",
     "firsthand config set timezone Europe/Oslo\nfirsthand config set organisation Fjordline", NULL,
     2, 2, cli_run_config_set},
    {"config show", "", "Shows every setting, its value and where it comes from.",
     "firsthand config show", NULL, 0, 0, cli_run_config_show},
    {"customer consent", "CUSTOMER PURPOSE granted|withdrawn",
     "Records a consent, or its withdrawal, with its proof.",
     "firsthand customer consent ann message granted --wording 'You may send me news.' "
     "--how 'on paper, in the shop'\n"
     "firsthand customer consent ann '*' withdrawn --how 'by phone'",
     consent_options, 3, 3, cli_run_customer_consent},
    {"customer consents", "CUSTOMER", "Shows what a customer said about being contacted.",
     "firsthand customer consents ann", format_only, 1, 1, cli_run_customer_consents},
    {"customer join", "FROM INTO", "Joins one customer into another.",
     "firsthand customer join user:ann@old user:ann", NULL, 2, 2, cli_run_customer_join},
    {"customer link", "CUSTOMER", "Prints the customer's own link to their preferences.",
     "firsthand customer link ann --address https://data.shop.example", preference_options, 1, 1,
     cli_run_customer_link},
    {"customer export", "CUSTOMER", "Packs all that is known of a customer as a ZIP.",
     "firsthand customer export ann > ann.zip\n"
     "firsthand customer export ann --output ann.zip",
     copy_options, 1, 1, cli_run_customer_export},
    {"customer show", "CUSTOMER", "Shows one customer: identifiers, traits, value, troubles.",
     "firsthand customer show ann\nfirsthand customer show email:ann@example.com", format_only, 1,
     1, cli_run_customer_show},
    {"customer split", "IDENTIFIER", "Undoes the join that this identifier came with.",
     "firsthand customer split anonymous:7c41", NULL, 1, 1, cli_run_customer_split},
    {"customer value", "CUSTOMER", "Adds up what a customer was worth, by currency.",
     "firsthand customer value ann\nfirsthand customer value ann --json", limited_options, 1, 1,
     cli_run_customer_value},
    {"customer why", "CUSTOMER", "Says why a customer would be contacted now, or not.",
     "firsthand customer why ann\nfirsthand customer why ann --purpose message --channel email",
     why_options, 1, 1, cli_run_customer_why},
    {"customer wrong", "CUSTOMER", "Lists what went wrong for a customer, and why it says so.",
     "firsthand customer wrong ann\nfirsthand customer wrong ann --limit 5", limited_options, 1, 1,
     cli_run_customer_wrong},
    {"demo", "", "Fills the directory with a demo organisation, an outdoor shop.",
     "firsthand demo --data shop\nfirsthand demo --data small --customers 500 --days 90",
     demo_options, 0, 0, cli_run_demo},
    {"doctor", "", "Looks for what is wrong with an installation, and says what to do.",
     "firsthand doctor --data shop\nfirsthand doctor --quiet\nfirsthand doctor --json", NULL, 0, 0,
     cli_run_doctor},
    {"erase", "[CUSTOMER...]", "Erases customers for good, and gives a signed receipt.",
     "firsthand erase ann --dry-run\n"
     "firsthand erase ann --reason 'asked by letter' --yes\n"
     "firsthand erase --file leavers.txt --yes\n"
     "firsthand erase --segment pro --dry-run",
     erase_options, 0, CLI_ARGUMENTS_MAX, cli_run_erase},
    {"erasure close", "ID", "Closes a customer's wish to be erased.",
     "firsthand erasure close 3 --note 'erased on 3 May'", close_options, 1, 1,
     cli_run_erasure_close},
    {"erasure list", "", "Lists customers' wishes to be erased, open ones first.",
     "firsthand erasure list", format_only, 0, 0, cli_run_erasure_list},
    {"erasure receipts", "", "Lists receipts of erasures, newest first.",
     "firsthand erasure receipts", format_only, 0, 0, cli_run_erasure_receipts},
    {"erasure show", "RECEIPT", "Shows the receipt of an erasure, as it was signed.",
     "firsthand erasure show er_12ab > receipt.json", NULL, 1, 1, cli_run_erasure_show},
    {"erasure verify", "[FILE|-]",
     "Says whether receipts and audit trail are as signed; and a receipt that someone shows.",
     "firsthand erasure verify", NULL, 0, 1, cli_run_erasure_verify},
    {"experience set", "FILE|-", "Says what counts as value, and what as gone wrong.",
     "firsthand experience set rules.json\n"
     "echo '{\"value\": null}' | firsthand experience set -",
     NULL, 1, 1, cli_run_experience_set},
    {"experience show", "", "Shows what counts as value, and what as gone wrong.",
     "firsthand experience show", NULL, 0, 0, cli_run_experience_show},
    {"export", "",
     "Writes events as NDJSON, CSV or Parquet: all, or of some time and some customers.",
     "firsthand export > events.ndjson\n"
     "firsthand export --format parquet --output events.parquet\n"
     "firsthand export --format csv --last 30d --event 'Order Completed' --output completed.csv\n"
     "firsthand export --from 2026-01-01 --to 2026-03-31 --segment pro --source web",
     export_options, 0, 0, cli_run_export},
    {"funnel", "EVENT EVENT...", "Counts customers through steps, in order.",
     "firsthand funnel 'Product Viewed' 'Product Added' 'Order Completed' --window 7d --last 30d\n"
     "firsthand funnel 'Product Viewed' 'Order Completed' --last 4w --compare year",
     funnel_options, 1, 20, cli_run_funnel},
    {"help", "[COMMAND]", "Shows help.", "firsthand help import", NULL, 0, 2, cli_run_help},
    {"import", "FILE...", "Reads events from files; may be repeated and continued.",
     "firsthand import events.ndjson.gz --data shop\n"
     "firsthand import orders.csv --map examples/online-retail.json --source orders\n"
     "firsthand import - --format segment --dry-run < messages.ndjson\n"
     "firsthand import access.log --format access-log --source web-server\n"
     "firsthand import letter.eml --format eml --source desk\n"
     "firsthand import orders.csv --suggest-map > map.json",
     import_options, 1, 250, cli_run_import},
    {"import list", "", "Lists imports: what each brought, and what became of it.",
     "firsthand import list", format_only, 0, 0, cli_run_import_list},
    {"import undo", "NUMBER", "Takes back all that one import stored, and nothing else.",
     "firsthand import undo 3 --dry-run\nfirsthand import undo 3 --yes", undo_options, 1, 1,
     cli_run_import_undo},
    {"internal set", "", "Says who is left out of questions: your own people, tests, bots.",
     "firsthand internal set --email-domain fjordline.example --bots on\n"
     "firsthand internal set --customer ann,bob --trait 'role = staff' --address 192.0.2.0/24",
     internal_options, 0, 0, cli_run_internal_set},
    {"internal show", "", "Shows who is left out of questions, and how many.",
     "firsthand internal show", format_only, 0, 0, cli_run_internal_show},
    {"interview add", "", "Records an interview with a customer who consented.",
     "firsthand interview add --customer ann --notes notes.txt --participant Kim "
     "--consent 'You may record what I say.'",
     interview_options, 0, 0, cli_run_interview_add},
    {"interview highlight", "CUSTOMER INTERVIEW", "Picks words of an interview.",
     "firsthand interview highlight ann i_3hT8vQ --quote 'nobody answers' --note 'phone line'",
     highlight_options, 2, 2, cli_run_interview_highlight},
    {"interview recruit", "SEGMENT",
     "Lists customers of a segment whom the contact policy would let us ask now.",
     "firsthand interview recruit pro --limit 10 --channel email", recruit_options, 1, 1,
     cli_run_interview_recruit},
    {"job list", "", "Shows what the server does by itself, and how it went.",
     "firsthand job list\nfirsthand job list --json", format_only, 0, 0, cli_run_job_list},
    {"job run", "NAME", "Runs a job now.", "firsthand job run sign-ins", NULL, 1, 1,
     cli_run_job_run},
    {"keys create", "", "Makes a key and prints it, alone.",
     "firsthand keys create --kind write --name web\n"
     "firsthand keys create --kind write --name shop --origin https://shop.example",
     key_options, 0, 0, cli_run_keys_create},
    {"keys list", "", "Lists keys.", "firsthand keys list", format_only, 0, 0, cli_run_keys_list},
    {"keys revoke", "ID", "Revokes a key.", "firsthand keys revoke 3", NULL, 1, 1,
     cli_run_keys_revoke},
    {"ledger", "", "Shows what became of every event received.", "firsthand ledger", format_only, 0,
     0, cli_run_ledger},
    {"lifecycle", "[EVENT]", "Shows who is new, returning, resurrected or dormant, by interval.",
     "firsthand lifecycle --interval week --last 12w\n"
     "firsthand lifecycle 'Order Completed' --interval month --last 6m",
     habit_options, 0, 1, cli_run_lifecycle},
    {"migrate", "", "Brings a directory of an older version to this one's, with a backup before.",
     "firsthand migrate --data shop\n"
     "firsthand migrate --backup backups --data shop",
     migrate_options, 0, 0, cli_run_migrate},
    {"note add", "TEXT", "Notes what happened on every chart over time; prints the note's id.",
     "firsthand note add 'Version 2.4 for everyone' --kind release\n"
     "firsthand note add 'Payments were down' --kind incident --at '2026-05-01 09:30' "
     "--until '2026-05-01 11:00'",
     note_options, 1, 1, cli_run_note_add},
    {"note delete", "ID", "Deletes a note.", "firsthand note delete 3", NULL, 1, 1,
     cli_run_note_delete},
    {"note list", "", "Lists notes, oldest first.",
     "firsthand note list --from 2026-05-01 --to 2026-05-31 --kind release", note_list_options, 0,
     0, cli_run_note_list},
    {"paths", "EVENT", "Shows what customers did next, or before.",
     "firsthand paths 'Product Viewed' --steps 3 --last 30d\n"
     "firsthand paths 'Order Completed' --end --gap 1d --limit 20\n"
     "firsthand paths '*' --by channel --where 'channel = web'",
     paths_options, 1, 1, cli_run_paths},
    {"policy set", "FILE|-", "Changes the contact policy; what is left out gets its default.",
     "firsthand policy set policy.json\n"
     "echo '{\"waiting_days\":14,\"caps\":[[365,4],[30,1]]}' | firsthand policy set -",
     NULL, 1, 1, cli_run_policy_set},
    {"policy show", "", "Shows the contact policy.", "firsthand policy show", NULL, 0, 0,
     cli_run_policy_show},
    {"privacy set", "", "Says what happens to those who come back after an erasure.",
     "firsthand privacy set --after-erasure refuse\nfirsthand privacy set --after-erasure new",
     privacy_options, 0, 0, cli_run_privacy_set},
    {"privacy show", "", "Shows what happens to those who come back after an erasure.",
     "firsthand privacy show", NULL, 0, 0, cli_run_privacy_show},
    {"quarantine discard", "[ID...]", "Discards such rows: they count as refused.",
     "firsthand quarantine discard q17\n"
     "firsthand quarantine discard --source old-app --reason 'no event: expected its name, a "
     "string' --yes",
     quarantine_discard_options, 0, CLI_ARGUMENTS_MAX, cli_run_quarantine_discard},
    {"quarantine fix", "[ID...]", "Mends such rows and takes them again.",
     "firsthand quarantine fix q17 --set /ts=@received_at --dry-run\n"
     "firsthand quarantine fix --source web --reason 'no time: expected the instant at which it "
     "happened' --set /ts=@received_at\n"
     "firsthand quarantine fix --source web --patch fix.json",
     quarantine_fix_options, 0, CLI_ARGUMENTS_MAX, cli_run_quarantine_fix},
    {"quarantine groups", "", "Shows what is wrong with how many, and a fix that was tried.",
     "firsthand quarantine groups", format_only, 0, 0, cli_run_quarantine_groups},
    {"quarantine list", "", "Lists rows that could not be stored, with the reason.",
     "firsthand quarantine list --source web", quarantine_options, 0, 0, cli_run_quarantine_list},
    {"quarantine replay", "[ID...]",
     "Takes such rows again as they are, after their source, map or limits were changed.",
     "firsthand quarantine replay --source orders --map map.json --dry-run\n"
     "firsthand quarantine replay --source orders",
     quarantine_replay_options, 0, CLI_ARGUMENTS_MAX, cli_run_quarantine_replay},
    {"quarantine show", "ID", "Shows one such row, whole.", "firsthand quarantine show q17",
     format_only, 1, 1, cli_run_quarantine_show},
    {"query", "FILE|-", "Asks a question written as JSON (docs/reference/questions.md).",
     "firsthand query question.json --format csv\n"
     "echo '{\"kind\":\"trend\",\"series\":[{\"event\":\"*\"}]}' | firsthand query -",
     format_only, 1, 1, cli_run_query},
    {"restore", "TARGET", "Makes a new directory of a backup, and checks it.",
     "firsthand restore backups --data restored\n"
     "firsthand restore backups --at 1 --data before",
     restore_options, 1, 1, cli_run_restore},
    {"retention", "EVENT", "Shows who came back, by cohort.",
     "firsthand retention 'Order Completed' --last 12w\n"
     "firsthand retention 'Signed Up' --return 'Order Completed' --interval month --last 6m",
     retention_options, 1, 1, cli_run_retention},
    {"retention preview", "[FILE|-]", "Says what is past its time now, by these rules or others.",
     "firsthand retention preview\n"
     "echo '{\"rules\":[{\"keep_days\":730}]}' | firsthand retention preview -",
     NULL, 0, 1, cli_run_retention_preview},
    {"retention set", "FILE|-",
     "Says for how long events, words, quarantined rows, responses and the audit trail are kept.",
     "echo '{\"rules\":[{\"keep_days\":3650},{\"words\":true,\"keep_days\":1095}],"
     "\"quarantine_days\":90,\"responses_days\":400,\"audit_days\":730}' |"
     " firsthand retention set -",
     NULL, 1, 1, cli_run_retention_set},
    {"retention show", "", "Shows for how long things are kept.", "firsthand retention show", NULL,
     0, 0, cli_run_retention_show},
    {"score", "METRIC", "Shows nps, csat, ces or stars, with n and 95 % interval.",
     "firsthand score nps --by channel --interval week --last 12w\n"
     "firsthand score csat --interval month --last 6m --compare previous --least 10\n"
     "firsthand score nps --last 90d --adjusted",
     score_options, 1, 1, cli_run_score},
    {"segment delete", "NAME", "Deletes a saved segment.", "firsthand segment delete big-spenders",
     NULL, 1, 1, cli_run_segment_delete},
    {"segment list", "", "Lists saved segments.", "firsthand segment list", format_only, 0, 0,
     cli_run_segment_list},
    {"segment save", "NAME FILE|-", "Saves a segment under a name.",
     "firsthand segment save pro plan.json\n"
     "echo '{\"trait\":[\"plan\",\"=\",\"pro\"]}' | firsthand segment save pro -",
     NULL, 2, 2, cli_run_segment_save},
    {"segment show", "NAME", "Shows a saved segment's definition.", "firsthand segment show pro",
     NULL, 1, 1, cli_run_segment_show},
    {"serve", "", "Serves the pages and the API until it is stopped.",
     "firsthand serve --data shop\nfirsthand serve --data shop --listen 127.0.0.1:9000",
     serve_options, 0, 0, cli_run_serve},
    {"source list", "", "Lists sources.", "firsthand source list", format_only, 0, 0,
     cli_run_source_list},
    {"source set", "NAME", "Makes a source, or changes how its events are taken.",
     "firsthand source set web --channel web\n"
     "firsthand source set till --channel store --zone Europe/Oslo\n"
     "firsthand source set web --quota-minute 60000 --quota-day 5000000\n"
     "firsthand source set desk --mask email,phone,card,iban --pattern 'contract=V-[0-9]{8}'",
     source_options, 1, 1, cli_run_source_set},
    {"source show", "NAME", "Shows a source and its settings.", "firsthand source show web",
     format_only, 1, 1, cli_run_source_show},
    {"sql", "STATEMENT|-", "Runs a SELECT over events, customers and verbatims.",
     "firsthand sql 'SELECT event, count(*) FROM events GROUP BY event'\n"
     "firsthand sql 'SELECT ts, event FROM events WHERE customer = ? ORDER BY ts' --param ann\n"
     "firsthand sql --schema",
     sql_options, 0, 1, cli_run_sql},
    {"status", "", "Shows sizes, counts and health.", "firsthand status", format_only, 0, 0,
     cli_run_status},
    {"stickiness", "[EVENT]", "Counts customers by the number of days (weeks, ...) they did it.",
     "firsthand stickiness 'Product Viewed' --last 30d\n"
     "firsthand stickiness --interval week --last 12w",
     habit_options, 0, 1, cli_run_stickiness},
    {"survey check", "FILE|-", "Checks a survey's definition without saving it.",
     "firsthand survey template nps | firsthand survey check -", NULL, 1, 1, cli_run_survey_check},
    {"survey close", "ID", "Ends a survey; its answers stay.", "firsthand survey close old-one",
     NULL, 1, 1, cli_run_survey_close},
    {"survey links", "ID", "Makes personal links, within the contact policy; else lists them.",
     "firsthand survey links recommendation --customer ann --address https://ask.shop.example\n"
     "firsthand survey links recommendation --audience --once --format csv\n"
     "firsthand survey links recommendation",
     survey_link_options, 1, 1, cli_run_survey_links},
    {"survey list", "", "Lists surveys.", "firsthand survey list", format_only, 0, 0,
     cli_run_survey_list},
    {"survey pause", "ID", "Asks nobody for the time being; publishing opens it again.",
     "firsthand survey pause recommendation", NULL, 1, 1, cli_run_survey_pause},
    {"survey publish", "ID", "Freezes the draft as the next version and opens the survey.",
     "firsthand survey publish recommendation", NULL, 1, 1, cli_run_survey_publish},
    {"survey results", "ID", "Shows what came of a survey, by question.",
     "firsthand survey results recommendation", format_only, 1, 1, cli_run_survey_results},
    {"survey save", "ID FILE|-", "Saves a survey's draft; makes the survey where there is none.",
     "firsthand survey template nps | firsthand survey save recommendation -", NULL, 2, 2,
     cli_run_survey_save},
    {"survey show", "ID", "Shows a survey's definition, the draft where there is one.",
     "firsthand survey show recommendation", NULL, 1, 1, cli_run_survey_show},
    {"survey template", "[NAME]", "Lists surveys to begin from, or prints one.",
     "firsthand survey template\nfirsthand survey template nps > survey.json", format_only, 0, 1,
     cli_run_survey_template},
    {"survey why", "ID CUSTOMER", "Says why a customer is asked, or is not, rule by rule.",
     "firsthand survey why recommendation ann", NULL, 2, 2, cli_run_survey_why},
    {"time-between", "FROM TO", "Shows how long it took from one event to the next of another.",
     "firsthand time-between 'Order Completed' 'Order Returned' --window 30d --last 12w\n"
     "firsthand time-between 'Order Completed' 'Order Completed' --last 90d",
     time_between_options, 2, 2, cli_run_time_between},
    {"timeline", "CUSTOMER", "Reads one customer's timeline, newest last.",
     "firsthand timeline ann\nfirsthand timeline email:ann@example.com --json", NULL, 1, 1,
     cli_run_timeline},
    {"trend", "EVENT...", "Counts events or customers over time.",
     "firsthand trend 'Order Completed' --measure customers --by country --last 30d\n"
     "firsthand trend 'Order Completed' --measure sum:revenue --interval month --last 12m\n"
     "firsthand trend 'Order Completed' --from 2026-05-01 --to 2026-05-10 --compare weekday",
     trend_options, 1, 26, cli_run_trend},
    {"user add", "EMAIL", "Adds a person.",
     "firsthand user add ada@example.com --name Ada --role admin", user_options, 1, 1,
     cli_run_user_add},
    {"user link", "[EMAIL]", "Prints a one-time sign-in link, good for 15 minutes.",
     "firsthand user link ada@example.com", link_options, 0, 1, cli_run_user_link},
    {"user list", "", "Lists people.", "firsthand user list", format_only, 0, 0, cli_run_user_list},
    {"verbatims", "[WORDS]", "Lists what customers said, found by words.",
     "firsthand verbatims 'late delivery' --last 30d\n"
     "firsthand verbatims '\"late delivery\" -refund' --where 'channel = email' --format csv",
     verbatims_options, 0, 1, cli_run_verbatims},
    {"verify", "",
     "Reads every byte of a directory, events and state.db, or of a backup, and checks it.",
     "firsthand verify --data shop\nfirsthand verify --backup backups", verify_options, 0, 0,
     cli_run_verify},
    {"version", "", "Prints the version.", "firsthand version", NULL, 0, 0, cli_run_version},
    {"webhook preview", "DEFINITION SAMPLE", "Shows what a sample delivery would become.",
     "firsthand webhook preview examples/webhooks/intercom.json sample.json", webhook_options, 2, 2,
     cli_run_webhook_preview},
    {"webhook suggest", "SAMPLE", "Guesses a webhook's definition from a sample delivery.",
     "firsthand webhook suggest sample.json --name helpdesk", webhook_options, 1, 1,
     cli_run_webhook_suggest},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};
