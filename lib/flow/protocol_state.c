/* What a stage keeps of itself at a barrier, and takes up again: its snapshot, and where its side outputs were. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "flow/flow_private.h"
#include "flow/protocol.h"

enum { SIDES = 5 };

/* --bad is everybody's. */
static size_t all_sides(struct flow *f, struct side *sides[SIDES])
{
	struct protocol *p = &f->protocol;
	size_t count = 0;
	if (side_is_file(&f->bad))
		sides[count++] = &f->bad;
	for (size_t i = 0; i < p->side_count; i++)
		if (side_is_file(p->sides[i]))
			sides[count++] = p->sides[i];
	return count;
}

static int sync_sides(struct flow *f, struct snapshot_sides *lengths, struct error *e)
{
	struct side *sides[SIDES];
	int r = 0;
	lengths->count = all_sides(f, sides);
	for (size_t i = 0; !r && i < lengths->count; i++)
		r = side_sync(sides[i], &lengths->lengths[i], e);
	return r;
}

/* -- saving -- */

static int write_snapshot(struct flow *f, uint64_t n, const struct snapshot_sides *sides, struct error *e)
{
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	struct snapshot w;
	int r = snapshot_begin(&w, &f->protocol.snapshots, n, sides, e);
	if (!r && ops && ops->save)
		r = ops->save(f->self, f, &w, e);
	if (!r)
		return snapshot_finish(&w, e);
	snapshot_abandon(&w);
	return r;
}

int protocol_save(struct flow *f, uint64_t n, struct error *e)
{
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	uint64_t lengths[SIDES];
	struct snapshot_sides sides = {.lengths = lengths};
	int r = sync_sides(f, &sides, e);
	if (r || !f->protocol.changed || (!(ops && ops->save) && !sides.count))
		return r;
	return write_snapshot(f, n, &sides, e);
}

/* -- loading -- */

static int take(void *self, struct batch *b, struct error *e)
{
	struct flow *f = self;
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	return ops && ops->load ? ops->load(f->self, f, b, e) : 0;
}

static int cut_sides(struct flow *f, const struct snapshot_sides *lengths, struct error *e)
{
	struct side *sides[SIDES];
	size_t count = all_sides(f, sides);
	int r = 0;
	for (size_t i = 0; !r && i < count && i < lengths->count; i++)
		r = side_cut(sides[i], lengths->lengths[i], e);
	return r;
}

/* The first run of all writes down where the side outputs began. */
static int note_beginning(struct flow *f, struct error *e)
{
	uint64_t lengths[SIDES];
	struct snapshot_sides sides = {.lengths = lengths};
	int r = sync_sides(f, &sides, e);
	return r || !sides.count ? r : write_snapshot(f, 0, &sides, e);
}

static int lost(const struct flow *f, const struct mark *m, struct error *e)
{
	const struct protocol *p = &f->protocol;
	return error_set(e, ERR_FAILED,
			 "%s has lost the snapshot of checkpoint %" PRIu64 " (run %" PRIu64 "); to begin anew: %s",
			 p->snapshots.directory, m->n, m->epoch, p->hello.sources[0].reset);
}

int protocol_load(struct flow *f, const struct mark *m, struct error *e)
{
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	struct protocol *p = &f->protocol;
	uint64_t lengths[SIDES] = {0};
	struct side *sides[SIDES];
	struct snapshot_sides all = {.lengths = lengths, .count = all_sides(f, sides)};
	const struct tally *t = tallies_find(&p->tallies, p->place, f->own.command);
	int r = snapshots_load(&p->snapshots, m->n, m->epoch, &all, take, f, e);
	if (!r && t && t->snapshot && !p->hello.part)
		r = lost(f, m, e);
	if (r > 0)
		r = cut_sides(f, &all, e);
	else if (!r && !m->n)
		r = note_beginning(f, e);
	return r || !(ops && ops->load) ? r : ops->load(f->self, f, NULL, e);
}
