#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/read/reader_private.h"

/* -- parents -- */

static int compare_shard(const void *key, const void *lane)
{
	uint32_t id = *(const uint32_t *)key, other = (*(struct lane *const *)lane)->shard;
	return (id > other) - (id < other);
}

static struct lane *find_lane(const struct source *s, uint32_t id)
{
	if (!s->lane_count)
		return NULL;
	struct lane **found = bsearch(&id, s->lanes, s->lane_count, sizeof(struct lane *), compare_shard);
	return found ? *found : NULL;
}

/* Of a parent that is not read, its own parents count; `seen` has a mark for each shard of the catalog. */
static void find_parents(const struct source *s, const struct catalog_shard *shard, struct lane *l, bool *seen)
{
	const struct catalog *c = &s->stream.catalog;
	for (uint32_t i = 0; i < shard->parent_count; i++) {
		const struct catalog_shard *parent = catalog_shard(c, shard->parents[i]);
		struct lane *lane = find_lane(s, shard->parents[i]);
		if (!parent || seen[parent - c->shards])
			continue;
		seen[parent - c->shards] = true;
		if (!lane) {
			find_parents(s, parent, l, seen);
			continue;
		}
		l->parents = mem_resize(l->parents, l->parent_count + 1, sizeof(struct lane *));
		l->parents[l->parent_count++] = lane;
	}
}

bool lane_is_blocked(struct lane *l)
{
	while (l->parents_ended < l->parent_count && l->parents[l->parents_ended]->ended)
		l->parents_ended++;
	return l->parents_ended < l->parent_count;
}

/* -- lanes -- */

static void keep(struct store_reader *r, struct source *s, struct lane *l)
{
	if (r->lane_count == r->lane_capacity) {
		r->lane_capacity = mem_grow(r->lane_capacity, r->lane_count + 1);
		r->lanes = mem_resize(r->lanes, r->lane_capacity, sizeof(struct lane *));
	}
	r->lanes[r->lane_count++] = l;
	s->lanes = mem_resize(s->lanes, s->lane_count + 1, sizeof(struct lane *));
	s->lanes[s->lane_count++] = l;
	r->changes++;
}

/* Where the head is lost, all that changes is news; a shard of old has no other file for it than the head. */
static void watch_lane(struct store_reader *r, const struct lane *l)
{
	struct file f;
	const struct cursor *c = &l->cursor;
	char *news = file_path("%s/news", c->directory);
	bool there = c->head.path && file_find(&f, c->stream->io, news, O_RDONLY, NULL) > 0;
	watch_add(&r->watch, there ? news : c->head.path ? c->head.path : c->directory);
	if (there)
		file_close(&f);
	free(news);
}

static int add_lane(struct store_reader *r, struct source *s, const struct catalog_shard *shard, struct error *e)
{
	const struct store_reader_options *o = r->options;
	struct lane *l = mem_zero(sizeof *l);
	l->stream = &s->stream;
	l->shard = shard->id;
	if (shard->parent_count) {
		bool *seen = mem_zero(s->stream.catalog.shard_count);
		find_parents(s, shard, l, seen);
		free(seen);
	}
	keep(r, s, l);
	int err = cursor_open(&l->cursor, &s->stream, shard->id, e);
	l->cursor.damaged = o->damaged;
	l->cursor.damaged_arg = o->damaged_arg;
	l->cursor.want = o->want;
	l->cursor.want_count = o->want_count;
	if (!err && r->follows)
		watch_lane(r, l);
	return err;
}

static bool is_wanted(const struct store_reader_options *o, uint32_t id)
{
	for (size_t i = 0; i < o->shard_count; i++)
		if (o->shards[i] == id)
			return true;
	return !o->shards;
}

int lanes_open(struct store_reader *r, const struct files *io, const char *name, struct error *e)
{
	const struct store_reader_options *o = r->options;
	struct source *s = &r->sources[r->source_count];
	const struct catalog *c = &s->stream.catalog;
	int err = stream_open(&s->stream, io, name, e);
	if (err)
		return err;
	r->source_count++;
	if (r->follows)
		watch_add_stream(&r->watch, s->stream.directory);
	for (size_t i = 0; i < o->shard_count; i++)
		if (!catalog_shard(c, o->shards[i]))
			return error_set(e, ERR_USAGE, "%s has no shard %u; stream-ctl show lists them", name,
					 o->shards[i]);
	for (size_t i = 0; !err && i < c->shard_count; i++)
		if (is_wanted(o, c->shards[i].id))
			err = add_lane(r, s, &c->shards[i], e);
	return err;
}

void lanes_release(struct store_reader *r)
{
	for (size_t i = 0; i < r->lane_count; i++) {
		cursor_close(&r->lanes[i]->cursor);
		free(r->lanes[i]->parents);
		free(r->lanes[i]);
	}
	for (size_t i = 0; i < r->source_count; i++) {
		stream_close(&r->sources[i].stream);
		free(r->sources[i].lanes);
	}
	free(r->lanes);
	free(r->sources);
}

/* -- where they begin and end -- */

