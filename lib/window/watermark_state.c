/* A tracker of event time as rows of a snapshot. */
#include "base/timestamp.h"
#include "record/batch_rows.h"
#include "window/watermark.h"

void watermark_save(const struct watermark *w, struct batch *b)
{
	for (uint32_t i = 0; i < w->count; i++) {
		const struct watermark_shard *s = &w->shards[i];
		struct field row[] = {{"shard", s->name},
				      {"greatest", value_int(s->greatest)},
				      {"floor", value_int(s->floor)},
				      {"state", value_int(s->state)},
				      {"silent", value_int(w->now - s->heard)},
				      {"at", value_int(w->at)}};
		batch_add_row(b, row, 6);
	}
}

static bool is_int(const struct batch *b, uint32_t row, const char *name)
{
	return batch_get(b, row, name).type == TYPE_INT;
}

int watermark_load(struct watermark *w, const struct batch *b, struct error *e)
{
	for (uint32_t row = 0; row < b->rows; row++) {
		int64_t state = batch_get(b, row, "state").i;
		if (!is_int(b, row, "greatest") || !is_int(b, row, "floor") || !is_int(b, row, "silent") ||
		    !is_int(b, row, "at") || !is_int(b, row, "state") || state < SHARD_ACTIVE || state > SHARD_DRAINED)
			return error_set(e, ERR_FAILED, "a snapshot of event time that makes no sense");
		watermark_shard(w, batch_get(b, row, "shard"), batch_get(b, row, "greatest").i,
				(enum shard_state)state);
		struct watermark_shard *s = &w->shards[w->last];
		s->floor = batch_get(b, row, "floor").i;
		s->heard = time_subtract(w->now, batch_get(b, row, "silent").i);
		w->at = batch_get(b, row, "at").i;
	}
	w->resumed = true;
	return OK;
}
