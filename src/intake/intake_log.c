#include "intake_log.h"

#define DIGITS_MAX 18

const struct intake_places intake_log_places = {.event = {"", 0},
                                                .ts = {"time", 4},
                                                .user = {"client", 6},
                                                .anonymous = {"client", 6},
                                                .message_id = {"", 0},
                                                .channel = {"", 0},
                                                .text = {"", 0},
                                                .score = {"", 0},
                                                .scale = {"", 0},
                                                .previous_id = {"", 0}};

struct line { /* missing parts have data NULL */
    struct str client, user, time, request, status, bytes, referrer, agent;
};

static void skip_blanks(struct str *rest)
{
    while (rest->len > 0 && rest->data[0] == ' ') {
        *rest = str_after(*rest, 1);
    }
}

static struct str take_word(struct str *rest)
{
    skip_blanks(rest);
    size_t end = str_find_byte(*rest, ' ');
    struct str word = str_of(rest->data, end);
    *rest = str_after(*rest, end);
    return word.len == 0 || str_is(word, "-") ? (struct str){NULL, 0} : word;
}

/* Up to `close`; without one to the end of the line, which then is all there is. */
static struct str take_enclosed(struct str *rest, char open, char close)
{
    skip_blanks(rest);
    if (rest->len == 0 || rest->data[0] != open) {
        return (struct str){NULL, 0};
    }
    size_t end = 1;
    while (end < rest->len && rest->data[end] != close) {
        end += rest->data[end] == '\\' && end + 1 < rest->len ? 2U : 1U;
    }
    struct str found = str_of(rest->data + 1, end - 1);
    *rest = str_after(*rest, end + 1);
    return found.len == 0 || str_is(found, "-") ? (struct str){NULL, 0} : found;
}

static void cut(struct str text, struct line *out)
{
    struct str rest = text;
    out->client = take_word(&rest);
    take_word(&rest); /* what identd said: nobody has it */
    out->user = take_word(&rest);
    out->time = take_enclosed(&rest, '[', ']');
    out->request = take_enclosed(&rest, '"', '"');
    out->status = take_word(&rest);
    out->bytes = take_word(&rest);
    out->referrer = take_enclosed(&rest, '"', '"');
    out->agent = take_enclosed(&rest, '"', '"');
}

/* ---- values -------------------------------------------------------------------------------------------- */

static bool put(struct intake_draft *draft, struct str name, struct store_value value)
{
    const struct intake_path place = {.name = name};
    return intake_add_field(draft, &draft->decoder->properties, name, value, &place);
}

/* Servers write bytes that are no text as \xhh: what is escaped stays so; only \" and \\ are undone. */
static bool put_text(struct intake_draft *draft, struct str name, struct str text)
{
    struct str kept = text;
    if (text.data == NULL) {
        return true;
    }
    if (str_find_byte(text, '\\') < text.len) {
        char *copy = arena_alloc(draft->arena, text.len, draft->fail);
        size_t len = 0;
        if (copy == NULL) {
            return intake_hard(draft);
        }
        for (size_t i = 0; i < text.len; i++) {
            bool escape = text.data[i] == '\\' && i + 1 < text.len &&
                          (text.data[i + 1] == '"' || text.data[i + 1] == '\\');
            i += escape ? 1U : 0U;
            copy[len++] = text.data[i];
        }
        kept = str_of(copy, len);
    }
    return put(draft, name, store_value_str(kept));
}

static bool put_number(struct intake_draft *draft, struct str name, struct str text, bool needed)
{
    int64_t number;
    if (text.data == NULL && !needed) {
        return true;
    }
    if (text.data == NULL || text.len > DIGITS_MAX || !str_parse_i64(text, &number) || number < 0) {
        return intake_judge(draft, name,
                            "expected a whole number, as in \"GET / HTTP/1.1\" 200 5120");
    }
    return put(draft, name, store_value_int(number));
}

