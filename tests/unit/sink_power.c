/*
 * `dir:` in a checkpointed flow on a disk that loses what was not synced (tests/torture/disk.h): the power goes after each of
 * its changes, and takes any of those that are not certain. What was committed is there, once and whole, and nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../torture/disk.h"
#include "base/mem.h"
#include "sink/dir_flow.h"
#include "test.h"

enum { CHECKPOINTS = 4, FILES = 4, MIXTURES = 12, TEXT = 8 };

struct world {
	struct disk disk;
	uint64_t acked, tried; /* checkpoints */
	uint64_t dice;
	long points, states;
	int stop; /* how deep: the recovery of a state is stopped again */
};

static struct error e;

static void file_text(uint64_t n, int i, char text[TEXT + 1])
{
	snprintf(text, TEXT + 1, "n%03u f%02u", (unsigned)n % 1000, (unsigned)i % 100);
}

/* The files of checkpoint n: two directories, two files each. */
static int put_files(struct dir_flow *w, uint64_t n)
{
	int r = OK;
	for (int i = 0; i < FILES && !r; i++) {
		struct dir_file f;
		char text[TEXT + 1];
		file_text(n, i, text);
		r = dir_file_create(&f, w->io, i % 2 ? "/no/such/b" : "/no/such/a", ".x", &e);
		if (!r)
			r = dir_flow_hide(w, &f, &e);
		if (!r)
			r = dir_file_write(&f, text, TEXT, &e);
		if (!r)
			r = dir_file_sync(&f, &e);
		if (!r)
			dir_flow_add(w, &f);
		else
			dir_file_close(&f);
	}
	return r;
}

static int checkpoint(struct dir_flow *w, uint64_t n)
{
	int r = put_files(w, n);
	if (!r)
		r = dir_flow_prepare(w, &e);
	return r ? r : dir_flow_commit(w, n, "state", 5, &e);
}

/* -- what can be seen -- */

struct sight {
	const struct files *io;
	const char *directory;
	int seen[CHECKPOINTS * 4 + 8][FILES];
	int strange;
};

static void see(void *arg, const char *name)
{
	struct sight *s = arg;
	char *path = file_path("%s/%s", s->directory, name), text[TEXT + 2] = "", want[TEXT + 1];
	struct file f;
	int n, i;
	if (*name != '.' && !file_open(&f, s->io, path, 0, &e)) {
		ssize_t len = file_read(&f, text, TEXT + 1, 0, &e);
		bool known = len == TEXT && sscanf(text, "n%d f%d", &n, &i) == 2 && i < FILES;
		if (known)
			file_text((uint64_t)n, i, want);
		if (known && !memcmp(text, want, TEXT))
			s->seen[n][i]++;
		else
			s->strange++;
		file_close(&f);
	}
	free(path);
}

/* All files of the checkpoints up to n, once, and no others. */
static bool sees(const struct files *io, uint64_t n)
{
	static const char *const directories[] = {"/no/such/a", "/no/such/b"};
	struct sight s = {.io = io};
	for (int i = 0; i < 2; i++) {
		s.directory = directories[i];
		if (io->list(io, s.directory, see, &s) && errno != ENOENT)
			return false;
	}
	bool good = !s.strange;
	for (uint64_t k = 0; k < sizeof s.seen / sizeof *s.seen; k++)
		for (int i = 0; i < FILES; i++)
			good = good && s.seen[k][i] == (k >= 1 && k <= n);
	return good;
}

/* -- the power goes -- */

static void try(struct world *w, const struct fate *fates);

static struct fate *lose(struct world *w, int how)
{
	struct fate *fates = mem_zero((w->disk.change_count + 1) * sizeof *fates);
	for (size_t i = 0; i < w->disk.change_count; i++) {
		uint32_t len = (uint32_t)w->disk.changes[i].len;
		uint32_t kind = how == 0 ? FATE_LOST : how == 1 ? FATE_KEPT : dice(&w->dice, 2 + 4 * (how & 1));
		fates[i] = (struct fate){(enum fate_kind)kind, len ? dice(&w->dice, len) : 0};
	}
	return fates;
}

