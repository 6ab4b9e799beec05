#include "intake_mail_mime.h"

#include <gmime/gmime.h>
#include <strings.h>

#include "base_thread.h"

#define ID_BYTES_MAX 512
#define SHORT_BYTES_MAX 2000
#define STACK_MAX (2 * INTAKE_MAIL_BOUNDARIES_MAX + 8)

/* ---- limits, before anyone parses ------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_word(struct str text, size_t at, const char *word)
{
    size_t len = strlen(word);
    bool same = at + len <= text.len;
    for (size_t k = 0; same && k < len; k++) {
        same = lower(text.data[at + k]) == word[k];
    }
    return same;
}

/* What may open a level: a boundary that is declared, a message inside. */
static size_t openings(struct str line)
{
    size_t count = 0;
    for (size_t at = 0; at < line.len; at++) {
        char c = lower(line.data[at]);
        count += (c == 'b' && same_word(line, at, "boundary")) ||
                 (c == 'm' && same_word(line, at, "message/"));
    }
    return count;
}

/* Headers are what stands before the first empty line, and between a line that could be a boundary and the next
   empty one. */
static bool shape_is_sane(struct str message, struct fail *fail)
{
    size_t opened = 0, parts = 0, lines = 0, bytes = 0;
    bool header = true;
    struct str rest = message, line;
    while (str_next_part(&rest, '\n', &line)) {
        if (str_starts_c(line, "--")) {
            header = true;
            parts++;
        }
        if (line.len == 0 || str_is(line, "\r")) {
            header = false;
        }
        if (header) {
            lines++;
            bytes += line.len;
            opened += openings(line);
        }
        if (opened > INTAKE_MAIL_BOUNDARIES_MAX || parts > INTAKE_MAIL_PARTS_MAX ||
            lines > INTAKE_MAIL_HEADER_LINES_MAX || bytes > INTAKE_MAIL_HEADER_BYTES_MAX) {
            return fail_set(
                fail, FAIL_LIMIT,
                "a message with more than %d levels, %d parts, %d lines or %zu bytes of "
                "headers",
                INTAKE_MAIL_BOUNDARIES_MAX, INTAKE_MAIL_PARTS_MAX, INTAKE_MAIL_HEADER_LINES_MAX,
                INTAKE_MAIL_HEADER_BYTES_MAX);
        }
    }
    return true;
}

/* ---- texts ------------------------------------------------------------------------------------------------- */

/* A copy as UTF-8 of at most `most` bytes; what is none becomes U+FFFD, NUL a blank. */
static struct str take_text(struct arena *arena, struct str from, size_t most)
{
    if (from.data == NULL) {
        return from;
    }
    size_t room = from.len < most ? from.len : most, len = 0;
    char *copy = arena_alloc(arena, 3 * room + 4, NULL);
    for (size_t at = 0; copy != NULL && at < from.len && len < most;) {
        bool valid;
        size_t step = str_utf8_step(str_after(from, at), &valid);
        const char *bytes = !valid ? "\xef\xbf\xbd" : from.data[at] == '\0' ? " " : from.data + at;
        size_t wrote = valid ? step : 3;
        memcpy(copy + len, bytes, wrote);
        len += wrote;
        at += step;
    }
    return str_of(copy, copy == NULL ? 0 : len);
}

static struct str take_line(struct arena *arena, const char *text)
{
    struct str taken = take_text(arena, str_from_c(text), SHORT_BYTES_MAX);
    if (taken.data == NULL) {
        return taken;
    }
    char *bytes = str_copy_c(arena, taken);
    for (size_t i = 0; i < taken.len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bytes[i] = c < 0x20 || c == 0x7f ? ' ' : bytes[i];
    }
    struct str trimmed = str_trim(str_of(bytes, taken.len));
    return trimmed.len == 0 ? (struct str){NULL, 0} : trimmed;
}

/* ---- who and when ---------------------------------------------------------------------------------------- */

static void take_address(InternetAddressList *list, struct arena *arena, struct str *address,
                         struct str *name)
{
    int count = list == NULL ? 0 : internet_address_list_length(list);
    for (int i = 0; i < count && i < INTAKE_MAIL_PARTS_MAX && address->data == NULL; i++) {
        InternetAddress *entry = internet_address_list_get_address(list, i);
        if (!INTERNET_ADDRESS_IS_MAILBOX(entry)) {
            continue;
        }
        struct str found =
            take_line(arena, internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(entry)));
        size_t at = str_find_byte(found, '@');
        if (at == 0 || at + 1 >= found.len || found.len > ID_BYTES_MAX) {
            continue;
        }
        char *bytes = str_copy_c(arena, found);
        for (size_t k = 0; k < found.len; k++) {
            bytes[k] = lower(bytes[k]);
        }
        *address = str_of(bytes, found.len);
        *name = take_line(arena, internet_address_get_name(entry));
    }
}

