#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/fsck/fsck_private.h"

/* What lies in the directories of a stream. Leftovers of what was interrupted, and strangers, hurt nobody: they are
   notes. */

struct listing {
	struct fsck *f;
	struct shard_check *shard;
	const char *directory;
	const char *const *known;
};

/* `+NAME` is a file that was being written when its writer died (or is, just now). */
static bool is_leftover(struct listing *l, int64_t shard, const char *path, const char *name)
{
	if (*name != '+')
		return false;
	fsck_note(l->f, shard, path, "left over from something that was interrupted, unless it goes on just now");
	return true;
}

static bool is_known(const struct listing *l, const char *name)
{
	for (const char *const *known = l->known; *known; known++)
		if (!strcmp(*known, name))
			return true;
	return false;
}

static void look_at_stream_file(void *arg, const char *name)
{
	struct listing *l = arg;
	char *path = file_path("%s/%s", l->directory, name);
	if (!is_known(l, name) && !is_leftover(l, -1, path, name))
		fsck_note(l->f, -1, path, "does not belong here");
	free(path);
}

static void look_at_shard(void *arg, const char *name)
{
	struct listing *l = arg;
	char *path = file_path("%s/%s", l->directory, name), *end;
	unsigned long id = strtoul(name, &end, 10);
	if (!l->f->known ||
	    (*name >= '0' && *name <= '9' && !*end && id <= UINT32_MAX && catalog_shard(&l->f->catalog, (uint32_t)id)))
		;
	else if (!is_leftover(l, -1, path, name))
		fsck_note(l->f, -1, path, "is no shard of the catalog");
	free(path);
}

int fsck_stream_files(struct fsck *f, struct error *e)
{
	static const char *const known[] = {"catalog", "shards", "lock", "groups", "flows", "reserve", NULL};
	struct listing l = {.f = f, .directory = f->directory, .known = known};
	int r = path_list(f->io, l.directory, look_at_stream_file, &l, e);
	char *shards = file_path("%s/shards", f->directory);
	l.directory = shards;
	if (!r)
		r = path_list(f->io, shards, look_at_shard, &l, e);
	free(shards);
	return r;
}

static bool is_numbered(const char *name)
{
	size_t digits = strspn(name, "0123456789");
	const char *rest = name + digits;
	if (digits == 20 && *rest == '-' && strspn(rest + 1, "0123456789") == 20)
		rest += 21;
	return digits == 20 && (!strcmp(rest, ".seg") || !strcmp(rest, ".idx"));
}

static void look_at_shard_file(void *arg, const char *name)
{
	struct listing *l = arg;
	char *path = file_path("%s/%s", l->directory, name);
	if (!is_known(l, name) && !is_numbered(name) && !is_leftover(l, l->shard->id, path, name))
		fsck_note(l->f, l->shard->id, path, "does not belong here");
	free(path);
}

static void count_aside(void *arg, const char *name)
{
	(void)name;
	++*(uint64_t *)arg;
}

int fsck_shard_files(struct shard_check *c, struct error *e)
{
	static const char *const known[] = {"lock", "sync", "head", "news", "low", "lost", "aside", "tidy", NULL};
	struct listing l = {.f = c->f, .shard = c, .directory = c->directory, .known = known};
	int r = path_list(c->f->io, c->directory, look_at_shard_file, &l, e);
	uint64_t aside = 0;
	char *path = file_path("%s/aside", c->directory);
	if (!r && !path_list(c->f->io, path, count_aside, &aside, NULL) && aside)
		fsck_note(c->f, c->id, path, "%llu %s set aside", (unsigned long long)aside,
			  aside == 1 ? "file was" : "files were");
	free(path);
	path = file_path("%s/lost", c->directory);
	size_t damaged = c->lost.damaged;
	bool repair = c->f->options->repair;
	if (!r && damaged && repair)
		r = fsck_repair_lost(c, e);
	if (!r && damaged)
		fsck_fault(c->f, c->id, path, repair ? "taken out" : NULL, "%zu of its lines %s damaged", damaged,
			   damaged == 1 ? "is" : "are");
	free(path);
	return r;
}
