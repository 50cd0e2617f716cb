/*
 * Segments that vanish, each in turn, and two at a time: as they were written, rewritten, in a tier; under the head of
 * this boot, and of another. What is left is served and what is lost is told exactly; fsck finds it; after a repair
 * nobody complains any more, and new records go on behind it. And: what is there is found by its time, even where stream
 * lines are damaged; and a batch that ends inside a frame says so.
 */
#include "store/catalog/spread.h"
#include "store/fsck/fsck.h"
#include "store/reshard/reshard.h"
#include "store/shard/low.h"
#include "store/shard/shard.h"
#include "store/upkeep/retain.h"
#include "store/upkeep/rewrite.h"
#include "store_help.h"

enum { SEGMENTS = 6, FRAMES = 3, ROWS = 20, SEGMENT_ROWS = FRAMES * ROWS, TOTAL = SEGMENTS * SEGMENT_ROWS, MORE = 5 };
enum layout { LAYOUT_PLAIN, LAYOUT_REWRITTEN, LAYOUT_MIXED, LAYOUT_TIERED, LAYOUTS };

static const char *stream_path;
static char *shard_path, *tier_path;
static struct files another_boot;

static int get_another_boot(const struct files *io, uint8_t id[BOOT_ID_SIZE])
{
	(void)io;
	memset(id, 'b', BOOT_ID_SIZE);
	return 0;
}

/* -- a shard of SEGMENTS segments -- */

static int append(struct shard *s, const struct router *router, int64_t first, uint32_t count, struct error *e)
{
	struct batch b;
	struct arena arena = {0};
	batch_init(&b);
	test_rows(&b, first, count);
	b.meta[META_KEY] = *batch_field(&b, "who", 3);
	b.meta[META_HASH] = spread_keys(router, &b.meta[META_KEY], b.rows, &arena);
	int r = shard_append(s, &b, e);
	if (!r)
		r = shard_sync(s, e);
	arena_release(&arena);
	batch_release(&b);
	return r;
}

static int append_to(const struct files *io, int64_t first, uint32_t count, struct error *e)
{
	struct shard s;
	struct catalog c;
	int r = catalog_load(&c, io, stream_path, e);
	if (r)
		return r;
	r = shard_open(&s, io, stream_path, 0, e);
	if (!r)
		r = append(&s, &c.router, first, count, e);
	shard_close(&s);
	catalog_release(&c);
	return r;
}

static void write_all(const struct catalog *c)
{
	struct shard s;
	struct error e;
	CHECK(!shard_open(&s, &files_real, stream_path, 0, &e));
	for (int i = 0; i < SEGMENTS; i++) {
		if (i)
			CHECK(!shard_roll(&s, INT64_MAX, &e));
		for (int k = 0; k < FRAMES; k++)
			CHECK(!append(&s, &c->router, i * SEGMENT_ROWS + k * ROWS, ROWS, &e));
	}
	shard_close(&s);
}

/* Each by itself. */
static void rewrite_each(bool all)
{
	struct segment_list l = {0};
	struct tidy_options o = {.wait = true};
	struct error e;
	struct rewrite w = {.io = &files_real, .options = &o, .from = shard_path, .to = shard_path};
	CHECK(!segment_list_read(&l, &files_real, shard_path, &e) && l.count == SEGMENTS);
	for (size_t i = 0; i + 1 < l.count; i++)
		if (all || i % 2)
			CHECK(rewrite_segments(&w, &l, i, 1, &e) == 1);
	segment_list_release(&l);
	CHECK(!tidy_clean(&files_real, shard_path, &e));
}

/* All but the last two. */
static void move_to_tier(void)
{
	struct stream s;
	struct retained gone;
	struct tidy_options o = {.wait = true};
	struct error e;
	CHECK(!stream_open(&s, &files_real, stream_path, &e));
	struct segment last;
	CHECK(segment_open(&last, &files_real, shard_path, 0, (SEGMENTS - 1) * SEGMENT_ROWS, O_RDONLY, &e) == 1);
	int64_t size, first;
	CHECK(!file_size(&last.file, &size, &e));
	segment_close(&last);
	CHECK(segment_open(&last, &files_real, shard_path, 0, (SEGMENTS - 2) * SEGMENT_ROWS, O_RDONLY, &e) == 1);
	CHECK(!file_size(&last.file, &first, &e));
	segment_close(&last);
	s.catalog.max_size = size + first;
	s.catalog.tier = mem_copy(tier_path, strlen(tier_path));
	CHECK(!catalog_save(&s.catalog, &files_real, s.directory, &e));
	CHECK(!retain(&s, &o, &gone, &e) && gone.segments == SEGMENTS - 2);
	stream_close(&s);
}

