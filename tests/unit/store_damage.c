/*
 * A small shard of two segments, all of it acknowledged, with each bit flipped in turn and cut at each byte: what is
 * served is right, what is not served is reported with the exact range, nothing is refused, and new records go on
 * behind it.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "store/shard/shard.h"
#include "store_help.h"

enum { FRAMES = 6, ROWS = 3, TOTAL = FRAMES * ROWS, MORE = 2 };

struct saved {
	char path[256];
	char *bytes;
	size_t len;
};

static const char *stream_path;
static char shard_path[256];
static struct saved files[8];
static int file_count;

static int append_frames(int64_t first, int frames, uint32_t rows)
{
	struct shard s;
	struct batch b;
	struct error e;
	int r = shard_open(&s, &files_real, stream_path, 0, &e);
	if (r)
		return r;
	s.segment_size = 1000;
	batch_init(&b);
	for (int i = 0; i < frames && !r; i++) {
		test_rows(&b, first + i * rows, rows);
		r = shard_append(&s, &b, &e);
		if (!r)
			r = shard_sync(&s, &e);
	}
	if (r)
		fprintf(stderr, "  %s\n", e.text);
	batch_release(&b);
	shard_close(&s);
	return r;
}

static void save(void)
{
	DIR *d = opendir(shard_path);
	for (struct dirent *entry; (entry = readdir(d));) {
		struct saved *s = &files[file_count];
		struct stat st;
		snprintf(s->path, sizeof s->path, "%.120s/%.100s", shard_path, entry->d_name);
		int fd = open(s->path, O_RDONLY);
		if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
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
	for (int i = 0; i < file_count; i++)
		put_file(&files[i], files[i].len);
}

static bool is_segment(const struct saved *s)
{
	return strstr(s->path, ".seg") != NULL;
}

static bool is_head(const struct saved *s)
{
	return strstr(s->path, "/head") != NULL;
}

/* Reads all: served and lost make up `total`, and what is served is right. Returns how many were lost, or -1. */
static int64_t read_all(int64_t total)
{
	struct tally l;
	struct error e = {0};
	tally_init(&l, TOTAL + MORE);
	int r = tally_read(&l, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e);
	bool good = !r && !l.foreign && !l.disorder && !tally_twice(&l) && (int64_t)(l.records + l.lost) == total;
	if (!good)
		fprintf(stderr, "  %d records %llu lost %llu foreign %llu disorder %llu twice %llu %s\n", r,
			(unsigned long long)l.records, (unsigned long long)l.lost, (unsigned long long)l.foreign,
			(unsigned long long)l.disorder, (unsigned long long)tally_twice(&l), e.text);
	int64_t lost = good ? (int64_t)l.lost : -1;
	tally_release(&l);
	return lost;
}

/* Looks, appends, looks again. */
static bool holds(bool append, int64_t most_lost)
{
	int64_t lost = read_all(TOTAL);
	bool good = lost >= 0 && lost <= most_lost;
	if (good && append)
		good = !append_frames(TOTAL, 1, MORE) && read_all(TOTAL + MORE) == lost;
	return good;
}

static void test_flips(void)
{
	long flips = 0;
	for (int i = 0; i < file_count; i++) {
		struct saved *s = &files[i];
		if (!is_segment(s) && !is_head(s))
			continue;
		for (size_t bit = 0; bit < s->len * 8; bit++) {
			s->bytes[bit / 8] ^= (char)(1 << bit % 8);
			bool append = bit % 5 == 0 || is_head(s);
			put_file(s, s->len);
			/* One bit is in one frame; the head can be done without. */
			bool good = holds(append, is_head(s) ? 0 : ROWS);
			CHECK(good);
			if (!good)
				fprintf(stderr, "  bit %zu of %s\n", bit, s->path);
			s->bytes[bit / 8] ^= (char)(1 << bit % 8);
			if (append)
				restore();
			flips++;
		}
		put_file(s, s->len);
	}
	printf("%ld flips\n", flips);
}

