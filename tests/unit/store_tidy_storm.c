/*
 * Writers, followers and readers of a stream that is compacted and moved to its tier in a loop, by processes that are
 * killed: each record is seen once by all of them.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "store/shard/shard.h"
#include "store/upkeep/compact.h"
#include "store/upkeep/retain.h"
#include "store_help.h"

enum { TOTAL = 400000, STORM_SECONDS = 3, FOLLOWERS = 2, TIDIERS = 2 };

struct shared {
	atomic_llong written, followed[FOLLOWERS];
	atomic_bool stop, written_all, wrong;
	atomic_llong compacted, moved;
};

static struct shared *shared;
static const char *stream_path;

static int writer(void)
{
	struct shard s;
	struct batch b;
	struct error e;
	int r = shard_open(&s, &files_real, stream_path, 0, &e);
	s.segment_size = 6000;
	batch_init(&b);
	int64_t next = 0;
	for (uint32_t i = 0; !r && next < TOTAL - 100 && !atomic_load(&shared->stop); i++) {
		uint32_t count = 1 + i * 7 % 30;
		test_rows(&b, next, count);
		r = shard_append(&s, &b, &e);
		if (!r)
			r = shard_sync(&s, &e);
		next += count;
		atomic_store(&shared->written, next);
		usleep(100);
	}
	if (r)
		fprintf(stderr, "writer: %s\n", e.text);
	batch_release(&b);
	shard_close(&s);
	return r != 0;
}

static int follower(int number)
{
	struct tally l;
	struct error e = {0};
	struct store_reader_options o = {.follow = true, .damaged = tally_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	tally_init(&l, TOTAL);
	int r = store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e);
	while (!r && (!atomic_load(&shared->written_all) || (int64_t)l.records < atomic_load(&shared->written))) {
		r = store_reader_next(reader, &item, &e);
		if (r < 0)
			break;
		if (r > 0)
			tally_add(&l, item.batch, item.shard);
		atomic_store(&shared->followed[number], (int64_t)l.records);
		struct pollfd p = {.fd = store_reader_fd(reader), .events = POLLIN};
		/* One of them is slow, and is overtaken by those who tidy. */
		if (number)
			usleep(r && !atomic_load(&shared->stop) ? 300 : 0);
		if (!r)
			poll(&p, 1, 20);
		r = 0;
	}
	store_reader_close(reader);
	if (r || l.disorder || l.foreign || l.damages || tally_wrong(&l, 0, atomic_load(&shared->written), 1)) {
		fprintf(stderr, "follower %d: %d %s disorder %llu foreign %llu damages %llu lost %llu of %llu\n",
			number, r, e.text, (unsigned long long)l.disorder, (unsigned long long)l.foreign,
			(unsigned long long)l.damages, (unsigned long long)l.lost, (unsigned long long)l.records);
		atomic_store(&shared->wrong, true);
	}
	tally_release(&l);
	return 0;
}

static int tidier(void)
{
	struct stream s;
	struct retained gone;
	struct compacted done;
	struct error e;
	struct tidy_options patient = {.wait = true};
	int r = stream_open(&s, &files_real, stream_path, &e);
	while (!r && !atomic_load(&shared->stop)) {
		r = compact(&s, 0, &patient, &done, &e);
		atomic_fetch_add(&shared->compacted, (int64_t)done.segments_after);
		if (!r)
			r = retain(&s, &patient, &gone, &e);
		atomic_fetch_add(&shared->moved, (int64_t)gone.segments);
		usleep(1000);
	}
	if (r)
		fprintf(stderr, "tidier: %s\n", e.text);
	stream_close(&s);
	return r != 0;
}

static pid_t start(int (*run)(void))
{
	pid_t pid = fork();
	if (!pid)
		_exit(run());
	return pid;
}

/* What all of them left says the same, from any place. */
static void check_reader(void)
{
	struct error e = {0};
	int64_t written = atomic_load(&shared->written);
	for (int64_t from = 0; from < written; from += written / 7 + 1) {
		struct tally l;
		tally_init(&l, TOTAL);
		CHECK(!tally_read(&l, &files_real, stream_path,
				  (struct bound){.kind = BOUND_SEQ, .seq = (uint64_t)from}, BOUND_ALL, &e));
		/* More may have been written meanwhile. */
		CHECK(!tally_wrong(&l, from, written, 1) && !tally_wrong(&l, 0, from, 0));
		CHECK(!l.disorder && !l.foreign && !l.damages && !tally_twice(&l));
		tally_release(&l);
	}
}

static void new_stream(void)
{
	struct error e;
	struct catalog c;
	char *tier = file_path("%s/cold", test_directory);
	mkdir(tier, 0700);
	CHECK(!catalog_init(&c, 1, HASH_XXH3, &e));
	c.tier = tier;
	c.max_size = 200000;
	CHECK(stream_create(&files_real, stream_path, &c, &e) == 1);
	catalog_release(&c);
}

int main(void)
{
	pid_t tidiers[TIDIERS], followers[FOLLOWERS];
	int status, kills = 0;
	stream_path = file_path("%s/s", test_start());
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	new_stream();
	pid_t writing = start(writer);
	for (int i = 0; i < TIDIERS; i++)
		tidiers[i] = start(tidier);
	for (int i = 0; i < FOLLOWERS; i++)
		if (!(followers[i] = fork()))
			_exit(follower(i));
	for (int64_t until = monotonic_now() + STORM_SECONDS * SECOND; monotonic_now() < until; kills++) {
		usleep(20000);
		int i = kills % TIDIERS;
		kill(tidiers[i], SIGKILL);
		waitpid(tidiers[i], &status, 0);
		CHECK(WIFSIGNALED(status));
		tidiers[i] = start(tidier);
		if (kills % 20 == 0)
			check_reader();
	}
	atomic_store(&shared->stop, true);
	CHECK(waitpid(writing, &status, 0) == writing && !status);
	atomic_store(&shared->written_all, true);
	for (int i = 0; i < TIDIERS; i++)
		CHECK(waitpid(tidiers[i], &status, 0) == tidiers[i] && !status);
	for (int i = 0; i < FOLLOWERS; i++)
		CHECK(waitpid(followers[i], &status, 0) == followers[i] && !status);
	CHECK(!atomic_load(&shared->wrong));
	check_reader();
	CHECK(kills > 10 && atomic_load(&shared->compacted) > 5 && atomic_load(&shared->moved));
	printf("%lld records, %d kills, %lld compacted, %lld moved\n", (long long)atomic_load(&shared->written), kills,
	       (long long)atomic_load(&shared->compacted), (long long)atomic_load(&shared->moved));
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