/* Where `begin` puts it. */
static int place_at(struct store_reader *r, struct lane *l, struct error *e)
{
	const struct store_reader_options *o = r->options;
	uint64_t seq = 0;
	int how = o->begin(o->begin_arg, l->stream, catalog_shard(&l->stream->catalog, l->shard), &seq, e);
	if (how < 0)
		return how;
	l->ended = how == BEGIN_NEVER;
	if (how == BEGIN_AT)
		cursor_seek(&l->cursor, seq);
	return OK;
}

/* `late`: it appeared while we read, so that all it has comes behind the beginning. *past: the beginning lies behind all
   there is. */
static int place(struct store_reader *r, struct lane *l, bool late, bool *past, struct error *e)
{
	const struct store_reader_options *o = r->options;
	struct cursor *c = &l->cursor;
	uint64_t end;
	int err = cursor_end(c, &end, e);
	if (err)
		return err;
	*past = !o->begin && o->from.kind == BOUND_SEQ && o->from.seq > end;
	if (o->begin)
		err = place_at(r, l, e);
	else if (o->from.kind == BOUND_SEQ)
		cursor_seek(c, o->from.seq);
	else if (o->from.kind == BOUND_END && !late)
		cursor_seek(c, end);
	else if (o->from.kind == BOUND_TIME)
		err = cursor_seek_time(c, o->from.time, e);
	if (err)
		return err;
	c->end = o->follow ? UINT64_MAX : end;
	if (o->to.kind == BOUND_SEQ && o->to.seq < c->end)
		c->end = o->to.seq;
	if (o->to.kind == BOUND_TIME)
		c->before = o->to.time;
	return OK;
}

/* Children first: whoever sees a record of a child sees, in what is looked at later, all that its parents have. */
int lanes_place(struct store_reader *r, struct error *e)
{
	size_t beyond = 0;
	for (size_t i = r->lane_count; i-- > 0;) {
		bool past;
		int err = place(r, r->lanes[i], false, &past, e);
		if (err)
			return err;
		beyond += past;
	}
	if (beyond && beyond == r->lane_count)
		return error_set(e, ERR_USAGE, "@seq %llu lies behind the end of the log",
				 (unsigned long long)r->options->from.seq);
	return OK;
}

static int add_new(struct store_reader *r, struct source *s, struct error *e)
{
	const struct catalog *c = &s->stream.catalog;
	size_t first = r->lane_count;
	int err = OK;
	for (size_t i = 0; !err && !r->options->shards && i < c->shard_count; i++)
		if (!s->lane_count || c->shards[i].id > s->lanes[s->lane_count - 1]->shard)
			err = add_lane(r, s, &c->shards[i], e);
	for (size_t i = r->lane_count; !err && i-- > first;) {
		bool past;
		err = place(r, r->lanes[i], true, &past, e);
	}
	return err;
}

int lanes_refresh(struct store_reader *r, struct error *e)
{
	for (size_t i = 0; i < r->source_count; i++) {
		struct source *s = &r->sources[i];
		int err = stream_current(&s->stream, e);
		if (err > 0)
			continue;
		if (!err)
			err = stream_reload(&s->stream, e);
		if (!err)
			err = add_new(r, s, e);
		if (err)
			return err;
	}
	return OK;
}

/* -- reading -- */

/* The catalog said that it is closed before the head is read here: then either this boot has sealed it, or none of it
   was written in this boot, and it is as it is. */
static int look_final(struct lane *l, struct error *e)
{
	uint64_t end;
	const struct catalog_shard *shard = catalog_shard(&l->stream->catalog, l->shard);
	if (shard && !shard->closed)
		return 0;
	int err = cursor_end(&l->cursor, &end, e);
	return err ? err : l->cursor.limit.sealed || l->cursor.limit.foreign;
}

/* Its files are closed; the place stays. */
static void end(struct store_reader *r, struct lane *l)
{
	struct cursor *c = &l->cursor;
	cursor_seek(c, c->seq);
	file_close(&c->head);
	batch_release(&c->batch);
	batch_init(&c->batch);
	l->ended = true;
	r->changes++;
}

/* A stream that is being removed loses its files in any order. */
static int removed(const struct lane *l, int err, struct error *e)
{
	struct file f;
	int there = file_find(&f, l->stream->io, l->cursor.directory, O_RDONLY | O_DIRECTORY, NULL);
	file_close(&f);
	return there ? err : error_set(e, ERR_FAILED, "the stream %s was removed", l->stream->name);
}

int lane_advance(struct store_reader *r, struct lane *l, struct error *e)
{
	if (r->source_count == 1) { /* else @shard is another */
		l->cursor.raw_from = r->options->raw_from;
		l->cursor.raw_to = r->options->raw_to;
	}
	int got = cursor_next(&l->cursor, e);
	if (!got && r->options->follow && !l->final && !cursor_done(&l->cursor)) {
		got = look_final(l, e);
		l->final = got > 0;
		if (got > 0)
			got = cursor_next(&l->cursor, e);
	}
	if (got < 0)
		return removed(l, got, e);
	l->ready = got > 0;
	l->waits = !got;
	/* All below a fixed end was there when it was fixed: if it can't be had, it was withdrawn by a failed sync. */
	if (!got && (cursor_done(&l->cursor) || !r->options->follow || l->final))
		end(r, l);
	return OK;
}
