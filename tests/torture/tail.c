/*
 * A log that is rotated in every way (tail_log.h), read by groups that are killed, ended, and robbed while they are
 * stopped (tail_reader.h); also by nobody for a while.
 *
 *   tail [--seed N] [--time SECONDS] [--quick] [--only ROTATION]
 *
 * Each round has a seed of its own, and a directory. At its end each line must have come once: into the database; to a file of
 * text at least once. The lines of one file come in their order. Nothing is said to be lost.
 *
 * A round that fails is kept; with --keep each. TORTURE_TRAIL=1 keeps what each run found; TORTURE_STAY=1 leaves alone who does not end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "tail_log.h"
#include "tail_reader.h"

enum { STEPS = 100, FAILURES_MAX = 5 };

static struct tally tally;
static long rounds, lines, rotations, failures;
static bool keep;

struct round {
	uint64_t seed;
	struct dice dice;
	struct ledger want;
	struct log log;
	struct reader reader;
	bool pipeline;
	bool failed;
};

static void check(struct round *r, bool good, const char *what)
{
	if (good)
		return;
	r->failed = true;
	fprintf(stderr, "  %s\n", what);
}

/* -- a round -- */

static void read_once(struct round *r)
{
	log_settle(&r->log);
	reader_start(&r->reader, r->pipeline, "--once");
	tally.runs++;
	check(r, reader_wait(&r->reader, 60), "a run with --once");
}

static void disturb(struct round *r)
{
	if (!r->reader.thief && one_in(&r->dice, 5))
		check(r, reader_rob(&r->reader, r->pipeline, &r->dice, &tally), "a reader that was robbed");
	else
		check(r, reader_hurt(&r->reader, &r->dice, &tally), "a reader that was killed");
}

/* Nobody reads: begins to; or reads what is there, after which all may go. */
static void begin_reading(struct round *r)
{
	if (one_in(&r->dice, 5)) {
		read_once(r);
		if (!r->failed && one_in(&r->dice, 2))
			log_prune(&r->log);
		return;
	}
	reader_start(&r->reader, r->pipeline, NULL);
	tally.runs++;
}

static void step(struct round *r)
{
	int what = dice(&r->dice, 20);
	r->log.watched = reader_is(&r->reader);
	if (what < 8)
		log_write(&r->log);
	else if (what < 12)
		log_rotate(&r->log);
	else if (what < 18 && !reader_is(&r->reader))
		begin_reading(r);
	else if (what < 17)
		disturb(r);
	else
		pause_within(&r->dice, 30000);
	if (one_in(&r->dice, 2))
		pause_within(&r->dice, 4000);
}

/* Whether anything was said of losses. */
static bool is_quiet(void)
{
	return WEXITSTATUS(system("! grep -aE 'lost|gone|ERROR|Sanitizer' said >&2"));
}

static void compare(struct round *r)
{
	struct ledger got = {0};
	if (r->pipeline)
		check(r, !system("sqlite3 db 'select line from t order by rowid' >out"), "sqlite3");
	ledger_load(&got, "out");
	/* What is copied over a file that is read, line by line, has no order. */
	check(r, ledger_compare(&r->want, &got, !r->pipeline, r->pipeline), "what was read is not what was written");
	ledger_release(&got);
}

static void finish(struct round *r)
{
	if (reader_is(&r->reader))
		check(r, reader_hurt(&r->reader, &r->dice, &tally), "the last reader that was killed");
	read_once(r);
	compare(r);
	struct stat before, after;
	const char *result = r->pipeline ? "db" : "out";
	check(r, !stat(result, &before), result);
	read_once(r);
	check(r, !stat(result, &after) && before.st_size == after.st_size, "a second run had more");
	check(r, !is_quiet(), "a loss was told");
}

