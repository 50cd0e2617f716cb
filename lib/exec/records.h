/*
 * Records as the lines of JSON that a command reads, kept until all of them are settled: any run of them can be given
 * again, and any one of them can be made a record again, with its metadata.
 */
#ifndef STREAM_EXEC_RECORDS_H
#define STREAM_EXEC_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "format/text.h"
#include "record/batch.h"

struct records {
	struct buf given; /* a line for each */
	struct buf whole; /* the same with their metadata; empty: `given` has all there is */
	uint64_t *lines;  /* where each began in its source; 0: not known */
	uint32_t count, cap;
	uint64_t first; /* which record of the input the first one is, from 1 */
	char *source;   /* name of the file; NULL: not known, or several */
	bool placed;    /* each has its @seq */
};

/* The two ways in which they are written: JSON encoders, made once. */
struct record_writers {
	struct encoder *given, *whole;
	bool meta; /* metadata are given too */
};

void record_writers_init(struct record_writers *w, bool meta);
void record_writers_release(struct record_writers *w);

/* All bytes 0 is none. */
void records_release(struct records *r);

/* Adds the selected rows; `number` is that of the first in the input, from 1. */
int records_add(struct records *r, struct record_writers *w, struct batch *b, uint64_t number, struct error *e);
size_t records_size(const struct records *r); /* bytes of what is given */

/* The lines of `count` records from the first-th on. Borrowed until the next records_add. */
void records_given(const struct records *r, uint32_t first, uint32_t count, const char **p, size_t *len);
/* Appends the i-th as a row, with metadata, source and line; b borrows from r. */
int records_row(const struct records *r, uint32_t i, struct batch *b, struct error *e);

enum { RECORDS_ID_SIZE = 33 };
/* 32 hexadecimal digits and NUL: the same for the same records, and for no others. Records without @seq, which could
   be alike, are told apart by where in the input they stood. */
void records_id(const struct records *r, uint32_t first, uint32_t count, char out[RECORDS_ID_SIZE]);

#endif
