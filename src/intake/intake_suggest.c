#include "intake_suggest.h"

#include "base_json_write.h"
#include "base_time.h"
#include "base_unicode.h"
#include "intake_csv.h"
#include "intake_map.h"
#include "intake_window.h"

#define SUGGEST_COLUMNS_MAX 500
#define DISTINCT_MAX 512

enum role {
    ROLE_PROPERTY,
    ROLE_TRAIT,
    ROLE_CUSTOMER,
    ROLE_EMAIL,
    ROLE_TIME,
    ROLE_ID,
    ROLE_SCORE,
    ROLE_TEXT,
    ROLE_NOTHING,
};

struct column {
    struct str name;
    enum role role;
    uint64_t filled, numbers, whole, times, mails, bytes, spaced, missing;
    double least, most;
    uint64_t seen[DISTINCT_MAX]; /* hashes of values, open addressing; 0: free */
    uint64_t distinct;
};

struct suggestion {
    struct column *columns;
    size_t count;
    uint64_t rows;
    char delimiter;
    const char *time_format; /* where the usual forms do not fit; NULL: they do */
    const char *scale;
    bool missing; /* NA and the like are used */
};

/* ---- looking ------------------------------------------------------------------------------------------------- */

/* As found in exports from America: a day that may stand before or after its month is decided by its value. */
static const char *const time_formats[] = {
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",    "%d/%m/%Y %H:%M",    "%d/%m/%Y"};

static bool is_time(struct str text, const char **format)
{
    struct time_reading reading;
    bool has_sign = false;
    for (size_t i = 0; i < text.len; i++) {
        has_sign = has_sign || text.data[i] == '-' || text.data[i] == ':' || text.data[i] == '/' ||
                   text.data[i] == '.';
    }
    if (!has_sign) {
        return false; /* a number may be a time, but hardly is */
    }
    if (time_parse_usual(text, &reading)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(time_formats); i++) {
        if (time_parse_pattern(text, str_from_c(time_formats[i]), &reading)) {
            *format = time_formats[i];
            return true;
        }
    }
    return false;
}

static bool is_missing(struct str text)
{
    return str_is(text, "NA") || str_is(text, "N/A") || str_is(text, "NULL") || str_is(text, "-");
}

static void count_distinct(struct column *column, struct str text)
{
    uint64_t hash = base_hash64(text.data, text.len, 0) | 1U;
    if (column->distinct >= DISTINCT_MAX / 2) {
        return;
    }
    size_t at = (size_t)(hash % DISTINCT_MAX);
    while (column->seen[at] != 0 && column->seen[at] != hash) {
        at = (at + 1) % DISTINCT_MAX;
    }
    column->distinct += column->seen[at] == 0 ? 1U : 0U;
    column->seen[at] = hash;
}

static void look_at(struct suggestion *s, struct column *column, struct str text)
{
    double number;
    const char *format = NULL;
    text = str_trim(text);
    if (text.len == 0) {
        return;
    }
    if (is_missing(text)) {
        column->missing++;
        return;
    }
    column->filled++;
    column->bytes += text.len;
    column->spaced += str_find_byte(text, ' ') < text.len ? 1U : 0U;
    column->mails += str_find_byte(text, '@') < text.len && str_find_byte(text, ' ') == text.len;
    count_distinct(column, text);
    if (str_parse_double(text, &number)) {
        column->least = column->numbers == 0 || number < column->least ? number : column->least;
        column->most = column->numbers == 0 || number > column->most ? number : column->most;
        column->numbers++;
        column->whole += number == floor(number) ? 1U : 0U;
    } else if (is_time(text, &format)) {
        column->times++;
        s->time_format = format != NULL ? format : s->time_format;
    }
}

static bool next_row(struct intake_window *window, char delimiter, struct intake_csv_cell *cells,
                     size_t capacity, struct intake_csv_record *out, bool *found, struct fail *fail)
{
    for (;;) {
        struct str text = intake_window_text(window);
        bool full = text.len >= INTAKE_WINDOW_BYTES_MAX;
        enum intake_csv_result result =
            intake_csv_scan(text, delimiter, window->end || full, cells, capacity, out);
        if (result == INTAKE_CSV_MORE) {
            if (!intake_window_more(window, fail)) {
                return false;
            }
            continue;
        }
        *found = result == INTAKE_CSV_RECORD;
        if (!*found) {
            return true;
        }
        intake_window_skip(window, out->consumed);
        if (out->raw.len > 0) {
            return true;
        }
    }
}

/* The sign that parts the header row most often. */
static char delimiter_of(struct str text)
{
    static const char signs[] = ",;\t|";
    size_t end = str_find_byte(text, '\n'), most = 0;
    char best = ',';
    for (const char *sign = signs; *sign != '\0'; sign++) {
        size_t count = 0;
        for (size_t i = 0; i < end; i++) {
            count += text.data[i] == *sign ? 1U : 0U;
        }
        if (count > most) {
            most = count;
            best = *sign;
        }
    }
    return best;
}

static bool look_at_rows(struct suggestion *s, struct intake_window *window, struct arena *arena,
                         struct fail *fail)
{
    struct intake_csv_record record;
    struct intake_csv_cell *cells =
        arena_array(arena, SUGGEST_COLUMNS_MAX + 1, sizeof *cells, fail);
    bool found = false;
    if (cells == NULL) {
        return false;
    }
    s->delimiter = delimiter_of(intake_window_text(window));
    if (!next_row(window, s->delimiter, cells, SUGGEST_COLUMNS_MAX, &record, &found, fail)) {
        return false;
    }
    if (!found || record.problem != INTAKE_CSV_FINE || record.cells > SUGGEST_COLUMNS_MAX) {
        return fail_set(fail, FAIL_INPUT,
                        "expected a header row of at most %d columns at the beginning of the CSV",
                        SUGGEST_COLUMNS_MAX);
    }
    s->count = record.cells;
    s->columns = arena_array(arena, s->count, sizeof *s->columns, fail);
    struct str raw = str_copy(arena, record.raw);
    for (size_t i = 0; s->columns != NULL && i < s->count; i++) {
        s->columns[i].name = intake_csv_text(raw, &cells[i], arena);
    }
    struct arena *row = arena_new(NULL);
    bool good = s->columns != NULL;
    while (good && s->rows < INTAKE_SUGGEST_ROWS) {
        good = next_row(window, s->delimiter, cells, s->count, &record, &found, fail);
        if (!good || !found) {
            break;
        }
        s->rows++;
        for (size_t i = 0; i < s->count && i < record.cells; i++) {
            look_at(s, &s->columns[i], intake_csv_text(record.raw, &cells[i], row));
        }
        arena_reset(row);
    }
    arena_free(row);
    return good;
}

/* ---- guessing ------------------------------------------------------------------------------------------------ */

static bool name_holds(struct str name, const char *word)
{
    struct str wanted = str_from_c(word);
    for (size_t at = 0; at + wanted.len <= name.len; at++) {
        size_t k = 0;
        while (k < wanted.len) {
            char c = name.data[at + k];
            c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '_' || c == '-' ? ' ' : c;
            if (c != wanted.data[k]) {
                break;
            }
            k++;
        }
        if (k == wanted.len) {
            return true;
        }
    }
    return false;
}

/* The first free column whose name holds the earliest of the words and that `fits`. */
static struct column *choose(struct suggestion *s, const char *const *words, size_t count,
                             bool (*fits)(const struct suggestion *s, const struct column *column))
{
    for (size_t w = 0; w < count; w++) {
        for (size_t i = 0; i < s->count; i++) {
            struct column *column = &s->columns[i];
            if (column->role == ROLE_PROPERTY && column->name.len > 0 &&
                name_holds(column->name, words[w]) && fits(s, column)) {
                return column;
            }
        }
    }
    return NULL;
}

static bool fits_mail(const struct suggestion *s, const struct column *column)
{
    (void)s;
    return column->filled > 0 && column->mails * 10 >= column->filled * 8;
}

static bool fits_time(const struct suggestion *s, const struct column *column)
{
    (void)s;
    return column->filled > 0 && column->times * 10 >= column->filled * 9;
}

static bool fits_short(const struct suggestion *s, const struct column *column)
{
    (void)s;
    return column->filled > 0 && column->bytes / column->filled <= 64 && column->times == 0 &&
           column->spaced * 2 <= column->filled;
}

static bool fits_unique(const struct suggestion *s, const struct column *column)
{
    uint64_t most = s->rows < DISTINCT_MAX / 2 ? s->rows : DISTINCT_MAX / 2;
    return fits_short(s, column) && column->filled == s->rows && column->distinct >= most;
}

static bool fits_score(const struct suggestion *s, const struct column *column)
{
    (void)s;
    return column->numbers > 0 && column->whole == column->numbers &&
           column->numbers == column->filled && column->least >= 0 && column->most <= 10;
}

static bool fits_text(const struct suggestion *s, const struct column *column)
{
    (void)s;
    return column->filled > 0 && column->numbers * 2 < column->filled && column->times == 0 &&
           column->spaced * 3 >= column->filled;
}

static bool fits_any(const struct suggestion *s, const struct column *column)
{
    (void)s;
    return column->times == 0;
}

static void give(struct column *column, enum role role)
{
    if (column != NULL) {
        column->role = role;
    }
}

static void guess_score(struct suggestion *s)
{
    static const char *const nps[] = {"nps", "recommend", "likely", "empfehl", "recomm"};
    static const char *const ces[] = {"ces", "effort", "easy", "aufwand"};
    static const char *const csat[] = {"csat", "satisf", "zufrieden", "satisfacc"};
    static const char *const stars[] = {"star", "rating", "score", "note", "bewertung"};
    const struct {
        const char *const *words;
        size_t count;
        const char *scale;
        double most;
    } scales[] = {{nps, ARRAY_LEN(nps), "nps", 10},
                  {ces, ARRAY_LEN(ces), "ces", 7},
                  {csat, ARRAY_LEN(csat), "csat", 5},
                  {stars, ARRAY_LEN(stars), "stars", 5}};
    for (size_t i = 0; i < ARRAY_LEN(scales); i++) {
        struct column *column = choose(s, scales[i].words, scales[i].count, fits_score);
        if (column != NULL) {
            s->scale = column->most > scales[i].most || (column->least < 1 && scales[i].most <= 7)
                           ? "nps"
                           : scales[i].scale;
            column->role = ROLE_SCORE;
            return;
        }
    }
}

/* Where no name says it: the column with the longest texts. */
static void guess_text(struct suggestion *s)
{
    static const char *const words[] = {"comment",  "feedback", "review",    "message",
                                        "verbatim", "reason",   "why",       "text",
                                        "answer",   "explic",   "kommentar", "grund"};
    struct column *best = choose(s, words, ARRAY_LEN(words), fits_text);
    for (size_t i = 0; best == NULL && i < s->count; i++) {
        struct column *column = &s->columns[i];
        if (column->role == ROLE_PROPERTY && column->name.len > 0 && fits_text(s, column) &&
            column->bytes / column->filled >= 40) {
            best = column;
        }
    }
    give(best, ROLE_TEXT);
}

static void guess(struct suggestion *s)
{
    static const char *const mail[] = {"mail", ""};
    static const char *const when[] = {"submit",    "complet",  "end date", "created",
                                       "timestamp", "purchase", "date",     "time",
                                       "datum",     "when",     " at",      ""};
    static const char *const who[] = {"customer id", "customerid", "user id",    "userid",
                                      "client id",   "person id",  "customer",   "user",
                                      "client",      "member",     "respondent", "kunde"};
    static const char *const id[] = {"response id", "order id", "invoice", "order", "message id",
                                     "id",          "token",    "number",  "#"};
    static const char *const traits[] = {"country",   "city",    "language", "plan",
                                         "company",   "segment", "state",    "first name",
                                         "last name", "name",    "land"};
    give(choose(s, mail, ARRAY_LEN(mail), fits_mail), ROLE_EMAIL);
    give(choose(s, when, ARRAY_LEN(when), fits_time), ROLE_TIME);
    guess_score(s);
    guess_text(s);
    give(choose(s, who, ARRAY_LEN(who), fits_short), ROLE_CUSTOMER);
    give(choose(s, id, ARRAY_LEN(id), fits_unique), ROLE_ID);
    for (size_t i = 0; i < ARRAY_LEN(traits); i++) {
        give(choose(s, &traits[i], 1, fits_any), ROLE_TRAIT);
    }
    for (size_t i = 0; i < s->count; i++) {
        struct column *column = &s->columns[i];
        s->missing = s->missing || column->missing > 0;
        bool nothing = column->filled == 0 || column->name.len == 0;
        /* Addresses of machines are nothing that a question needs. */
        if (column->role == ROLE_PROPERTY && (nothing || name_holds(column->name, "ip address"))) {
            column->role = ROLE_NOTHING;
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static const struct column *with_role(const struct suggestion *s, enum role role)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->columns[i].role == role) {
            return &s->columns[i];
        }
    }
    return NULL;
}

static void put_const(struct json_writer *w, const char *name, const char *value)
{
    json_name_c(w, name);
    json_begin_object(w);
    json_name_c(w, "const");
    json_write_c(w, value);
    json_end_object(w);
}

static void put_value(struct json_writer *w, const struct column *column)
{
    if (column->numbers < column->filled || column->filled == 0) {
        json_write_str(w, column->name);
        return;
    }
    json_begin_object(w);
    json_name_c(w, "column");
    json_write_str(w, column->name);
    json_name_c(w, "type");
    json_write_c(w, "number");
    json_end_object(w);
}

/* A name as properties have it: "End Date (UTC)" is end_date_utc. */
static struct str plain_name(struct str name, struct arena *arena)
{
    char *out = arena_small(arena, STORE_NAME_BYTES_MAX + 1);
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; i < name.len && len < STORE_NAME_BYTES_MAX - 4; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
        bool capital = c >= 'A' && c <= 'Z';
        if (!letter && !capital) {
            gap = len > 0;
            continue;
        }
        if (gap) {
            out[len++] = '_';
        }
        gap = false;
        out[len++] = capital ? (char)(c + 32) : c;
    }
    struct str plain = str_of(out, len);
    while (plain.len > 0 && !str_is_utf8(plain)) {
        plain.len--;
    }
    return plain.len == 0 ? STR("column") : plain;
}

