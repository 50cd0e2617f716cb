/*
 * `sqlite:` at the end of a checkpointed flow: runs that are killed anywhere, or stopped and woken when a later one has taken
 * over; and records put aside, in memory and beyond.
 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "sink/stash.h"
#include "sink_help.h"

enum { TOTAL = 24, STEP = 6 };

static char dir[] = "/tmp/sink-sqlite-flow-XXXXXX";

static struct sink *open_sink(const char *parameters)
{
	char url[100];
	struct sink *s = NULL;
	snprintf(url, sizeof url, "sqlite:f.db?table=t%s", parameters);
	CHECK(sink_open(url, &(struct sink_options){0}, &s, &e) == OK);
	return s;
}

static int run(struct flow_run *r)
{
	struct sink *s = open_sink("");
	int result = flow_go(s, r);
	sink_close(s);
	return result;
}

static long ask(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *q;
	long answer = -1;
	CHECK(!sqlite3_open("f.db", &db));
	sqlite3_busy_timeout(db, 5000);
	if (!sqlite3_prepare_v2(db, sql, -1, &q, NULL) && sqlite3_step(q) == SQLITE_ROW)
		answer = (long)sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return answer;
}

static void clear(void)
{
	CHECK(!system("rm -f f.db*"));
}

static bool holds(int records)
{
	return ask("SELECT count(*) FROM t") == records && ask("SELECT count(DISTINCT n) FROM t") == records &&
	       ask("SELECT coalesce(max(n), -1) FROM t") == records - 1;
}

static void test_barriers(void)
{
	struct flow_run r = {.epoch = 3};
	struct sink *s = open_sink("");
	clear();
	sink_close(s);
	s = open_sink("");
	CHECK(!flow_recover(s, &r) && !r.n && !flow_put(s, 0, 6) && sink_pending(s) == 6);
	/* Between barriers nobody is locked out. */
	CHECK(ask("CREATE TABLE other(a)") == -1 && ask("SELECT count(*) FROM other") == 0);
	CHECK(!sink_prepare(s, &e) && sink_pending(s) == 6 && !sink_commit(s, 1, "at 6", 5, &e) && holds(6));
	CHECK(!sink_prepare(s, &e) && !sink_commit(s, 2, "at 6", 5, &e) && !flow_put(s, 6, 12));
	sink_close(s);
	CHECK(holds(6));
	r = (struct flow_run){.epoch = 3, .total = TOTAL, .step = STEP};
	CHECK(run(&r) == ERR_UPSTREAM && strstr(e.text, "taken over") && holds(6));
	r.epoch = 4;
	CHECK(!run(&r) && r.from == 6 && r.last_by == 3 && r.n == 5 && holds(TOTAL));
}

static bool may_write(void)
{
	sqlite3 *db;
	CHECK(!sqlite3_open("f.db", &db));
	bool can = !sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	sqlite3_close(db);
	return can;
}

/* Where much comes between checkpoints that are near each other, it is written as it comes; unless somebody has the lock. */
static void test_much(void)
{
	enum { MUCH = 10000 };
	struct flow_run r = {.epoch = 3};
	sqlite3 *other;
	clear();
	struct sink *s = open_sink("");
	CHECK(!flow_recover(s, &r) && !flow_put(s, 0, MUCH) && may_write());
	CHECK(!sink_prepare(s, &e) && !sink_commit(s, 1, "", 0, &e) && holds(MUCH) && may_write());
	CHECK(!flow_put(s, MUCH, MUCH + 10) && may_write());
	CHECK(!flow_put(s, MUCH + 10, 2 * MUCH) && !may_write() && !flow_put(s, 2 * MUCH, 2 * MUCH + 1));
	CHECK(sink_pending(s) == MUCH + 1 && !sink_prepare(s, &e) && sink_pending(s) == MUCH + 1);
	CHECK(!sink_commit(s, 2, "", 0, &e) && holds(2 * MUCH + 1) && may_write());
	CHECK(!sqlite3_open("f.db", &other) && !sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	CHECK(!flow_put(s, 2 * MUCH + 1, 3 * MUCH) && !flow_put(s, 3 * MUCH, 4 * MUCH));
	sqlite3_close(other);
	CHECK(!sink_prepare(s, &e) && !sink_commit(s, 3, "", 0, &e) && holds(4 * MUCH));
	/* What was written and not committed is gone with the process. */
	CHECK(!flow_put(s, 4 * MUCH, 5 * MUCH) && !may_write());
	sink_close(s);
	CHECK(holds(4 * MUCH) && may_write());
}

/* A run in a process of its own that does so much: of the first batch, of the preparation, of the commit. */
static pid_t run_until(uint64_t epoch, int steps, int signal)
{
	pid_t child = fork();
	if (child)
		return child;
	struct flow_run r = {.epoch = epoch};
	struct sink *s = open_sink("");
	if (flow_recover(s, &r))
		_exit(1);
	for (int i = 0; i < 3; i++) {
		if (i == steps)
			raise(signal);
		if (i == 0 ? flow_put(s, r.done, r.done + STEP) : i == 1 ? sink_prepare(s, &e) : 0)
			_exit(1);
	}
	char state[32];
	size_t len = (size_t)snprintf(state, sizeof state, "at %d", r.done + STEP) + 1;
	int result = sink_commit(s, r.n + 1, state, len, &e);
	if (steps == 3)
		raise(signal);
	_exit(result ? -result : 0);
}

static void test_kills(void)
{
	clear();
	for (int i = 0; i < 4; i++) {
		int status;
		waitpid(run_until((uint64_t)i + 1, i, SIGKILL), &status, 0);
		CHECK(WIFSIGNALED(status));
		CHECK(i < 3 ? ask("SELECT count(*) FROM t") == -1 : holds(STEP));
	}
	struct flow_run r = {.epoch = 9, .total = TOTAL, .step = STEP};
	CHECK(!run(&r) && r.from == STEP && holds(TOTAL));
}

/* Stopped before the barrier it is in nobody's way, and learns of the later run when it goes on. */
static void test_zombie(void)
{
	int status;
	clear();
	pid_t child = run_until(1, 1, SIGSTOP);
	CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
	struct flow_run r = {.epoch = 2, .total = 2 * STEP, .step = STEP};
	CHECK(!run(&r) && r.from == 0 && holds(2 * STEP));
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == -ERR_UPSTREAM && holds(2 * STEP));
}

