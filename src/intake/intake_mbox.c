#include "intake_mbox.h"

#define LINE_BYTES_MAX 1000

void intake_mbox_done(struct intake_mbox *mbox)
{
    base_buf_done(&mbox->unescaped);
}

/* "From ann@example.com Fri May  1 09:30:00 2026": the word, and a time of day. */
static bool is_from_line(struct str text, size_t at)
{
    struct str line = str_after(text, at);
    line.len = line.len < LINE_BYTES_MAX ? line.len : LINE_BYTES_MAX;
    line.len = str_find_byte(line, '\n');
    if (!str_starts_c(line, "From ")) {
        return false;
    }
    for (size_t i = 5; i + 4 < line.len; i++) {
        const char *c = line.data + i;
        if (c[0] >= '0' && c[0] <= '9' && c[1] >= '0' && c[1] <= '9' && c[2] == ':' &&
            c[3] >= '0' && c[3] <= '9') {
            return true;
        }
    }
    return false;
}

static bool empty_line_before(struct str text, size_t at)
{
    /* text[at - 1] is the break before the line at `at`. */
    return at == 1 || text.data[at - 2] == '\n' ||
           (text.data[at - 2] == '\r' && (at == 2 || text.data[at - 3] == '\n'));
}

/* Where the next message begins, or text.len. `from`: what lies before was looked at. */
static size_t next_message(struct str text, size_t from)
{
    for (size_t at = from; at < text.len;) {
        at += str_find_byte(str_after(text, at), '\n') + 1;
        if (at < text.len && text.data[at] == 'F' && empty_line_before(text, at) &&
            is_from_line(text, at)) {
            return at;
        }
    }
    return text.len;
}

/* Reads on until the window holds a whole message, its end, or no more. */
static bool read_message(struct intake_mbox *mbox, struct intake_window *window, size_t *out_len,
                         bool *out_whole, struct fail *fail)
{
    size_t looked = 0;
    for (;;) {
        struct str text = intake_window_text(window);
        size_t len = mbox->single ? text.len : next_message(text, looked);
        *out_len = len;
        *out_whole = len < text.len || window->end;
        if (*out_whole || text.len >= INTAKE_WINDOW_BYTES_MAX) {
            return true;
        }
        /* A line that is not all there yet may be the one. */
        looked = text.len > LINE_BYTES_MAX ? text.len - LINE_BYTES_MAX : 0;
        if (!intake_window_more(window, fail)) {
            return false;
        }
    }
}

/* ">From" at the beginning of a line was "From" once; ">>From" was ">From". */
static struct str unescape(struct intake_mbox *mbox, struct str text)
{
    if (str_find(text, STR("\n>")) == text.len) {
        return text;
    }
    base_buf_reset(&mbox->unescaped);
    struct str rest = text, line;
    bool first = true;
    while (str_next_part(&rest, '\n', &line)) {
        size_t marks = 0;
        while (marks < line.len && line.data[marks] == '>') {
            marks++;
        }
        bool escaped = marks > 0 && str_starts_c(str_after(line, marks), "From ");
        if (!first) {
            base_buf_byte(&mbox->unescaped, '\n');
        }
        base_buf_str(&mbox->unescaped, escaped ? str_after(line, 1) : line);
        first = false;
    }
    return base_buf_view(&mbox->unescaped);
}

/* The rest of a message whose beginning was returned. */
static bool pass_over(struct intake_mbox *mbox, struct intake_window *window, struct fail *fail)
{
    bool whole = !mbox->passing;
    while (!whole) {
        size_t len;
        if (!read_message(mbox, window, &len, &whole, fail)) {
            return false;
        }
        /* The last line may be the beginning of the next message, not all there yet. */
        intake_window_skip(window, whole ? len : len - LINE_BYTES_MAX);
    }
    mbox->passing = false;
    return true;
}

static void skip_from_line(struct intake_window *window)
{
    struct str text = intake_window_text(window);
    if (str_starts_c(text, "From ")) {
        size_t end = str_find_byte(text, '\n');
        intake_window_skip(window, end < text.len ? end + 1 : end);
    }
}

bool intake_mbox_next(struct intake_mbox *mbox, struct intake_window *window, struct str *out,
                      bool *found, struct fail *fail)
{
    size_t len;
    bool whole;
    *found = false;
    if (!pass_over(mbox, window, fail)) {
        return false;
    }
    if (mbox->single && mbox->begun) {
        return true;
    }
    if (!mbox->single) {
        skip_from_line(window);
    }
    if (!read_message(mbox, window, &len, &whole, fail)) {
        return false;
    }
    struct str text = str_of(intake_window_text(window).data, len);
    intake_window_skip(window, whole ? len : len - LINE_BYTES_MAX);
    mbox->passing = !whole;
    *found = len > 0 || (mbox->single && !mbox->begun);
    mbox->begun = true;
    *out = mbox->single ? text : unescape(mbox, text);
    return base_buf_ok(&mbox->unescaped, fail);
}
