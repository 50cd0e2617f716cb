/* The end of a pipeline: what its storage says is the truth, and the receipts are the answer. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/end_file.h"
#include "flow/flow_private.h"
#include "flow/protocol.h"
#include "flow/state_file.h"

/* What we keep of a commit besides n: the list of stages, what they had counted, and where the state is without which there is no such flow
   (flow/gone.h). */
static void kept_text(const struct flow *f, struct buf *out)
{
	const struct protocol *p = &f->protocol;
	buf_string_append(out, "flow 1\n");
	hello_text(&p->hello, out);
	flow_origin_text(f, out);
	tallies_text(&p->tallies, out);
}

static void kept_tallies(const struct flow_commit *c, struct tallies *t)
{
	struct buf lines = BUF_INIT;
	char *word, *rest;
	buf_append(&lines, c->state, c->len);
	for (size_t at = 0; state_line(&lines, &at, &word, &rest);)
		if (!strcmp(word, "tally"))
			tallies_add_line(t, rest);
	buf_release(&lines);
}

/* -- receipts -- */

/* The epoch of a source when the last commit was made. */
static uint64_t line_of(const struct hello *then, const char *flow)
{
	for (size_t i = 0; i < then->source_count; i++)
		if (!strcmp(then->sources[i].flow, flow))
			return then->sources[i].epoch;
	return 0;
}

static int answer(struct flow *f, const struct hello *then, struct tallies *tallies, struct error *e)
{
	struct protocol *p = &f->protocol;
	int r = 0;
	for (size_t i = 0; !r && i < p->hello.source_count; i++) {
		const struct hello_source *s = &p->hello.sources[i];
		struct receipt receipt = {.n = p->last.n,
					  .line = p->last.n ? line_of(then, s->flow) : 0,
					  .joint = p->last.epoch,
					  .run = p->epoch,
					  .pace = p->pace,
					  .sources = p->hello.source_count,
					  .tallies = *tallies};
		r = receipt_save(&receipt, s->directory, s->epoch, e);
	}
	return r;
}

/* Rule 2: who says less than was answered before has lost what it had. */
static int check_receipts(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	for (size_t i = 0; i < p->hello.source_count; i++) {
		const struct hello_source *s = &p->hello.sources[i];
		uint64_t n;
		int r = receipt_greatest(s->directory, &n, e);
		if (r)
			return r;
		if (n > p->last.n && receipt_is_overtaken(s->directory, s->epoch))
			return error_set(e, ERR_UPSTREAM, "a later run of %s has taken over; nothing was changed",
					 s->name);
		if (n > p->last.n)
			return error_set(e, ERR_FAILED,
					 "%s has committed checkpoint %" PRIu64
					 " here, but the destination knows of %" PRIu64
					 ": it is another one, or was put back or deleted; to begin anew: %s",
					 s->name, n, p->last.n, s->reset);
	}
	return 0;
}

static int check_stages(const struct protocol *p, const struct hello *then, struct error *e)
{
	struct error why;
	if (!p->last.n || !hello_compare(&p->hello, then, &why))
		return 0;
	return error_set(e, ERR_USAGE, "%s; run it as it was, or begin anew: %s", why.text, p->hello.sources[0].reset);
}

/* -- storage -- */

static int recover(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	const struct end_ops *ops = f->stage->last;
	if (ops)
		return ops->recover(f->self, f, p->id, p->epoch, &p->last, e);
	bool kept;
	int r = end_file_recover(p->hello.sources[0].directory, p->epoch, &p->last, e);
	if (!r)
		r = output_deliver(f->output, &kept, e);
	if (!r && !kept)
		flow_warn(f, "what is written to a pipe or a terminal counts as delivered, whatever becomes of it "
			     "there; a file "
			     "keeps it (at least once)");
	return r;
}

static int commit(struct flow *f, uint64_t n, const struct buf *state, struct error *e)
{
	struct protocol *p = &f->protocol;
	const struct end_ops *ops = f->stage->last;
	if (ops)
		return ops->commit(f->self, f, n, state->data, state->len, e);
	bool kept;
	int r = output_deliver(f->output, &kept, e);
	return r ? r : end_file_commit(p->hello.sources[0].directory, p->epoch, n, state->data, state->len, e);
}

int protocol_end_begin(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct hello then = {0};
	struct tallies tallies = {0};
	if (p->hello.part)
		return error_set(e, ERR_USAGE,
				 "a pipeline with checkpoints has one end, and this is one of several copies: put it "
				 "behind stream-shard, not into its command");
	int r = recover(f, e);
	if (r)
		return r;
	p->pace = f->stage->last && f->stage->last->pace ? f->stage->last->pace(f->self) : 0;
	if (p->last.state) {
		hello_from_text(p->last.state, p->last.len, &then);
		kept_tallies(&p->last, &tallies);
	}
	r = check_stages(p, &then, e);
	if (!r)
		r = check_receipts(f, e);
	if (!r)
		r = answer(f, &then, &tallies, e);
	for (size_t i = 0; !r && i < p->hello.source_count; i++)
		receipt_clean(p->hello.sources[i].directory, p->hello.sources[i].epoch);
	hello_release(&then);
	tallies_release(&tallies);
	return r;
}

int protocol_end_prepare(struct flow *f, struct error *e)
{
	const struct end_ops *ops = f->stage->last;
	return ops && ops->prepare ? ops->prepare(f->self, f, e) : 0;
}

int protocol_end_commit(struct flow *f, uint64_t n, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct buf state = BUF_INIT;
	kept_text(f, &state);
	int r = commit(f, n, &state, e);
	buf_release(&state);
	if (r)
		return r;
	p->last.n = n;
	p->last.epoch = p->epoch;
	return answer(f, &p->hello, &p->tallies, e);
}
