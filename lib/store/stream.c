#include "store/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "store/cursor.h"
#include "store/home.h"
#include "store/shard.h"

int stream_open(struct stream *s, const struct files *io, const char *name, struct error *e)
{
	*s = (struct stream){.io = io};
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
		r = catalog_load(&s->catalog, io, s->directory, e);
	s->name = mem_copy(name, strlen(name));
	if (r)
		stream_close(s);
	return r;
}

void stream_close(struct stream *s)
{
	catalog_release(&s->catalog);
	free(s->name);
	free(s->directory);
	*s = (struct stream){0};
}

/* Everything that a stream has, under a name that no stream can have. */
static int build(const struct files *io, const char *directory, const struct catalog *c, struct error *e)
{
	char *shards = file_path("%s/shards", directory);
	int r = path_mkdir(io, directory, e);
	if (r > 0)
		r = path_mkdirs(io, shards, e);
	for (size_t i = 0; r >= 0 && i < c->shard_count; i++)
		r = shard_create(io, directory, c->shards[i].id, 0, INT64_MIN, e);
	if (r >= 0)
		r = path_sync(io, shards, e);
	if (r >= 0)
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

static int create_at(const struct files *io, const char *path, const struct catalog *c, struct error *e)
{
	uint64_t mark;
	if (getrandom(&mark, sizeof mark, 0) != (ssize_t)sizeof mark)
		return error_errno(e, "no random number for a new stream");
	char *above = path_parent(path), *temporary = file_path("%s/+new-%016" PRIx64, above, mark);
	int r = path_mkdirs(io, above, e);
	if (!r)
		r = build(io, temporary, c, e);
	if (!r)
		r = publish(io, temporary, path, above, e);
	if (r <= 0)
		path_remove(io, temporary, NULL);
	free(temporary);
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
	if (r)
		r = r > 0 ? 0 : r;
	else
		r = create_at(io, path, c, e);
	free(path);
	return r;
}

int stream_extent(const struct stream *s, uint32_t shard, struct shard_extent *out, struct error *e)
{
	struct segment_list list = {0};
	struct cursor c;
	char *directory = shard_directory(s->directory, shard);
	*out = (struct shard_extent){0};
	int r = cursor_open(&c, s, shard, e);
	if (!r && !(r = cursor_end(&c, &out->next, e)))
		r = segment_list_read(&list, s->io, directory, e);
	for (size_t i = 0; !r && i < list.count; i++) {
		struct segment one;
		int64_t size = 0;
		r = segment_open(&one, s->io, directory, shard, list.bases[i], O_RDONLY, e);
		if (r > 0) {
			r = file_size(&one.file, &size, e);
			segment_close(&one);
		}
		out->bytes += (uint64_t)size;
	}
	out->first = list.count ? list.bases[0] : out->next;
	cursor_close(&c);
	segment_list_release(&list);
	free(directory);
	return r;
}