/* "GET /path?query HTTP/1.1"; anything else is kept whole, as "request". */
static bool put_request(struct intake_draft *draft, struct str request)
{
    struct str rest = request, method, target;
    if (request.data == NULL) {
        return true;
    }
    bool whole = str_next_part(&rest, ' ', &method) && rest.data != NULL && method.len > 0;
    for (size_t i = 0; whole && i < method.len; i++) {
        whole = (method.data[i] >= 'A' && method.data[i] <= 'Z') || method.data[i] == '-' ||
                method.data[i] == '_';
    }
    if (!whole) {
        return put_text(draft, STR("request"), request);
    }
    size_t space = rest.len;
    for (size_t i = 0; i < rest.len; i++) {
        space = rest.data[i] == ' ' ? i : space;
    }
    bool has_protocol = space < rest.len && str_starts_c(str_after(rest, space + 1), "HTTP/");
    target = has_protocol ? str_of(rest.data, space) : rest;
    size_t mark = str_find_byte(target, '?');
    return put_text(draft, STR("method"), method) &&
           put_text(draft, STR("path"), str_of(target.data, mark)) &&
           (mark + 1 >= target.len || put_text(draft, STR("query"), str_after(target, mark + 1))) &&
           (!has_protocol || put_text(draft, STR("protocol"), str_after(rest, space + 1)));
}

/* Programs that say what they are; one that says nothing is one too. */
static bool is_bot(struct str agent)
{
    static const char *const words[] = {
        "bot",      "crawl",    "spider",     "slurp",   "feed",       "rss",     "fetch",
        "curl/",    "wget",     "python",     "java/",   "libwww",     "perl",    "ruby",
        "go-http",  "okhttp",   "httpclient", "monitor", "pingdom",    "preview", "scan",
        "archiver", "headless", "validator",  "checker", "lighthouse", "+http",   "http://",
        "https://", "scrapy",   "axios/",
    };
    for (size_t at = 0; at < agent.len; at++) {
        for (size_t w = 0; w < ARRAY_LEN(words); w++) {
            size_t k = 0;
            while (words[w][k] != '\0' && at + k < agent.len &&
                   (agent.data[at + k] |
                    (agent.data[at + k] >= 'A' && agent.data[at + k] <= 'Z' ? 0x20 : 0)) ==
                       words[w][k]) {
                k++;
            }
            if (words[w][k] == '\0') {
                return true;
            }
        }
    }
    return agent.len == 0;
}

/* ---- who and when ---------------------------------------------------------------------------------------- */

static bool put_who(struct intake_draft *draft, const struct line *line)
{
    const struct intake_source *source = draft->source;
    char pseudonym[INTAKE_PSEUDONYM_BYTES];
    if (line->client.data == NULL) {
        return intake_judge(draft, STR("client"),
                            "no client: expected an address first in the line");
    }
    if (source->keep_address && !put_text(draft, STR("address"), line->client)) {
        return false;
    }
    /* Who signed in is known; the address, which others may share, then joins nobody. */
    if (line->user.data != NULL) {
        draft->user = line->user;
        return line->user.len <= STORE_IDENTIFIER_BYTES_MAX
                   ? intake_add_identifier(draft, STR("user"), line->user)
                   : intake_judge(draft, STR("user"), "longer than %d bytes",
                                  STORE_IDENTIFIER_BYTES_MAX);
    }
    INVARIANT(source->pseudonym != NULL);
    source->pseudonym(source->secret, line->client, pseudonym);
    return intake_keep(draft, str_from_c(pseudonym), &draft->anonymous) &&
           intake_add_identifier(draft, STR("anonymous"), draft->anonymous);
}

static bool put_when(struct intake_draft *draft, struct str text)
{
    struct time_reading reading;
    if (text.data == NULL || !time_parse_pattern(text, STR("%d/%b/%Y:%H:%M:%S %z"), &reading) ||
        !reading.has_instant) {
        return intake_judge(draft, STR("time"),
                            "no time: expected one as in [17/May/2015:10:05:03 +0000]");
    }
    draft->client_ms = reading.instant_ms;
    return true;
}

static bool read_line(struct intake_draft *draft)
{
    struct line line;
    if (draft->reason.data != NULL) {
        return false;
    }
    if (!intake_is_utf8(draft->raw)) {
        return intake_judge(draft, STR(""), "not valid UTF-8");
    }
    cut(draft->raw, &line);
    draft->event = STR("Request");
    draft->channel =
        draft->source->default_channel.data == NULL ? STR("web") : draft->source->default_channel;
    return put_who(draft, &line) && put_when(draft, line.time) &&
           put_request(draft, line.request) &&
           put_number(draft, STR("status"), line.status, true) &&
           put_number(draft, STR("bytes"), line.bytes, false) &&
           put_text(draft, STR("referrer"), line.referrer) &&
           put_text(draft, STR("agent"), line.agent) &&
           put(draft, STR("bot"), store_value_bool(is_bot(line.agent)));
}

bool intake_log_message(struct intake_draft *draft, struct store_item *item)
{
    return intake_draft_end(draft, read_line(draft), item);
}
