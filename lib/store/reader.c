#include "store/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/stream.h"

struct lane {
	struct cursor cursor;
	const struct stream *stream;
	bool ready; /* its batch waits for its turn */
	bool waits; /* had nothing when it was last asked */
	bool ended; /* nothing will follow */
};

struct store_reader {
	const struct store_reader_options *options;
	struct stream *streams;
	size_t stream_count;
	struct lane *lanes;
	size_t lane_count;
	struct lane *given; /* whose batch the caller has */
	struct watch watch;
	bool noticed;
};

int bound_parse(const char *text, struct bound *b, struct error *e)
{
	enum { SEQ_DIGITS = 9, SEQ_DIGITS_MAX = 18 };
	*b = (struct bound){0};
	size_t len = strlen(text);
	if (!strcmp(text, "start"))
		return OK;
	if (!strcmp(text, "end")) {
		b->kind = BOUND_END;
		return OK;
	}
	bool marked = !strncmp(text, "seq:", 4);
	const char *digits = marked ? text + 4 : text;
	size_t count = strspn(digits, "0123456789");
	if (count && !digits[count] && count <= (marked ? SEQ_DIGITS_MAX : SEQ_DIGITS)) {
		b->kind = BOUND_SEQ;
		b->seq = strtoull(digits, NULL, 10);
		return OK;
	}
	if (marked)
		return error_set(e, ERR_USAGE, "`%s` is no @seq: seq:12345678901", text);
	b->kind = BOUND_TIME;
	return timestamp_parse(text, len, &b->time, e);
}

static int add_lane(struct store_reader *r, const struct stream *s, uint32_t shard, struct error *e)
{
	struct lane *l = &r->lanes[r->lane_count++];
	l->stream = s;
	int err = cursor_open(&l->cursor, s, shard, e);
	l->cursor.damaged = r->options->damaged;
	l->cursor.damaged_arg = r->options->damaged_arg;
	l->cursor.want = r->options->want;
	l->cursor.want_count = r->options->want_count;
	if (!err && r->options->follow) /* where the head is lost, all that changes is news */
		watch_add(&r->watch, l->cursor.head.path ? l->cursor.head.path : l->cursor.directory);
	return err;
}

static int add_stream(struct store_reader *r, const struct files *io, const char *name, struct error *e)
{
	const struct store_reader_options *o = r->options;
	struct stream *s = &r->streams[r->stream_count];
	int err = stream_open(s, io, name, e);
	if (err)
		return err;
	r->stream_count++;
	size_t more = o->shards ? o->shard_count : s->catalog.shard_count;
	r->lanes = mem_resize(r->lanes, r->lane_count + more, sizeof *r->lanes);
	memset(r->lanes + r->lane_count, 0, more * sizeof *r->lanes);
	for (size_t i = 0; !err && i < more; i++) {
		uint32_t id = o->shards ? o->shards[i] : s->catalog.shards[i].id;
		err = catalog_shard(&s->catalog, id) ? add_lane(r, s, id, e)
						     : error_set(e, ERR_USAGE, "%s has no shard %u", s->name, id);
	}
	return err;
}

/* Sets where a lane begins and ends. *past: the beginning lies behind all there is. */
static int place(struct store_reader *r, struct lane *l, bool *past, struct error *e)
{
	const struct store_reader_options *o = r->options;
	struct cursor *c = &l->cursor;
	uint64_t end;
	int err = cursor_end(c, &end, e);
	if (err)
		return err;
	*past = o->from.kind == BOUND_SEQ && o->from.seq > end;
	if (o->from.kind == BOUND_SEQ || o->from.kind == BOUND_END)
		cursor_seek(c, o->from.kind == BOUND_END ? end : o->from.seq);
	else if (o->from.kind == BOUND_TIME && (err = cursor_seek_time(c, o->from.time, e)))
		return err;
	c->end = o->follow ? UINT64_MAX : end;
	if (o->to.kind == BOUND_SEQ && o->to.seq < c->end)
		c->end = o->to.seq;
	if (o->to.kind == BOUND_TIME)
		c->before = o->to.time;
	return OK;
}

static int place_all(struct store_reader *r, struct error *e)
{
	size_t beyond = 0;
	for (size_t i = 0; i < r->lane_count; i++) {
		bool past;
		int err = place(r, &r->lanes[i], &past, e);
		if (err)
			return err;
		beyond += past;
	}
	if (beyond && beyond == r->lane_count)
		return error_set(e, ERR_USAGE, "@seq %llu lies behind the end of the log",
				 (unsigned long long)r->options->from.seq);
	return OK;
}

