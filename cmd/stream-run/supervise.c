/* A pipeline is started, watched, and started again. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "exec/backoff.h"
#include "flow/signals.h"
#include "run.h"
#include "run/pipeline.h"
#include "run/place.h"
#include "run/stages.h"
#include "run/verdict.h"

static const int64_t BACKOFF_FIRST = SECOND, BACKOFF_MOST = MINUTE, BACKOFF_LEAST = SECOND / 5;
static const int64_t RAN_WELL = MINUTE;          /* after so long a failure is not the same one as before */
static const int64_t BROKEN_GRACE = 10 * SECOND; /* so long those that are left may take to notice */
static const int64_t KILL_GRACE = 5 * SECOND;
enum { TICK_MS = 1000, STEP_MS = 20, STATUSES_MAX = 4096 };

struct supervisor {
	const struct run *run;
	const struct common_options *common;
	const char *name;
	struct place place;
	struct place_note note;
	struct pipeline pipeline;
	struct backoff backoff;
	int input; /* of the pipeline; -1: ours */

	int stopping;        /* the signal that asked us to end; 0 */
	int64_t started;     /* monotonic: this start; */
	int64_t broken;      /* when it was seen to be broken; 0: it is not */
	int signaled;        /* what it was sent since */
	uint64_t failures;   /* in a row, without progress */
	struct verdict last; /* of the last start */
};

static void say(const struct supervisor *s, const struct buf *text)
{
	if (s->common->quiet)
		return;
	ssize_t n = write(STDERR_FILENO, text->data, text->len);
	(void)n;
}

/* -- what it looks like now -- */

/* SIGUSR1: what each stage does. */
static void show(const struct supervisor *s)
{
	struct stages stages;
	struct error ignored;
	struct buf text = BUF_INIT;
	uint64_t n;
	int64_t at;
	bool progress;
	stages_load(&stages, s->place.directory, s->pipeline.shell, &ignored);
	buf_printf(&text, "stream-run: %s: %s, started %llu times", s->name, s->pipeline.shell ? "runs" : "waits",
		   (unsigned long long)s->note.starts);
	if (stages_checkpoint(&stages, &n, &at, &progress))
		buf_printf(&text, ", checkpoint %llu", (unsigned long long)n);
	buf_byte(&text, '\n');
	stages_show(&stages, &text);
	ssize_t written = write(STDERR_FILENO, text.data, text.len);
	(void)written;
	stages_release(&stages);
	buf_release(&text);
}

/* Written aside and renamed, so that who scrapes it never sees half of it. */
static void write_metrics(const struct supervisor *s, const struct stages *stages)
{
	struct buf text = BUF_INIT, aside = BUF_INIT;
	if (!s->common->metrics)
		return;
	stages_metrics(stages, &text);
	buf_printf(&aside, "%s.tmp", s->common->metrics);
	const char *path = buf_string(&aside);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool whole = fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len;
	if ((fd >= 0 && close(fd)) || !whole || rename(path, s->common->metrics))
		message("%s: %s", s->common->metrics, strerror(errno));
	buf_release(&text);
	buf_release(&aside);
}

/* -- while it runs -- */

/*
 * When one stage has failed, the others notice and end. What does not (a program that waits for news and will learn that its reader is
 * gone only when it has some) is ended, or nothing would be started again.
 */
static void end_what_is_broken(struct supervisor *s, bool broken)
{
	int64_t now = monotonic_now();
	if (!broken || !s->broken)
		s->broken = broken ? now : 0;
	if (!s->broken || now - s->broken < BROKEN_GRACE + (s->signaled ? KILL_GRACE : 0))
		return;
	s->signaled = s->signaled ? SIGKILL : SIGTERM;
	pipeline_kill(&s->pipeline, s->signaled);
}

static void tick(struct supervisor *s)
{
	struct stages stages;
	struct error ignored;
	if (s->stopping)
		pipeline_interrupt(&s->pipeline, s->place.directory);
	if (stages_load(&stages, s->place.directory, s->pipeline.shell, &ignored) >= 0) {
		end_what_is_broken(s, stages_broken(&stages));
		write_metrics(s, &stages);
		stages_add_up(&stages, s->place.directory);
	}
	stages_release(&stages);
}

