/*
 * A store of 64 KiB, all of it acknowledged, with each bit flipped, cut at each byte, and with zeros from each sector on.
 * What is served is what was written, to the last metadatum; what is not served is reported; nothing is refused (but a
 * stream whose catalog is damaged); and fsck finds each damage to a byte that was promised. Every so often it is repaired,
 * too: then what could be read before can be read after, nobody complains again, and fsck has nothing to say.
 *
 *   store_flips [SEED [STRIDE]]   every STRIDE-th damage, from one that the seed draws; STRIDE 1: all of them
 */
#include <dirent.h>
#include <sys/stat.h>

#include "codec/hash.h"
#include "record/value.h"
#include "store/catalog/spread.h"
#include "store/fsck/fsck.h"
#include "store/shard/shard.h"
#include "store_help.h"

enum { FRAMES = 36, ROWS = 40, TOTAL = FRAMES * ROWS, SEGMENT = 20000, FILES = 16, SECTOR = 512 };

struct saved {
	char path[256];
	char *bytes;
	size_t len;
};

static const char *stream_path;
static char shard_path[256];
static struct saved files[FILES];
static int file_count;
static uint64_t written[TOTAL]; /* the hash of each record, by its @seq */
static uint64_t seed = 1, stride = 997, repair_every = 20;
static uint64_t done, repaired, found;

/* -- a store, and putting it back -- */

static void make_store(void)
{
	struct shard s;
	struct batch b;
	struct catalog c;
	struct error e;
	CHECK(!catalog_init(&c, 1, HASH_XXH3, &e) && stream_create(&files_real, stream_path, &c, &e) == 1);
	batch_init(&b);
	CHECK(!shard_open(&s, &files_real, stream_path, 0, &e));
	s.segment_size = SEGMENT;
	for (int i = 0; i < FRAMES; i++) {
		struct arena arena = {0};
		test_rows(&b, (int64_t)i * ROWS, ROWS);
		b.meta[META_KEY] = *batch_field(&b, "who", 3);
		b.meta[META_HASH] = spread_keys(&c.router, &b.meta[META_KEY], b.rows, &arena);
		CHECK(!shard_append(&s, &b, &e) && !shard_sync(&s, &e));
		arena_release(&arena);
	}
	batch_release(&b);
	shard_close(&s);
	catalog_release(&c);
}

static void save(const char *directory)
{
	DIR *d = opendir(directory);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		struct saved *s = &files[file_count];
		struct stat st;
		snprintf(s->path, sizeof s->path, "%.120s/%.100s", directory, entry->d_name);
		int fd = open(s->path, O_RDONLY);
		if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size) {
			s->len = (size_t)st.st_size;
			s->bytes = mem_alloc(s->len);
			CHECK(read(fd, s->bytes, s->len) == (ssize_t)s->len);
			file_count++;
		}
		close(fd);
	}
	closedir(d);
}

static void put_file(const struct saved *s, size_t len)
{
	int fd = open(s->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, s->bytes, len) != (ssize_t)len)
		exit(1);
	close(fd);
}

static void restore(void)
{
	path_remove(&files_real, shard_path, NULL);
	mkdir(shard_path, 0700);
	for (const char *const *name = (const char *const[]){"lock", "sync", NULL}; *name; name++) {
		char path[300];
		snprintf(path, sizeof path, "%s/%s", shard_path, *name);
		close(open(path, O_WRONLY | O_CREAT, 0600));
	}
	for (int i = 0; i < file_count; i++)
		put_file(&files[i], files[i].len);
}

static void write_at(const struct saved *s, const void *p, size_t len, size_t at)
{
	int fd = open(s->path, O_WRONLY);
	if (fd < 0 || pwrite(fd, p, len, (off_t)at) != (ssize_t)len)
		exit(1);
	close(fd);
}

/* -- looking at it -- */

static uint64_t record_hash(const struct batch *b, uint32_t row)
{
	struct buf text = BUF_INIT;
	for (uint32_t i = 0; i < b->column_count; i++) {
		value_plain(column_get(&b->columns[i], row), &text);
		buf_byte(&text, 0);
	}
	for (int i = 0; i < META_COUNT; i++) {
		struct value v = column_get(&b->meta[i], row);
		buf_byte(&text, (char)v.type);
		value_plain(v, &text);
	}
	uint64_t hash = hash64(text.data, text.len);
	buf_release(&text);
	return hash;
}

struct sight {
	int result;
	uint64_t records, lost, wrong;
	bool served[TOTAL];
};

static void on_damage(void *arg, const struct damage *d)
{
	struct sight *s = arg;
	s->lost += d->behind - d->first;
}

static void look_at(struct sight *s, const struct batch *b, bool first_time)
{
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		int64_t seq = column_get(&b->meta[META_SEQ], row).i;
		uint64_t hash = record_hash(b, row);
		s->records++;
		if (seq < 0 || seq >= TOTAL || s->served[seq] || (!first_time && hash != written[seq])) {
			s->wrong++;
			continue;
		}
		s->served[seq] = true;
		if (first_time)
			written[seq] = hash;
	}
}