/* With its head, everything is known to have been promised. */
static void test_cuts(void)
{
	long cuts = 0;
	for (int i = 0; i < file_count; i++)
		for (size_t len = 0; is_segment(&files[i]) && len < files[i].len; len++, cuts++) {
			restore();
			put_file(&files[i], len);
			bool good = holds(true, TOTAL);
			CHECK(good);
			if (!good)
				fprintf(stderr, "  %s cut at %zu\n", files[i].path, len);
		}
	restore();
	printf("%ld cuts\n", cuts);
}

/* Without its head only what frames and later segments say is known; the newest segment ends where it breaks. */
static void test_cuts_without_head(void)
{
	struct saved *newest = NULL;
	for (int i = 0; i < file_count; i++)
		if (is_segment(&files[i]) && (!newest || strcmp(files[i].path, newest->path) > 0))
			newest = &files[i];
	for (size_t len = 0; len < newest->len; len++) {
		struct tally before, after;
		struct error e = {0};
		restore();
		for (int i = 0; i < file_count; i++)
			if (is_head(&files[i]) && len % 2)
				put_file(&files[i], 0);
			else if (is_head(&files[i]))
				unlink(files[i].path);
		put_file(newest, len);
		tally_init(&before, TOTAL + MORE);
		tally_init(&after, TOTAL + MORE);
		CHECK(!tally_read(&before, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e));
		CHECK(!before.foreign && !before.disorder && !before.lost &&
		      !tally_wrong(&before, 0, (int64_t)before.records, 1));
		CHECK(!append_frames(TOTAL, 1, MORE));
		CHECK(!tally_read(&after, &files_real, stream_path, BOUND_ALL, BOUND_ALL, &e));
		CHECK(after.records == before.records + MORE && !after.foreign && !after.disorder && !after.lost);
		CHECK(!tally_wrong(&after, TOTAL, TOTAL + MORE, 1) &&
		      !tally_wrong(&after, 0, (int64_t)before.records, 1));
		tally_release(&before);
		tally_release(&after);
	}
	restore();
}

/* Zeros from each sector on, as a file system may leave them. */
static void test_zero_tails(void)
{
	for (int i = 0; i < file_count; i++)
		for (size_t at = 0; is_segment(&files[i]) && at < files[i].len; at += 512) {
			char *kept = mem_copy(files[i].bytes, files[i].len);
			restore();
			memset(files[i].bytes + at, 0, files[i].len - at);
			put_file(&files[i], files[i].len);
			CHECK(holds(true, TOTAL));
			memcpy(files[i].bytes, kept, files[i].len);
			free(kept);
		}
	restore();
}

/* A head that ends too early, or has zeros at either end: the slot that is left may be the older one, and says so. */
static void test_heads(void)
{
	for (int i = 0; i < file_count; i++)
		for (size_t at = 0; is_head(&files[i]) && at < files[i].len; at++) {
			char *kept = mem_copy(files[i].bytes, files[i].len);
			restore();
			put_file(&files[i], at);
			CHECK(holds(true, 0));
			for (int front = 0; front < 2; front++) {
				restore();
				memset(files[i].bytes + (front ? 0 : at), 0, front ? at : files[i].len - at);
				put_file(&files[i], files[i].len);
				memcpy(files[i].bytes, kept, files[i].len);
				CHECK(holds(true, 0));
			}
			free(kept);
		}
	restore();
}

int main(void)
{
	struct error e;
	struct catalog c;
	stream_path = file_path("%s/s", test_start());
	snprintf(shard_path, sizeof shard_path, "%s/shards/0", stream_path);
	CHECK(!catalog_init(&c, 1, HASH_XXH3, &e) && stream_create(&files_real, stream_path, &c, &e) == 1);
	catalog_release(&c);
	CHECK(!append_frames(0, FRAMES, ROWS));
	save();
	CHECK(file_count == 6 && read_all(TOTAL) == 0);
	test_flips();
	test_cuts();
	test_cuts_without_head();
	test_zero_tails();
	test_heads();
	CHECK(read_all(TOTAL) == 0);
	for (int i = 0; i < file_count; i++)
		free(files[i].bytes);
	free((char *)(uintptr_t)stream_path);
	test_cleanup();
	return test_done();
}
