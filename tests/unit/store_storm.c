/*
 * Writers that are killed at any moment and start again, and a follower that reads all the while. A ledger in shared
 * memory says of each record whether it was begun and whether it was acknowledged.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "store/shard/shard.h"
#include "store_help.h"

enum { WRITERS = 4, EACH = 600000, TOTAL = WRITERS * EACH, STORM_SECONDS = 3 };
enum { UNTOUCHED, BEGUN, ACKED };

struct shared {
	_Atomic uint32_t next[WRITERS]; /* the number that a writer begins with next */
	atomic_bool stop;
	atomic_ullong followed;
	atomic_bool follower_failed;
	uint8_t state[TOTAL];
	uint32_t seen[TOTAL];
};

static struct shared *shared;
static const char *stream_path;

static uint32_t dice(uint32_t *state, uint32_t sides)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % sides;
}

/* A writer's life: appends of all sizes, syncs now and then, until it is killed or told to stop. */
static int writer(int number, uint32_t seed)
{
	struct shard s;
	struct batch b;
	struct error e;
	int r = shard_open(&s, &files_real, stream_path, 0, &e);
	if (!r)
		s.segment_size = 60000;
	batch_init(&b);
	uint32_t acked = atomic_load(&shared->next[number]);
	while (!r && !atomic_load(&shared->stop) && acked < EACH - 5000) {
		uint32_t begun = acked;
		for (uint32_t appends = 1 + dice(&seed, 4); !r && appends; appends--) {
			uint32_t count = dice(&seed, 20) ? 1 + dice(&seed, 10) : 1 + dice(&seed, 150);
			memset(shared->state + number * EACH + begun, BEGUN, count);
			atomic_store(&shared->next[number], begun + count);
			test_rows(&b, number * EACH + begun, count);
			r = shard_append(&s, &b, &e);
			begun += count;
		}
		if (!r)
			r = shard_sync(&s, &e);
		if (!r)
			memset(shared->state + number * EACH + acked, ACKED, begun - acked);
		acked = begun;
	}
	if (r)
		fprintf(stderr, "writer: %s\n", e.text);
	batch_release(&b);
	shard_close(&s);
	return r != 0;
}

static pid_t start(int number, uint32_t seed)
{
	pid_t pid = fork();
	if (!pid)
		_exit(writer(number, seed));
	return pid;
}

static void show_damage(void *arg, const struct damage *d)
{
	fprintf(stderr, "follower: %s, bytes %lld to %lld: @seq %llu to %llu: %s\n", d->file, (long long)d->from,
		(long long)d->to, (unsigned long long)d->first, (unsigned long long)d->behind, d->reason);
	tally_damage(arg, d);
}

/* Counts what comes, and complains of what goes back or is damaged; the shared counts are looked at in the end. */
static int follower(void)
{
	struct tally l = {.size = TOTAL, .seen = shared->seen};
	struct error e = {0};
	struct store_reader_options o = {.follow = true, .damaged = show_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	int r = store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e);
	while (!r && !atomic_load(&shared->follower_failed)) {
		r = store_reader_next(reader, &item, &e);
		if (r < 0)
			break;
		if (r > 0) {
			tally_add(&l, item.batch, item.shard);
			atomic_store(&shared->followed, l.records);
			r = 0;
			continue;
		}
		struct pollfd p = {.fd = store_reader_fd(reader), .events = POLLIN};
		poll(&p, 1, 2000);
		if (l.disorder || l.foreign || l.damages)
			break;
	}
	fprintf(stderr, "follower: %d %s disorder %llu foreign %llu damages %llu\n", r, e.text,
		(unsigned long long)l.disorder, (unsigned long long)l.foreign, (unsigned long long)l.damages);
	atomic_store(&shared->follower_failed, true);
	return 1;
}

static long storm(void)
{
	pid_t pids[WRITERS];
	uint32_t seed = 7;
	long kills = 0;
	int64_t until = monotonic_now() + STORM_SECONDS * SECOND;
	for (int i = 0; i < WRITERS; i++)
		pids[i] = start(i, seed++);
	while (monotonic_now() < until) {
		usleep(dice(&seed, 12000));
		int i = (int)dice(&seed, WRITERS), status;
		if (waitpid(pids[i], &status, WNOHANG) == pids[i]) {
			CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
		} else {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], &status, 0);
			kills++;
		}
		pids[i] = start(i, seed++);
	}
	atomic_store(&shared->stop, true);
	for (int i = 0; i < WRITERS; i++) {
		int status;
		waitpid(pids[i], &status, 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	return kills;
}

static void check_ledger(const char *who, const uint32_t *seen)
{
	uint64_t lost = 0, twice = 0, never_begun = 0, acked = 0;
	for (int i = 0; i < TOTAL; i++) {
		lost += shared->state[i] == ACKED && !seen[i];
		twice += seen[i] > 1;
		never_begun += shared->state[i] == UNTOUCHED && seen[i];
		acked += shared->state[i] == ACKED;
	}
	CHECK(!lost && !twice && !never_begun && acked > 1000);
	printf("%s: %llu acknowledged, %llu lost, %llu twice\n", who, (unsigned long long)acked,
	       (unsigned long long)lost, (unsigned long long)twice);
}

int main(void)
{
	struct error e = {0};
	struct catalog c;
	struct tally l;
	stream_path = file_path("%s/s", test_start());
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(!catalog_init(&c, 1, HASH_XXH3, &e) && stream_create(&files_real, stream_path, &c, &e) == 1);
	catalog_release(&c);
	pid_t reader = fork();
	if (!reader)
		_exit(follower());
	long kills = storm();
	CHECK(kills > 50);
	tally_init(&l, TOTAL);
	CHECK(!tally_read(&l, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e));
	CHECK(!l.foreign && !l.disorder && !l.damages);
	check_ledger("at the end", l.seen);
	/* The follower comes to the same. */
	for (int64_t until = monotonic_now() + 10 * SECOND; atomic_load(&shared->followed) < l.records &&
							    monotonic_now() < until &&
							    !atomic_load(&shared->follower_failed);)
		usleep(1000);
	CHECK(!atomic_load(&shared->follower_failed));
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	check_ledger("followed", shared->seen);
	CHECK(!memcmp(shared->seen, l.seen, sizeof shared->seen));
	printf("%ld kills, %llu records\n", kills, (unsigned long long)l.records);
	tally_release(&l);
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
