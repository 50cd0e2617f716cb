/*
 * A batch: what code works on. Rows in columns, the columns being the union of the fields that the rows have, and
 * for each row its *shape*: which fields it has, in which order.
 *
 *      shape_of   columns   status  path   bytes        shapes
 *         0                  200    "/a"    17          0: status path bytes
 *         0                  404    "/b"    99          1: path
 *         1                   -     "/c"     -
 *
 * A record is its shape's columns in order, less those that are absent in the row: so a shape may list a
 * column that some of its rows lack, but a row never has a value outside its shape.
 *
 * A batch owns its columns, shapes, names and arena; what cells point to belongs to whoever filled it (a decoder's
 * input block, a frame's body), and lives until that one is asked for the next batch. A callback that wants to keep
 * anything copies it (value_keep).
 *
 * `sel` selects: only the rows it lists exist for those who read the batch. Filtering sets sel and moves nothing.
 * Metadata columns stand apart, in meta[], and are in no shape; a stream without them has constant absent ones.
 */
#ifndef STREAM_RECORD_BATCH_H
#define STREAM_RECORD_BATCH_H

#include "base/arena.h"
#include "record/column.h"

enum {
	BATCH_ROWS_MAX = 65536,
	BATCH_ROWS = 16384, /* what is aimed at under load */
	BATCH_COLUMNS_MAX = 65535,
};

enum meta { META_TIME, META_ARRIVED, META_KEY, META_HASH, META_STREAM, META_SHARD, META_SEQ, META_COUNT };

/* `@time` ...; the text of each, with the @. */
extern const char *const meta_names[META_COUNT];
/* The metadatum of that name (with its @), or -1: a field whose name happens to start with @. */
int meta_find(const char *name, size_t len);

struct shape {
	const uint16_t *columns; /* in the order of the record's fields */
	uint32_t count;
};

/* A record that could not be taken, waiting in its batch for whoever runs the command to report and count it. */
struct reject {
	const char *reason; /* one line; in the batch's arena */
	const char *text;   /* the bytes as they came, or NULL: it is row `row` of the batch */
	size_t len;
	uint32_t row;      /* of a text: the row that it would have been, so that those below it came before it */
	uint64_t line;     /* where it began: line of the source, from 1; 0 not known */
	uint64_t attempts; /* how often its delivery was tried; 0: it was not */
};

struct batch {
	uint32_t rows;
	uint32_t capacity; /* rows that VALUES columns have room for */
	struct column *columns;
	uint32_t column_count, column_cap;
	struct shape *shapes;
	uint32_t shape_count, shape_cap;
	const uint16_t *shape_of; /* a shape per row; NULL: all rows have shape 0 */
	const uint32_t *sel;      /* selected rows, ascending; NULL: all */
	uint32_t sel_count;
	struct column meta[META_COUNT];
	uint32_t
		sorted; /* the rows are in value_compare order of the first `sorted` fields of shape 0; 0: no order known */

	const char *source;    /* name of the file; NULL: not known */
	const uint64_t *lines; /* line where each row began; NULL: not known */

	struct reject *rejects;
	uint32_t reject_count, reject_cap;

	struct arena arena;        /* for cells, lists and texts of this batch; cleared with it */
	uint32_t generation;       /* changes when column and shape numbers of earlier batches no longer hold */
	struct batch_store *store; /* what the functions below own */
	uint16_t *codes;           /* for batch_end: room for shape_of and lines */
	uint64_t *line_numbers;
};

void batch_init(struct batch *b);
void batch_release(struct batch *b);

/* No rows, no rejects, all meta absent; columns and shapes that a decoder made stay, as a prediction of what comes next
   (what batch_set, batch_drop and batch_rename did to them is undone). When they no longer predict well, or have grown
   beyond reason, it does batch_reset. */
void batch_clear(struct batch *b);
/* No columns and no shapes either; `generation` changes. */
void batch_reset(struct batch *b);

/* -- reading -- */

