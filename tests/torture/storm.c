/*
 * Writers, a resharder and one who compacts (and retains) that are killed at any moment and start again, and followers
 * that read all the while, on the real file system. A ledger in shared memory says of each record whether it was begun and whether it was acknowledged.
 *
 *   storm [--seed N] [--time SECONDS] [--writers N] [--followers N] [--retain] [--quick]
 *
 * At the end: a reading has each acknowledged record once, the others once or not at all, each key of each writer in
 * its order; and so had every follower. With --retain there are no followers, the stream keeps two seconds, and only
 * what was begun before that may be gone.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "../unit/store_help.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "disk.h"
#include "store/reshard/reshard.h"
#include "store/upkeep/compact.h"
#include "store/upkeep/retain.h"
#include "store/write/writer_private.h"

enum { WRITERS_MAX = 16, FOLLOWERS_MAX = 8, EACH = 2000000, KEYS = 7, SEGMENT = 60000, KEPT_SECONDS = 2 };
enum { UNTOUCHED, BEGUN, ACKED };

struct seen {
	uint8_t times[WRITERS_MAX * EACH];
	uint32_t last[WRITERS_MAX][KEYS]; /* one more than it */
	atomic_ullong records;
	uint64_t wrong; /* twice, out of order, damaged, or never begun */
	bool failed;
};

struct shared {
	_Atomic uint32_t next[WRITERS_MAX]; /* the number that a writer begins with next */
	atomic_bool stop;
	atomic_ullong reshards, compacted, retained;
	int64_t started;
	uint32_t stopped_at;                   /* hundredths of a second since then */
	uint16_t begun_at[WRITERS_MAX * EACH]; /* the same */
	uint8_t state[WRITERS_MAX * EACH];
	struct seen seen[FOLLOWERS_MAX + 1];
};

static struct shared *shared;
static const char *stream_path;
static int writers = 4, followers = 2;
static bool retains;

static uint32_t clock_now(void)
{
	return (uint32_t)((monotonic_now() - shared->started) / (10 * MILLISECOND));
}

static int write_some(struct store_writer *w, struct batch *b, int number, uint32_t *begun, uint64_t *chance,
		      struct error *e)
{
	int r = OK;
	for (uint32_t appends = 1 + dice(chance, 4); !r && appends; appends--) {
		uint32_t count = 1 + dice(chance, dice(chance, 20) ? 10 : 300);
		memset(shared->state + number * EACH + *begun, BEGUN, count);
		for (uint32_t i = 0; i < count; i++)
			shared->begun_at[number * EACH + *begun + i] = (uint16_t)clock_now();
		atomic_store(&shared->next[number], *begun + count);
		test_rows(b, number * EACH + *begun, count);
		*begun += count;
		for (size_t i = 0; i < w->lane_count; i++)
			w->lanes[i]->shard.segment_size = SEGMENT;
		r = store_writer_append(w, b, batch_field(b, "who", 3), e);
	}
	return r ? r : store_writer_sync(w, e);
}

static int writer(int number, uint64_t chance)
{
	struct stream s;
	struct store_writer *w = NULL;
	struct batch b;
	struct error e;
	uint32_t acked = atomic_load(&shared->next[number]), begun = acked;
	int r = stream_open(&s, &files_real, stream_path, &e);
	if (!r)
		r = store_writer_open(&w, &s, &e);
	batch_init(&b);
	while (!r && !atomic_load(&shared->stop) && begun < EACH - 2000) {
		r = write_some(w, &b, number, &begun, &chance, &e);
		if (!r)
			memset(shared->state + number * EACH + acked, ACKED, begun - acked);
		acked = begun;
	}
	if (r)
		fprintf(stderr, "writer: %s\n", e.text);
	return r != 0;
}

