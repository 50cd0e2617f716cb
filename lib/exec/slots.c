#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "exec/exec_private.h"
#include "exec/output.h"

enum {
	EVENTS = 64,
	STATUS_NOT_RUN = 126, /* a shell's, and its 127: COMMAND is no command */
};

/* -- what failed -- */

/* What failed, to be told with what is done about it. */
static void note_failure(struct exec *x, const struct part *p, const char *reason)
{
	buf_clear(&x->failure);
	if (p->count == 1)
		buf_printf(&x->failure, "a record failed: %s", reason);
	else
		buf_printf(&x->failure, "a batch of %" PRIu32 " records failed: %s", p->count, reason);
	x->failed = true;
}

static void give_up(struct item *it, struct buf *reason)
{
	const struct part *p = task_part(&it->task);
	uint32_t record = p->first;
	uint64_t attempts = p->before + p->tries;
	struct item_result *r = item_add_result(it, reason);
	r->dead = true;
	r->record = record;
	r->attempts = attempts;
	task_settle(&it->task);
}

static void fail(struct exec *x, struct slot *s, struct buf *reason, int64_t now)
{
	struct part p = *task_part(&s->item->task);
	int64_t wait;
	switch (task_fail(&s->item->task, x->options.retries)) {
	case TASK_AGAIN:
		wait = backoff_next(&x->options.backoff, p.tries + 1);
		s->not_before = later(now, wait);
		note_failure(x, &p, buf_string(reason));
		buf_printf(&x->failure, "; it is tried again in %" PRId64 "ms", wait / MILLISECOND);
		break;
	case TASK_HALVED:
		note_failure(x, &p, buf_string(reason));
		buf_string_append(&x->failure, "; it is halved");
		break;
	case TASK_DEAD: give_up(s->item, reason); break;
	}
}

/* -- what runs -- */

/* A run is over. */
static int settle(struct exec *x, struct slot *s, int64_t now, struct error *e)
{
	struct buf reason = BUF_INIT;
	struct error bad;
	int status = run_end(&s->run, &reason);
	if (!status && output_check(&s->run.output, &bad)) {
		buf_string_append(&reason, bad.text);
		status = -1;
	}
	int r = 0;
	if (!status) {
		if (s->run.output.len)
			item_add_result(s->item, &s->run.output);
		task_settle(&s->item->task);
	} else if (status == STATUS_NOT_RUN || status == STATUS_NOT_RUN + 1) {
		r = error_set(e, ERR_FAILED, "cannot run %s: %s", x->options.run.argv[0], buf_string(&reason));
	} else {
		fail(x, s, &reason, now);
	}
	buf_release(&reason);
	if (task_part(&s->item->task))
		return r;
	s->item->settled = true;
	s->item = NULL;
	return r;
}

static int start(struct exec *x, struct slot *s, struct error *e)
{
	const struct part *p = task_part(&s->item->task);
	char batch[sizeof "STREAM_BATCH=" + RECORDS_ID_SIZE] = "STREAM_BATCH=", attempt[64];
	/* What it prints is for us, whatever the user wants to see. */
	const char *environment[] = {batch, attempt, "STREAM_OUTPUT=", "STREAM_RUN=", NULL}, *text;
	size_t len;
	records_id(&s->item->records, p->first, p->count, batch + sizeof "STREAM_BATCH=" - 1);
	snprintf(attempt, sizeof attempt, "STREAM_ATTEMPT=%" PRIu64, p->before + p->tries + 1);
	records_given(&s->item->records, p->first, p->count, &text, &len);
	return run_start(&s->run, &x->options.run, text, len, environment, x->epoll, e);
}

static void look(struct exec *x, int64_t now)
{
	struct epoll_event events[EVENTS];
	int n;
	do {
		n = epoll_wait(x->epoll, events, EVENTS, 0);
		for (int i = 0; i < n; i++)
			run_look(events[i].data.ptr, now);
	} while (n == EVENTS);
}

/* The next batch for a slot without one. */
static void take_batch(struct exec *x, struct slot *s)
{
	struct lane *l = &x->lanes[x->options.lanes ? s - x->slots : 0];
	/* The results of the first batch are those that the others wait for. */
	if (s->item || !l->first || (exec_holds_enough(x) && l->first != x->first))
		return;
	s->item = l->first;
	s->item->begun = true;
	x->begun++;
	s->not_before = 0;
	l->first = s->item->behind;
}

/* A batch that has waited long enough is sent; so is one that all others have to wait for. */
static void close_due(struct exec *x, int64_t now)
{
	for (uint32_t i = 0; i < x->lane_count; i++)
		if (x->lanes[i].open && now >= x->lanes[i].open->close_at)
			exec_close_lane(x, &x->lanes[i]);
	if (exec_is_full(x) && x->first->open)
		exec_close_lane(x, &x->lanes[x->first->lane]);
}

int exec_work(struct exec *x, int64_t now, struct error *e)
{
	look(x, now);
	close_due(x, now);
	int r = 0;
	for (uint32_t i = 0; i < x->options.slots && !r; i++) {
		struct slot *s = &x->slots[i];
		if (now >= run_due(&s->run))
			run_look(&s->run, now);
		if (run_is_on(&s->run) && run_is_over(&s->run))
			r = settle(x, s, now, e);
		take_batch(x, s);
		if (!r && s->item && !run_is_on(&s->run) && now >= s->not_before)
			r = start(x, s, e);
	}
	return r;
}

int64_t exec_due(const struct exec *x)
{
	int64_t due = INT64_MAX;
	for (uint32_t i = 0; i < x->lane_count; i++)
		if (x->lanes[i].open && x->lanes[i].open->close_at < due)
			due = x->lanes[i].open->close_at;
	for (uint32_t i = 0; i < x->options.slots; i++) {
		const struct slot *s = &x->slots[i];
		int64_t at = run_is_on(&s->run) ? run_due(&s->run) : s->item ? s->not_before : INT64_MAX;
		due = at < due ? at : due;
	}
	return due;
}
