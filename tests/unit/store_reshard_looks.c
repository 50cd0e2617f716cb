/*
 * A split between any two looks that a reader takes at the files: it sees every record once, the records of a key in
 * their order and without a gap, whether it follows or not.
 */
#include "store_reshard.h"

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

int main(void)
{
	stream_path = file_path("%s/s", test_start());
	for (int i = 0; i < 4; i++)
		test_split_meanwhile(i & 1, i & 2);
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	return test_done();
}
