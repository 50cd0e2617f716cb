/*
 * Keys as bytes: to compare two of them is memcmp, whatever the types of the values they were made of, how many fields they have, and
 * which of these are descending. Sorting, grouping, removing duplicates and joining all work on them.
 *
 * For values a and b with keys x and y:
 *   memcmp(x, y) orders as value_compare(a, b) does (descending: the other way round);
 *   x and y are the same bytes exactly if value_equal(a, b): 1, 1.0 and 1e0 are one key;
 *   no key is the beginning of another, so keys may stand one behind the other.
 *
 *   absent null   tag
 *   bool          tag, 0 or 1
 *   time          tag, 8 bytes big-endian, sign bit turned
 *   string bytes json   tag, the bytes with 00 as 00 FF, then 00 01
 *   number        tag, then: zero 80; positive: exponent, digits; negative: the same with all bits turned
 *
 * A number is 0.DDDD * 10^exponent with no zero at either end of the digits. Two digits make a byte, 2 * dd, plus 1 if more
 * follow. Exponents from -40 to 40 are one byte, AA + exponent; below them 81, above them D3, then 8 bytes.
 */
#ifndef STREAM_KEY_ENCODE_H
#define STREAM_KEY_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "record/value.h"

void key_append(struct value v, bool descending, struct buf *out);

#endif