/* Waits for a signal, or for fd (-1: none), at most so long; true: fd. */
static bool wait_for(struct supervisor *s, int fd, int milliseconds)
{
	struct pollfd p[] = {{.fd = signals_fd(), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	int n = poll(p, 2, milliseconds);
	if (signals_asked())
		show(s);
	if (signals_interrupted() && !s->stopping) {
		s->stopping = signals_interrupted();
		if (s->pipeline.shell)
			pipeline_interrupt(&s->pipeline, s->place.directory);
	}
	/* The other one of SIGINT and SIGTERM is a second signal, too: we die of it, and the keeper sees to the rest. */
	if (signals_interrupted() != s->stopping)
		raise(signals_interrupted());
	return n > 0 && p[1].revents;
}

/* Behind the shell's back there may be more: what is in <( ) and >( ). Ours are waited for; what else is left is ended. */
static void wait_for_rest(struct supervisor *s)
{
	for (bool ours = true; ours && pipeline_lives(&s->pipeline);) {
		struct stages stages;
		struct error ignored;
		stages_load(&stages, s->place.directory, s->pipeline.shell, &ignored);
		ours = stages_run(&stages);
		end_what_is_broken(s, stages_broken(&stages) || s->pipeline.status);
		stages_release(&stages);
		if (ours)
			wait_for(s, -1, STEP_MS);
	}
	if (!pipeline_lives(&s->pipeline))
		return;
	pipeline_kill(&s->pipeline, SIGTERM);
	for (int ms = 0; ms < TICK_MS && pipeline_lives(&s->pipeline); ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
	pipeline_kill(&s->pipeline, SIGKILL);
}

/* -- its end -- */

static void read_statuses(const struct supervisor *s, char text[STATUSES_MAX])
{
	struct buf path = BUF_INIT;
	buf_printf(&path, "%s/statuses", s->place.directory);
	int fd = open(buf_string(&path), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, STATUSES_MAX - 1);
	text[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
	buf_release(&path);
}

/* `failures` begins anew when it went well for a while: checkpoints were committed, or it ran long enough. */
static void judge(struct supervisor *s)
{
	struct stages stages;
	struct error ignored;
	char statuses[STATUSES_MAX];
	uint64_t n;
	int64_t at;
	bool progress;
	read_statuses(s, statuses);
	stages_load(&stages, s->place.directory, s->note.group, &ignored);
	s->last = verdict_of(s->pipeline.status, statuses, &stages);
	stages_checkpoint(&stages, &n, &at, &progress);
	if (progress || monotonic_now() - s->started >= RAN_WELL)
		s->failures = 0;
	write_metrics(s, &stages);
	stages_release(&stages);
}

static int run_once(struct supervisor *s, const char *text, struct error *e)
{
	place_clear(&s->place);
	s->started = monotonic_now();
	s->broken = 0;
	s->signaled = 0;
	int r = pipeline_start(&s->pipeline, text, s->place.directory, s->input, e);
	s->note.group = s->pipeline.shell;
	s->note.starts++;
	s->note.again = 0;
	if (!r)
		r = place_save(&s->place, &s->note, e);
	/* Who feeds it is to notice when it ends; but the next start goes on with what is left. */
	if (!r && !s->run->restart && s->input < 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		dup2(null, STDIN_FILENO);
		close(null);
	}
	while (!r && !wait_for(s, s->pipeline.ended, TICK_MS))
		tick(s);
	if (!r)
		r = pipeline_wait(&s->pipeline, e);
	if (!r) {
		wait_for_rest(s);
		judge(s);
	} else if (s->pipeline.shell) {
		pipeline_kill(&s->pipeline, SIGKILL);
	}
	pipeline_close(&s->pipeline);
	return r;
}

/* -- again and again -- */

static bool may_try_again(struct supervisor *s)
{
	if (!s->last.again || s->stopping)
		return false;
	if (!s->run->restart || ++s->failures > (uint64_t)s->run->retries) {
		message("%s: %s%s", s->name, s->last.text,
			!s->run->restart ? "" : "; given up, for it got no further (--retries)");
		return false;
	}
	return true;
}

static int pause_before_next(struct supervisor *s, struct error *e)
{
	char text[32];
	int64_t wait = backoff_next(&s->backoff, s->failures);
	wait = wait < BACKOFF_LEAST ? BACKOFF_LEAST : wait / MILLISECOND * MILLISECOND;
	duration_text(wait, text);
	if (!s->common->quiet)
		message("%s: %s; it is started again in %s (failure %llu of %lld)", s->name, s->last.text, text,
			(unsigned long long)s->failures, (long long)s->run->retries);
	s->note.group = 0;
	s->note.again = timestamp_now() + wait;
	int r = place_save(&s->place, &s->note, e);
	int64_t until = monotonic_now() + wait;
	for (int64_t left = wait; !r && !s->stopping && left > 0; left = until - monotonic_now())
		wait_for(s, -1, (int)(left / MILLISECOND + 1));
	return r;
}

static void print_audit(const struct supervisor *s)
{
	struct stages stages;
	struct error ignored;
	struct buf text = BUF_INIT;
	/* That of the last start: with checkpoints the counts go on from one to the next. */
	stages_load(&stages, s->place.directory, s->note.group, &ignored);
	stages_audit(&stages, &text);
	say(s, &text);
	stages_release(&stages);
	buf_release(&text);
}

static int status_of(const struct supervisor *s)
{
	/* A source that was cut short has the status of the signal that we sent it, not of the one that we got. */
	return s->stopping && s->last.status == 128 + SIGTERM ? 128 + s->stopping : s->last.status;
}

static int run_all(struct supervisor *s, const char *text, struct error *e)
{
	int r = run_once(s, text, e);
	while (!r && may_try_again(s)) {
		r = pause_before_next(s, e);
		if (!r && s->stopping)
			break;
		if (!r)
			r = run_once(s, text, e);
	}
	if (r)
		return r;
	if (!s->last.again && *s->last.text)
		message("%s: %s", s->name, s->last.text);
	print_audit(s);
	return status_of(s);
}

int run_supervise(const struct run *run, const struct common_options *common, const char *home, const char *pipeline,
		  struct error *e)
{
	char id[32];
	snprintf(id, sizeof id, "%ld", (long)getpid());
	struct supervisor s = {.run = run,
			       .common = common,
			       .name = run->name ? run->name : id,
			       .pipeline = {.ended = -1, .keeper_pipe = -1},
			       .backoff = {BACKOFF_FIRST, BACKOFF_MOST, (uint64_t)timestamp_now() ^ (uint64_t)getpid()},
			       .input = -1};
	int r = place_check_name(s.name, e);
	if (!r)
		r = place_take(&s.place, home, s.name, e);
	if (r)
		return r;
	s.note =
		(struct place_note){.pid = getpid(), .since = timestamp_now(), .pipeline = (char *)(uintptr_t)pipeline};
	/* It runs beside the terminal, in another process group, and may not read from it. */
	if (isatty(STDIN_FILENO))
		s.input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	signals_catch();
	r = place_save(&s.place, &s.note, e);
	if (!r)
		r = run_all(&s, pipeline, e);
	place_leave(&s.place);
	if (s.input >= 0)
		close(s.input);
	return r;
}
