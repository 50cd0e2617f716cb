/* A slot whose commits are the end of its pipeline's: our snapshots are only what such a commit may go back to. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/slot.h"
#include "store/slot_files.h"

int slot_join(struct slot *s, struct error *e)
{
	struct slot_files files;
	int r = slot_newest(s->io, s->directory, &files, &s->positions, s->flow, e);
	s->n = r ? 0 : files.n;
	return r;
}

/* -- which of them -- */

struct choice {
	uint64_t n, epoch; /* what is looked for */
	bool found;
	uint64_t best_n, best_epoch;
};

static void look(void *arg, const char *name)
{
	struct choice *c = arg;
	uint64_t n, epoch;
	if (!slot_snapshot_is(name, &n, &epoch) || n > c->n || (c->n && epoch != c->epoch))
		return;
	/* Of checkpoint 0 any epoch's will do: the last one that began anew. */
	if (c->found && (n < c->best_n || (n == c->best_n && epoch < c->best_epoch)))
		return;
	c->found = true;
	c->best_n = n;
	c->best_epoch = epoch;
}

int slot_restore(struct slot *s, uint64_t n, uint64_t epoch, struct error *e)
{
	struct choice c = {.n = n, .epoch = epoch};
	int r = path_list(s->io, s->directory, look, &c, e);
	if (!r && c.found)
		r = slot_load(s, c.best_n, c.best_epoch, &s->positions, e);
	if (r < 0)
		return r;
	if (!r)
		return error_set(e, ERR_FAILED,
				 "group %s of %s has no positions of checkpoint %" PRIu64
				 ", which its pipeline has committed; set them by `stream-ctl reset`",
				 s->group, s->stream, n);
	s->n = n;
	return n ? slot_files_clean(s->io, s->directory, epoch, e) : OK;
}

/* -- keeping -- */

/* Ours that nobody goes back to any more. */
struct sweep {
	uint64_t epoch, below;
	struct name_list names;
};

static void sweep_look(void *arg, const char *name)
{
	struct sweep *s = arg;
	uint64_t n, epoch;
	if (slot_snapshot_is(name, &n, &epoch) && epoch == s->epoch && n < s->below)
		name_list_add(&s->names, name);
}

static int forget(struct slot *s, uint64_t committed, struct error *e)
{
	struct sweep old = {.epoch = s->epoch, .below = committed};
	int r = path_list(s->io, s->directory, sweep_look, &old, e);
	for (size_t i = 0; !r && i < old.names.count; i++) {
		char *path = file_path("%s/%s", s->directory, old.names.items[i]);
		r = path_remove(s->io, path, e);
		free(path);
	}
	name_list_release(&old.names);
	/* That is ours: who takes the slot from us begins with it. */
	return r || committed <= s->n ? r : slot_files_clean(s->io, s->directory, s->epoch, e);
}

int slot_keep(struct slot *s, uint64_t n, uint64_t committed, const struct positions *p, struct error *e)
{
	int r = slot_write(s, n, p, e);
	if (!r)
		r = forget(s, committed, e);
	if (!r && p != &s->positions)
		positions_copy(&s->positions, p);
	return r;
}
