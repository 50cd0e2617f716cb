/* What the files of the frame writer share. */
#ifndef STREAM_FORMAT_FRAME_WRITER_H
#define STREAM_FORMAT_FRAME_WRITER_H

#include "base/arena.h"
#include "format/frame.h"
#include "format/frame_dict.h"
#include "format/frame_layout.h"

/* What a reader knows: from its chain, or from the frame that stands alone. */
struct scope {
	uint64_t epoch; /* numbers that were given in another epoch do not hold; never 0 */
	uint32_t fields, shapes, dicts;
	uint64_t name_bytes, shape_words, dict_values, dict_bytes;
};

struct writer_field {
	const char *name;
	uint32_t len;
	struct {
		uint64_t epoch;
		uint32_t id;
	} known[2]; /* in the chain; in the frame that stands alone */
	struct dict dict;
};

/* The shapes of the chain. */
struct writer_shapes {
	struct chain_shape {
		uint64_t hash;
		uint32_t at, count; /* its field numbers in `ids` */
	} * list;
	uint32_t count, cap;
	uint32_t *slots; /* index in list + 1; a power of two, at most half full */
	uint32_t slot_count;
	struct buf ids;
};

struct frame_writer {
	struct frame_writer_options options;
	uint32_t chain; /* number of the last chained frame; 0: none */
	struct scope scopes[2];
	unsigned alone; /* 1: this frame stands alone; the index in scopes */

	struct arena names;
	struct writer_field **slots; /* by name, open addressing; a power of two, at most half full */
	uint32_t slot_count, field_count;
	struct dict meta_dicts[META_COUNT];
	struct writer_shapes shapes;

	/* The frame that is being written. */
	struct buf *out;
	size_t start; /* where it begins in out */
	uint64_t raw; /* bytes of its buffers */
	struct buf entries, extents, sums;
	struct buf new_names, new_shapes, used;
	uint32_t new_name_count, new_shape_count, used_count;

	struct arena scratch; /* lives as long as one frame is written */
	struct buf packed;
	uint16_t *codes;     /* for dictionaries: room for as many rows as there were so far */
	struct value *cells; /* for columns that must be gathered first: the same */
	uint32_t codes_cap, cells_cap;
};

static inline struct scope *writer_scope(struct frame_writer *w)
{
	return &w->scopes[w->alone];
}

/* -- frame_names.c: fields and shapes -- */

struct writer_field *writer_field(struct frame_writer *w, const char *name, size_t len);
/* Its number in this frame; a name that is new to the reader is noted in new_names. */
uint32_t field_number(struct frame_writer *w, struct writer_field *f);
/* The number of a shape of these fields; noted in new_shapes if it is new to the reader. */
uint32_t shape_number(struct frame_writer *w, const uint32_t *fields, uint32_t count);
void names_release(struct frame_writer *w);
void shapes_clear(struct writer_shapes *s);

/* -- frame_buffer.c: buffers of the frame -- */

enum { TOO_LARGE = 1 }; /* what functions return that write to a frame which can take no more */

/* A buffer of `raw` bytes at the end of the frame, to be written before anything else; NULL: too large. What is
   opened and not closed never was. */
void *buffer_open(struct frame_writer *w, size_t raw);
void buffer_close(struct frame_writer *w, size_t raw);
int buffer_put(struct frame_writer *w, const void *p, size_t len);
void entry_put(struct frame_writer *w, const struct frame_entry *n);

/* -- frame_choose.c: how a column is stored -- */

/* Rows sel[0..n), or 0..n where sel is NULL. n is not 0. `n` says role and id; `d` is the column's own between frames. */
int column_put(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel,
	       uint32_t count, struct dict *d);

/* -- frame_dense.c: columns that are dense already -- */

int const_put(struct frame_writer *w, struct frame_entry n, struct value v);
/* The forms INT, FLOAT and TEXT; and DICT, but for its dictionary. */
int dense_put(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel,
	      uint32_t count);

/* -- frame_values.c: values, made dense -- */

/* All are of type INT, BOOL or TIME and one scale, or missing; `marked`: some are missing. */
int value_ints_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked);
int value_floats_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked);
int value_texts_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked);
int value_codes_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked,
		    const uint16_t *codes, uint32_t dict_size);
/* Any values. */
int variant_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count);

/* -- frame_place.c: where a frame of a store belongs -- */

/* The place block, behind the header at p, which is complete. */
void place_put(char *p, const struct frame_place *place);

/* -- frame_dicts.c: dictionaries in frames -- */

/* Puts texts of one type by a dictionary if that pays, and sets *done. */
int texts_by_dict(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked,
		  struct dict *d, bool *done);
/* Puts a DICT column with its dictionary as it is, if that pays. */
int dict_pass(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel, uint32_t count,
	      struct dict *d, bool *done);

#endif
