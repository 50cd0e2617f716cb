/* The source's side: HELLO, waiting for receipts, RESTORE, and when a barrier is due. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow_private.h"
#include "flow/protocol.h"
#include "flow/signals.h"
#include "flow/state_file.h"

static const int64_t LOOK_AGAIN = 20 * MILLISECOND; /* for a receipt, where inotify is refused */
static const int64_t COMPANY = 50 * MILLISECOND;    /* idle after data: what comes within this shares a barrier */

static int send_hello(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	const struct flow_origin *o = p->origin;
	hello_add_source(&p->hello, o->flow, o->epoch, o->directory, o->name, o->reset, o->shared_by, o->slot);
	hello_add_stage(&p->hello, f->own.command, "");
	hello_identity(&p->hello, p->id, &p->epoch);
	snapshots_init(&p->snapshots, state_path("%s/1", o->directory), f->own.command, 0, o->epoch);
	int r = protocol_announce(f, e);
	if (r)
		return r;
	hello_write(&p->hello, &f->control);
	return protocol_forward(f, FRAME_HELLO, &f->control, e);
}

int flow_begin(struct flow *f, const struct flow_origin *o, struct error *e)
{
	struct protocol *p = &f->protocol;
	p->origin_copy = *o;
	p->origin = &p->origin_copy;
	p->state = PROTOCOL_HELLO;
	p->due = INT64_MAX;
	p->notify = -1;
	flow_set_bounded(f, BOUNDED_NO); /* the stream goes on with the next run, */
	f->final = false;                /* also if this one is told to end before it has begun */
	int r = state_mkdirs(o->directory, e);
	if (r)
		return r;
	p->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (p->notify >= 0 && inotify_add_watch(p->notify, o->directory, IN_MOVED_TO) < 0) {
		close(p->notify);
		p->notify = -1;
	}
	return send_hello(f, e);
}

/* -- receipts -- */

/* Whether there may be a new one. */
static bool has_news(struct protocol *p)
{
	char events[4096];
	if (p->notify < 0)
		return true;
	bool any = false;
	while (read(p->notify, events, sizeof events) > 0)
		any = true;
	return any;
}

/* A later run removes our receipts when it begins, with one of its own: then none will come. */
static int check_overtaken(const struct protocol *p, struct error *e)
{
	if (!receipt_is_overtaken(p->origin->directory, p->origin->epoch))
		return 0;
	return error_set(e, ERR_UPSTREAM, "another process has taken %s", p->origin->name);
}

/* 1: there is one of this run, newer than what we have. */
static int look_for_receipt(struct protocol *p, struct error *e)
{
	struct receipt r;
	if (!has_news(p))
		return 0;
	int found = receipt_load(&r, p->origin->directory, p->origin->epoch, e);
	if (found < 0)
		return found;
	bool newer = found && (!p->receipt.run || r.n > p->receipt.n);
	if (!newer || p->state == PROTOCOL_HELLO)
		found = check_overtaken(p, e);
	if (!newer || found < 0) {
		receipt_release(&r);
		return found;
	}
	receipt_release(&p->receipt);
	p->receipt = r;
	return 1;
}

static bool is_outstanding(const struct protocol *p)
{
	return p->n > p->receipt.n;
}

/* Rule 3. */
static int restore(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct mark m = {.n = p->receipt.n, .epoch = p->receipt.line, .run = p->origin->epoch};
	protocol_restore_counts(f, &p->receipt.tallies);
	int r = f->stage->source->restore(f->self, f, m.n, m.epoch, e);
	if (!r)
		r = protocol_load(f, &m, &p->receipt.tallies, e);
	if (r)
		return r;
	p->n = m.n;
	p->state = PROTOCOL_RUNS;
	p->changed = false;
	p->sent_at = monotonic_now();
	tallies_write(&p->receipt.tallies, &m, &f->control);
	return protocol_forward(f, FRAME_RESTORE, &f->control, e);
}

/* -- barriers -- */

/* Rule 4. Sources that share a flow send theirs even if nothing has come, for the others wait for it. */
static int64_t barrier_due(const struct protocol *p)
{
	if (is_outstanding(p) || (!p->changed && p->receipt.sources < 2))
		return INT64_MAX;
	int64_t wait = p->idle && p->changed && COMPANY < p->origin->interval ? COMPANY : p->origin->interval;
	return p->sent_at + (p->receipt.pace > wait ? p->receipt.pace : wait);
}

static int send_barrier(struct flow *f, bool final, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct tallies own = {0};
	struct mark m = {.n = p->n + 1, .final = final};
	int r = protocol_save(f, m.n, e);
	if (!r)
		r = f->stage->source->checkpoint(f->self, f, m.n, p->n, e);
	if (r)
		return r;
	protocol_add_counts(f, &own);
	tallies_write(&own, &m, &f->control);
	tallies_release(&own);
	snapshots_clean(&p->snapshots, p->n);
	p->n = m.n;
	p->changed = false;
	p->sent_at = monotonic_now();
	return protocol_forward(f, FRAME_BARRIER, &f->control, e);
}

/* Rule 7: the stream ends with a barrier, if there is anything to keep. */
static int send_last(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	p->last_sent = true;
	bool final = p->origin->drain && !signals_interrupted();
	f->final = final;
	return p->changed || final || p->receipt.sources > 1 ? send_barrier(f, final, e) : 0;
}

/* -- turns -- */

static int run(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	int r = 0;
	if (is_outstanding(p))
		return p->done ? FLOW_WAIT : FLOW_MORE;
	if (p->last_sent)
		return FLOW_DONE;
	if (p->done)
		r = send_last(f, e);
	else if (monotonic_now() >= barrier_due(p))
		r = send_barrier(f, false, e);
	if (r)
		return r;
	return !p->done ? FLOW_MORE : is_outstanding(p) ? FLOW_WAIT : FLOW_DONE;
}

static int turn(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	if (p->state == PROTOCOL_RUNS && !is_outstanding(p))
		return run(f, e);
	int r = look_for_receipt(p, e);
	if (r < 0)
		return r;
	if (p->state == PROTOCOL_RUNS)
		return run(f, e);
	if (r)
		r = restore(f, e);
	if (r < 0)
		return r;
	if (p->state == PROTOCOL_RUNS)
		return run(f, e);
	return p->done ? FLOW_DONE : FLOW_WAIT;
}

static bool awaits_receipt(const struct protocol *p)
{
	return p->state != PROTOCOL_RUNS || is_outstanding(p);
}

static void plan(struct protocol *p)
{
	p->due = p->state == PROTOCOL_RUNS ? barrier_due(p) : INT64_MAX;
	if (p->notify < 0 && awaits_receipt(p))
		p->due = monotonic_now() + LOOK_AGAIN;
}

int protocol_source_turn(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	if (signals_interrupted())
		p->done = true;
	int r = turn(f, e);
	plan(p);
	return r;
}

void protocol_source_said(struct flow *f, int turn_said)
{
	struct protocol *p = &f->protocol;
	p->done |= turn_said == FLOW_DONE;
	p->idle = turn_said == FLOW_WAIT;
	plan(p);
}

/* What else happens in the directory must not keep us awake: nobody would read of it before the next barrier. */
int protocol_wait_fd(const struct flow *f)
{
	const struct protocol *p = &f->protocol;
	return p->origin && awaits_receipt(p) ? p->notify : -1;
}

int64_t protocol_due(const struct flow *f)
{
	return f->protocol.origin ? f->protocol.due : INT64_MAX;
}
