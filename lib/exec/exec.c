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

/* The rows of a lane, of which `pending` are still to be put into its open batch. */
struct share {
	uint32_t *rows;
	uint32_t pending;
};

static int put_pending(struct exec *x, struct lane *l, struct share *s, struct batch *b, struct error *e)
{
	struct item *it = l->open;
	batch_select(b, s->rows, s->pending);
	int r = records_add(&it->records, &x->writers, b, x->rows + 1 + s->rows[0], e);
	s->rows += s->pending;
	s->pending = 0;
	if (it->records.count == x->options.rows || records_size(&it->records) >= EXEC_BATCH_BYTES)
		exec_close_lane(x, l);
	return r;
}

/* The selected rows, those of a lane side by side, in their order. */
static struct share *share_rows(const struct exec *x, struct batch *b, const uint32_t *lanes)
{
	uint32_t count = batch_count(b), *rows = arena_array(&b->arena, count, sizeof *rows);
	struct share *shares = arena_array(&b->arena, x->lane_count, sizeof *shares);
	for (uint32_t k = 0; k < x->lane_count; k++)
		shares[k] = (struct share){rows, 0};
	for (uint32_t i = 0; i < count; i++)
		shares[lanes ? lanes[i] : 0].pending++;
	for (uint32_t k = 1; k < x->lane_count; k++)
		shares[k].rows = shares[k - 1].rows + shares[k - 1].pending;
	for (uint32_t k = 0; k < x->lane_count; k++)
		shares[k].pending = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct share *s = &shares[lanes ? lanes[i] : 0];
		s->rows[s->pending++] = batch_row(b, i);
	}
	for (uint32_t k = 0; k < x->lane_count; k++)
		shares[k].pending = 0;
	return shares;
}

int exec_add(struct exec *x, struct batch *b, const uint32_t *lanes, int64_t now, struct error *e)
{
	struct share *shares = share_rows(x, b, lanes);
	const uint32_t *sel = b->sel;
	uint32_t sel_count = b->sel_count, count = batch_count(b);
	int r = 0;
	/* Row by row, so that batches stand in the order of their first records, however these come. */
	for (uint32_t i = 0; i < count && !r; i++) {
		uint32_t k = lanes ? lanes[i] : 0;
		struct item *it = open_lane(x, &x->lanes[k], now);
		if (it->records.count + ++shares[k].pending == x->options.rows)
			r = put_pending(x, &x->lanes[k], &shares[k], b, e);
	}
	for (uint32_t k = 0; k < x->lane_count && !r; k++)
		if (shares[k].pending)
			r = put_pending(x, &x->lanes[k], &shares[k], b, e);
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

uint64_t exec_records(const struct exec *x)
{
	return x->rows;
}

void exec_resume(struct exec *x, uint64_t records)
{
	x->rows = records;
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