int store_reader_open(struct store_reader **out, const struct files *io, const char *const *names, size_t count,
		      const struct store_reader_options *o, struct error *e)
{
	struct store_reader *r = mem_zero(sizeof *r);
	r->options = o;
	r->streams = mem_array(count, sizeof *r->streams);
	r->watch = (struct watch){.io = io, .fd = -1};
	if (o->follow)
		watch_open(&r->watch, io);
	int err = OK;
	for (size_t i = 0; !err && i < count; i++)
		err = add_stream(r, io, names[i], e);
	/* From here on lanes don't move, so that cursors may point to themselves. */
	if (!err)
		err = place_all(r, e);
	if (err) {
		store_reader_close(r);
		r = NULL;
	}
	*out = r;
	return err;
}

void store_reader_close(struct store_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->lane_count; i++)
		cursor_close(&r->lanes[i].cursor);
	for (size_t i = 0; i < r->stream_count; i++)
		stream_close(&r->streams[i]);
	watch_close(&r->watch);
	free(r->lanes);
	free(r->streams);
	free(r);
}

static int advance(struct store_reader *r, struct lane *l, struct error *e)
{
	if (r->stream_count == 1) { /* else @shard is another */
		l->cursor.raw_from = r->options->raw_from;
		l->cursor.raw_to = r->options->raw_to;
	}
	int got = cursor_next(&l->cursor, e);
	if (got < 0)
		return got;
	l->ready = got > 0;
	l->waits = !got;
	/* All below a fixed end was there when it was fixed: if it can't be had, it was withdrawn by a failed sync. */
	l->ended = !got && (cursor_done(&l->cursor) || !r->options->follow);
	return OK;
}

static struct lane *earliest(struct store_reader *r)
{
	struct lane *best = NULL;
	for (size_t i = 0; i < r->lane_count; i++)
		if (r->lanes[i].ready && (!best || r->lanes[i].cursor.arrived < best->cursor.arrived))
			best = &r->lanes[i];
	return best;
}

/* Asks all lanes that have nothing at hand; those that had nothing lately only if `again`. */
static int fill(struct store_reader *r, bool again, struct error *e)
{
	for (size_t i = 0; i < r->lane_count; i++) {
		struct lane *l = &r->lanes[i];
		if (l->ready || l->ended || (l->waits && !again))
			continue;
		int err = advance(r, l, e);
		if (err)
			return err;
	}
	return OK;
}

static const char *short_name(const struct stream *s)
{
	const char *slash = strrchr(s->directory, '/');
	return slash ? slash + 1 : s->directory;
}

static void label(const struct store_reader *r, struct lane *l, struct store_item *item)
{
	struct batch *b = &l->cursor.batch;
	const char *name = short_name(l->stream);
	b->meta[META_STREAM] = column_const(value_string(name, strlen(name)));
	if (r->stream_count > 1) {
		char *shard = arena_printf(&b->arena, "%s/%u", name, l->cursor.shard);
		b->meta[META_SHARD] = column_const(value_string(shard, strlen(shard)));
	}
	*item = (struct store_item){b, l->cursor.raw, name, l->stream->name, l->cursor.shard};
}

int store_reader_next(struct store_reader *r, struct store_item *item, struct error *e)
{
	if (r->given)
		r->given->ready = false;
	r->given = NULL;
	int err = fill(r, r->options->follow && watch_fired(&r->watch), e);
	struct lane *l = err ? NULL : earliest(r);
	if (!l && !err) {
		/* Before the caller waits: what came between the notice and now gives no second one. */
		err = fill(r, true, e);
		l = err ? NULL : earliest(r);
	}
	if (!l)
		return err;
	r->given = l;
	label(r, l, item);
	return 1;
}

bool store_reader_done(const struct store_reader *r)
{
	for (size_t i = 0; i < r->lane_count; i++)
		if (!r->lanes[i].ended)
			return false;
	return true;
}

size_t store_reader_streams(const struct store_reader *r)
{
	return r->stream_count;
}

size_t store_reader_shards(const struct store_reader *r)
{
	return r->lane_count;
}

struct store_shard_state store_reader_shard(const struct store_reader *r, size_t i)
{
	const struct lane *l = &r->lanes[i];
	return (struct store_shard_state){short_name(l->stream), l->cursor.shard, l->ended};
}

int store_reader_fd(const struct store_reader *r)
{
	return r->watch.fd;
}

const char *store_reader_notice(struct store_reader *r)
{
	if (r->noticed || r->watch.fd >= 0 || !r->options->follow)
		return NULL;
	r->noticed = true;
	return r->watch.why.text;
}
