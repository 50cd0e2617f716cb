#include "store/redo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/home.h"
#include "store/pending.h"
#include "store/redo_private.h"
#include "store/shard_private.h"
#include "store/spread.h"

enum { PENDING_BYTES = 12 << 20, PENDING_PART_MAX = 4 << 20, DIRECT_ROWS = 1024 };

/* An open shard, and what is gathered for it. */
struct lane {
	struct shard shard;
	struct hash128 from;
	struct pending pending;
	uint32_t *rows; /* of the batch at hand */
	uint32_t row_count;
};

/*
 * A commit being carried out, while the next one is collected: what is decided need not be waited for. It has a stream of its own, for the
 * collector reads the catalog when it likes.
 */
struct carrier {
	pthread_t thread;
	bool running;
	struct stream stream;
	const char *flow;
	int code;
	struct error e;
};

struct redo {
	struct stream stream;
	char *flow;
	struct ledger ledger;
	uint64_t n; /* the last commit */
	struct lane *lanes;
	size_t lane_count;
	bool collecting; /* the marks are in the file */
	uint64_t pieces;
	struct frame_writer *frames;
	struct buf frame;
	struct arena arena;
	struct carrier carrier;
	uint64_t done; /* commit that a file says was carried out; 0: none */
};

char *redo_directory(const struct stream *s)
{
	return file_path("%s/flows", s->directory);
}

/* -- lanes -- */

static void close_lanes(struct redo *r)
{
	for (size_t i = 0; i < r->lane_count; i++) {
		shard_close(&r->lanes[i].shard);
		pending_release(&r->lanes[i].pending);
	}
	free(r->lanes);
	r->lanes = NULL;
	r->lane_count = 0;
}

/* For the shards that are open now. If they change while we collect, what is theirs finds its way when it is carried out. */
static int open_lanes(struct redo *r, struct error *e)
{
	size_t count;
	const struct catalog_shard **tiles = catalog_tiles(&r->stream.catalog, &count);
	int code = OK;
	r->lanes = mem_zero(count * sizeof *r->lanes);
	for (size_t i = 0; !code && i < count; i++) {
		struct lane *l = &r->lanes[i];
		code = shard_open(&l->shard, r->stream.io, r->stream.directory, tiles[i]->id, e);
		if (code)
			break;
		l->from = tiles[i]->from;
		pending_init(&l->pending);
		r->lane_count++;
	}
	free(tiles);
	return code;
}

static int mark_lane(struct redo *r, struct lane *l, struct error *e)
{
	int code = shard_lock(&l->shard, e);
	if (code)
		return code;
	const struct head *h = &l->shard.head;
	/* Not `written`: a power cut may take what is not durable, and then our pieces come to stand before that. */
	struct redo_mark m = {l->shard.id, h->base, h->segment, h->durable};
	shard_unlock(&l->shard);
	return ledger_add(&r->ledger, &m, sizeof m, e);
}

static int begin(struct redo *r, struct error *e)
{
	if (r->collecting)
		return OK;
	int current = stream_current(&r->stream, e), code = current < 0 ? current : OK;
	if (!current) {
		code = stream_reload(&r->stream, e);
		close_lanes(r);
	}
	if (!code && !r->lanes)
		code = open_lanes(r, e);
	uint64_t head[] = {REDO_MAGIC, r->lane_count};
	if (!code)
		code = ledger_add(&r->ledger, head, sizeof head, e);
	for (size_t i = 0; !code && i < r->lane_count; i++)
		code = mark_lane(r, &r->lanes[i], e);
	r->pieces = 0;
	r->collecting = true;
	return code;
}

/* -- collecting -- */

static int add_frames(struct redo *r, uint32_t shard, struct error *e)
{
	int code = OK;
	for (size_t at = 0; !code && at < r->frame.len;) {
		struct frame f;
		char *p = r->frame.data + at;
		int whole = frame_peek(p, r->frame.len - at, &f, e);
		if (whole <= 0)
			return whole ? whole : error_set(e, ERR_FAILED, "a frame was made that is none");
		struct frame_place place = {.tag = redo_tag(r->flow, r->n + 1, r->pieces++)};
		struct redo_piece head = {shard, (uint32_t)f.size};
		frame_set_place(p, &place, 0);
		code = ledger_add(&r->ledger, &head, sizeof head, e);
		if (!code)
			code = ledger_add(&r->ledger, p, f.size, e);
		at += f.size;
	}
	return code;
}

static int add_piece(struct redo *r, uint32_t shard, const struct batch *b, struct error *e)
{
	static const struct frame_place nowhere;
	struct batch view = *b;
	view.meta[META_ARRIVED] = column_const(value_time(0));
	buf_clear(&r->frame);
	int code = frame_write(r->frames, FRAME_DATA, 0, &view, &nowhere, &r->frame, e);
	return code ? code : add_frames(r, shard, e);
}

