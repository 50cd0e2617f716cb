/*
 * Text in and out: what every text format offers, and where they are found by name.
 *
 * A decoder turns bytes into rows. It is pushed: the caller holds the bytes, and the decoder takes as many whole
 * records as are there, so that it never waits and never copies what it can point to.
 *
 * An encoder turns batches into bytes at the end of a buffer.
 *
 * CSV, and TSV with a tab for the comma (RFC 4180 and what is found beyond it):
 *   - Lines end with LF, CR LF or a bare CR; LF is written. Empty lines are skipped, a UTF-8 byte order mark too;
 *     `#` is no comment. A quote begins a quoted cell only at the cell's start, elsewhere it is a character; quotes
 *     inside stand twice.
 *   - The first record is the header. An empty name becomes `column_3` (its number; a quoted one, `""`, is the empty
 *     name), a name that comes again `name_2`, or the next number that no other field has.
 *   - Without quotes a cell is what format/cell.h says, or null where it is empty; in quotes always a string. Blanks
 *     count. Times stay strings, but in a column `@time` and its like, which is metadata.
 *   - A record with more or fewer cells than the header is a reject, and reading goes on behind it. What is
 *     malformed (a quote that is never closed, text behind a closing quote, a record above 64 MiB, which a stray
 *     quote makes) is rejected up to the end of its first line, and reading goes on there: a stray quote costs a
 *     line and not the file.
 *   - The fields of the first record are the header that is written; a record with another field is rejected, one
 *     that lacks some has empty cells. Null is empty, the empty string `""`; a string that would be read as
 *     something else is quoted. `0870,1.10,007` comes back as it was. What does not: absent is null, a number like
 *     `1E5` is a string, and a null that is alone in its line is `""`, for an empty line is no record. With metadata
 *     there are always all seven columns.
 *
 * logfmt: a line of pairs, `key=value key="in quotes, with \" and \u00e9" flag`
 *   - Without quotes a value is what format/cell.h says; `null` and nothing (`key=`) are null. A key alone is true.
 *     In quotes it is a string, with the escapes of JSON (an unknown one stays as it is); keys may stand in quotes
 *     too. A key that comes twice: the last value wins. Lines of blanks are skipped. A malformed line is a reject.
 *   - Written with quotes where they are needed. A record without fields is rejected.
 *
 * lines: each line is a record with the field `line`, a string of its bytes without the line end (LF or CR LF; any
 *   other CR is kept). An empty line is a record. Written are the field `line`, if the record has it, or else all
 *   its values with tabs between them, null being empty; a newline in a value becomes `\n`.
 *
 * table: aligned columns. Widths, and the metadata shown, come from the first 1,000 rows, which are held till then;
 *   a later new field begins a new heading. Columns of numbers are flush right. Null is `-`, absent nothing.
 *   Controls are always escaped. With `width` the widest columns of texts give way, and what is too long ends in an
 *   ellipsis; else nothing is ever cut, nor are numbers.
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
	FORMAT_TABLE, /* output only */
};

/* `auto frames json csv tsv logfmt lines table`, for an option table's choices; the index is the enum. */
extern const char format_choices_in[], format_choices_out[];

struct decode_options {
	const char *const *want; /* only these fields are needed (others are checked and dropped); NULL: all */
	size_t want_count;
};

struct decoder;

struct decoder_ops {
	/*
	 * Takes whole records from the start of [p, p + len) and appends them to b as rows, until b has `limit` rows
	 * or no whole record is left; *used is how many bytes were taken. `last`: nothing follows these bytes.
	 * DECODE_SLACK bytes behind the end may be read (their content does not matter). Cells point into p.
	 * A malformed record becomes a reject of b, and decoding goes on behind it. An error is final.
	 * With more columns or shapes than b has room for it stops early: as long as b got rows or rejects, ask again.
	 */
	int (*decode)(struct decoder *d, const char *p, size_t len, bool last, uint32_t limit, struct batch *b,
		      size_t *used, struct error *e);
	void (*free)(struct decoder *d);
};

enum { DECODE_SLACK = 64 };

struct decoder { /* the head of each decoder's own struct */
	const struct decoder_ops *ops;
	uint64_t line; /* the line at which the next record begins, from 1 */
};

/* NULL for FRAMES, TABLE and AUTO. The options' memory must outlive the decoder. */
struct decoder *decoder_new(enum format format, const struct decode_options *options);
void decoder_free(struct decoder *d);

struct encode_options {
	bool meta;     /* metadata too, before the fields */
	bool terminal; /* escape what could steer a terminal */
	bool color;
	unsigned width; /* cells of the terminal: a table is cut to it; 0: no limit */
};

struct encoder;

struct encoder_ops {
	/* Appends the selected rows. A row that the format cannot hold becomes a reject of b; it stays selected. */
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
