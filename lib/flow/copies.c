#include "flow/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/spawn.h"

enum { PATIENCE_MS = 1000, STEP_MS = 5 };

/* -- starting -- */

int copies_start(struct copies *c, char *const *argv, int argc, int count, struct error *e)
{
	*c = (struct copies){.splitter = {0, COPY_RUNS, -1, -1}};
	c->command = mem_array((size_t)argc + 1, sizeof *c->command);
	memcpy(c->command, argv, (size_t)argc * sizeof *argv);
	c->command[argc] = NULL;
	c->items = mem_array((size_t)count, sizeof *c->items);
	for (; c->count < count; c->count++) {
		struct spawned s;
		int r = spawn_command(c->command, SPAWN_INPUT | SPAWN_OUTPUT, &s, e);
		if (r)
			return r;
		c->items[c->count] = (struct copy){s.pid, COPY_RUNS, s.input, s.output};
	}
	return 0;
}

/* A splitter without us has nobody to tell what it splits. */
static void become_splitter(struct copies *c, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	for (int i = 0; i < c->count; i++) {
		close(c->items[i].output);
		c->items[i].output = -1;
	}
}

int copies_fork(struct copies *c, struct error *e)
{
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		return error_errno(e, "cannot start the splitter");
	if (!pid) {
		become_splitter(c, parent);
		return 1;
	}
	c->splitter.pid = pid;
	/* We must not keep standard input open, nor the other ends of the pipes. */
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	for (int i = 0; i < c->count; i++) {
		close(c->items[i].input);
		c->items[i].input = -1;
	}
	return 0;
}

void copies_name(const struct copies *c, int i, char out[COPIES_NAME_MAX])
{
	snprintf(out, COPIES_NAME_MAX, "copy %d of %d (%.32s)", i + 1, c->count, c->command[0]);
}

void copies_release(struct copies *c)
{
	free(c->command);
	free(c->items);
	*c = (struct copies){0};
}

/* -- how they are -- */

/* Whether it has ended, by now. */
static bool has_ended(struct copy *p)
{
	int raw;
	if (!p->pid || p->status != COPY_RUNS)
		return true;
	pid_t pid = waitpid(p->pid, &raw, WNOHANG);
	if (pid == p->pid)
		p->status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return pid == p->pid || (pid < 0 && errno == ECHILD);
}

static bool ends_soon(struct copy *p)
{
	for (int ms = 0; ms < PATIENCE_MS && !has_ended(p); ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
	return has_ended(p);
}

bool copies_are_fed(struct copies *c)
{
	return has_ended(&c->splitter) && !c->splitter.status;
}

void copies_interrupt(const struct copies *c)
{
	if (c->splitter.pid && c->splitter.status == COPY_RUNS)
		kill(c->splitter.pid, SIGTERM);
}

/* -- their end -- */

static int wait_for(struct copy *p, struct error *e)
{
	return p->pid && p->status == COPY_RUNS ? spawn_wait(p->pid, &p->status, e) : 0;
}

static int ended(const struct copies *c, int i, struct error *e)
{
	char name[COPIES_NAME_MAX];
	int status = c->items[i].status;
	copies_name(c, i, name);
	if (status > 128)
		return error_set(e, ERR_UPSTREAM, "%s was killed by signal %d (%s)", name, status - 128,
				 strsignal(status - 128));
	return error_set(e, ERR_UPSTREAM, "%s ended with status %d", name, status);
}

static int splitter_ended(const struct copies *c, struct error *e)
{
	int status = c->splitter.status;
	if (status > 128)
		return error_set(e, ERR_UPSTREAM, "the splitter was killed by signal %d (%s)", status - 128,
				 strsignal(status - 128));
	return error_set(e, ERR_UPSTREAM, "the splitter ended with status %d", status);
}

/* Rejects alone are no failure, but must show in our status. */
static bool is_fine(const struct copy *p, struct flow *f)
{
	if (p->status == error_status(ERR_REJECTED))
		flow_note_uncaught(f);
	return !p->status || p->status == error_status(ERR_REJECTED);
}

int copies_wait(struct copies *c, struct flow *f, struct error *e)
{
	for (int i = 0; i < c->count; i++) {
		int r = wait_for(&c->items[i], e);
		if (r || !is_fine(&c->items[i], f))
			return r ? r : ended(c, i, e);
	}
	int r = wait_for(&c->splitter, e);
	if (r || is_fine(&c->splitter, f) || (flow_interrupted(f) && c->splitter.status > 128))
		return r;
	return splitter_ended(c, e);
}

int copies_cut(struct copies *c, int i, struct error *e)
{
	char name[COPIES_NAME_MAX];
	bool known = ends_soon(&c->items[i]);
	/* A copy that says that its upstream died is right: the splitter did, or has said why it ends. */
	if (known && c->items[i].status == error_status(ERR_UPSTREAM) && ends_soon(&c->splitter) &&
	    c->splitter.status && c->splitter.status != error_status(ERR_GONE))
		return splitter_ended(c, e);
	if (known && c->items[i].status && c->items[i].status != COPY_RUNS)
		return ended(c, i, e);
	copies_name(c, i, name);
	return error_set(e, ERR_UPSTREAM, "%s ended without END: something in it died", name);
}

void copies_stop(struct copies *c)
{
	for (int i = 0, ms = 0; i < c->count && ms < PATIENCE_MS; ms += STEP_MS) {
		while (i < c->count && has_ended(&c->items[i]))
			i++;
		if (i < c->count)
			poll(NULL, 0, STEP_MS);
	}
	/* It has nothing to tell any more; those who still read end with their input. */
	if (c->splitter.pid && !has_ended(&c->splitter))
		kill(c->splitter.pid, SIGKILL);
	if (c->splitter.pid && c->splitter.status == COPY_RUNS)
		spawn_wait(c->splitter.pid, &c->splitter.status, NULL);
}

/* -- in the splitter -- */

static int count_gone(struct pollfd *p, int count)
{
	int gone = 0;
	poll(p, (nfds_t)count, 0);
	for (int i = 0; i < count; i++)
		gone += (p[i].revents & (POLLERR | POLLNVAL)) != 0;
	return gone;
}

void copies_rest(const struct copies *c)
{
	struct pollfd *p = mem_array((size_t)c->count, sizeof *p);
	for (int i = 0; i < c->count; i++)
		p[i] = (struct pollfd){.fd = c->items[i].input};
	if (count_gone(p, c->count))
		for (int ms = 0; ms < PATIENCE_MS && count_gone(p, c->count) < c->count; ms += STEP_MS)
			poll(NULL, 0, STEP_MS);
	free(p);
}