static void make(enum layout layout)
{
	struct catalog c;
	struct error e;
	path_remove(&files_real, stream_path, NULL);
	path_remove(&files_real, tier_path, NULL);
	CHECK(!path_mkdirs(&files_real, tier_path, &e));
	CHECK(!catalog_init(&c, 1, HASH_XXH3, &e) && stream_create(&files_real, stream_path, &c, &e) == 1);
	write_all(&c);
	catalog_release(&c);
	if (layout == LAYOUT_REWRITTEN || layout == LAYOUT_MIXED)
		rewrite_each(layout == LAYOUT_REWRITTEN);
	if (layout == LAYOUT_TIERED)
		move_to_tier();
}

/* -- what is lost -- */

static char *segment_name(int i)
{
	struct segment s;
	struct stream stream;
	struct error e;
	uint64_t base = (uint64_t)i * SEGMENT_ROWS;
	char *path = NULL, *tier = NULL;
	CHECK(!stream_open(&stream, &files_real, stream_path, &e));
	if (stream.catalog.tier)
		tier = file_path("%s/%s/0", tier_path, stream.catalog.id);
	if (segment_open(&s, &files_real, shard_path, 0, base, O_RDONLY, &e) == 1 ||
	    (tier && segment_open(&s, &files_real, tier, 0, base, O_RDONLY, &e) == 1))
		path = mem_copy(s.file.path, strlen(s.file.path));
	CHECK(path != NULL);
	segment_close(&s);
	stream_close(&stream);
	free(tier);
	return path;
}

static void lose(int i)
{
	char *path = segment_name(i);
	CHECK(!unlink(path));
	free(path);
}

/* Served: all but [first, behind). */
static bool reads(const struct files *io, int64_t first, int64_t behind, int64_t total, bool told)
{
	struct tally l;
	struct error e = {0};
	tally_init(&l, TOTAL + MORE);
	int r = tally_read(&l, io, stream_path, BOUND_ALL, BOUND_ALL, &e);
	bool good = !r && !l.foreign && !l.disorder && !tally_wrong(&l, 0, first, 1) &&
		    !tally_wrong(&l, first, behind, 0) && !tally_wrong(&l, behind, total, 1) &&
		    l.lost == (told ? (uint64_t)(behind - first) : 0);
	if (!good)
		fprintf(stderr, "  [%lld, %lld): %d, %llu records, %llu lost in %llu ranges, %llu in disorder %s\n",
			(long long)first, (long long)behind, r, (unsigned long long)l.records,
			(unsigned long long)l.lost, (unsigned long long)l.damages, (unsigned long long)l.disorder,
			e.text);
	tally_release(&l);
	return good;
}

static int64_t faults(const struct files *io, bool repair)
{
	struct fsck_options o = {.repair = repair};
	struct error e;
	uint64_t count;
	return fsck_stream(io, stream_path, &o, &count, &e) ? -1 : (int64_t)count;
}

static bool holds(enum layout layout, const struct files *io, int first, int count)
{
	int64_t from = (int64_t)first * SEGMENT_ROWS, to = from + (int64_t)count * SEGMENT_ROWS;
	/* What is taken from the tier by hand, the oldest first, is gone. */
	bool told = layout != LAYOUT_TIERED || first > 0;
	for (int i = first; i < first + count; i++)
		lose(i);
	if (!reads(io, from, to, TOTAL, told) || (faults(io, false) > 0) != told)
		return false;
	if (told && (faults(io, true) < 1 || faults(io, false) || !reads(io, from, to, TOTAL, false)))
		return false;
	struct error e;
	return !append_to(io, TOTAL, MORE, &e) && reads(io, from, to, TOTAL + MORE, false) && !faults(io, false);
}

