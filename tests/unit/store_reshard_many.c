/*
 * Writers and followers that work on a stream while it is split, merged and scaled, by processes that are killed as
 * often as not: every follower sees every record once, in the order of its key.
 *
 * STREAM_TEST_RECORDS sets how many records that is.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/timestamp.h"
#include "store_reshard.h"

enum { WRITERS = 8, FOLLOWERS = 8, MANY_KEYS = 101, BATCH = 700 };

enum { STEPS = 5 };

/* The shards that there are, open and closed, before each step and in the end: 0 becomes 1 and 2, 1 becomes 3 and 4, 2 and
   4 become 5, all become 6, and that becomes 7, 8 and 9. */
static const size_t shards_at[STEPS + 1] = {1, 3, 5, 6, 7, 10};

struct shared {
	atomic_llong written;
	atomic_int steps; /* that are done */
	atomic_bool failed;
};

static struct shared *shared;
static int64_t each; /* records of a writer */

/* Numbers first..., which are writer's `each` * writer and up, keyed by the number modulo MANY_KEYS. */
static void make_rows(struct batch *b, int64_t first, uint32_t count)
{
	batch_clear(b);
	for (uint32_t i = 0; i < count; i++) {
		int64_t n = first + i;
		uint32_t row = batch_begin(b);
		uint16_t columns[2] = {(uint16_t)batch_column(b, "n", 1), (uint16_t)batch_column(b, "key", 3)};
		char *key = arena_printf(&b->arena, "key %d", (int)(n % MANY_KEYS));
		b->columns[columns[0]].values[row] = value_int(n);
		b->columns[columns[1]].values[row] = value_string(key, strlen(key));
		batch_end(b, (uint32_t)batch_shape_of(b, columns, 2), 0);
	}
}

static int writer(int number)
{
	struct batch b;
	struct error e = {0};
	batch_init(&b);
	uint32_t seed = (uint32_t)number + 1;
	struct store_writer *w = test_writer(&files_real, stream_path, 1, SYNC_DEFAULT, &e);
	int r = !w;
	for (int64_t n = 0; !r && n < each;) {
		/* Not so fast: there must be writers at work at each step, and after the last. */
		while (n >= each / (2 * STEPS + 2) * (2 * atomic_load(&shared->steps) + 3) &&
		       !atomic_load(&shared->failed))
			usleep(500);
		seed = seed * 1664525 + 1013904223;
		uint32_t count = 1 + (seed >> 8) % BATCH;
		if (count > each - n)
			count = (uint32_t)(each - n);
		make_rows(&b, number * each + n, count);
		r = store_writer_append(w, &b, batch_field(&b, "key", 3), &e);
		if (!r && !(seed >> 30))
			r = store_writer_sync(w, &e);
		n += count;
		atomic_fetch_add(&shared->written, count);
	}
	if (!r)
		r = store_writer_sync(w, &e);
	if (r)
		fprintf(stderr, "writer: %s\n", e.text);
	atomic_store(&shared->failed, r || atomic_load(&shared->failed));
	store_writer_close(w);
	batch_release(&b);
	return r != 0;
}

struct watcher {
	uint8_t *seen;
	int64_t *last; /* by writer and key */
	uint64_t twice, disorder, count;
};

static void look(struct watcher *w, const struct batch *b)
{
	const struct column *n = batch_field(b, "n", 1);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		int64_t number = column_get(n, batch_row(b, i)).i;
		int64_t *last = &w->last[number / each * MANY_KEYS + number % MANY_KEYS];
		w->twice += w->seen[number]++ > 0;
		w->disorder += number + 1 <= *last;
		*last = number + 1;
		w->count++;
	}
}

