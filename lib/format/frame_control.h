/*
 * What control frames say, as structs. Each row of a control frame is one of these; frame.h lists the fields. Fields that are not
 * known stay in their batch and are passed on with it, so that a newer stage can speak through an older one.
 *
 * The append functions fill a batch row by row (its columns all VALUES, as batch_begin has them); texts are copied into it.
 * The read functions borrow from the batch. They fail when a field is missing or of another type.
 */
#ifndef STREAM_FORMAT_FRAME_CONTROL_H
#define STREAM_FORMAT_FRAME_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"

enum shard_state { SHARD_ACTIVE, SHARD_IDLE, SHARD_DRAINED };

/* A row of WATERMARK: the greatest @time of a shard. */
struct watermark {
	const char *shard;  /* NULL: event time as a whole has come this far */
	size_t shard_len;
	int64_t time;       /* TIMESTAMP_MIN: none seen yet */
	enum shard_state state;
};

void watermark_append(struct batch *b, const struct watermark *w);
int watermark_read(const struct batch *b, uint32_t row, struct watermark *w, struct error *e);

/* A row of END: what a stage did. in = out + filtered + rejected + late, unless the stage makes records. */
struct stage_counts {
	const char *command;
	size_t command_len;
	int64_t in, out, filtered, rejected, late;
};

/* `final` counts in the first row. */
void stage_counts_append(struct batch *b, const struct stage_counts *c, bool final);
int stage_counts_read(const struct batch *b, uint32_t row, struct stage_counts *c, struct error *e);
/* Whether all windows are to be closed: the stream is complete, and no later run goes on with it. */
int end_is_final(const struct batch *b, bool *final, struct error *e);

#endif