static int flush(struct redo *r, struct lane *l, struct error *e)
{
	size_t done = 0;
	int code = OK;
	for (; !code && done < l->pending.count && l->pending.batches[done]->rows; done++)
		code = add_piece(r, l->shard.id, l->pending.batches[done], e);
	pending_drop(&l->pending, done);
	return code;
}

static int take(struct redo *r, struct lane *l, const struct batch *b, struct error *e)
{
	size_t part = PENDING_BYTES / r->lane_count, most = part < PENDING_PART_MAX ? part : PENDING_PART_MAX;
	if (pending_empty(&l->pending) && batch_count(b) >= DIRECT_ROWS)
		return add_piece(r, l->shard.id, b, e);
	pending_add(&l->pending, b, most);
	return pending_full(&l->pending, most) ? flush(r, l, e) : OK;
}

static struct lane *owner(const struct redo *r, struct hash128 point)
{
	size_t low = 0, high = r->lane_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (hash128_compare(point, r->lanes[middle].from) < 0)
			high = middle;
		else
			low = middle;
	}
	return &r->lanes[low];
}

static int distribute(struct redo *r, const struct batch *view, struct error *e)
{
	uint32_t count = batch_count(view);
	if (r->lane_count == 1)
		return take(r, &r->lanes[0], view, e);
	for (size_t i = 0; i < r->lane_count; i++)
		r->lanes[i].row_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(view, i);
		struct lane *l = owner(r, spread_point(&view->meta[META_HASH], row));
		if (!l->row_count)
			l->rows = arena_array(&r->arena, count - i, sizeof *l->rows);
		l->rows[l->row_count++] = row;
	}
	int code = OK;
	for (size_t i = 0; !code && i < r->lane_count; i++) {
		struct batch part = *view;
		part.sel = r->lanes[i].rows;
		part.sel_count = r->lanes[i].row_count;
		if (part.sel_count)
			code = take(r, &r->lanes[i], &part, e);
	}
	return code;
}

static bool has_key(const struct batch *b)
{
	const struct column *key = &b->meta[META_KEY];
	return key->form != COLUMN_CONST || key->value.type != TYPE_ABSENT;
}

int redo_append(struct redo *r, const struct batch *b, const struct column *key, struct error *e)
{
	if (!batch_count(b))
		return OK;
	int code = begin(r, e);
	if (code)
		return code;
	struct batch view = *b;
	arena_clear(&r->arena);
	if (key)
		view.meta[META_KEY] = *key;
	view.meta[META_STREAM] = view.meta[META_SHARD] = view.meta[META_SEQ] = column_const(value_absent());
	view.meta[META_HASH] =
		key || has_key(&view) ? spread_keys(&r->stream.catalog.router, &view.meta[META_KEY], b->rows, &r->arena)
				      : spread_random(b->rows, &r->arena);
	return distribute(r, &view, e);
}

/* -- commits -- */

/* What the ledger says was decided. */
static int carry_out(struct redo *r, const struct ledger_entry *x, struct error *e)
{
	int code = redo_is_done(&r->stream, r->flow, x->n, e);
	if (!code)
		code = redo_apply(&r->stream, r->flow, x, e);
	if (code >= 0)
		code = ledger_settle(&r->ledger, e);
	if (!code) {
		char *path = redo_done_path(&r->stream, r->flow, x->n);
		path_remove(r->stream.io, path, NULL); /* if others were faster */
		free(path);
	}
	return code;
}

static int recover(struct redo *r, uint64_t epoch, struct redo_commit *last, struct error *e)
{
	struct ledger_entry x;
	int code = ledger_take(&r->ledger, epoch, &x, e);
	if (code)
		return code;
	*last = (struct redo_commit){x.n, x.by, x.state ? mem_copy(x.state, x.len) : NULL, x.len};
	r->n = x.n;
	code = x.payload ? carry_out(r, &x, e) : OK;
	ledger_entry_release(&x);
	return code;
}

int redo_open(struct redo **out, struct stream *s, const char *flow, uint64_t epoch, struct redo_commit *last,
	      struct error *e)
{
	struct redo *r = mem_zero(sizeof *r);
	*last = (struct redo_commit){0};
	r->stream = *s;
	*s = (struct stream){0};
	r->flow = mem_copy(flow, strlen(flow));
	r->frames = shard_frame_writer();
	char *directory = redo_directory(&r->stream);
	ledger_init(&r->ledger, r->stream.io, directory, flow);
	free(directory);
	int code = recover(r, epoch, last, e);
	*out = code ? NULL : r;
	if (code)
		redo_close(r);
	return code;
}

static int flush_all(struct redo *r, struct error *e)
{
	int code = OK;
	for (size_t i = 0; !code && i < r->lane_count; i++)
		code = flush(r, &r->lanes[i], e);
	return code;
}

