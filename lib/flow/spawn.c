#include "flow/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/peer.h"
#include "flow/signals.h"

/* The path of a command of ours beside the one that runs, if it is there. */
static const char *beside(const char *name, char path[PATH_MAX])
{
	if (strncmp(name, "stream", 6) || strchr(name, '/'))
		return NULL;
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	if (n <= 0)
		return NULL;
	path[n] = 0;
	char *slash = strrchr(path, '/');
	size_t room = slash ? (size_t)(path + PATH_MAX - slash - 1) : 0;
	if ((size_t)snprintf(slash ? slash + 1 : path, room, "%s", name) >= room)
		return NULL;
	return access(path, X_OK) ? NULL : path;
}

/* The ends of the pipes that the child gets, its standard streams by number, and the pipe on which it says why it
   failed. */
struct ends {
	int standard[3];
	int report;
};

/* A process that dies takes those with it that it leads; the kernel does not tell a child whose parent died before
   this. */
static void join_group(pid_t parent)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
}

/* In the child: never returns. The reason of a failure goes up the pipe. */
static void become(char *const *argv, const struct spawn_options *o, const struct ends *ends, pid_t parent)
{
	char path[PATH_MAX];
	for (int i = 0; i < 3; i++)
		if (ends->standard[i] >= 0)
			dup2(ends->standard[i], i);
	signals_restore();
	if (o->group)
		join_group(parent);
	for (const char *const *v = o->environment; v && *v; v++)
		putenv((char *)*v);
	if (!argv[1] && strchr(argv[0], ' ')) {
		execl("/bin/sh", "sh", "-c", argv[0], (char *)NULL);
	} else {
		const char *own = beside(argv[0], path);
		if (own)
			execv(own, argv);
		execvp(argv[0], argv);
	}
	int reason = errno;
	ssize_t n = write(ends->report, &reason, sizeof reason);
	(void)n;
	_exit(127);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Pipe i joins the child's standard stream i with us: input the other way round than the others. */
static int open_pipes(int pipes, struct ends *theirs, int ours[3])
{
	for (int i = 0; i < 3; i++) {
		int pair[2];
		if (!(pipes & 1 << i))
			continue;
		if (pipe2(pair, O_CLOEXEC))
			return -1;
		theirs->standard[i] = pair[i > 0];
		ours[i] = pair[!i];
		/* One of ours at the other end then writes frames to us. */
		if (i == 1)
			peer_mark(ours[i]);
	}
	return 0;
}

static void close_all(struct spawned *s)
{
	close_end(&s->input);
	close_end(&s->output);
	close_end(&s->errors);
	close_end(&s->report);
}

/* Waits until the child has become its command, or has ended. */
int spawn_reason(struct spawned *s)
{
	int reason = 0;
	ssize_t n;
	do
		n = read(s->report, &reason, sizeof reason);
	while (n < 0 && errno == EINTR);
	close_end(&s->report);
	return n > 0 ? reason : 0;
}

int spawn_soon(char *const *argv, const struct spawn_options *o, struct spawned *out, struct error *e)
{
	struct ends theirs = {{-1, -1, -1}, -1};
	int ours[3] = {-1, -1, -1}, report[2] = {-1, -1};
	pid_t pid = -1, parent = getpid();
	if (pipe2(report, O_CLOEXEC) || open_pipes(o->pipes, &theirs, ours) || (pid = fork()) < 0)
		error_errno(e, "cannot start %s", argv[0]);
	theirs.report = report[1];
	if (!pid) {
		if (theirs.standard[0] < 0)
			theirs.standard[0] = o->input;
		become(argv, o, &theirs, parent);
	}
	/* Both do it, for either may be first to need it. */
	if (pid > 0 && o->group)
		setpgid(pid, pid);
	close_end(&report[1]);
	for (int i = 0; i < 3; i++)
		close_end(&theirs.standard[i]);
	*out = (struct spawned){pid, ours[0], ours[1], ours[2], report[0]};
	if (pid > 0)
		return 0;
	close_all(out);
	return ERR_FAILED;
}

int spawn_with(char *const *argv, const struct spawn_options *o, struct spawned *out, struct error *e)
{
	int status, reason, r = spawn_soon(argv, o, out, e);
	if (r)
		return r;
	reason = spawn_reason(out);
	if (!reason)
		return 0;
	close_all(out);
	spawn_wait(out->pid, &status, e);
	return error_set(e, ERR_FAILED, "cannot start %s: %s", argv[0], strerror(reason));
}

int spawn_command(char *const *argv, int pipes, struct spawned *out, struct error *e)
{
	return spawn_with(argv, &(struct spawn_options){.pipes = pipes, .input = -1}, out, e);
}

int spawn_wait(pid_t pid, int *status, struct error *e)
{
	int raw;
	while (waitpid(pid, &raw, 0) < 0)
		if (errno != EINTR)
			return error_errno(e, "waiting for process %d", (int)pid);
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return 0;
}
