/*
 * `-k FIELD[:asc|:desc][,FIELD…]`: which fields, or expressions, a key is made of, and the keys of a batch's rows.
 */
#ifndef STREAM_KEY_SPEC_H
#define STREAM_KEY_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"
#include "record/order.h"

struct key_part {
	struct expr *expr;
	bool descending;
	struct column column; /* of the batch whose keys were made last */
};

struct key_spec {
	struct key_part *parts;
	uint32_t count;
	const char **fields; /* that they read; borrowed from the expressions */
	size_t field_count;
};

/* The order of these keys as one of fields, out[count] at most; false if some part is an expression. */
bool key_spec_order(const struct key_spec *s, struct order_field *out);

/* What a part may say of order. */
enum key_order {
	KEY_PLAIN,      /* nothing: the key only tells records apart */
	KEY_ASCENDING,  /* :asc or :desc; without, ascending */
	KEY_DESCENDING, /* the same; without, descending */
};

/* ERR_USAGE when the text makes no sense. */
int key_spec_parse(const char *text, enum key_order order, struct key_spec *s, struct error *e);
void key_spec_release(struct key_spec *s);

/* Keys of rows, one behind the other: the i-th is bytes.data[at[i] .. at[i + 1]). All bytes 0 is none. */
struct key_list {
	struct buf bytes;
	size_t *at;
	uint32_t count, cap;
};

void key_list_release(struct key_list *l);

/* Makes the keys of the selected rows. A row whose key cannot be computed is rejected, and leaves the selection. */
void key_spec_apply(struct key_spec *s, struct batch *b, struct key_list *keys);

/* The same of whole records: all their fields, in whatever order they stand; metadata are not looked at. */
void key_of_records(const struct batch *b, struct key_list *keys);

static inline size_t key_len(const struct key_list *l, uint32_t i)
{
	return l->at[i + 1] - l->at[i];
}

static inline const char *key_bytes(const struct key_list *l, uint32_t i)
{
	return l->bytes.data + l->at[i];
}

/* Whether some value of the key of this row, of the batch whose keys were made last, is absent or null. */
bool key_row_lacks(const struct key_spec *s, uint32_t row);
/* Whether the first value of a key is absent or null. */
bool key_is_missing(const struct key_spec *s, const char *key);

#endif
