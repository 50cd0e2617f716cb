#include "tail_reader.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void run(const char *const *words, int in, int out)
{
	int said = open("said", O_WRONLY | O_CREAT | O_APPEND, 0644);
	dup2(in, 0);
	dup2(out, 1);
	dup2(said, 2);
	close_range(3, ~0U, 0);
	execvp(words[0], (char *const *)words);
	_exit(127);
}

static pid_t start(const char *const *words, int in, int out)
{
	pid_t pid = fork();
	if (!pid)
		run(words, in, out);
	return pid;
}

static void start_text(struct reader *r, const char *option, int nothing)
{
	const char *const words[] = {"stream-tail", "-g", "g",     "-w",  "0",    "--checkpoint",
				     "5ms",         "-o", "lines", "log", option, NULL};
	int out = open("out", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	r->members[0] = start(words, nothing, out);
	close(out);
}

static void start_pipeline(struct reader *r, const char *option, int nothing)
{
	const char *const source[] = {"stream-tail", "-g", "g",      "-w",  "0",    "--checkpoint",
				      "5ms",         "-o", "frames", "log", option, NULL};
	const char *const filter[] = {"stream-filter", "-o", "frames", "true", NULL};
	const char *const sink[] = {"stream-sink", "sqlite:db?table=t", NULL};
	int a[2], b[2];
	if (pipe2(a, O_CLOEXEC) || pipe2(b, O_CLOEXEC)) {
		perror("pipe");
		exit(1);
	}
	r->members[0] = start(source, nothing, a[1]);
	r->members[1] = start(filter, a[0], b[1]);
	r->members[2] = start(sink, b[0], nothing);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

void reader_start(struct reader *r, bool pipeline, const char *option)
{
	/* What each of them finds, for somebody who looks for a fault. */
	if (getenv("TORTURE_TRAIL") &&
	    system("{ echo; ls -lirt --time-style=full-iso; cat home/@tail/g/*.pos; } >>trail 2>&1"))
		perror("trail");
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	*r = (struct reader){0};
	(pipeline ? start_pipeline : start_text)(r, option, nothing);
	close(nothing);
}

static bool says(const char *what, int member, int status)
{
	fprintf(stderr, "  member %d of the reader %s (status %x)\n", member, what, status);
	return false;
}

/* For somebody who wants to look at them. */
static void stay(const struct reader *r)
{
	for (int i = 0; i < MEMBERS; i++)
		if (r->members[i])
			fprintf(stderr, "  member %d does not end: process %d\n", i, (int)r->members[i]);
	if (getenv("TORTURE_STAY"))
		pause();
}

bool reader_wait(struct reader *r, int seconds)
{
	static const struct timespec tick = {.tv_nsec = 1000000};
	bool good = true;
	for (int ticks = 0; reader_is(r); ticks++) {
		for (int i = 0; i < MEMBERS; i++)
			if (r->members[i] && waitpid(r->members[i], &r->status[i], WNOHANG) == r->members[i])
				r->members[i] = 0;
		if (ticks > seconds * 1000) {
			stay(r);
			reader_end(r);
			return says("did not end", 0, 0);
		}
		nanosleep(&tick, NULL);
	}
	/* SIGTERM may come before it knows what to do with it. */
	r->hurt |= WIFSIGNALED(r->status[0]) && WTERMSIG(r->status[0]) == SIGTERM;
	for (int i = 0; i < MEMBERS; i++)
		if (!r->hurt && r->status[i])
			good = says("failed", i, r->status[i]);
	return good;
}

/* Counts it, if it still ran. */
static void send(struct reader *r, int i, int number, long *count)
{
	if (!r->members[i])
		return;
	if (waitpid(r->members[i], &r->status[i], WNOHANG) == r->members[i]) {
		r->members[i] = 0;
		return;
	}
	*count += !kill(r->members[i], number);
}

/* One that ended before anything was done to it has failed: it follows. */
static bool still_runs(struct reader *r)
{
	for (int i = 0; i < MEMBERS; i++)
		if (r->members[i] && waitpid(r->members[i], &r->status[i], WNOHANG) == r->members[i]) {
			r->members[i] = 0;
			return says("ended by itself", i, r->status[i]);
		}
	return true;
}

bool reader_hurt(struct reader *r, struct dice *d, struct tally *t)
{
	bool good = still_runs(r);
	int how = dice(d, 4), victim = r->members[1] ? dice(d, MEMBERS) : 0;
	r->hurt = how > 0;
	switch (how) {
	case 0: send(r, 0, SIGTERM, &t->ended); break;
	case 1:
		for (int i = 0; i < MEMBERS; i++)
			send(r, i, SIGKILL, &t->killed);
		break;
	default: send(r, victim, SIGKILL, &t->killed);
	}
	return reader_wait(r, 30) && good;
}

bool reader_rob(struct reader *r, bool pipeline, struct dice *d, struct tally *t)
{
	struct reader old = *r;
	long stopped = 0;
	bool good = still_runs(&old);
	for (int i = 0; i < MEMBERS; i++)
		send(&old, i, SIGSTOP, &stopped);
	old.hurt = true;
	reader_start(r, pipeline, "--steal");
	r->thief = true;
	pause_within(d, 200000);
	t->runs++;
	t->stolen++;
	for (int i = 0; i < MEMBERS; i++)
		send(&old, i, SIGCONT, &stopped);
	return reader_wait(&old, 30) && good;
}

void reader_end(struct reader *r)
{
	for (int i = 0; i < MEMBERS; i++)
		if (r->members[i]) {
			kill(r->members[i], SIGKILL);
			waitpid(r->members[i], &r->status[i], 0);
			r->members[i] = 0;
		}
}
