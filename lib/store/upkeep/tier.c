#include "store/upkeep/tier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/read/parts.h"
#include "store/shard/shard.h"
#include "store/upkeep/rewrite.h"

enum { TIER_LEVEL = 9, PIECE = 1 << 20 };

static bool is_directory(const struct files *io, const char *path)
{
	int fd = io->open(io, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd >= 0)
		io->close(io, fd);
	return fd >= 0;
}

int tier_check(const struct stream *s, uint32_t shard, bool used, struct error *e)
{
	const char *tier = s->catalog.tier;
	char *directory = tier_directory(tier, &s->catalog, shard);
	int r = OK;
	if (!is_directory(s->io, tier))
		r = error_errno(e, "the tier %s cannot be used, and nothing of shard %u was moved or deleted", tier,
				shard);
	else if (used && !is_directory(s->io, directory))
		r = error_errno(
			e, "%s, where older records of shard %u went, cannot be used; nothing was moved or deleted",
			directory, shard);
	if (!r)
		r = path_mkdirs(s->io, directory, e);
	free(directory);
	return r;
}

/* Copies, or compares. Returns 1, or 0 if they differ or it was told to stop. */
static int go_through(const struct file *from, const struct file *to, bool compare, const struct tidy_options *o,
		      struct error *e)
{
	char *a = mem_alloc(PIECE), *b = mem_alloc(PIECE);
	int r = 1;
	ssize_t n = PIECE;
	for (int64_t at = 0; r > 0 && n == PIECE; at += n) {
		n = file_read(from, a, PIECE, at, e);
		if (n < 0)
			r = (int)n;
		else if (tidy_stopped(o))
			r = 0;
		else if (!compare)
			r = file_write(to, a, (size_t)n, at, e) ? e->code : 1;
		else if ((r = (int)file_read(to, b, PIECE, at, e)) >= 0)
			r = r == n && !memcmp(a, b, (size_t)n);
	}
	free(a);
	free(b);
	return r;
}

static int copy_as_it_is(const struct files *io, const char *from, const char *to, uint32_t shard, uint64_t base,
			 uint64_t own, uint64_t until, const struct tidy_options *o, struct error *e)
{
	struct segment source, copy = {.base = base, .own = until};
	int r = segment_open_bounded(&source, io, from, shard, base, own, O_RDONLY, e);
	if (r <= 0)
		return r;
	r = segment_draft(&copy, io, to, REWRITE_DRAFT ".seg", shard, e) ? e->code : 1;
	if (r > 0)
		r = go_through(&source.file, &copy.file, false, o, e);
	if (r > 0)
		r = file_sync(&copy.file, e) ? e->code : go_through(&source.file, &copy.file, true, o, e);
	if (!r && !tidy_stopped(o))
		r = error_set(e, ERR_FAILED, "%s reads back wrong; nothing was deleted", copy.file.path);
	if (r > 0)
		r = segment_publish(&copy, to, e) ? e->code : 1;
	segment_close(&copy);
	segment_close(&source);
	return r;
}

/* What was copied before, and then rewritten and copied once more because somebody died in between. */
static int remove_superseded(const struct files *io, const char *directory, struct error *e)
{
	struct segment_list l = {0};
	int r = segment_list_read(&l, io, directory, e);
	for (size_t i = 0; !r && i < l.old_count; i++)
		r = segment_remove(io, directory, l.bases[l.count + i], l.owns[l.count + i], e);
	segment_list_release(&l);
	return r;
}

int tier_keep(const struct stream *s, uint32_t shard, const struct segment_list *l, size_t i,
	      const struct tidy_options *o, struct error *e)
{
	char *from = shard_directory(s->directory, shard), *to = tier_directory(s->catalog.tier, &s->catalog, shard);
	struct rewrite w = {.io = s->io, .options = o, .shard = shard, .from = from, .to = to, .zstd = TIER_LEVEL};
	int r = rewrite_segments(&w, l, i, 1, e);
	if (!r && !tidy_stopped(o))
		r = copy_as_it_is(s->io, from, to, shard, l->bases[i], l->owns[i], segment_list_until(l, i), o, e);
	if (r > 0 && remove_superseded(s->io, to, e))
		r = e->code;
	free(from);
	free(to);
	return r;
}
