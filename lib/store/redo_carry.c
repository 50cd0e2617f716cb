/* Carrying out what was decided: beside the flow that did, or by those who find it undone. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/home.h"
#include "store/redo_private.h"

/* -- carrying it out beside -- */

static int say_done(const struct stream *s, const char *directory, const char *flow, uint64_t n, struct error *e)
{
	struct file f;
	char *path = redo_done_path(s, flow, n);
	int r = file_open(&f, s->io, path, O_WRONLY | O_CREAT, e);
	free(path);
	if (r)
		return r;
	file_close(&f);
	return path_sync(s->io, directory, e);
}

/* What the ledger says, for anybody. */
static int finish_one(struct stream *s, const char *directory, const char *flow, struct error *e)
{
	struct ledger_entry x;
	int r = ledger_look(s->io, directory, flow, &x, e);
	if (!r && x.payload) {
		r = redo_is_done(s, flow, x.n, e);
		if (!r && !(r = redo_apply(s, flow, &x, e)))
			r = say_done(s, directory, flow, x.n, e);
	}
	ledger_entry_release(&x);
	return r < 0 ? r : OK;
}

static void *run_carrier(void *arg)
{
	struct redo_carrier *c = arg;
	char *directory = redo_directory(&c->stream);
	c->code = finish_one(&c->stream, directory, c->flow, &c->e);
	free(directory);
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

/* The flows that have a ledger here. */
static void look(void *arg, const char *name)
{
	struct name_list *l = arg;
	const char *dot = strchr(name, '.');
	if (!dot || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")])
		return;
	char *flow = mem_copy(name, (size_t)(dot - name));
	bool known = false;
	for (size_t i = 0; i < l->count; i++)
		known |= !strcmp(l->items[i], flow);
	if (!known)
		name_list_add(l, flow);
	free(flow);
}

int redo_finish(struct stream *s, struct error *e)
{
	struct name_list flows = {0};
	struct file there;
	char *directory = redo_directory(s);
	int r = file_find(&there, s->io, directory, O_RDONLY | O_DIRECTORY, e);
	if (r > 0) {
		file_close(&there);
		r = path_list(s->io, directory, look, &flows, e);
	}
	for (size_t i = 0; !r && i < flows.count; i++)
		r = finish_one(s, directory, flows.items[i], e);
	name_list_release(&flows);
	free(directory);
	return r < 0 ? r : OK;
}