/* Stopped in the middle of a commit it has the lock: the later run says who. */
static void test_stopped_in_commit(void)
{
	int status;
	char want[64];
	clear();
	pid_t child = run_until(1, 2, SIGSTOP);
	CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
	struct flow_run r = {.epoch = 2};
	struct sink *s = open_sink("&timeout=50ms");
	snprintf(want, sizeof want, "f.db: process %ld (", (long)child);
	CHECK(flow_recover(s, &r) == ERR_FAILED && strstr(e.text, want) && strstr(e.text, "which is stopped"));
	if (!strstr(e.text, want))
		fprintf(stderr, "%s\n", e.text);
	sink_close(s);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	r = (struct flow_run){.epoch = 3, .total = TOTAL, .step = STEP};
	CHECK(!run(&r) && holds(TOTAL));
}

static uint32_t given;

static int give(void *arg, struct batch *b, struct error *err)
{
	(void)arg;
	if (b->reject_count)
		CHECK(strstr(b->rejects[0].reason, "constraint") && b->reject_count == 2);
	given += b->reject_count;
	(void)err;
	return OK;
}

/* What a constraint refuses is found out at the barrier. */
static void test_rejects(void)
{
	struct flow_run r = {.epoch = 1};
	struct sink *s = NULL;
	clear();
	CHECK(ask("CREATE TABLE t(k, n CHECK(n != 3 AND n != 7))") == -1);
	CHECK(sink_open("sqlite:f.db?table=t", &(struct sink_options){.rejected = give}, &s, &e) == OK);
	CHECK(!flow_recover(s, &r) && !flow_put(s, 0, 10) && sink_pending(s) == 10);
	CHECK(!sink_prepare(s, &e) && sink_pending(s) == 8 && given == 2 && !sink_commit(s, 1, "at 10", 6, &e));
	CHECK(ask("SELECT count(*) FROM t") == 8);
	sink_close(s);
}

/* -- records put aside -- */

static uint64_t next_row, wrong;

static int check_rows(void *arg, struct batch *b, struct error *err)
{
	(void)arg;
	(void)err;
	const struct column *n = batch_field(b, "n", 1), *text = batch_field(b, "text", 4);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		struct value v = column_get(n, batch_row(b, i)), t = column_get(text, batch_row(b, i));
		wrong += v.type != TYPE_INT || (uint64_t)v.i != next_row++ || t.len != 200 ||
			 (int64_t)t.s[199] != '0' + v.i % 10;
	}
	return OK;
}

static void test_stash(void)
{
	struct stash s;
	stash_init(&s);
	CHECK(!stash_empty(&s, check_rows, NULL, &e) && !next_row);
	/* Once within the memory, once far beyond it, once more in the same file. */
	for (int round = 0; round < 3; round++) {
		struct buf json = BUF_INIT;
		int64_t rows_in = round ? 200000 : 5000;
		for (int64_t i = 0, step = 1; i < rows_in; i += step) {
			step = i % 3 ? 5000 : 7;
			step = step < rows_in - i ? step : rows_in - i;
			buf_clear(&json);
			for (int64_t k = 0; k < step; k++) {
				buf_printf(&json, "{\"n\":%d,\"text\":\"x%0199d\"}\n", (int)(i + k), (int)(i + k));
			}
			CHECK(!stash_add(&s, rows(buf_string(&json)), &e));
		}
		CHECK((s.fd >= 0) == (round > 0) && s.frames.len < 17 << 20);
		next_row = wrong = 0;
		CHECK(!stash_empty(&s, check_rows, NULL, &e) && next_row == (uint64_t)rows_in && !wrong);
		buf_release(&json);
	}
	stash_release(&s);
}

int main(void)
{
	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	batch_init(&batch);
	test_barriers();
	test_much();
	test_kills();
	test_zombie();
	test_stopped_in_commit();
	test_rejects();
	test_stash();
	clear();
	batch_release(&batch);
	free(text_held);
	CHECK(!rmdir(dir));
	return test_done();
}