static void put_fields(struct json_writer *w, const struct suggestion *s, const char *name,
                       enum role role, struct arena *arena)
{
    if (with_role(s, role) == NULL) {
        return;
    }
    json_name_c(w, name);
    json_begin_object(w);
    for (size_t i = 0; i < s->count; i++) {
        const struct column *column = &s->columns[i];
        struct str plain = plain_name(column->name, arena);
        bool taken = column->role != role;
        for (size_t j = 0; j < i && !taken; j++) {
            taken = s->columns[j].role == role &&
                    str_equal(plain_name(s->columns[j].name, arena), plain);
        }
        if (!taken) {
            json_name(w, plain);
            put_value(w, column);
        }
    }
    json_end_object(w);
}

static void put_time(struct json_writer *w, const struct suggestion *s, int64_t now_ms)
{
    const struct column *column = with_role(s, ROLE_TIME);
    char now[TIME_RFC3339_BYTES];
    if (column == NULL) {
        time_format_rfc3339(now_ms, now);
        put_const(w, "ts", now);
        return;
    }
    json_name_c(w, "ts");
    if (s->time_format == NULL) {
        json_write_str(w, column->name);
        return;
    }
    json_begin_object(w);
    json_name_c(w, "column");
    json_write_str(w, column->name);
    json_name_c(w, "format");
    json_write_c(w, s->time_format);
    json_end_object(w);
}

