#include "store/fsck/fsck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"
#include "store/fsck/fsck_private.h"

/* -- reporting -- */

void fsck_report(struct fsck *f, const struct finding *d)
{
	struct finding one = *d;
	size_t len = strlen(f->directory);
	if (one.file && !strncmp(one.file, f->directory, len) && one.file[len] == '/')
		one.file += len + 1;
	f->faults += one.fault;
	if (f->options->found)
		f->options->found(f->options->arg, &one);
}

static void report_whole(struct fsck *f, struct finding d, const char *format, va_list args)
{
	struct error text;
	vsnprintf(text.text, sizeof text.text, format, args);
	d.from = d.to = -1;
	d.problem = text.text;
	fsck_report(f, &d);
}

void fsck_note(struct fsck *f, int64_t shard, const char *file, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_whole(f, (struct finding){.shard = shard, .file = file}, format, args);
	va_end(args);
}

void fsck_fault(struct fsck *f, int64_t shard, const char *file, const char *repair, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_whole(f, (struct finding){.fault = true, .shard = shard, .file = file, .repair = repair}, format, args);
	va_end(args);
}

/* -- the shards -- */

/* Those of the catalog, or, if it tells nothing, those that are there. */
struct id_list {
	uint32_t *ids;
	size_t count;
};

static void add_id(void *arg, const char *name)
{
	struct id_list *l = arg;
	char *end;
	unsigned long id = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end || id > UINT32_MAX)
		return;
	l->ids = mem_resize(l->ids, l->count + 1, sizeof *l->ids);
	l->ids[l->count++] = (uint32_t)id;
}

static int list_shards(struct fsck *f, struct id_list *l, struct error *e)
{
	for (size_t i = 0; f->known && i < f->catalog.shard_count; i++) {
		l->ids = mem_resize(l->ids, l->count + 1, sizeof *l->ids);
		l->ids[l->count++] = f->catalog.shards[i].id;
	}
	if (f->known)
		return OK;
	char *shards = file_path("%s/shards", f->directory);
	int r = path_list(f->io, shards, add_id, l, e);
	free(shards);
	return r;
}

static int check_shards(struct fsck *f, struct error *e)
{
	struct id_list list = {0};
	int r = list_shards(f, &list, e);
	for (size_t i = 0; !r && i < list.count; i++)
		r = fsck_shard(f, list.ids[i], e);
	free(list.ids);
	return r;
}

/* -- the whole -- */

static int open_directory(struct fsck *f, const char *name, struct error *e)
{
	int r = home_stream(name, &f->directory, e);
	if (r)
		return r;
	struct file there;
	char *inside = file_path("%s/.", f->directory);
	r = file_find(&there, f->io, inside, O_RDONLY | O_DIRECTORY, e);
	file_close(&there);
	free(inside);
	if (!r)
		return home_unknown(f->io, name, e);
	if (r < 0 && errno == ENOTDIR)
		return error_set(e, ERR_USAGE, "%s is no stream: it is no directory", name);
	if (r > 0 && f->io->boot(f->io, f->boot))
		return error_errno(e, "the kernel does not tell its boot id");
	return r < 0 ? r : OK;
}

int fsck_stream(const struct files *io, const char *name, const struct fsck_options *o, uint64_t *faults,
		struct error *e)
{
	struct fsck f = {.io = io, .options = o};
	int r = open_directory(&f, name, e);
	if (!r)
		r = fsck_catalog(&f, e);
	if (!r)
		r = fsck_stream_files(&f, e);
	if (!r)
		r = fsck_flows(&f, e);
	if (!r)
		r = check_shards(&f, e);
	*faults = f.faults;
	if (f.known)
		catalog_release(&f.catalog);
	free(f.directory);
	return r;
}
