/* The one table of jobs. A line here, a function beside its subject, and the scheduler does the rest. */
#include "app_internal.h"

#define MINUTE_MS 60000LL

const struct app_job app_job_table[] = {
    {"sign-ins", 60 * MINUTE_MS, app_job_sign_ins,
     "Removes sessions and one-time links that have run out."},
};
const size_t app_job_count = ARRAY_LEN(app_job_table);
