/*
 * A disk that can't read some of its blocks: what lies beside them is served, what lies in them is reported with its
 * range, and nobody who would have to cut what he can't read goes on.
 */
#include "store/fsck/fsck.h"
#include "store/shard/head.h"
#include "store/shard/shard.h"
#include "store_fault.h"

enum { FRAMES = 60, ROWS = 100, TOTAL = FRAMES * ROWS, BLOCK = 4096 };

static const char *stream_path;
static char segment_file[256], head_file[256];

static void fill_stream(void)
{
	struct error e = {0};
	struct store_writer *w = test_writer(&files_real, stream_path, 1, SYNC_DEFAULT, &e);
	for (int i = 0; w && i < FRAMES; i++)
		CHECK(!test_append(w, i * ROWS, ROWS, ROWS, &e) && !store_writer_sync(w, &e));
	store_writer_close(w);
	CHECK(!*e.text);
}

struct account {
	struct tally ledger;
	char reason[512];
	int64_t from, to;
};

static void on_damage(void *arg, const struct damage *d)
{
	struct account *a = arg;
	tally_damage(&a->ledger, d);
	snprintf(a->reason, sizeof a->reason, "%s", d->reason);
	if (a->ledger.damages == 1)
		a->from = d->from;
	a->to = d->to;
}

static int read_all(struct account *a, const struct files *io, struct error *e)
{
	struct store_reader_options o = {.damaged = on_damage, .damaged_arg = a};
	struct store_reader *reader;
	struct store_item item;
	*a = (struct account){0};
	tally_init(&a->ledger, TOTAL + ROWS);
	int r = store_reader_open(&reader, io, &stream_path, 1, &o, e);
	while (!r && (r = store_reader_next(reader, &item, e)) > 0) {
		tally_add(&a->ledger, item.batch, item.shard);
		r = 0;
	}
	store_reader_close(reader);
	CHECK(!a->ledger.foreign && !a->ledger.disorder && !tally_twice(&a->ledger));
	tally_release(&a->ledger);
	return r;
}

static int append_more(const struct files *io, struct error *e)
{
	struct store_writer *w = test_writer(io, stream_path, 1, SYNC_DEFAULT, e);
	int r = w ? test_append(w, TOTAL, ROWS, ROWS, e) : e->code;
	if (!r)
		r = store_writer_sync(w, e);
	store_writer_close(w);
	return r;
}

static int64_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) ? -1 : st.st_size;
}

/* Every block in turn, and runs of them: all but the frames that they touch is served. */
static void test_reader(struct faulty *f)
{
	struct account a;
	struct error e;
	int64_t size = size_of(segment_file);
	CHECK(size > 10 * BLOCK);
	for (int64_t at = 0; at < size; at += BLOCK)
		for (int blocks = 1; blocks <= 5; blocks += 4) {
			f->bad_file = ".seg";
			f->bad_from = at;
			f->bad_to = at + blocks * BLOCK;
			f->bad_reads = 0;
			CHECK(!read_all(&a, &f->io, &e));
			CHECK(f->bad_reads > 0 && a.ledger.records + a.ledger.lost == TOTAL);
			/* No frame is lost that has not a byte in it. */
			CHECK(a.ledger.lost > 0 && a.from <= f->bad_to && a.to > f->bad_from);
			CHECK(a.ledger.lost <= (uint64_t)((blocks * BLOCK + size - 1) / (size / FRAMES) + 2) * ROWS);
			CHECK(strstr(a.reason, "cannot be read: Input/output error"));
		}
	f->bad_file = NULL;
	CHECK(!read_all(&a, &f->io, &e) && a.ledger.records == TOTAL && !a.ledger.lost);
}

/* A head that can't be read: readers do without, writers refuse. */
static void test_head(struct faulty *f)
{
	struct account a;
	struct error e;
	f->bad_file = "/head";
	f->bad_from = 0;
	f->bad_to = HEAD_SIZE;
	CHECK(!read_all(&a, &f->io, &e) && a.ledger.records == TOTAL && !a.ledger.lost);
	CHECK(append_more(&f->io, &e) == ERR_FAILED && strstr(e.text, "head: Input/output error"));
	f->bad_file = NULL;
}

/* With no head, after a new start: the end must be searched for, and can't be. Nothing is cut; when the disk has come
   to itself, all is there. */
static void test_recovery(struct faulty *f)
{
	struct account a;
	struct error e;
	int64_t size = size_of(segment_file);
	unlink(head_file);
	f->bad_file = ".seg";
	f->bad_from = size / 2;
	f->bad_to = size + BLOCK;
	CHECK(append_more(&f->io, &e) == ERR_FAILED && strstr(e.text, "cannot be read") && strstr(e.text, "fsck"));
	CHECK(size_of(segment_file) == size);
	/* A reader gives what there is, and does not take that for all. */
	CHECK(read_all(&a, &f->io, &e) == ERR_FAILED && strstr(e.text, "cannot be read"));
	CHECK(a.ledger.records > TOTAL / 3 && a.ledger.records < TOTAL);
	f->bad_file = NULL;
	CHECK(!append_more(&f->io, &e));
	CHECK(!read_all(&a, &f->io, &e) && a.ledger.records == TOTAL + ROWS && !a.ledger.lost);
}

static int64_t check(const struct files *io, bool repair)
{
	struct fsck_options o = {.repair = repair};
	struct error e;
	uint64_t faults;
	int r = fsck_stream(io, stream_path, &o, &faults, &e);
	if (r)
		fprintf(stderr, "  %s\n", e.text);
	return r ? -1 : (int64_t)faults;
}

/* What stays unreadable is found, and set aside as far as it goes; then the disk is asked for it no more, and writers go
   on: also where the head is lost, so that they could not. */
static void test_repair(struct faulty *f, bool headless)
{
	struct account before, after;
	struct error e;
	int64_t size = size_of(segment_file);
	f->bad_file = "00000000000000000000.seg";
	f->bad_from = size / 2 / BLOCK * BLOCK;
	f->bad_to = headless ? size + BLOCK : f->bad_from + BLOCK;
	if (headless)
		unlink(head_file);
	read_all(&before, &f->io, &e);
	CHECK(check(&f->io, false) > 0);
	CHECK(check(&f->io, true) > 0);
	f->bad_file = NULL;
	CHECK(check(&f->io, false) == 0);
	CHECK(!read_all(&after, &f->io, &e) && !after.ledger.lost && after.ledger.records == before.ledger.records);
	CHECK(!append_more(&f->io, &e));
	CHECK(!read_all(&after, &f->io, &e) && after.ledger.records == before.ledger.records + ROWS);
	path_remove(&files_real, stream_path, NULL);
	fill_stream();
}

int main(void)
{
	struct faulty f;
	stream_path = file_path("%s/s", test_start());
	snprintf(segment_file, sizeof segment_file, "%s/shards/0/%020d.seg", stream_path, 0);
	snprintf(head_file, sizeof head_file, "%s/shards/0/head", stream_path);
	fill_stream();
	faulty_init(&f, 7);
	f.io.boot = files_real.boot;
	test_reader(&f);
	test_head(&f);
	test_recovery(&f);
	path_remove(&files_real, stream_path, NULL);
	fill_stream();
	test_repair(&f, false);
	test_repair(&f, true);
	faulty_release(&f);
	free((char *)(uintptr_t)stream_path);
	test_cleanup();
	return test_done();
}
