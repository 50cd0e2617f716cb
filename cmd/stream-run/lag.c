/* How far the groups that a pipeline reads are behind their streams. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "run.h"
#include "store/group/slot.h"

static int add_shard(struct run_lag *lag, const struct stream *s, const struct slot_view *v, uint32_t shard,
		     struct error *e)
{
	const struct position *p = positions_get(&v->positions, shard);
	struct lag one = {.arrived = TIMESTAMP_MAX};
	uint64_t next = 0;
	if (p && p->finished)
		return 0;
	int r = p ? 0 : position_oldest(s, shard, 0, &next, e);
	if (!r)
		r = position_lag(s, shard, p ? p->next : next, &one, e);
	if (r)
		return r;
	lag->records += (int64_t)one.records;
	int64_t behind = one.arrived == TIMESTAMP_MAX ? 0 : timestamp_now() - one.arrived;
	lag->behind = behind > lag->behind ? behind : lag->behind;
	return 0;
}

static int add_slot(struct run_lag *lag, const struct stream *s, const struct group *g, uint32_t k, struct error *e)
{
	struct slot_view v;
	struct hash128 from, to;
	int r = slot_look(&v, g, k, e);
	route_part(k, g->slots, &from, &to);
	for (size_t i = 0; !r && i < s->catalog.shard_count; i++) {
		const struct catalog_shard *shard = &s->catalog.shards[i];
		if (hash128_compare(shard->to, from) >= 0 && hash128_compare(shard->from, to) <= 0)
			r = add_shard(lag, s, &v, shard->id, e);
	}
	slot_view_release(&v);
	return r;
}

static int add_group(struct run_lag *lag, const char *stream, const char *group, uint32_t k, struct error *e)
{
	struct stream s;
	struct group g = {0};
	int r = stream_open(&s, &files_real, stream, e);
	if (!r)
		r = group_find(&g, &s, group, e);
	if (!r && k < g.slots)
		r = add_slot(lag, &s, &g, k, e);
	group_close(&g);
	stream_close(&s);
	return r;
}

/* `0 alerts web`. */
static void add_line(struct run_lag *lag, char *line)
{
	struct error ignored;
	char *group = strchr(line, ' '), *stream = group ? strchr(group + 1, ' ') : NULL;
	if (!stream)
		return;
	*group++ = 0;
	*stream++ = 0;
	if (add_group(lag, stream, group, (uint32_t)strtoul(line, NULL, 10), &ignored))
		return;
	buf_printf(&lag->groups, "%s%s of %s", lag->known ? ", " : "", group, stream);
	lag->known = true;
}

void run_lag_of(const struct stages *s, struct run_lag *lag)
{
	*lag = (struct run_lag){0};
	for (size_t i = 0; i < s->count; i++) {
		char *lines = mem_copy(s->items[i].page.reads, strlen(s->items[i].page.reads)), *end;
		for (char *line = lines; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			add_line(lag, line);
		}
		free(lines);
	}
}
