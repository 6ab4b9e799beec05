/* intake_mail.h — one message of mail as an event: what a customer wrote, on the customer's timeline.
 *
 * What: From is the customer (identifier email, trait name); of a form on one's own site, which writes as the shop
 *   itself, Reply-To is. The words are the text without earlier mail, signature and footers; the subject, the
 *   names of attachments and the thread are properties. What the organisation or a machine wrote is refused.
 *   Nothing of the original is kept, unless asked for. Reference: docs/reference/events.md
 * Owner: as intake.h; the item's strings lie in the arena.   Threads: as the decoder.
 * Failure: as intake.h: a message that is none, or built to hurt, is a quarantined item.
 * Limits/cost: intake_mail_mime.h.   Units: *_ms UTC.
 * Example: intake_mail_decode(decoder, bytes, &source, arena, &item, fail)
 * Not here: how messages arrive (files: intake_import.h; IMAP: app), MIME, which words are own.
 */
#pragma once

#include "intake.h"

#define INTAKE_MAIL_OWN_DOMAINS_MAX 100

struct intake_mail_settings {
    struct str kind; /* properties.kind; missing: "ticket" */
    struct str
        own_domains[INTAKE_MAIL_OWN_DOMAINS_MAX]; /* of the organisation, with all below them */
    size_t own_domain_count;
    bool keep_text; /* the whole text too, as properties.whole_text */
};

/* `source->mail` says how. The item is complete: received time, channel email, id of the message. */
bool intake_mail_decode(struct intake_decoder *decoder, struct str message,
                        const struct intake_source *source, struct arena *arena,
                        struct store_item *out, struct fail *fail) MUST_USE;
