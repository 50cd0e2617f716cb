/* An order of records by fields, in value_compare order; a field that is not there is absent. */
#ifndef STREAM_RECORD_ORDER_H
#define STREAM_RECORD_ORDER_H

#include <stdbool.h>

struct order_field {
	const char *name;
	bool descending;
};

#endif
