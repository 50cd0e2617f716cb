#include "base/pipe_readers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_SIZE = 256, FDS_MAX = 8, FAMILY_MAX = 32 };

/* What one process holds of the pipe. */
struct holder {
	int proc;         /* its directory in /proc */
	int fds[FDS_MAX]; /* read ends of our pipe (more than a few nobody has) */
	int count;
	int other_pipes; /* read ends of other pipes */
};

/* Reads a small file under dir, with a NUL behind it. The length, or -1. */
static ssize_t read_small(int dir, const char *path, char *out, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, out, size - 1);
	close(fd);
	if (n >= 0)
		out[n] = 0;
	return n;
}

static bool word_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = {"sh",   "bash",   "dash", "zsh",  "ksh",   "ksh93", "mksh",
					     "lksh", "ash",    "yash", "fish", "rbash", "posh",  "csh",
					     "tcsh", "elvish", "nu",   "osh",  NULL};
	return word_in(name, shells);
}

/* Programs that become another one, or start one and leave their input to it. */
static bool is_wrapper(const char *name)
{
	static const char *const wrappers[] = {
		"env",      "nice",    "ionice",   "time",      "timeout",  "nohup",   "stdbuf",    "strace",
		"ltrace",   "sudo",    "doas",     "su",        "runuser",  "setpriv", "pkexec",    "systemd-run",
		"setsid",   "chroot",  "chrt",     "taskset",   "numactl",  "unshare", "nsenter",   "flock",
		"setarch",  "linux32", "linux64",  "prlimit",   "choom",    "perf",    "catchsegv", "bwrap",
		"firejail", "cgexec",  "faketime", "eatmydata", "fakeroot", "gdb",     "rr",        NULL};
	return word_in(name, wrappers);
}

/* The name of the program that runs: of its file, which a script does not hide behind its own name. */
static void program_name(int proc, char name[NAME_SIZE])
{
	char path[4096];
	ssize_t n = readlinkat(proc, "exe", path, sizeof path - 1);
	const char *base = "";
	if (n > 0) {
		path[n] = 0;
		char *deleted = strstr(path, " (deleted)");
		if (deleted)
			*deleted = 0;
		base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	}
	if (*base && strcmp(base, "busybox") && strcmp(base, "toybox")) {
		snprintf(name, NAME_SIZE, "%.*s", NAME_SIZE - 1, base);
		return;
	}
	/* one file with many programs in it, or nothing that we may see */
	n = read_small(proc, "comm", name, NAME_SIZE);
	if (n <= 0)
		name[0] = 0;
	else if (name[n - 1] == '\n')
		name[n - 1] = 0;
}

/* What a process waits in. */
enum wait {
	WAIT_ELSEWHERE, /* or it runs */
	WAIT_READ,      /* a read of our pipe */
	WAIT_POLL,      /* a poll, of what it does not tell */
};

static bool is_read(long call)
{
	return call == SYS_read || call == SYS_readv || call == SYS_splice || call == SYS_tee;
}

static bool is_poll(long call)
{
	static const long polls[] = {
#ifdef SYS_poll
		SYS_poll,
#endif
#ifdef SYS_select
		SYS_select,
#endif
#ifdef SYS_epoll_wait
		SYS_epoll_wait,
#endif
		SYS_ppoll,      SYS_pselect6, SYS_epoll_pwait,
	};
	for (size_t i = 0; i < sizeof polls / sizeof *polls; i++)
		if (call == polls[i])
			return true;
	return false;
}

/* By the kernel's function: it says of which pipe if there is only one. */
static enum wait wait_by_function(const struct holder *h)
{
	char name[NAME_SIZE];
	if (read_small(h->proc, "wchan", name, sizeof name) <= 0)
		return WAIT_ELSEWHERE;
	if (strstr(name, "pipe_read"))
		return h->other_pipes ? WAIT_POLL : WAIT_READ;
	return strstr(name, "poll") || strstr(name, "do_select") ? WAIT_POLL : WAIT_ELSEWHERE;
}

/* /proc/PID/syscall has the number and, in hex, the arguments of the system call it is in; we may not always read it. */
static enum wait waits_in(const struct holder *h)
{
	char text[NAME_SIZE], *end;
	if (read_small(h->proc, "syscall", text, sizeof text) <= 0)
		return wait_by_function(h);
	long call = strtol(text, &end, 10);
	if (end == text || !is_read(call))
		return end != text && is_poll(call) ? WAIT_POLL : WAIT_ELSEWHERE;
	unsigned long fd = strtoul(end, NULL, 16);
	for (int i = 0; i < h->count; i++)
		if (fd == (unsigned long)h->fds[i])
			return WAIT_READ;
	return WAIT_ELSEWHERE;
}

/* A command of ours may mark the pipe if it owns it or is root. */
static bool can_mark(const struct holder *h, const struct stat *pipe)
{
	struct stat process;
	return fstat(h->proc, &process) || process.st_uid == 0 || process.st_uid == pipe->st_uid;
}

