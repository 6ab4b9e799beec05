#include "net_imap.h"

#include <stdio.h>
#include <stdlib.h>

#include "base_buf.h"

#define READ_BYTES ((size_t)16 << 10)
#define FOLDER_BYTES_MAX 200
#define UNTAGGED_MAX 200000 /* answers to one command */

struct net_imap {
    struct net_wire *wire; /* NULL: a line of a test */
    struct net_imap_line line;
    struct base_buf in; /* received, from `at` on not read yet */
    size_t at;
    unsigned tag;
    struct net_imap_state state;
};

/* One answer: its text without literals, and the first literal. */
struct answer {
    struct base_buf text;
    struct base_buf literal;
    bool has_literal;
};

static void answer_done(struct answer *answer)
{
    base_buf_done(&answer->text);
    base_buf_done(&answer->literal);
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static bool more(struct net_imap *imap, struct fail *fail)
{
    if (imap->at == imap->in.len) {
        base_buf_reset(&imap->in);
        imap->at = 0;
    }
    char *room = base_buf_room(&imap->in, READ_BYTES);
    size_t len = 0;
    if (room == NULL) {
        return base_buf_ok(&imap->in, fail);
    }
    if (!imap->line.receive(imap->line.context, room, READ_BYTES, &len, fail)) {
        return false;
    }
    imap->in.len += len;
    return len > 0 || fail_set(fail, FAIL_IO, "the mail server ended the connection");
}

/* Up to the next line break, which is skipped. */
static bool read_line(struct net_imap *imap, struct base_buf *out, struct fail *fail)
{
    for (;;) {
        struct str rest = str_after(base_buf_view(&imap->in), imap->at);
        size_t end = str_find_byte(rest, '\n');
        struct str line = str_of(rest.data, end);
        bool whole = end < rest.len;
        imap->at += end + (whole ? 1 : 0);
        if (whole && line.len > 0 && line.data[line.len - 1] == '\r') {
            line.len--;
        }
        base_buf_str(out, line);
        if (!base_buf_ok(out, fail)) {
            return fail_set(fail, FAIL_LIMIT, "the mail server sent a line without end");
        }
        if (whole) {
            /* The carriage return may have come with the bytes before. */
            if (out->len > 0 && out->data[out->len - 1] == '\r') {
                out->len--;
            }
            return true;
        }
        if (!more(imap, fail)) {
            return false;
        }
    }
}

/* "... {123}" at the end of a line: that many bytes follow. */
static bool literal_of(struct str line, uint64_t *out)
{
    if (line.len < 3 || line.data[line.len - 1] != '}') {
        return false;
    }
    size_t open = line.len - 1;
    while (open > 0 && line.data[open] != '{') {
        open--;
    }
    struct str digits = str_of(line.data + open + 1, line.len - open - 2);
    if (digits.len > 0 && digits.data[digits.len - 1] == '+') {
        digits.len--;
    }
    return line.data[open] == '{' && digits.len > 0 && str_parse_u64(digits, out);
}

/* The first literal is kept; further ones are passed over. */
static bool read_literal(struct net_imap *imap, uint64_t bytes, struct answer *answer,
                         struct fail *fail)
{
    bool keep = !answer->has_literal;
    answer->has_literal = true;
    if (bytes > 2 * NET_IMAP_MAIL_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the mail server sent more than was asked for");
    }
    while (bytes > 0) {
        struct str rest = str_after(base_buf_view(&imap->in), imap->at);
        size_t take = rest.len < bytes ? rest.len : (size_t)bytes;
        if (keep) {
            base_buf_str(&answer->literal, str_of(rest.data, take));
        }
        imap->at += take;
        bytes -= take;
        if (bytes > 0 && !more(imap, fail)) {
            return false;
        }
    }
    return base_buf_ok(&answer->literal, fail);
}

static bool read_answer(struct net_imap *imap, struct answer *answer, struct fail *fail)
{
    uint64_t bytes;
    base_buf_reset(&answer->text);
    base_buf_reset(&answer->literal);
    answer->text.limit = NET_IMAP_LINE_BYTES_MAX;
    answer->literal.limit = NET_IMAP_MAIL_BYTES_MAX * 2;
    answer->has_literal = false;
    for (;;) {
        size_t before = answer->text.len;
        if (!read_line(imap, &answer->text, fail)) {
            return false;
        }
        struct str added = str_after(base_buf_view(&answer->text), before);
        if (!literal_of(added, &bytes)) {
            return true;
        }
        if (!read_literal(imap, bytes, answer, fail)) {
            return false;
        }
    }
}

/* ---- commands ----------------------------------------------------------------------------------------------- */

static bool starts_word(struct str text, const char *word)
{
    size_t len = strlen(word);
    if (text.len < len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text.data[i];
        if ((c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c) != word[i]) {
            return false;
        }
    }
    return true;
}

/* What a server says to people, cut: it may name the folder or the account, never the password. */
static bool refused(struct str status, const char *what, struct fail *fail)
{
    status.len = status.len > 150 ? 150 : status.len;
    while (!str_is_utf8(status)) {
        status.len--;
    }
    return fail_set(fail, FAIL_INPUT, "the mail server refuses %s: %.*s", what, STR_ARG(status));
}

/* Sends a command and reads until its own answer; untagged ones go to `take`. */
static bool command(struct net_imap *imap, const char *what, struct str text,
                    bool (*take)(void *context, const struct answer *answer, struct fail *fail),
                    void *context, struct fail *fail)
{
    struct base_buf line CLEANUP(base_buf_done) = {.limit = 4096};
    struct answer answer CLEANUP(answer_done) = {0};
    char tag[16];
    int tag_len = snprintf(tag, sizeof tag, "F%u ", ++imap->tag);
    base_buf_c(&line, tag);
    base_buf_str(&line, text);
    base_buf_c(&line, "\r\n");
    if (!base_buf_ok(&line, fail) ||
        !imap->line.send(imap->line.context, base_buf_view(&line), fail)) {
        return false;
    }
    for (size_t i = 0; i < UNTAGGED_MAX; i++) {
        if (!read_answer(imap, &answer, fail)) {
            return false;
        }
        struct str said = base_buf_view(&answer.text);
        if (said.len >= (size_t)tag_len && memcmp(said.data, tag, (size_t)tag_len) == 0) {
            struct str status = str_after(said, (size_t)tag_len);
            return starts_word(status, "OK") || refused(status, what, fail);
        }
        if (said.len > 0 && said.data[0] == '+') {
            return fail_set(fail, FAIL_IO,
                            "the mail server asks for more, where nothing more is to say");
        }
        if (starts_word(said, "* BYE")) {
            return fail_set(fail, FAIL_IO, "the mail server says goodbye");
        }
        if (str_starts_c(said, "* ") && !take(context, &answer, fail)) {
            return false;
        }
    }
    return fail_set(fail, FAIL_LIMIT, "the mail server does not come to an end");
}

/* The number behind `word`, wherever it stands: "UIDVALIDITY 17]". */
static bool number_after(struct str text, const char *word, uint32_t *out)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len < text.len; at++) {
        if (!starts_word(str_after(text, at), word)) {
            continue;
        }
        size_t end = at + len;
        while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9') {
            end++;
        }
        uint64_t number;
        if (end > at + len &&
            str_parse_u64(str_of(text.data + at + len, end - at - len), &number) &&
            number <= UINT32_MAX) {
            *out = (uint32_t)number;
            return true;
        }
    }
    return false;
}

