// The one place that knows simdjson. A json_value is the two words of simdjson's own tape reference: the
// document and an index on its tape; everything below is a look at the tape.

extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // in C a struct and a function may share a name
#include "base_buf.h"
#include "base_json.h"
#pragma GCC diagnostic pop
}

#include <simdjson.h>

#include <charconv>
#include <new>

using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

// Numbers that simdjson refuses as too big are marked with "e0" and parsed again, as doubles.
#define REWRITE_BYTES_MAX ((size_t)64 << 20)

struct json_parser {
    simdjson::dom::parser parser;
    struct base_buf rewritten;
};

static tape_ref tape_of(struct json_value value)
{
    return tape_ref(static_cast<const simdjson::dom::document *>(value.document_), value.at_);
}

struct json_parser *json_parser_new(void)
{
    auto *parser = new (std::nothrow) json_parser();
    INVARIANT(parser != nullptr);
    parser->rewritten.limit = REWRITE_BYTES_MAX;
    return parser;
}

void json_parser_free(struct json_parser *parser)
{
    if (parser != nullptr) {
        base_buf_done(&parser->rewritten);
        delete parser;
    }
}

void json_parser_free_at(struct json_parser **parser)
{
    json_parser_free(*parser);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_number_mark(char c)
{
    return c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

// Copies the text; whole numbers of 19 digits or more get "e0", which makes them doubles. False when there was none.
static bool mark_big_numbers(struct str text, struct base_buf *out)
{
    bool found = false;
    size_t i = 0;
    while (i < text.len) {
        size_t begin = i;
        if (text.data[i] == '"') {
            for (i++; i < text.len && text.data[i] != '"'; i++) {
                i += text.data[i] == '\\' ? 1U : 0U;
            }
            i = i < text.len ? i + 1 : text.len;
            base_buf_bytes(out, text.data + begin, i - begin);
            continue;
        }
        if (text.data[i] != '-' && !is_digit(text.data[i])) {
            base_buf_byte(out, text.data[i++]);
            continue;
        }
        size_t digits = 0;
        bool whole = true;
        for (; i < text.len && (is_digit(text.data[i]) || is_number_mark(text.data[i]));
             i++) {
            digits += is_digit(text.data[i]) ? 1U : 0U;
            whole = whole && (is_digit(text.data[i]) || i == begin);
        }
        base_buf_bytes(out, text.data + begin, i - begin);
        if (whole && digits >= 19) {
            base_buf_c(out, "e0");
            found = true;
        }
    }
    return found && !out->failed;
}

// What went wrong in words, and where bad UTF-8 or a control byte stands, as far as it can be told cheaply.
static bool refuse(simdjson::error_code error, struct str text, struct fail *fail)
{
    switch (static_cast<int>(error)) {
    case simdjson::MEMALLOC:
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for %zu bytes of JSON", text.len);
    case simdjson::CAPACITY:
        return fail_set(fail, FAIL_LIMIT, "%zu bytes are too many for one JSON document", text.len);
    case simdjson::DEPTH_ERROR:
        return fail_set(fail, FAIL_LIMIT, "JSON is nested deeper than %d levels",
                        BASE_JSON_DEPTH_MAX);
    case simdjson::UTF8_ERROR:
        return fail_set(fail, FAIL_INPUT, "not valid UTF-8");
    case simdjson::UNESCAPED_CHARS:
        return fail_set(fail, FAIL_INPUT, "not JSON: a control character inside a string");
    case simdjson::UNCLOSED_STRING:
        return fail_set(fail, FAIL_INPUT, "not JSON: a string is not closed");
    case simdjson::STRING_ERROR:
        return fail_set(fail, FAIL_INPUT, "not JSON: a string has a broken escape");
    case simdjson::NUMBER_ERROR:
        return fail_set(fail, FAIL_INPUT, "not JSON: a number is malformed or too large");
    case simdjson::EMPTY:
        return fail_set(fail, FAIL_INPUT, "expected JSON, got nothing");
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
        return fail_set(fail, FAIL_INPUT, "not JSON: a word that is not true, false or null");
    default:
        return fail_set(fail, FAIL_INPUT,
                        "not JSON: brackets, commas or colons do not fit together");
    }
}

static struct str without_mark(struct str text)
{
    return str_starts(text, STR("\xEF\xBB\xBF")) ? str_after(text, 3) : text;
}

bool json_parse(struct json_parser *parser, struct str text, struct json_value *out,
                struct fail *fail)
{
    text = without_mark(text);
    if (parser->parser.capacity() < text.len || parser->parser.max_depth() != BASE_JSON_DEPTH_MAX) {
        size_t room = text.len < 4096 ? 4096 : text.len;
        auto error = parser->parser.allocate(room, BASE_JSON_DEPTH_MAX);
        if (error != simdjson::SUCCESS) {
            return refuse(error, text, fail);
        }
    }
    simdjson::dom::element root;
    auto error = parser->parser.parse(text.data == nullptr ? "" : text.data, text.len).get(root);
    if (error == simdjson::NUMBER_ERROR) {
        base_buf_reset(&parser->rewritten);
        if (mark_big_numbers(text, &parser->rewritten)) {
            struct str again = base_buf_view(&parser->rewritten);
            error =
                parser->parser.allocate(again.len < 4096 ? 4096 : again.len, BASE_JSON_DEPTH_MAX);
            if (error == simdjson::SUCCESS) {
                error = parser->parser.parse(again.data, again.len).get(root);
            }
        }
    }
    if (error != simdjson::SUCCESS) {
        return refuse(error, text, fail);
    }
    *out = json_value{&parser->parser.doc, 1}; // index 0 is the document's own root entry
    return true;
}

enum json_type json_type_of(struct json_value value)
{
    switch (static_cast<int>(tape_of(value).tape_ref_type())) {
    case static_cast<int>(tape_type::START_ARRAY):
        return JSON_ARRAY;
    case static_cast<int>(tape_type::START_OBJECT):
        return JSON_OBJECT;
    case static_cast<int>(tape_type::STRING):
        return JSON_STRING;
    case static_cast<int>(tape_type::INT64):
        return JSON_INT;
    case static_cast<int>(tape_type::UINT64):
        // Small numbers come as INT64; still, what fits int64 is one.
        return tape_of(value).next_tape_value<uint64_t>() <= INT64_MAX ? JSON_INT : JSON_UINT;
    case static_cast<int>(tape_type::DOUBLE):
        return JSON_DOUBLE;
    case static_cast<int>(tape_type::TRUE_VALUE):
    case static_cast<int>(tape_type::FALSE_VALUE):
        return JSON_BOOL;
    default:
        return JSON_NULL;
    }
}

const char *json_type_name(enum json_type type)
{
    switch (type) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return "a boolean";
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE:
        return "a number";
    case JSON_STRING:
        return "a string";
    case JSON_ARRAY:
        return "an array";
    case JSON_OBJECT:
        return "an object";
    }
    return "a value";
}

bool json_bool(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_BOOL);
    return tape_of(value).tape_ref_type() == tape_type::TRUE_VALUE;
}

