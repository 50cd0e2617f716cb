#include "base/timestamp.h"
#include "base/zone.h"
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

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The least point of a grid that is greater than t. */
static int64_t grid_after(int64_t t, int64_t size, int64_t offset)
{
	return time_add(window_floor(t, size, offset), size);
}

/* -- by a clock that runs evenly: UTC, or that of the zone, where all is counted as it shows it -- */

static struct span pane_of(const struct window_spec *s, int64_t offset, int64_t t)
{
	int64_t width = s->kind == WINDOW_TUMBLE ? s->size : s->slide;
	/* The steps of a cumulating window count from its start, as the slide divides the size. */
	int64_t start = window_floor(t, width, offset);
	/* Where windows that began earlier end between two starts, that edge cuts too. */
	int64_t edge = s->kind == WINDOW_HOP ? s->size % s->slide : 0;
	if (edge && t - start >= edge)
		return (struct span){time_add(start, edge), time_add(start, width)};
	return (struct span){start, time_add(start, edge ? edge : width)};
}

static bool first_of(const struct window_spec *s, int64_t offset, struct span pane, int64_t after, struct span *w)
{
	after = max(after, pane.end - 1);
	if (s->kind == WINDOW_HOP) {
		w->start = grid_after(time_subtract(after, s->size), s->slide, offset);
		w->end = time_add(w->start, s->size);
		return w->start <= pane.start;
	}
	if (s->kind == WINDOW_CUMULATE) {
		w->start = window_floor(pane.start, s->size, offset);
		w->end = grid_after(after, s->slide, offset);
		return w->end <= time_add(w->start, s->size);
	}
	*w = pane;
	return after < pane.end;
}

static bool next_of(const struct window_spec *s, struct span pane, struct span *w)
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

static int64_t last_end_of(const struct window_spec *s, int64_t offset, int64_t t)
{
	return time_add(window_floor(t, s->kind == WINDOW_HOP ? s->slide : s->size, offset), s->size);
}

/* -- in UTC -- */

static int64_t even_offset(const struct window_spec *s)
{
	return time_subtract(s->offset, s->phase);
}

static struct span instants(const struct window_spec *s, struct span clock)
{
	return (struct span){zone_instant(s->zone, clock.start), zone_instant(s->zone, clock.end)};
}

/* As the clock shows it: by its first instant, which lies in it. */
static struct span clock_pane(const struct window_spec *s, struct span pane)
{
	return pane_of(s, s->offset, zone_clock(s->zone, pane.start));
}

struct span window_pane(const struct window_spec *s, int64_t t)
{
	if (!s->by_clock)
		return pane_of(s, even_offset(s), t);
	return instants(s, pane_of(s, s->offset, zone_clock(s->zone, t)));
}

bool window_first(const struct window_spec *s, struct span pane, int64_t after, struct span *w)
{
	if (!s->by_clock)
		return first_of(s, even_offset(s), pane, after, w);
	/* What ends after an instant ends after what the clock shows then. */
	struct span clock;
	if (!first_of(s, s->offset, clock_pane(s, pane), zone_clock(s->zone, after), &clock))
		return false;
	*w = instants(s, clock);
	return true;
}

bool window_next(const struct window_spec *s, struct span pane, struct span *w)
{
	return s->by_clock ? window_first(s, pane, w->end, w) : next_of(s, pane, w);
}

int64_t window_last_end(const struct window_spec *s, int64_t t)
{
	if (s->kind == WINDOW_SESSION)
		return time_add(t, s->gap);
	if (s->kind == WINDOW_COUNT)
		return TIMESTAMP_MAX;
	if (!s->by_clock)
		return last_end_of(s, even_offset(s), t);
	return zone_instant(s->zone, last_end_of(s, s->offset, zone_clock(s->zone, t)));
}
