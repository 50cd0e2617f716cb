/* What stages keep at a barrier: one that is saved and loaded at random points gives the same as one that nobody disturbs. */
#include "stage_state.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "event/clock.h"
#include "hold/queue.h"
#include "hold/replay.h"
#include "hold/run.h"
#include "join/interval.h"
#include "key/recent.h"
#include "sort/pane_parts.h"
#include "sort/ranking.h"
#include "sort/sorter.h"

enum { ROUNDS = 60, STEPS = 40 };

static struct key_spec by_k;
static struct key_list keys;

/* -- sorters: with runs on disk, and changes that were spilled before they were saved -- */

struct sorting {
	struct sorter *sorter;
	struct spool *spool;
	struct state_in in;
	struct replay replay;
};

static int sort_again(void *self, const struct replay_part *part, struct batch *b, struct error *err)
{
	struct sorting *s = self;
	CHECK(part->id == 7);
	key_spec_apply(&by_k, b, &keys);
	return sorter_add(s->sorter, b, &keys, NULL, err);
}

static int take_sorted(void *self, struct batch *b, struct error *err)
{
	struct sorting *s = self;
	int r = state_take(&s->in, b, err);
	if (!r)
		return replay_rows(&s->replay, b, err);
	if (r > 0 && state_is(&s->in, "file"))
		replay_file(&s->replay);
	return r < 0 || state_is(&s->in, "file") ? r < 0 ? r : 0 : replay_part(&s->replay, 0, 7, err);
}

static void save_sorting(struct sorting *s, struct files *files)
{
	struct state_out out = next_file(files, s->sorter && draw(4));
	const struct field start = {"start", value_int(7)};
	CHECK(!state_part(&out, "file", 0, NULL, 0, &e) && !sorter_save(s->sorter, &out, &start, 1, &e));
}

static void load_sorting(struct sorting *s, struct files *files)
{
	sorter_free(s->sorter);
	s->sorter = sorter_new(&by_k, s->spool);
	files_load(files, take_sorted, s);
	CHECK(!replay_give(&s->replay, sort_again, s, &e));
	/* The first one of a run is whole. */
	struct state_out out = next_file(files, false);
	CHECK(!state_part(&out, "file", 0, NULL, 0, &e) &&
	      !sorter_save(s->sorter, &out, &(struct field){"start", value_int(7)}, 1, &e));
}

static void test_sorter(void)
{
	struct sorting s = {.spool = spool_new(spool_directory())};
	struct sorter *plain = sorter_new(&by_k, s.spool);
	struct files files = {0};
	struct buf got = BUF_INIT, want = BUF_INIT;
	struct gather g;
	struct batch b;
	s.sorter = sorter_new(&by_k, s.spool);
	gather_init(&g);
	batch_init(&b);
	for (int step = 0; step < STEPS; step++) {
		random_rows(&b, 300, 0);
		key_spec_apply(&by_k, &b, &keys);
		CHECK(!sorter_add(plain, &b, &keys, NULL, &e) && !sorter_add(s.sorter, &b, &keys, NULL, &e));
		if (!draw(4))
			CHECK(!sorter_spill(s.sorter, &e));
		if (!draw(3))
			save_sorting(&s, &files);
		else
			continue;
		if (!draw(3))
			load_sorting(&s, &files);
	}
	CHECK(!sorters_emit(&plain, 1, &g, note_numbers, &want, &e));
	gather_release(&g);
	gather_init(&g);
	CHECK(!sorters_emit(&s.sorter, 1, &g, note_numbers, &got, &e));
	check_same(&got, &want);
	gather_release(&g);
	sorter_free(plain);
	sorter_free(s.sorter);
	spool_free(s.spool);
	files_release(&files);
	batch_release(&b);
	buf_release(&got);
	buf_release(&want);
}

/* -- rankings -- */

struct rank {
	struct ranking *ranking;
	struct state_in in;
};

static int take_ranking(void *self, struct batch *b, struct error *err)
{
	struct rank *r = self;
	int head = state_take(&r->in, b, err);
	if (head)
		return head < 0 ? head : 0;
	if (state_is(&r->in, "order"))
		return ranking_load_order(r->ranking, b, err);
	key_spec_apply(&by_k, b, &keys);
	return ranking_load(r->ranking, b, &keys, NULL, err);
}

static void note_ranking(struct ranking *r, uint32_t n, bool ties, struct buf *out)
{
	size_t total;
	struct ranked *list = rankings_take(&r, 1, n, ties, &total);
	for (size_t i = 0; i < total; i++) {
		batch_select(&list[i].ref.block->rows, &list[i].ref.row, 1);
		note_numbers(out, &list[i].ref.block->rows, &e);
		batch_select(&list[i].ref.block->rows, NULL, 0);
		buf_printf(out, "=%u ", list[i].rank);
	}
	free(list);
}

