/* Keys as rows of a snapshot. */
#include "key/table.h"
#include "record/batch_rows.h"

uint32_t key_table_save(const struct key_table *t, uint32_t from, const int64_t *times, struct batch *b)
{
	uint32_t n = t->count - from < BATCH_ROWS ? t->count - from : BATCH_ROWS;
	for (uint32_t i = from; i < from + n; i++) {
		size_t start = i ? t->ends[i - 1] : 0;
		struct field row[] = {
			{"key", value_text(TYPE_BYTES, t->bytes.data + start, t->ends[i] - start)},
			{"time", value_int(times ? times[i] : 0)},
		};
		batch_add_row(b, row, times ? 2 : 1);
	}
	return n;
}

int key_of_row(const struct batch *b, uint32_t row, struct value *key, struct error *e)
{
	*key = batch_get(b, row, "key");
	return key->type == TYPE_BYTES ? 0 : error_set(e, ERR_FAILED, "a snapshot of keys that makes no sense");
}
