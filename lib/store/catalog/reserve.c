#include "store/catalog/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/catalog.h"

enum { DEPTH = 4 }; /* groups/NAME/SLOT lies three below */

static int open_reserve(struct file *f, const struct files *io, const char *stream, int flags)
{
	char *path = file_path("%s/reserve", stream);
	int r = file_find(f, io, path, flags, NULL);
	free(path);
	return r;
}

void reserve_fill(const struct files *io, const char *stream)
{
	static const char zeros[4096];
	struct file f;
	int64_t size = 0;
	if (open_reserve(&f, io, stream, O_RDWR | O_CREAT) > 0 && !file_size(&f, &size, NULL))
		while (size < RESERVE_SIZE && !file_write(&f, zeros, sizeof zeros, size, NULL))
			size += (int64_t)sizeof zeros;
	file_close(&f);
}

/* Frees a piece. False: there is nothing left. */
static bool spend(const struct files *io, const char *stream)
{
	struct file f;
	int64_t size = 0;
	bool freed = open_reserve(&f, io, stream, O_RDWR) > 0 && !file_size(&f, &size, NULL) && size > 0 &&
		     !file_truncate(&f, size > RESERVE_PIECE ? size - RESERVE_PIECE : 0, NULL);
	file_close(&f);
	return freed;
}

/* The stream's directory, from one that lies in it; malloced. NULL: none is near. */
static char *find_stream(const struct files *io, const char *directory)
{
	char *at = mem_copy(directory, strlen(directory));
	for (int i = 0; i < DEPTH; i++) {
		if (catalog_exists(io, at, NULL) > 0)
			return at;
		char *above = path_parent(at);
		free(at);
		at = above;
	}
	free(at);
	return NULL;
}

static bool is_full(void)
{
	return errno == ENOSPC || errno == EDQUOT;
}

int reserve_replace(const struct files *io, const char *directory, const char *name, const void *p, size_t len,
		    struct error *e)
{
	int r = file_replace(io, directory, name, p, len, e);
	if (!r || !is_full())
		return r;
	char *stream = find_stream(io, directory);
	while (r && stream && is_full() && spend(io, stream))
		r = file_replace(io, directory, name, p, len, e);
	if (stream)
		reserve_fill(io, stream);
	free(stream);
	return r;
}
