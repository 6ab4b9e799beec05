/* Doubles in their shortest form, laid out as ECMAScript does. In C++ for std::to_chars (Ryu). */
#include <charconv>
#include <cmath>
#include <cstring>

extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* in C a struct and a function may share a name */
#include "base_json_write.h"
#pragma GCC diagnostic pop
}

namespace
{

/* The digits of a number without a point, and where it would stand: 0.DIGITS times 10^point. */
struct decimal {
    char digits[24];
    int count;
    int point;
};

decimal shortest(double v)
{
    char text[BASE_DOUBLE_CHARS];
    auto end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific);
    INVARIANT(end.ec == std::errc());
    decimal d = {};
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            d.digits[d.count++] = *at;
        }
    }
    at++;
    bool negative = *at == '-';
    int exponent = 0;
    for (at++; at != end.ptr; at++) {
        exponent = exponent * 10 + (*at - '0');
    }
    d.point = (negative ? -exponent : exponent) + 1;
    return d;
}

struct writer {
    char *at;
    void put(const char *text, int count)
    {
        std::memcpy(at, text, static_cast<std::size_t>(count));
        at += count;
    }
    void put(char byte)
    {
        *at++ = byte;
    }
    void zeros(int count)
    {
        std::memset(at, '0', static_cast<std::size_t>(count));
        at += count;
    }
};

/* ECMAScript 2023, 6.1.6.1.20 Number::toString. */
void lay_out(const decimal &d, writer &out)
{
    if (d.count <= d.point && d.point <= 21) {
        out.put(d.digits, d.count);
        out.zeros(d.point - d.count);
    } else if (0 < d.point && d.point <= 21) {
        out.put(d.digits, d.point);
        out.put('.');
        out.put(d.digits + d.point, d.count - d.point);
    } else if (-6 < d.point && d.point <= 0) {
        out.put("0.", 2);
        out.zeros(-d.point);
        out.put(d.digits, d.count);
    } else {
        out.put(d.digits[0]);
        if (d.count > 1) {
            out.put('.');
            out.put(d.digits + 1, d.count - 1);
        }
        out.put('e');
        int exponent = d.point - 1;
        out.put(exponent < 0 ? '-' : '+');
        auto end = std::to_chars(out.at, out.at + 4, exponent < 0 ? -exponent : exponent);
        out.at = end.ptr;
    }
}

} // namespace

size_t base_format_double(double v, char *out)
{
    writer to = {out};
    if (!std::isfinite(v)) {
        to.put("null", 4);
    } else if (v == 0) {
        to.put('0'); /* minus zero too */
    } else {
        if (v < 0) {
            to.put('-');
        }
        lay_out(shortest(std::fabs(v)), to);
    }
    return static_cast<size_t>(to.at - out);
}
