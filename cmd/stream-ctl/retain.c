/* retain: changes how long records are kept, or how many, or where they go then; and takes away what is too much now. */
#include <stdlib.h>

#include "base/mem.h"
#include "ctl.h"
#include "store/upkeep/retain.h"
#include "store/upkeep/tier.h"

/* The tier of a catalog, from what was asked for: a directory that is there, or `none`. */
int ctl_tier(const char *text, char **tier, struct error *e)
{
	free(*tier);
	*tier = NULL;
	if (!strcmp(text, "none"))
		return 0;
	char *path = realpath(text, NULL);
	if (!path || strpbrk(path, "\n\r")) {
		free(path);
		return error_errno(e, "the tier %s cannot be used; make the directory, or mount its disk", text);
	}
	*tier = path;
	return 0;
}

/* A tier that has records of the stream may be given up, or be somewhere else now, with them. */
static int check_move(const struct stream *s, const char *before, struct error *e)
{
	const char *now = s->catalog.tier;
	if (!before || !now || !strcmp(before, now))
		return 0;
	char *from = file_path("%s/%s", before, s->catalog.id), *to = file_path("%s/%s", now, s->catalog.id);
	struct file old, new;
	int had = file_find(&old, s->io, from, 0, NULL), has = file_find(&new, s->io, to, 0, NULL);
	file_close(&old);
	file_close(&new);
	int r = had > 0 && has <= 0
			? error_set(e, ERR_USAGE, "records of %s are in %s: move that to %s first", s->name, from, to)
			: 0;
	free(from);
	free(to);
	return r;
}

static int change(struct ctl *c, struct stream *s, struct error *e)
{
	struct file lock;
	int r = catalog_lock(&lock, s->io, s->directory, e);
	if (!r)
		r = stream_reload(s, e);
	char *before = s->catalog.tier ? mem_copy(s->catalog.tier, strlen(s->catalog.tier)) : NULL;
	if (c->retention >= 0)
		s->catalog.retention = c->retention;
	if (c->max_size >= 0)
		s->catalog.max_size = c->max_size;
	if (!r && c->tier)
		r = ctl_tier(c->tier, &s->catalog.tier, e);
	if (!r)
		r = check_move(s, before, e);
	if (!r)
		r = catalog_save(&s->catalog, s->io, s->directory, e);
	file_close(&lock);
	free(before);
	return r;
}

static void tell(struct ctl *c, uint32_t shard, const struct retained *one)
{
	struct field row[] = {
		{"shard", value_int(shard)},
		{"segments", value_int((int64_t)one->segments)},
		{"bytes", value_int((int64_t)one->bytes)},
		{"first", value_int((int64_t)one->first)},
	};
	batch_add_row(&c->records, row, sizeof row / sizeof *row);
}

int ctl_retain(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	struct tidy_options options = {.wait = true};
	int r = ctl_open(o, &s, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r && (c->retention >= 0 || c->max_size >= 0 || c->tier))
		r = change(c, &s, e);
	if (!r) {
		struct retained *out = mem_array(s.catalog.shard_count, sizeof *out);
		r = retain(&s, &options, out, e);
		for (size_t i = 0; !r && i < s.catalog.shard_count; i++)
			tell(c, s.catalog.shards[i].id, &out[i]);
		free(out);
	}
	stream_close(&s);
	return r;
}
