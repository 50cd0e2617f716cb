/*
 * TZif files, RFC 8536. All numbers are big-endian.
 *
 *   header   "TZif", version, 15 bytes, six counts of 4 bytes: isut, isstd, leap, time, type, char
 *   block    time: changes, 4 bytes each | time: a type each, 1 byte | type: 6 bytes each (distance from UTC in
 *            seconds: 4, is summer: 1, where its name begins: 1) | char: names, each with a NUL | leap, isstd, isut
 *   header, block                 from version 2 on: the same once more, with changes of 8 bytes
 *   "\n" rule "\n"                from version 2 on
 */
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "base/zone_private.h"

enum { HEADER = 44 };

struct block {
	size_t isut, isstd, leap, time, type, chars;
	size_t width;           /* of a change */
	const unsigned char *p; /* behind the header */
	size_t size;            /* without the header */
};

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t get_seconds(const unsigned char *p, size_t width)
{
	return width == 4 ? (int32_t)get32(p) : (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

/* False if it is not all there. Counts are bounded by the length, so nothing overflows. */
static bool read_header(const unsigned char *p, size_t len, size_t width, struct block *b)
{
	if (len < HEADER || memcmp(p, "TZif", 4))
		return false;
	*b = (struct block){.isut = get32(p + 20),
			    .isstd = get32(p + 24),
			    .leap = get32(p + 28),
			    .time = get32(p + 32),
			    .type = get32(p + 36),
			    .chars = get32(p + 40),
			    .width = width,
			    .p = p + HEADER};
	b->size = b->time * (width + 1) + b->type * 6 + b->chars + b->leap * (width + 4) + b->isstd + b->isut;
	return b->size <= len - HEADER;
}

static bool read_types(struct zone *z, const struct block *b)
{
	const unsigned char *types = b->p + b->time * (b->width + 1);
	const char *names = (const char *)types + b->type * 6;
	/* With leap seconds ("right/") times would mean something else than everywhere here. */
	if (!b->type || b->type > 256 || b->leap || !b->chars || names[b->chars - 1])
		return false;
	z->types = arena_array(z->arena, ZONE_TYPES_MAX, sizeof *z->types);
	const char *copy = arena_copy(z->arena, names, b->chars);
	for (z->type_count = 0; z->type_count < b->type; z->type_count++) {
		const unsigned char *p = types + 6 * z->type_count;
		int32_t seconds = (int32_t)get32(p);
		if (p[5] >= b->chars || seconds < -93600 || seconds > 93600)
			return false;
		z->types[z->type_count] = (struct zone_type){.offset = seconds * SECOND, .name = copy + p[5]};
	}
	return true;
}

static bool read_changes(struct zone *z, const struct block *b)
{
	const unsigned char *type_of = b->p + b->time * b->width;
	for (size_t i = 0; i < b->time; i++) {
		int64_t seconds = get_seconds(b->p + i * b->width, b->width), ns;
		if (type_of[i] >= b->type)
			return false;
		/* What came before our time began is what it begins with. */
		if (__builtin_mul_overflow(seconds, SECOND, &ns)) {
			if (seconds > 0)
				break;
			ns = TIMESTAMP_MIN;
		}
		zone_add(z, ns, type_of[i]);
	}
	return true;
}

bool zone_parse(struct zone *z, const unsigned char *p, size_t len)
{
	struct block b;
	if (!read_header(p, len, 4, &b))
		return false;
	if (p[4] < '2')
		return read_types(z, &b) && read_changes(z, &b);
	const unsigned char *end = p + len;
	if (!read_header(b.p + b.size, (size_t)(end - b.p) - b.size, 8, &b) || !read_types(z, &b) ||
	    !read_changes(z, &b))
		return false;
	const char *rule = (const char *)b.p + b.size, *stop = (const char *)end;
	if (rule == stop || *rule++ != '\n')
		return false;
	const char *newline = memchr(rule, '\n', (size_t)(stop - rule));
	return newline && (newline == rule || zone_add_rule(z, rule, (size_t)(newline - rule)));
}