static void test_ranking(uint32_t n, bool ties)
{
	struct rank r = {.ranking = ranking_new(n, ties)};
	struct ranking *plain = ranking_new(n, ties);
	struct files files = {0};
	struct buf got = BUF_INIT, want = BUF_INIT;
	struct batch b;
	uint64_t seq = 0;
	batch_init(&b);
	for (int step = 0; step < STEPS; step++) {
		random_rows(&b, 100, 0);
		key_spec_apply(&by_k, &b, &keys);
		uint32_t count = batch_count(&b);
		CHECK(!ranking_add(plain, &b, &keys, NULL, NULL, seq, &e));
		batch_select(&b, NULL, 0);
		CHECK(!ranking_add(r.ranking, &b, &keys, NULL, NULL, seq, &e));
		batch_select(&b, NULL, 0);
		seq += count;
		if (draw(4))
			continue;
		struct state_out out = next_file(&files, false);
		CHECK(!ranking_save(r.ranking, &out, NULL, 0, &e));
		ranking_free(r.ranking);
		r.ranking = ranking_new(n, ties);
		files_load(&files, take_ranking, &r);
	}
	note_ranking(plain, n, ties, &want);
	note_ranking(r.ranking, n, ties, &got);
	check_same(&got, &want);
	ranking_free(plain);
	ranking_free(r.ranking);
	files_release(&files);
	batch_release(&b);
	buf_release(&got);
	buf_release(&want);
}

/* -- joined streams -- */

struct joining {
	struct interval *interval;
	struct key_spec specs[2];
};

static int take_interval(void *self, struct batch *b, struct error *err)
{
	struct joining *j = self;
	return interval_load(j->interval, b, j->specs, err);
}

static void step_interval(struct joining *j, int side, struct batch *b, int64_t now)
{
	key_spec_apply(&j->specs[side], b, &keys);
	CHECK(!interval_add(j->interval, side, b, &j->specs[side], &keys, &e));
	CHECK(!interval_advance(j->interval, side, now, &e));
}

static void test_interval(bool outer)
{
	struct buf texts[2] = {BUF_INIT, BUF_INIT};
	static const char *const key_names[] = {"k"};
	struct interval_options o = {.within = (int64_t)draw(6) * SECOND / 2,
				     .outer = outer,
				     .prefix = "r_",
				     .keys = key_names,
				     .key_count = 1,
				     .emit = note_numbers};
	struct joining pair[2] = {0};
	struct files files = {0};
	struct batch rows, copy;
	int64_t past[2] = {0, 0};
	batch_init(&rows);
	batch_init(&copy);
	for (int i = 0; i < 2; i++) {
		o.self = &texts[i];
		pair[i].interval = interval_new(&o);
		for (int side = LEFT; side <= RIGHT; side++)
			CHECK(!key_spec_parse("k", KEY_PLAIN, &pair[i].specs[side], &e));
	}
	for (int step = 0; step < STEPS; step++) {
		int side = (int)draw(2);
		random_rows(&rows, 30, past[side]);
		past[side] += (int64_t)draw(6) * SECOND / 2;
		batch_clear(&copy);
		batch_append(&copy, &rows, 0);
		step_interval(&pair[0], side, &rows, past[side]);
		step_interval(&pair[1], side, &copy, past[side]);
		check_same(&texts[0], &texts[1]);
		if (draw(3))
			continue;
		struct state_out out = next_file(&files, draw(4));
		CHECK(!interval_save(pair[1].interval, &out, &e));
		if (draw(3))
			continue;
		interval_free(pair[1].interval);
		o.self = &texts[1];
		pair[1].interval = interval_new(&o);
		files_load(&files, take_interval, &pair[1]);
		CHECK(!interval_load(pair[1].interval, NULL, pair[1].specs, &e));
		CHECK(interval_watermark(pair[0].interval) == interval_watermark(pair[1].interval));
		out = next_file(&files, false);
		CHECK(!interval_save(pair[1].interval, &out, &e));
	}
	for (int i = 0; i < 2; i++)
		for (int side = LEFT; side <= RIGHT; side++)
			CHECK(!interval_advance(pair[i].interval, side, TIMESTAMP_MAX, &e));
	check_same(&texts[0], &texts[1]);
	for (int i = 0; i < 2; i++) {
		interval_free(pair[i].interval);
		buf_release(&texts[i]);
		for (int side = LEFT; side <= RIGHT; side++)
			key_spec_release(&pair[i].specs[side]);
	}
	files_release(&files);
	batch_release(&rows);
	batch_release(&copy);
}

/* -- queues of a merge -- */

struct queueing {
	struct queue queue;
	struct state_in in;
};

