/* The words of a mail, line by line. Phrases are compared by their Unicode folding. */
#include "intake_mail_words.h"

#include "base_buf.h"
#include "base_unicode.h"

#define ATTRIBUTION_LINES_MAX 3
#define ATTRIBUTION_BYTES_MAX 400
#define SIGNATURE_LINES_MAX 12
#define CLOSING_LINES_MAX 8
#define CLOSING_BYTES_MAX 60

struct lines {
    struct str *at;
    size_t count;
};

/* ---- comparing ------------------------------------------------------------------------------------------- */

/* Bytes of `text` that its beginning equal to `phrase` has, but for case; 0: it begins otherwise. */
static size_t begins(struct str text, const char *phrase)
{
    struct str rest = text, wanted = str_from_c(phrase);
    while (wanted.len > 0) {
        size_t a, b;
        if (rest.len == 0 || unicode_fold_simple(unicode_decode(rest, &a)) !=
                                 unicode_fold_simple(unicode_decode(wanted, &b))) {
            return 0;
        }
        rest = str_after(rest, a);
        wanted = str_after(wanted, b);
    }
    return text.len - rest.len;
}

static bool is_one_of(struct str text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (begins(text, list[i]) == text.len) {
            return true;
        }
    }
    return false;
}

static bool begins_with_any(struct str text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (begins(text, list[i]) > 0) {
            return true;
        }
    }
    return false;
}

static bool holds(struct str text, const char *phrase)
{
    for (size_t at = 0; at < text.len;) {
        size_t step;
        if (begins(str_after(text, at), phrase) > 0) {
            return true;
        }
        unicode_decode(str_after(text, at), &step);
        at += step;
    }
    return false;
}

static bool holds_any(struct str text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (holds(text, list[i])) {
            return true;
        }
    }
    return false;
}

/* Without blanks, and without the stars that plain text has for bold. */
static struct str bare(struct str line)
{
    line = str_trim(line);
    while (line.len > 0 && (line.data[0] == '*' || line.data[0] == '_')) {
        line = str_after(line, 1);
    }
    while (line.len > 0 && (line.data[line.len - 1] == '*' || line.data[line.len - 1] == '_')) {
        line.len--;
    }
    return str_trim(line);
}

static bool is_quoted(struct str line)
{
    struct str trimmed = str_trim(line);
    return trimmed.len > 0 && trimmed.data[0] == '>';
}

static size_t next_filled(const struct lines *lines, size_t at)
{
    while (at < lines->count && str_trim(lines->at[at]).len == 0) {
        at++;
    }
    return at;
}

/* ---- earlier mail ------------------------------------------------------------------------------------------ */

/* "-----Original Message-----", in what mail programs speak. */
static bool is_divider(struct str line)
{
    static const char *const words[] = {
        "original message",
        "original appointment",
        "forwarded message",
        "begin forwarded message",
        "ursprüngliche nachricht",
        "urspr. nachricht",
        "originalnachricht",
        "weitergeleitete nachricht",
        "message d'origine",
        "message d’origine",
        "message original",
        "message transféré",
        "mensaje original",
        "mensaje reenviado",
        "messaggio originale",
        "messaggio inoltrato",
        "oorspronkelijk bericht",
        "doorgestuurd bericht",
        "opprinnelig melding",
        "videresendt melding",
        "oprindelig meddelelse",
        "videresendt meddelelse",
        "ursprungligt meddelande",
        "originalmeddelande",
        "vidarebefordrat meddelande",
        "alkuperäinen viesti",
        "wiadomość oryginalna",
        "oryginalna wiadomość",
        "mensagem original",
        "mensagem encaminhada",
        "исходное сообщение",
        "пересылаемое сообщение",
        "původní zpráva",
        "元のメッセージ",
        "转发邮件",
        "原始邮件",
    };
    struct str text = str_trim(line);
    size_t dashes = 0;
    while (text.len > 0 && (text.data[0] == '-' || text.data[0] == ' ' || text.data[0] == '_')) {
        dashes += text.data[0] == ' ' ? 0U : 1U;
        text = str_after(text, 1);
    }
    return (dashes >= 2 && begins_with_any(text, words, ARRAY_LEN(words))) ||
           begins(text, "begin forwarded message:") > 0;
}

