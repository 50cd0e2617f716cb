#include "store/claim_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/home.h"

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
	uint64_t epoch;
	struct name_list names;
};

static bool is_older(const char *name, uint64_t than)
{
	uint64_t n, epoch = UINT64_MAX;
	bool ours = is_run(name, &epoch) || is_snapshot(name + (*name == '+'), &n, &epoch) ||
		    sscanf(name, "receipt.%" SCNu64, &epoch) == 1;
	return ours && epoch < than;
}

static void sweep_look(void *arg, const char *name)
{
	struct sweep *s = arg;
	struct name_list *l = &s->names;
	if (!is_older(name, s->epoch))
		return;
	if (l->count == l->capacity) {
		l->capacity = mem_grow(l->capacity, l->count + 1);
		l->items = mem_resize(l->items, l->capacity, sizeof *l->items);
	}
	l->items[l->count++] = mem_copy(name, strlen(name));
}

int claim_files_clean(const struct files *io, const char *directory, uint64_t epoch, struct error *e)
{
	struct sweep old = {.epoch = epoch};
	int r = path_list(io, directory, sweep_look, &old, e);
	for (size_t i = 0; !r && i < old.names.count; i++) {
		char *path = file_path("%s/%s", directory, old.names.items[i]);
		r = path_remove(io, path, e);
		free(path);
	}
	name_list_release(&old.names);
	return r;
}