/* -- carrying it out beside -- */

static int say_done(const struct stream *s, const char *directory, const char *flow, uint64_t n, struct error *e)
{
	struct file f;
	char *path = redo_done_path(s, flow, n);
	int r = file_open(&f, s->io, path, O_WRONLY | O_CREAT, e);
	free(path);
	if (r)
		return r;
	file_close(&f);
	return path_sync(s->io, directory, e);
}

/* What the ledger says, for anybody. */
static int finish_one(struct stream *s, const char *directory, const char *flow, struct error *e)
{
	struct ledger_entry x;
	int r = ledger_look(s->io, directory, flow, &x, e);
	if (!r && x.payload) {
		r = redo_is_done(s, flow, x.n, e);
		if (!r && !(r = redo_apply(s, flow, &x, e)))
			r = say_done(s, directory, flow, x.n, e);
	}
	ledger_entry_release(&x);
	return r < 0 ? r : OK;
}

static void *run_carrier(void *arg)
{
	struct carrier *c = arg;
	char *directory = redo_directory(&c->stream);
	c->code = finish_one(&c->stream, directory, c->flow, &c->e);
	free(directory);
	return NULL;
}

/* With all signals blocked: they are the loop's. */
static bool start_thread(struct carrier *c)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = !pthread_create(&c->thread, NULL, run_carrier, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int end_carrying(struct redo *r, struct error *e)
{
	struct carrier *c = &r->carrier;
	stream_close(&c->stream);
	if (c->code)
		*e = c->e;
	else
		r->done = r->n;
	return c->code;
}

static int wait_for_carrier(struct redo *r, struct error *e)
{
	if (!r->carrier.running)
		return OK;
	pthread_join(r->carrier.thread, NULL);
	r->carrier.running = false;
	return end_carrying(r, e);
}

static int begin_carrying(struct redo *r, struct error *e)
{
	struct carrier *c = &r->carrier;
	int code = stream_open(&c->stream, r->stream.io, r->stream.directory, e);
	if (code)
		return code;
	c->flow = r->flow;
	c->running = r->stream.io->threads && start_thread(c);
	if (c->running)
		return OK;
	run_carrier(c);
	return end_carrying(r, e);
}

static void forget_done(struct redo *r)
{
	char *path = redo_done_path(&r->stream, r->flow, r->done);
	if (r->done)
		path_remove(r->stream.io, path, NULL);
	free(path);
	r->done = 0;
}

int redo_commit(struct redo *r, uint64_t n, const void *state, size_t len, struct error *e)
{
	if (n != r->n + 1)
		return error_set(e, ERR_FAILED, "%s: checkpoint %" PRIu64 " does not follow %" PRIu64, r->stream.name,
				 n, r->n);
	int code = stream_check_there(&r->stream, e);
	if (!code)
		code = flush_all(r, e);
	if (!code)
		code = wait_for_carrier(r, e);
	if (!code)
		code = ledger_commit(&r->ledger, n, state, len, e);
	if (code)
		return code;
	forget_done(r); /* the ledger speaks of a later one */
	r->n = n;
	bool any = r->collecting;
	r->collecting = false;
	return any ? begin_carrying(r, e) : OK;
}

int redo_end(struct redo *r, struct error *e)
{
	int code = wait_for_carrier(r, e);
	if (!code && r->done && !r->collecting && !(code = ledger_settle(&r->ledger, e)))
		forget_done(r);
	return code;
}

void redo_close(struct redo *r)
{
	struct error ignored;
	if (!r)
		return;
	wait_for_carrier(r, &ignored);
	close_lanes(r);
	ledger_release(&r->ledger);
	frame_writer_free(r->frames);
	buf_release(&r->frame);
	arena_release(&r->arena);
	free(r->flow);
	stream_close(&r->stream);
	free(r);
}

/* -- what others have left -- */

/* The flows that have a ledger here. */
static void look(void *arg, const char *name)
{
	struct name_list *l = arg;
	const char *dot = strchr(name, '.');
	if (!dot || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")])
		return;
	char *flow = mem_copy(name, (size_t)(dot - name));
	bool known = false;
	for (size_t i = 0; i < l->count; i++)
		known |= !strcmp(l->items[i], flow);
	if (!known)
		name_list_add(l, flow);
	free(flow);
}

int redo_finish(struct stream *s, struct error *e)
{
	struct name_list flows = {0};
	struct file there;
	char *directory = redo_directory(s);
	int r = file_find(&there, s->io, directory, O_RDONLY | O_DIRECTORY, e);
	if (r > 0) {
		file_close(&there);
		r = path_list(s->io, directory, look, &flows, e);
	}
	for (size_t i = 0; !r && i < flows.count; i++)
		r = finish_one(s, directory, flows.items[i], e);
	name_list_release(&flows);
	free(directory);
	return r < 0 ? r : OK;
}