static void put_who(struct json_writer *w, const struct suggestion *s)
{
    const struct column *customer = with_role(s, ROLE_CUSTOMER), *mail = with_role(s, ROLE_EMAIL);
    if (customer != NULL) {
        json_name_c(w, "customer");
        json_write_str(w, customer->name);
    }
    if (mail != NULL) {
        json_name_c(w, "identifiers");
        json_begin_object(w);
        json_name_c(w, "email");
        json_write_str(w, mail->name);
        json_end_object(w);
    }
    bool everywhere = (customer != NULL && customer->filled == s->rows) ||
                      (mail != NULL && mail->filled == s->rows);
    if (!everywhere) {
        json_name_c(w, "anonymous");
        json_write_c(w, "each");
    }
}

static void put_words(struct json_writer *w, const struct suggestion *s)
{
    const struct column *text = with_role(s, ROLE_TEXT), *score = with_role(s, ROLE_SCORE);
    if (text != NULL) {
        json_name_c(w, "text");
        json_write_str(w, text->name);
    }
    if (score != NULL) {
        json_name_c(w, "score");
        put_value(w, score);
        put_const(w, "scale", s->scale);
    }
}

static bool is_order(const struct suggestion *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct str name = s->columns[i].name;
        if (name_holds(name, "order") || name_holds(name, "invoice") || name_holds(name, "total") ||
            name_holds(name, "amount") || name_holds(name, "price")) {
            return true;
        }
    }
    return false;
}

