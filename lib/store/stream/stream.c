#include "store/stream/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/catalog/home.h"
#include "store/shard/shard.h"

int stream_open(struct stream *s, const struct files *io, const char *name, struct error *e)
{
	*s = (struct stream){.io = io, .catalog_file = FILE_CLOSED};
	int r = home_stream(name, &s->directory, e);
	if (r)
		return r;
	/* The stream itself may be a link to another disk. */
	struct file f;
	char *inside = file_path("%s/.", s->directory);
	r = file_find(&f, io, inside, O_RDONLY | O_DIRECTORY, e);
	file_close(&f);
	free(inside);
	if (!r)
		r = home_unknown(io, name, e);
	else if (r < 0 && errno == ENOTDIR)
		r = error_set(e, ERR_USAGE, "%s is no stream: it is no directory", name);
	else if (r > 0)
		r = catalog_open(&s->catalog, &s->catalog_file, io, s->directory, e);
	s->name = mem_copy(name, strlen(name));
	if (r)
		stream_close(s);
	return r;
}

void stream_close(struct stream *s)
{
	if (s->directory)
		file_close(&s->catalog_file);
	catalog_release(&s->catalog);
	free(s->name);
	free(s->directory);
	*s = (struct stream){0};
}

int stream_current(const struct stream *s, struct error *e)
{
	return file_linked(&s->catalog_file, e);
}

/* Reads the catalog anew; it must be that of the same stream. */
static int load_again(const struct stream *s, struct catalog *c, struct file *f, struct error *e)
{
	int r = catalog_open(c, f, s->io, s->directory, e);
	if (r == ERR_USAGE && catalog_exists(s->io, s->directory, NULL) == 0)
		return error_set(e, ERR_FAILED, "the stream %s was removed", s->name);
	if (r)
		return r;
	if (strcmp(c->id, s->catalog.id)) {
		catalog_release(c);
		file_close(f);
		return error_set(e, ERR_FAILED, "the stream %s was removed, and another made in its place", s->name);
	}
	return OK;
}

int stream_check_there(const struct stream *s, struct error *e)
{
	struct catalog c;
	struct file f;
	int r = load_again(s, &c, &f, e);
	if (r)
		return r;
	catalog_release(&c);
	file_close(&f);
	return OK;
}

int stream_reload(struct stream *s, struct error *e)
{
	struct catalog c;
	struct file f;
	int r = load_again(s, &c, &f, e);
	if (r)
		return r;
	catalog_release(&s->catalog);
	file_close(&s->catalog_file);
	s->catalog = c;
	s->catalog_file = f;
	return OK;
}

/* Everything that a stream has, under a name that no stream can have. */
static int build(const struct files *io, const char *directory, const struct catalog *c, struct error *e)
{
	char *shards = file_path("%s/shards", directory);
	int r = path_mkdirs(io, shards, e);
	for (size_t i = 0; !r && i < c->shard_count; i++)
		r = shard_create(io, directory, c->shards[i].id, 0, timestamp_now(), e);
	if (!r)
		r = path_sync(io, shards, e);
	if (!r)
		r = catalog_save(c, io, directory, e);
	free(shards);
	return r;
}

/* Gives it its name: 1, or 0 if somebody else was faster. */
static int publish(const struct files *io, const char *temporary, const char *path, const char *above, struct error *e)
{
	int r = path_rename(io, temporary, path, e);
	if (!r)
		return path_sync(io, above, e) ? e->code : 1;
	struct error ignored;
	bool taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
	if (catalog_exists(io, path, &ignored) > 0)
		return 0;
	return taken ? error_set(e, ERR_USAGE, "%s is no stream, and something else is in its place", path) : r;
}

struct nursery {
	const struct files *io;
	const char *above;
};

/* A stream under construction is locked: one that is not belongs to a creator that died. */
static void remove_orphan(void *arg, const char *name)
{
	const struct nursery *n = arg;
	struct file f;
	if (strncmp(name, "+new-", 5))
		return;
	char *path = file_path("%s/%s", n->above, name);
	if (file_find(&f, n->io, path, O_RDONLY | O_DIRECTORY, NULL) > 0 && file_try_lock(&f, NULL) > 0)
		path_remove(n->io, path, NULL);
	file_close(&f);
	free(path);
}

/*
 * Makes an empty directory in `above` and locks it; what dead creators left there is removed. The lock of `above` covers
 * the moment in which it is there and not yet locked. Where directories cannot be locked, nothing can be told from
 * something that is being made: all is left alone.
 */
static int begin(const struct files *io, const char *above, const char *path, struct file *lock, struct error *e)
{
	struct file home;
	bool locks = file_find(&home, io, above, O_RDONLY | O_DIRECTORY, NULL) > 0 && !file_lock(&home, NULL);
	struct nursery nursery = {io, above};
	if (locks)
		path_list(io, above, remove_orphan, &nursery, NULL);
	*lock = FILE_CLOSED;
	int r = path_mkdir(io, path, e);
	if (!r)
		r = error_set(e, ERR_FAILED, "%s is there already", path);
	if (r > 0 && locks)
		r = file_open(lock, io, path, O_RDONLY | O_DIRECTORY, e);
	if (r >= 0 && locks)
		r = file_lock(lock, e);
	file_close(&home);
	return r < 0 ? r : OK;
}

static int create_at(const struct files *io, const char *path, const struct catalog *c, struct error *e)
{
	uint64_t mark;
	struct file lock = FILE_CLOSED;
	if (getrandom(&mark, sizeof mark, 0) != (ssize_t)sizeof mark)
		return error_errno(e, "no random number for a new stream");
	char *above = path_parent(path), *temporary = file_path("%s/+new-%016" PRIx64, above, mark);
	int r = path_mkdirs(io, above, e);
	if (!r)
		r = begin(io, above, temporary, &lock, e);
	if (!r)
		r = build(io, temporary, c, e);
	if (!r)
		r = publish(io, temporary, path, above, e);
	if (r <= 0)
		path_remove(io, temporary, NULL);
	file_close(&lock);
	free(temporary);
	free(above);
	return r;
}

/* Whoever made it may have died before its name was durable, and its records are no safer than that. */
static int settle(const struct files *io, const char *path, struct error *e)
{
	char *above = path_parent(path);
	int r = path_settle(io, above, e);
	free(above);
	return r;
}

int stream_create(const struct files *io, const char *name, const struct catalog *c, struct error *e)
{
	char *path;
	if (c->key && (!*c->key || strpbrk(c->key, "\n\r")))
		return error_set(e, ERR_USAGE, "the key of a stream is one line of text");
	int r = home_stream(name, &path, e);
	if (!r)
		r = catalog_exists(io, path, e);
	if (r > 0)
		r = settle(io, path, e);
	else if (!r)
		r = create_at(io, path, c, e);
	free(path);
	return r;
}