static int take_queue(void *self, struct batch *b, struct error *err)
{
	struct queueing *q = self;
	int r = state_take(&q->in, b, err);
	return r < 0 ? r : r ? queue_load_head(&q->queue, &q->in, b, err) : queue_load_rows(&q->queue, &q->in, b, err);
}

static void take_some(struct queue *q, uint64_t count, struct buf *out)
{
	for (; count && !queue_empty(q); count--) {
		buf_printf(out, "%lld:", (long long)queue_time(q));
		if (q->first->kind) {
			const struct queued *n = queue_take_control(q);
			buf_printf(out, "%u/%u/%u ", n->kind, n->flags, n->block->rows.rows);
			continue;
		}
		struct row_ref ref = queue_take_row(q);
		batch_select(&ref.block->rows, &ref.row, 1);
		note_numbers(out, &ref.block->rows, &e);
		batch_select(&ref.block->rows, NULL, 0);
	}
	queue_forget(q);
}

static void test_queue(void)
{
	struct queue plain;
	struct queueing q = {0};
	struct files files = {0};
	struct buf got = BUF_INIT, want = BUF_INIT;
	struct batch b;
	batch_init(&b);
	queue_init(&plain);
	queue_init(&q.queue);
	for (int step = 0; step < STEPS; step++) {
		random_rows(&b, 50, (int64_t)draw(50) * SECOND);
		if (draw(4)) {
			CHECK(!queue_rows(&plain, &b, &e) && !queue_rows(&q.queue, &b, &e));
		} else {
			if (!draw(3))
				batch_reset(&b);
			queue_control(&plain, FRAME_WATERMARK, 1, &b);
			queue_control(&q.queue, FRAME_WATERMARK, 1, &b);
		}
		uint64_t count = draw(60);
		take_some(&plain, count, &want);
		take_some(&q.queue, count, &got);
		check_same(&got, &want);
		if (draw(4))
			continue;
		struct state_out out = next_file(&files, false);
		CHECK(!queue_save(&q.queue, &out, NULL, 0, &e));
		queue_release(&q.queue);
		files_load(&files, take_queue, &q);
		queue_load_end(&q.queue);
		CHECK(q.queue.greatest == plain.greatest);
	}
	take_some(&plain, UINT64_MAX, &want);
	take_some(&q.queue, UINT64_MAX, &got);
	check_same(&got, &want);
	queue_release(&plain);
	queue_release(&q.queue);
	files_release(&files);
	batch_release(&b);
	buf_release(&got);
	buf_release(&want);
}

/* -- keys seen of late, and event time -- */

struct seeing {
	struct recent recent;
	struct event_clock clock;
	struct state_in in;
	int64_t start;
};

static int take_seen(void *self, struct batch *b, struct error *err)
{
	struct seeing *s = self;
	int r = state_take(&s->in, b, err);
	if (r > 0)
		return state_is(&s->in, "clock") ? 0 : state_int(b, 0, "start", &s->start, err);
	if (r < 0)
		return r;
	return state_is(&s->in, "clock") ? event_clock_load(&s->clock, b, err)
					 : recent_load(&s->recent, s->start, b, err);
}

static void begin_seeing(struct seeing *s)
{
	*s = (struct seeing){0};
	recent_init(&s->recent, 3 * SECOND);
	CHECK(!event_clock_init(&s->clock, NULL, &e));
}

static void end_seeing(struct seeing *s)
{
	recent_release(&s->recent);
	event_clock_release(&s->clock);
}

static void see(struct seeing *s, struct batch *b, struct buf *out)
{
	event_clock_start(&s->clock, 2 * SECOND, false);
	buf_printf(out, "late %u: ", event_clock_judge(&s->clock, b));
	key_spec_apply(&by_k, b, &keys);
	for (uint32_t i = 0; i < batch_count(b); i++)
		buf_byte(out, recent_see(&s->recent, key_bytes(&keys, i), key_len(&keys, i),
					 column_get(&b->meta[META_TIME], batch_row(b, i)).i)
				      ? 'y'
				      : 'n');
	recent_forget(&s->recent, event_clock_at(&s->clock));
	buf_printf(out, " %lld\n", (long long)event_clock_at(&s->clock));
}

/* As stream-uniq does: times at each save, keys by the change. */
static void save_seen(struct seeing *s, struct files *files)
{
	struct state_out out = next_file(files, false);
	struct batch b;
	batch_init(&b);
	event_clock_save(&s->clock, &b);
	CHECK(!state_batch(&out, "clock", NULL, 0, &b, &e));
	for (uint32_t i = 0; i < s->recent.count; i++) {
		const struct recent_bucket *k = &s->recent.buckets[i];
		const struct field start = {"start", value_int(k->start)};
		batch_clear(&b);
		CHECK(key_table_save(&k->keys, 0, k->times, &b) == k->keys.count);
		CHECK(!state_batch(&out, "recent", &start, 1, &b, &e));
	}
	batch_release(&b);
}

