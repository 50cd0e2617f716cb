#include "store/claim/claim_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/catalog/home.h"

char *claim_path(const char *directory, uint64_t epoch)
{
	return file_path("%s/%" PRIu64 ".run", directory, epoch);
}

char *claim_snapshot_name(uint64_t n, uint64_t epoch)
{
	return file_path("%" PRIu64 ".%" PRIu64 ".pos", n, epoch);
}

char *claim_snapshot_path(const char *directory, uint64_t n, uint64_t epoch)
{
	return file_path("%s/%" PRIu64 ".%" PRIu64 ".pos", directory, n, epoch);
}

/* (scanf takes a sign before a number; a file that is being written has one.) */
static bool begins_with_digit(const char *name)
{
	return *name >= '0' && *name <= '9';
}

static bool is_run(const char *name, uint64_t *epoch)
{
	int used = 0;
	return begins_with_digit(name) && sscanf(name, "%" SCNu64 ".run%n", epoch, &used) == 1 && used && !name[used];
}

static bool is_snapshot(const char *name, uint64_t *n, uint64_t *epoch)
{
	int used = 0;
	return begins_with_digit(name) && sscanf(name, "%" SCNu64 ".%" SCNu64 ".pos%n", n, epoch, &used) == 2 && used &&
	       !name[used];
}

static void look(void *arg, const char *name)
{
	struct claim_files *f = arg;
	uint64_t n, epoch;
	if (is_run(name, &epoch) && epoch > f->epoch)
		f->epoch = epoch;
	if (!is_snapshot(name, &n, &epoch))
		return;
	if (!f->any || epoch > f->n_epoch || (epoch == f->n_epoch && n > f->n)) {
		f->n = n;
		f->n_epoch = epoch;
	}
	f->any = true;
}

int claim_files_read(struct claim_files *f, const struct files *io, const char *directory, struct error *e)
{
	*f = (struct claim_files){0};
	return path_list(io, directory, look, f, e);
}

/* What is to be removed, gathered before anything is: a directory that changes while it is listed may hide names. */
struct sweep {
	uint64_t epoch, below, keep;
	struct name_list names;
};

static int sweep(struct sweep *s, const struct files *io, const char *directory, void (*look_at)(void *, const char *),
		 struct error *e)
{
	int r = path_list(io, directory, look_at, s, e);
	for (size_t i = 0; !r && i < s->names.count; i++) {
		char *path = file_path("%s/%s", directory, s->names.items[i]);
		r = path_remove(io, path, e);
		free(path);
	}
	name_list_release(&s->names);
	return r;
}

static bool is_older(const char *name, uint64_t than, uint64_t keep)
{
	uint64_t n, epoch = UINT64_MAX;
	bool ours = is_run(name, &epoch) || is_snapshot(name + (*name == '+'), &n, &epoch) ||
		    sscanf(name, "receipt.%" SCNu64, &epoch) == 1;
	return ours && epoch < than && epoch != keep;
}

static void add_older(void *arg, const char *name)
{
	struct sweep *s = arg;
	if (is_older(name, s->epoch, s->keep))
		name_list_add(&s->names, name);
}

int claim_files_clean(const struct files *io, const char *directory, uint64_t epoch, uint64_t keep, struct error *e)
{
	struct sweep old = {.epoch = epoch, .keep = keep};
	return sweep(&old, io, directory, add_older, e);
}

static void add_below(void *arg, const char *name)
{
	struct sweep *s = arg;
	uint64_t n, epoch;
	if (is_snapshot(name, &n, &epoch) && epoch == s->epoch && n < s->below)
		name_list_add(&s->names, name);
}

int claim_files_forget(const struct files *io, const char *directory, uint64_t epoch, uint64_t n, struct error *e)
{
	struct sweep old = {.epoch = epoch, .below = n};
	return sweep(&old, io, directory, add_below, e);
}

/* -- which snapshot -- */

struct choice {
	uint64_t n, epoch; /* what is looked for */
	bool found;
	uint64_t best_n, best_epoch;
};

static void choose(void *arg, const char *name)
{
	struct choice *c = arg;
	uint64_t n, epoch;
	if (!is_snapshot(name, &n, &epoch) || n > c->n || (c->n && epoch != c->epoch))
		return;
	/* Of checkpoint 0 any epoch's will do: the last one that began anew. */
	if (c->found && (n < c->best_n || (n == c->best_n && epoch < c->best_epoch)))
		return;
	c->found = true;
	c->best_n = n;
	c->best_epoch = epoch;
}

int claim_files_find(const struct files *io, const char *directory, uint64_t n, uint64_t epoch, uint64_t *found_n,
		     uint64_t *found_epoch, struct error *e)
{
	struct choice c = {.n = n, .epoch = epoch};
	int r = path_list(io, directory, choose, &c, e);
	*found_n = c.best_n;
	*found_epoch = c.best_epoch;
	return r ? r : c.found;
}
