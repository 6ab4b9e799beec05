/* The one table of jobs. A line here, a function beside its subject, and the scheduler does the rest. */
#include "app_internal.h"

#define MINUTE_MS 60000LL

const struct app_job app_job_table[] = {
    {"feeds", MINUTE_MS, app_job_feeds, "Reads the feeds that are due."},
    {"mailboxes", MINUTE_MS, app_job_mailboxes, "Reads the mailboxes that are due."},
    {"retention", 24 * 60 * MINUTE_MS, app_job_retention,
     "Takes out what is past the time for which it is kept."},
    {"sign-ins", 60 * MINUTE_MS, app_job_sign_ins,
     "Removes sessions and one-time links that have run out."},
    {"surveys", MINUTE_MS, app_job_surveys,
     "Writes answers to the timeline whose givers fell silent, and what a crash cut off."},
};
const size_t app_job_count = ARRAY_LEN(app_job_table);
