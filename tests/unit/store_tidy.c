/*
 * Retention, tier and compaction: what is there afterwards, on random records too; an index that lies; and every call
 * of all of it that fails, or at which the machine stops.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "frame_random.h"
#include "base/units.h"
#include "store/upkeep/compact.h"
#include "store/segment/index.h"
#include "store/read/parts.h"
#include "store/upkeep/retain.h"
#include "store/shard/shard.h"
#include "store_fault.h"

enum { ROWS = 20 };

static const struct tidy_options patient = {.wait = true};
static const char *stream_path;
static char *shard_path, *tier_path;

static void new_stream(int64_t max_size, bool tiered)
{
	struct error e;
	struct catalog c;
	path_remove(&files_real, stream_path, NULL);
	path_remove(&files_real, tier_path, NULL);
	if (tiered)
		mkdir(tier_path, 0700);
	if (catalog_init(&c, 1, HASH_XXH3, &e))
		exit(1);
	c.max_size = max_size;
	c.tier = tiered ? mem_copy(tier_path, strlen(tier_path)) : NULL;
	if (stream_create(&files_real, stream_path, &c, &e) < 0)
		exit(1);
	catalog_release(&c);
}

/* Frames of ROWS records, in segments of about that many bytes. */
static int append(const struct files *io, int64_t first, int frames, int64_t segment_size, struct error *e)
{
	struct shard s;
	struct batch b;
	int r = shard_open(&s, io, stream_path, 0, e);
	if (r)
		return r;
	s.segment_size = segment_size;
	batch_init(&b);
	for (int i = 0; !r && i < frames; i++) {
		test_rows(&b, first + i * ROWS, ROWS);
		r = shard_append(&s, &b, e);
	}
	if (!r)
		r = shard_sync(&s, e);
	batch_release(&b);
	shard_close(&s);
	return r;
}

/* What there is to tidy: retention, compaction, or both. */
static int tidy(const struct files *io, bool retains, bool compacts, struct error *e)
{
	struct stream s;
	struct retained gone;
	struct compacted done;
	int r = stream_open(&s, io, stream_path, e);
	if (r)
		return r;
	if (compacts)
		r = compact(&s, 0, &patient, &done, e);
	if (!r && retains)
		r = retain(&s, &patient, &gone, e);
	stream_close(&s);
	return r;
}

static bool reads_all(const struct files *io, int64_t from, int64_t to)
{
	struct tally l;
	struct error e = {0};
	tally_init(&l, to);
	bool good = !tally_read(&l, io, stream_path, BOUND_ALL, BOUND_ALL, &e) && !tally_wrong(&l, from, to, 1) &&
		    !tally_twice(&l) && !l.foreign && !l.disorder && !l.damages;
	if (!good)
		fprintf(stderr, "  records %llu foreign %llu disorder %llu damages %llu lost %llu twice %llu: %s\n",
			(unsigned long long)l.records, (unsigned long long)l.foreign, (unsigned long long)l.disorder,
			(unsigned long long)l.damages, (unsigned long long)l.lost, (unsigned long long)tally_twice(&l),
			e.text);
	tally_release(&l);
	return good;
}

static size_t segments(void)
{
	struct segment_list l = {0};
	struct error e;
	size_t count = segment_list_read(&l, &files_real, shard_path, &e) ? 0 : l.count;
	CHECK(!l.old_count);
	segment_list_release(&l);
	return count;
}

/* -- random records survive -- */

struct kept {
	struct batch *batches;
	size_t count;
	uint64_t *first; /* @seq */
};

/* Reads everything and compares it, row by row, with what was there before: `kept` is filled or checked. */
static uint64_t compare_all(struct kept *k, bool fill)
{
	struct store_reader_options o = {0};
	struct store_reader *reader;
	struct store_item item;
	struct error e;
	uint64_t seq = 0, wrong = 0;
	size_t at = 0;
	uint32_t row = 0;
	if (store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e))
		return 1;
	while (store_reader_next(reader, &item, &e) > 0) {
		struct batch *b = item.batch;
		if (fill) {
			k->batches = mem_resize(k->batches, k->count + 1, sizeof *k->batches);
			batch_init(&k->batches[k->count]);
			wrong += batch_append(&k->batches[k->count++], b, 0) != b->rows;
			continue;
		}
		for (uint32_t i = 0; i < b->rows; i++, row++, seq++) {
			while (at < k->count && row == k->batches[at].rows) {
				row = 0;
				at++;
			}
			if (at == k->count)
				return wrong + 1;
			wrong += !same_row(&k->batches[at], row, b, i);
			for (int m = 0; m < META_COUNT; m++)
				wrong += !identical(column_get(&k->batches[at].meta[m], row),
						    column_get(&b->meta[m], i));
		}
	}
	store_reader_close(reader);
	return wrong + (!fill && (at + 1 != k->count || row != k->batches[at].rows));
}

