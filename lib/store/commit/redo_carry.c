/* Carrying out what was decided: beside the flow that did, or by those who find it undone. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"
#include "store/commit/redo_private.h"

/* -- what the ledger of a flow says -- */

/* 1: to be carried out, and *x is open; 0: nothing, or it was. */
static int is_pending(const struct stream *s, const char *flow, struct ledger_entry *x, struct error *e)
{
	char *directory = redo_directory(s);
	int r = ledger_look(s->io, directory, flow, x, e);
	free(directory);
	if (!r && x->payload) {
		r = redo_is_done(s, flow, x->n, e);
		r = r < 0 ? r : !r;
	}
	if (r <= 0)
		ledger_entry_release(x);
	return r;
}

static int finish_flow(struct stream *s, const char *flow, struct error *e)
{
	struct ledger_entry x;
	int r = is_pending(s, flow, &x, e);
	if (r <= 0)
		return r;
	r = ledger_entry_check(&x, e);
	if (!r)
		r = redo_apply(s, flow, &x, e);
	if (!r)
		r = redo_say_done(s, flow, x.n, e);
	if (!r)
		redo_forget_parts(s, flow, x.by, x.n);
	ledger_entry_release(&x);
	return r;
}

/* -- beside the flow -- */

static void *run_carrier(void *arg)
{
	struct redo_carrier *c = arg;
	c->code = finish_flow(&c->stream, c->flow, &c->e);
	return NULL;
}

/* With all signals blocked: they are the loop's. */
static bool start_thread(struct redo_carrier *c)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = !pthread_create(&c->thread, NULL, run_carrier, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int end_carrying(struct redo *r, struct error *e)
{
	struct redo_carrier *c = &r->carrier;
	stream_close(&c->stream);
	if (c->code)
		*e = c->e;
	else
		r->done = r->n;
	return c->code;
}

int redo_carried(struct redo *r, struct error *e)
{
	if (!r->carrier.running)
		return OK;
	pthread_join(r->carrier.thread, NULL);
	r->carrier.running = false;
	return end_carrying(r, e);
}

int redo_carry(struct redo *r, struct error *e)
{
	struct redo_carrier *c = &r->carrier;
	int code = stream_open(&c->stream, r->stream.io, r->stream.directory, e);
	if (code)
		return code;
	c->flow = r->flow;
	c->running = r->stream.io->threads && start_thread(c);
	if (c->running)
		return OK;
	run_carrier(c);
	return end_carrying(r, e);
}

/* -- what others have left -- */

/* The flows that have a ledger here: their entries are FLOW.SEQ, and +, which is in no flow's name, is in those of drafts. */
static void look(void *arg, const char *name)
{
	struct name_list *l = arg;
	const char *dot = strchr(name, '.');
	if (!dot || strchr(name, '+') || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")])
		return;
	char *flow = mem_copy(name, (size_t)(dot - name));
	bool known = false;
	for (size_t i = 0; i < l->count; i++)
		known |= !strcmp(l->items[i], flow);
	if (!known)
		name_list_add(l, flow);
	free(flow);
}

static int list_flows(const struct stream *s, struct name_list *out, struct error *e)
{
	struct file there;
	char *directory = redo_directory(s);
	int r = file_find(&there, s->io, directory, O_RDONLY | O_DIRECTORY, e);
	if (r > 0) {
		file_close(&there);
		r = path_list(s->io, directory, look, out, e);
	}
	free(directory);
	return r;
}

static int sync_ledgers(const struct stream *s, struct error *e)
{
	char *directory = redo_directory(s);
	int r = path_sync(s->io, directory, e);
	free(directory);
	return r;
}

/* With a stream of our own, for its catalog may be read again. */
static int finish_own(const struct stream *s, const char *flow, struct error *e)
{
	struct stream own;
	int r = stream_open(&own, s->io, s->directory, e);
	if (!r) {
		r = finish_flow(&own, flow, e);
		stream_close(&own);
	}
	return r ? error_prefix(e, "%s: what flow %s has committed cannot be written yet", s->name, flow) : OK;
}

int redo_finish(const struct stream *s, struct error *e)
{
	struct name_list flows = {0};
	struct ledger_entry x;
	int r = list_flows(s, &flows, e);
	for (size_t i = 0; !r && i < flows.count; i++) {
		r = is_pending(s, flows.items[i], &x, e);
		if (r > 0) {
			ledger_entry_release(&x);
			r = finish_own(s, flows.items[i], e);
		}
	}
	/* What was found to be past must stay so: who asks may be about to remove what shows it. */
	if (!r && flows.count)
		r = sync_ledgers(s, e);
	name_list_release(&flows);
	return r;
}
