/*
 * A shard whose files go wrong at the n-th call, for every n: afterwards each record that was acknowledged is there
 * exactly once, no record is there twice, and the shard takes new ones.
 */
#include "store/shard/shard_private.h"
#include "store_fault.h"

enum { ROUNDS = 12, ROWS = 5, SMALL_SEGMENT = 2000 };

struct run {
	int64_t acked; /* records below are acknowledged... */
	int64_t begun; /* ... and those below may be there */
	bool failed;
};

static const char *stream_path;

/* Appends rounds of records and syncs after each, until something fails. */
static struct run append_rounds(const struct files *io, int64_t first, int rounds)
{
	struct run out = {first, first, true};
	struct shard s;
	struct batch b;
	struct error e;
	if (shard_open(&s, io, stream_path, 0, &e))
		return out;
	s.segment_size = SMALL_SEGMENT;
	batch_init(&b);
	out.failed = false;
	for (int i = 0; i < rounds && !out.failed; i++) {
		test_rows(&b, out.begun, ROWS);
		out.begun += ROWS;
		out.failed = shard_append(&s, &b, &e) || (i % 3 && shard_sync(&s, &e));
		if (!out.failed && i % 3)
			out.acked = out.begun;
	}
	if (!out.failed && shard_sync(&s, &e))
		out.failed = true;
	if (!out.failed)
		out.acked = out.begun;
	batch_release(&b);
	shard_close(&s);
	return out;
}

static void new_stream(void)
{
	struct error e;
	struct catalog c;
	path_remove(&files_real, stream_path, NULL);
	if (catalog_init(&c, 1, HASH_XXH3, &e) || stream_create(&files_real, stream_path, &c, &e) < 0)
		exit(1);
	catalog_release(&c);
}

/* What the runs acknowledged is there once, nothing is there twice or damaged. */
static bool all_there(const struct files *io, const struct run *runs, int count)
{
	struct tally l;
	struct error e = {0};
	tally_init(&l, runs[count - 1].begun);
	bool good = !tally_read(&l, io, stream_path, BOUND_ALL, BOUND_ALL, &e);
	int64_t from = 0;
	for (int i = 0; i < count; i++) {
		good = good && !tally_wrong(&l, from, runs[i].acked, 1);
		from = runs[i].begun;
	}
	good = good && !tally_twice(&l) && !l.foreign && !l.disorder && !l.damages;
	if (!good)
		fprintf(stderr, "  records %llu foreign %llu disorder %llu damages %llu twice %llu: %s\n",
			(unsigned long long)l.records, (unsigned long long)l.foreign, (unsigned long long)l.disorder,
			(unsigned long long)l.damages, (unsigned long long)tally_twice(&l), e.text);
	tally_release(&l);
	return good;
}

/* Fails the n-th call of these kinds, for every n that the workload reaches; returns how many that were. */
static long fail_each(unsigned calls, int error, bool sticky)
{
	for (long n = 1, count_failed = 0;; n++) {
		struct faulty f;
		struct run runs[3];
		new_stream();
		faulty_init(&f, 1);
		runs[0] = append_rounds(&f.io, 0, 3);
		f.calls = calls;
		f.fail_at = n;
		f.error = error;
		f.sticky = sticky;
		runs[1] = append_rounds(&f.io, runs[0].begun, ROUNDS);
		bool fired = f.fired;
		f.calls = 0;
		runs[2] = append_rounds(&f.io, runs[1].begun, ROUNDS);
		bool good = !runs[0].failed && !runs[2].failed && all_there(&f.io, runs, 3);
		CHECK(good);
		count_failed += runs[1].failed;
		if (!good)
			fprintf(stderr, "  calls %u error %d sticky %d n %ld\n", calls, error, sticky, n);
		faulty_release(&f);
		if (!fired) {
			/* A sync of records that fails once costs a segment, not the command. */
			CHECK(calls != CALL_SYNC || sticky || count_failed < n / 2);
			return n - 1;
		}
	}
}

static void test_errors(void)
{
	static const int errors[] = {EIO, ENOSPC};
	static const unsigned kinds[] = {CALL_OPEN, CALL_READ, CALL_WRITE, CALL_SYNC, CALL_CHANGE, CALL_LOCK, CALL_ALL};
	long fired = 0;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (int i = 0; i < 2; i++)
			for (int sticky = 0; sticky < 2; sticky++) {
				long n = fail_each(kinds[k], errors[i], sticky);
				CHECK(n > 0);
				fired += n;
			}
	printf("%ld faults\n", fired);
}