static void test_random_records(void)
{
	struct dice d = {42};
	for (uint64_t schema = 1; schema <= 40; schema++) {
		struct shard s;
		struct batch b;
		struct error e = {0};
		struct kept kept = {0};
		new_stream(0, false);
		batch_init(&b);
		CHECK(!shard_open(&s, &files_real, stream_path, 0, &e));
		s.segment_size = 40000;
		for (int i = 0; i < 60; i++) {
			batch_reset(&b);
			random_batch(&b, &d, schema + dice_below(&d, 3) * 100, 1 + dice_below(&d, 30), 4);
			for (int m = 0; m < META_COUNT; m++)
				if (m != META_KEY && m != META_TIME)
					b.meta[m] = column_const(value_absent());
			CHECK(!shard_append(&s, &b, &e));
		}
		CHECK(!shard_sync(&s, &e) && !shard_roll(&s, INT64_MAX, &e));
		shard_close(&s);
		CHECK(!compare_all(&kept, true));
		size_t before = segments();
		CHECK(!tidy(&files_real, false, true, &e));
		CHECK(segments() < before || before <= 2);
		CHECK(!compare_all(&kept, false));
		for (size_t i = 0; i < kept.count; i++)
			batch_release(&kept.batches[i]);
		free(kept.batches);
		batch_release(&b);
	}
}

/* -- retention -- */

static void test_retention(bool tiered)
{
	struct error e = {0};
	struct stream s;
	struct retained gone;
	struct tally l;
	new_stream(8000, tiered);
	CHECK(!append(&files_real, 0, 60, 2000, &e));
	size_t before = segments();
	CHECK(before > 10);
	CHECK(!stream_open(&s, &files_real, stream_path, &e));
	CHECK(!retain(&s, &patient, &gone, &e));
	CHECK(gone.segments && segments() == before - gone.segments && gone.first % ROWS == 0 && gone.first > 0);
	struct shard_extent extent;
	CHECK(!stream_extent(&s, 0, &extent, &e));
	CHECK(extent.first == (tiered ? 0 : gone.first) && extent.bytes >= 8000 && extent.bytes < 8000 + 4000);
	CHECK(reads_all(&files_real, tiered ? 0 : (int64_t)gone.first, 60 * ROWS));
	tally_init(&l, 60 * ROWS);
	CHECK(!tally_read(&l, &files_real, stream_path, (struct bound){.kind = BOUND_SEQ, .seq = 30}, BOUND_ALL, &e));
	CHECK(l.records == 60 * ROWS - (tiered ? 30 : gone.first) && !l.damages);
	tally_release(&l);
	/* Nothing more goes; and the newest never does. */
	CHECK(!retain(&s, &patient, &gone, &e) && !gone.segments);
	s.catalog.max_size = 0;
	s.catalog.retention = 1;
	CHECK(!retain(&s, &patient, &gone, &e));
	CHECK(segments() == 1 && (!tiered || reads_all(&files_real, 0, 60 * ROWS)));
	CHECK(!append(&files_real, 60 * ROWS, 3, 2000, &e));
	CHECK(reads_all(&files_real, tiered ? 0 : 60 * ROWS, 63 * ROWS));
	if (tiered) {
		/* Where the tier is not there, reading says so, with the range; what lies behind can be read. */
		char *away = file_path("%s.away", tier_path);
		CHECK(!rename(tier_path, away));
		tally_init(&l, 63 * ROWS);
		CHECK(tally_read(&l, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e) == ERR_FAILED);
		CHECK(strstr(e.text, "@seq 0 to ") && strstr(e.text, "mount it") && !l.records);
		uint64_t low = (uint64_t)gone.first;
		CHECK(!tally_read(&l, &files_real, stream_path, (struct bound){.kind = BOUND_SEQ, .seq = low},
				  BOUND_ALL, &e));
		CHECK(l.records == 63 * ROWS - low);
		tally_release(&l);
		s.catalog.retention = 0;
		s.catalog.max_size = 1;
		CHECK(!append(&files_real, 63 * ROWS, 9, 2000, &e));
		size_t count = segments();
		CHECK(retain(&s, &patient, &gone, &e) == ERR_FAILED && segments() == count);
		CHECK(!rename(away, tier_path));
		CHECK(!retain(&s, &patient, &gone, &e) && segments() < count && reads_all(&files_real, 0, 72 * ROWS));
		free(away);
	}
	stream_close(&s);
}

