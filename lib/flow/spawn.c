#include "flow/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* In the child: never returns. The reason of a failure goes up the pipe `report`. */
static void become(char *const *argv, int in, int out, int report)
{
	char path[PATH_MAX];
	if (in >= 0)
		dup2(in, STDIN_FILENO);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	signals_restore();
	if (!argv[1] && strchr(argv[0], ' ')) {
		execl("/bin/sh", "sh", "-c", argv[0], (char *)NULL);
	} else {
		const char *own = beside(argv[0], path);
		if (own)
			execv(own, argv);
		execvp(argv[0], argv);
	}
	int reason = errno;
	ssize_t n = write(report, &reason, sizeof reason);
	(void)n;
	_exit(127);
}

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

int spawn_command(char *const *argv, int pipes, struct spawned *out, struct error *e)
{
	int in[2] = {-1, -1}, from[2] = {-1, -1}, report[2] = {-1, -1};
	int reason = 0;
	pid_t pid = -1;
	if (pipe2(report, O_CLOEXEC) || (pipes & SPAWN_INPUT && pipe2(in, O_CLOEXEC)) ||
	    (pipes & SPAWN_OUTPUT && pipe2(from, O_CLOEXEC)) || (pid = fork()) < 0) {
		error_errno(e, "cannot start %s", argv[0]);
		close_pair(in);
		close_pair(from);
		close_pair(report);
		return e->code;
	}
	if (!pid)
		become(argv, in[0], from[1], report[1]);
	close(report[1]);
	if (in[0] >= 0)
		close(in[0]);
	if (from[1] >= 0)
		close(from[1]);
	*out = (struct spawned){.pid = pid, .input = in[1], .output = from[0]};
	ssize_t n;
	do
		n = read(report[0], &reason, sizeof reason);
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n <= 0)
		return 0;
	int status;
	spawn_wait(pid, &status, e);
	if (out->input >= 0)
		close(out->input);
	if (out->output >= 0)
		close(out->output);
	return error_set(e, ERR_FAILED, "cannot start %s: %s", argv[0], strerror(reason));
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