/* Reads on until it has as many as there will be, and a moment longer. */
static int follower(void)
{
	struct watcher w = {mem_zero((size_t)(WRITERS * each)), mem_zero(WRITERS * MANY_KEYS * sizeof *w.last), 0, 0,
			    0};
	struct error e = {0};
	struct store_reader_options o = {.follow = true};
	struct store_reader *reader;
	struct store_item item;
	int r = store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e), left = 2;
	while (!r && left && !atomic_load(&shared->failed)) {
		r = store_reader_next(reader, &item, &e);
		if (r > 0) {
			look(&w, item.batch);
			r = 0;
			continue;
		}
		struct pollfd p = {.fd = store_reader_fd(reader), .events = POLLIN};
		poll(&p, 1, 200);
		left -= w.count >= (uint64_t)(WRITERS * each);
	}
	size_t ended = 0, shards = r ? 0 : store_reader_shards(reader);
	for (size_t i = 0; i < shards; i++)
		ended += store_reader_shard(reader, i).ended;
	bool good = !r && !w.twice && !w.disorder && w.count == (uint64_t)(WRITERS * each) && ended == 7 &&
		    shards == shards_at[STEPS];
	if (!good)
		fprintf(stderr, "follower: twice %llu disorder %llu count %llu shards %zu ended %zu: %s\n",
			(unsigned long long)w.twice, (unsigned long long)w.disorder, (unsigned long long)w.count,
			shards, ended, e.text);
	store_reader_close(reader);
	free(w.seen);
	free(w.last);
	return !good;
}

static int take_step(int step, struct error *e)
{
	struct stream s = {0};
	int r = stream_open(&s, &files_real, stream_path, e);
	if (!r && s.catalog.shard_count == shards_at[step]) {
		switch (step) {
		case 0: r = reshard_split(&s, 0, NULL, e); break;
		case 1: r = reshard_split(&s, 1, NULL, e); break;
		case 2: r = reshard_merge(&s, 2, 4, e); break;
		case 3: r = reshard_scale(&s, 1, e); break;
		default: r = reshard_scale(&s, 3, e); break;
		}
	}
	if (r >= 0)
		r = s.catalog.shard_count == shards_at[step + 1] ? OK : error_set(e, ERR_FAILED, "other shards");
	stream_close(&s);
	return r;
}

/* As often as not it is killed on the way. */
static void try_step(int step, useconds_t patience)
{
	struct error e;
	pid_t pid = fork();
	if (!pid)
		_exit(take_step(step, &e) != 0);
	usleep(patience);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int reshape(struct error *e)
{
	int r = OK;
	for (int step = 0; !r && step < STEPS; step++) {
		while (atomic_load(&shared->written) < WRITERS * (each / (STEPS + 1)) * (step + 1) &&
		       !atomic_load(&shared->failed))
			usleep(1000);
		for (useconds_t patience = 100; patience < 1000; patience += 150)
			try_step(step, patience);
		r = take_step(step, e);
		atomic_store(&shared->steps, step + 1);
	}
	return r;
}

static void test_many(int64_t records)
{
	pid_t pids[WRITERS + FOLLOWERS];
	struct error e = {0};
	each = records / WRITERS;
	new_stream(1, SYNC_DEFAULT);
	int64_t begin = monotonic_now();
	for (int i = 0; i < WRITERS + FOLLOWERS; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			alarm(120);
			_exit(i < FOLLOWERS ? follower() : writer(i - FOLLOWERS));
		}
	}
	int r = reshape(&e);
	CHECK(!r);
	if (r) {
		fprintf(stderr, "  %s\n", e.text);
		atomic_store(&shared->failed, true);
	}
	for (int i = 0; i < WRITERS + FOLLOWERS; i++) {
		int status = 0;
		CHECK(waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status) && !WEXITSTATUS(status));
	}
	printf("%lld records, %d writers, %d followers: %.1f s\n", (long long)records, WRITERS, FOLLOWERS,
	       (double)(monotonic_now() - begin) / (double)SECOND);
}

int main(void)
{
	const char *records = getenv("STREAM_TEST_RECORDS");
	stream_path = file_path("%s/s", test_start());
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_many(records ? atoll(records) : 1000000);
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