static void power_goes(void *arg)
{
	struct world *w = arg;
	w->points++;
	for (int how = 0; how < (w->stop ? 4 : MIXTURES); how++) {
		struct fate *fates = lose(w, how);
		try(w, fates);
		free(fates);
	}
}

/* A run with another epoch; while it recovers the power may go again. */
static bool recovers(struct world *w, uint64_t epoch, bool again)
{
	struct dir_flow flow;
	struct ledger_entry last;
	w->disk.changed = again ? power_goes : NULL;
	w->disk.arg = w;
	bool good = !dir_flow_open(&flow, &w->disk.io, "/no/such", "f", epoch, &last, &e) &&
		    (last.n == w->acked || last.n == w->tried) && sees(&w->disk.io, last.n);
	w->disk.changed = NULL;
	uint64_t n = last.n;
	ledger_entry_release(&last);
	good = good && !checkpoint(&flow, n + 1) && sees(&w->disk.io, n + 1);
	dir_flow_release(&flow);
	if (!good)
		return false;
	/* It stays. */
	struct world later = {.acked = n + 1, .tried = n + 1};
	struct fate *fates = lose(w, 0);
	disk_cut_power(&later.disk, &w->disk, fates);
	good = !dir_flow_open(&flow, &later.disk.io, "/no/such", "f", epoch + 1, &last, &e) && last.n == n + 1 &&
	       sees(&later.disk.io, n + 1);
	ledger_entry_release(&last);
	dir_flow_release(&flow);
	disk_release(&later.disk);
	free(fates);
	return good;
}

static void try(struct world *w, const struct fate *fates)
{
	struct world next = {.acked = w->acked, .tried = w->tried, .dice = ++w->states, .stop = w->stop + 1};
	disk_cut_power(&next.disk, &w->disk, fates);
	bool good = recovers(&next, 10 + (uint64_t)w->stop * 10, !w->stop && !dice(&w->dice, 40));
	CHECK(good);
	if (!good && test_failures < 5) {
		fprintf(stderr, "  acked %d tried %d depth %d: %s\n", (int)w->acked, (int)w->tried, w->stop, e.text);
		disk_print(&w->disk, fates);
	}
	w->states += next.states;
	disk_release(&next.disk);
}

/* A disk that lies must be noticed, or this test notices nothing: returns the failures. */
static int run(enum disk_lie lie, uint64_t seed)
{
	struct world w = {.dice = seed};
	struct dir_flow flow;
	struct ledger_entry last;
	int before = test_failures;
	disk_init(&w.disk, seed);
	w.disk.lie = lie;
	w.disk.changed = power_goes;
	w.disk.arg = &w;
	CHECK(!dir_flow_open(&flow, &w.disk.io, "/no/such", "f", 1, &last, &e));
	ledger_entry_release(&last);
	for (uint64_t n = 1; n <= CHECKPOINTS; n++) {
		w.tried = n;
		CHECK(!checkpoint(&flow, n));
		w.acked = n;
	}
	w.disk.changed = NULL;
	CHECK(sees(&w.disk.io, CHECKPOINTS));
	dir_flow_release(&flow);
	disk_release(&w.disk);
	if (lie == LIE_NONE) {
		printf("%ld changes, %ld states\n", w.points, w.states);
		CHECK(w.points > 100 && w.states > 1000);
	}
	return test_failures - before;
}

static int count_lies(enum disk_lie lie)
{
	int checks = test_checks, failures = test_failures, saved = dup(STDERR_FILENO);
	CHECK(freopen("/dev/null", "w", stderr));
	int noticed = run(lie, 3);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	test_checks = checks;
	test_failures = failures;
	return noticed;
}

int main(void)
{
	for (int seed = 1; seed <= test_repeat(5); seed++)
		run(LIE_NONE, (uint64_t)seed);
	CHECK(count_lies(LIE_FILES) > 0);
	CHECK(count_lies(LIE_DIRECTORIES) > 0);
	return test_done();
}
