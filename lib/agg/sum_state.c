/* Sums as bytes, as state.h draws them. */
#include <string.h>

#include "agg/state.h"
#include "agg/sum_private.h"

enum { HAS_WIDE = 32, HAS_DIGITS = 64, SCALE = 31 };

#define DIGIT_MAX (INT64_C(1) << 32)

/* The upper digits of a negative sum are all ones, but for the last, which is -1: they are one digit less in the one below. */
static void fold_sign(int64_t *digits, uint32_t count)
{
	for (uint32_t i = count - 1; i && digits[i] == -1 && digits[i - 1] == UINT32_MAX; i--) {
		digits[i] = 0;
		digits[i - 1] = -1;
	}
}

static void save_digits(int64_t *digits, uint32_t count, struct buf *out)
{
	sum_carry(digits, count);
	fold_sign(digits, count);
	uint32_t first = 0, n = count;
	while (n && !digits[n - 1])
		n--;
	while (first < n && !digits[first])
		first++;
	state_put_varint(out, first);
	state_put_varint(out, n - first);
	for (uint32_t i = first; i < n; i++)
		state_put_zigzag(out, digits[i]);
}

void sum_save(struct sum *s, unsigned power, struct buf *out)
{
	struct sum_more *m = s->more;
	struct big wide = {0};
	if (m)
		sum_wide(m, &wide);
	state_put_varint(out, s->count);
	buf_byte(out, (char)(s->scale | (wide.count ? HAS_WIDE : 0) | (m && m->digits ? HAS_DIGITS : 0)));
	state_put_zigzag(out, s->at);
	if (wide.count) {
		buf_byte(out, m->negative);
		for (int i = 0; i < WIDE_LIMBS; i++)
			state_put_u64(out, m->wide[i]);
	}
	if (m && m->digits)
		save_digits(m->digits, sum_digit_count(power), out);
}

static void load_digits(struct state_reader *r, int64_t *digits, uint32_t count)
{
	uint64_t first = state_varint(r), n = state_varint(r);
	r->bad |= first > count || n > count - first;
	for (uint64_t i = 0; i < n && !r->bad; i++) {
		int64_t digit = state_zigzag(r);
		r->bad |= digit > DIGIT_MAX || digit < -DIGIT_MAX;
		digits[first + i] = digit;
	}
}

void sum_load(struct sum *s, unsigned power, struct state_reader *r, struct arena *a)
{
	int64_t digits[DIGITS_SQUARES] = {0};
	struct sum_more more = {.pending = 1};
	struct sum from = {.more = &more};
	uint64_t count = state_varint(r);
	uint8_t flags = state_byte(r);
	from.at = state_wide_zigzag(r);
	from.count = count & ((UINT64_C(1) << 56) - 1);
	from.scale = flags & SCALE;
	r->bad |= from.count != count || from.scale > VALUE_SCALE_MAX || flags > (SCALE | HAS_WIDE | HAS_DIGITS);
	if (flags & HAS_WIDE) {
		more.negative = state_byte(r) & 1;
		for (int i = 0; i < WIDE_LIMBS; i++)
			more.wide[i] = state_u64(r);
		r->bad |= more.wide[WIDE_LIMBS - 1] >> 62 != 0; /* leaves room to add */
	}
	if (flags & HAS_DIGITS) {
		more.digits = digits;
		load_digits(r, digits, sum_digit_count(power));
	}
	if (!r->bad)
		sum_merge(s, &from, power, a);
}
