#include "agg/state.h"

#include <math.h>
#include <string.h>

#include "agg/sum.h"

enum { VARINT_MAX = 19 };

void state_put_varint(struct buf *out, unsigned __int128 x)
{
	char *p = buf_reserve(out, VARINT_MAX);
	size_t n = 0;
	for (; x > 127; x >>= 7)
		p[n++] = (char)(x | 128);
	p[n++] = (char)x;
	out->len += n;
}

void state_put_zigzag(struct buf *out, __int128 i)
{
	state_put_varint(out, (unsigned __int128)i << 1 ^ (unsigned __int128)(i >> 127));
}

void state_put_u64(struct buf *out, uint64_t x)
{
	char *p = buf_reserve(out, 8);
	for (int i = 0; i < 8; i++)
		p[i] = (char)(x >> 8 * i);
	out->len += 8;
}

void state_put_value(struct buf *out, struct value v)
{
	uint64_t bits;
	buf_byte(out, (char)v.type);
	switch ((enum type)v.type) {
	case TYPE_BOOL:
	case TYPE_TIME: state_put_zigzag(out, v.i); return;
	case TYPE_INT:
		buf_byte(out, (char)v.scale);
		state_put_zigzag(out, v.i);
		return;
	case TYPE_FLOAT:
		memcpy(&bits, &v.f, sizeof bits);
		state_put_u64(out, bits);
		return;
	case TYPE_NUMBER:
	case TYPE_STRING:
	case TYPE_BYTES:
	case TYPE_JSON:
		state_put_varint(out, v.len);
		buf_append(out, v.s, v.len);
		return;
	default: return;
	}
}

/* -- reading -- */

static void *fail(struct state_reader *r)
{
	r->bad = true;
	r->p = r->end;
	return NULL;
}

const char *state_bytes(struct state_reader *r, size_t len)
{
	if ((size_t)(r->end - r->p) < len)
		return fail(r);
	const char *p = r->p;
	r->p += len;
	return p;
}

uint8_t state_byte(struct state_reader *r)
{
	const char *p = state_bytes(r, 1);
	return p ? (uint8_t)*p : 0;
}

static unsigned __int128 wide_varint(struct state_reader *r)
{
	unsigned __int128 x = 0;
	for (unsigned shift = 0; shift < 7 * VARINT_MAX; shift += 7) {
		uint8_t byte = state_byte(r);
		unsigned __int128 part = (unsigned __int128)(byte & 127) << shift;
		if (part >> shift != (byte & 127))
			break;
		x |= part;
		if (byte < 128)
			return r->bad ? 0 : x;
	}
	fail(r);
	return 0;
}

uint64_t state_varint(struct state_reader *r)
{
	unsigned __int128 x = wide_varint(r);
	if (x > UINT64_MAX)
		fail(r);
	return x > UINT64_MAX ? 0 : (uint64_t)x;
}

__int128 state_wide_zigzag(struct state_reader *r)
{
	unsigned __int128 x = wide_varint(r);
	return (__int128)(x >> 1) ^ -(__int128)(x & 1);
}

int64_t state_zigzag(struct state_reader *r)
{
	__int128 i = state_wide_zigzag(r);
	if (i >= INT64_MIN && i <= INT64_MAX)
		return (int64_t)i;
	fail(r);
	return 0;
}

uint64_t state_u64(struct state_reader *r)
{
	const char *p = state_bytes(r, 8);
	uint64_t x = 0;
	for (int i = 0; p && i < 8; i++)
		x |= (uint64_t)(uint8_t)p[i] << 8 * i;
	return x;
}

uint64_t state_count(struct state_reader *r, size_t least)
{
	uint64_t n = state_varint(r);
	if (n <= (uint64_t)(r->end - r->p) / least)
		return n;
	fail(r);
	return 0;
}

static struct value read_text(struct state_reader *r, enum type type)
{
	uint64_t len = state_count(r, 1);
	const char *s = len <= UINT32_MAX ? state_bytes(r, len) : fail(r);
	if (!s)
		return value_absent();
	struct value v = value_text(type, s, len), number;
	if (type == TYPE_NUMBER && number_read(s, s + len, &number) != s + len)
		fail(r);
	return v;
}

static struct value read_float(struct state_reader *r)
{
	uint64_t bits = state_u64(r);
	double f;
	memcpy(&f, &bits, sizeof f);
	if (!isfinite(f))
		fail(r);
	return value_float(f);
}

static struct value read_int(struct state_reader *r)
{
	uint8_t scale = state_byte(r);
	if (scale > VALUE_SCALE_MAX)
		fail(r);
	return value_decimal(state_zigzag(r), scale);
}

static struct value read_bool(struct state_reader *r)
{
	int64_t i = state_zigzag(r);
	if (i != 0 && i != 1)
		fail(r);
	return value_bool(i);
}

static struct value read_value(struct state_reader *r)
{
	enum type type = (enum type)state_byte(r);
	switch (type) {
	case TYPE_ABSENT: return value_absent();
	case TYPE_NULL: return value_null();
	case TYPE_BOOL: return read_bool(r);
	case TYPE_TIME: return value_time(state_zigzag(r));
	case TYPE_INT: return read_int(r);
	case TYPE_FLOAT: return read_float(r);
	case TYPE_NUMBER:
	case TYPE_STRING:
	case TYPE_BYTES:
	case TYPE_JSON: return read_text(r, type);
	default: fail(r); return value_absent();
	}
}

struct value state_value(struct state_reader *r)
{
	struct value v = read_value(r);
	return r->bad ? value_absent() : v;
}

struct value state_present(struct state_reader *r, bool number)
{
	struct value v = state_value(r);
	if (!value_is_missing(v) && (!number || sum_takes(v)))
		return v;
	fail(r);
	return value_absent();
}
