/*
 * A value: one cell of a record, 16 bytes, passed by copy. Text is borrowed: it lives as long as the
 * batch, frame or arena it came from.
 *
 * A number keeps the text it came with until somebody computes with it, in one of three forms:
 *
 *   TYPE_INT     i / 10^scale, exact. `870` is (870, 0), `1.10` is (110, 2), `-0.5` is (-5, 1). scale 0 is the
 *                integer of the manuals; scale 1..18 the float. Its text follows from (i, scale) alone.
 *   TYPE_FLOAT   the result of a computation: an IEEE double, finite. Its text is the shortest that reads back.
 *   TYPE_NUMBER  any other number by the grammar of RFC 8259, as its text: `1E5`, `-0`, 20 digits, `1e400`.
 */
#ifndef STREAM_RECORD_VALUE_H
#define STREAM_RECORD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

/* The order is the sort order of values of different types, numbers being one. */
enum type {
	TYPE_ABSENT, /* the record does not have the field; all bytes 0 */
	TYPE_NULL,
	TYPE_BOOL,   /* i: 0 or 1 */
	TYPE_INT,    /* i, scale */
	TYPE_FLOAT,  /* f */
	TYPE_NUMBER, /* s, len */
	TYPE_TIME,   /* i: nanoseconds since 1970, UTC */
	TYPE_STRING, /* s, len: UTF-8, or whatever bytes came */
	TYPE_BYTES,  /* s, len */
	TYPE_JSON,   /* s, len: the text of an array or object */
	TYPE_ERROR,  /* s, len: why there is no value; only inside lib/expr */
	TYPE_COUNT
};

enum { VALUE_SCALE_MAX = 18 };

extern const int64_t powers_of_ten[VALUE_SCALE_MAX + 1];

struct value {
	union {
		int64_t i;
		double f;
		const char *s;
	};
	uint32_t len;  /* bytes at s */
	uint8_t type;  /* enum type */
	uint8_t scale; /* of TYPE_INT */
	uint16_t zero; /* always 0 */
};

static inline struct value value_absent(void)
{
	return (struct value){0};
}
static inline struct value value_null(void)
{
	return (struct value){.type = TYPE_NULL};
}
static inline struct value value_bool(bool b)
{
	return (struct value){.i = b, .type = TYPE_BOOL};
}
static inline struct value value_int(int64_t i)
{
	return (struct value){.i = i, .type = TYPE_INT};
}
static inline struct value value_decimal(int64_t i, unsigned scale)
{
	return (struct value){.i = i, .type = TYPE_INT, .scale = (uint8_t)scale};
}
static inline struct value value_float(double f)
{
	return (struct value){.f = f, .type = TYPE_FLOAT};
}
static inline struct value value_time(int64_t ns)
{
	return (struct value){.i = ns, .type = TYPE_TIME};
}
static inline struct value value_text(enum type type, const char *s, size_t len)
{
	return (struct value){.s = s, .len = (uint32_t)len, .type = (uint8_t)type};
}
static inline struct value value_string(const char *s, size_t len)
{
	return value_text(TYPE_STRING, s, len);
}

static inline bool value_is_number(struct value v)
{
	return v.type >= TYPE_INT && v.type <= TYPE_NUMBER;
}
static inline bool value_has_text(struct value v)
{
	return v.type == TYPE_NUMBER || v.type >= TYPE_STRING;
}
/* absent or null */
static inline bool value_is_missing(struct value v)
{
	return v.type <= TYPE_NULL;
}

/* `null`, `bool`, `int`, `float`, `time`, `string`, `bytes`, `json`; `absent`; as messages say it. */
const char *value_type_name(struct value v);

/*
 * Reads a number by RFC 8259 from the start of [p, end). Returns the byte behind it, or NULL if there is none
 * (`-`, `01` gives `0` and stops at the 1, `.5`). A TYPE_NUMBER borrows its text from p.
 */
const char *number_read(const char *p, const char *end, struct value *v);

/* The nearest double; +-infinity when it is out of range. */
double number_double(struct value v);
/* True and the integer if it is a whole number that fits, whatever its form (`1E5`, `3.00`). */
bool number_int64(struct value v, int64_t *i);

/* -1, 0, 1: exact, as the decimals that the texts are (a float compares by its shortest text). */
int number_compare(struct value a, struct value b);

/* Appends the text of a number: see above. NUMBER_TEXT_MAX bounds that of INT and FLOAT. */
enum { NUMBER_TEXT_MAX = 32 };
void number_text(struct value v, struct buf *out);
size_t int_text(int64_t i, unsigned scale, char out[NUMBER_TEXT_MAX]); /* no NUL; returns the length */
size_t float_text(double f, char out[NUMBER_TEXT_MAX]); /* shortest that reads back; `100`, `0.1`, `1e+22` */

/* Appends the plain text of a value: a string as it is, bytes in base64, a time in RFC 3339, absent and null as nothing. */
void value_plain(struct value v, struct buf *out);

/*
 * A total order: by type as enum type lists them (the three forms of numbers are one type), then by number, time,
 * bytes. -1, 0, 1. Equal values hash alike: `1`, `1.0` and `1e0` are equal.
 */
int value_compare(struct value a, struct value b);
bool value_equal(struct value a, struct value b);
uint64_t value_hash(struct value v, uint64_t seed);
uint64_t number_hash(struct value v, uint64_t seed);
uint64_t bytes_hash(const char *p, size_t len, uint64_t seed);

/* The step that the hashes are made of: the two halves of a 128-bit product, folded. Not stable across versions: never stored. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd1b54a32d192ed03));
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Copying a text by a call costs more than a short one itself: move the two ends, overlapping. */
static inline void text_copy(char *to, const char *from, uint32_t len)
{
	if (len >= 8 && len <= 16) {
		uint64_t a, b;
		memcpy(&a, from, 8);
		memcpy(&b, from + len - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + len - 8, &b, 8);
	} else if (len > 16 && len <= 32) {
		__uint128_t a, b;
		memcpy(&a, from, 16);
		memcpy(&b, from + len - 16, 16);
		memcpy(to, &a, 16);
		memcpy(to + len - 16, &b, 16);
	} else if (len) {
		memcpy(to, from, len);
	}
}

/* The same value with its text in the arena. */
struct value value_keep(struct value v, struct arena *a);

#endif