static void test_recent(void)
{
	struct seeing plain, s;
	struct files files = {0};
	struct buf got = BUF_INIT, want = BUF_INIT;
	struct batch b;
	int64_t now = 0;
	batch_init(&b);
	begin_seeing(&plain);
	begin_seeing(&s);
	for (int step = 0; step < STEPS; step++) {
		random_rows(&b, 40, now);
		now += (int64_t)draw(3 * SECOND);
		see(&plain, &b, &want);
		batch_select(&b, NULL, 0);
		see(&s, &b, &got);
		check_same(&got, &want);
		if (draw(4))
			continue;
		save_seen(&s, &files);
		end_seeing(&s);
		begin_seeing(&s);
		files_load(&files, take_seen, &s);
	}
	end_seeing(&plain);
	end_seeing(&s);
	files_release(&files);
	batch_release(&b);
	buf_release(&got);
	buf_release(&want);
}

/* -- panes -- */

struct paned {
	struct panes panes;
	struct state_in in;
};

static int take_panes(void *self, struct batch *b, struct error *err)
{
	struct paned *p = self;
	int r = state_take(&p->in, b, err);
	return r ? r < 0 ? r : 0 : pane_parts_load(&p->panes, &p->in, b, "stream-test", err) < 0;
}

static void forget(void *state)
{
	(void)state;
}

static void test_panes(bool windowed)
{
	struct panes p;
	struct paned q = {0};
	struct files files = {0};
	struct batch body;
	panes_init(&p);
	panes_init(&q.panes);
	batch_init(&body);
	if (windowed) {
		struct window_spec spec = {
			.kind = WINDOW_HOP, .size = 6 * SECOND, .slide = 2 * SECOND, .lateness = SECOND};
		CHECK(!window_set_zone(&spec, "Europe/Berlin", &body.arena, &e));
		struct batch frame;
		batch_init(&frame);
		window_write(&spec, &frame);
		CHECK(!panes_window(&p, &frame, "stream-test", &e));
		batch_release(&frame);
	}
	/* More than one batch of them. */
	for (int64_t i = 0; i < BATCH_ROWS + 100; i++)
		panes_find(&p, (i * 7 % 5000 + i) * SECOND);
	panes_advance(&p, 4000 * SECOND, forget);
	panes_find(&p, 5000 * SECOND);
	struct state_out out = next_file(&files, false);
	CHECK(!pane_parts_save(&p, &out, &e));
	files_load(&files, take_panes, &q);
	CHECK(p.count == q.panes.count && p.closed == q.panes.closed && p.windowed == q.panes.windowed);
	for (uint32_t i = 0; i < p.count && i < q.panes.count; i++) {
		const struct held_pane *x = &p.items[i], *y = &q.panes.items[i];
		CHECK(x->span.start == y->span.start && x->span.end == y->span.end && x->touched == y->touched);
		CHECK(panes_at(&q.panes, x->span.start) == y);
	}
	struct span *due[2];
	CHECK(panes_due(&p, 6000 * SECOND, &due[0]) == panes_due(&q.panes, 6000 * SECOND, &due[1]));
	free(due[0]);
	free(due[1]);
	panes_release(&p, forget);
	panes_release(&q.panes, forget);
	files_release(&files);
	batch_release(&body);
}

/* -- what is no snapshot -- */

static void test_nonsense(void)
{
	struct state_in in = {0};
	struct batch b;
	batch_init(&b);
	batch_add_row(&b, &(struct field){"part", value_int(1)}, 1);
	CHECK(state_take(&in, &b, &e) == ERR_FAILED);
	batch_reset(&b);
	batch_add_row(&b, (struct field[]){{"part", value_string("x", 1)}, {"rows", value_int(1)}}, 2);
	CHECK(state_take(&in, &b, &e) == 1 && state_is(&in, "x") && in.left == 1);
	batch_add_row(&b, &(struct field){"n", value_int(1)}, 1);
	CHECK(state_take(&in, &b, &e) == ERR_FAILED);
	batch_release(&b);
}

int main(void)
{
	CHECK(!key_spec_parse("k", KEY_ASCENDING, &by_k, &e));
	for (int round = 0; round < ROUNDS; round++) {
		test_sorter();
		test_ranking(1 + (uint32_t)draw(20), draw(2));
		test_interval(draw(2));
		test_queue();
		test_recent();
	}
	test_panes(true);
	test_panes(false);
	test_nonsense();
	key_list_release(&keys);
	key_spec_release(&by_k);
	return test_done();
}