static int resharder(uint64_t chance)
{
	while (!atomic_load(&shared->stop)) {
		struct stream s;
		struct error e;
		usleep(20000 + dice(&chance, 100000));
		int r = stream_open(&s, &files_real, stream_path, &e);
		if (!r)
			r = reshard_scale(&s, 1 + dice(&chance, 5), &e);
		if (r < 0)
			return fprintf(stderr, "resharder: %s\n", e.text), 1;
		stream_close(&s);
		atomic_fetch_add(&shared->reshards, r > 0);
	}
	return 0;
}

static int tidy(const struct stream *s, struct error *e)
{
	struct tidy_options o = {.wait = false};
	struct retained *gone = mem_array(s->catalog.shard_count, sizeof *gone);
	int r = OK;
	if (retains && !(r = retain(s, &o, gone, e)))
		for (size_t i = 0; i < s->catalog.shard_count; i++)
			atomic_fetch_add(&shared->retained, gone[i].segments);
	for (size_t i = 0; !r && i < s->catalog.shard_count; i++) {
		struct compacted done;
		r = compact(s, s->catalog.shards[i].id, &o, &done, e);
		atomic_fetch_add(&shared->compacted, done.segments_before - done.segments_after);
	}
	free(gone);
	return r;
}

static int tidier(void)
{
	while (!atomic_load(&shared->stop)) {
		struct stream s;
		struct error e;
		usleep(50000);
		int r = stream_open(&s, &files_real, stream_path, &e);
		if (!r) {
			r = tidy(&s, &e);
			stream_close(&s);
		}
		if (r)
			return fprintf(stderr, "tidier: %s\n", e.text), 1;
	}
	return 0;
}

static void add(struct seen *seen, const struct batch *b)
{
	const struct column *n = batch_field(b, "n", 1);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		struct value v = column_get(n, batch_row(b, i));
		if (v.type != TYPE_INT || v.i < 0 || v.i >= (int64_t)writers * EACH) {
			seen->wrong++;
			continue;
		}
		uint32_t *last = &seen->last[v.i / EACH][v.i % KEYS];
		seen->wrong += seen->times[v.i] || shared->state[v.i] == UNTOUCHED || v.i % EACH < *last;
		seen->times[v.i] = 1;
		*last = (uint32_t)(v.i % EACH) + 1;
	}
	atomic_fetch_add(&seen->records, batch_count(b));
}

static void damaged(void *arg, const struct damage *d)
{
	(void)d;
	((struct seen *)arg)->wrong++;
}

static int read_all(struct seen *seen, bool follow)
{
	struct error e = {0};
	struct store_reader_options o = {.follow = follow, .damaged = damaged, .damaged_arg = seen};
	struct store_reader *reader;
	struct store_item item;
	int r = store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e);
	while (!r) {
		r = store_reader_next(reader, &item, &e);
		if (r < 0)
			break;
		if (r > 0)
			add(seen, item.batch);
		else if (!follow)
			break;
		else
			poll(&(struct pollfd){.fd = store_reader_fd(reader), .events = POLLIN}, 1, 500);
		r = 0;
	}
	if (r)
		fprintf(stderr, "reader: %s\n", e.text);
	seen->failed = r != 0;
	return r;
}

static pid_t start(int number, uint64_t chance)
{
	pid_t pid = fork();
	if (!pid)
		_exit(number < writers ? writer(number, chance) : number == writers ? resharder(chance) : tidier());
	return pid;
}

/* Returns how many were killed, or -1 if one ended by itself with an error. */
static long storm(uint64_t chance, int seconds)
{
	pid_t pids[WRITERS_MAX + 2];
	long kills = 0;
	int status;
	time_t until = time(NULL) + seconds;
	for (int i = 0; i < writers + 2; i++)
		pids[i] = start(i, chance + (uint64_t)i);
	while (kills >= 0 && time(NULL) < until) {
		usleep(dice(&chance, 12000));
		int i = (int)dice(&chance, (uint32_t)writers + 2);
		if (i == writers && dice(&chance, 10))
			continue; /* else it never comes to anything */
		if (waitpid(pids[i], &status, WNOHANG) == pids[i]) {
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				kills = -2;
		} else {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], &status, 0);
		}
		kills++;
		pids[i] = start(i, chance);
	}
	atomic_store(&shared->stop, true);
	for (int i = 0; i < writers + 2; i++)
		if (waitpid(pids[i], &status, 0) == pids[i] && (!WIFEXITED(status) || WEXITSTATUS(status)))
			kills = -1;
	shared->stopped_at = clock_now();
	return kills;
}