static void run_round(uint64_t seed, enum rotation rotation)
{
	struct round r = {.seed = seed, .dice = dice_of(seed)};
	/* Inodes are used again on one of them, and never on the other. */
	const char *where = one_in(&r.dice, 2) ? "/tmp" : "/dev/shm";
	char path[256], home[300];
	snprintf(path, sizeof path, "%s/torture-tail-%llu-%d", where, (unsigned long long)seed, (int)getpid());
	snprintf(home, sizeof home, "%s/home", path);
	if (mkdir(path, 0755) || chdir(path) || setenv("STREAM_HOME", home, 1)) {
		perror(path);
		exit(1);
	}
	r.pipeline = !one_in(&r.dice, 3);
	bool headers = one_in(&r.dice, 2);
	enum rotation drawn = (enum rotation)dice(&r.dice, ROTATIONS);
	log_init(&r.log, rotation == ROTATIONS ? drawn : rotation, headers, &r.dice, &r.want);
	for (int i = 0; i < STEPS && !r.failed; i++)
		step(&r);
	if (!r.failed)
		finish(&r);
	reader_end(&r.reader);
	rounds++;
	lines += (long)r.want.count;
	rotations += r.log.rotations;
	failures += r.failed;
	if (r.failed)
		fprintf(stderr, "FAIL tail: seed %llu, %s, %s, %s; kept: %s\n", (unsigned long long)seed,
			rotation_names[r.log.rotation], r.log.headers ? "headers" : "no headers",
			r.pipeline ? "pipeline" : "text", path);
	log_release(&r.log);
	ledger_release(&r.want);
	char remove[300];
	snprintf(remove, sizeof remove, "rm -rf '%s'", path);
	if (chdir("/") || (!r.failed && !keep && system(remove)))
		exit(1);
}

/* -- */

static enum rotation rotation_named(const char *name)
{
	for (int i = 0; i < ROTATIONS; i++)
		if (!strcmp(rotation_names[i], name))
			return (enum rotation)i;
	fprintf(stderr, "tail: what is `%s`?\n", name);
	exit(2);
}

/* Those of STREAM_BUILD. */
static void use_commands(void)
{
	const char *build = getenv("STREAM_BUILD");
	char *path = NULL, *real = realpath(build ? build : "build", NULL);
	if (!real || asprintf(&path, "%s/bin:%s", real, getenv("PATH")) < 0) {
		perror("STREAM_BUILD");
		exit(1);
	}
	setenv("PATH", path, 1);
	setenv("LC_ALL", "C", 1);
	unsetenv("STREAM_OUTPUT");
	free(path);
	free(real);
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	long seconds = 60, quick = 0;
	enum rotation only = ROTATIONS;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--quick"))
			quick = 1;
		else if (!strcmp(argv[i], "--keep"))
			keep = true;
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoull(value, NULL, 10), i++;
		else if (!strcmp(argv[i], "--time"))
			seconds = strtol(value, NULL, 10), i++;
		else if (!strcmp(argv[i], "--only"))
			only = rotation_named(value), i++;
		else
			rotation_named(argv[i]);
	}
	use_commands();
	int64_t until = monotonic_now() + (quick ? 10 : seconds) * SECOND;
	/* As many as there is time for, and at least one of each. */
	for (uint64_t i = 0; (i < ROTATIONS || monotonic_now() < until) && failures < FAILURES_MAX; i++)
		run_round(seed + i, only < ROTATIONS ? only : i < ROTATIONS ? (enum rotation)i : ROTATIONS);
	printf("tail: seed %llu, %ld rounds, %ld lines, %ld rotations, %ld runs, %ld processes killed, %ld ended, "
	       "%ld groups stolen; %ld failures\n",
	       (unsigned long long)seed, rounds, lines, rotations, tally.runs, tally.killed, tally.ended, tally.stolen,
	       failures);
	bool idle = !tally.killed || !tally.ended || !tally.stolen || !rotations;
	if (idle)
		fprintf(stderr, "FAIL tail: something was never done\n");
	return failures || idle;
}
