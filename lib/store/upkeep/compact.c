#include "store/upkeep/compact.h"

#include <fcntl.h>
#include <stdlib.h>

#include "store/commit/redo.h"
#include "store/segment/scan.h"
#include "store/shard/low.h"
#include "store/shard/shard.h"
#include "store/upkeep/rewrite.h"

enum { SAMPLE = 64, FRAME_BYTES = 1 << 20, LEVEL = 1, GAIN = 75 };

struct state {
	const struct stream *stream;
	uint32_t shard;
	char *directory;
	struct shard bounds;
	struct scan scan;
	struct segment_list list;
};

struct weight {                          /* of a segment, or of a run */
	uint64_t records, bytes, frames; /* frames: by a sample */
	int64_t arrived;                 /* before its first */
};

/* How long a frame is, by the first of them. Returns 1, or 0 if it can't be told. */
static int sample(struct state *st, struct segment *s, int64_t size, int64_t *average, struct error *e)
{
	struct frame f;
	int64_t at, frames = 0;
	int r = scan_open(&st->scan, s, e);
	for (at = s->start; !r && at < size && frames < SAMPLE; frames++) {
		r = scan_look(&st->scan, at, size, &f, e);
		at += (int64_t)f.size;
		r = r < 0 ? r : !r;
	}
	scan_close(&st->scan);
	*average = frames ? (at - s->start) / frames : 0;
	return r < 0 ? r : !r && *average > 0;
}

/* Returns 1 if the segment deserves it. */
static int weigh(struct state *st, size_t i, struct weight *w, struct error *e)
{
	struct segment s;
	int64_t size, average;
	int r = segment_open_bounded(&s, st->stream->io, st->directory, st->shard, st->list.bases[i], st->list.owns[i],
				     O_RDONLY, e);
	if (r <= 0)
		return r;
	if (!(r = file_size(&s.file, &size, e)))
		r = s.id ? sample(st, &s, size, &average, e) : 0;
	if (r > 0) {
		*w = (struct weight){segment_list_until(&st->list, i) - s.base, (uint64_t)size,
				     (uint64_t)((size - s.start) / average), s.arrived};
		w->frames += !w->frames;
		r = average < REWRITE_FRAME_MIN && w->records / w->frames < REWRITE_ROWS / 2;
	}
	segment_close(&s);
	return r;
}

static bool fits(const struct state *st, const struct weight *run, const struct weight *more)
{
	return (int64_t)(run->bytes + more->bytes) <= st->bounds.segment_size &&
	       (!st->bounds.segment_age || more->arrived - run->arrived < st->bounds.segment_age);
}

static bool pays(const struct weight *run)
{
	uint64_t after = run->records / REWRITE_ROWS + 1, large = run->bytes / FRAME_BYTES + 1;
	return run->frames >= 4 && run->frames >= 2 * (after > large ? after : large);
}

/* A run that has damage in it is rewritten in parts, up to the segment that has it and from there on. */
static int rewrite_run(struct state *st, size_t first, size_t count, const struct tidy_options *o,
		       struct compacted *out, struct error *e)
{
	struct rewrite w = {.io = st->stream->io,
			    .options = o,
			    .shard = st->shard,
			    .from = st->directory,
			    .to = st->directory,
			    .zstd = LEVEL,
			    .gain = GAIN};
	int r = rewrite_segments(&w, &st->list, first, count, e);
	if (!r && count > 1 && !tidy_stopped(o)) {
		r = rewrite_run(st, first, count / 2, o, out, e);
		return r ? r : rewrite_run(st, first + count / 2, count - count / 2, o, out, e);
	}
	if (r <= 0)
		return r;
	out->segments_before += count;
	out->segments_after++;
	out->bytes_before += w.bytes_before;
	out->bytes_after += w.bytes_after;
	out->frames_before += w.frames_before;
	out->frames_after += w.frames_after;
	return tidy_clean(st->stream->io, st->directory, e);
}

/* The list is the one from the beginning all the while: what is rewritten behind us is not needed any more. */
static int go_through(struct state *st, const struct tidy_options *o, struct compacted *out, struct error *e)
{
	struct weight run = {0}, one = {0};
	size_t count = 0;
	int r = OK;
	for (size_t i = 0; !r && i + 1 < st->list.count && !tidy_stopped(o); i++) {
		int good = weigh(st, i, &one, e);
		if (good < 0)
			return good;
		if (count && (!good || !fits(st, &run, &one))) {
			r = pays(&run) ? rewrite_run(st, i - count, count, o, out, e) : OK;
			count = 0;
		}
		if (!good)
			continue;
		if (!count++) {
			run = one;
			continue;
		}
		run.records += one.records;
		run.bytes += one.bytes;
		run.frames += one.frames;
	}
	if (!r && count && pays(&run) && !tidy_stopped(o))
		r = rewrite_run(st, st->list.count - 1 - count, count, o, out, e);
	return r;
}

int compact(const struct stream *s, uint32_t shard, const struct tidy_options *o, struct compacted *out,
	    struct error *e)
{
	struct file lock;
	struct state st = {.stream = s, .shard = shard, .directory = shard_directory(s->directory, shard)};
	*out = (struct compacted){0};
	shard_bound(&st.bounds, &s->catalog);
	scan_init(&st.scan, shard);
	int r = tidy_lock(&lock, s->io, st.directory, o->wait, e);
	out->busy = !r;
	if (r > 0) {
		r = tidy_clean(s->io, st.directory, e);
		if (!r)
			r = segment_list_read(&st.list, s->io, st.directory, e);
		/* What is in these segments by way of a flow's commit loses the tag that says so: the commit must be past. */
		if (!r)
			r = redo_finish(s, e);
		if (!r)
			r = go_through(&st, o, out, e);
	}
	file_close(&lock);
	scan_release(&st.scan);
	segment_list_release(&st.list);
	free(st.directory);
	return r;
}
