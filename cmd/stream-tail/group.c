#include "group.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "tail/notice.h"

enum { CHECKPOINT = 1 * SECOND };

int tail_group_options(const struct tail_group *g, struct error *e)
{
	const char *alone = g->steal ? "--steal" : g->checkpoint >= 0 ? "--checkpoint" : g->wait >= 0 ? "-w" : NULL;
	return g->name || !alone ? 0 : error_set(e, ERR_USAGE, "%s is for groups: it wants -g GROUP", alone);
}

int tail_group_open(struct tail_group *g, struct error *e)
{
	g->fd = -1;
	g->checkpoint = g->checkpoint < 0 ? CHECKPOINT : g->checkpoint;
	g->give_up = g->wait < 0 ? INT64_MAX : monotonic_now() + g->wait;
	return logbook_open(&g->book, &files_real, g->name, e);
}

void tail_group_close(struct tail_group *g)
{
	if (!g->name)
		return;
	logbook_close(&g->book);
	for (size_t i = 0; i < sizeof g->texts / sizeof *g->texts; i++)
		free(g->texts[i]);
	if (g->waits && g->fd >= 0)
		close(g->fd);
}

/* -- taking it -- */

/* Said once: what a commit is worth. */
static int say_guarantee(struct flow *f, struct error *e)
{
	bool kept;
	int r = flow_deliver(f, &kept, e);
	if (!r && !kept)
		flow_warn(f, "what is written to a pipe or a terminal counts as read, whatever becomes of it there; a "
			     "file keeps it (at least once)");
	return r;
}

/* A pipeline has its own state, and text has none: what one has committed means nothing to the other. */
static int check_kind(const struct tail_group *g, struct error *e)
{
	char *state = logbook_state(&g->book);
	bool is_flow = !access(state, F_OK);
	free(state);
	if (!g->flows && is_flow)
		return error_set(
			e, ERR_USAGE,
			"group %s is read by a pipeline of our commands, which keeps its state; to begin anew, as "
			"text: rm -r '%s'",
			g->name, g->book.directory);
	if (g->flows && !is_flow && g->book.n)
		return error_set(e, ERR_USAGE,
				 "group %s was read as text so far; to begin anew, as a pipeline: rm -r '%s'", g->name,
				 g->book.directory);
	return 0;
}

/* Absolute, for the stages may have other working directories. */
static char *state_directory(const struct tail_group *g)
{
	char *path = logbook_state(&g->book), *here = *path == '/' ? NULL : getcwd(NULL, 0);
	if (!here)
		return path;
	char *whole = file_path("%s/%s", here, path);
	free(here);
	free(path);
	return whole;
}

static int begin_flow(struct tail_group *g, struct flow *f, struct error *e)
{
	g->texts[0] = mem_copy(g->book.places.flow, FLOW_ID_LENGTH);
	g->texts[1] = state_directory(g);
	g->texts[2] = file_path("group %s of stream-tail", g->name);
	g->texts[3] = file_path("rm -r '%s'", g->book.directory);
	g->origin = (struct flow_origin){
		.flow = g->texts[0],
		.directory = g->texts[1],
		.name = g->texts[2],
		.reset = g->texts[3],
		.epoch = g->book.claim.epoch,
		.interval = g->checkpoint,
	};
	return flow_begin(f, &g->origin, e);
}

/*
 * A run that was killed may have left a part of a line at the end of the file that both write to. The line comes again:
 * it must not be glued to that.
 */
static int end_torn_line(struct error *e)
{
	struct stat st;
	char last = '\n';
	if (fstat(STDOUT_FILENO, &st) || !S_ISREG(st.st_mode) || !st.st_size ||
	    !(fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND))
		return 0;
	int fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC); /* it may not be open for reading */
	bool torn = fd >= 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
	if (fd >= 0)
		close(fd);
	return torn && write(STDOUT_FILENO, "\n", 1) != 1 ? error_errno(e, "standard output") : 0;
}

static int resume(struct tail_group *g, struct flow *f, struct error *e)
{
	int r = end_torn_line(e);
	if (!r)
		r = logbook_resume(&g->book, e);
	g->held = true;
	g->committed = g->checked = monotonic_now();
	return r ? r : say_guarantee(f, e);
}