static long judge(const char *who, const struct seen *seen)
{
	long lost = 0, acked = 0, gone = 0;
	for (int i = 0; i < writers * EACH; i++) {
		bool missing = shared->state[i] == ACKED && !seen->times[i];
		bool old = retains && shared->begun_at[i] + KEPT_SECONDS * 100u < shared->stopped_at;
		gone += missing && old;
		lost += missing && !old;
		acked += shared->state[i] == ACKED;
	}
	if (retains)
		printf("storm: %ld records were older than the stream keeps\n", gone);
	printf("storm: %s: %ld acknowledged, %ld lost, %llu wrong\n", who, acked, lost,
	       (unsigned long long)seen->wrong);
	return lost || seen->wrong || seen->failed || acked < 1000 || gone == acked || (retains && !gone);
}

static long verdict(const pid_t *readers)
{
	struct seen *end = &shared->seen[FOLLOWERS_MAX];
	read_all(end, false);
	long failures = judge("at the end", end);
	for (int i = 0; i < followers; i++) {
		struct seen *seen = &shared->seen[i];
		for (int wait = 0; wait < 300 && !seen->failed && atomic_load(&seen->records) < end->records; wait++)
			usleep(50000);
		kill(readers[i], SIGKILL);
		waitpid(readers[i], NULL, 0);
		failures += judge("followed", seen) || memcmp(seen->times, end->times, sizeof seen->times) != 0;
	}
	return failures;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	int seconds = 60;
	bool quick = false;
	pid_t readers[FOLLOWERS_MAX];
	struct error e = {0};
	struct catalog c;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--quick"))
			quick = true;
		else if (!strcmp(argv[i], "--retain"))
			retains = true, followers = 0;
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoull(value, NULL, 10), i++;
		else if (!strcmp(argv[i], "--time"))
			seconds = atoi(value), i++;
		else if (!strcmp(argv[i], "--writers"))
			writers = atoi(value), i++;
		else if (!strcmp(argv[i], "--followers"))
			followers = atoi(value), i++;
		else
			return fprintf(stderr, "storm: what is `%s`?\n", argv[i]), 2;
	}
	if (writers < 1 || writers > WRITERS_MAX || followers < 0 || followers > FOLLOWERS_MAX)
		return fprintf(stderr, "storm: 1 to %d writers, 0 to %d followers\n", WRITERS_MAX, FOLLOWERS_MAX), 2;
	if (quick && seconds > 4)
		seconds = 4;
	stream_path = file_path("%s/s", test_start());
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shared == MAP_FAILED || catalog_init(&c, 2, HASH_XXH3, &e))
		return fprintf(stderr, "storm: %s\n", e.text), 1;
	c.retention = retains ? KEPT_SECONDS * SECOND : 0;
	if (stream_create(&files_real, stream_path, &c, &e) != 1)
		return fprintf(stderr, "storm: %s\n", e.text), 1;
	catalog_release(&c);
	for (int i = 0; i < followers; i++)
		if (!(readers[i] = fork()))
			_exit(read_all(&shared->seen[i], true) != 0);
	shared->started = monotonic_now();
	long kills = storm(seed, seconds), failures = verdict(readers) + (kills <= 0);
	unsigned long long reshards = atomic_load(&shared->reshards), compacted = atomic_load(&shared->compacted),
			   retained = atomic_load(&shared->retained);
	if (!reshards || !(retains ? retained : compacted))
		failures++;
	printf("storm: seed %llu, %d seconds, %ld kills, %llu splits and merges, %llu segments compacted away, %llu "
	       "given up by retention, %ld failures\n",
	       (unsigned long long)seed, seconds, kills, reshards, compacted, retained, failures);
	test_cleanup();
	return failures != 0;
}