static enum pipe_readers judge(const struct holder *h, const struct stat *pipe)
{
	char name[NAME_SIZE];
	program_name(h->proc, name);
	if (!strncmp(name, "stream-", 7))
		return can_mark(h, pipe) ? READERS_WAITING : READERS_OURS;
	if (is_shell(name))
		return waits_in(h) == WAIT_READ ? READERS_FOREIGN : READERS_WAITING;
	/* no name: it has ended since, or is just being replaced */
	if (!*name || is_wrapper(name))
		return READERS_WAITING;
	return waits_in(h) == WAIT_ELSEWHERE ? READERS_OTHERS : READERS_FOREIGN;
}

/* Notes fd `name` of directory `fds` if it is the read end of a pipe: the mode of the link says how it was opened. */
static void look_at_fd(struct holder *h, int fds, const char *name, const char *wanted)
{
	char target[64];
	ssize_t n = readlinkat(fds, name, target, sizeof target - 1);
	if (n < 0)
		return;
	target[n] = 0;
	bool ours = !strcmp(target, wanted);
	if (!ours && strncmp(target, "pipe:", 5))
		return;
	struct stat link;
	if (fstatat(fds, name, &link, AT_SYMLINK_NOFOLLOW) || !(link.st_mode & S_IRUSR))
		return;
	if (!ours)
		h->other_pipes++;
	else if (h->count < FDS_MAX)
		h->fds[h->count++] = atoi(name);
}

/* Whether it is still there: a child that inherited our pipe may have lost it by becoming another program. */
static bool still_holds(const struct holder *h, int fds, const char *wanted)
{
	for (int i = 0; i < h->count; i++) {
		char name[16], target[64];
		snprintf(name, sizeof name, "%d", h->fds[i]);
		ssize_t n = readlinkat(fds, name, target, sizeof target - 1);
		if (n == (ssize_t)strlen(wanted) && !memcmp(target, wanted, (size_t)n))
			return true;
	}
	return false;
}

static enum pipe_readers look_at_process(int proc, const struct stat *pipe, const char *wanted)
{
	struct holder h = {.proc = proc};
	int fds = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fds < 0 ? NULL : fdopendir(fds);
	if (!d) {
		if (fds >= 0)
			close(fds);
		return READERS_UNSEEN;
	}
	for (struct dirent *entry; (entry = readdir(d));)
		if (entry->d_name[0] != '.')
			look_at_fd(&h, fds, entry->d_name, wanted);
	enum pipe_readers found = h.count ? judge(&h, pipe) : READERS_UNSEEN;
	if ((found == READERS_FOREIGN || found == READERS_OTHERS) && !still_holds(&h, fds, wanted))
		found = READERS_UNSEEN;
	closedir(d);
	return found;
}

static enum pipe_readers look_at_pid(int root, const char *pid, const struct stat *pipe, const char *wanted)
{
	int proc = openat(root, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return READERS_UNSEEN;
	enum pipe_readers found = look_at_process(proc, pipe, wanted);
	close(proc);
	return found;
}

static enum pipe_readers stronger(enum pipe_readers a, enum pipe_readers b)
{
	return a > b ? a : b;
}

/* A process and what descends from it, as long as *budget processes last; then it is as if nobody was seen. */
static enum pipe_readers look_at_family(int root, const char *pid, int *budget, const struct stat *pipe,
					const char *wanted)
{
	char path[64], children[1024], *rest;
	if ((*budget)-- <= 0)
		return READERS_UNSEEN;
	enum pipe_readers found = atoi(pid) == getpid() ? READERS_UNSEEN : look_at_pid(root, pid, pipe, wanted);
	snprintf(path, sizeof path, "%.16s/task/%.16s/children", pid, pid);
	if (found == READERS_FOREIGN || read_small(root, path, children, sizeof children) <= 0)
		return found;
	for (char *child = strtok_r(children, " ", &rest); child; child = strtok_r(NULL, " ", &rest))
		if (found != READERS_FOREIGN)
			found = stronger(found, look_at_family(root, child, budget, pipe, wanted));
	return *budget < 0 ? READERS_UNSEEN : found;
}

/* The processes of our session, or all others. */
static enum pipe_readers look_at_all(DIR *d, bool same_session, const struct stat *pipe, const char *wanted)
{
	enum pipe_readers found = READERS_UNSEEN;
	pid_t self = getpid(), session = getsid(0);
	rewinddir(d);
	for (struct dirent *entry; found != READERS_FOREIGN && (entry = readdir(d));) {
		pid_t pid = atoi(entry->d_name);
		if (pid > 0 && pid != self && (getsid(pid) == session) == same_session)
			found = stronger(found, look_at_pid(dirfd(d), entry->d_name, pipe, wanted));
	}
	return found;
}

enum pipe_readers pipe_readers_find(const struct stat *pipe, bool near)
{
	char wanted[64], parent[16];
	int budget = FAMILY_MAX;
	enum pipe_readers found = READERS_UNSEEN;
	snprintf(wanted, sizeof wanted, "pipe:[%ju]", (uintmax_t)pipe->st_ino);
	snprintf(parent, sizeof parent, "%d", (int)getppid());
	DIR *d = opendir("/proc");
	if (!d)
		return READERS_UNSEEN;
	if (near && getppid() > 1)
		found = look_at_family(dirfd(d), parent, &budget, pipe, wanted);
	if (found == READERS_UNSEEN)
		found = look_at_all(d, true, pipe, wanted);
	if (found == READERS_UNSEEN)
		found = look_at_all(d, false, pipe, wanted);
	closedir(d);
	return found;
}
