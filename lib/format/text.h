/*
 * Text in and out: what every text format offers, and where they are found by name.
 *
 * A decoder turns bytes into rows. It is pushed: the caller holds the bytes, and the decoder takes as many whole
 * records as are there, so that it never waits and never copies what it can point to.
 *
 * An encoder turns batches into bytes at the end of a buffer.
 */
#ifndef STREAM_FORMAT_TEXT_H
#define STREAM_FORMAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

enum format {
	FORMAT_AUTO,
	FORMAT_FRAMES,
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_TSV,
	FORMAT_LOGFMT,
	FORMAT_LINES,
	FORMAT_TABLE,  /* output only */
};

/* `auto frames json csv tsv logfmt lines table`, for an option table's choices; the index is the enum. */
extern const char format_choices_in[], format_choices_out[];

struct decode_options {
	const char *const *want;  /* only these fields are needed (others are checked and dropped); NULL: all */
	size_t want_count;
};

struct decoder;

struct decoder_ops {
	/*
	 * Takes whole records from the start of [p, p + len) and appends them to b as rows, until b has `limit` rows
	 * or no whole record is left; *used is how many bytes were taken. `last`: nothing follows these bytes.
	 * DECODE_SLACK bytes behind the end may be read (their content does not matter). Cells point into p.
	 * A malformed record becomes a reject of b, and decoding goes on behind it. An error is final.
	 */
	int (*decode)(struct decoder *d, const char *p, size_t len, bool last, uint32_t limit, struct batch *b,
		      size_t *used, struct error *e);
	void (*free)(struct decoder *d);
};

enum { DECODE_SLACK = 64 };

struct decoder {  /* the head of each decoder's own struct */
	const struct decoder_ops *ops;
	uint64_t line;  /* the line at which the next record begins, from 1 */
};

/* NULL for FRAMES, TABLE and AUTO. The options' memory must outlive the decoder. */
struct decoder *decoder_new(enum format format, const struct decode_options *options);
void decoder_free(struct decoder *d);

struct encode_options {
	bool meta;          /* metadata too, before the fields */
	bool terminal;      /* escape what could steer a terminal */
	bool color;
};

struct encoder;

struct encoder_ops {
	/* Appends the selected rows. A row that the format cannot hold becomes a reject of b. */
	int (*encode)(struct encoder *x, struct batch *b, struct buf *out, struct error *e);
	/* What is to be written when no more comes (the table writes all of it here). May be NULL. */
	int (*finish)(struct encoder *x, struct buf *out, struct error *e);
	void (*free)(struct encoder *x);
};

struct encoder {
	const struct encoder_ops *ops;
};

struct encoder *encoder_new(enum format format, const struct encode_options *options);
void encoder_free(struct encoder *x);

/* Each format's own, found through the two above. */
struct decoder *json_decoder_new(const struct decode_options *o);
struct decoder *csv_decoder_new(const struct decode_options *o, char delimiter);
struct decoder *logfmt_decoder_new(const struct decode_options *o);
struct decoder *lines_decoder_new(const struct decode_options *o);
struct encoder *json_encoder_new(const struct encode_options *o);
struct encoder *csv_encoder_new(const struct encode_options *o, char delimiter);
struct encoder *logfmt_encoder_new(const struct encode_options *o);
struct encoder *lines_encoder_new(const struct encode_options *o);
struct encoder *table_encoder_new(const struct encode_options *o);

#endif
