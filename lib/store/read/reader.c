#include "store/read/reader_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int store_reader_open(struct store_reader **out, const struct files *io, const char *const *names, size_t count,
		      const struct store_reader_options *o, struct error *e)
{
	struct store_reader *r = mem_zero(sizeof *r);
	r->options = o;
	r->follows = o->follow;
	r->sources = mem_zero(count * sizeof *r->sources);
	r->watch = (struct watch){.io = io, .fd = -1};
	if (o->follow)
		watch_open(&r->watch, io);
	int err = OK;
	for (size_t i = 0; !err && i < count; i++)
		err = lanes_open(r, io, names[i], e);
	if (!err)
		err = lanes_place(r, e);
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
	lanes_release(r);
	watch_close(&r->watch);
	free(r);
}

static struct lane *earliest(struct store_reader *r)
{
	struct lane *best = NULL;
	for (size_t i = 0; i < r->lane_count; i++)
		if (r->lanes[i]->ready && (!best || r->lanes[i]->cursor.arrived < best->cursor.arrived))
			best = r->lanes[i];
	return best;
}

/* Asks all lanes that have nothing at hand; those that had nothing lately, and the catalogs, only if `again`. */
static int fill(struct store_reader *r, bool again, struct error *e)
{
	int err = again && r->follows ? lanes_refresh(r, e) : OK;
	for (size_t i = 0; !err && i < r->lane_count; i++) {
		struct lane *l = r->lanes[i];
		if (l->ready || l->ended || (l->waits && !again) || lane_is_blocked(l))
			continue;
		err = lane_advance(r, l, e);
	}
	return err;
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
	if (r->source_count > 1) {
		char *shard = arena_printf(&b->arena, "%s/%u", name, l->cursor.shard);
		b->meta[META_SHARD] = column_const(value_string(shard, strlen(shard)));
	}
	*item = (struct store_item){b, l->cursor.raw, name, l->stream->name, l->cursor.shard, l->cursor.seq};
}

int store_reader_next(struct store_reader *r, struct store_item *item, struct error *e)
{
	if (r->given)
		r->given->ready = false;
	r->given = NULL;
	int err = fill(r, r->options->follow && watch_fired(&r->watch), e);
	struct lane *l = err ? NULL : earliest(r);
	if (!l && !err && !(r->settled && r->options->follow && r->watch.fd >= 0)) {
		/* What changed while we opened gave no notice. From then on, all that changes after a lane was asked does. */
		r->settled = true;
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
		if (!r->lanes[i]->ended)
			return false;
	return true;
}

size_t store_reader_streams(const struct store_reader *r)
{
	return r->source_count;
}

size_t store_reader_shards(const struct store_reader *r)
{
	return r->lane_count;
}

struct store_shard_state store_reader_shard(const struct store_reader *r, size_t i)
{
	const struct lane *l = r->lanes[i];
	const struct catalog_shard *shard = catalog_shard(&l->stream->catalog, l->shard);
	return (struct store_shard_state){short_name(l->stream), l->shard, l->ended,
					  l->ended && shard && shard->closed};
}

uint64_t store_reader_changes(const struct store_reader *r)
{
	return r->changes;
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
