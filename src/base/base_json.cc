/* The reader of base_json.h over simdjson's DOM: the only place that knows it. */
#include <simdjson.h>

#include <new>

extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* in C a struct and a function may share a name */
#include "base_checked.h"
#include "base_json_internal.h"
#pragma GCC diagnostic pop
}

using simdjson::error_code;
using simdjson::dom::document;
using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

/* json_value and json_iter are places on simdjson's tape: the document and an index of its words. */

/* A parser that read a larger text gives its memory (some 15 times the text) back with the next. */
#define KEEP_BYTES ((size_t)4 << 20)
#define CAPACITY_LEAST ((size_t)1 << 10)
/* simdjson keeps offsets in 32 bits. */
#define TEXT_BYTES_MAX ((size_t)0xFFFFFFFF - 64)

struct json_parser {
    simdjson::dom::parser inner;
    size_t capacity; /* of the inner parser and its document */
    void *bytes;     /* the text, followed by what simdjson may read past it */
    size_t byte_capacity;
};

static_assert(BASE_JSON_DEPTH_MAX < 64, "callers keep a level in a bit");

struct json_parser *json_parser_new(void)
{
    return new (base_alloc_zero(sizeof(json_parser))) json_parser();
}

void json_parser_free(struct json_parser *parser)
{
    if (parser != nullptr) {
        base_free(parser->bytes);
        parser->~json_parser();
        base_free(parser);
    }
}

void json_parser_free_at(struct json_parser **parser)
{
    json_parser_free(*parser);
}

static void drop_memory(struct json_parser *parser)
{
    parser->inner = simdjson::dom::parser();
    parser->capacity = 0;
    base_free(parser->bytes);
    parser->bytes = nullptr;
    parser->byte_capacity = 0;
}

static bool make_room(struct json_parser *parser, size_t len, struct fail *fail)
{
    if (parser->capacity > KEEP_BYTES && len <= KEEP_BYTES) {
        drop_memory(parser);
    }
    if (len + simdjson::SIMDJSON_PADDING > parser->byte_capacity) {
        size_t bytes = len + simdjson::SIMDJSON_PADDING;
        if (!base_realloc_array(&parser->bytes, bytes, 1, fail)) {
            return false;
        }
        parser->byte_capacity = bytes;
    }
    if (len <= parser->capacity) {
        return true;
    }
    size_t wanted = CAPACITY_LEAST;
    while (wanted < len && wanted < KEEP_BYTES) {
        wanted *= 2;
    }
    wanted = wanted < len ? len : wanted;
    /* simdjson counts a scalar as a level of its own, as base_json.h does. */
    if (parser->inner.allocate(wanted, BASE_JSON_DEPTH_MAX) != simdjson::SUCCESS ||
        parser->inner.doc.allocate(wanted) != simdjson::SUCCESS) {
        drop_memory(parser);
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to read %zu bytes of JSON", len);
    }
    parser->capacity = wanted;
    return true;
}

/* Parses what lies in parser->bytes. */
static error_code run(struct json_parser *parser, size_t len)
{
    char *bytes = static_cast<char *>(parser->bytes);
    memset(bytes + len, 0, simdjson::SIMDJSON_PADDING);
    return parser->inner.parse(bytes, len, false).error();
}

/* A whole number that fits neither 64-bit type: simdjson refuses it, the contract reads it as a double. */
static bool is_big_whole(struct str number)
{
    int64_t small;
    uint64_t large;
    struct str digits = number.data[0] == '-' ? str_after(number, 1) : number;
    if (digits.len < 19) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
    }
    return !str_parse_i64(number, &small) && !str_parse_u64(number, &large);
}

/* Copies `text` into parser->bytes, with "e0" behind its big whole numbers. */
static bool rewrite(struct json_parser *parser, struct str text, size_t big_count, size_t *out_len,
                    struct fail *fail)
{
    size_t len = text.len + 2 * big_count;
    if (len > TEXT_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "JSON of %zu bytes is too large", text.len);
    }
    if (!make_room(parser, len, fail)) {
        return false;
    }
    char *to = static_cast<char *>(parser->bytes);
    size_t at = 0, copied = 0;
    struct str number;
    while (json_next_number(text, &at, &number)) {
        if (is_big_whole(number)) {
            memcpy(to, text.data + copied, at - copied);
            to += at - copied;
            copied = at;
            *to++ = 'e';
            *to++ = '0';
        }
    }
    memcpy(to, text.data + copied, text.len - copied);
    *out_len = len;
    return true;
}

/* Where the number is that no double can hold. */
static bool say_too_large(struct str text, struct fail *fail)
{
    simdjson::dom::parser alone;
    size_t at = 0;
    struct str number;
    while (json_next_number(text, &at, &number)) {
        bool has_exponent =
            str_find_byte(number, 'e') < number.len || str_find_byte(number, 'E') < number.len;
        if ((has_exponent || number.len > 300) && !is_big_whole(number) &&
            alone.parse(number.data, number.len).error() == simdjson::NUMBER_ERROR) {
            return fail_set(fail, FAIL_INPUT, "byte %zu: a number beyond what a double holds",
                            at - number.len);
        }
        if (is_big_whole(number) && number.len > 308) {
            return fail_set(fail, FAIL_INPUT, "byte %zu: a number beyond what a double holds",
                            at - number.len);
        }
    }
    return fail_set(fail, FAIL_INPUT, "a number cannot be read");
}

