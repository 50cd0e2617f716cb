#include "window/panes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"

void panes_init(struct panes *p)
{
	*p = (struct panes){.closed = TIMESTAMP_MIN};
}

void panes_release(struct panes *p, void (*free_state)(void *state))
{
	panes_clear(p, free_state);
	free(p->items);
	arena_release(&p->arena);
	*p = (struct panes){0};
}

int panes_window(struct panes *p, const struct batch *body, const char *command, struct error *e)
{
	char text[WINDOW_TEXT_MAX];
	int r = window_read(body, &p->arena, &p->spec, e);
	if (!r && p->spec.kind > WINDOW_CUMULATE) {
		window_text(&p->spec, text);
		r = error_set(e, ERR_USAGE, "%s works in windows of time (tumble, hop, cumulate), not in `%s`", command,
			      text);
	}
	p->windowed = true;
	return r;
}

/* The first of the panes that starts at `start` or later. */
static uint32_t first_from(const struct panes *p, int64_t start)
{
	uint32_t low = 0, high = p->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (p->items[middle].span.start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct held_pane *panes_at(const struct panes *p, int64_t start)
{
	uint32_t at = first_from(p, start);
	return at < p->count && p->items[at].span.start == start ? &p->items[at] : NULL;
}

static struct held_pane *insert(struct panes *p, uint32_t at, struct span span)
{
	if (p->count == p->cap) {
		p->cap = (uint32_t)mem_grow(p->cap, p->count + 1);
		p->items = mem_resize(p->items, p->cap, sizeof *p->items);
	}
	memmove(p->items + at + 1, p->items + at, (p->count - at) * sizeof *p->items);
	p->items[at] = (struct held_pane){.span = span};
	p->count++;
	return &p->items[at];
}

struct held_pane *panes_find(struct panes *p, int64_t time)
{
	struct held_pane *found = p->last < p->count ? &p->items[p->last] : NULL;
	if (!p->windowed)
		return found ? found : insert(p, 0, (struct span){TIMESTAMP_MIN, TIMESTAMP_MAX});
	if (!found || time < found->span.start || time >= found->span.end) {
		struct span span = window_pane(&p->spec, time);
		uint32_t at = first_from(p, span.start);
		if (at == p->count || p->items[at].span.start != span.start) {
			if (p->closed > TIMESTAMP_MIN &&
			    time_add(window_last_end(&p->spec, time), p->spec.lateness) <= p->closed)
				return NULL;
			insert(p, at, span);
		}
		p->last = at;
		found = &p->items[at];
	}
	found->touched = true;
	return found;
}

struct held_pane *panes_take(struct panes *p, struct batch *b, const uint32_t *rows, uint32_t *count, uint32_t *late)
{
	if (!p->windowed)
		return panes_find(p, 0);
	uint32_t n = 1, most = *count;
	struct value time = column_get(&b->meta[META_TIME], rows[0]);
	*count = 1;
	if (time.type != TYPE_TIME) {
		batch_reject_row(b, rows[0], "the record has no @time, and so no window");
		return NULL;
	}
	struct held_pane *pane = panes_find(p, time.i);
	if (!pane) {
		++*late;
		return NULL;
	}
	for (; n < most; n++) {
		time = column_get(&b->meta[META_TIME], rows[n]);
		if (time.type != TYPE_TIME || time.i < pane->span.start || time.i >= pane->span.end)
			break;
	}
	*count = n;
	return pane;
}

void panes_clear(struct panes *p, void (*free_state)(void *state))
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->items[i].state)
			free_state(p->items[i].state);
	p->count = 0;
	p->last = 0;
}

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

uint32_t panes_due(struct panes *p, int64_t watermark, struct span **windows)
{
	struct span *due = NULL, w;
	uint32_t count = 0, cap = 0, n = 0;
	for (uint32_t i = 0; i < p->count && p->windowed; i++) {
		struct held_pane *pane = &p->items[i];
		int64_t after = pane->touched ? time_subtract(p->closed, p->spec.lateness) : p->closed;
		bool more = window_first(&p->spec, pane->span, after, &w);
		for (; more && w.end <= watermark; more = window_next(&p->spec, pane->span, &w)) {
			if (count == cap) {
				cap = (uint32_t)mem_grow(cap, count + 1);
				due = mem_resize(due, cap, sizeof *due);
			}
			due[count++] = w;
		}
	}
	if (count)
		qsort(due, count, sizeof *due, compare_spans);
	for (uint32_t i = 0; i < count; i++)
		if (!n || compare_spans(&due[i], &due[n - 1]))
			due[n++] = due[i];
	*windows = due;
	return n;
}

struct held_pane *panes_of(const struct panes *p, struct span window, uint32_t *count)
{
	uint32_t from = first_from(p, window.start);
	*count = first_from(p, window.end) - from;
	return p->items + from;
}

void panes_advance(struct panes *p, int64_t watermark, void (*free_state)(void *state))
{
	uint32_t n = 0;
	if (!p->windowed || watermark <= p->closed)
		return;
	p->closed = watermark;
	for (uint32_t i = 0; i < p->count; i++) {
		struct held_pane *pane = &p->items[i];
		pane->touched = false;
		if (time_add(window_last_end(&p->spec, pane->span.start), p->spec.lateness) > watermark)
			p->items[n++] = *pane;
		else if (pane->state)
			free_state(pane->state);
	}
	p->count = n;
	p->last = 0;
}