int64_t json_int(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_INT);
    return tape_of(value).next_tape_value<int64_t>();
}

uint64_t json_uint(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_UINT);
    return tape_of(value).next_tape_value<uint64_t>();
}

double json_double(struct json_value value)
{
    switch (static_cast<int>(json_type_of(value))) {
    case JSON_INT:
        return static_cast<double>(json_int(value));
    case JSON_UINT:
        return static_cast<double>(json_uint(value));
    default:
        INVARIANT(json_type_of(value) == JSON_DOUBLE);
        return tape_of(value).next_tape_value<double>();
    }
}

struct str json_string(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_STRING);
    std::string_view text = tape_of(value).get_string_view();
    return str_of(text.data(), text.size());
}

bool json_member(struct json_value object, struct str name, struct json_value *out)
{
    if (json_type_of(object) != JSON_OBJECT) {
        return false;
    }
    bool found = false;
    struct str member;
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &member, &value);) {
        if (str_equal(member, name)) {
            *out = value;
            found = true;
        }
    }
    return found;
}

size_t json_count(struct json_value value)
{
    // The tape's own count saturates at 24 bits.
    size_t count = tape_of(value).scope_count();
    if (count < 0xFFFFFF) {
        return count;
    }
    count = 0;
    struct json_value ignored;
    for (struct json_iter it = json_iter_of(value); json_next(&it, nullptr, &ignored);) {
        count++;
    }
    return count;
}

struct json_iter json_iter_of(struct json_value value)
{
    tape_ref tape = tape_of(value);
    enum json_type type = json_type_of(value);
    INVARIANT(type == JSON_ARRAY || type == JSON_OBJECT);
    // after_element is past the closing bracket's entry, which ends the walk.
    return json_iter{value.document_, value.at_ + 1, tape.after_element() - 1, type == JSON_OBJECT};
}

bool json_next(struct json_iter *iter, struct str *name, struct json_value *out)
{
    if (iter->at_ >= iter->end_) {
        return false;
    }
    struct json_value value = {iter->document_, iter->at_};
    if (iter->object_) {
        if (name != nullptr) {
            *name = json_string(value);
        }
        value.at_++;
    } else if (name != nullptr) {
        *name = str_of("", 0);
    }
    *out = value;
    iter->at_ = tape_of(value).after_element();
    return true;
}

// ---- the shortest decimal that reads back equal, laid out as ECMAScript's Number::toString does -------------

extern "C" size_t base_shortest_digits(double v, char digits[24], int *out_exponent);

// Fills `digits` (no point, no sign) and the power of ten of the first one.
size_t base_shortest_digits(double v, char digits[24], int *out_exponent)
{
    char text[40];
    auto done = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific);
    size_t count = 0;
    const char *at = text;
    for (; at < done.ptr && *at != 'e'; at++) {
        if (is_digit(*at)) {
            digits[count++] = *at;
        }
    }
    int exponent = 0;
    const char *from = at < done.ptr ? at + 1 : at;
    bool negative = from < done.ptr && *from == '-';
    for (from += from < done.ptr && !is_digit(*from) ? 1U : 0U; from < done.ptr; from++) {
        exponent = exponent * 10 + (*from - '0');
    }
    *out_exponent = negative ? -exponent : exponent;
    return count;
}
