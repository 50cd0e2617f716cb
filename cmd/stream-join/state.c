/*
 * stream-join in a checkpointed flow. With another stream: the records of both sides that may still find a partner, and how far time had come.
 * With a table nothing of it is kept: its records are joined as it is when they come, also those that come again after a failure. The
 * snapshot has which version it was, so that -v can tell of another one.
 */
#include <string.h>

#include "join.h"
#include "record/batch_rows.h"

/* -- saving -- */

static int add(void *self, const struct batch *b, struct error *e)
{
	return snapshot_add(self, b, e);
}

static int save_table(const struct join *j, const struct state_out *o, struct error *e)
{
	const struct lookup_version *v = &j->lookup->version;
	const struct field head[] = {{"table", value_string(j->table, strlen(j->table))},
				     {"inode", value_int((int64_t)v->inode)},
				     {"size", value_int((int64_t)v->size)},
				     {"changed", value_int(v->changed)},
				     {"log_size", value_int((int64_t)v->log_size)},
				     {"log_changed", value_int(v->log_changed)}};
	return state_part(o, "table", 0, head, 6, e);
}

static int save_clock(const struct join *j, int side, const struct state_out *o, struct error *e)
{
	const struct field head = {"side", value_int(side)};
	struct batch b;
	batch_init(&b);
	event_clock_save(&j->clocks[side], &b);
	int r = state_batch(o, "clock", &head, 1, &b, e);
	batch_release(&b);
	return r;
}

int join_save(void *self, struct flow *f, struct snapshot *to, struct error *e)
{
	struct join *j = self;
	struct state_out out = {.add = add, .self = to};
	if (!j->interval)
		return save_table(j, &out, e);
	/* What is known before the barrier is said before it, and not behind the last one of a run. */
	int r = join_watermark(j, f, e);
	const struct field sent = {"sent", value_int(j->sent)};
	out.changes = snapshot_of_changes(to);
	if (!r)
		r = state_part(&out, "join", 0, &sent, 1, e);
	if (!r)
		r = save_clock(j, LEFT, &out, e);
	if (!r)
		r = save_clock(j, RIGHT, &out, e);
	return r ? r : interval_save(j->interval, &out, e);
}

/* -- loading -- */

static int check_table(const struct join *j, struct flow *f, const struct batch *b)
{
	struct lookup_version v = {.inode = (uint64_t)batch_get(b, 0, "inode").i,
				   .size = (uint64_t)batch_get(b, 0, "size").i,
				   .changed = batch_get(b, 0, "changed").i,
				   .log_size = (uint64_t)batch_get(b, 0, "log_size").i,
				   .log_changed = batch_get(b, 0, "log_changed").i};
	if (flow_options(f)->verbose && !lookup_same(&v, &j->lookup->version))
		flow_warn(f, "%s has changed since the last run; records are joined with it as it is now", j->table);
	return 0;
}

/* A part of ours, and not of interval_save: its head, or rows. Not for us: 1. */
static int load_own(struct join *j, struct flow *f, const struct batch *b, bool head, struct error *e)
{
	int64_t side;
	if (state_is(&j->in, "table"))
		return check_table(j, f, b);
	if (state_is(&j->in, "join"))
		return j->files++ ? 0 : state_int(b, 0, "sent", &j->sent, e);
	if (!state_is(&j->in, "clock"))
		return 1;
	if (!head)
		return j->files > 1 ? 0 : event_clock_load(&j->clocks[j->side], b, e);
	int r = state_int(b, 0, "side", &side, e);
	j->side = side == RIGHT ? RIGHT : LEFT;
	return r;
}

int join_load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct join *j = self;
	int r = b ? state_take(&j->in, b, e) : 0;
	if (r < 0)
		return r;
	if (b)
		r = load_own(j, f, b, r > 0, e);
	if (b && r <= 0)
		return r;
	return j->interval ? interval_load(j->interval, b, j->specs, e) : 0;
}
