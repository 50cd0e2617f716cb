/* What a stage keeps of itself at a barrier, and takes up again: its snapshot, and where its side outputs were. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/flow_private.h"
#include "flow/protocol.h"
#include "flow/state_file.h"

/* -- side outputs: --bad, which is everybody's, and the stage's own -- */

enum { SIDES = 5 };

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

/* What tells our files from those of other slots and copies, whose command lines are the same. */
static void side_suffix(const struct flow *f, struct buf *out)
{
	const struct hello *h = &f->protocol.hello;
	bool any = false;
	for (size_t i = 0; i < h->source_count; i++)
		if (h->sources[i].slot) {
			buf_printf(out, "%s%s", any ? "-" : ".slot", h->sources[i].slot);
			any = true;
		}
	if (h->part)
		buf_printf(out, ".%s", h->part);
	if (f->child)
		buf_string_append(out, ".split");
	buf_string(out);
}

static int take_side(struct flow *f, struct side *s, const char *suffix, const char *kind, struct error *e)
{
	const struct protocol *p = &f->protocol;
	const char *part = p->hello.part;
	char *place = state_path("%zu%s%s %s", p->place + 1, part ? "." : "", part ? part : "", kind);
	struct owner_id id = {.flow = p->id,
			      .epoch = p->epoch,
			      .place = place,
			      .directory = p->hello.sources[0].directory,
			      .who = p->hello.sources[0].name};
	int r = side_take(s, suffix, &id, e);
	free(place);
	return r;
}

static int take_sides(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct buf suffix = BUF_INIT;
	side_suffix(f, &suffix);
	int r = side_is_file(&f->bad) ? take_side(f, &f->bad, suffix.data, "bad", e) : 0;
	for (size_t i = 0; !r && i < p->side_count; i++) {
		char kind[32];
		snprintf(kind, sizeof kind, "own%zu", i + 1);
		if (side_is_file(p->sides[i]))
			r = take_side(f, p->sides[i], suffix.data, kind, e);
	}
	buf_release(&suffix);
	return r;
}

/* Where the side outputs are, and how long. */
struct places {
	uint64_t lengths[SIDES];
	char *paths[SIDES];
};

static int sync_sides(struct flow *f, struct places *p, struct snapshot_sides *out, struct error *e)
{
	struct side *sides[SIDES];
	int r = 0;
	*out = (struct snapshot_sides){p->lengths, p->paths, all_sides(f, sides)};
	for (size_t i = 0; !r && i < out->count; i++) {
		p->paths[i] = sides[i]->owner.name;
		r = side_sync(sides[i], &p->lengths[i], e);
	}
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
	struct places places;
	struct snapshot_sides sides;
	int r = sync_sides(f, &places, &sides, e);
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

/* A relative DEST, and another working directory: what is there is not what the length was of. */
static int moved(const struct flow *f, const char *then, const char *now, struct error *e)
{
	return error_set(e, ERR_USAGE, "its side output was %s and is %s now; run it where it was, or begin anew: %s",
			 then, now, f->protocol.hello.sources[0].reset);
}

static int cut_sides(struct flow *f, const struct snapshot_sides *then, struct error *e)
{
	struct side *sides[SIDES];
	size_t count = all_sides(f, sides);
	int r = 0;
	for (size_t i = 0; !r && i < count && i < then->count; i++)
		if (then->paths[i] && strcmp(then->paths[i], sides[i]->owner.name))
			r = moved(f, then->paths[i], sides[i]->owner.name, e);
	for (size_t i = 0; !r && i < count && i < then->count; i++)
		r = side_cut(sides[i], then->lengths[i], e);
	return r;
}

/* The first run of all writes down where the side outputs began. */
static int note_beginning(struct flow *f, struct error *e)
{
	struct places places;
	struct snapshot_sides sides;
	int r = sync_sides(f, &places, &sides, e);
	return r || !sides.count ? r : write_snapshot(f, 0, &sides, e);
}

static int lost(const struct flow *f, const struct mark *m, struct error *e)
{
	const struct protocol *p = &f->protocol;
	return error_set(e, ERR_FAILED,
			 "%s has lost the snapshot of checkpoint %" PRIu64 " (run %" PRIu64 "); to begin anew: %s",
			 p->snapshots.directory, m->n, m->epoch, p->hello.sources[0].reset);
}

int protocol_load(struct flow *f, const struct mark *m, const struct tallies *then_counted, struct error *e)
{
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	struct protocol *p = &f->protocol;
	struct places places = {.lengths = {0}};
	struct side *sides[SIDES];
	struct snapshot_sides then = {places.lengths, places.paths, all_sides(f, sides)};
	struct tally_key key = protocol_key(f);
	const struct tally *t = tallies_find(then_counted, &key);
	int r = take_sides(f, e);
	int found = r ? r : snapshots_load(&p->snapshots, m->n, m->epoch, &then, take, f, e);
	if (!found && t && t->snapshot)
		r = lost(f, m, e);
	else if (found > 0)
		r = cut_sides(f, &then, e);
	else if (!found && !m->n)
		r = note_beginning(f, e);
	else
		r = found;
	for (size_t i = 0; i < then.count; i++)
		free(places.paths[i]);
	return r || !(ops && ops->load) ? r : ops->load(f->self, f, NULL, e);
}
