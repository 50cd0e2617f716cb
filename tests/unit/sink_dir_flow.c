/*
 * `dir:` at the end of a checkpointed flow: whatever call goes wrong or is the last one of a process, and whoever wakes
 * up late, the files that can be seen hold the records up to the last commit, each once.
 */
#include <glob.h>
#include <signal.h>
#include <sys/wait.h>

#include "store/commit/ledger.h"
#include "store_fault.h"

#include "sink_help.h" /* its error is everybody's */

enum { TOTAL = 24, STEP = 6, ROUNDS = TOTAL / STEP };

static char dir[] = "/dev/shm/sink-flow-XXXXXX";

static struct sink *open_sink(const struct files *io, const char *rest, int64_t size)
{
	char url[300];
	struct sink *s = NULL;
	snprintf(url, sizeof url, "dir:%s", rest);
	CHECK(sink_open(url, &(struct sink_options){.size = size, .io = io}, &s, &e) == OK);
	return s;
}

static int run(const struct files *io, struct flow_run *r)
{
	struct sink *s = open_sink(io, "out/{k}?format=csv", 20);
	int result = flow_go(s, r);
	sink_close(s);
	return result;
}

static void clear(void)
{
	path_remove(&files_real, "out", NULL);
}

/* How many files there are; *seen is a bit for each record that is there once. */
static int look(const char *pattern, uint64_t *seen)
{
	glob_t g;
	int count = 0;
	*seen = 0;
	if (glob(pattern, 0, NULL, &g))
		return 0;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *f = fopen(g.gl_pathv[i], "r");
		int k, n;
		CHECK(f && fscanf(f, "k,n\n") == 0);
		while (f && fscanf(f, "%d,%d\n", &k, &n) == 2) {
			CHECK(k == n % 3 && !(*seen >> n & 1));
			*seen |= UINT64_C(1) << n;
		}
		CHECK(f && feof(f));
		if (f)
			fclose(f);
		count++;
	}
	globfree(&g);
	return count;
}

static bool sees(int records)
{
	uint64_t seen;
	look("out/*/*.csv", &seen);
	bool good = seen == (UINT64_C(1) << records) - 1;
	if (!good)
		fprintf(stderr, "  %llx, not %d records\n", (unsigned long long)seen, records);
	return good;
}

static void count_one(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
}

static int hidden(void)
{
	int count = 0;
	files_real.list(&files_real, "out/.stream-f00d", count_one, &count);
	return count;
}

static void test_barriers(void)
{
	struct flow_run r = {.epoch = 1, .total = 0};
	struct sink *s = open_sink(NULL, "out/{k}?format=csv", 20);
	CHECK(!flow_go(s, &r) && !r.n && sink_pace(s) == INT64_C(60000000000));
	/* Files that are full wait for the barrier. */
	CHECK(!flow_put(s, 0, 6) && !flow_put(s, 6, 12) && sink_pending(s) == 12 && sink_due(s) == INT64_MAX);
	CHECK(!sink_tick(s, INT64_MAX, &e) && sees(0));
	CHECK(!sink_prepare(s, &e) && sees(0) && sink_pending(s) == 12);
	CHECK(!sink_commit(s, 1, "at 12", 6, &e) && sees(12) && !sink_pending(s) && hidden() == 1);
	/* A checkpoint without records is one, too; what is not committed goes with the sink. */
	CHECK(!sink_prepare(s, &e) && !sink_commit(s, 2, "at 12", 6, &e) && sees(12));
	CHECK(!flow_put(s, 12, 18) && hidden() > 1);
	sink_close(s);
	CHECK(sees(12) && hidden() == 1);
	r = (struct flow_run){.epoch = 1, .total = TOTAL, .step = STEP};
	CHECK(run(NULL, &r) == ERR_UPSTREAM && sees(12));
	r.epoch = 2;
	CHECK(!run(NULL, &r) && r.from == 12 && r.last_by == 1 && r.n == 4 && sees(TOTAL));
	CHECK(access("out/.stream-f00d", F_OK) == 0 && hidden() == 1);
	clear();
}

