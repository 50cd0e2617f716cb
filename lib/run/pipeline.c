#include "run/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "flow/spawn.h"
#include "flow/state_file.h"
#include "run/process.h"
#include "run/stages.h"

enum { GRACE_STEPS = 200, STEP_US = 50000 };

/*
 * What stands before the pipeline, on a line of its own so that a comment or a syntax error of the user's stays his. A signal must not
 * end the shell before its stages; its children have the default again. In sh there is no list of statuses.
 */
static const char bash_prologue[] = "trap : INT TERM; set -o pipefail; "
				    "trap 'echo \"${PIPESTATUS[@]}\" >\"$STREAM_RUN/statuses\"' EXIT\n";
static const char sh_prologue[] = "trap : INT TERM\n";

/* -- the keeper -- */

static void end_group(pid_t group, bool asked)
{
	/* Whom the user has asked twice is to end at once. */
	kill(-group, asked ? SIGKILL : SIGTERM);
	for (int i = 0; i < GRACE_STEPS && process_any(group); i++)
		usleep(STEP_US);
	kill(-group, SIGKILL);
}

/* A child of ours that holds nothing but the pipe; what comes through it: `s`, the user has asked to stop; `q`, all is well. */
static void keep(pid_t group, int pipe)
{
	char word;
	bool asked = false;
	setpgid(0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	dup2(pipe, 0);
	syscall(SYS_close_range, 1U, ~0U, 0U);
	for (;;) {
		ssize_t n = read(0, &word, 1);
		if (n > 0 && word == 'q')
			_exit(0);
		if (n > 0)
			asked = true;
		else if (!n || errno != EINTR)
			break;
	}
	end_group(group, asked);
	_exit(0);
}

static int start_keeper(struct pipeline *p, struct error *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return error_errno(e, "pipe");
	p->keeper = fork();
	if (!p->keeper) {
		close(ends[1]);
		keep(p->shell, ends[0]);
	}
	close(ends[0]);
	p->keeper_pipe = ends[1];
	return p->keeper < 0 ? error_errno(e, "cannot start the keeper of the pipeline") : 0;
}

static void tell_keeper(const struct pipeline *p, char word)
{
	ssize_t n = p->keeper_pipe >= 0 ? write(p->keeper_pipe, &word, 1) : 0;
	(void)n;
}

/* -- starting -- */

/* The commands of the build that we are of come first. */
static char *search_path(void)
{
	char self[PATH_MAX];
	const char *path = getenv("PATH");
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	return state_path("PATH=%s%s%s", self, path ? ":" : "", path ? path : "");
}

static int start_shell(struct pipeline *p, const char *shell, const char *prologue, const char *text,
		       const struct spawn_options *o, struct error *e)
{
	struct spawned s;
	struct buf script = BUF_INIT;
	buf_string_append(&script, prologue);
	buf_string_append(&script, text);
	buf_string(&script);
	/* (Its name is what it calls itself in its messages.) */
	const char *argv[] = {shell, "-c", script.data, "stream-run", NULL};
	int r = spawn_with((char *const *)(uintptr_t)argv, o, &s, e);
	p->shell = r ? 0 : s.pid;
	buf_release(&script);
	return r;
}

static bool is_there(const char *program)
{
	char *path = getenv("PATH");
	for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
		size_t len = strcspn(at, ":");
		char *file = state_path("%.*s/%s", (int)len, at, program);
		bool found = !access(file, X_OK);
		free(file);
		if (found)
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

int pipeline_start(struct pipeline *p, const char *text, const char *directory, int input, struct error *e)
{
	char *run = state_path("STREAM_RUN=%s", directory), *path = search_path();
	const char *environment[] = {run, path, NULL};
	struct spawn_options o = {.input = input, .group = true, .environment = environment};
	*p = (struct pipeline){.ended = -1, .keeper_pipe = -1};
	int r = is_there("bash") ? start_shell(p, "bash", bash_prologue, text, &o, e)
				 : start_shell(p, "/bin/sh", sh_prologue, text, &o, e);
	free(run);
	free(path);
	if (!r)
		r = start_keeper(p, e);
	if (r)
		return r;
	p->ended = (int)syscall(SYS_pidfd_open, p->shell, 0);
	return p->ended < 0 ? error_errno(e, "pidfd_open") : 0;
}

/* -- signals -- */

struct heads {
	struct pipeline *pipeline;
	const struct stages *stages;
};

/* True the first time. */
static bool note_asked(struct pipeline *p, pid_t pid)
{
	for (size_t i = 0; i < p->asked_count; i++)
		if (p->asked[i] == pid)
			return false;
	p->asked = mem_resize(p->asked, p->asked_count + 1, sizeof *p->asked);
	p->asked[p->asked_count++] = pid;
	return true;
}

/* Records begin in a source, and in what is fed by nobody in the pipeline. A shell only waits for others. */
static void signal_head(void *self, pid_t pid)
{
	const struct heads *h = self;
	pid_t shell = h->pipeline->shell;
	if (pid == shell || process_same_program(pid, shell))
		return;
	bool source = false;
	uint64_t input = process_input(pid);
	/* One of ours may have put another input in the place of its own. */
	for (size_t i = 0; i < h->stages->count; i++)
		if (h->stages->items[i].page.pid == pid) {
			source = h->stages->items[i].page.source;
			input = h->stages->items[i].page.input;
		}
	if ((source || !input || input == process_input(shell)) && note_asked(h->pipeline, pid))
		kill(pid, SIGTERM);
}

void pipeline_interrupt(struct pipeline *p, const char *directory)
{
	struct stages s;
	struct error ignored;
	tell_keeper(p, 's');
	stages_load(&s, directory, p->shell, &ignored);
	struct heads h = {p, &s};
	process_each(p->shell, signal_head, &h);
	stages_release(&s);
}

void pipeline_kill(const struct pipeline *p, int signal)
{
	kill(-p->shell, signal);
}

bool pipeline_lives(const struct pipeline *p)
{
	return p->shell && process_any(p->shell);
}

/* -- the end -- */

int pipeline_wait(struct pipeline *p, struct error *e)
{
	int r = spawn_wait(p->shell, &p->status, e);
	close(p->ended);
	p->ended = -1;
	return r;
}

void pipeline_close(struct pipeline *p)
{
	tell_keeper(p, 'q');
	if (p->keeper_pipe >= 0)
		close(p->keeper_pipe);
	if (p->keeper > 0)
		waitpid(p->keeper, NULL, 0);
	free(p->asked);
	*p = (struct pipeline){.ended = -1, .keeper_pipe = -1};
}