/* Segments end by age, so that a slow stream can be retained; and limits bound what a segment is. */
static void test_age(void)
{
	struct error e;
	struct shard s;
	struct batch b;
	struct catalog c = {.shard_count = 0};
	new_stream(0, false);
	batch_init(&b);
	CHECK(!shard_open(&s, &files_real, stream_path, 0, &e));
	for (int i = 0; i < 5; i++) {
		s.segment_age = i < 3 ? 0 : 1;
		test_rows(&b, i * ROWS, ROWS);
		CHECK(!shard_append(&s, &b, &e) && !shard_sync(&s, &e));
		usleep(10);
	}
	CHECK(segments() > 1 && reads_all(&files_real, 0, 5 * ROWS));
	shard_bound(&s, &c);
	CHECK(s.segment_size == SEGMENT_SIZE && !s.segment_age);
	c.retention = 7 * DAY;
	c.max_size = 16 << 20;
	shard_bound(&s, &c);
	CHECK(s.segment_size == 1 << 20 && s.segment_age == 7 * DAY / 16);
	c.retention = 1;
	c.max_size = 1;
	shard_bound(&s, &c);
	CHECK(s.segment_size == 64 << 10 && s.segment_age == SECOND);
	shard_close(&s);
	batch_release(&b);
}

/* A reader that retention overtakes hears which records it did not get. */
static void test_overtaken(void)
{
	struct error e = {0};
	struct tally l;
	struct stream s;
	struct retained gone;
	struct store_reader_options o = {.damaged = tally_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	new_stream(5000, false);
	CHECK(!append(&files_real, 0, 60, 2000, &e));
	tally_init(&l, 60 * ROWS);
	CHECK(!store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e));
	CHECK(store_reader_next(reader, &item, &e) == 1);
	tally_add(&l, item.batch, item.shard);
	CHECK(!stream_open(&s, &files_real, stream_path, &e) && !retain(&s, &patient, &gone, &e));
	stream_close(&s);
	while (store_reader_next(reader, &item, &e) > 0)
		tally_add(&l, item.batch, item.shard);
	CHECK(store_reader_done(reader));
	/* What it had open it reads to its end; then one gap, up to the oldest that is kept. */
	CHECK(l.damages == 1 && l.lost && l.records + l.lost == 60 * ROWS && !l.disorder);
	CHECK(!tally_wrong(&l, (int64_t)gone.first, 60 * ROWS, 1));
	CHECK(!tally_wrong(&l, (int64_t)(gone.first - l.lost), (int64_t)gone.first, 0));
	store_reader_close(reader);
	tally_release(&l);
}

/* -- the index is a hint -- */

enum lie { LIE_NONE, LIE_GONE, LIE_FLIPPED, LIE_SWAPPED, LIE_TORN, LIE_KINDS };

static void damage_index(const char *path, enum lie lie, struct dice *d)
{
	struct stat st;
	struct segment_list l = {0};
	struct error e;
	CHECK(!segment_list_read(&l, &files_real, shard_path, &e) && l.count > 2);
	char *other = file_path("%s/%020llu.idx", shard_path, (unsigned long long)l.bases[1]);
	segment_list_release(&l);
	if (lie == LIE_GONE)
		unlink(path);
	if (lie == LIE_SWAPPED) {
		unlink(path);
		CHECK(!link(other, path));
	}
	int fd = open(path, O_RDWR);
	if (lie == LIE_FLIPPED && !fstat(fd, &st))
		for (off_t at = 0; at < st.st_size; at += 1 + dice_below(d, 40)) {
			char byte;
			CHECK(pread(fd, &byte, 1, at) == 1);
			byte ^= (char)(1 << dice_below(d, 8));
			CHECK(pwrite(fd, &byte, 1, at) == 1);
		}
	if (lie == LIE_TORN && !fstat(fd, &st))
		CHECK(!ftruncate(fd, st.st_size / 2 + 5));
	close(fd);
	free(other);
}