static inline uint32_t batch_count(const struct batch *b) /* rows that are selected */
{
	return b->sel ? b->sel_count : b->rows;
}
static inline uint32_t batch_row(const struct batch *b, uint32_t i) /* the i-th of them */
{
	return b->sel ? b->sel[i] : i;
}
static inline const struct shape *batch_shape(const struct batch *b, uint32_t row)
{
	return &b->shapes[b->shape_of ? b->shape_of[row] : 0];
}

/* The index of a field's column, or -1. */
int batch_find(const struct batch *b, const char *name, size_t len);
/* A field or, for a name like `@time`, a metadatum; where there is none, a constant absent column. */
const struct column *batch_field(const struct batch *b, const char *name, size_t len);

/* -- filling, row by row, as a text decoder does --
 *
 *   uint32_t row = batch_begin(b);
 *   b->columns[c].values[row] = ...;            for each field; c from batch_column
 *   batch_end(b, shape);                         shape from batch_shape_of; or don't call it: the row is dropped
 */

void batch_grow(struct batch *b);
void batch_fill_absent(struct batch *b, uint32_t row, uint32_t shape);

/* Room for one more row; returns its number. All VALUES columns may be written there (they may have moved). */
static inline uint32_t batch_begin(struct batch *b)
{
	if (b->rows == b->capacity)
		batch_grow(b);
	return b->rows;
}
/* The column of that name, made if it is not there (VALUES; earlier rows absent). -1: no room for one more beside
   the rows that are there; if there are none, the record has too many fields. */
int batch_column(struct batch *b, const char *name, size_t len);
/* The shape with exactly these columns in this order, made if it is not there. -1: too many shapes; close the batch. */
int batch_shape_of(struct batch *b, const uint16_t *columns, uint32_t count);
/* Ends the row: columns outside the shape become absent in it; `line` is where it began (0: not known). */
static inline void batch_end(struct batch *b, uint32_t shape, uint64_t line)
{
	uint32_t row = b->rows;
	b->codes[row] = (uint16_t)shape;
	b->line_numbers[row] = line;
	if (b->shapes[shape].count != b->column_count)
		batch_fill_absent(b, row, shape);
	if (shape)
		b->shape_of = b->codes;
	if (line)
		b->lines = b->line_numbers;
	b->rows = row + 1;
}
/* Makes the metadatum a VALUES column, earlier rows absent, to be written row by row like a field. A decoder that has
   called it writes every later row of this batch. */
struct value *batch_meta(struct batch *b, enum meta m);

/* -- changing -- */

/* Selects these rows (ascending; `sel` is borrowed, usually from the arena). */
void batch_select(struct batch *b, const uint32_t *sel, uint32_t count);
/* Gives field `name` the column `c` (its name is set here) in all rows: replaced where it stands, else appended to
   every shape; a metadatum's name sets that. Returns its index (of a metadatum: 0), -1 if there are too many. `c` borrows from whatever lives as long as the batch's content. */
int batch_set(struct batch *b, const char *name, size_t len, struct column c);
/* Removes it from all shapes; false if there is none of that name. */
bool batch_drop(struct batch *b, const char *name, size_t len);
/* The field keeps its place. A field that is already called `to` is dropped. False: there is no `from`. */
bool batch_rename(struct batch *b, const char *from, size_t from_len, const char *to, size_t to_len);

/* Notes a rejected record. The caller takes the row out of the selection. */
void batch_reject_row(struct batch *b, uint32_t row, const char *format, ...) __attribute__((format(printf, 3, 4)));
void batch_reject_text(struct batch *b, uint64_t line, const char *text, size_t len, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * Appends the selected rows of `from` to `to`, whose columns are all VALUES; texts are copied into to's arena.
 * Rows, shapes, metadata and lines come along; sorted and rejects do not. Stops before `to` has BATCH_ROWS_MAX rows
 * and returns how many were taken, counting from the `first`-th selected.
 */
uint32_t batch_append(struct batch *to, const struct batch *from, uint32_t first);

#endif
