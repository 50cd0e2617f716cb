/*
 * The parts of the CSV reader (format/text.h says what it reads), for the files csv_*.c alone.
 *
 * A cursor walks over cells. It knows the separators of 64 bytes at a time as the bits of a word, so that the end of an
 * unquoted cell costs a count of zeros:
 *
 *   base   2 0 0 , / a , 1 7 \n 4 0 4 ,
 *   mask   0 0 0 1 0 0 1 0 0 1  0 0 0 1      the lowest bit is base; bits before `at` are cleared
 *
 * Bits of separators inside quotes are stepped over, not looked at. DECODE_SLACK bytes behind the end are read.
 */
#ifndef STREAM_FORMAT_CSV_H
#define STREAM_FORMAT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "format/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* A record that is longer has been swallowed by a stray quote. */
enum { CSV_RECORD_MAX = 64 << 20 };

enum csv_end {
	CSV_DELIMITER,  /* another cell of the record follows */
	CSV_LINE,       /* the record ends here */
	CSV_INCOMPLETE, /* more bytes are needed to tell */
	CSV_OPEN,       /* a quoted cell is not closed before the input ends */
	CSV_STRAY,      /* something stands behind a closing quote */
	CSV_LONG,       /* longer than CSV_RECORD_MAX */
};

struct csv_cursor {
	const char *at; /* where the next cell begins */
	const char *end;
	const char *bound; /* no record that is accepted goes beyond it; at most end */
	const char *base;
	uint64_t mask;
	uint64_t breaks; /* line ends inside the cells of this record so far */
	char delimiter;
	bool last; /* nothing follows `end` */
};

/* A cell as it stands, without its quotes. */
struct csv_cell {
	const char *s, *stop; /* stop: the byte behind it, quotes included */
	size_t len;
	bool quoted;
	bool doubled; /* it has quotes that stand twice */
};

static inline uint64_t csv_separators(const char *p, char delimiter)
{
	uint64_t mask = 0;
#if defined(__SSE2__)
	const __m128i comma = _mm_set1_epi8(delimiter), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m128i x = _mm_loadu_si128((const __m128i *)(p + 16 * i));
		__m128i line = _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr));
		uint32_t bits = (uint32_t)_mm_movemask_epi8(_mm_or_si128(line, _mm_cmpeq_epi8(x, comma)));
		mask |= (uint64_t)bits << 16 * i;
	}
#else
	for (int i = 0; i < 64; i++)
		mask |= (uint64_t)(p[i] == delimiter || p[i] == '\n' || p[i] == '\r') << i;
#endif
	return mask;
}

static inline void csv_load(struct csv_cursor *c, const char *base)
{
	size_t left = (size_t)(c->end - base);
	c->base = base;
	c->mask = csv_separators(base, c->delimiter);
	if (left < 64)
		c->mask &= (UINT64_C(1) << left) - 1;
}

/* The next separator, or the end. */
static inline const char *csv_next(struct csv_cursor *c)
{
	while (!c->mask) {
		if (c->end - c->base <= 64)
			return c->end;
		csv_load(c, c->base + 64);
	}
	const char *stop = c->base + __builtin_ctzll(c->mask);
	c->mask &= c->mask - 1;
	return stop;
}

/* Goes on at `at`, which lies ahead. */
static inline void csv_skip(struct csv_cursor *c, const char *at)
{
	size_t past = (size_t)(at - c->base);
	c->at = at;
	if (past < 64)
		c->mask &= ~UINT64_C(0) << past;
	else
		csv_load(c, at);
}

/* A cell ends at stop: what is there? */
static inline enum csv_end csv_step(struct csv_cursor *c, const char *stop)
{
	if (stop == c->end) {
		c->at = stop;
		return c->last ? CSV_LINE : CSV_INCOMPLETE;
	}
	c->at = stop + 1;
	if (*stop == c->delimiter)
		return CSV_DELIMITER;
	if (*stop == '\r' && c->at < c->end && *c->at == '\n')
		csv_skip(c, c->at + 1);
	return CSV_LINE;
}

/* A record begins at c->at. */
static inline void csv_begin(struct csv_cursor *c)
{
	c->bound = c->end - c->at > CSV_RECORD_MAX ? c->at + CSV_RECORD_MAX : c->end;
	c->breaks = 0;
}

/* The rest of csv_cell_next, for a cell that begins with a quote. */
enum csv_end csv_quoted_next(struct csv_cursor *c, struct csv_cell *cell);

/* Takes the next cell of the record, and what stands behind it. */
static inline enum csv_end csv_cell_next(struct csv_cursor *c, struct csv_cell *cell)
{
	const char *p = c->at;
	if (p < c->end && *p == '"') {
		/* Through copies, so that a caller's cursor and cell may stay in registers. */
		struct csv_cursor slow = *c;
		struct csv_cell quoted;
		enum csv_end how = csv_quoted_next(&slow, &quoted);
		*c = slow;
		*cell = quoted;
		return how;
	}
	const char *stop = csv_next(c);
	*cell = (struct csv_cell){.s = p, .stop = stop, .len = (size_t)(stop - p)};
	return csv_step(c, stop);
}

/* The text of a cell: as it stands, or with doubled quotes made single in the arena (then *len shrinks). */
const char *csv_cell_text(const struct csv_cell *cell, struct arena *a, size_t *len);

/* The first line end from p on, or NULL. */
const char *csv_line_end(const char *p, const char *end);

/* -- a record that comes in pieces: each byte is looked at once, to tell when it is worth while to read it -- */

struct csv_scan {
	size_t seen;   /* bytes of the record looked at; 0: none */
	uint8_t place; /* in the grammar, behind them */
	bool line;     /* its first line is whole */
};

/* Looks on. True: csv_cell_next will not run out of the record [p, p + len), or will find it malformed. */
bool csv_scan_more(struct csv_scan *s, const char *p, size_t len, char delimiter);

/* -- the header -- */

struct csv_field {
	const char *name;
	uint32_t len;
	int meta;    /* enum meta, or -1 */
	bool wanted; /* metadata always are */
};

struct csv_header {
	struct csv_field *fields;
	uint32_t count; /* 0: not read yet */
	struct arena arena;
};

/* Reads it at c. 1: it is there; 0: more bytes are needed; else an error, for without names there are no records. */
int csv_header_read(struct csv_header *h, struct csv_cursor *c, uint64_t line, const struct decode_options *o,
		    struct error *e);
void csv_header_release(struct csv_header *h);

#endif
