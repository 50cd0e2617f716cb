/* A writer that goes on while its shards are synced by threads, also where a sync fails. */
#include <stdatomic.h>

#include "base/units.h"
#include "store_help.h"

enum { SHARDS = 5, RECORDS = 60000, STEP = 500 };

/* The file layer, but every n-th fdatasync fails; counted over all threads. */
static struct {
	struct files io;
	atomic_long syncs;
	long every; /* 0: none */
	int delay;  /* microseconds */
} unsteady;

static int datasync(const struct files *io, int fd)
{
	(void)io;
	long n = atomic_fetch_add(&unsteady.syncs, 1) + 1;
	if (unsteady.delay)
		usleep((useconds_t)unsteady.delay);
	if (unsteady.every && n % unsteady.every == 0)
		return errno = EIO, -1;
	return files_real.datasync(&files_real, fd);
}

static void unsteady_init(long every, int delay)
{
	unsteady.io = files_real;
	unsteady.io.datasync = datasync;
	unsteady.syncs = 0;
	unsteady.every = every;
	unsteady.delay = delay;
}

static void check_all(const char *name, int64_t count)
{
	struct error e = {0};
	struct tally l;
	tally_init(&l, count);
	CHECK(!tally_read(&l, &files_real, name, BOUND_ALL, BOUND_ALL, &e));
	CHECK(l.records == (uint64_t)count && !l.foreign && !l.disorder && !l.damages);
	CHECK(!tally_wrong(&l, 0, count, 1));
	tally_release(&l);
}

static uint64_t readable(const char *name)
{
	struct error e = {0};
	struct tally l;
	tally_init(&l, RECORDS);
	CHECK(!tally_read(&l, &files_real, name, BOUND_ALL, BOUND_ALL, &e));
	CHECK(!tally_twice(&l) && !l.foreign);
	uint64_t n = l.records;
	tally_release(&l);
	return n;
}

/* Records become readable though nobody asked for a sync. */
static void test_goes_on(void)
{
	struct error e = {0};
	unsteady_init(0, 0);
	struct store_writer *w = test_writer(&unsteady.io, "goes-on", SHARDS, MILLISECOND, &e);
	CHECK(w != NULL);
	if (!w)
		return;
	uint64_t seen = 0;
	int64_t n = 0;
	for (; n < RECORDS && !seen; n += STEP) {
		CHECK(!test_append(w, n, STEP, STEP, &e));
		usleep(2000);
		seen = readable("goes-on");
	}
	CHECK(seen > 0 && seen <= (uint64_t)n);
	CHECK(!test_append(w, n, RECORDS - (uint32_t)n, STEP, &e));
	CHECK(!store_writer_sync(w, &e));
	check_all("goes-on", RECORDS);
	store_writer_close(w);
}

/* Syncs that fail, in whichever thread: what was acknowledged is there, once. */
static void test_failing_syncs(void)
{
	for (long every = 2; every < 12; every += 3) {
		struct error e = {0};
		char name[32];
		snprintf(name, sizeof name, "fails-%ld", every);
		unsteady_init(every, 200);
		struct store_writer *w = test_writer(&unsteady.io, name, SHARDS, MILLISECOND, &e);
		CHECK(w != NULL);
		if (!w)
			return;
		for (int64_t n = 0; n < RECORDS; n += RECORDS / 4) {
			CHECK(!test_append(w, n, RECORDS / 4, STEP, &e));
			CHECK(!store_writer_sync(w, &e));
			CHECK(readable(name) == (uint64_t)n + RECORDS / 4);
		}
		store_writer_close(w);
		check_all(name, RECORDS);
	}
}

/* A writer that is closed while threads sync for it leaves them time to end. */
static void test_close(void)
{
	struct error e = {0};
	unsteady_init(0, 20000);
	struct store_writer *w = test_writer(&unsteady.io, "closed", SHARDS, MILLISECOND, &e);
	CHECK(w && !test_append(w, 0, 20 * STEP, STEP, &e));
	store_writer_close(w);
	CHECK(readable("closed") <= 20 * STEP);
}

int main(void)
{
	test_start();
	test_goes_on();
	test_failing_syncs();
	test_close();
	test_cleanup();
	return test_done();
}
