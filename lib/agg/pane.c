#include "agg/pane.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"

struct pane *pane_new(const struct pane_shape *s, struct span span)
{
	struct pane *p = mem_zero(sizeof *p);
	p->span = span;
	p->least = TIMESTAMP_MAX;
	p->greatest = TIMESTAMP_MIN;
	groups_init(&p->groups, s->key_count);
	return p;
}

struct agg **pane_aggs(struct pane *p, const struct pane_shape *s)
{
	if (p->aggs)
		return p->aggs;
	p->aggs = mem_array(s->agg_count, sizeof *p->aggs);
	for (uint32_t i = 0; i < s->agg_count; i++)
		p->aggs[i] = agg_new(s->states[i], s->exact);
	return p->aggs;
}

void pane_drain(struct pane *p, const struct pane_shape *s)
{
	for (uint32_t i = 0; p->aggs && i < s->agg_count; i++)
		agg_free(p->aggs[i]);
	free(p->aggs);
	p->aggs = NULL;
	groups_release(&p->groups);
	groups_init(&p->groups, s->key_count);
	pane_unmark(p);
}

static void mark_each(struct pane_marks *m, const uint32_t *groups, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		m->bits[groups[i] / 64] |= UINT64_C(1) << groups[i] % 64;
}

void pane_mark(struct pane *p, const uint32_t *groups, uint32_t count)
{
	struct pane_marks *m = &p->marks;
	if (!m->kept || m->all)
		return;
	/* No more groups are written than records came, and those that are few need no look at each record. */
	if (p->groups.count <= count) {
		m->all = true;
		return;
	}
	uint32_t words = (p->groups.count - 1) / 64 + 1;
	if (words > m->words) {
		words = (uint32_t)mem_grow(m->words, words);
		m->bits = mem_resize(m->bits, words, sizeof *m->bits);
		memset(m->bits + m->words, 0, (words - m->words) * sizeof *m->bits);
		m->words = words;
	}
	mark_each(m, groups, count);
}

void pane_unmark(struct pane *p)
{
	free(p->marks.bits);
	p->marks = (struct pane_marks){.kept = p->marks.kept};
}

void pane_free(struct pane *p, const struct pane_shape *s)
{
	if (!p)
		return;
	pane_drain(p, s);
	groups_release(&p->groups);
	for (uint32_t i = 0; i < p->run_count; i++)
		run_free(p->runs[i].run);
	free(p->runs);
	free(p);
}

void pane_merge(struct pane *to, const struct pane *from, const struct pane_shape *s)
{
	uint32_t count = from->groups.count;
	uint32_t *map = mem_array(count, sizeof *map);
	struct value *keys = mem_array(s->key_count, sizeof *keys);
	for (uint32_t g = 0; g < count; g++) {
		for (uint32_t k = 0; k < s->key_count; k++)
			keys[k] = groups_key(&from->groups, g, k);
		map[g] = groups_number(&to->groups, keys);
	}
	for (uint32_t i = 0; count && i < s->agg_count; i++)
		agg_merge(pane_aggs(to, s)[i], from->aggs[i], map, count, to->groups.count);
	pane_mark(to, map, count);
	to->least = from->least < to->least ? from->least : to->least;
	to->greatest = from->greatest > to->greatest ? from->greatest : to->greatest;
	to->records += from->records;
	free(keys);
	free(map);
}

size_t pane_memory(const struct pane *p, const struct pane_shape *s)
{
	size_t bytes = sizeof *p + groups_memory(&p->groups) + p->run_count * sizeof *p->runs +
		       p->marks.words * sizeof *p->marks.bits;
	for (uint32_t i = 0; p->aggs && i < s->agg_count; i++)
		bytes += agg_memory(p->aggs[i]);
	return bytes;
}
