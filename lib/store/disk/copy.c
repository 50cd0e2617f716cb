#include "store/disk/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { PIECE = 1 << 20, BLOCK = 4096 };

/* Up to the next multiple of `step`, or to `end`. */
static size_t piece_at(int64_t at, int64_t end, int64_t step)
{
	int64_t stop = (at / step + 1) * step;
	return (size_t)((stop < end ? stop : end) - at);
}

int file_copy(const struct file *from, const struct file *to, int64_t at, int64_t end, bool holes, struct error *e)
{
	char *piece = mem_alloc(PIECE);
	int64_t start = at, careful = at; /* below it block by block */
	int r = OK;
	while (!r && at < end) {
		size_t want = piece_at(at, end, at < careful ? BLOCK : PIECE);
		ssize_t n = file_read(from, piece, want, at, e);
		if (n < 0 && holes && file_is_unreadable(errno)) {
			if (at >= careful && want > BLOCK) {
				careful = at + (int64_t)want;
				continue;
			}
			memset(piece, 0, want);
			n = (ssize_t)want;
		}
		if (n <= 0) {
			r = (int)n;
			break;
		}
		r = file_write(to, piece, (size_t)n, at - start, e);
		at += n;
	}
	free(piece);
	return r;
}
