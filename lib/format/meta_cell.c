#include "format/meta_cell.h"

#include "base/timestamp.h"

/* From here on a number is nanoseconds (timestamp_from_number), of which a double would lose the last digits. */
#define NANOSECONDS_LEAST INT64_C(100000000000000000)

static bool read_time(struct value v, int64_t *ns)
{
	if (v.type == TYPE_TIME || (v.type == TYPE_INT && !v.scale && v.i >= NANOSECONDS_LEAST)) {
		*ns = v.i;
		return true;
	}
	if (value_is_number(v))
		return timestamp_from_number(number_double(v), ns);
	return v.type == TYPE_STRING && v.len && timestamp_read(v.s, v.len, ns) == v.len;
}

const char *meta_from_cell(enum meta m, struct value *v)
{
	int64_t ns;
	if (value_is_missing(*v)) {
		*v = value_absent();
	} else if (m == META_TIME || m == META_ARRIVED) {
		if (!read_time(*v, &ns))
			return m == META_TIME ? "@time is no time" : "@arrived is no time";
		*v = value_time(ns);
	} else if (m == META_SEQ && (v->type != TYPE_INT || v->scale || v->i < 0)) {
		return "@seq is no whole number";
	}
	return NULL;
}