static bool take_state(void *context, const struct answer *answer, struct fail *fail)
{
    struct net_imap_state *state = context;
    struct str text = base_buf_view(&answer->text);
    (void)fail;
    number_after(text, "[UIDVALIDITY ", &state->uid_validity);
    number_after(text, "[UIDNEXT ", &state->uid_next);
    if (str_ends(text, STR(" EXISTS"))) {
        number_after(text, "* ", &state->mails);
    }
    return true;
}

static bool examine(struct net_imap *imap, struct str folder, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = 1024};
    if (folder.len == 0 || folder.len > FOLDER_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "a folder's name has 1 to %d bytes", FOLDER_BYTES_MAX);
    }
    base_buf_c(&text, "EXAMINE \"");
    for (size_t i = 0; i < folder.len; i++) {
        char c = folder.data[i];
        if (c < ' ' || c > '~') {
            return fail_set(fail, FAIL_INPUT,
                            "a folder's name is given as the server writes it, in ASCII");
        }
        if (c == '"' || c == '\\') {
            base_buf_byte(&text, '\\');
        }
        base_buf_byte(&text, c);
    }
    base_buf_byte(&text, '"');
    if (!command(imap, "to open the folder", base_buf_view(&text), take_state, &imap->state,
                 fail)) {
        return false;
    }
    return imap->state.uid_validity > 0 ||
           fail_set(fail, FAIL_IO, "the mail server gives mails no lasting numbers (UIDVALIDITY)");
}