/* The place of the flow is the part of the pattern that all directories have in common. */
static void test_places(void)
{
	static const struct {
		const char *url, *work, *files;
	} places[] = {
		{"out?format=csv", "out/.stream-f00d", "out/*.csv"},
		{"{k}?format=csv", ".stream-f00d", "[0-9]/*.csv"},
		{".x{k}?format=csv", ".stream-f00d", ".x[0-9]/*.csv"},
		{"./{k}/y?format=csv", "./.stream-f00d", "[0-9]/y/*.csv"},
		{"out/a{k}?format=csv", "out/.stream-f00d", "out/a?/*.csv"},
		{"out//b/{k}/?format=csv", "out/b/.stream-f00d", "out/b/?/*.csv"},
	};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		uint64_t seen;
		struct flow_run r = {.epoch = 1, .total = TOTAL, .step = STEP};
		struct sink *s = open_sink(NULL, places[i].url, 0);
		CHECK(!flow_go(s, &r) && !access(places[i].work, F_OK));
		CHECK(look(places[i].files, &seen) > 0 && seen == (1 << TOTAL) - 1);
		sink_close(s);
		CHECK(!system("rm -rf -- [a-z0-9]* .x* .stream-*"));
	}
	struct sink *s = open_sink(NULL, "/proc/nothing/{x}", 0);
	struct flow_run r = {.epoch = 1};
	CHECK(flow_recover(s, &r) == ERR_FAILED && strstr(e.text, "/proc/nothing"));
	sink_close(s);
}

/* Whoever takes files away, and empty directories with them, disturbs nobody; one who puts a file in our way is told. */
static void test_consumers(void)
{
	uint64_t seen;
	struct faulty f;
	struct flow_run r = {.epoch = 1, .total = STEP, .step = STEP};
	CHECK(!run(NULL, &r) && sees(STEP));
	path_remove(&files_real, "out/1", NULL);
	r.epoch = 2;
	CHECK(!run(NULL, &r) && r.from == STEP && access("out/1", F_OK));
	r = (struct flow_run){.epoch = 3, .total = 2 * STEP, .step = STEP};
	/* Killed between the commit and the first rename; then the directories go. */
	for (long n = 1;; n++) {
		faulty_init(&f, 1);
		f.calls = CALL_CHANGE;
		f.stops = true;
		f.fail_at = n;
		struct flow_run now = r;
		int result = run(&f.io, &now);
		r.epoch++;
		faulty_release(&f);
		CHECK(result);
		struct ledger_entry x;
		CHECK(!ledger_look(&files_real, "out/.stream-f00d", "commit", &x, &e));
		bool decided = x.n == 2;
		ledger_entry_release(&x);
		if (decided)
			break;
	}
	for (int k = 0; k < 3; k++) {
		char path[32];
		snprintf(path, sizeof path, "out/%d", k);
		path_remove(&files_real, path, NULL);
	}
	struct flow_run last = {.epoch = 1000, .total = 2 * STEP, .step = STEP};
	CHECK(!run(NULL, &last) && last.from == 2 * STEP);
	look("out/*/*.csv", &seen);
	CHECK(seen == ((1 << 2 * STEP) - 1) - ((1 << STEP) - 1));
	clear();
}

/* -- the process, the machine or the disk stops at any call -- */