/* A process has it. */
static int wait_for_group(struct tail_group *g, struct flow *f, struct error *e)
{
	struct claim_view v;
	char holder[128];
	int64_t now = monotonic_now();
	bool over = now >= g->give_up;
	int r = claim_look(&v, g->book.io, g->book.directory, e);
	claim_holder_text(&v, holder);
	if (!r && over)
		r = error_set(e, ERR_FAILED, "group %s is held by %s", g->name, holder);
	if (!r && !g->waits) {
		flow_warn(f, "waiting for group %s, held by %s", g->name, holder);
		g->fd = g->book.io->notify(g->book.io);
		g->waits = true;
	}
	if (!r && g->fd >= 0)
		r = claim_watch(g->book.io, g->book.directory, g->fd, e);
	int64_t again = now + (g->fd < 0 ? NOTICE_INTERVAL : SECOND);
	flow_says_waiting(f, "its group, which another process has");
	flow_wait_for(f, g->fd);
	flow_timer_at(f, again < g->give_up ? again : g->give_up);
	return r;
}

int tail_group_take(struct tail_group *g, struct flow *f, struct error *e)
{
	char events[4096] __attribute__((aligned(8)));
	if (flow_options(f)->output == FORMAT_TABLE)
		return error_set(e, ERR_USAGE, "-g: a table is written when its end is known; add -o json, or -o csv");
	while (g->waits && g->fd >= 0 && read(g->fd, events, sizeof events) > 0)
		;
	int r = logbook_take(&g->book, g->steal, e);
	if (!r) {
		/* It is watched from here on; meanwhile it may have become free. */
		bool first = !g->waits;
		r = wait_for_group(g, f, e);
		if (!r && first)
			r = logbook_take(&g->book, g->steal, e);
	}
	if (r <= 0)
		return r;
	flow_timer_at(f, INT64_MAX);
	flow_wait_for(f, -1);
	flow_says_waiting(f, "");
	g->flows = flow_gives_frames(f);
	r = logbook_join(&g->book, e);
	if (!r)
		r = check_kind(g, e);
	if (!r)
		r = g->flows ? begin_flow(g, f, e) : resume(g, f, e);
	return r ? r : 1;
}

/* -- in a checkpointed flow -- */

int tail_group_restore(struct tail_group *g, uint64_t n, uint64_t epoch, struct error *e)
{
	int r = logbook_restore(&g->book, n, epoch, e);
	g->held = true;
	g->checked = monotonic_now();
	return r;
}

int tail_group_checkpoint(struct tail_group *g, const struct tailer *t, uint64_t n, uint64_t committed, struct error *e)
{
	if (t)
		tailer_keep(t, &g->book.places);
	return logbook_keep(&g->book, n, committed, e);
}

/* -- text -- */

static int check(struct tail_group *g, struct error *e)
{
	g->checked = monotonic_now();
	return logbook_check(&g->book, e);
}

int tail_group_commit(struct tail_group *g, const struct tailer *t, struct flow *f, struct error *e)
{
	bool kept;
	if (!g->held || !g->dirty || g->flows)
		return 0;
	int r = check(g, e);
	if (!r)
		r = flow_deliver(f, &kept, e);
	if (!r) {
		tailer_keep(t, &g->book.places);
		r = logbook_commit(&g->book, e);
	}
	g->dirty = r != 0;
	g->committed = g->checked = monotonic_now();
	return r;
}

static int64_t due(const struct tail_group *g)
{
	return g->dirty && !g->flows ? g->committed + g->checkpoint : INT64_MAX;
}

int64_t tail_group_due(const struct tail_group *g)
{
	/* Though no line comes, it learns that another process has taken the group. */
	int64_t commit = due(g), again = g->held ? monotonic_now() + SECOND : INT64_MAX;
	return commit < again ? commit : again;
}

int tail_group_tick(struct tail_group *g, const struct tailer *t, struct flow *f, bool idle, struct error *e)
{
	int64_t now = monotonic_now();
	if (now >= due(g))
		return tail_group_commit(g, t, f, e);
	/* A process that was stopped is to learn that it is fenced before it passes on more. */
	return idle || now - g->checked > SECOND ? check(g, e) : 0;
}