static const char *const from_labels[] = {"from", "von", "de",        "da", "van",    "fra",
                                          "från", "od",  "lähettäjä", "от", "发件人", "差出人"};
static const char *const more_labels[] = {
    "sent",          "date",       "to",       "subject",   "cc",     "reply-to",  "gesendet",
    "datum",         "an",         "betreff",  "envoyé",    "à",      "objet",     "enviado",
    "enviada",       "enviado el", "fecha",    "para",      "asunto", "assunto",   "inviato",
    "data",          "a",          "oggetto",  "verzonden", "aan",    "onderwerp", "sendt",
    "dato",          "til",        "emne",     "skickat",   "till",   "ämne",      "lähetetty",
    "vastaanottaja", "aihe",       "wysłano",  "wysłane",   "do",     "temat",     "отправлено",
    "дата",          "кому",       "тема",     "odesláno",  "komu",   "předmět",   "发送时间",
    "收件人",        "主题",       "送信日時", "宛先",      "件名",
};

/* "Von: Ann <ann@...>": a label of the list, blanks, a colon, something. */
static bool has_label(struct str line, const char *const *list, size_t count)
{
    struct str text = bare(line);
    for (size_t i = 0; i < count; i++) {
        size_t len = begins(text, list[i]);
        struct str rest = str_after(text, len);
        while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '*')) {
            rest = str_after(rest, 1);
        }
        if (len > 0 && (str_starts_c(rest, ":") || str_starts_c(rest, "\xef\xbc\x9a") ||
                        str_starts_c(rest, "\xc2\xa0:"))) {
            return true;
        }
    }
    return false;
}

/* Headers of an earlier mail: From, and two of its fellows in the lines after. */
static bool is_header_block(const struct lines *lines, size_t at)
{
    size_t fellows = 0;
    if (!has_label(lines->at[at], from_labels, ARRAY_LEN(from_labels))) {
        return false;
    }
    for (size_t i = at + 1; i < lines->count && i <= at + 6; i++) {
        fellows += has_label(lines->at[i], more_labels, ARRAY_LEN(more_labels)) ? 1U : 0U;
    }
    return fellows >= 2;
}

/* "On 3 May 2026 at 10:12, Shop wrote:" begins so ... */
static const char *const attribution_begins[] = {
    "on ",   "am ",   "le ",   "el ",   "il ",    "op ",     "den ",  "em ",   "på ",   "fre. ",
    "man. ", "tir. ", "ons. ", "tor. ", "tors. ", "lør. ",   "søn. ", "mån ",  "tis ",  "ons ",
    "tors ", "fre ",  "lör ",  "sön ",  "dnia ",  "w dniu ", "d. ",   "dne ",  "pe ",   "ma ",
    "ti ",   "ke ",   "to ",   "la ",   "su ",    "в ",      "пн, ",  "вт, ",  "ср, ",  "чт, ",
    "пт, ",  "сб, ",  "вс, ",  "mon, ", "tue, ",  "wed, ",   "thu, ", "fri, ", "sat, ", "sun, ",
    "20",    "1",     "2",     "3",     "0",      "i ",      "\"",    "<"};
/* ... and ends so. */
static const char *const attribution_says[] = {
    "wrote", "schrieb",  "a écrit",      "escribió", "escribio",  "ha scritto", "schreef",
    "skrev", "escreveu", "napisał",      "pisze",    "kirjoitti", "napsal",     "написал",
    "пишет", "写道",     "のメッセージ", "書き込み", "yazdı",
};