/* Frames that are a megabyte long altogether, so that the index has some entries. */
static void append_wide(int64_t first, int frames)
{
	struct shard s;
	struct batch b;
	struct error e;
	static char filler[20000];
	memset(filler, 'x', sizeof filler);
	CHECK(!shard_open(&s, &files_real, stream_path, 0, &e));
	s.segment_size = 1 << 21;
	batch_init(&b);
	for (int i = 0; i < frames; i++) {
		test_rows(&b, first + i * ROWS, ROWS);
		struct value *text = mem_array(ROWS, sizeof *text);
		for (int k = 0; k < ROWS; k++)
			text[k] = value_string(filler, (size_t)(100 + (i * 7 + k * 31) % 900));
		batch_set(&b, "filler", 6, (struct column){.form = COLUMN_VALUES, .values = text});
		CHECK(!shard_append(&s, &b, &e));
		free(text);
		if (i % 10 == 0)
			usleep(20);
	}
	CHECK(!shard_sync(&s, &e));
	batch_release(&b);
	shard_close(&s);
}

static void check_places(int64_t total, const int64_t *arrived)
{
	struct error e = {0};
	struct tally l;
	for (int64_t seq = 0; seq < total; seq += 997) {
		tally_init(&l, total);
		CHECK(!tally_read(&l, &files_real, stream_path, (struct bound){.kind = BOUND_SEQ, .seq = (uint64_t)seq},
				  BOUND_ALL, &e));
		CHECK(l.records == (uint64_t)(total - seq) && !tally_wrong(&l, seq, total, 1) && !l.damages);
		tally_release(&l);
		int64_t first = seq;
		while (first && arrived[first - 1] == arrived[seq])
			first--;
		tally_init(&l, total);
		CHECK(!tally_read(&l, &files_real, stream_path,
				  (struct bound){.kind = BOUND_TIME, .time = arrived[seq]}, BOUND_ALL, &e));
		CHECK(l.records == (uint64_t)(total - first) && !tally_wrong(&l, first, total, 1) && !l.damages);
		tally_release(&l);
	}
}

static void test_index(void)
{
	enum { FRAMES = 700, TOTAL = FRAMES * ROWS };
	struct error e;
	struct dice d = {7};
	struct store_reader *reader;
	struct store_reader_options o = {0};
	struct store_item item;
	int64_t *arrived = mem_zero(TOTAL * sizeof *arrived);
	new_stream(0, false);
	append_wide(0, FRAMES);
	CHECK(!store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e));
	while (store_reader_next(reader, &item, &e) > 0)
		for (uint32_t i = 0; i < item.batch->rows; i++)
			arrived[column_get(&item.batch->meta[META_SEQ], i).i] =
				column_get(&item.batch->meta[META_ARRIVED], i).i;
	store_reader_close(reader);
	/* It is there, and says where frames are. */
	struct segment s;
	struct index index;
	CHECK(segment_open(&s, &files_real, shard_path, 0, 0, O_RDONLY, &e) == 1);
	index_read(&index, &s);
	CHECK(index.count >= 7 && index_seq(&index, 0) == NULL && index_seq(&index, TOTAL)->seq > 1000);
	for (size_t i = 0; i < index.count; i++)
		CHECK(arrived[index.entries[i].seq] == index.entries[i].arrived && index.entries[i].seq % ROWS == 0);
	index_release(&index);
	char *path = index_path(s.file.path);
	segment_close(&s);
	for (enum lie lie = LIE_NONE; lie < LIE_KINDS; lie++) {
		damage_index(path, lie, &d);
		check_places(TOTAL, arrived);
		if (lie == LIE_GONE)
			append_wide(0, 0);
	}
	free(path);
	/* Compaction writes one too. */
	struct shard shard;
	CHECK(!shard_open(&shard, &files_real, stream_path, 0, &e) && !shard_roll(&shard, INT64_MAX, &e));
	shard_close(&shard);
	CHECK(!tidy(&files_real, false, true, &e));
	check_places(TOTAL, arrived);
	free(arrived);
}

