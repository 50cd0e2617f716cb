#include "exec/exec.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "exec/exec_private.h"
#include "format/frame.h"

enum {
	AHEAD = 4,           /* batches per slot that may wait, or be done and not taken */
	CONTROLS_MAX = 1024, /* control frames that wait for an open batch before it is sent */
	STOP_LOOK = 50,      /* ms between two looks at what is to end */
};

int exec_new(const struct exec_options *o, struct exec **out, struct error *e)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return error_errno(e, "epoll");
	struct exec *x = mem_zero(sizeof *x);
	x->options = *o;
	x->epoll = epoll;
	x->lane_count = o->lanes ? o->slots : 1;
	x->slots = mem_zero(o->slots * sizeof *x->slots);
	x->lanes = mem_zero(x->lane_count * sizeof *x->lanes);
	x->end = &x->first;
	record_writers_init(&x->writers, o->meta);
	*out = x;
	return 0;
}

int exec_fd(const struct exec *x)
{
	return x->epoll;
}

bool exec_is_full(const struct exec *x)
{
	return x->closed >= AHEAD * x->options.slots;
}

/* So many results may wait for those of a batch before them. */
bool exec_holds_enough(const struct exec *x)
{
	return x->begun >= AHEAD * x->options.slots;
}

bool exec_is_empty(const struct exec *x)
{
	return !x->first;
}

const char *exec_failure(struct exec *x)
{
	bool failed = x->failed;
	x->failed = false;
	return failed ? buf_string(&x->failure) : NULL;
}

/* -- what comes -- */

static void append(struct exec *x, struct item *it)
{
	*x->end = it;
	x->end = &it->next;
}

void exec_close_lane(struct exec *x, struct lane *l)
{
	struct item *it = l->open;
	if (!it)
		return;
	l->open = NULL;
	it->open = false;
	task_init(&it->task, it->records.count);
	if (l->first)
		l->last->behind = it;
	else
		l->first = it;
	l->last = it;
	x->closed++;
}

static void close_lanes(struct exec *x)
{
	for (uint32_t i = 0; i < x->lane_count; i++)
		exec_close_lane(x, &x->lanes[i]);
}

static struct item *open_lane(struct exec *x, struct lane *l, int64_t now)
{
	if (l->open)
		return l->open;
	struct item *it = l->open = item_new();
	it->open = true;
	it->lane = (uint32_t)(l - x->lanes);
	it->close_at = later(now, x->options.wait);
	append(x, it);
	return it;
}

/* Puts these rows of b into batches of the lane. */
static int fill(struct exec *x, struct lane *l, struct batch *b, const uint32_t *rows, uint32_t count, int64_t now,
		struct error *e)
{
	for (uint32_t at = 0, n; at < count; at += n) {
		struct item *it = open_lane(x, l, now);
		uint32_t room = x->options.rows - it->records.count;
		n = count - at < room ? count - at : room;
		batch_select(b, rows + at, n);
		int r = records_add(&it->records, &x->writers, b, x->rows + 1 + rows[at], e);
		if (r)
			return r;
		if (n == room || records_size(&it->records) >= EXEC_BATCH_BYTES)
			exec_close_lane(x, l);
	}
	return 0;
}

int exec_add(struct exec *x, struct batch *b, const uint32_t *lanes, int64_t now, struct error *e)
{
	uint32_t count = batch_count(b), *rows = arena_array(&b->arena, count, sizeof *rows);
	uint32_t *ends = arena_array(&b->arena, x->lane_count, sizeof *ends);
	const uint32_t *sel = b->sel;
	uint32_t sel_count = b->sel_count;
	for (uint32_t k = 0; k < x->lane_count; k++)
		ends[k] = 0;
	for (uint32_t i = 0; i < count; i++)
		ends[lanes ? lanes[i] : 0]++;
	for (uint32_t k = 1; k < x->lane_count; k++)
		ends[k] += ends[k - 1];
	for (uint32_t i = count; i-- > 0;)
		rows[--ends[lanes ? lanes[i] : 0]] = batch_row(b, i);
	/* Now `ends` are where they begin. */
	int r = 0;
	for (uint32_t k = 0; k < x->lane_count && !r; k++) {
		uint32_t end = k + 1 < x->lane_count ? ends[k + 1] : count;
		r = fill(x, &x->lanes[k], b, rows + ends[k], end - ends[k], now, e);
	}
	x->rows += b->rows;
	b->sel = sel;
	b->sel_count = sel_count;
	return r;
}

