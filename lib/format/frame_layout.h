/*
 * The bytes of a frame, for the files that write and read them. man/stream-frame.5 explains what stands here as structs:
 *
 *   0        64                            directory                                  size
 *   | header | (place) | buffer | buffer .. | entries | extents | (sums) |
 *
 * Buffers stand in the order of their extents, each at the next multiple of 8: the four of the frame (names, shapes, used,
 * codes), then those of each entry in turn. All ints are little-endian, and so must the machine be.
 */
#ifndef STREAM_FORMAT_FRAME_LAYOUT_H
#define STREAM_FORMAT_FRAME_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "record/column.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "frames are read where they lie, which takes a little-endian machine"
#endif

#define FRAME_MAGIC "\xf5sf\n" /* f5 is in no UTF-8 text; the newline does not survive a conversion of line ends */

enum {
	FRAME_VERSION = 1,
	FRAME_FLAGS_KNOWN = 15,
	FRAME_OWN_BUFFERS = 4,           /* names, shapes, used, codes */
	FRAME_FIELDS_MAX = 1 << 17,      /* names in a scope: a chain, or a frame that stands alone */
	FRAME_NAME_BYTES_MAX = 1 << 26,  /* of all these names */
	FRAME_SHAPE_WORDS_MAX = 1 << 22, /* in the shapes buffers of a scope */
	FRAME_DICT_VALUES_MAX = 1 << 20,
	FRAME_DICT_BYTES_MAX = 1 << 28, /* of both: in all dictionaries of a scope */
};

struct frame_header {
	char magic[4];
	uint8_t version, kind;
	uint16_t flags;
	uint32_t size; /* of the frame; a multiple of 8 */
	uint32_t rows;
	uint32_t chain;     /* 0: stands alone; n: the n-th frame of its chain */
	uint32_t directory; /* where it begins */
	uint32_t entries;
	uint32_t extents; /* = the number of buffers */
	uint32_t fields;  /* names that are new here */
	uint32_t shapes;  /* shapes that are new here */
	uint32_t used;    /* shapes that the rows have */
	uint32_t sorted;
	uint64_t directory_sum;
	uint64_t sum; /* of the 56 bytes before it */
};

struct frame_place_block {
	uint64_t segment, seq, durable;
	uint32_t shard, tag;
	uint64_t sum; /* of the 96 bytes before it, header and all */
};

enum frame_role { ROLE_FIELD, ROLE_META, ROLE_DICT, ROLE_COUNT };

struct frame_entry {
	uint8_t role, form, type, width, scale;
	uint8_t marked; /* 1: it has a buffer of marks */
	uint16_t zero;
	uint32_t id;    /* number of the field, metadatum or dictionary */
	uint32_t dict;  /* of form DICT: the number of its dictionary */
	int64_t bias;   /* of form INT; of form CONST: the int, or the bits of the double */
	uint32_t first; /* of a dictionary: how many values it had before; 0: a new one */
	uint32_t count; /* of a dictionary: how many are added here */
};

struct frame_extent {
	uint32_t stored; /* bytes in the frame */
	uint32_t raw;    /* bytes when unpacked; greater than stored if and only if it is packed by zstd */
};

static_assert(sizeof(struct frame_header) == 64, "the page says so");
static_assert(sizeof(struct frame_place_block) == 40, "the page says so");
static_assert(sizeof(struct frame_entry) == 32, "the page says so");
static_assert(sizeof(struct frame_extent) == 8, "the page says so");

/* The numbers of forms, types, marks and metadata that stand in frames are those of the enums. */
static_assert(COLUMN_VALUES == 0 && COLUMN_CONST == 1 && COLUMN_INT == 2 && COLUMN_FLOAT == 3 && COLUMN_TEXT == 4 &&
		      COLUMN_DICT == 5,
	      "the page says so");
static_assert(TYPE_ABSENT == 0 && TYPE_NULL == 1 && TYPE_BOOL == 2 && TYPE_INT == 3 && TYPE_FLOAT == 4 &&
		      TYPE_NUMBER == 5 && TYPE_TIME == 6 && TYPE_STRING == 7 && TYPE_BYTES == 8 && TYPE_JSON == 9,
	      "the page says so");
static_assert(MARK_VALUE == 0 && MARK_NULL == 1 && MARK_ABSENT == 2, "the page says so");

static inline size_t round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* How many buffers an entry has; they stand in the order of the page. */
static inline uint32_t entry_buffers(const struct frame_entry *n)
{
	switch (n->form) {
	case COLUMN_VALUES: return 4;                                               /* types, scales, payloads, heap */
	case COLUMN_CONST: return n->type == TYPE_NUMBER || n->type >= TYPE_STRING; /* text */
	case COLUMN_TEXT: return 2u + n->marked;                                    /* (marks,) offsets, bytes */
	default: return 1u + n->marked;                                             /* (marks,) ints, floats or codes */
	}
}

#endif
