#include "base/timestamp.h"
#include "window/spec.h"

/* t modulo size, 0 <= it < size. */
static int64_t modulo(int64_t t, int64_t size)
{
	int64_t r = t % size;
	return r < 0 ? r + size : r;
}

int64_t window_floor(int64_t t, int64_t size, int64_t offset)
{
	/* Each is below size, and so the difference is in range. */
	int64_t r = modulo(t, size) - modulo(offset, size);
	return time_subtract(t, r < 0 ? r + size : r);
}

struct span window_pane(const struct window_spec *s, int64_t t)
{
	int64_t width = s->kind == WINDOW_TUMBLE ? s->size : s->slide;
	int64_t start = window_floor(t, width, s->offset);
	/* Where windows that began earlier end between two starts, that edge cuts too. */
	int64_t edge = s->kind == WINDOW_HOP ? s->size % s->slide : 0;
	if (edge && t - start >= edge)
		return (struct span){time_add(start, edge), time_add(start, width)};
	return (struct span){start, time_add(start, edge ? edge : width)};
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The least point of a grid that is greater than t. */
static int64_t grid_after(int64_t t, int64_t size, int64_t offset)
{
	return time_add(window_floor(t, size, offset), size);
}

bool window_first(const struct window_spec *s, struct span pane, int64_t after, struct span *w)
{
	after = max(after, pane.end - 1);
	if (s->kind == WINDOW_HOP) {
		w->start = grid_after(time_subtract(after, s->size), s->slide, s->offset);
		w->end = time_add(w->start, s->size);
		return w->start <= pane.start;
	}
	if (s->kind == WINDOW_CUMULATE) {
		w->start = window_floor(pane.start, s->size, s->offset);
		w->end = grid_after(after, s->slide, s->offset);
		return w->end <= time_add(w->start, s->size);
	}
	*w = pane;
	return after < pane.end;
}

bool window_next(const struct window_spec *s, struct span pane, struct span *w)
{
	if (w->end == TIMESTAMP_MAX)
		return false;
	if (s->kind == WINDOW_HOP) {
		int64_t start = time_add(w->start, s->slide);
		if (start > pane.start)
			return false;
		*w = (struct span){start, time_add(start, s->size)};
		return true;
	}
	if (s->kind == WINDOW_CUMULATE) {
		if (w->end >= time_add(w->start, s->size))
			return false;
		w->end = time_add(w->end, s->slide);
		return true;
	}
	return false;
}

int64_t window_last_end(const struct window_spec *s, int64_t t)
{
	switch (s->kind) {
	case WINDOW_HOP: return time_add(window_floor(t, s->slide, s->offset), s->size);
	case WINDOW_SESSION: return time_add(t, s->gap);
	case WINDOW_COUNT: return TIMESTAMP_MAX;
	default: return time_add(window_floor(t, s->size, s->offset), s->size);
	}
}
