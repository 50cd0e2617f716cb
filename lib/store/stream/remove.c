#include "store/stream/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "store/shard/shard.h"

/* -- who reads it: a run of a slot holds the lock of groups/NAME/SLOT/EPOCH.run -- */

struct search {
	const struct files *io;
	const char *path;
	int depth;
	char *held; /* the first that is locked */
};

static void look_for_run(void *arg, const char *name)
{
	struct search *s = arg;
	size_t len = strlen(name);
	struct file f;
	if (s->held)
		return;
	char *path = file_path("%s/%s", s->path, name);
	if (s->depth < 2) {
		struct search below = {s->io, path, s->depth + 1, NULL};
		path_list(s->io, path, look_for_run, &below, NULL);
		s->held = below.held;
	} else if (len > 4 && !strcmp(name + len - 4, ".run") && file_find(&f, s->io, path, O_RDONLY, NULL) > 0) {
		if (!file_try_lock(&f, NULL))
			s->held = mem_copy(s->path, strlen(s->path));
		file_close(&f);
	}
	free(path);
}

static int check_readers(const struct stream *s, struct error *e)
{
	char *groups = file_path("%s/groups", s->directory);
	struct search search = {.io = s->io, .path = groups};
	path_list(s->io, groups, look_for_run, &search, NULL);
	int r = OK;
	if (search.held)
		r = error_set(e, ERR_USAGE,
			      "a process reads %s as slot %s: end it first, or --force, and it ends by itself", s->name,
			      search.held + strlen(groups) + 1);
	free(search.held);
	free(groups);
	return r;
}

/* -- locks: whoever appends holds that of its shard -- */

static int lock_part(struct file *f, const struct stream *s, uint32_t shard, const char *name, struct error *e)
{
	char *directory = shard_directory(s->directory, shard), *path = file_path("%s/%s", directory, name);
	int r = file_find(f, s->io, path, O_RDONLY, e);
	if (r > 0)
		r = file_lock(f, e);
	free(path);
	free(directory);
	return r < 0 ? r : OK;
}

static int lock_shards(struct file *locks, const struct stream *s, struct error *e)
{
	int r = OK;
	for (size_t i = 0; i < 2 * s->catalog.shard_count; i++)
		locks[i] = FILE_CLOSED;
	for (size_t i = 0; !r && i < s->catalog.shard_count; i++) {
		r = lock_part(&locks[2 * i], s, s->catalog.shards[i].id, "sync", e);
		if (!r)
			r = lock_part(&locks[2 * i + 1], s, s->catalog.shards[i].id, "lock", e);
	}
	return r;
}

/* -- going -- */

static int is_link(const struct stream *s)
{
	struct file f;
	int r = file_find(&f, s->io, s->directory, O_RDONLY | O_DIRECTORY, NULL);
	bool link = r < 0 && (errno == ELOOP || errno == ENOTDIR);
	file_close(&f);
	return link;
}

struct graveyard {
	const struct files *io;
	const char *above;
	struct error *e;
	int result;
};

static void bury(void *arg, const char *name)
{
	struct graveyard *g = arg;
	struct error e;
	if (strncmp(name, "+gone-", 6))
		return;
	char *path = file_path("%s/%s", g->above, name);
	if (path_remove(g->io, path, &e)) {
		g->result = e.code;
		*g->e = e;
	}
	free(path);
}

static int rename_away(const struct stream *s, const char *above, struct error *e)
{
	uint64_t mark;
	if (getrandom(&mark, sizeof mark, 0) != (ssize_t)sizeof mark)
		return error_errno(e, "no random number for the removal");
	struct file *locks = mem_array(2 * s->catalog.shard_count, sizeof *locks);
	char *gone = file_path("%s/+gone-%016" PRIx64, above, mark);
	int r = lock_shards(locks, s, e);
	if (!r)
		r = path_rename(s->io, s->directory, gone, e);
	if (!r)
		r = path_sync(s->io, above, e);
	for (size_t i = 0; i < 2 * s->catalog.shard_count; i++)
		file_close(&locks[i]);
	free(gone);
	free(locks);
	return r;
}

int stream_remove(struct stream *s, bool force, struct error *e)
{
	struct file lock;
	if (is_link(s))
		return error_set(e, ERR_USAGE, "%s is a link: delete the stream where it lies, then the link",
				 s->directory);
	int r = catalog_lock(&lock, s->io, s->directory, e);
	if (r)
		return r;
	char *above = path_parent(s->directory);
	r = stream_reload(s, e);
	if (!r && !force)
		r = check_readers(s, e);
	if (!r)
		r = rename_away(s, above, e);
	file_close(&lock);
	if (!r) {
		struct error why;
		struct graveyard yard = {s->io, above, &why, OK};
		r = path_list(s->io, above, bury, &yard, &why);
		if (!r)
			r = yard.result;
		if (r)
			error_set(e, r, "%s is deleted, but not all of it could be removed: %s", s->name, why.text);
	}
	free(above);
	return r;
}
