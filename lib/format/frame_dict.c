#include "format/frame_dict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	SLOTS_MIN = 256,
	PROBES_MAX = 64,  /* a run this long comes only from texts that were made to collide */
	PROBATION = 1024, /* rows after which a column must have repeated itself ... */
	PROBATION_REPEATS = 10,
};

void dict_release(struct dict *d)
{
	free(d->slots);
	buf_release(&d->offsets);
	buf_release(&d->bytes);
	*d = (struct dict){0};
}

void dict_clear(struct dict *d, enum type type)
{
	static const uint32_t zero;
	if (d->slots)
		memset(d->slots, 0, d->slot_count * sizeof *d->slots);
	d->count = 0;
	d->generation++;
	d->type = (uint8_t)type;
	buf_clear(&d->bytes);
	buf_reserve(&d->bytes, 1); /* an empty text has a place too */
	buf_clear(&d->offsets);
	buf_append(&d->offsets, &zero, sizeof zero);
}

/* -- texts: the two ends of a short one are loaded whole, overlapping -- */

static inline uint64_t load64(const char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

static inline uint32_t load32(const char *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

static inline void load_ends(const char *p, uint32_t len, uint64_t *a, uint64_t *b)
{
	if (len >= 8) {
		*a = load64(p);
		*b = load64(p + len - 8);
	} else if (len >= 4) {
		*a = load32(p);
		*b = load32(p + len - 4);
	} else {
		*a = len ? (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[len / 2] << 8 | (uint8_t)p[len - 1] : 0;
		*b = 0;
	}
}

/* Two lanes, so that the products of a long text do not wait for each other. */
static inline uint64_t text_hash(const char *p, uint32_t len)
{
	uint64_t h = len, g = 0, a, b;
	if (len > 16) {
		const char *last = p + len - 16;
		for (; last - p > 16; p += 32) {
			h = hash_mix(h ^ load64(p), load64(p + 8));
			g = hash_mix(g ^ load64(p + 16), load64(p + 24));
		}
		if (p < last)
			h = hash_mix(h ^ load64(p), load64(p + 8));
		a = load64(last);
		b = load64(last + 8);
	} else {
		load_ends(p, len, &a, &b);
	}
	return hash_mix(h ^ a, g ^ b ^ len);
}

static inline bool text_same(const char *p, const char *q, uint32_t len)
{
	uint64_t a, b, c, d;
	if (len > 16)
		return !memcmp(p, q, len);
	load_ends(p, len, &a, &b);
	load_ends(q, len, &c, &d);
	return a == c && b == d;
}

/* -- the table -- */

static inline uint32_t offset_of(const struct dict *d, uint32_t code)
{
	return ((const uint32_t *)(const void *)d->offsets.data)[code];
}

/* Each text again into a table of that size. */
static void rebuild(struct dict *d, uint32_t slot_count)
{
	free(d->slots);
	d->slots = mem_zero(slot_count * sizeof *d->slots);
	d->slot_count = slot_count;
	for (uint32_t code = 0; code < d->count; code++) {
		uint32_t at = offset_of(d, code);
		uint64_t h = text_hash(d->bytes.data + at, offset_of(d, code + 1) - at);
		uint32_t slot = (uint32_t)h & (slot_count - 1);
		while (d->slots[slot])
			slot = (slot + 1) & (slot_count - 1);
		d->slots[slot] = (h & ~(uint64_t)UINT32_MAX) | (code + 1);
	}
}

static bool add(struct dict *d, const char *p, uint32_t len, uint64_t h, uint32_t slot)
{
	if (d->count == DICT_COUNT_MAX || len > DICT_TEXT_MAX || d->bytes.len + len > DICT_BYTES_MAX)
		return false;
	d->slots[slot] = (h & ~(uint64_t)UINT32_MAX) | ++d->count;
	buf_append(&d->bytes, p, len);
	uint32_t end = (uint32_t)d->bytes.len;
	buf_append(&d->offsets, &end, sizeof end);
	if (d->count * 2 > d->slot_count)
		rebuild(d, d->slot_count * 2);
	return true;
}

/* The code of a text, which is added if it is new; -1 if it can't be. */
static inline int32_t code_of(struct dict *d, const char *p, uint32_t len)
{
	uint64_t h = text_hash(p, len);
	uint32_t slot = (uint32_t)h & (d->slot_count - 1);
	for (unsigned probes = 0; probes < PROBES_MAX; probes++, slot = (slot + 1) & (d->slot_count - 1)) {
		uint64_t s = d->slots[slot];
		if (!s)
			return add(d, p, len, h, slot) ? (int32_t)d->count - 1 : -1;
		if ((s ^ h) >> 32)
			continue;
		uint32_t code = (uint32_t)s - 1, at = offset_of(d, code);
		if (offset_of(d, code + 1) - at == len && text_same(d->bytes.data + at, p, len))
			return (int32_t)code;
	}
	return -1;
}

static bool some_codes(struct dict *d, const struct value *v, uint32_t n, uint16_t *codes)
{
	for (uint32_t i = 0; i < n; i++) {
		int32_t code = v[i].type == d->type ? code_of(d, v[i].s, v[i].len) : 0;
		if (code < 0)
			return false;
		codes[i] = (uint16_t)code;
	}
	return true;
}

bool dict_codes(struct dict *d, const struct value *v, uint32_t n, uint16_t *codes)
{
	uint32_t before = d->count, some = n < PROBATION ? n : PROBATION;
	if (!d->slots)
		rebuild(d, SLOTS_MIN);
	if (!some_codes(d, v, some, codes))
		return false;
	if (some == PROBATION && d->count - before > PROBATION - PROBATION_REPEATS)
		return false;
	return some_codes(d, v + some, n - some, codes + some);
}