static void test_missing(void)
{
	for (enum layout layout = 0; layout < LAYOUTS; layout++)
		for (int boot = 0; boot < 2; boot++)
			for (int count = 1; count <= 2; count++)
				for (int i = 0; i + count <= SEGMENTS; i++) {
					make(layout);
					alarm(20); /* a reader that turns in a circle is ended */
					bool good = holds(layout, boot ? &another_boot : &files_real, i, count);
					if (!good)
						fprintf(stderr, "  layout %d, boot %d, %d segments from %d\n", layout,
							boot, count, i);
					CHECK(good);
					alarm(0);
				}
}

/* -- small files -- */

static char *small_file(const char *name, bool spoil)
{
	char *path = file_path("%s/%s", shard_path, name);
	if (!spoil)
		return path;
	int fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && pwrite(fd, "#", 1, 20) == 1);
	close(fd);
	return path;
}

/* The mark is damaged, or gone: what the tier has is served, and the mark can be made anew. */
static void test_mark(bool gone)
{
	struct error e;
	make(LAYOUT_TIERED);
	char *path = small_file("low", !gone);
	CHECK(!gone || !unlink(path));
	CHECK(reads(&files_real, 0, 0, TOTAL, true));
	CHECK(faults(&files_real, false) == 1 && faults(&files_real, true) == 1 && !faults(&files_real, false));
	CHECK(reads(&files_real, 0, 0, TOTAL, true));
	CHECK(!append_to(&files_real, TOTAL, MORE, &e) && reads(&files_real, 0, 0, TOTAL + MORE, true));
	/* Without it, retention does not forget what went before. */
	CHECK(!unlink(path));
	free(path);
	struct stream s;
	struct retained out;
	struct tidy_options o = {.wait = true};
	CHECK(!stream_open(&s, &files_real, stream_path, &e));
	s.catalog.max_size = 1;
	CHECK(!retain(&s, &o, &out, &e) && out.segments == 1);
	stream_close(&s);
	CHECK(reads(&files_real, 0, 0, TOTAL + MORE, true) && !faults(&files_real, false));
}

/* Nothing of the shard is in the tier so far. */
static void test_unused_tier(void)
{
	struct stream s;
	struct error e;
	make(LAYOUT_PLAIN);
	CHECK(!stream_open(&s, &files_real, stream_path, &e));
	s.catalog.tier = mem_copy(tier_path, strlen(tier_path));
	CHECK(!catalog_save(&s.catalog, &files_real, s.directory, &e));
	CHECK(!low_write(&(struct low){0}, &files_real, shard_path, &e));
	free(small_file("low", true));
	CHECK(faults(&files_real, true) == 1 && !faults(&files_real, false));
	CHECK(reads(&files_real, 0, 0, TOTAL, true));
	stream_close(&s);
}

/* A list of what is lost, of which a line is damaged: what it said is told again, and a repair makes a new one. */
static void test_lost(void)
{
	make(LAYOUT_PLAIN);
	lose(2);
	CHECK(faults(&files_real, true) == 1 && reads(&files_real, 120, 180, TOTAL, false));
	free(small_file("lost", true));
	CHECK(reads(&files_real, 120, 180, TOTAL, true));
	CHECK(faults(&files_real, false) == 2 && faults(&files_real, true) == 2 && !faults(&files_real, false));
	CHECK(reads(&files_real, 120, 180, TOTAL, false));
}

/* A segment of another shard, whole, in the place of the newest: nothing of it is shown, and it goes aside. */
static void test_replaced(void)
{
	struct error e;
	make(LAYOUT_PLAIN);
	char *newest = segment_name(SEGMENTS - 1), *kept = file_path("%s/kept.seg", test_directory);
	CHECK(!rename(newest, kept));
	make(LAYOUT_PLAIN);
	CHECK(!rename(kept, newest));
	int64_t first = TOTAL - SEGMENT_ROWS;
	CHECK(reads(&files_real, first, TOTAL, TOTAL, true) && faults(&files_real, false) > 0);
	CHECK(faults(&files_real, true) == 1 && !faults(&files_real, false));
	CHECK(reads(&files_real, first, TOTAL, TOTAL, false));
	CHECK(!append_to(&files_real, TOTAL, MORE, &e) && reads(&files_real, first, TOTAL, TOTAL + MORE, false));
	free(newest);
	free(kept);
}

/* -- bytes behind the last record -- */

