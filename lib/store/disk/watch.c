#include "store/disk/watch.h"

#include <sys/inotify.h>
#include <unistd.h>

static void refuse(struct watch *w)
{
	error_errno(&w->why, "no notice of new records is to be had, so they are looked for every 50 ms");
	watch_close(w);
}

void watch_open(struct watch *w, const struct files *io)
{
	*w = (struct watch){.io = io, .fd = io->notify(io)};
	if (w->fd < 0)
		refuse(w);
}

void watch_close(struct watch *w)
{
	if (w->fd >= 0)
		w->io->close(w->io, w->fd);
	w->fd = -1;
}

static void add(struct watch *w, const char *path, uint32_t mask)
{
	if (w->fd >= 0 && w->io->watch(w->io, w->fd, path, mask) < 0)
		refuse(w);
}

void watch_add(struct watch *w, const char *path)
{
	add(w, path, IN_MODIFY);
}

void watch_add_stream(struct watch *w, const char *directory)
{
	add(w, directory, IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF);
}

bool watch_fired(struct watch *w)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool fired = w->fd < 0;
	ssize_t n = 0;
	/* A read that leaves so much room has taken all. */
	for (bool more = w->fd >= 0; more; more = n > (ssize_t)sizeof events / 2) {
		n = read(w->fd, events, sizeof events);
		fired |= n > 0;
	}
	return fired;
}
