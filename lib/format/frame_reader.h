/* What the files of the frame reader share. */
#ifndef STREAM_FORMAT_FRAME_READER_H
#define STREAM_FORMAT_FRAME_READER_H

#include "base/arena.h"
#include "format/frame.h"
#include "format/frame_layout.h"

struct reader_field {
	const char *name;
	uint32_t len;
	uint32_t column; /* in the batch, or NO_COLUMN where it is not wanted; holds if frame is this one's */
	uint64_t frame;
};

#define NO_COLUMN UINT32_MAX

struct reader_shape {
	const uint32_t *fields;
	uint32_t count;
	uint64_t frame; /* the last that used it */
};

struct reader_dict {
	uint64_t id; /* dict_id of columns */
	struct value *values;
	uint32_t count, cap;
	struct arena texts;
	uint64_t bytes;    /* in texts */
	const char *block; /* the texts that the first values came with, one behind the other */
	uint64_t frame;    /* the last that gave it values */
	uint32_t waiting;  /* 1 + index of the entry whose values nobody has needed so far; 0: none */
	uint32_t buffers;  /* of that entry: where they begin */
};

/* What frames gave that may be referred to: those of the chain; or the one that stands alone, whose dictionaries stay, so that
   the next frame's can be recognized. */
struct reader_scope {
	struct arena names, shape_lists;
	struct reader_field *fields;
	uint32_t field_count, field_cap;
	uint64_t name_bytes;
	uint32_t *slots; /* of names: index + 1; a power of two, at most half full */
	uint32_t slot_count;
	const char *block; /* the names buffer of the frame that stood alone */
	size_t block_len;
	struct reader_shape *shapes;
	uint32_t shape_count, shape_cap;
	uint64_t shape_words;
	struct reader_dict *dicts;
	uint32_t dict_count; /* that may be referred to */
	uint32_t dict_slots, dict_cap;
	uint64_t dict_values, dict_bytes;
};

struct frame_reader {
	struct reader_scope scopes[2]; /* the chain's; the frame's that stands alone */
	uint32_t chain;                /* number of the last frame of it; 0: none may follow */
	uint64_t frame;                /* counts those that were loaded */
	uint64_t next_dict;            /* starts at random, so that dictionaries of two readers differ */
	uint64_t seed;                 /* of the hash of names: hostile ones must not collide */
	uint16_t *sequence;            /* 0 1 2 ...: @seq less that of the first row */
};

/* A frame that is being loaded. */
struct body {
	struct frame_reader *r;
	struct reader_scope *scope;
	const char *p;
	struct frame_header h;
	const uint32_t *at;  /* where each buffer begins */
	struct arena *arena; /* the batch's */
	struct error *e;
};

int body_damaged(struct body *y, const char *what);

/* -- frame_body.c: the directory, and buffers -- */

int body_open(struct body *y);
struct frame_entry body_entry(const struct body *y, uint32_t index);
struct frame_extent body_extent(const struct body *y, uint32_t index);
/* OK if its checksum is right, or there are none. */
int body_sum(struct body *y, uint32_t index);
/* The bytes of a buffer: its checksum verified, unpacked, aligned to 8. */
int body_buffer(struct body *y, uint32_t index, const char **p, size_t *len);
/* The same; it must have exactly count * size bytes. NULL after an error, which is ERR_FAILED. */
const void *body_array(struct body *y, uint32_t index, uint64_t count, uint32_t size);

/* -- frame_scope.c: names and shapes -- */

void scope_clear(struct reader_scope *s);
void scope_release(struct reader_scope *s);
int scope_names(struct body *y);
int scope_shapes(struct body *y);

/* -- frame_known.c: dictionaries -- */

void dicts_clear(struct reader_scope *s);
/* An entry of role dict; its values are taken when they are needed (of a chain: at once). */
int dict_announce(struct body *y, uint32_t entry, uint32_t buffers);
/* Dictionary `number`, for a column. */
int dict_find(struct body *y, uint32_t number, const struct reader_dict **d);

/* -- frame_decode.c: columns -- */

/* Fills in all but the name from an entry of `rows` rows whose buffers begin with that of the index `buffers`. */
int column_take(struct body *y, const struct frame_entry *n, uint32_t buffers, uint32_t rows, struct column *c);

#endif