static bool one_stop(long at, bool stops, int error)
{
	struct faulty f;
	struct flow_run first = {.epoch = 1, .total = STEP, .step = STEP},
			second = {.epoch = 2, .total = TOTAL, .step = STEP},
			third = {.epoch = 3, .total = TOTAL, .step = STEP};
	clear();
	CHECK(!run(NULL, &first));
	faulty_init(&f, 1);
	f.calls = CALL_ALL;
	f.fail_at = at;
	f.stops = stops;
	f.error = error;
	int r = run(&f.io, &second);
	CHECK(r == OK || r == ERR_FAILED);
	CHECK(!r || f.fired);
	uint64_t seen;
	look("out/*/*.csv", &seen);
	CHECK((seen & ((UINT64_C(1) << second.done) - 1)) == (UINT64_C(1) << second.done) - 1);
	CHECK(!(seen >> (second.done + STEP)));
	CHECK(!run(NULL, &third) && third.from >= second.done && third.from <= second.done + STEP);
	CHECK(sees(TOTAL) && hidden() == 1);
	if (!sees(TOTAL))
		fprintf(stderr, "  at %ld stops %d\n", at, stops);
	faulty_release(&f);
	return f.fired;
}

static void test_stops(void)
{
	for (int stops = 0; stops < 2; stops++) {
		long n = 1;
		while (one_stop(n, stops, n % 2 ? EIO : ENOSPC))
			n++;
		CHECK(n > 100);
	}
}

/* -- a later run comes between any two calls of an earlier one, which goes on then -- */

static void later_run(void *arg)
{
	struct flow_run *later = arg;
	struct batch saved = batch;
	char *held = text_held;
	struct error error = e;
	batch_init(&batch);
	text_held = NULL;
	CHECK(!run(NULL, later));
	batch_release(&batch);
	free(text_held);
	batch = saved;
	text_held = held;
	e = error;
}

static bool one_zombie(long at, int later_total)
{
	struct faulty f;
	struct flow_run first = {.epoch = 1, .total = TOTAL, .step = STEP},
			later = {.epoch = 2, .total = later_total, .step = STEP, .n = 999},
			last = {.epoch = 3, .total = TOTAL, .step = STEP};
	clear();
	faulty_init(&f, 1);
	f.calls = CALL_ALL;
	f.fail_at = at;
	f.before = later_run;
	f.before_arg = &later;
	int r = run(&f.io, &first);
	bool came = later.n != 999;
	if (came) {
		CHECK(r == ERR_UPSTREAM || (!r && later.from == TOTAL) || r == ERR_FAILED);
		CHECK(later.from >= first.done);
		CHECK(sees(later.done));
	} else {
		CHECK(!r);
	}
	CHECK(!run(NULL, &last) && last.from >= later.done && sees(TOTAL) && hidden() == 1);
	if (test_failures)
		fprintf(stderr, "  at %ld later %d: %d %s\n", at, later_total, r, e.text);
	faulty_release(&f);
	return came;
}

static void test_zombies(void)
{
	for (int total = 0; total <= TOTAL; total += TOTAL) {
		long n = 1;
		while (one_zombie(n, total) && !test_failures)
			n++;
		CHECK(n > 100);
	}
}

/* -- processes that are killed -- */

static void test_kills(void)
{
	clear();
	for (uint64_t epoch = 1; epoch < 4; epoch++) {
		pid_t child = fork();
		if (!child) {
			struct flow_run r = {.epoch = epoch};
			struct sink *s = open_sink(NULL, "out/{k}?format=csv", 20);
			if (!flow_recover(s, &r) && !flow_put(s, 0, STEP) && !sink_prepare(s, &e))
				raise(SIGKILL);
			_exit(1);
		}
		int status;
		waitpid(child, &status, 0);
		CHECK(WIFSIGNALED(status) && sees(0) && hidden() == 4);
	}
	struct flow_run last = {.epoch = 4, .total = TOTAL, .step = STEP};
	CHECK(!run(NULL, &last) && sees(TOTAL) && hidden() == 1);
	clear();
}

int main(void)
{
	if (access("/dev/shm", W_OK))
		memcpy(dir, "/tmp/////", 8);
	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	batch_init(&batch);
	test_barriers();
	test_places();
	test_consumers();
	test_stops();
	test_zombies();
	test_kills();
	batch_release(&batch);
	free(text_held);
	path_remove(&files_real, dir, NULL);
	return test_done();
}
