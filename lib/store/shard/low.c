#include "store/shard/low.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/hash.h"
#include "store/catalog/reserve.h"

static int write_mark(const struct low *l, char text[80])
{
	int len = snprintf(text, 80, "low %" PRIu64 " %" PRIu64, l->seq, l->tier);
	return len + snprintf(text + len, 80 - (size_t)len, " %016" PRIx64 "\n", hash64(text, (size_t)len));
}

int low_read(struct low *l, const struct files *io, const char *directory, struct error *e)
{
	struct file f;
	char text[128], again[80];
	char *path = file_path("%s/low", directory);
	*l = (struct low){0};
	int r = file_find(&f, io, path, O_RDONLY, e);
	free(path);
	if (r <= 0)
		return r;
	ssize_t n = file_read(&f, text, sizeof text - 1, 0, e);
	file_close(&f);
	if (n < 0)
		return (int)n;
	text[n] = 0;
	if (sscanf(text, "low %" SCNu64 " %" SCNu64, &l->seq, &l->tier) != 2 || write_mark(l, again) != n ||
	    strcmp(text, again))
		*l = (struct low){.damaged = true};
	return OK;
}

int low_write(const struct low *l, const struct files *io, const char *directory, struct error *e)
{
	char text[80];
	int len = write_mark(l, text);
	return reserve_replace(io, directory, "low", text, (size_t)len, e);
}
