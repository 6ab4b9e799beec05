/* The one table of jobs. A line here, a function beside its subject, and the scheduler does the rest. */
#include "app_internal.h"

#define MINUTE_MS 60000LL

const struct app_job app_job_table[] = {
    {"backups", 0, app_job_backups, "Backs the directory up, where backup_directory is set.",
     app_backups_interval, true},
    {"feeds", MINUTE_MS, app_job_feeds, "Reads the feeds that are due.", NULL, false},
    {"mailboxes", MINUTE_MS, app_job_mailboxes, "Reads the mailboxes that are due.", NULL, false},
    {"restore-test", 0, app_job_restore_test,
     "Restores the newest backup as a test, and removes what it made.", app_restore_test_interval,
     true},
    {"retention", 24 * 60 * MINUTE_MS, app_job_retention,
     "Takes out what is past the time for which it is kept.", NULL, true},
    {"sign-ins", 60 * MINUTE_MS, app_job_sign_ins,
     "Removes sessions and one-time links that have run out.", NULL, false},
    {"surveys", MINUTE_MS, app_job_surveys,
     "Writes answers to the timeline whose givers fell silent, and what a crash cut off.", NULL,
     false},
};
const size_t app_job_count = ARRAY_LEN(app_job_table);
