#include "store/group/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/disk/sealed.h"

void positions_release(struct positions *p)
{
	free(p->items);
	*p = (struct positions){0};
}

void positions_copy(struct positions *to, const struct positions *from)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++)
		positions_set(to, from->items[i].shard, from->items[i].next, from->items[i].finished);
}

/* The index of the first whose shard is at least `shard`. */
static size_t find(const struct positions *p, uint32_t shard)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->items[middle].shard < shard)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct position *positions_get(const struct positions *p, uint32_t shard)
{
	size_t i = find(p, shard);
	return i < p->count && p->items[i].shard == shard ? &p->items[i] : NULL;
}

void positions_set(struct positions *p, uint32_t shard, uint64_t next, bool finished)
{
	size_t i = find(p, shard);
	if (i == p->count || p->items[i].shard != shard) {
		if (p->count == p->capacity) {
			p->capacity = mem_grow(p->capacity, p->count + 1);
			p->items = mem_resize(p->items, p->capacity, sizeof *p->items);
		}
		memmove(p->items + i + 1, p->items + i, (p->count - i) * sizeof *p->items);
		p->count++;
	}
	p->items[i] = (struct position){shard, finished, next};
}

void positions_text(const struct positions *p, const char *flow, struct buf *out)
{
	sealed_begin(out, "position");
	buf_printf(out, "flow %s\n", flow);
	for (size_t i = 0; i < p->count; i++)
		buf_printf(out, "shard %" PRIu32 " %" PRIu64 "%s\n", p->items[i].shard, p->items[i].next,
			   p->items[i].finished ? " finished" : "");
}

int positions_save(const struct positions *p, const char *flow, const struct files *io, const char *directory,
		   const char *name, struct error *e)
{
	struct buf text = BUF_INIT;
	positions_text(p, flow, &text);
	int r = sealed_save(&text, io, directory, name, e);
	buf_release(&text);
	return r;
}

static bool read_shard(struct positions *p, const char *rest)
{
	uint32_t shard;
	uint64_t next;
	int used = 0;
	if (sscanf(rest, "%" SCNu32 " %" SCNu64 "%n", &shard, &next, &used) != 2)
		return false;
	bool finished = !strcmp(rest + used, " finished");
	if (!finished && rest[used])
		return false;
	positions_set(p, shard, next, finished);
	return true;
}

int positions_load(struct positions *p, char flow[FLOW_ID_LENGTH + 1], const struct files *io, const char *path,
		   struct error *e)
{
	struct sealed s;
	const char *word, *rest;
	p->count = 0;
	flow[0] = 0;
	int r = sealed_load(&s, io, path, "position", e);
	while (r > 0 && sealed_line(&s, &word, &rest)) {
		if (!strcmp(word, "flow") && strlen(rest) == FLOW_ID_LENGTH)
			memcpy(flow, rest, FLOW_ID_LENGTH + 1);
		else if (strcmp(word, "shard") || !read_shard(p, rest))
			r = sealed_strange(&s, word, e);
	}
	if (r > 0 && !flow[0])
		r = sealed_strange(&s, "flow", e);
	sealed_release(&s);
	return r;
}