/* They are no fault; nor are they one when records before them were lost, and that is repaired. */
static void test_behind(void)
{
	make(LAYOUT_REWRITTEN);
	char *path = segment_name(1);
	int fd = open(path, O_WRONLY | O_APPEND);
	CHECK(write(fd, path, strlen(path)) == (ssize_t)strlen(path));
	close(fd);
	CHECK(!faults(&files_real, false) && reads(&files_real, 0, 0, TOTAL, true));
	fd = open(path, O_WRONLY);
	CHECK(pwrite(fd, path, strlen(path), 200) == (ssize_t)strlen(path));
	close(fd);
	CHECK(reads(&files_real, SEGMENT_ROWS, 2 * SEGMENT_ROWS, TOTAL, true));
	CHECK(faults(&files_real, true) == 1 && !faults(&files_real, false));
	CHECK(reads(&files_real, SEGMENT_ROWS, 2 * SEGMENT_ROWS, TOTAL, false));
	free(path);
}

/* -- who follows -- */

static uint64_t read_more(struct store_reader *r)
{
	struct store_item item;
	struct error e;
	uint64_t records = 0;
	while (store_reader_next(r, &item, &e) > 0)
		records += batch_count(item.batch);
	return records;
}

/* A head that is gone comes back with the next writer, or a repair: who follows reads on by the new one. */
static void test_follow(bool repair)
{
	struct store_reader_options o = {.follow = true};
	struct store_reader *reader;
	struct error e;
	make(LAYOUT_PLAIN);
	CHECK(!store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e) && read_more(reader) == TOTAL);
	char *path = file_path("%s/head", shard_path);
	CHECK(!unlink(path));
	free(path);
	CHECK(!read_more(reader));
	CHECK(!repair || faults(&files_real, true) == 1);
	for (int i = 0; i < 3; i++)
		CHECK(!append_to(&files_real, TOTAL + i * MORE, MORE, &e) && read_more(reader) == MORE);
	store_reader_close(reader);
}

/* A writer at work goes over to it, too: else it would write where nobody looks. */
static void test_writers(bool repair)
{
	struct shard s;
	struct catalog c;
	struct error e;
	make(LAYOUT_PLAIN);
	CHECK(!catalog_load(&c, &files_real, stream_path, &e) && !shard_open(&s, &files_real, stream_path, 0, &e));
	CHECK(!append(&s, &c.router, TOTAL, 1, &e));
	char *path = file_path("%s/head", shard_path);
	CHECK(!unlink(path));
	free(path);
	if (repair)
		CHECK(faults(&files_real, true) == 1);
	else
		CHECK(!append_to(&files_real, TOTAL + 1, 1, &e));
	CHECK(!append(&s, &c.router, TOTAL + 2 - repair, 1, &e) && !append_to(&files_real, TOTAL + 3 - repair, 1, &e));
	CHECK(!append(&s, &c.router, TOTAL + 4 - repair, 1, &e));
	CHECK(reads(&files_real, 0, 0, TOTAL + 5 - repair, true) && !faults(&files_real, false));
	shard_close(&s);
	catalog_release(&c);
}

/* -- by time -- */

static void spoil_line(int i)
{
	char *path = segment_name(i);
	int fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && pwrite(fd, "XX", 2, 20) == 2);
	close(fd);
	free(path);
}

/* When the segments begin; each @arrived is another. */
static void read_times(int64_t times[SEGMENTS])
{
	struct store_reader_options o = {0};
	struct store_reader *reader;
	struct store_item item;
	struct error e;
	CHECK(!store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e));
	while (store_reader_next(reader, &item, &e) > 0) {
		uint64_t seq = (uint64_t)column_get(&item.batch->meta[META_SEQ], 0).i;
		if (seq % SEGMENT_ROWS == 0)
			times[seq / SEGMENT_ROWS] = column_get(&item.batch->meta[META_ARRIVED], 0).i;
	}
	store_reader_close(reader);
}

static bool reads_from(int64_t time, int64_t first)
{
	struct tally l;
	struct error e = {0};
	struct bound from = {.kind = BOUND_TIME, .time = time};
	tally_init(&l, TOTAL);
	int r = tally_read(&l, &files_real, stream_path, from, BOUND_ALL, &e);
	bool good = !r && !l.foreign && !l.disorder && !tally_wrong(&l, 0, first, 0) &&
		    !tally_wrong(&l, first, TOTAL, 1) && !l.damages;
	if (!good)
		fprintf(stderr, "  from %lld: %d, %llu records %s\n", (long long)first, r,
			(unsigned long long)l.records, e.text);
	tally_release(&l);
	return good;
}

