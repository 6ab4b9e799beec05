/* intake_mail_mime.h — one message of mail taken apart: who, when, what about, its text, names of attachments.
 *
 * What: a face over GMime, behind limits that are checked before it sees a byte: depth, parts, headers, size.
 *   Everything comes out as UTF-8, whatever the message said.
 * Owner: texts lie in the arena.   Threads: safe.
 * Failure: FAIL_INPUT where it is no message, FAIL_LIMIT where it is built to hurt; FAIL_NO_MEMORY.
 * Limits/cost: the INTAKE_MAIL_*_MAX; linear.   Units: *_ms UTC.
 * Example: intake_mail_parse(bytes, arena, &mail, fail)
 * Not here: which words are the sender's own (intake_mail_words.h), events (intake_mail.h).
 */
#pragma once

#include "base_str.h"

#define INTAKE_MAIL_BOUNDARIES_MAX 100
#define INTAKE_MAIL_PARTS_MAX 2000
#define INTAKE_MAIL_HEADER_LINES_MAX 20000
#define INTAKE_MAIL_HEADER_BYTES_MAX ((size_t)1 << 20)
#define INTAKE_MAIL_ATTACHMENTS_MAX 50
#define INTAKE_MAIL_TEXT_BYTES_MAX ((size_t)1 << 20)

struct intake_mail {                    /* what the message lacks has data NULL */
    struct str from, from_name;         /* an address, in lower case */
    struct str reply_to, reply_to_name; /* the first */
    struct str message_id, thread, subject;
    int64_t date_ms; /* INT64_MIN: none */
    struct str plain, html;
    struct str attachments[INTAKE_MAIL_ATTACHMENTS_MAX];
    size_t attachment_count;
    bool automatic; /* a reply of a machine, a report about delivery */
};
/* "GMime 3.2.13", or what a build without it says. */
bool intake_mail_parse(struct str message, struct arena *arena, struct intake_mail *out,
                       struct fail *fail) MUST_USE;
