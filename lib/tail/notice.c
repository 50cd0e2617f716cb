#include "tail/notice.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

static void refuse(struct notice *n)
{
	error_errno(&n->why, "no notice of new lines is to be had, so they are looked for every 50 ms");
	notice_close(n);
}

void notice_open(struct notice *n)
{
	*n = (struct notice){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
	if (n->fd < 0)
		refuse(n);
}

void notice_close(struct notice *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

int notice_file(struct notice *n, int fd)
{
	char path[64];
	if (n->fd < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int watch = inotify_add_watch(n->fd, path, IN_MODIFY | IN_MASK_ADD);
	if (watch < 0)
		refuse(n);
	return watch;
}

int notice_directory(struct notice *n, const char *path)
{
	if (n->fd < 0)
		return -1;
	int watch = inotify_add_watch(n->fd, path,
				      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
					      IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD);
	if (watch < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
		refuse(n);
	return watch;
}

void notice_end(struct notice *n, int watch)
{
	if (n->fd >= 0 && watch >= 0)
		inotify_rm_watch(n->fd, watch);
}

void notice_read(struct notice *n, notice_each each, void *arg)
{
	char events[1 << 14] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;
	while (n->fd >= 0 && (got = read(n->fd, events, sizeof events)) > 0)
		for (const char *p = events; p < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)p;
			p += sizeof *event + event->len;
			if (event->mask & IN_MOVE_SELF)
				inotify_rm_watch(n->fd, event->wd);
			each(arg, event->mask & IN_Q_OVERFLOW ? -1 : event->wd, event->len ? event->name : NULL,
			     event->mask & (IN_IGNORED | IN_MOVE_SELF));
		}
}

bool notice_is_deaf(const char *directory)
{
	enum { CIFS = 0xff534d42, SMB2 = 0xfe534d42, FUSE = 0x65735546, CEPH = 0x00c36400 };
	struct statfs fs;
	if (statfs(directory, &fs))
		return false;
	switch ((unsigned long)fs.f_type & 0xffffffff) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case V9FS_MAGIC:
	case CODA_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case CIFS & 0xffffffff:
	case SMB2 & 0xffffffff:
	case FUSE:
	case CEPH: return true;
	}
	return false;
}