static void write_map(const struct suggestion *s, int64_t now_ms, struct arena *arena,
                      struct base_buf *out)
{
    struct json_writer w = {.out = out};
    const struct column *id = with_role(s, ROLE_ID);
    bool said = with_role(s, ROLE_TEXT) != NULL || with_role(s, ROLE_SCORE) != NULL;
    char delimiter[2] = {s->delimiter, '\0'};
    json_begin_object(&w);
    put_who(&w, s);
    put_const(&w, "event", said ? "feedback" : is_order(s) ? "Order Completed" : "Row");
    put_time(&w, s, now_ms);
    if (id != NULL) {
        json_name_c(&w, "message_id");
        json_write_str(&w, id->name);
    }
    put_words(&w, s);
    put_fields(&w, s, "properties", ROLE_PROPERTY, arena);
    put_fields(&w, s, "traits", ROLE_TRAIT, arena);
    if (s->missing) {
        json_name_c(&w, "missing");
        json_write_raw(&w, STR("[\"NA\",\"N/A\",\"NULL\",\"-\"]"));
    }
    if (s->delimiter != ',') {
        json_name_c(&w, "delimiter");
        json_write_c(&w, delimiter);
    }
    json_end_object(&w);
}

bool intake_suggest_map(const struct intake_reader *reader, int64_t now_ms, struct base_buf *out,
                        struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct suggestion suggestion = {.time_format = NULL};
    struct intake_window window;
    if (!intake_window_init(&window, reader, fail)) {
        return false;
    }
    bool good = look_at_rows(&suggestion, &window, arena, fail);
    intake_window_done(&window);
    if (!good) {
        return false;
    }
    guess(&suggestion);
    write_map(&suggestion, now_ms, arena, out);
    return base_buf_ok(out, fail);
}
