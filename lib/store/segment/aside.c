#include "store/segment/aside.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "store/disk/copy.h"

static uint32_t random_mark(void)
{
	uint32_t mark = 0;
	if (getrandom(&mark, sizeof mark, 0) < 0)
		mark = 0;
	return mark;
}

int aside_copy(const struct files *io, const char *directory, const struct segment *from, int64_t at, int64_t end,
	       bool holes, char **name, struct error *e)
{
	if (name)
		*name = NULL;
	if (at >= end)
		return OK;
	struct file to = FILE_CLOSED;
	char *aside = file_path("%s/aside", directory);
	char *own = file_path("%020" PRIu64 ".%" PRId64 ".%08" PRIx32, from->base, at, random_mark());
	char *path = file_path("%s/%s", aside, own);
	int r = path_mkdirs(io, aside, e);
	if (!r)
		r = file_open(&to, io, path, O_WRONLY | O_CREAT | O_EXCL, e);
	if (!r)
		r = file_copy(&from->file, &to, at, end, holes, e);
	if (!r)
		r = file_sync(&to, e);
	file_close(&to);
	if (!r)
		r = path_sync(io, aside, e);
	if (name && !r)
		*name = own;
	else
		free(own);
	free(path);
	free(aside);
	return r;
}

int aside_keep(const struct files *io, const char *directory, const char *file, struct error *e)
{
	struct file from, to = FILE_CLOSED;
	int64_t size = 0;
	char *old = file_path("%s/%s", directory, file), *aside = file_path("%s/aside", directory);
	char *path = file_path("%s/%s.%08" PRIx32, aside, file, random_mark());
	int r = file_find(&from, io, old, O_RDONLY, e);
	if (r > 0 && !(r = file_size(&from, &size, e)) && !(r = path_mkdirs(io, aside, e)))
		r = file_open(&to, io, path, O_WRONLY | O_CREAT | O_EXCL, e);
	if (!r && to.fd >= 0)
		r = file_copy(&from, &to, 0, size, true, e);
	if (!r && to.fd >= 0)
		r = file_sync(&to, e);
	file_close(&to);
	file_close(&from);
	if (!r)
		r = path_sync(io, aside, e);
	free(path);
	free(aside);
	free(old);
	return r;
}

int aside_move(const struct files *io, const char *directory, const char *file, char **name, struct error *e)
{
	char *aside = file_path("%s/aside", directory);
	char *own = file_path("%s.%08" PRIx32, file, random_mark());
	char *old = file_path("%s/%s", directory, file), *path = file_path("%s/%s", aside, own);
	int r = path_mkdirs(io, aside, e);
	if (!r)
		r = path_rename(io, old, path, e);
	if (!r)
		r = path_sync(io, aside, e);
	if (!r)
		r = path_sync(io, directory, e);
	*name = r ? NULL : own;
	if (r)
		free(own);
	free(old);
	free(path);
	free(aside);
	return r;
}