/* An entry that is whole and of this segment, but points to where no such frame begins. */
static void test_stale_index(void)
{
	struct error e;
	struct segment s;
	struct index_writer w = INDEX_CLOSED;
	new_stream(0, false);
	CHECK(!append(&files_real, 0, 30, 1 << 20, &e));
	CHECK(segment_open(&s, &files_real, shard_path, 0, 0, O_RDONLY, &e) == 1);
	static const struct index_entry lies[] = {{100, 0, 1000},    {120, 0, 1 << 20},
						  {200, 1, -8},      {300, INT64_MAX - 1, 137},
						  {1 << 30, 5, 136}, {260, 7, 3}};
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
		index_note(&w, &s, &lies[i], 1 << 21);
	index_close(&w);
	for (uint64_t seq = 0; seq < 600; seq += 13) {
		struct tally l;
		tally_init(&l, 600);
		CHECK(!tally_read(&l, &files_real, stream_path, (struct bound){.kind = BOUND_SEQ, .seq = seq},
				  BOUND_ALL, &e));
		CHECK(l.records == 600 - seq && !l.damages);
		tally_release(&l);
	}
	for (int64_t time = 0; time < 10; time++)
		CHECK(reads_all(&files_real, 0, 600));
	segment_close(&s);
}

/* -- what is damaged is not rewritten -- */

static void test_damage(void)
{
	struct error e = {0};
	struct tally before, after;
	new_stream(0, false);
	CHECK(!append(&files_real, 0, 60, 2000, &e));
	char *path = file_path("%s/00000000000000000000.seg", shard_path);
	int fd = open(path, O_RDWR);
	CHECK(pwrite(fd, "damage", 6, 700) == 6);
	close(fd);
	tally_init(&before, 60 * ROWS);
	tally_init(&after, 60 * ROWS);
	CHECK(!tally_read(&before, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e) && before.damages);
	for (int round = 0; round < 2; round++) {
		/* Then into the tier, as it is. */
		if (round) {
			struct stream s;
			struct retained gone;
			mkdir(tier_path, 0700);
			CHECK(!stream_open(&s, &files_real, stream_path, &e));
			s.catalog.tier = mem_copy(tier_path, strlen(tier_path));
			s.catalog.retention = 1;
			CHECK(!catalog_save(&s.catalog, &files_real, s.directory, &e));
			CHECK(!retain(&s, &patient, &gone, &e) && gone.segments);
			stream_close(&s);
		} else {
			CHECK(!tidy(&files_real, false, true, &e));
		}
		memset(after.seen, 0, 60 * ROWS * sizeof *after.seen);
		after.damages = after.lost = after.last_seq[0] = 0;
		after.last_arrived[0] = 0;
		CHECK(!tally_read(&after, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e));
		CHECK(after.lost == before.lost && after.damages == before.damages && !after.disorder);
		CHECK(!memcmp(before.seen, after.seen, 60 * ROWS * sizeof *after.seen));
	}
	tally_release(&before);
	tally_release(&after);
	free(path);
}

/* -- every call fails -- */

enum work { WORK_COMPACT = 1, WORK_RETAIN = 2, WORK_TIER = 4 };

static int64_t oldest(void)
{
	struct stream s;
	struct error e;
	struct shard_extent extent = {0};
	CHECK(!stream_open(&s, &files_real, stream_path, &e) && !stream_extent(&s, 0, &extent, &e));
	stream_close(&s);
	return (int64_t)extent.first;
}

static long fail_each(unsigned work, unsigned calls, bool sticky)
{
	enum { FRAMES = 24 };
	for (long n = 1;; n++) {
		struct faulty f;
		struct error e = {0};
		new_stream(work & WORK_RETAIN ? 3000 : 0, work & WORK_TIER);
		CHECK(!append(&files_real, 0, FRAMES, 2000, &e));
		faulty_init(&f, 1);
		f.io.boot = files_real.boot;
		f.calls = calls;
		f.fail_at = n;
		f.sticky = sticky;
		tidy(&f.io, work & WORK_RETAIN, work & WORK_COMPACT, &e);
		bool deletes = work & WORK_RETAIN && !(work & WORK_TIER);
		/* Nothing is lost, and what is left behind is no hindrance. */
		bool good = reads_all(&files_real, deletes ? oldest() : 0, FRAMES * ROWS);
		good = good && !append(&files_real, FRAMES * ROWS, 3, 2000, &e);
		good = good && !tidy(&files_real, work & WORK_RETAIN, work & WORK_COMPACT, &e);
		good = good && reads_all(&files_real, deletes ? oldest() : 0, (FRAMES + 3) * ROWS);
		segments();
		CHECK(good);
		if (!good)
			fprintf(stderr, "  work %u calls %u sticky %d n %ld: %s\n", work, calls, sticky, n, e.text);
		bool fired = f.fired;
		faulty_release(&f);
		if (!fired)
			return n - 1;
	}
}

