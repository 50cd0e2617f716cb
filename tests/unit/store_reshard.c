/*
 * Resharding: whatever call fails, or wherever the process or the machine stops, the stream has the old shards or the
 * new ones, takes records, has each that was acknowledged once, and the records of a key in their order. And writers
 * and followers that work on a stream while it is split, merged and scaled: every follower sees every record once, in
 * the order of its key.
 *
 * STREAM_TEST_RECORDS sets how many records that is.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "store/reshard.h"
#include "store/shard.h"
#include "store_fault.h"

enum { KEYS = 7 };

static const char *stream_path;

static void new_stream(uint32_t shards, int64_t sync)
{
	struct error e;
	struct catalog c;
	path_remove(&files_real, stream_path, NULL);
	if (catalog_init(&c, shards, HASH_XXH3, &e))
		exit(1);
	c.sync = sync;
	if (stream_create(&files_real, stream_path, &c, &e) < 0)
		exit(1);
	catalog_release(&c);
}

static int split_first(const struct files *io, struct error *e)
{
	struct stream s = {0};
	int r = stream_open(&s, io, stream_path, e);
	uint32_t first = 0;
	while (!r && s.catalog.shards[first].closed)
		first++;
	if (!r)
		r = reshard_split(&s, first, NULL, e);
	stream_close(&s);
	return r;
}

static int scale(const struct files *io, uint32_t count, struct error *e)
{
	struct stream s = {0};
	int r = stream_open(&s, io, stream_path, e);
	if (!r)
		r = reshard_scale(&s, count, e);
	stream_close(&s);
	return r;
}

/* -- what a reader finds -- */

