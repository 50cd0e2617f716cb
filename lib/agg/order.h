/* Orders of values that leave nothing to the order of arrival. */
#ifndef STREAM_AGG_ORDER_H
#define STREAM_AGG_ORDER_H

#include "record/value.h"

/* Of equal numbers, such as 1, 1.0 and 1e0: the one with the least scale, then an INT before others, then by text. */
int order_spelling(struct value a, struct value b);

/* value_compare, then spelling: 0 only for values that print the same. */
static inline int order_total(struct value a, struct value b)
{
	if (a.type == TYPE_INT && b.type == TYPE_INT && a.scale == b.scale)
		return (a.i > b.i) - (a.i < b.i);
	int order = value_compare(a, b);
	return order ? order : order_spelling(a, b);
}

/* Puts the k-th value in order (from 0) at v[k], none greater before it and none less behind it. */
void order_select(struct value *v, size_t count, size_t k);

#endif
