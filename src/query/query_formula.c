#include "query_formula.h"

/* In reverse Polish order. */
struct token {
    enum {
        NUMBER,
        SERIES,
        NEGATE,
        ADD,
        SUBTRACT,
        MULTIPLY,
        DIVIDE,
    } kind;
    double number;
    size_t series;
};
struct query_formula {
    struct token tokens[QUERY_FORMULA_TOKENS_MAX];
    size_t count;
};

struct reader {
    struct str text;
    size_t at;
    size_t series_count;
    size_t depth;
    const struct query_path *path;
    struct query_formula *formula;
    struct fail *fail;
};

static char peek(struct reader *r)
{
    while (r->at < r->text.len && r->text.data[r->at] == ' ') {
        r->at++;
    }
    return r->at < r->text.len ? r->text.data[r->at] : '\0';
}

static bool emit(struct reader *r, struct token token)
{
    if (r->formula->count == QUERY_FORMULA_TOKENS_MAX) {
        return query_refuse(r->path, r->fail, "a formula has at most %d parts",
                            QUERY_FORMULA_TOKENS_MAX);
    }
    r->formula->tokens[r->formula->count++] = token;
    return true;
}

static bool read_sum(struct reader *r);

static bool read_number(struct reader *r)
{
    size_t begin = r->at;
    while (r->at < r->text.len && ((r->text.data[r->at] >= '0' && r->text.data[r->at] <= '9') ||
                                   r->text.data[r->at] == '.')) {
        r->at++;
    }
    struct str digits = str_of(r->text.data + begin, r->at - begin);
    double number;
    if (!str_parse_double(digits, &number)) {
        return query_refuse(r->path, r->fail, "\"%.*s\" is not a number", STR_ARG(digits));
    }
    return emit(r, (struct token){.kind = NUMBER, .number = number});
}

/* number, letter, (sum) or -term */
static bool read_term(struct reader *r)
{
    char c = peek(r);
    if (r->depth > QUERY_FORMULA_TOKENS_MAX) {
        return query_refuse(r->path, r->fail, "the formula nests too deep");
    }
    if ((c >= '0' && c <= '9') || c == '.') {
        return read_number(r);
    }
    if (c >= 'A' && c <= 'Z') {
        size_t series = (size_t)(c - 'A');
        if (series >= r->series_count) {
            return query_refuse(r->path, r->fail, "the formula names series %c, but the last is %c",
                                c, (char)('A' + (int)r->series_count - 1));
        }
        r->at++;
        return emit(r, (struct token){.kind = SERIES, .series = series});
    }
    r->depth++;
    bool ok;
    if (c == '-') {
        r->at++;
        ok = read_term(r) && emit(r, (struct token){.kind = NEGATE});
    } else if (c == '(') {
        r->at++;
        ok = read_sum(r);
        if (ok && peek(r) != ')') {
            ok = query_refuse(r->path, r->fail, "the formula lacks a \")\"");
        }
        r->at++;
    } else {
        ok = query_refuse(r->path, r->fail,
                          "at character %zu the formula needs a number, a letter A to %c or \"(\"",
                          r->at + 1, (char)('A' + (int)r->series_count - 1));
    }
    r->depth--;
    return ok;
}

static bool read_product(struct reader *r)
{
    if (!read_term(r)) {
        return false;
    }
    for (char c = peek(r); c == '*' || c == '/'; c = peek(r)) {
        r->at++;
        if (!read_term(r) || !emit(r, (struct token){.kind = c == '*' ? MULTIPLY : DIVIDE})) {
            return false;
        }
    }
    return true;
}

static bool read_sum(struct reader *r)
{
    if (!read_product(r)) {
        return false;
    }
    for (char c = peek(r); c == '+' || c == '-'; c = peek(r)) {
        r->at++;
        if (!read_product(r) || !emit(r, (struct token){.kind = c == '+' ? ADD : SUBTRACT})) {
            return false;
        }
    }
    return true;
}

bool query_formula_parse(struct str text, size_t series_count, const struct query_path *path,
                         struct arena *arena, struct query_formula **out, struct fail *fail)
{
    struct reader r = {.text = text,
                       .series_count = series_count,
                       .path = path,
                       .formula = arena_small(arena, sizeof **out),
                       .fail = fail};
    if (!read_sum(&r)) {
        return false;
    }
    if (peek(&r) != '\0' || r.at < text.len) {
        return query_refuse(path, fail, "at character %zu the formula should have ended", r.at + 1);
    }
    *out = r.formula;
    return true;
}

bool query_formula_value(const struct query_formula *formula, const double *series, double *out)
{
    double stack[QUERY_FORMULA_TOKENS_MAX] = {0};
    size_t top = 0;
    for (size_t i = 0; i < formula->count; i++) {
        const struct token *token = &formula->tokens[i];
        switch (token->kind) {
        case NUMBER:
            stack[top++] = token->number;
            continue;
        case SERIES:
            stack[top++] = series[token->series];
            continue;
        case NEGATE:
            stack[top - 1] = -stack[top - 1];
            continue;
        case ADD:
            stack[top - 2] += stack[top - 1];
            break;
        case SUBTRACT:
            stack[top - 2] -= stack[top - 1];
            break;
        case MULTIPLY:
            stack[top - 2] *= stack[top - 1];
            break;
        case DIVIDE:
            if (stack[top - 1] == 0) {
                return false; /* null, whatever stands around it */
            }
            stack[top - 2] /= stack[top - 1];
            break;
        }
        top--;
    }
    *out = stack[0];
    return true;
}
