#include "store/commit/redo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/commit/redo_private.h"

enum {
	DIRECT_ROWS = 1024,
	HELD_MAX = 1 << 20,
	LINK_PART = 16, /* smaller segments would be too many: one for each checkpoint and shard */
};

/* What the ledger says was decided. */
static int carry_out(struct redo *r, const struct ledger_entry *x, struct error *e)
{
	int code = redo_is_done(&r->stream, r->flow, x->n, e);
	if (!code)
		code = redo_apply(&r->stream, r->flow, x, e);
	if (code >= 0)
		code = ledger_settle(&r->ledger, e);
	return code;
}

static int recover(struct redo *r, uint64_t epoch, struct redo_commit *last, struct error *e)
{
	struct ledger_entry x;
	int code = ledger_take(&r->ledger, epoch, &x, e);
	if (code)
		return code;
	*last = (struct redo_commit){x.n, x.by, x.state ? mem_copy(x.state, x.len) : NULL, x.len};
	r->n = x.n;
	code = x.payload ? carry_out(r, &x, e) : OK;
	ledger_entry_release(&x);
	if (!code) { /* the ledger says so now */
		redo_forget_all_done(&r->stream, r->flow);
		redo_forget_parts_before(&r->stream, r->flow, epoch);
	}
	return code;
}

int redo_open(struct redo **out, struct stream *s, const char *flow, uint64_t epoch, struct redo_commit *last,
	      struct error *e)
{
	struct redo *r = mem_zero(sizeof *r);
	*last = (struct redo_commit){0};
	r->stream = *s;
	*s = (struct stream){0};
	r->flow = mem_copy(flow, strlen(flow));
	r->frames = shard_frame_writer();
	r->direct = DIRECT_ROWS;
	r->held_max = HELD_MAX;
	r->link_part = LINK_PART;
	r->part_size = SEGMENT_SIZE;
	char *directory = redo_directory(&r->stream);
	ledger_init(&r->ledger, r->stream.io, directory, flow);
	free(directory);
	int code = recover(r, epoch, last, e);
	*out = code ? NULL : r;
	if (code)
		redo_close(r);
	return code;
}

static void forget_done(struct redo *r)
{
	if (r->done)
		redo_forget_done(&r->stream, r->flow, r->done);
	r->done = 0;
}

int redo_commit(struct redo *r, uint64_t n, const void *state, size_t len, struct error *e)
{
	if (n != r->n + 1)
		return error_set(e, ERR_FAILED, "%s: checkpoint %" PRIu64 " does not follow %" PRIu64, r->stream.name,
				 n, r->n);
	int code = stream_check_there(&r->stream, e);
	if (!code)
		code = redo_flush(r, e);
	if (!code)
		code = redo_carried(r, e);
	bool any = r->collecting;
	if (!code && any)
		code = redo_write_trailer(r, e);
	if (code)
		return code;
	redo_next(r); /* from here on, what was collected is the ledger's */
	code = ledger_commit(&r->ledger, n, state, len, e);
	if (code)
		return code;
	forget_done(r); /* the ledger speaks of a later one */
	r->n = n;
	return any ? redo_carry(r, e) : OK;
}

int redo_end(struct redo *r, struct error *e)
{
	int code = redo_carried(r, e);
	if (!code && r->done && !r->collecting && !(code = ledger_settle(&r->ledger, e)))
		forget_done(r);
	return code;
}

void redo_close(struct redo *r)
{
	struct error ignored;
	if (!r)
		return;
	redo_carried(r, &ignored);
	redo_close_lanes(r);
	if (r->collecting)
		redo_forget_parts(&r->stream, r->flow, r->ledger.epoch, r->n + 1);
	free(r->parts);
	ledger_release(&r->ledger);
	frame_writer_free(r->frames);
	buf_release(&r->frame);
	arena_release(&r->arena);
	free(r->flow);
	stream_close(&r->stream);
	free(r);
}
