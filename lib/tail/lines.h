/*
 * Lines as records: the field `line`, a string of the line's bytes without LF or CR LF; with `origin` also `file` and
 * `offset`, where it begins. With a pattern a record is a line that the pattern matches and those that follow it and are
 * not matched, with their line ends between them.
 */
#ifndef STREAM_TAIL_LINES_H
#define STREAM_TAIL_LINES_H

#include "codec/regex.h"
#include "record/batch.h"
#include "tail/source.h"

/* A longer record is a reject: bytes. */
enum { LINES_MAX = 64 << 20 };

struct lines {
	struct regex *first; /* of a record's first line; NULL: each line is a record */
	bool origin;
};

enum lines_end {
	LINES_MORE,  /* what is not whole waits */
	LINES_PAUSE, /* the lines that are whole are a record */
	LINES_LAST,  /* nothing follows: what is there is whole */
};

/* Takes whole records from the source's block and appends them to b, up to `limit` rows; they point into the block. source.more
   tells if it stopped for that. `shown` is the path as the user knows it. */
int lines_cut(const struct lines *l, struct source *s, enum lines_end end, const char *shown, uint32_t limit,
	      struct batch *b, struct error *e);

#endif