static struct str header(GMimeMessage *message, const char *name, struct arena *arena)
{
    return take_line(arena, g_mime_object_get_header(GMIME_OBJECT(message), name));
}

static int64_t date_of(GMimeMessage *message)
{
    GDateTime *date = g_mime_message_get_date(message);
    GDateTime *received = NULL;
    if (date == NULL) { /* what the last machine on the way wrote */
        const char *trace = g_mime_object_get_header(GMIME_OBJECT(message), "Received");
        const char *mark = trace == NULL ? NULL : strrchr(trace, ';');
        received = mark == NULL ? NULL : g_mime_utils_header_decode_date(mark + 1);
        date = received;
    }
    int64_t ms = date == NULL ? INT64_MIN : g_date_time_to_unix(date) * 1000;
    if (received != NULL) {
        g_date_time_unref(received);
    }
    return ms;
}

/* The id without its angle brackets; of several the first. */
static struct str first_id(struct str text)
{
    if (text.data == NULL) {
        return text;
    }
    size_t open = str_find_byte(text, '<');
    struct str rest = open < text.len ? str_after(text, open + 1) : text;
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '>' && rest.data[end] != ' ') {
        end++;
    }
    return end == 0 || end > ID_BYTES_MAX ? (struct str){NULL, 0} : str_of(rest.data, end);
}

static bool holds_word(struct str text, const char *word)
{
    for (size_t at = 0; at < text.len; at++) {
        if (same_word(text, at, word)) {
            return true;
        }
    }
    return false;
}

static bool is_automatic(GMimeMessage *message, struct str from, struct arena *arena)
{
    struct str automatic = header(message, "Auto-Submitted", arena);
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(message));
    GMimeObject *root = g_mime_message_get_mime_part(message);
    type = root == NULL ? type : g_mime_object_get_content_type(root);
    return (automatic.data != NULL && !same_word(automatic, 0, "no")) ||
           header(message, "X-Autoreply", arena).data != NULL ||
           header(message, "X-Autorespond", arena).data != NULL ||
           holds_word(header(message, "Precedence", arena), "auto_reply") ||
           (type != NULL && g_mime_content_type_is_type(type, "multipart", "report")) ||
           str_starts_c(from, "mailer-daemon@") || str_starts_c(from, "postmaster@");
}

static void take_headers(GMimeMessage *message, struct arena *arena, struct intake_mail *out)
{
    take_address(g_mime_message_get_from(message), arena, &out->from, &out->from_name);
    take_address(g_mime_message_get_reply_to(message), arena, &out->reply_to, &out->reply_to_name);
    if (out->from.data == NULL) {
        take_address(g_mime_message_get_sender(message), arena, &out->from, &out->from_name);
    }
    out->subject = take_line(arena, g_mime_message_get_subject(message));
    out->date_ms = date_of(message);
    out->message_id = first_id(header(message, "Message-Id", arena));
    struct str references = first_id(header(message, "References", arena));
    struct str answered = first_id(header(message, "In-Reply-To", arena));
    out->thread = references.data != NULL ? references
                  : answered.data != NULL ? answered
                                          : out->message_id;
    out->automatic = is_automatic(message, out->from, arena);
}

/* ---- parts ------------------------------------------------------------------------------------------------ */

static void join_text(struct arena *arena, struct str *all, struct str more)
{
    size_t left = INTAKE_MAIL_TEXT_BYTES_MAX > all->len ? INTAKE_MAIL_TEXT_BYTES_MAX - all->len : 0;
    more.len = more.len < left ? more.len : left;
    while (more.len > 0 && !str_is_utf8(more)) {
        more.len--;
    }
    if (str_trim(more).len == 0) {
        return;
    }
    *all = all->data == NULL ? more : str_format(arena, "%.*s\n%.*s", STR_ARG(*all), STR_ARG(more));
}

static void take_attachment(GMimePart *part, struct arena *arena, struct intake_mail *out)
{
    struct str name = take_line(arena, g_mime_part_get_filename(part));
    if (out->attachment_count < INTAKE_MAIL_ATTACHMENTS_MAX) {
        out->attachments[out->attachment_count++] = name.data == NULL ? STR("unnamed") : name;
    }
}

/* Text as UTF-8. What is not in the character set that it claims is read as most broken mail is meant. */
static struct str decode_text(GMimePart *part, struct arena *arena)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *memory = g_mime_stream_mem_new();
    struct str text = {NULL, 0};
    if (content != NULL && g_mime_data_wrapper_write_to_stream(content, memory) >= 0) {
        GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
        struct str raw = str_of((const char *)bytes->data, bytes->len);
        const char *charset = g_mime_content_type_get_parameter(
            g_mime_object_get_content_type(GMIME_OBJECT(part)), "charset");
        bool utf8 = charset == NULL || strcasecmp(charset, "utf-8") == 0 ||
                    strcasecmp(charset, "us-ascii") == 0;
        char *converted = NULL;
        gsize len = 0;
        if (!utf8) {
            converted = g_convert(raw.data, (gssize)raw.len, "UTF-8", charset, NULL, &len, NULL);
        }
        if (converted == NULL && !str_is_utf8(raw)) {
            converted =
                g_convert(raw.data, (gssize)raw.len, "UTF-8", "WINDOWS-1252", NULL, &len, NULL);
        }
        text = take_text(arena, converted == NULL ? raw : str_of(converted, len),
                         INTAKE_MAIL_TEXT_BYTES_MAX);
        g_free(converted);
    }
    g_object_unref(memory);
    return text;
}

