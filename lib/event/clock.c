#include "event/clock.h"

#include "base/timestamp.h"
#include "base/units.h"

enum { LIVE_DELAY_SECONDS = 5 };

int event_clock_init(struct event_clock *c, const char *field, struct error *e)
{
	*c = (struct event_clock){.field = field};
	return event_time_parse(field ? field : "@time", &c->time, e);
}

void event_clock_release(struct event_clock *c)
{
	if (c->started || c->restored)
		watermark_release(&c->watermark);
	*c = (struct event_clock){0};
}

void event_clock_start(struct event_clock *c, int64_t delay, bool ends)
{
	if (c->started)
		return;
	c->started = true;
	if (!c->restored)
		watermark_init(&c->watermark, 0);
	c->watermark.delay = delay != EVENT_DELAY_AUTO ? delay : ends ? DELAY_UNLIMITED : LIVE_DELAY_SECONDS * SECOND;
	watermark_now(&c->watermark, monotonic_now());
}

int event_clock_times(const struct event_clock *c, struct batch *b, const char *name, struct error *e)
{
	const struct column *time = &b->meta[META_TIME];
	struct event_time read = c->time;
	if (!c->field && time->form == COLUMN_CONST && time->value.type == TYPE_ABSENT)
		return error_set(e, ERR_USAGE,
				 "%s%sthe records have no @time: say -t FIELD, or let stream-parse set it",
				 name ? name : "", name ? ": " : "");
	if (c->field || time->form != COLUMN_INT || time->type != TYPE_TIME || time->marks)
		event_time_apply(&read, b, timestamp_now());
	return 0;
}

uint32_t event_clock_judge(struct event_clock *c, struct batch *b)
{
	/* A record by its own time: a session of its own, as short as can be. */
	static const struct window_spec own = {.kind = WINDOW_SESSION, .gap = 1};
	uint32_t count = batch_count(b), *rows = arena_array(&b->arena, count, sizeof *rows);
	uint32_t *kept = arena_array(&b->arena, count, sizeof *kept);
	uint32_t *late = arena_array(&b->arena, count, sizeof *late);
	int64_t *times = arena_array(&b->arena, count, sizeof *times);
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = batch_row(b, i);
		times[i] = column_get(&b->meta[META_TIME], rows[i]).i;
	}
	watermark_now(&c->watermark, monotonic_now());
	uint32_t n = watermark_records(&c->watermark, &own, b, rows, count, times, kept, late);
	if (n < count)
		batch_select(b, kept, n);
	return count - n;
}

int event_clock_frame(struct event_clock *c, const struct batch *body, struct error *e)
{
	watermark_now(&c->watermark, monotonic_now());
	return watermark_frame(&c->watermark, body, !c->field, e);
}

void event_clock_save(const struct event_clock *c, struct batch *b)
{
	if (c->started || c->restored)
		watermark_save(&c->watermark, b);
}

int event_clock_load(struct event_clock *c, const struct batch *b, struct error *e)
{
	if (!c->restored)
		watermark_init(&c->watermark, 0);
	c->restored = true;
	watermark_now(&c->watermark, monotonic_now());
	return watermark_load(&c->watermark, b, e);
}

void event_clock_idle(struct event_clock *c, int64_t idle)
{
	watermark_now(&c->watermark, monotonic_now());
	watermark_idle(&c->watermark, idle);
}