/* What was acknowledged is there once, nothing twice or damaged, @seq rises in shards, numbers rise for each key. */
static bool all_there(const struct files *io, const int64_t (*acked)[2], int count, int64_t begun)
{
	struct ledger l;
	struct error e = {0};
	struct store_reader_options o = {.damaged = ledger_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	int64_t last[KEYS] = {0};
	uint64_t disorder = 0, lost = 0;
	ledger_init(&l, begun);
	int r = store_reader_open(&reader, io, &stream_path, 1, &o, &e);
	while (!r && (r = store_reader_next(reader, &item, &e)) > 0) {
		ledger_add(&l, item.batch, item.shard);
		const struct column *n = batch_field(item.batch, "n", 1);
		for (uint32_t i = 0; i < batch_count(item.batch); i++) {
			int64_t number = column_get(n, batch_row(item.batch, i)).i;
			disorder += number + 1 <= last[number % KEYS];
			last[number % KEYS] = number + 1;
		}
		r = 0;
	}
	bool good = !r && store_reader_done(reader);
	store_reader_close(reader);
	for (int i = 0; i < count; i++)
		lost += ledger_wrong(&l, acked[i][0], acked[i][1], 1);
	good = good && !lost && !disorder && !ledger_twice(&l) && !l.foreign && !l.disorder && !l.damages;
	if (!good)
		fprintf(stderr,
			"  records %llu lost %llu disorder %llu/%llu foreign %llu damages %llu twice %llu: %s\n",
			(unsigned long long)l.records, (unsigned long long)lost, (unsigned long long)disorder,
			(unsigned long long)l.disorder, (unsigned long long)l.foreign, (unsigned long long)l.damages,
			(unsigned long long)ledger_twice(&l), e.text);
	ledger_release(&l);
	return good;
}

/* A follower comes to the end of every shard that is closed: none of them is left unsealed. */
static bool all_ended(const struct files *io)
{
	struct error e = {0};
	struct store_reader_options o = {.follow = true};
	struct store_reader *reader;
	struct store_item item;
	struct stream s = {0};
	bool good = !stream_open(&s, io, stream_path, &e) && !store_reader_open(&reader, io, &stream_path, 1, &o, &e);
	while (good && store_reader_next(reader, &item, &e) > 0)
		;
	for (size_t i = 0; good && i < s.catalog.shard_count; i++)
		good = store_reader_shard(reader, i).ended == s.catalog.shards[i].closed;
	store_reader_close(reader);
	stream_close(&s);
	return good;
}

/* -- one writer, and a resharding that goes wrong -- */

enum { PART = 60 };

/* Numbers [begun, begun + PART): appended, and synced. */
static bool put(struct store_writer *w, int64_t *begun, bool sync, struct error *e)
{
	*begun += PART;
	return w && !test_append(w, *begun - PART, PART, 20, e) && (!sync || !store_writer_sync(w, e));
}

/* Only the one who reshards has trouble: the writer, who had something that was not durable, must not notice. */
static long reshard_fails(unsigned calls, bool sticky, bool stops)
{
	for (long n = 1;; n++) {
		struct faulty f;
		struct error e = {0};
		int64_t begun = 0;
		new_stream(2, SECOND);
		faulty_init(&f, 1);
		struct faulty good;
		faulty_init(&good, 1);
		struct store_writer *w = test_writer(&good.io, stream_path, 2, SECOND, &e);
		bool fine = put(w, &begun, true, &e) && put(w, &begun, false, &e);
		f.calls = calls;
		f.fail_at = n;
		f.sticky = sticky;
		f.stops = stops;
		int r = split_first(&f.io, &e);
		CHECK(f.fired || !r);
		/* Before the one that knew the old shards comes one that knows the new. */
		struct store_writer *other = test_writer(&good.io, stream_path, 2, SECOND, &e);
		CHECK(other && all_ended(&good.io));
		store_writer_close(other);
		fine = fine && put(w, &begun, false, &e) && put(w, &begun, true, &e);
		CHECK(fine);
		CHECK(all_there(&good.io, (const int64_t[][2]){{0, begun}}, 1, begun));
		CHECK(scale(&good.io, 3, &e) == 1);
		CHECK(put(w, &begun, true, &e));
		bool whole = all_there(&good.io, (const int64_t[][2]){{0, begun}}, 1, begun);
		CHECK(whole);
		store_writer_close(w);
		bool fired = f.fired;
		if (!fine || !whole)
			fprintf(stderr, "  calls %u sticky %d stops %d n %ld: %s\n", calls, sticky, stops, n, e.text);
		faulty_release(&f);
		faulty_release(&good);
		if (!fired)
			return n - 1;
	}
}

static void test_reshard_fails(void)
{
	static const unsigned kinds[] = {CALL_OPEN, CALL_READ, CALL_WRITE, CALL_SYNC, CALL_CHANGE, CALL_LOCK, CALL_ALL};
	long faults = 0;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (int mode = 0; mode < 3; mode++) {
			long n = reshard_fails(kinds[k], mode == 1, mode == 2);
			CHECK(n > 0);
			faults += n;
		}
	printf("%ld faults of the resharding\n", faults);
}

/* Everybody has trouble, once: the writer too, before, at and after the split. What it acknowledged stays. */
static long all_fail(unsigned calls)
{
	for (long n = 1, failed = 0;; n++) {
		struct faulty f;
		struct error e = {0};
		int64_t begun = 0, acked[2][2] = {{0}};
		new_stream(2, SECOND);
		faulty_init(&f, 1);
		struct store_writer *w = test_writer(&f.io, stream_path, 2, SECOND, &e);
		f.calls = calls;
		f.fail_at = n;
		bool fine = put(w, &begun, true, &e);
		acked[0][1] = fine ? begun : 0;
		fine = fine && put(w, &begun, false, &e);
		split_first(&f.io, &e);
		fine = fine && put(w, &begun, false, &e) && put(w, &begun, true, &e);
		acked[0][1] = fine ? begun : acked[0][1];
		failed += !fine;
		store_writer_close(w);
		bool fired = f.fired;
		f.calls = 0;
		acked[1][0] = begun;
		w = test_writer(&f.io, stream_path, 2, SECOND, &e);
		CHECK(scale(&f.io, 1, &e) == 1);
		CHECK(put(w, &begun, true, &e) && put(w, &begun, true, &e));
		acked[1][1] = begun;
		store_writer_close(w);
		bool good = all_there(&f.io, (const int64_t(*)[2])acked, 2, begun);
		CHECK(good);
		if (!good)
			fprintf(stderr, "  calls %u n %ld: %s\n", calls, n, e.text);
		faulty_release(&f);
		if (!fired) {
			/* A sync that fails, also that of the seal, costs a segment, not the writer. */
			CHECK(calls != CALL_SYNC || failed * 2 < n);
			return n - 1;
		}
	}
}

static void test_all_fail(void)
{
	static const unsigned kinds[] = {CALL_OPEN, CALL_READ, CALL_WRITE, CALL_SYNC, CALL_CHANGE, CALL_LOCK};
	long faults = 0;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		faults += all_fail(kinds[k]);
	CHECK(faults > 150);
	printf("%ld faults of all\n", faults);
}

/* -- the sync of the seal fails, and two writers hold what it has lost -- */

static void test_seal_loses(void)
{
	enum { LARGE = 5000 }; /* appended at once, and not yet synced */
	struct faulty f;
	struct error e = {0};
	struct batch b;
	new_stream(1, SECOND);
	faulty_init(&f, 1);
	batch_init(&b);
	struct store_writer *w[2];
	int64_t begun = 0;
	for (int i = 0; i < 2; i++)
		w[i] = test_writer(&f.io, stream_path, 1, SECOND, &e);
	CHECK(put(w[0], &begun, true, &e));
	for (int i = 0; i < 4; i++) {
		test_rows(&b, begun, LARGE);
		CHECK(!store_writer_append(w[i / 2], &b, batch_field(&b, "who", 3), &e));
		begun += LARGE;
	}
	CHECK(put(w[0], &begun, false, &e));
	f.calls = CALL_SYNC;
	f.path = "/shards/0/00000000000000000000.seg";
	f.fail_at = 1;
	CHECK(!split_first(&f.io, &e) && f.fired);
	f.calls = 0;
	/* One goes first with what it lost, then comes what was gathered behind it. */
	CHECK(!store_writer_sync(w[1], &e) && put(w[1], &begun, true, &e) && !store_writer_sync(w[0], &e));
	CHECK(put(w[0], &begun, true, &e));
	batch_release(&b);
	store_writer_close(w[0]);
	store_writer_close(w[1]);
	struct ledger l;
	ledger_init(&l, begun);
	CHECK(!ledger_read(&l, &f.io, stream_path, BOUND_ALL, BOUND_ALL, &e));
	CHECK(!ledger_wrong(&l, 0, begun, 1) && !l.foreign && !l.damages && !l.disorder);
	CHECK(l.last_seq[0] == PART && l.last_seq[1] + l.last_seq[2] > (uint64_t)begun);
	ledger_release(&l);
	faulty_release(&f);
}

/* -- a split between any two looks of a reader -- */

struct meanwhile {
	struct store_writer *writer;
	int64_t begun, durable;
	bool fine;
};

/* More in the parent, durable; the split; then more in the children. */
static void split_meanwhile(void *arg)
{
	struct meanwhile *m = arg;
	struct error e;
	m->fine = put(m->writer, &m->begun, true, &e) && put(m->writer, &m->begun, false, &e) &&
		  !split_first(&files_real, &e) && put(m->writer, &m->begun, true, &e);
}

/* The catalog is decided, and the parent is not sealed: whoever split it died. */
static void split_half(void)
{
	for (long n = 1, closed = 0; !closed; n++) {
		struct faulty f;
		struct stream s;
		struct error e;
		faulty_init(&f, 1);
		f.io.boot = files_real.boot;
		f.calls = CALL_SYNC;
		f.fail_at = n;
		f.stops = true;
		split_first(&f.io, &e);
		CHECK(f.fired);
		faulty_release(&f);
		if (stream_open(&s, &files_real, stream_path, &e))
			exit(1);
		closed = s.catalog.shards[0].closed;
		stream_close(&s);
	}
}

/* The other half, and more in the children. */
static void seal_meanwhile(void *arg)
{
	struct meanwhile *m = arg;
	struct error e;
	m->fine = put(m->writer, &m->begun, true, &e);
}

/* Something that is in the parent, and not durable. */
static void put_unsynced(struct meanwhile *m)
{
	enum { AT_ONCE = 4200 };
	struct batch b;
	struct error e;
	batch_init(&b);
	test_rows(&b, m->begun, AT_ONCE);
	CHECK(!store_writer_append(m->writer, &b, batch_field(&b, "who", 3), &e));
	m->begun += AT_ONCE;
	batch_release(&b);
}

/* Reads until all is there that is to come; a bounded reader may stop earlier, but leaves nothing out in between. */
static bool read_through(struct faulty *f, struct meanwhile *m, bool follow, bool *fired)
{
	enum { ROUNDS = 40 };
	struct error e = {0};
	struct store_reader_options o = {.follow = follow};
	struct store_reader *reader;
	struct store_item item;
	int64_t next[KEYS], count = 0, at_least = m->durable;
	for (int i = 0; i < KEYS; i++)
		next[i] = i;
	bool good = true, before = true;
	int r = store_reader_open(&reader, &f->io, &stream_path, 1, &o, &e);
	for (int i = 0; !r && i < ROUNDS && !store_reader_done(reader); i++) {
		while ((r = store_reader_next(reader, &item, &e)) > 0) {
			const struct column *n = batch_field(item.batch, "n", 1);
			for (uint32_t k = 0; k < batch_count(item.batch); k++) {
				int64_t number = column_get(n, batch_row(item.batch, k)).i;
				good = good && number == next[number % KEYS];
				next[number % KEYS] = number + KEYS;
				count++;
			}
		}
		if (f->fired && count == m->begun && follow)
			break;
		if (f->fired && before)
			i = 0;
		before = !f->fired;
	}
	*fired = f->fired;
	good = good && !r && count >= at_least && (!follow || !f->fired || count == m->begun);
	if (!good)
		fprintf(stderr, "  %lld of %lld: %d %s\n", (long long)count, (long long)m->begun, r, e.text);
	store_reader_close(reader);
	return good;
}

static void test_split_meanwhile(bool follow, bool half)
{
	long looks = 0;
	for (bool fired = true; fired; looks++) {
		struct error e = {0};
		struct faulty f;
		struct meanwhile m = {0};
		new_stream(1, SECOND);
		faulty_init(&f, 1);
		f.io.boot = files_real.boot;
		m.writer = test_writer(&files_real, stream_path, 1, SECOND, &e);
		CHECK(put(m.writer, &m.begun, true, &e) && put(m.writer, &m.begun, true, &e));
		m.durable = m.begun;
		if (half) {
			put_unsynced(&m);
			split_half();
		}
		f.calls = CALL_READ | CALL_OPEN;
		f.fail_at = looks + 1;
		f.before = half ? seal_meanwhile : split_meanwhile;
		f.before_arg = &m;
		m.fine = true;
		bool good = read_through(&f, &m, follow, &fired);
		CHECK(good && m.fine);
		if (!good)
			fprintf(stderr, "  follow %d half %d look %ld\n", follow, half, looks);
		store_writer_close(m.writer);
		faulty_release(&f);
	}
	CHECK(looks > 10);
	printf("a split between %ld looks\n", looks);
}

/* -- the machine stops -- */

static void lose(struct faulty *f, enum loss loss)
{
	for (uint32_t id = 0; id < 8; id++) {
		char *directory = shard_directory(stream_path, id);
		faulty_lose(f, directory, loss);
		free(directory);
	}
}

static void remember_shards(struct faulty *f, uint32_t count)
{
	for (uint32_t id = 0; id < count; id++)
		for (const char *const *name =
			     (const char *const[]){"head", "lock", "sync", "00000000000000000000.seg", NULL};
		     *name; name++) {
			char *path = file_path("%s/shards/%u/%s", stream_path, id, *name);
			int fd = open(path, O_RDWR);
			remember_image(f, fd);
			close(fd);
			free(path);
		}
}

static void test_stops(void)
{
	long states = 0;
	for (enum loss loss = LOSS_NONE; loss <= LOSS_HEADS; loss++)
		for (long n = 1;; n++) {
			struct faulty f, after;
			struct error e = {0};
			int64_t begun = 0, acked[3][2] = {{0}};
			new_stream(2, SECOND);
			faulty_init(&f, 1);
			remember_shards(&f, 2);
			struct store_writer *w = test_writer(&f.io, stream_path, 2, SECOND, &e);
			f.calls = CALL_ALL & ~CALL_READ;
			f.fail_at = n;
			f.stops = true;
			bool fine = put(w, &begun, true, &e);
			acked[0][1] = fine ? begun : 0;
			fine = fine && put(w, &begun, false, &e);
			split_first(&f.io, &e);
			fine = fine && put(w, &begun, true, &e);
			acked[0][1] = fine ? begun : acked[0][1];
			store_writer_close(w);
			lose(&f, loss);
			faulty_init(&after, 2);
			bool good = all_there(&after.io, (const int64_t(*)[2])acked, 1, begun);
			acked[1][0] = begun;
			w = test_writer(&after.io, stream_path, 2, SECOND, &e);
			good = good && put(w, &begun, true, &e) && scale(&after.io, 3, &e) == 1 &&
			       put(w, &begun, true, &e);
			acked[1][1] = begun;
			store_writer_close(w);
			good = good && all_there(&after.io, (const int64_t(*)[2])acked, 2, begun);
			after.boot = 3;
			good = good && all_there(&after.io, (const int64_t(*)[2])acked, 2, begun);
			CHECK(good);
			if (!good)
				fprintf(stderr, "  loss %d n %ld: %s\n", loss, n, e.text);
			bool fired = f.fired;
			faulty_release(&f);
			faulty_release(&after);
			if (!fired)
				break;
			states++;
		}
	CHECK(states > 100);
	printf("%ld stops\n", states);
}

/* -- many at once -- */

enum { WRITERS = 8, FOLLOWERS = 8, MANY_KEYS = 101, BATCH = 700 };

struct shared {
	atomic_llong written;
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
	bool good =
		!r && !w.twice && !w.disorder && w.count == (uint64_t)(WRITERS * each) && ended == 7 && shards == 10;
	if (!good)
		fprintf(stderr, "follower: twice %llu disorder %llu count %llu shards %zu ended %zu: %s\n",
			(unsigned long long)w.twice, (unsigned long long)w.disorder, (unsigned long long)w.count,
			shards, ended, e.text);
	store_reader_close(reader);
	free(w.seen);
	free(w.last);
	return !good;
}

static void wait_for_part(int64_t part, int64_t of)
{
	while (atomic_load(&shared->written) < WRITERS * each / of * part && !atomic_load(&shared->failed))
		usleep(1000);
}

/* 0 -> 1 2; 1 -> 3 4; 4 2 -> 5... and at last three equal parts. */
static int reshape(struct error *e)
{
	struct stream s = {0};
	int r = stream_open(&s, &files_real, stream_path, e);
	wait_for_part(1, 6);
	if (!r)
		r = reshard_split(&s, 0, NULL, e);
	wait_for_part(2, 6);
	if (!r)
		r = reshard_split(&s, 1, NULL, e);
	wait_for_part(3, 6);
	if (!r)
		r = reshard_merge(&s, 2, 4, e);
	wait_for_part(4, 6);
	/* 3 has the first quarter, 5 the rest. */
	if (!r)
		r = reshard_scale(&s, 1, e);
	if (r == 1)
		r = reshard_scale(&s, 3, e);
	if (r == 1)
		r = s.catalog.shard_count == 10 ? OK : error_set(e, ERR_FAILED, "%zu shards", s.catalog.shard_count);
	stream_close(&s);
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
			alarm(300);
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
	test_reshard_fails();
	test_all_fail();
	test_seal_loses();
	for (int i = 0; i < 4; i++)
		test_split_meanwhile(i & 1, i & 2);
	test_stops();
	test_many(records ? atoll(records) : 100000);
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
