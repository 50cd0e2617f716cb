#include "store/upkeep/tidy.h"

#include <fcntl.h>
#include <stdlib.h>

#include "store/segment/segment.h"
#include "store/shard/low.h"
#include "store/shard/shard.h"
#include "store/upkeep/rewrite.h"

int tidy_lock(struct file *lock, const struct files *io, const char *directory, bool wait, struct error *e)
{
	char *path = file_path("%s/tidy", directory);
	int r = file_open(lock, io, path, O_RDWR | O_CREAT, e);
	free(path);
	if (r)
		return r;
	r = wait ? file_lock(lock, e) : file_try_lock(lock, e);
	if (wait && !r)
		r = 1;
	if (r <= 0)
		file_close(lock);
	return r;
}

static int remove_named(const struct files *io, const char *directory, const char *name, struct error *e)
{
	char *path = file_path("%s/%s", directory, name);
	int r = path_remove(io, path, e);
	free(path);
	return r;
}

int tidy_clean(const struct files *io, const char *directory, struct error *e)
{
	struct low low;
	struct segment_list list = {0};
	int r = remove_named(io, directory, REWRITE_DRAFT ".idx", e);
	if (!r)
		r = remove_named(io, directory, REWRITE_DRAFT ".seg", e);
	if (!r)
		r = low_read(&low, io, directory, e);
	if (!r)
		r = segment_list_read(&list, io, directory, e);
	/* Whoever wrote what makes them superfluous may have died before its name was durable. */
	if (!r && (list.old_count || (list.count && segment_list_until(&list, 0) <= low.seq)))
		r = path_sync(io, directory, e);
	for (size_t i = 0; !r && i < list.old_count; i++)
		r = segment_remove(io, directory, list.bases[list.count + i], list.owns[list.count + i], e);
	for (size_t i = 0; !r && i < list.count && segment_list_until(&list, i) <= low.seq; i++)
		r = segment_remove(io, directory, list.bases[i], list.owns[i], e);
	segment_list_release(&list);
	return r;
}

int tidy_roll(const struct stream *s, uint32_t shard, int64_t before, struct error *e)
{
	struct shard own;
	int r = shard_open(&own, s->io, s->directory, shard, e);
	if (!r)
		r = shard_roll(&own, before, e);
	shard_close(&own);
	return r;
}
