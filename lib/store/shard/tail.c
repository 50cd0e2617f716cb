#include "store/shard/tail.h"

#include "record/batch.h"

struct tail tail_start(const struct segment *newest, int64_t size, const struct head *h)
{
	struct tail t = {
		.at = newest->start, .seq = newest->base, .acknowledged = newest->base, .arrived = newest->arrived};
	if (!h->generation)
		return t;
	if (h->arrived > t.arrived)
		t.arrived = h->arrived;
	if (h->durable_seq > t.acknowledged)
		t.acknowledged = h->durable_seq;
	if (h->segment == newest->id && h->durable >= t.at && h->durable <= size) {
		t.at = h->durable;
		t.seq = h->durable_seq;
	}
	return t;
}

static void take(struct tail *t, int64_t at, const struct frame *f, const struct batch *b)
{
	struct value arrived = column_get(&b->meta[META_ARRIVED], f->rows - 1);
	if (arrived.type == TYPE_TIME && arrived.i > t->arrived)
		t->arrived = arrived.i;
	if (f->place.durable > t->acknowledged)
		t->acknowledged = f->place.durable;
	t->at = at + (int64_t)f->size;
	t->seq = f->place.seq + f->rows;
}

/* Behind damage at t->at: the first whole frame, if that or a later one says that the damaged records were
   acknowledged. Returns 1 if the log goes on there. */
static int find_beyond(struct scan *s, int64_t size, struct tail *t, struct batch *b, struct error *e)
{
	struct frame f;
	struct tail beyond = {0};
	int r;
	for (int64_t at = t->at + 8; (r = scan_find(s, &at, size, t->seq, &f, e)) > 0; at += 8) {
		r = scan_load(s, at, &f, NULL, 0, b, e);
		if (r < 0)
			return r;
		if (!r)
			continue;
		if (f.place.durable > t->acknowledged)
			t->acknowledged = f.place.durable;
		if (!beyond.at) {
			beyond.arrived = t->arrived;
			take(&beyond, at, &f, b);
		}
		if (t->acknowledged > t->seq) {
			beyond.acknowledged = t->acknowledged;
			beyond.damaged = true;
			*t = beyond;
			return 1;
		}
		at += (int64_t)f.size - 8;
	}
	return r;
}

int tail_find(struct scan *s, int64_t size, struct tail *t, struct error *e)
{
	struct batch b;
	struct frame f;
	batch_init(&b);
	int r = 0;
	while (t->at < size) {
		r = scan_look(s, t->at, size, &f, e);
		bool next = r > 0 && f.place.seq == t->seq;
		if (next)
			r = scan_load(s, t->at, &f, NULL, 0, &b, e);
		if (r < 0)
			break;
		if (next && r)
			take(t, t->at, &f, &b);
		else if ((r = find_beyond(s, size, t, &b, e)) <= 0)
			break;
	}
	batch_release(&b);
	if (r < 0)
		return r;
	t->unread = s->last.error && s->last.to > t->at;
	if (t->acknowledged > t->seq) {
		t->damaged = true;
		t->at = size;
		t->seq = t->acknowledged;
	}
	return OK;
}