/* How many lines say who wrote what is quoted next; 0: none do. */
static size_t attribution(const struct lines *lines, size_t at)
{
    struct str first = str_trim(lines->at[at]);
    bool named = str_find_byte(first, '@') < first.len;
    if (first.len == 0 || first.len > ATTRIBUTION_BYTES_MAX ||
        (!begins_with_any(first, attribution_begins, ARRAY_LEN(attribution_begins)) && !named)) {
        return 0;
    }
    for (size_t n = 1; n <= ATTRIBUTION_LINES_MAX && at + n <= lines->count; n++) {
        struct str line = str_trim(lines->at[at + n - 1]);
        if (line.len == 0 || line.len > ATTRIBUTION_BYTES_MAX || is_quoted(line)) {
            return 0;
        }
        bool ends = line.data[line.len - 1] == ':' || str_ends(line, STR("\xef\xbc\x9a"));
        bool address = str_ends(line, STR(">:")) && str_find_byte(line, '@') < line.len &&
                       next_filled(lines, at + n) < lines->count &&
                       is_quoted(lines->at[next_filled(lines, at + n)]);
        if (ends && (address || holds_any(line, attribution_says, ARRAY_LEN(attribution_says)))) {
            return n;
        }
    }
    return 0;
}

/* Some of "On ... wrote:" must be there that no sentence has: a digit of a date, or an address. */
static bool looks_like_attribution(const struct lines *lines, size_t at, size_t count)
{
    for (size_t i = at; i < at + count; i++) {
        for (size_t k = 0; k < lines->at[i].len; k++) {
            char c = lines->at[i].data[k];
            if ((c >= '0' && c <= '9') || c == '@') {
                return true;
            }
        }
    }
    return false;
}

/* Marks what is earlier mail by emptying its lines: a blank line does nothing. */
static void drop(struct lines *lines, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        lines->at[i] = STR("");
    }
}

static void drop_earlier_mail(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        struct str line = str_trim(lines->at[i]);
        bool rule = line.len >= 10 && str_find_byte(line, '_') == 0 &&
                    line.data[line.len - 1] == '_' && next_filled(lines, i + 1) < lines->count;
        if (is_divider(line) || is_header_block(lines, i) ||
            (rule && is_header_block(lines, next_filled(lines, i + 1)))) {
            lines->count = i;
            return;
        }
        size_t said = attribution(lines, i);
        if (said > 0 && looks_like_attribution(lines, i, said)) {
            size_t next = next_filled(lines, i + said);
            if (next >= lines->count || !is_quoted(lines->at[next])) {
                lines->count = i; /* quoted without marks: all of it is */
                return;
            }
            drop(lines, i, i + said);
        }
        if (is_quoted(lines->at[i])) {
            lines->at[i] = STR("");
        }
    }
}

/* ---- what stands below ------------------------------------------------------------------------------------- */

static bool is_mobile_footer(struct str line)
{
    static const char *const phrases[] = {
        "sent from my ",
        "sent from mail for",
        "sent from outlook",
        "sent via ",
        "sent with proton",
        "sent from yahoo",
        "sent from samsung",
        "get outlook for",
        "sent using ",
        "von meinem iphone gesendet",
        "von meinem ipad gesendet",
        "von meinem samsung",
        "von meinem handy",
        "von unterwegs gesendet",
        "gesendet von",
        "gesendet mit",
        "diese nachricht wurde von meinem",
        "holen sie sich outlook",
        "envoyé de mon",
        "envoyé depuis",
        "envoyé à partir de",
        "télécharger outlook",
        "enviado desde mi",
        "enviado desde",
        "enviado do meu",
        "enviado a partir",
        "obtener outlook",
        "inviato da",
        "inviato dal mio",
        "scarica outlook",
        "verzonden vanaf",
        "verstuurd vanaf",
        "verstuurd met",
        "verzonden met",
        "skickat från",
        "skickades från",
        "hämta outlook",
        "sendt fra",
        "skaff deg outlook",
        "hent outlook",
        "lähetetty ",
        "wysłane z",
        "wysłano z",
        "отправлено с",
        "отправлено из",
        "odesláno z",
        "iphoneから送信",
        "发自我的",
    };
    struct str text = bare(line);
    return text.len <= 120 && begins_with_any(text, phrases, ARRAY_LEN(phrases));
}