static void test_short_counts(void)
{
	struct faulty f;
	struct run run;
	new_stream();
	faulty_init(&f, 1);
	f.halves = true;
	run = append_rounds(&f.io, 0, 40);
	CHECK(!run.failed && run.acked == 40 * ROWS && f.halved > 100 && all_there(&f.io, &run, 1));
	faulty_release(&f);
}

/* The machine stops at the n-th call and loses what was not synced, in one of several ways. */
static void test_stops(void)
{
	long states = 0;
	for (enum loss loss = LOSS_NONE; loss <= LOSS_HEADS; loss++)
		for (long n = 1;; n++) {
			struct faulty f, after;
			struct run runs[3];
			char *directory = shard_directory(stream_path, 0);
			new_stream();
			faulty_init(&f, 1);
			f.calls = CALL_ALL & ~CALL_READ;
			/* What the stream was made of is durable. */
			for (const char *const *name = (const char *const[]){"head", "lock", "sync", "news",
									     "00000000000000000000.seg", NULL};
			     *name; name++) {
				char *path = file_path("%s/%s", directory, *name);
				int fd = open(path, O_RDWR);
				remember_image(&f, fd);
				close(fd);
				free(path);
			}
			f.fail_at = n;
			f.stops = true;
			runs[0] = append_rounds(&f.io, 0, ROUNDS);
			faulty_lose(&f, directory, loss);
			free(directory);
			/* First only looking, then with new records, then looking again after another start. */
			faulty_init(&after, 2);
			bool good = all_there(&after.io, runs, 1);
			runs[1] = append_rounds(&after.io, runs[0].begun, 4);
			good = good && !runs[1].failed && all_there(&after.io, runs, 2);
			after.boot = 3;
			runs[2] = append_rounds(&after.io, runs[1].begun, 1);
			good = good && !runs[2].failed && all_there(&after.io, runs, 3);
			CHECK(good);
			if (!good)
				fprintf(stderr, "  loss %d n %ld\n", loss, n);
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

/* Two writers of one shard, and a sync of one that fails, or that its writer does not live to finish. */
enum accident { SYNC_FAILS, WRITER_DIES, SEGMENTS_ROLL };

static void test_two_writers(enum accident accident)
{
	struct faulty f;
	struct shard one, two;
	struct batch b;
	struct error e;
	struct run run = {60, 60, false};
	new_stream();
	faulty_init(&f, 1);
	batch_init(&b);
	CHECK(!shard_open(&one, &f.io, stream_path, 0, &e) && !shard_open(&two, &f.io, stream_path, 0, &e));
	one.segment_size = two.segment_size = SMALL_SEGMENT;
	test_rows(&b, 0, 10);
	CHECK(!shard_append(&one, &b, &e) && !shard_sync(&one, &e));
	test_rows(&b, 10, 10);
	CHECK(!shard_append(&two, &b, &e));
	test_rows(&b, 20, 10);
	CHECK(!shard_append(&one, &b, &e));
	test_rows(&b, 30, 10);
	CHECK(!shard_append(&two, &b, &e));
	uint64_t segment = two.segment.id;
	if (accident == SYNC_FAILS) {
		f.calls = CALL_SYNC;
		f.fail_at = 1;
		f.count = 0;
	} else if (accident == WRITER_DIES) {
		CHECK(!shard_set_mark(&one, one.segment.id, &e));
	}
	test_rows(&b, 40, 20);
	for (int i = 0; i < (accident == SEGMENTS_ROLL ? 20 : 1); i++) {
		CHECK(!shard_append(&one, &b, &e) && !shard_sync(&one, &e));
		run.begun = run.acked = 60 + 20 * i;
		test_rows(&b, run.begun, 20);
	}
	CHECK(!shard_append(&one, &b, &e) && !shard_sync(&one, &e));
	run.begun = run.acked = run.begun + 20;
	CHECK(two.sent_count == 2 && !shard_sync(&two, &e) && !two.sent_count);
	CHECK(two.head.segment != segment);
	CHECK(f.fired == (accident == SYNC_FAILS));
	batch_release(&b);
	shard_close(&one);
	shard_close(&two);
	/* Another order, but each of them once. */
	struct tally l;
	tally_init(&l, run.begun);
	CHECK(!tally_read(&l, &f.io, stream_path, BOUND_ALL, BOUND_ALL, &e));
	CHECK(!tally_wrong(&l, 0, run.begun, 1) && !l.disorder && !l.foreign && !l.damages);
	tally_release(&l);
	faulty_release(&f);
}

/* A follower stands in a segment that is empty when a sync of it fails: another takes its name, and others follow, before
   he looks again. */
static void test_replaced_under_follower(void)
{
	struct faulty f;
	struct shard s;
	struct batch b;
	struct tally l;
	struct error e = {0};
	struct store_reader_options o = {.follow = true, .damaged = tally_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	new_stream();
	faulty_init(&f, 1);
	f.calls = CALL_SYNC;
	tally_init(&l, 100);
	batch_init(&b);
	CHECK(!shard_open(&s, &f.io, stream_path, 0, &e));
	s.segment_size = SMALL_SEGMENT;
	/* The first append mends the shard, for which it may sync. */
	CHECK(!shard_lock_ready(&s, &e));
	shard_unlock(&s);
	CHECK(!store_reader_open(&reader, &f.io, &stream_path, 1, &o, &e));
	CHECK(store_reader_next(reader, &item, &e) == 0);
	f.fail_at = f.count + 1;
	for (int i = 0; i < 100; i += ROWS) {
		test_rows(&b, i, ROWS);
		CHECK(!shard_append(&s, &b, &e) && !shard_sync(&s, &e));
	}
	CHECK(f.fired && s.head.base > 0);
	while (store_reader_next(reader, &item, &e) > 0)
		tally_add(&l, item.batch, item.shard);
	CHECK(l.records == 100 && !l.damages && !l.disorder && !l.foreign);
	store_reader_close(reader);
	shard_close(&s);
	batch_release(&b);
	tally_release(&l);
	faulty_release(&f);
}

/* A sync fails, or its writer dies in it, and then the head is lost: what the next writer finds whole may be in the cache
   alone, and a sync of that file succeeds all the same. */
static void test_head_lost_after(enum accident accident, bool other_boot)
{
	struct faulty f;
	struct shard s;
	struct batch b;
	struct error e = {0}, why;
	char *directory = shard_directory(stream_path, 0), *head = file_path("%s/head", directory);
	struct run runs[3] = {{10, 20, false}};
	new_stream();
	faulty_init(&f, 1);
	f.lingers = true;
	batch_init(&b);
	CHECK(!shard_open(&s, &f.io, stream_path, 0, &e));
	test_rows(&b, 0, 10);
	CHECK(!shard_append(&s, &b, &e) && !shard_sync(&s, &e));
	test_rows(&b, 10, 10);
	CHECK(!shard_append(&s, &b, &e));
	f.calls = CALL_SYNC;
	f.fail_at = 1;
	struct head to = s.head;
	CHECK(shard_sync_to(&s, &to, false, &why, &e) == 0 && f.fired);
	if (accident == WRITER_DIES)
		CHECK(!shard_set_mark(&s, s.segment.id, &e));
	f.calls = 0;
	uint64_t segment = s.segment.id;
	shard_close(&s);
	CHECK(!truncate(head, 0));
	if (other_boot) {
		/* The head is of an earlier start, and a first recovery died behind a sync that failed. */
		struct file file = {.io = &files_real, .path = head, .fd = open(head, O_RDWR)};
		struct head old = {.generation = 1, .segment = segment, .durable_seq = 10, .next = 10};
		memset(old.boot, 9, sizeof old.boot);
		CHECK(!head_write(&file, &old, &e));
		close(file.fd);
	}
	runs[1] = append_rounds(&f.io, 20, 2);
	CHECK(!runs[1].failed && runs[1].acked == 30 && all_there(&f.io, runs, 2));
	/* What was shown stays. */
	runs[0].acked = 20;
	bool shown = all_there(&f.io, runs, 2);
	CHECK(shown);
	faulty_lose(&f, directory, LOSS_ALL);
	f.boot = 2;
	CHECK(all_there(&f.io, runs, 2));
	runs[2] = append_rounds(&f.io, 30, 2);
	CHECK(!runs[2].failed && all_there(&f.io, runs, 3));
	batch_release(&b);
	faulty_release(&f);
	free(head);
	free(directory);
}

int main(void)
{
	stream_path = file_path("%s/s", test_start());
	test_head_lost_after(SYNC_FAILS, false);
	test_head_lost_after(WRITER_DIES, false);
	test_head_lost_after(WRITER_DIES, true);
	test_replaced_under_follower();
	test_errors();
	test_short_counts();
	test_stops();
	test_two_writers(SYNC_FAILS);
	test_two_writers(WRITER_DIES);
	test_two_writers(SEGMENTS_ROLL);
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
