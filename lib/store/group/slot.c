#include "store/group/slot.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "store/claim/claim_files.h"

char *slot_directory(const struct group *g, uint32_t k)
{
	return file_path("%s/%" PRIu32, g->directory, k);
}

/* What the slot is, beside who has it. */
static void describe(struct slot *s, const struct group *g, uint32_t k)
{
	*s = (struct slot){.io = g->io, .stream = g->stream, .group = g->name, .index = k};
	route_part(k, g->slots, &s->from, &s->to);
}

static int taken(struct slot *s, char *directory, int r)
{
	s->epoch = s->claim.epoch;
	s->directory = s->claim.directory;
	free(directory);
	return r;
}

int slot_try(struct slot *s, const struct group *g, uint32_t k, uint64_t least, bool steal, struct error *e)
{
	char *directory = slot_directory(g, k);
	describe(s, g, k);
	return taken(s, directory, claim_try(&s->claim, g->io, directory, least, steal, e));
}

int slot_take(struct slot *s, const struct group *g, uint32_t k, uint64_t least, bool steal, struct error *e)
{
	char *directory = slot_directory(g, k);
	describe(s, g, k);
	return taken(s, directory, claim_take(&s->claim, g->io, directory, least, steal, e));
}

void slot_release(struct slot *s)
{
	if (!s->directory)
		return;
	claim_release(&s->claim);
	positions_release(&s->positions);
	*s = (struct slot){.claim = {.file = FILE_CLOSED}};
}

static int fenced(const struct slot *s, struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "%s: another process has taken slot %" PRIu32 " of group %s", s->stream,
			 s->index, s->group);
}

/* What failed may have done so because all is gone: `stream-ctl delete --force`. */
static int failed(const struct slot *s, int r, struct error *e)
{
	struct file there;
	if (file_find(&there, s->io, s->directory, O_RDONLY | O_DIRECTORY, NULL))
		file_close(&there);
	else
		r = error_set(e, ERR_FAILED, "group %s was deleted, or the stream %s, while it was read", s->group,
			      s->stream);
	return r;
}

int slot_check(const struct slot *s, struct error *e)
{
	int r = claim_check(&s->claim, e);
	return r < 0 ? failed(s, r, e) : r ? OK : fenced(s, e);
}

int slot_write(struct slot *s, uint64_t n, const struct positions *p, struct error *e)
{
	struct buf text = BUF_INIT;
	positions_text(p, s->flow, &text);
	int r = claim_keep(&s->claim, n, &text, e);
	buf_release(&text);
	return r < 0 ? failed(s, r, e) : r ? OK : fenced(s, e);
}

int slot_commit(struct slot *s, uint64_t n, const struct positions *p, struct error *e)
{
	int r = slot_write(s, n, p, e);
	if (r)
		return r;
	if (n != s->n)
		claim_forget(&s->claim, s->n);
	s->n = n;
	if (p != &s->positions)
		positions_copy(&s->positions, p);
	return OK;
}

int slot_load(const struct slot *s, uint64_t n, uint64_t epoch, struct positions *p, struct error *e)
{
	char flow[FLOW_ID_LENGTH + 1];
	char *path = claim_snapshot_path(s->directory, n, epoch);
	int r = positions_load(p, flow, s->io, path, e);
	free(path);
	return r;
}

int slot_newest(const struct files *io, const char *directory, uint64_t *n, uint64_t *epoch, struct positions *p,
		char flow[FLOW_ID_LENGTH + 1], struct error *e)
{
	/* A holder may put a newer one in its place while we look. */
	enum { TRIES = 100 };
	int r = 0;
	for (int i = 0; !r && i < TRIES; i++) {
		struct claim_files files;
		r = claim_files_read(&files, io, directory, e);
		if (r)
			return r;
		if (!files.any)
			continue;
		*n = files.n;
		*epoch = files.n_epoch;
		char *path = claim_snapshot_path(directory, *n, *epoch);
		r = positions_load(p, flow, io, path, e);
		free(path);
	}
	return r < 0 ? r
	       : r   ? OK
		     : error_set(e, ERR_FAILED, "%s has lost its positions: set them by `stream-ctl reset`", directory);
}

int slot_resume(struct slot *s, struct error *e)
{
	uint64_t n = 0, epoch = 0;
	int r = slot_newest(s->io, s->directory, &n, &epoch, &s->positions, s->flow, e);
	if (!r && epoch != s->epoch)
		r = slot_write(s, n, &s->positions, e);
	s->n = n;
	return r ? r : claim_clean(&s->claim, e);
}

/* The state is removed by the name of the flow that it belonged to, after the commit that ended that flow: so a run that
   is stopped here for long takes away nothing that a later one has made. */
int slot_restart(struct slot *s, const struct positions *p, struct error *e)
{
	uint64_t n, epoch;
	struct positions unused = {0};
	char *state = NULL;
	if (!slot_newest(s->io, s->directory, &n, &epoch, &unused, s->flow, NULL))
		state = slot_state_path(s);
	positions_release(&unused);
	int r = flow_id_make(s->flow, e);
	if (!r)
		r = slot_commit(s, 0, p, e);
	if (!r && state)
		r = path_remove(s->io, state, e);
	free(state);
	return r ? r : claim_clean(&s->claim, e);
}

char *slot_state_path(const struct slot *s)
{
	return file_path("%s/state/%s", s->directory, s->flow);
}

char *slot_receipt_path(const struct slot *s)
{
	return file_path("%s/receipt.%" PRIu64, s->directory, s->epoch);
}

int slot_create(const struct files *io, const char *directory, const struct positions *p, struct error *e)
{
	char flow[FLOW_ID_LENGTH + 1];
	char *name = claim_snapshot_name(0, 0);
	int r = path_mkdirs(io, directory, e);
	if (!r)
		r = flow_id_make(flow, e);
	if (!r)
		r = positions_save(p, flow, io, directory, name, e);
	free(name);
	return r;
}
