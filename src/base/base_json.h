/* base_json.h — reading JSON: strict, bounded, one value at a time.
 *
 * What: a parser is reused for many documents; a json_value is a small handle into the document that
 *   was parsed last. simdjson does the work, behind this face. Text is valid UTF-8, unescaped.
 *   json_split cuts an envelope into the raw bytes of its elements *before* they are parsed, so that
 *   one bad event does not take its batch along.
 * Owner: json_parser_free. Values and their strings live until the parser's next parse.
 * Threads: a parser belongs to one thread.
 * Failure: FAIL_INPUT with what was wrong and the byte offset; FAIL_LIMIT for depth or size.
 * Limits/cost: a value lies at most BASE_JSON_DEPTH_MAX levels deep, itself counted; about 1 GB/s. A
 *   parser holds some 15 times the bytes of its text. Of two members with one name the last wins in
 *   json_member; iteration shows both.
 * Units: bytes.
 * Example: struct json_value root; if (!json_parse(parser, text, &root, fail)) return false;
 *          struct json_value name; if (json_member(root, STR("event"), &name)) ...
 * Not here: writing (base_json_write.h).
 */
#pragma once

#include "base_str.h"

#define BASE_JSON_DEPTH_MAX 32

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,    /* fits int64 */
    JSON_UINT,   /* above INT64_MAX, fits uint64 */
    JSON_DOUBLE, /* everything else; whole numbers beyond 64 bits are read as their nearest double */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_parser;
struct json_parser *json_parser_new(void);
void json_parser_free(struct json_parser *parser);
void json_parser_free_at(struct json_parser **parser);

/* Opaque handle, two words; copy freely. */
struct json_value {
    const void *document_;
    size_t at_;
};

bool json_parse(struct json_parser *parser, struct str text, struct json_value *out,
                struct fail *fail) MUST_USE;

enum json_type json_type_of(struct json_value value);
const char *json_type_name(enum json_type type); /* "a string", "an object", ... */
/* Each needs the type it names (INVARIANT); json_double takes all three number types. */
bool json_bool(struct json_value value);
int64_t json_int(struct json_value value);
uint64_t json_uint(struct json_value value);
double json_double(struct json_value value);
struct str json_string(struct json_value value);

/* Finds a member of an object; false when absent (or not an object). */
bool json_member(struct json_value object, struct str name, struct json_value *out);
size_t json_count(struct json_value array_or_object);

/* for (struct json_iter it = json_iter_of(v); json_next(&it, &name, &value);) — name may be NULL,
   and is empty in arrays. Members in the order of the text. */
struct json_iter {
    const void *document_;
    size_t at_, end_;
    bool object_;
};
struct json_iter json_iter_of(struct json_value array_or_object);
bool json_next(struct json_iter *iter, struct str *name, struct json_value *out);

/* Cuts `text` into raw elements without parsing them: the members of a top-level array, or of the
   array under one of `names` of a top-level object, or, where there is none, `text` itself as one
   element. Also gives the envelope: `text` with that array emptied, to be parsed for the rest.
   Elements view `text`. FAIL_INPUT (with offset) where brackets, strings or commas do not fit
   together: then it is not JSON at all; also where an object has two such arrays, so that none is
   lost. FAIL_LIMIT past `most` elements. */
struct json_split {
    struct str *elements;
    size_t count;
    struct str envelope; /* in the arena; empty for a bare array and for NDJSON */
    bool array;          /* the elements stood in an array */
};
bool json_split(struct arena *arena, struct str text, const struct str *names, size_t name_count,
                size_t most, struct json_split *out, struct fail *fail) MUST_USE;
/* The same over lines: blank ones are skipped. `lines[i]` is the 1-based line of element i. */
bool json_split_lines(struct arena *arena, struct str text, size_t most, struct json_split *out,
                      size_t **lines, struct fail *fail) MUST_USE;
