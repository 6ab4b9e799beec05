/* intake_decimal.h — numbers as files write them, exactly.
 *
 * What: text becomes the value that it is: a whole number exactly, anything else the nearest double; and
 *   the product of decimals is rounded once, from the exact product (6 times 2.55 is 15.3).
 * Owner: values.   Threads: safe.
 * Failure: false for text that is no number, and for one beyond the range of doubles.
 * Limits/cost: exact up to 38 digits a product; beyond, doubles are multiplied. Some 20 ns a number.
 * Units: none.   Example: if (!intake_number(STR("2.55"), &value)) ...
 * Not here: thousands separators and decimal commas: files that have them are refused, not guessed at.
 */
#pragma once

#include "store_event.h"

bool intake_number(struct str text, struct store_value *out);
/* The product of `count` texts, at least one. */
bool intake_product(const struct str *texts, size_t count, struct store_value *out);
