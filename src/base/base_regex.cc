#include <new>

#include <re2/re2.h>

extern "C" {
#include "base_regex.h"
}

struct base_regex {
    RE2 re2;
    base_regex(const re2::StringPiece &pattern, const RE2::Options &options) : re2(pattern, options)
    {
    }
};

bool base_regex_new(struct str pattern, struct base_regex **out, struct fail *fail)
{
    if (pattern.len > BASE_REGEX_PATTERN_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "a pattern has at most %d bytes",
                        BASE_REGEX_PATTERN_BYTES_MAX);
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(BASE_REGEX_MEMORY_BYTES);
    options.set_never_capture(true);
    base_regex *regex =
        new (std::nothrow) base_regex(re2::StringPiece(pattern.data, pattern.len), options);
    if (regex == nullptr) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for a pattern");
    }
    if (!regex->re2.ok()) {
        fail_set(fail, FAIL_INPUT, "not a pattern in RE2 syntax: %s", regex->re2.error().c_str());
        delete regex;
        return false;
    }
    *out = regex;
    return true;
}

void base_regex_free(struct base_regex *regex)
{
    delete regex;
}

bool base_regex_matches(const struct base_regex *regex, struct str text)
{
    re2::StringPiece whole(text.data == nullptr ? "" : text.data, text.len);
    return regex->re2.Match(whole, 0, whole.size(), RE2::UNANCHORED, nullptr, 0);
}

bool base_regex_find(const struct base_regex *regex, struct str text, size_t from, size_t to,
                     size_t *out_begin, size_t *out_end)
{
    re2::StringPiece whole(text.data == nullptr ? "" : text.data, text.len);
    re2::StringPiece found;
    if (!regex->re2.Match(whole, from, to, RE2::UNANCHORED, &found, 1)) {
        return false;
    }
    *out_begin = static_cast<size_t>(found.data() - whole.data());
    *out_end = *out_begin + found.size();
    return true;
}