static bool is_legal_footer(struct str line)
{
    static const char *const begin[] = {"this e-mail",         "this email",
                                        "this message",        "the information",
                                        "the content",         "confidential",
                                        "disclaimer",          "diese e-mail",
                                        "diese nachricht",     "der inhalt dieser",
                                        "ce message",          "ce courriel",
                                        "cet e-mail",          "este mensaje",
                                        "este correo",         "la información",
                                        "questo messaggio",    "questa e-mail",
                                        "le informazioni",     "dit bericht",
                                        "deze e-mail",         "denne e-post",
                                        "denne e-mail",        "denne meldingen",
                                        "detta meddelande",    "detta e-post",
                                        "tämä viesti",         "ta wiadomość",
                                        "niniejsza wiadomość", "esta mensagem",
                                        "это сообщение",       "aviso legal",
                                        "informativa",         "avis de confidentialité"};
    static const char *const say[] = {
        "confidential",  "vertraulich",  "confidentiel", "confidencial",       "riservat",
        "vertrouwelijk", "konfidensiel", "fortrolig",    "konfidentiel",       "luottamuksel",
        "poufn",         "конфиденц",    "privileged",   "intended recipient", "intended only",
        "destinataire",  "destinatario", "empfänger"};
    struct str text = bare(line);
    return text.len >= 40 && begins_with_any(text, begin, ARRAY_LEN(begin)) &&
           holds_any(text, say, ARRAY_LEN(say));
}

/* A closing is a line of nothing else: "Mit freundlichen Grüßen," */
static bool is_closing(struct str line, bool *out_thanks)
{
    static const char *const thanks[] = {
        "thanks",         "thank you", "many thanks", "danke",    "vielen dank", "merci",
        "merci d'avance", "gracias",   "grazie",      "bedankt",  "takk",        "tak",
        "tack",           "kiitos",    "dziękuję",    "obrigado", "obrigada",    "спасибо"};
    static const char *const closings[] = {
        "best regards",
        "kind regards",
        "warm regards",
        "with kind regards",
        "regards",
        "best wishes",
        "best,",
        "cheers,",
        "sincerely",
        "yours sincerely",
        "yours faithfully",
        "yours truly",
        "all the best",
        "many thanks and best regards",
        "mit freundlichen grüßen",
        "mit freundlichen grüssen",
        "mit freundlichem gruß",
        "mit besten grüßen",
        "freundliche grüße",
        "freundliche grüsse",
        "viele grüße",
        "viele grüsse",
        "liebe grüße",
        "beste grüße",
        "schöne grüße",
        "herzliche grüße",
        "hochachtungsvoll",
        "mfg",
        "vg",
        "lg",
        "gruß",
        "grüße",
        "cordialement",
        "bien cordialement",
        "bien à vous",
        "salutations distinguées",
        "sincères salutations",
        "meilleures salutations",
        "cdlt",
        "un saludo",
        "saludos",
        "saludos cordiales",
        "atentamente",
        "un cordial saludo",
        "atte",
        "cordiali saluti",
        "distinti saluti",
        "saluti",
        "un saluto",
        "cordialmente",
        "met vriendelijke groet",
        "met vriendelijke groeten",
        "vriendelijke groeten",
        "groeten",
        "groetjes",
        "mvg",
        "hoogachtend",
        "med vennlig hilsen",
        "vennlig hilsen",
        "mvh",
        "hilsen",
        "med venlig hilsen",
        "venlig hilsen",
        "de bedste hilsner",
        "vh,",
        "med vänliga hälsningar",
        "vänliga hälsningar",
        "med vänlig hälsning",
        "hälsningar",
        "vänligen",
        "ystävällisin terveisin",
        "terveisin",
        "z poważaniem",
        "pozdrawiam",
        "atenciosamente",
        "cumprimentos",
        "com os melhores cumprimentos",
        "abraços",
        "att,",
        "с уважением",
        "s pozdravem",
        "saygılarımla",
        "敬具",
        "よろしくお願いいたします",
        "此致",
    };
    struct str text = bare(line), whole = text;
    while (text.len > 0 && strchr(",.!;: ", text.data[text.len - 1]) != NULL) {
        text.len--;
    }
    *out_thanks = text.len > 0 && is_one_of(text, thanks, ARRAY_LEN(thanks));
    /* Words that begin many a sentence close a mail only with their comma. */
    return *out_thanks || (text.len > 0 && (is_one_of(text, closings, ARRAY_LEN(closings)) ||
                                            is_one_of(whole, closings, ARRAY_LEN(closings))));
}