static void test_errors(void)
{
	static const unsigned kinds[] = {CALL_OPEN, CALL_READ, CALL_WRITE, CALL_SYNC, CALL_CHANGE, CALL_LOCK};
	static const unsigned works[] = {WORK_COMPACT, WORK_RETAIN, WORK_RETAIN | WORK_TIER,
					 WORK_COMPACT | WORK_RETAIN | WORK_TIER};
	long fired = 0;
	for (size_t w = 0; w < sizeof works / sizeof *works; w++)
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			for (int sticky = 0; sticky < 2; sticky++)
				fired += fail_each(works[w], kinds[k], sticky);
	CHECK(fired > 500);
	printf("%ld faults\n", fired);
}

/* -- the machine stops -- */

static void remember_all(struct faulty *f, const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *entry;
	while (d && (entry = readdir(d))) {
		char *path = file_path("%s/%s", directory, entry->d_name);
		int fd = open(path, O_RDWR | O_NOFOLLOW);
		if (fd >= 0)
			remember_image(f, fd);
		close(fd);
		free(path);
	}
	if (d)
		closedir(d);
}

static void test_stops(void)
{
	enum { FRAMES = 24 };
	static const unsigned works[] = {WORK_COMPACT, WORK_RETAIN, WORK_RETAIN | WORK_TIER,
					 WORK_COMPACT | WORK_RETAIN | WORK_TIER};
	long states = 0;
	for (size_t w = 0; w < sizeof works / sizeof *works; w++)
		for (enum loss loss = LOSS_NONE; loss <= LOSS_ALL; loss++)
			for (long n = 1;; n++) {
				struct faulty f, after;
				struct error e = {0};
				unsigned work = works[w];
				new_stream(work & WORK_RETAIN ? 3000 : 0, work & WORK_TIER);
				faulty_init(&f, 1);
				CHECK(!append(&f.io, 0, FRAMES, 2000, &e));
				remember_all(&f, shard_path);
				f.calls = CALL_ALL & ~CALL_READ;
				f.count = 0;
				f.fail_at = n;
				f.stops = true;
				tidy(&f.io, work & WORK_RETAIN, work & WORK_COMPACT, &e);
				faulty_lose(&f, shard_path, loss);
				struct stream s;
				CHECK(!stream_open(&s, &files_real, stream_path, &e));
				char *cold = tier_directory(tier_path, &s.catalog, 0);
				stream_close(&s);
				faulty_lose(&f, cold, loss);
				free(cold);
				faulty_init(&after, 2);
				bool deletes = work & WORK_RETAIN && !(work & WORK_TIER);
				bool good = reads_all(&after.io, deletes ? oldest() : 0, FRAMES * ROWS);
				good = good && !append(&after.io, FRAMES * ROWS, 3, 2000, &e);
				good = good && !tidy(&after.io, work & WORK_RETAIN, work & WORK_COMPACT, &e);
				good = good && reads_all(&after.io, deletes ? oldest() : 0, (FRAMES + 3) * ROWS);
				segments();
				CHECK(good);
				if (!good)
					fprintf(stderr, "  work %u loss %d n %ld: %s\n", work, loss, n, e.text);
				bool fired = f.fired;
				faulty_release(&f);
				faulty_release(&after);
				if (!fired)
					break;
				states++;
			}
	CHECK(states > 200);
	printf("%ld stops\n", states);
}

int main(void)
{
	stream_path = file_path("%s/s", test_start());
	shard_path = shard_directory(stream_path, 0);
	tier_path = file_path("%s/cold", test_directory);
	test_random_records();
	test_retention(false);
	test_retention(true);
	test_age();
	test_overtaken();
	test_index();
	test_stale_index();
	test_damage();
	test_errors();
	test_stops();
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	free(shard_path);
	free(tier_path);
	return test_done();
}