/* `body` is `text` without a mark at its start. */
static bool parse_again(struct json_parser *parser, struct str text, struct str body,
                        struct fail *fail)
{
    size_t at = 0, big_count = 0, len = 0;
    struct str number;
    while (json_next_number(body, &at, &number)) {
        big_count += is_big_whole(number) ? 1U : 0U;
    }
    if (big_count > 0) {
        if (!rewrite(parser, body, big_count, &len, fail)) {
            return false;
        }
        if (run(parser, len) == simdjson::SUCCESS) {
            return true;
        }
    }
    return json_check(text, fail) && say_too_large(text, fail);
}

bool json_parse(struct json_parser *parser, struct str text, struct json_value *out,
                struct fail *fail)
{
    if (text.len > TEXT_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "JSON of %zu bytes is too large", text.len);
    }
    struct str body = str_starts(text, STR(JSON_BOM)) ? str_after(text, 3) : text;
    if (!make_room(parser, body.len, fail)) {
        return false;
    }
    if (body.len > 0) {
        memcpy(parser->bytes, body.data, body.len);
    }
    error_code error = run(parser, body.len);
    if (error == simdjson::NUMBER_ERROR) {
        if (!parse_again(parser, text, body, fail)) {
            return false;
        }
    } else if (error == simdjson::MEMALLOC) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to read %zu bytes of JSON", text.len);
    } else if (error != simdjson::SUCCESS) {
        return json_check(text, fail) &&
               fail_set(fail, FAIL_INPUT, "no JSON: %s", simdjson::error_message(error));
    }
    /* The tape's first word is the document's root, the value stands behind it. */
    *out = json_value{&parser->inner.doc, 1};
    return true;
}

static tape_ref at(const void *document_of, size_t index)
{
    return tape_ref(static_cast<const document *>(document_of), index);
}

static tape_ref at(struct json_value value)
{
    return at(value.document_, value.at_);
}

enum json_type json_type_of(struct json_value value)
{
    switch (at(value).tape_ref_type()) {
    case tape_type::START_OBJECT:
        return JSON_OBJECT;
    case tape_type::START_ARRAY:
        return JSON_ARRAY;
    case tape_type::STRING:
        return JSON_STRING;
    case tape_type::INT64:
        return JSON_INT;
    case tape_type::UINT64:
        return JSON_UINT;
    case tape_type::DOUBLE:
        return JSON_DOUBLE;
    case tape_type::TRUE_VALUE:
    case tape_type::FALSE_VALUE:
        return JSON_BOOL;
    case tape_type::NULL_VALUE:
        return JSON_NULL;
    case tape_type::ROOT:
    case tape_type::END_ARRAY:
    case tape_type::END_OBJECT:
        break;
    }
    base_invariant_broken("a handle on a value", __FILE__, __LINE__);
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
    return at(value).is_true();
}

int64_t json_int(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_INT);
    return at(value).next_tape_value<int64_t>();
}

uint64_t json_uint(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_UINT);
    return at(value).next_tape_value<uint64_t>();
}

double json_double(struct json_value value)
{
    enum json_type type = json_type_of(value);
    if (type == JSON_INT) {
        return static_cast<double>(at(value).next_tape_value<int64_t>());
    }
    if (type == JSON_UINT) {
        return static_cast<double>(at(value).next_tape_value<uint64_t>());
    }
    INVARIANT(type == JSON_DOUBLE);
    return at(value).next_tape_value<double>();
}

struct str json_string(struct json_value value)
{
    INVARIANT(json_type_of(value) == JSON_STRING);
    tape_ref ref = at(value);
    return str_of(ref.get_c_str(), ref.get_string_length());
}

struct json_iter json_iter_of(struct json_value array_or_object)
{
    enum json_type type = json_type_of(array_or_object);
    INVARIANT(type == JSON_ARRAY || type == JSON_OBJECT);
    return json_iter{array_or_object.document_, array_or_object.at_ + 1,
                     at(array_or_object).after_element() - 1, type == JSON_OBJECT};
}

bool json_next(struct json_iter *iter, struct str *name, struct json_value *out)
{
    if (iter->at_ >= iter->end_) {
        return false;
    }
    struct str found = STR("");
    if (iter->object_) {
        tape_ref key = at(iter->document_, iter->at_);
        found = str_of(key.get_c_str(), key.get_string_length());
        iter->at_ += 1;
    }
    if (name != nullptr) {
        *name = found;
    }
    *out = json_value{iter->document_, iter->at_};
    iter->at_ = at(*out).after_element();
    return true;
}

bool json_member(struct json_value object, struct str name, struct json_value *out)
{
    if (json_type_of(object) != JSON_OBJECT) {
        return false;
    }
    bool found = false;
    struct str member;
    struct json_value value;
    for (struct json_iter iter = json_iter_of(object); json_next(&iter, &member, &value);) {
        if (str_equal(member, name)) {
            *out = value;
            found = true;
        }
    }
    return found;
}

size_t json_count(struct json_value array_or_object)
{
    struct json_iter iter = json_iter_of(array_or_object);
    size_t count = at(array_or_object).scope_count();
    if (count < simdjson::internal::JSON_COUNT_MASK) {
        return count;
    }
    /* The tape counts no further. */
    struct json_value value;
    for (count = 0; json_next(&iter, nullptr, &value);) {
        count++;
    }
    return count;
}
