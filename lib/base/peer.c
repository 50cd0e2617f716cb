#include "base/peer.h"

#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/pipe_readers.h"
#include "base/timestamp.h"
#include "base/units.h"

static const int64_t step_max = 5 * MILLISECOND;

/* An anonymous pipe lives in a file system of its own; a named FIFO in that of its name. */
static bool is_anonymous(int fd)
{
	struct statfs fs;
	return !fstatfs(fd, &fs) && fs.f_type == PIPEFS_MAGIC;
}

void peer_mark(int fd)
{
	struct stat st;
	/* A pipe of another user (after sudo) can't be marked; its writer finds us by name, or sends text, which we
	   read as well. */
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode) && !(st.st_mode & S_ISVTX) && is_anonymous(fd) &&
	    fchmod(fd, (st.st_mode & 07777) | S_ISVTX))
		return;
}

/* Whether all read ends are closed. */
static bool is_broken(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	return poll(&p, 1, 0) > 0 && p.revents & POLLERR;
}

static enum peer look(int fd, bool near)
{
	struct stat st;
	if (fstat(fd, &st))
		return PEER_FILE;
	if (!S_ISFIFO(st.st_mode))
		return S_ISCHR(st.st_mode) && isatty(fd) ? PEER_TERMINAL : PEER_FILE;
	if (st.st_mode & S_ISVTX || !is_anonymous(fd))
		return PEER_OURS;
	if (is_broken(fd))
		return PEER_FOREIGN;
	enum pipe_readers readers = pipe_readers_find(&st, near);
	/* It may have been marked while we looked around. */
	if (readers == READERS_OURS || (!fstat(fd, &st) && st.st_mode & S_ISVTX))
		return PEER_OURS;
	/* Somebody holds it, or it were broken: one whom we may not see, or who was forked meanwhile. */
	return readers == READERS_FOREIGN || readers == READERS_OTHERS ? PEER_FOREIGN : PEER_UNSETTLED;
}

enum peer peer_look(int fd)
{
	return look(fd, true);
}

/* The reader is nearly always near. If a shell there is all that was found so far, it may still be farther away. */
enum peer peer_wait(int fd, int64_t patience)
{
	int64_t begin = monotonic_now(), step = 200 * MICROSECOND;
	for (;;) {
		enum peer peer = look(fd, step < step_max);
		if (peer != PEER_UNSETTLED)
			return peer;
		int64_t left = patience - (monotonic_now() - begin);
		if (left <= 0)
			return PEER_FOREIGN;
		int64_t pause = step < left ? step : left;
		nanosleep(&(struct timespec){.tv_sec = pause / SECOND, .tv_nsec = pause % SECOND}, NULL);
		step = step * 3 / 2 < step_max ? step * 3 / 2 : step_max;
	}
}
