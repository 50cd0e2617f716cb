/* What the tests of the sinks share: JSON lines as a batch, and a flow of numbered records with its source. */
#ifndef STREAM_TESTS_UNIT_SINK_HELP_H
#define STREAM_TESTS_UNIT_SINK_HELP_H

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "format/text.h"
#include "sink/sink.h"
#include "test.h"

static struct error e;
static struct batch batch;
static char *text_held;

/* JSON lines as a batch, which lives until the next. */
static inline struct batch *rows(const char *json)
{
	size_t len = strlen(json), used;
	free(text_held);
	text_held = mem_zero(len + DECODE_SLACK);
	memcpy(text_held, json, len);
	batch_reset(&batch);
	struct decoder *d = json_decoder_new(&(struct decode_options){0});
	CHECK(d->ops->decode(d, text_held, len, true, BATCH_ROWS, &batch, &used, &e) == OK && used == len);
	CHECK(batch.reject_count == 0);
	decoder_free(d);
	return &batch;
}

/*
 * A run of a flow: records {k: i % 3, n: i} up to `total`, a barrier after every `step`, from the last commit on, whose state is
 * where the source stood.
 */
struct flow_run {
	uint64_t epoch;
	int total, step;
	int from;            /* out: where it began */
	int done;            /* out: records that it knows are committed */
	uint64_t n, last_by; /* out: the last checkpoint, and which epoch's the one was that it began with */
};

static inline int flow_put(struct sink *s, int from, int to)
{
	struct buf json = BUF_INIT;
	for (int i = from; i < to; i++)
		buf_printf(&json, "{\"k\":%d,\"n\":%d}\n", i % 3, i);
	int r = sink_batch(s, rows(buf_string(&json)), &e);
	buf_release(&json);
	return r;
}

static inline int flow_recover(struct sink *s, struct flow_run *run)
{
	struct sink_position last;
	int r = sink_recover(s, "f00d", run->epoch, &last, &e);
	if (r)
		return r;
	run->from = run->done = 0;
	if (last.n)
		sscanf(last.state, "at %d", &run->from);
	CHECK(!last.n == !last.state);
	run->done = run->from;
	run->n = last.n;
	run->last_by = last.epoch;
	free(last.state);
	return OK;
}

/* Returns the first error. */
static inline int flow_go(struct sink *s, struct flow_run *run)
{
	int r = flow_recover(s, run);
	while (!r && run->done < run->total) {
		char state[32];
		int to = run->done + run->step, half = run->done + run->step / 2;
		r = flow_put(s, run->done, half);
		if (!r)
			r = flow_put(s, half, to);
		if (!r)
			r = sink_prepare(s, &e);
		size_t len = (size_t)snprintf(state, sizeof state, "at %d", to) + 1;
		if (!r)
			r = sink_commit(s, run->n + 1, state, len, &e);
		if (r)
			break;
		run->n++;
		run->done = to;
	}
	return r;
}

#endif