/* What says nothing of the records behind it. */
static bool is_of_the_past(unsigned control)
{
	return control == FRAME_WATERMARK || control == FRAME_IDLE;
}

void exec_control(struct exec *x, unsigned kind, unsigned flags, const struct batch *body)
{
	if (!is_of_the_past(kind) || x->controls >= CONTROLS_MAX)
		close_lanes(x);
	append(x, item_new_control(kind, flags, body));
	x->controls++;
}

void exec_finish(struct exec *x)
{
	close_lanes(x);
}

/* -- what is taken -- */

static void drop_item(struct exec *x, struct item **at)
{
	struct item *it = *at;
	*at = it->next;
	if (x->end == &it->next)
		x->end = at;
	if (it->control)
		x->controls--;
	else
		x->closed--;
	x->begun -= it->begun;
	item_free(it);
}

static void fill_result(const struct item *it, struct exec_result *out)
{
	if (it->control) {
		*out = (struct exec_result){
			.kind = EXEC_CONTROL, .control = it->control, .flags = it->flags, .body = &it->body};
		return;
	}
	struct item_result *r = it->results;
	*out = (struct exec_result){.kind = r->dead ? EXEC_DEAD : EXEC_OUTPUT};
	if (!r->dead) {
		out->output = &r->text;
		return;
	}
	out->records = &it->records;
	out->record = r->record;
	out->reason = buf_string(&r->text);
	out->attempts = r->attempts;
}

void exec_take(struct exec *x, struct exec_result *out)
{
	if (x->shown && x->shown->control)
		drop_item(x, &x->first);
	else if (x->shown)
		item_drop_result(x->shown);
	x->shown = NULL;
	*out = (struct exec_result){.kind = EXEC_NOTHING};
	/* Behind the last batch that a slot has taken there is nothing to be had. */
	uint32_t begun = x->begun;
	for (struct item **at = &x->first; *at;) {
		struct item *it = *at;
		if (it->results || (it->control && it == x->first)) {
			fill_result(it, out);
			x->shown = it;
			return;
		}
		begun -= it->begun;
		if (it->settled && !it->control)
			drop_item(x, at);
		else if (x->options.unordered && begun && (!it->control || is_of_the_past(it->control)))
			at = &it->next;
		else
			return;
	}
}

/* -- the end of it -- */

/* Asks what runs to end, and sees to it that it does. */
static void stop_all(struct exec *x)
{
	bool any = true;
	for (uint32_t i = 0; i < x->options.slots; i++)
		if (run_is_on(&x->slots[i].run))
			run_stop(&x->slots[i].run, monotonic_now());
	while (any) {
		any = false;
		for (uint32_t i = 0; i < x->options.slots; i++) {
			struct run *run = &x->slots[i].run;
			if (!run_is_on(run))
				continue;
			run_look(run, monotonic_now());
			if (run_is_over(run))
				run_end(run, &x->failure);
			any |= run_is_on(run);
		}
		struct epoll_event event;
		if (any)
			epoll_wait(x->epoll, &event, 1, STOP_LOOK);
	}
}

void exec_free(struct exec *x)
{
	if (!x)
		return;
	stop_all(x);
	for (uint32_t i = 0; i < x->options.slots; i++)
		run_release(&x->slots[i].run);
	for (struct item *it = x->first, *next; it; it = next) {
		next = it->next;
		item_free(it);
	}
	record_writers_release(&x->writers);
	buf_release(&x->failure);
	close(x->epoll);
	free(x->slots);
	free(x->lanes);
	free(x);
}