bool net_imap_open_line(const struct net_imap_line *line, struct str folder, struct net_imap **out,
                        struct fail *fail)
{
    struct net_imap *imap = base_alloc_zero(sizeof *imap);
    imap->line = *line;
    imap->in.limit = NET_IMAP_LINE_BYTES_MAX * 2;
    if (!examine(imap, folder, fail)) {
        net_imap_close(imap);
        return false;
    }
    *out = imap;
    return true;
}

static bool wire_send(void *wire, struct str bytes, struct fail *fail)
{
    return net_wire_send(wire, bytes, fail);
}

static bool wire_receive(void *wire, char *into, size_t room, size_t *out_len, struct fail *fail)
{
    return net_wire_receive(wire, into, room, out_len, fail);
}

bool net_imap_open(const struct net_client *client, const struct net_imap_options *options,
                   struct net_imap **out, struct fail *fail)
{
    struct net_wire *wire CLEANUP(net_wire_close_at) = NULL;
    struct net_imap *imap;
    if (!net_wire_open(client, &options->wire, &wire, fail)) {
        return false;
    }
    const struct net_imap_line line = {.send = wire_send, .receive = wire_receive, .context = wire};
    if (!net_imap_open_line(&line, options->folder, &imap, fail)) {
        return false;
    }
    imap->wire = wire;
    wire = NULL;
    *out = imap;
    return true;
}

void net_imap_close(struct net_imap *imap)
{
    if (imap == NULL) {
        return;
    }
    net_wire_close(imap->wire);
    base_buf_done(&imap->in);
    base_free(imap);
}

void net_imap_close_at(struct net_imap **imap)
{
    net_imap_close(*imap);
    *imap = NULL;
}

struct net_imap_state net_imap_state(const struct net_imap *imap)
{
    return imap->state;
}

/* ---- mails ----------------------------------------------------------------------------------------------------- */

struct uids {
    uint32_t *list;
    size_t count;
    uint32_t first;
};

static bool take_uids(void *context, const struct answer *answer, struct fail *fail)
{
    struct uids *uids = context;
    struct str text = base_buf_view(&answer->text), word;
    if (!starts_word(text, "* SEARCH")) {
        return true;
    }
    text = str_after(text, strlen("* SEARCH"));
    while (text.data != NULL && str_next_part(&text, ' ', &word)) {
        uint64_t uid;
        if (word.len == 0) {
            continue;
        }
        if (!str_parse_u64(word, &uid) || uid == 0 || uid > UINT32_MAX) {
            return fail_set(fail, FAIL_IO, "the mail server names a mail that is no number");
        }
        /* "n:*" names the last mail even where its number is below n. */
        if (uid >= uids->first && uids->count < NET_IMAP_UIDS_MAX) {
            uids->list[uids->count++] = (uint32_t)uid;
        }
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

bool net_imap_uids(struct net_imap *imap, uint32_t first, struct arena *arena, uint32_t **out,
                   size_t *out_count, struct fail *fail)
{
    struct uids uids = {.first = first};
    char text[64];
    uids.list = arena_array(arena, NET_IMAP_UIDS_MAX, sizeof *uids.list, fail);
    if (uids.list == NULL) {
        return false;
    }
    int len = snprintf(text, sizeof text, "UID SEARCH UID %u:*", (unsigned)first);
    if (!command(imap, "to list mails", str_of(text, (size_t)len), take_uids, &uids, fail)) {
        return false;
    }
    qsort(uids.list, uids.count, sizeof *uids.list, by_number);
    *out = uids.list;
    *out_count = uids.count;
    return true;
}

struct mail {
    uint32_t uid;
    struct arena *arena;
    struct str bytes;
    bool found;
};

static bool take_mail(void *context, const struct answer *answer, struct fail *fail)
{
    struct mail *mail = context;
    uint32_t uid = 0;
    (void)fail;
    struct str text = base_buf_view(&answer->text);
    if (mail->found || !answer->has_literal || !number_after(text, "UID ", &uid) ||
        uid != mail->uid) {
        return true;
    }
    mail->bytes = str_copy(mail->arena, base_buf_view(&answer->literal));
    mail->found = true;
    return true;
}

bool net_imap_fetch(struct net_imap *imap, uint32_t uid, struct arena *arena, struct str *out,
                    bool *out_found, struct fail *fail)
{
    struct mail mail = {.uid = uid, .arena = arena};
    char text[80];
    int len = snprintf(text, sizeof text, "UID FETCH %u (UID BODY.PEEK[]<0.%zu>)", (unsigned)uid,
                       NET_IMAP_MAIL_BYTES_MAX);
    if (!command(imap, "to give a mail", str_of(text, (size_t)len), take_mail, &mail, fail)) {
        return false;
    }
    *out = mail.bytes;
    *out_found = mail.found;
    return true;
}
