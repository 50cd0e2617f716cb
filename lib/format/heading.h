/*
 * The heading of an output whose records stand in columns under names: CSV and tables. It knows its names for good, and
 * where their values are in the batch at hand.
 */
#ifndef STREAM_FORMAT_HEADING_H
#define STREAM_FORMAT_HEADING_H

#include "base/buf.h"
#include "record/batch.h"

struct heading_field {
	size_t at; /* its name's place in names */
	uint32_t len;
	int column; /* of the batch at hand; -1: it has none of that name */
};

struct heading {
	struct heading_field *fields;
	uint32_t count, cap;
	struct buf names;
	bool *known;         /* of each column of the batch at hand: it is one of the fields; room for column_cap */
	uint32_t *strangers; /* the columns that are none */
	uint32_t stranger_count, column_cap;
};

void heading_release(struct heading *h);

/* Makes b the batch at hand: before the first use of each batch, and after its columns changed. */
void heading_map(struct heading *h, const struct batch *b);

/* The first column in which this record has a value that is in no field of the heading; NULL: there is none. */
const struct column *heading_stranger(const struct heading *h, const struct batch *b, uint32_t row);

/* Appends the fields of the record that the heading does not have, in their order. */
void heading_take(struct heading *h, const struct batch *b, uint32_t row);

static inline const char *heading_name(const struct heading *h, uint32_t field)
{
	return h->names.data + h->fields[field].at;
}

static inline struct value heading_value(const struct heading *h, const struct batch *b, uint32_t field, uint32_t row)
{
	int c = h->fields[field].column;
	return c < 0 ? value_absent() : column_get(&b->columns[c], row);
}

#endif
