#include "intake_mail.h"

#include "intake_html.h"
#include "intake_internal.h"
#include "intake_way.h"
#include "intake_mail_draft.h"
#include "intake_mail_mime.h"
#include "intake_mail_words.h"

#define HEAD_BYTES_MAX 4096

static const struct intake_mail_settings no_settings;
static const struct intake_places places = {.event = {"", 0},
                                            .ts = {"Date", 4},
                                            .user = {"From", 4},
                                            .anonymous = {"From", 4},
                                            .message_id = {"Message-ID", 10},
                                            .channel = {"", 0},
                                            .text = {"", 0},
                                            .score = {"", 0},
                                            .scale = {"", 0},
                                            .previous_id = {"", 0}};

static bool is_own(const struct intake_mail_settings *settings, struct str address)
{
    struct str domain = str_after(address, str_find_byte(address, '@') + 1);
    for (size_t i = 0; i < settings->own_domain_count; i++) {
        struct str own = settings->own_domains[i];
        bool below = domain.len > own.len && str_ends(domain, own) &&
                     domain.data[domain.len - own.len - 1] == '.';
        if (str_equal(domain, own) || below) {
            return true;
        }
    }
    return false;
}

/* What quarantine keeps: enough to see whose mail it was, no attachment, no encoding that hides words. */
static struct str head_of(const struct intake_mail *mail, struct str text, struct arena *arena)
{
    char when[TIME_RFC3339_BYTES] = "";
    if (mail->date_ms != INT64_MIN) {
        time_format_rfc3339(mail->date_ms, when);
    }
    return str_format(arena, "From: %.*s <%.*s>\nDate: %s\nMessage-ID: %.*s\nSubject: %.*s\n\n%.*s",
                      STR_ARG(mail->from_name), STR_ARG(mail->from), when,
                      STR_ARG(mail->message_id), STR_ARG(mail->subject), STR_ARG(text));
}

static bool put(struct intake_draft *draft, const char *name, struct str text)
{
    const struct intake_path place = {.name = str_from_c(name)};
    return text.data == NULL || intake_add_field(draft, &draft->decoder->properties,
                                                 str_from_c(name), store_value_str(text), &place);
}

static bool refuse(struct intake_draft *draft, const char *why)
{
    draft->refused = true;
    return intake_judge(draft, STR("From"), "%s", why);
}

static bool take_who(struct intake_draft *draft, const struct intake_mail *mail,
                     const struct intake_mail_settings *settings)
{
    struct str address = mail->from, name = mail->from_name;
    if (address.data != NULL && is_own(settings, address)) {
        /* A form on one's own pages writes as the shop, and says in Reply-To who filled it in. */
        if (mail->reply_to.data == NULL || is_own(settings, mail->reply_to)) {
            return refuse(draft, "written by the organisation itself, not by a customer");
        }
        address = mail->reply_to;
        name = mail->reply_to_name;
    }
    if (mail->automatic) {
        return refuse(draft, "written by a machine: an automatic reply or a report about delivery");
    }
    if (address.data == NULL) {
        return intake_judge(draft, STR("From"), "no sender: expected an address in From");
    }
    const struct intake_path place = {.name = STR("From")};
    return intake_add_identifier(draft, STR("email"), address) &&
           (name.data == NULL || str_find_byte(name, '@') < name.len ||
            intake_add_field(draft, &draft->decoder->traits, STR("name"), store_value_str(name),
                             &place));
}

static bool take_what(struct intake_draft *draft, const struct intake_mail *mail,
                      const struct intake_mail_settings *settings, struct str text,
                      struct str words)
{
    draft->event = STR("feedback");
    draft->channel = STR("email");
    draft->text = words;
    draft->message_id = mail->message_id;
    draft->client_ms = mail->date_ms == INT64_MIN ? STORE_NO_TIME : mail->date_ms;
    if (!put(draft, "kind", settings->kind.data == NULL ? STR("ticket") : settings->kind) ||
        !put(draft, "subject", mail->subject) || !put(draft, "thread", mail->thread) ||
        (settings->keep_text && !put(draft, "whole_text", text))) {
        return false;
    }
    for (size_t i = 0; i < mail->attachment_count; i++) {
        if (!put(draft, "attachments", mail->attachments[i])) {
            return false;
        }
    }
    return true;
}

static bool text_of(const struct intake_mail *mail, struct arena *arena, struct str *out,
                    struct fail *fail)
{
    if (mail->plain.data != NULL || mail->html.data == NULL) {
        *out = mail->plain;
        return true;
    }
    struct base_buf text CLEANUP(base_buf_done) = {.limit = 4 * INTAKE_MAIL_TEXT_BYTES_MAX};
    intake_html_text(mail->html, &text);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = text.len == 0 ? (struct str){NULL, 0} : str_copy(arena, base_buf_view(&text));
    return true;
}

static bool no_mail(struct intake_draft *draft, const struct fail *why)
{
    if (why->code == FAIL_NO_MEMORY) {
        *draft->fail = *why;
        return intake_hard(draft);
    }
    return intake_judge(draft, STR(""), "%s", why->message);
}

bool intake_mail_draft(struct intake_decoder *decoder, struct str message,
                       const struct intake_source *source, struct arena *arena,
                       const struct intake_mail_import *import, struct store_item *out,
                       struct fail *fail)
{
    const struct intake_mail_settings *settings =
        source->mail == NULL ? &no_settings : source->mail;
    struct intake_mail mail = {.date_ms = INT64_MIN};
    if (message.len == 0) {
        message = STR(""); /* no bytes may have no place, which the parser asks for */
    }
    struct fail why = {0};
    struct str text = {NULL, 0}, words = {NULL, 0};
    bool good =
        intake_mail_parse(message, arena, &mail, &why) && text_of(&mail, arena, &text, &why) &&
        (text.data == NULL ||
         intake_mail_words(text, intake_mail_is_forward(mail.subject), arena, &words, &why));
    struct str head = message.len < HEAD_BYTES_MAX ? message : str_of(message.data, HEAD_BYTES_MAX);
    struct intake_draft draft;
    if (!intake_draft_begin(&draft, decoder, source, &places,
                            good ? head_of(&mail, words, arena) : head, arena, fail)) {
        return false;
    }
    draft.clock_is_right = true;
    draft.way = import == NULL ? STR(INTAKE_WAY_MAIL) : import->way;
    draft.from_import = import != NULL;
    draft.known_raw = import == NULL ? (struct str){NULL, 0} : import->known_raw;
    draft.repeats = import == NULL ? NULL : import->repeats;
    if (draft.reason.data != NULL) {
        good = false;
    } else if (!good) {
        good = no_mail(&draft, &why);
    } else {
        good = take_who(&draft, &mail, settings) && take_what(&draft, &mail, settings, text, words);
    }
    return intake_draft_end(&draft, good, out);
}

bool intake_mail_decode(struct intake_decoder *decoder, struct str message,
                        const struct intake_source *source, struct arena *arena,
                        struct store_item *out, struct fail *fail)
{
    return intake_mail_draft(decoder, message, source, arena, NULL, out, fail);
}
