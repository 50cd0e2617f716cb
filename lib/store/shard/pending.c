#include "store/shard/pending.h"

#include <stdlib.h>

#include "base/mem.h"

static void add_batch(struct pending *p)
{
	if (p->count == p->capacity) {
		p->capacity = mem_grow(p->capacity, p->count + 1);
		p->batches = mem_resize(p->batches, p->capacity, sizeof(struct batch *));
	}
	p->batches[p->count] = mem_alloc(sizeof **p->batches);
	batch_init(p->batches[p->count++]);
}

void pending_init(struct pending *p)
{
	*p = (struct pending){0};
	add_batch(p);
}

static void free_batch(struct batch *b)
{
	batch_release(b);
	free(b);
}

void pending_release(struct pending *p)
{
	for (size_t i = 0; i < p->count; i++)
		free_batch(p->batches[i]);
	free(p->batches);
	*p = (struct pending){0};
}

bool pending_empty(const struct pending *p)
{
	return !p->batches[0]->rows;
}

static bool is_full(const struct batch *b, size_t most)
{
	const struct arena *a = &b->arena;
	size_t cells = (size_t)b->rows * (b->column_count + META_COUNT) * sizeof(struct value);
	return b->rows >= BATCH_ROWS || a->total - (size_t)(a->end - a->at) + cells >= most;
}

bool pending_full(const struct pending *p, size_t most)
{
	return is_full(p->batches[0], most);
}

void pending_add(struct pending *p, const struct batch *b, size_t most)
{
	uint32_t count = batch_count(b);
	for (uint32_t done = 0; done < count;) {
		struct batch *last = p->batches[p->count - 1];
		uint32_t taken = last->rows && is_full(last, most) ? 0 : batch_append(last, b, done);
		done += taken;
		if (done < count)
			add_batch(p);
	}
}

void pending_drop(struct pending *p, size_t count)
{
	if (!count)
		return;
	struct batch *first = p->batches[0];
	size_t kept = 0;
	for (size_t i = 1; i < count; i++)
		free_batch(p->batches[i]);
	if (count == p->count) {
		batch_clear(first);
		p->batches[kept++] = first;
	} else {
		free_batch(first);
	}
	for (size_t i = count; i < p->count; i++)
		p->batches[kept++] = p->batches[i];
	p->count = kept;
}
