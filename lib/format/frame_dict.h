/*
 * A dictionary that a writer builds for one column: texts met, numbered as they came, by a hash table. It stays from
 * batch to batch, and goes to rest for some batches when the column turned out to repeat itself too little.
 */
#ifndef STREAM_FORMAT_FRAME_DICT_H
#define STREAM_FORMAT_FRAME_DICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/value.h"

enum {
	DICT_COUNT_MAX = 1 << 16,
	DICT_TEXT_MAX = 1 << 12,  /* bytes of one text */
	DICT_BYTES_MAX = 4 << 20, /* of all texts */
};

struct dict {
	uint64_t *slots; /* upper half of the hash, index + 1; a power of two, at most half full */
	uint32_t slot_count;
	uint8_t type; /* of all texts */
	uint32_t count;
	uint64_t generation; /* changes when texts get other codes */
	struct buf offsets;  /* count + 1 u32: as the form text has them */
	struct buf bytes;

	uint32_t rest, next_rest; /* batches not to try; batches to rest after the next failure */

	/* What the reader of the chain holds, if epoch is the chain's. */
	struct {
		uint64_t epoch;
		uint32_t number;
		bool passed; /* a dictionary that came from elsewhere, of this id; else ours, of this generation */
		uint64_t id;
		uint32_t values;
		uint64_t bytes;
	} held;
};

void dict_release(struct dict *d);
/* Forgets the texts. */
void dict_clear(struct dict *d, enum type type);

/*
 * The codes of n values, of d's type or missing (then code 0). False, with the dictionary in any state, if the texts are too
 * many or too long, or hardly any comes twice in the first thousand.
 */
bool dict_codes(struct dict *d, const struct value *v, uint32_t n, uint16_t *codes);

#endif
