#include "tail/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/units.h"
#include "codec/hash.h"

int64_t mark_born(int fd)
{
	struct statx st;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) || !(st.stx_mask & STATX_BTIME))
		return 0;
	return st.stx_btime.tv_sec * SECOND + st.stx_btime.tv_nsec;
}

struct mark mark_of(int fd, const struct stat *st)
{
	return (struct mark){
		.device = (uint64_t)st->st_dev,
		.inode = (uint64_t)st->st_ino,
		.born = mark_born(fd),
		.hash = hash64("", 0),
	};
}

int64_t mark_read(int fd, void *p, size_t len, int64_t at, struct error *e)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = pread(fd, (char *)p + done, len - done, at + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "cannot read");
		if (!n)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

int mark_take(struct mark *m, int fd, int64_t size, struct error *e)
{
	char head[MARK_BYTES];
	int64_t n = mark_read(fd, head, size < MARK_BYTES ? (size_t)size : MARK_BYTES, 0, e);
	if (n < 0)
		return (int)n;
	m->len = (uint32_t)n;
	m->hash = hash64(head, (size_t)n);
	return OK;
}

int mark_holds(const struct mark *m, int fd, struct error *e)
{
	char head[MARK_BYTES];
	int64_t n = mark_read(fd, head, m->len, 0, e);
	return n < 0 ? (int)n : n == m->len && hash64(head, (size_t)n) == m->hash;
}