/* format=flowed: a line that ends with a blank goes on in the next (RFC 3676). */
static struct str unflow(struct str text, struct arena *arena)
{
    char *out = str_copy_c(arena, text);
    size_t len = 0, line = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\r') {
            continue;
        }
        bool soft = c == '\n' && len > line && out[len - 1] == ' ' && out[line] != '>' &&
                    !(len - line == 3 && memcmp(out + line, "-- ", 3) == 0);
        if (soft) {
            continue;
        }
        out[len++] = c;
        line = c == '\n' ? len : line;
    }
    return str_of(out, len);
}

static void take_part(GMimeObject *object, struct arena *arena, struct intake_mail *out)
{
    if (!GMIME_IS_PART(object)) {
        return;
    }
    GMimePart *part = GMIME_PART(object);
    bool text = GMIME_IS_TEXT_PART(object) && !g_mime_part_is_attachment(part) &&
                g_mime_part_get_filename(part) == NULL;
    bool plain = text && g_mime_content_type_is_type(g_mime_object_get_content_type(object), "text",
                                                     "plain");
    bool html =
        text && g_mime_content_type_is_type(g_mime_object_get_content_type(object), "text", "html");
    if (!plain && !html) {
        if (g_mime_part_is_attachment(part) || g_mime_part_get_filename(part) != NULL) {
            take_attachment(part, arena, out);
        }
        return;
    }
    const char *format =
        g_mime_content_type_get_parameter(g_mime_object_get_content_type(object), "format");
    struct str found = decode_text(part, arena);
    if (plain && format != NULL && found.data != NULL && strcasecmp(format, "flowed") == 0) {
        found = unflow(found, arena);
    }
    join_text(arena, plain ? &out->plain : &out->html, found);
}

struct level {
    GMimeMultipart *parts;
    int next;
};

/* In order, without going into messages that were attached: those are somebody else's words. */
static void take_parts(GMimeObject *root, struct arena *arena, struct intake_mail *out)
{
    struct level stack[STACK_MAX];
    size_t depth = 0;
    GMimeObject *object = root;
    size_t seen = 0;
    while (object != NULL && seen++ < 4 * INTAKE_MAIL_PARTS_MAX) {
        if (GMIME_IS_MULTIPART(object) && depth < STACK_MAX) {
            stack[depth++] = (struct level){GMIME_MULTIPART(object), 0};
        } else {
            take_part(object, arena, out);
        }
        object = NULL;
        while (depth > 0 && object == NULL) {
            struct level *top = &stack[depth - 1];
            if (top->next < g_mime_multipart_get_count(top->parts)) {
                object = g_mime_multipart_get_part(top->parts, top->next++);
            } else {
                depth--;
            }
        }
    }
}

/* GMime counts its starts and registers each of its types at its first use, both without a lock, so two threads
 * that meet their first mails at once would crash. All of its work is done by one thread at a time. */
static struct base_mutex gmime_mutex = {PTHREAD_MUTEX_INITIALIZER};

/* Returns false where GMime finds no message. */
static bool parse_locked(struct str message, struct arena *arena, struct intake_mail *mail)
{
    g_mime_init(); /* counts its callers */
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(message.data, message.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_format(parser, GMIME_FORMAT_MESSAGE);
    GMimeMessage *parsed = g_mime_parser_construct_message(parser, NULL);
    bool good = parsed != NULL;
    if (good) {
        take_headers(parsed, arena, mail);
        take_parts(g_mime_message_get_mime_part(parsed), arena, mail);
        g_object_unref(parsed);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    return good;
}

bool intake_mail_parse(struct str message, struct arena *arena, struct intake_mail *out,
                       struct fail *fail)
{
    struct intake_mail mail = {.date_ms = INT64_MIN};
    if (!shape_is_sane(message, fail)) {
        return false;
    }
    base_lock(&gmime_mutex);
    bool good = parse_locked(message, arena, &mail);
    base_unlock(&gmime_mutex);
    if (!good || (mail.from.data == NULL && mail.message_id.data == NULL &&
                  mail.date_ms == INT64_MIN && mail.subject.data == NULL)) {
        return fail_set(
            fail, FAIL_INPUT,
            "not a message of mail: expected headers such as From:, Date: and Subject:");
    }
    *out = mail;
    return true;
}