/* Lines damaged in every combination: what they said is not known, and that is all. */
static void test_times(enum layout layout)
{
	int64_t times[SEGMENTS] = {0};
	for (int set = 0; set < 1 << SEGMENTS; set++) {
		make(layout);
		read_times(times);
		for (int i = 0; i < SEGMENTS; i++)
			if (set & 1 << i)
				spoil_line(i);
		for (int i = 0; i < SEGMENTS; i++)
			CHECK(reads_from(times[i], (int64_t)i * SEGMENT_ROWS));
	}
}

/* -- a batch that ends inside a frame -- */

/* The @seq that is wanted after all that was given below `to`. */
static uint64_t read_next(uint64_t to)
{
	struct store_reader_options o = {.to = {.kind = BOUND_SEQ, .seq = to}};
	struct store_reader *reader;
	struct store_item item;
	struct error e;
	uint64_t next = 0;
	CHECK(!store_reader_open(&reader, &files_real, &stream_path, 1, &o, &e));
	while (store_reader_next(reader, &item, &e) > 0)
		next = item.next;
	CHECK(store_reader_done(reader));
	store_reader_close(reader);
	return next;
}

static void test_next(void)
{
	make(LAYOUT_MIXED);
	for (uint64_t to = 1; to <= TOTAL; to++)
		CHECK(read_next(to) == to);
	CHECK(read_next(TOTAL + 7) == TOTAL);
}

/* -- children -- */

/* How many records are served and told to be lost, together. */
static uint64_t count(uint64_t *lost)
{
	struct tally l;
	struct error e;
	tally_init(&l, TOTAL + 100);
	CHECK(!tally_read(&l, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e) && !l.foreign && !l.disorder);
	uint64_t records = l.records;
	*lost = l.lost;
	tally_release(&l);
	return records + *lost;
}

/* A child begins where its parents ended, and it is known if that is gone. */
static void test_child(void)
{
	struct stream s;
	struct shard child;
	struct error e;
	uint64_t lost;
	make(LAYOUT_PLAIN);
	CHECK(!stream_open(&s, &files_real, stream_path, &e) && !reshard_split(&s, 0, NULL, &e));
	stream_close(&s);
	struct store_writer *w = test_writer(&files_real, stream_path, 1, SYNC_ALWAYS, &e);
	CHECK(w && !test_append(w, TOTAL, 100, 10, &e) && !store_writer_sync(w, &e));
	store_writer_close(w);
	CHECK(count(&lost) == TOTAL + 100 && !lost && !faults(&files_real, false));
	CHECK(!shard_open(&child, &files_real, stream_path, 1, &e) && !shard_roll(&child, INT64_MAX, &e));
	shard_close(&child);
	CHECK(!faults(&files_real, false));
	char *path = file_path("%s/shards/1/%020d.seg", stream_path, TOTAL);
	CHECK(!unlink(path));
	free(path);
	CHECK(count(&lost) == TOTAL + 100 && lost);
	CHECK(faults(&files_real, false) == 1 && faults(&files_real, true) == 1 && !faults(&files_real, false));
	CHECK(count(&lost) < TOTAL + 100 && !lost);
}

int main(void)
{
	another_boot = files_real;
	another_boot.boot = get_another_boot;
	stream_path = file_path("%s/s", test_start());
	shard_path = shard_directory(stream_path, 0);
	tier_path = file_path("%s/cold", test_directory);
	test_missing();
	test_mark(false);
	test_mark(true);
	test_unused_tier();
	test_lost();
	test_replaced();
	test_behind();
	test_follow(false);
	test_follow(true);
	test_writers(false);
	test_writers(true);
	test_times(LAYOUT_PLAIN);
	test_times(LAYOUT_REWRITTEN);
	test_times(LAYOUT_TIERED);
	test_next();
	test_child();
	test_cleanup();
	free((char *)(uintptr_t)stream_path);
	free(shard_path);
	free(tier_path);
	return test_done();
}
