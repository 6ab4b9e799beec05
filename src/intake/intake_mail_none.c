/* A build without GMime: mail is not read, and every message says why. */
#include "intake_mail_mime.h"

bool intake_mail_parse(struct str message, struct arena *arena, struct intake_mail *out,
                       struct fail *fail)
{
    (void)message;
    (void)arena;
    (void)out;
    return fail_set(fail, FAIL_INPUT, "this build reads no mail: it was made without GMime");
}
