#include <new>

#include <re2/re2.h>

extern "C" {
#include "query_regex.h"
}

struct query_regex {
    RE2 re2;
    query_regex(const re2::StringPiece &pattern, const RE2::Options &options)
        : re2(pattern, options)
    {
    }
};

bool query_regex_new(struct str pattern, struct query_regex **out, struct fail *fail)
{
    if (pattern.len > QUERY_REGEX_PATTERN_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "a pattern has at most %d bytes",
                        QUERY_REGEX_PATTERN_BYTES_MAX);
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(QUERY_REGEX_MEMORY_BYTES);
    options.set_never_capture(true);
    query_regex *regex =
        new (std::nothrow) query_regex(re2::StringPiece(pattern.data, pattern.len), options);
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

void query_regex_free(struct query_regex *regex)
{
    delete regex;
}

bool query_regex_matches(const struct query_regex *regex, struct str text)
{
    re2::StringPiece whole(text.data == nullptr ? "" : text.data, text.len);
    return regex->re2.Match(whole, 0, whole.size(), RE2::UNANCHORED, nullptr, 0);
}