/* How many of the lines behind `at` hold something, and is each of them short? */
static size_t filled_after(const struct lines *lines, size_t at, bool *out_short)
{
    size_t filled = 0;
    *out_short = true;
    for (size_t i = at + 1; i < lines->count; i++) {
        struct str line = str_trim(lines->at[i]);
        filled += line.len > 0 ? 1U : 0U;
        *out_short = *out_short && line.len <= CLOSING_BYTES_MAX;
    }
    return filled;
}

static bool cuts_here(const struct lines *lines, size_t at)
{
    struct str line = lines->at[at], trimmed = str_trim(line);
    bool brief, thanks;
    size_t after = filled_after(lines, at, &brief);
    if (str_is(line, "-- ") || str_is(trimmed, "--")) {
        return after <= SIGNATURE_LINES_MAX;
    }
    if (!is_closing(trimmed, &thanks)) {
        return false;
    }
    return thanks ? after == 1 && brief : after <= CLOSING_LINES_MAX && brief;
}

static void drop_what_stands_below(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (is_mobile_footer(lines->at[i])) {
            lines->at[i] = STR("");
        } else if (is_legal_footer(lines->at[i])) {
            lines->count = i;
        }
    }
    /* From below: the counting of what follows is short then. */
    size_t looked = 0;
    for (size_t i = lines->count; i > 0 && looked <= 2 * SIGNATURE_LINES_MAX; i--) {
        looked += str_trim(lines->at[i - 1]).len > 0 ? 1U : 0U;
        if (str_trim(lines->at[i - 1]).len > 0 && cuts_here(lines, i - 1)) {
            lines->count = i - 1;
        }
    }
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static bool cut_lines(struct str text, struct arena *arena, struct lines *out, struct fail *fail)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len && count < INTAKE_MAIL_LINES_MAX; i++) {
        count += text.data[i] == '\n' ? 1U : 0U;
    }
    *out = (struct lines){arena_array(arena, count, sizeof *out->at, fail), 0};
    if (out->at == NULL) {
        return false;
    }
    struct str rest = text, line;
    while (out->count < count && str_next_part(&rest, '\n', &line)) {
        line.len -= line.len > 0 && line.data[line.len - 1] == '\r' ? 1U : 0U;
        out->at[out->count++] = line;
    }
    return true;
}

/* Lines again, without blanks at their ends; of several blank ones one. */
static bool join_lines(const struct lines *lines, struct arena *arena, struct str *out,
                       struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    size_t blank = 0;
    for (size_t i = 0; i < lines->count; i++) {
        struct str line = lines->at[i];
        while (line.len > 0 &&
               (line.data[line.len - 1] == ' ' || line.data[line.len - 1] == '\t')) {
            line.len--;
        }
        if (line.len == 0) {
            blank++;
            continue;
        }
        if (text.len > 0) {
            base_buf_c(&text, blank > 0 ? "\n\n" : "\n");
        }
        blank = 0;
        base_buf_str(&text, line);
    }
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    struct str joined = str_trim(base_buf_view(&text));
    *out = joined.len == 0 ? (struct str){NULL, 0} : str_copy(arena, joined);
    return true;
}

bool intake_mail_words(struct str text, bool forwarded, struct arena *arena, struct str *out,
                       struct fail *fail)
{
    struct lines lines;
    struct str words;
    if (!cut_lines(text, arena, &lines, fail)) {
        return false;
    }
    drop_earlier_mail(&lines);
    drop_what_stands_below(&lines);
    if (!join_lines(&lines, arena, &words, fail)) {
        return false;
    }
    if (words.data == NULL && forwarded) {
        return cut_lines(text, arena, &lines, fail) && join_lines(&lines, arena, out, fail);
    }
    *out = words;
    return true;
}

bool intake_mail_is_forward(struct str subject)
{
    static const char *const marks[] = {
        "fwd:", "fw:", "wg:", "tr:", "rv:", "vs:", "vb:", "i:", "doorst:", "enc:", "vl:", "pd:"};
    return begins_with_any(str_trim(subject), marks, ARRAY_LEN(marks));
}