static void read_all(struct sight *s, bool first_time, struct error *e)
{
	struct store_reader_options o = {.damaged = on_damage, .damaged_arg = s};
	struct store_reader *reader;
	struct store_item item;
	*s = (struct sight){0};
	int r = store_reader_open(&reader, &files_real, &stream_path, 1, &o, e);
	while (!r && (r = store_reader_next(reader, &item, e)) > 0) {
		look_at(s, item.batch, first_time);
		r = 0;
	}
	s->result = r;
	store_reader_close(reader);
}

static int64_t check(bool repair)
{
	struct fsck_options o = {.repair = repair};
	struct error e;
	uint64_t faults;
	int r = fsck_stream(&files_real, stream_path, &o, &faults, &e);
	return r ? -1 : (int64_t)faults;
}

/* -- what must hold -- */

static bool is_named(const struct saved *s, const char *name)
{
	return strstr(s->path, name) != NULL;
}

static bool holds_after_repair(const struct sight *before)
{
	struct sight after;
	struct error e;
	bool good = check(true) > 0;
	read_all(&after, false, &e);
	good = good && !after.result && !after.wrong && !after.lost && after.records == before->records;
	for (int i = 0; i < TOTAL; i++)
		good = good && after.served[i] == before->served[i];
	good = good && !check(false);
	repaired++;
	return good;
}

/* `promised`: the damage hits what was acknowledged, so that it must be found. */
static void examine(const struct saved *s, bool promised, const char *what, size_t at)
{
	struct sight sight;
	struct error e = {0};
	read_all(&sight, false, &e);
	bool good = !sight.wrong;
	if (is_named(s, "catalog"))
		good = good && (sight.result ? *e.text != 0 : sight.records == TOTAL);
	else
		good = good && !sight.result && sight.records + sight.lost == TOTAL;
	int64_t faults = check(false);
	if (promised)
		good = good && faults != 0;
	found += faults != 0;
	if (good && promised && !is_named(s, "catalog") && done % repair_every == 0) {
		good = holds_after_repair(&sight);
		restore();
	}
	CHECK(good);
	if (!good)
		fprintf(stderr, "  %s %zu of %s: result %d records %llu lost %llu wrong %llu faults %lld %s\n", what,
			at, s->path, sight.result, (unsigned long long)sight.records, (unsigned long long)sight.lost,
			(unsigned long long)sight.wrong, (long long)faults, e.text);
	done++;
}

/* The head's slots are 96 bytes of each 128; `sync` is of the moment. */
static bool is_promised(const struct saved *s, size_t byte)
{
	return !is_named(s, "sync") && !is_named(s, "news") && (!is_named(s, "head") || byte % 128 < 96);
}

static uint64_t first_place(void)
{
	return stride > 1 ? hash64(&seed, sizeof seed) % stride : 0;
}

static void test_flips(void)
{
	uint64_t before = done, bits = 0, next = first_place();
	for (int i = 0; i < file_count; i++) {
		struct saved *s = &files[i];
		for (; next < bits + s->len * 8; next += stride) {
			size_t bit = next - bits;
			char flipped = (char)(s->bytes[bit / 8] ^ (1 << bit % 8));
			write_at(s, &flipped, 1, bit / 8);
			examine(s, is_promised(s, bit / 8), "bit", bit);
			write_at(s, &s->bytes[bit / 8], 1, bit / 8);
		}
		bits += s->len * 8;
	}
	printf("%llu of %llu bits flipped\n", (unsigned long long)(done - before), (unsigned long long)bits);
}

static void test_cuts(void)
{
	uint64_t before = done, step = (stride + 7) / 8;
	for (int i = 0; i < file_count; i++)
		for (size_t len = first_place() % step; is_named(&files[i], ".seg") && len < files[i].len;
		     len += step) {
			put_file(&files[i], len);
			examine(&files[i], true, "cut at", len);
			put_file(&files[i], files[i].len);
		}
	printf("%llu cuts\n", (unsigned long long)(done - before));
}

static void test_zeros(void)
{
	uint64_t before = done;
	for (int i = 0; i < file_count; i++)
		for (size_t at = 0; is_named(&files[i], ".seg") && at < files[i].len; at += SECTOR) {
			char *zeros = mem_zero(files[i].len);
			write_at(&files[i], zeros, files[i].len - at, at);
			examine(&files[i], true, "zeros from", at);
			put_file(&files[i], files[i].len);
			free(zeros);
		}
	printf("%llu zero tails\n", (unsigned long long)(done - before));
}

int main(int argc, char **argv)
{
	struct sight all;
	struct error e;
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2 && !(stride = strtoull(argv[2], NULL, 10)))
		stride = 1;
	stream_path = file_path("%s/s", test_start());
	snprintf(shard_path, sizeof shard_path, "%s/shards/0", stream_path);
	make_store();
	read_all(&all, true, &e);
	CHECK(!all.result && all.records == TOTAL && !all.wrong && !all.lost && check(false) == 0);
	save(stream_path);
	save(shard_path);
	restore();
	CHECK(check(false) == 0);
	printf("seed %llu stride %llu\n", (unsigned long long)seed, (unsigned long long)stride);
	test_flips();
	test_cuts();
	test_zeros();
	printf("%llu found, %llu repaired\n", (unsigned long long)found, (unsigned long long)repaired);
	CHECK(found && repaired);
	for (int i = 0; i < file_count; i++)
		free(files[i].bytes);
	free((char *)(uintptr_t)stream_path);
	test_cleanup();
	return test_done();
}
