/*
 * Resharding that goes wrong: whatever call fails, or wherever the process or the machine stops, the stream has the old
 * shards or the new ones, takes records, has each that was acknowledged once, and the records of a key in their order.
 */
#include "store_reshard.h"

/* -- what a reader finds -- */

/* What was acknowledged is there once, nothing twice or damaged, @seq rises in shards, numbers rise for each key. */
static bool all_there(const struct files *io, const int64_t (*acked)[2], int count, int64_t begun)
{
	struct tally l;
	struct error e = {0};
	struct store_reader_options o = {.damaged = tally_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	int64_t last[KEYS] = {0};
	uint64_t disorder = 0, lost = 0;
	tally_init(&l, begun);
	int r = store_reader_open(&reader, io, &stream_path, 1, &o, &e);
	while (!r && (r = store_reader_next(reader, &item, &e)) > 0) {
		tally_add(&l, item.batch, item.shard);
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
		lost += tally_wrong(&l, acked[i][0], acked[i][1], 1);
	good = good && !lost && !disorder && !tally_twice(&l) && !l.foreign && !l.disorder && !l.damages;
	if (!good)
		fprintf(stderr,
			"  records %llu lost %llu disorder %llu/%llu foreign %llu damages %llu twice %llu: %s\n",
			(unsigned long long)l.records, (unsigned long long)lost, (unsigned long long)disorder,
			(unsigned long long)l.disorder, (unsigned long long)l.foreign, (unsigned long long)l.damages,
			(unsigned long long)tally_twice(&l), e.text);
	tally_release(&l);
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
		faulty_learn(&f, &good);
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
	struct tally l;
	tally_init(&l, begun);
	CHECK(!tally_read(&l, &f.io, stream_path, BOUND_ALL, BOUND_ALL, &e));
	CHECK(!tally_wrong(&l, 0, begun, 1) && !l.foreign && !l.damages && !l.disorder);
	CHECK(l.last_seq[0] == PART && l.last_seq[1] + l.last_seq[2] > (uint64_t)begun);
	tally_release(&l);
	faulty_release(&f);
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
			     (const char *const[]){"head", "lock", "sync", "news", "00000000000000000000.seg", NULL};
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

int main(void)
{
	stream_path = file_path("%s/s", test_start());
	test_reshard_fails();
	test_all_fail();
	test_seal_loses();
	test_stops();
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
