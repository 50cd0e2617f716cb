#include "run/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 64, STAT_ROOM = 512 };

bool process_look(pid_t pid, struct process *out)
{
	char path[PATH_ROOM], text[STAT_ROOM + 1];
	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, STAT_ROOM);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	/* `1234 (name) S 1 1234 …`, where the name may hold anything. */
	const char *behind = strrchr(text, ')');
	long parent, group;
	if (!behind || sscanf(behind + 1, " %c %ld %ld", &out->state, &parent, &group) != 3)
		return false;
	out->group = (pid_t)group;
	return true;
}

void process_each(pid_t group, void (*look)(void *self, pid_t pid), void *self)
{
	DIR *d = opendir("/proc");
	for (const struct dirent *entry; d && (entry = readdir(d));) {
		struct process p;
		pid_t pid = (pid_t)atol(entry->d_name);
		if (pid > 0 && process_look(pid, &p) && p.group == group && p.state != 'Z')
			look(self, pid);
	}
	if (d)
		closedir(d);
}

static void note(void *self, pid_t pid)
{
	(void)pid;
	*(bool *)self = true;
}

bool process_any(pid_t group)
{
	bool any = false;
	if (!kill(-group, 0))
		process_each(group, note, &any);
	return any;
}

static bool look_at_file(pid_t pid, const char *name, struct stat *out)
{
	char path[PATH_ROOM];
	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
	return !stat(path, out);
}

uint64_t process_input(pid_t pid)
{
	struct stat st;
	return look_at_file(pid, "fd/0", &st) && S_ISFIFO(st.st_mode) ? st.st_ino : 0;
}

bool process_same_program(pid_t a, pid_t b)
{
	struct stat x, y;
	return look_at_file(a, "exe", &x) && look_at_file(b, "exe", &y) && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}
