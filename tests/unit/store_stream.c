/* Streams as they should be: made, written, read from everywhere, followed. */
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "codec/digest.h"
#include "store/catalog/home.h"
#include "store_help.h"

static struct bound at_seq(uint64_t seq)
{
	return (struct bound){.kind = BOUND_SEQ, .seq = seq};
}

static struct bound at_time(int64_t time)
{
	return (struct bound){.kind = BOUND_TIME, .time = time};
}

/* The place of the open shard whose range has the point. */
static size_t owner(const struct catalog *c, struct hash128 point)
{
	size_t count, i = 0;
	const struct catalog_shard **tiles = catalog_tiles(c, &count);
	while (i + 1 < count && hash128_compare(point, tiles[i]->to) > 0)
		i++;
	free(tiles);
	return i;
}

static void test_routes(void)
{
	static const struct {
		const char *key, *point;
		uint32_t of4, of3;
	} kinesis[] = {
		{"a", "16955237001963240173058271559858726497", 0, 0},
		{"partitionKey-0", "283893945402358862714065952676399797471", 3, 2},
		{"1", "261578874264819908609102035485573088411", 3, 2},
		{"user-42", "157107139746365290205026809710278036035", 1, 1},
		{"\xc3\xa9", "136732923097551493579404309126273812335", 1, 1},
		{"", "281949768489412648962353822266799178366", 3, 2},
	};
	struct catalog four, three;
	struct error e;
	CHECK(!catalog_init(&four, 4, HASH_MD5, &e) && !catalog_init(&three, 3, HASH_MD5, &e));
	for (size_t i = 0; i < sizeof kinesis / sizeof *kinesis; i++) {
		char text[40];
		struct hash128 h = route_key(&four.router, kinesis[i].key, strlen(kinesis[i].key));
		size_t len = hash128_text(h, text);
		CHECK_TEXT(text, len, kinesis[i].point);
		CHECK(owner(&four, h) == kinesis[i].of4);
		CHECK(owner(&three, h) == kinesis[i].of3);
	}
	char text[40];
	CHECK_TEXT(text, hash128_text(three.shards[1].from, text), "113427455640312821154458202477256070485");
	CHECK_TEXT(text, hash128_text(three.shards[1].to, text), "226854911280625642308916404954512140969");
	CHECK_TEXT(text, hash128_text(three.shards[2].to, text), "340282366920938463463374607431768211455");
	CHECK_TEXT(text, hash128_text(four.shards[3].from, text), "255211775190703847597530955573826158592");
	catalog_release(&four);
	catalog_release(&three);

	static const struct {
		const char *key;
		int32_t hash;
	} kafka[] = {
		{"21", -973932308},
		{"foobar", -790332482},
		{"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
		{"abc", 479470107},
	};
	for (uint32_t parts = 1; parts < 20; parts++) {
		struct catalog c;
		CHECK(!catalog_init(&c, parts, HASH_MURMUR2, &e));
		for (size_t i = 0; i < sizeof kafka / sizeof *kafka; i++) {
			size_t len = strlen(kafka[i].key);
			CHECK(murmur2(kafka[i].key, len) == (uint32_t)kafka[i].hash);
			CHECK(owner(&c, route_key(&c.router, kafka[i].key, len)) ==
			      ((uint32_t)kafka[i].hash & 0x7fffffff) % parts);
		}
		catalog_release(&c);
	}
}

static void test_md5_lengths(void)
{
	/* The MD5 of the concatenated MD5s of 0..199 times `x`, so that every padding is met. */
	uint8_t all[200][16], sum[16];
	char text[200];
	static const uint8_t want[16] = {0x23, 0x62, 0x91, 0x00, 0x6a, 0x2f, 0x1d, 0xc7,
					 0xb0, 0x0b, 0xd9, 0x78, 0x80, 0x2f, 0xf8, 0xc6};
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < 200; i++)
		md5(text, i, all[i]);
	md5(all, sizeof all, sum);
	CHECK(!memcmp(sum, want, 16));
}

/* As a catalog, with its checksum. */
static int read_shards(struct catalog *c, const char *shards)
{
	struct buf text = BUF_INIT;
	struct error e;
	buf_printf(&text, "stream 1\nid %032d\nhash xxh3 1\nsync always\nretention 0 0\n%s", 7, shards);
	buf_printf(&text, "check %016" PRIx64 "\n", hash64(text.data, text.len));
	int r = catalog_read(c, text.data, text.len, "x", &e);
	buf_release(&text);
	return r;
}

#define LOW "00000000000000000000000000000000"
#define HALF "7fffffffffffffffffffffffffffffff"
#define UPPER "80000000000000000000000000000000"
#define HIGH "ffffffffffffffffffffffffffffffff"

static void test_catalog_parents(void)
{
	struct catalog c, back;
	struct buf text = BUF_INIT;
	struct error e;
	CHECK(!read_shards(&c, "shard 0 open " LOW " " HIGH " - -\n"));
	CHECK(c.shard_count == 1 && !c.shards[0].parent_count);
	catalog_release(&c);
	/* Closed ones that are long gone leave gaps; a shard has any number of parents. */
	CHECK(!read_shards(&c, "shard 3 closed " LOW " " HALF " - -\nshard 5 closed " UPPER " " HIGH " 3 -\n"
			       "shard 9 closed " LOW " " HIGH " 3 4 5\nshard 12 open " LOW " " HIGH " 9\n"));
	CHECK(c.shard_count == 4 && c.shards[2].parent_count == 3 && c.shards[2].parents[1] == 4);
	CHECK(catalog_shard(&c, 9) == &c.shards[2] && !catalog_shard(&c, 4) && catalog_shard(&c, 12)->parents[0] == 9);
	CHECK(catalog_add(&c, c.shards[3].from, c.shards[3].to, (uint32_t[]){12}, 1)->id == 13);
	c.shards[3].closed = true;
	catalog_write(&c, &text);
	CHECK(!catalog_read(&back, text.data, text.len, "x", &e) && back.shard_count == 5);
	CHECK(back.shards[2].parent_count == 3 && back.shards[2].parents[2] == 5 && back.shards[4].parents[0] == 12);
	catalog_release(&back);
	catalog_release(&c);
	buf_release(&text);
	static const char *const bad[] = {
		"shard 0 open " LOW " " HALF " - -\n",                                      /* a part of the space */
		"shard 0 open " LOW " " HIGH " - -\nshard 1 open " LOW " " HIGH " - -\n",   /* twice */
		"shard 0 closed " LOW " " HIGH " - -\n",                                    /* none open */
		"shard 1 open " LOW " " HALF " - -\nshard 0 open " UPPER " " HIGH " - -\n", /* ids fall */
		"shard 0 open " LOW " " HALF " - -\nshard 0 open " UPPER " " HIGH " - -\n", /* one id */
		"shard 1 open " LOW " " HIGH " 1 -\n",                                      /* its own parent */
		"shard 1 open " LOW " " HIGH " x -\n",
		"shard 1 open " LOW " " HIGH " 0x\n",
		"shard 1 ajar " LOW " " HIGH " 0\n",
		"shard 1 open " LOW " ff 0 -\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(read_shards(&c, bad[i]) == ERR_FAILED);
}

static void test_points(void)
{
	static const struct {
		const char *text;
		bool good;
		struct hash128 h;
	} points[] = {
		{"0", true, {0, 0}},
		{"18446744073709551616", true, {1, 0}},
		{"340282366920938463463374607431768211455", true, {UINT64_MAX, UINT64_MAX}},
		{"0000000000000000000000000000000000000000000000001", true, {0, 1}},
		{"340282366920938463463374607431768211456", false, {0, 0}},
		{"999999999999999999999999999999999999999", false, {0, 0}},
		{"", false, {0, 0}},
		{"-1", false, {0, 0}},
		{"1x", false, {0, 0}},
	};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		struct hash128 h;
		CHECK(hash128_parse(points[i].text, &h) == points[i].good);
		CHECK(!points[i].good || !hash128_compare(h, points[i].h));
	}
	struct hash128 zero = {0}, one = {0, 1};
	CHECK(!hash128_compare(hash128_middle(zero, HASH128_MAX), (struct hash128){1ull << 63, 0}));
	CHECK(!hash128_compare(hash128_middle(zero, one), one));
	CHECK(!hash128_compare(hash128_next((struct hash128){3, UINT64_MAX}), (struct hash128){4, 0}));
	CHECK(!hash128_compare(hash128_before((struct hash128){4, 0}), (struct hash128){3, UINT64_MAX}));
}

static void test_catalog(void)
{
	struct catalog c, back;
	struct error e;
	struct buf text = BUF_INIT;
	CHECK(catalog_init(&c, 0, HASH_XXH3, &e) == ERR_USAGE);
	CHECK(!catalog_init(&c, 5, HASH_MURMUR2, &e));
	c.key = mem_copy("a + b", 5);
	c.sync = SYNC_NEVER;
	c.retention = 77;
	c.max_size = 1 << 20;
	c.tier = mem_copy("/mnt/a b", 8);
	catalog_write(&c, &text);
	CHECK(!catalog_read(&back, text.data, text.len, "x", &e));
	CHECK(!strcmp(back.id, c.id) && back.shard_count == 5 && !strcmp(back.key, "a + b") &&
	      back.sync == SYNC_NEVER && back.retention == 77 && back.max_size == 1 << 20 &&
	      !strcmp(back.tier, "/mnt/a b") && back.router.kind == HASH_MURMUR2);
	CHECK(!hash128_compare(back.shards[3].from, c.shards[3].from));
	catalog_release(&back);
	uint32_t accepted = 0;
	for (size_t i = 0; i < text.len * 8; i++) {
		text.data[i / 8] ^= (char)(1 << i % 8);
		accepted += !catalog_read(&back, text.data, text.len, "x", &e);
		text.data[i / 8] ^= (char)(1 << i % 8);
	}
	CHECK(!accepted);
	for (size_t i = 0; i < text.len; i++)
		accepted += !catalog_read(&back, text.data, i, "x", &e);
	CHECK(!accepted);
	test_catalog_parents();
	CHECK(catalog_read(&back, "stream 2\nnews\n", 14, "x", &e) == ERR_USAGE && strstr(e.text, "newer"));
	catalog_release(&c);
	buf_release(&text);
}

static void test_names(void)
{
	struct stream s;
	struct error e;
	struct store_writer *w = test_writer(&files_real, "weblog", 1, SYNC_DEFAULT, &e);
	CHECK(w);
	store_writer_close(w);
	CHECK(stream_open(&s, &files_real, "weblgo", &e) == ERR_USAGE && strstr(e.text, "is it `weblog`?"));
	CHECK(stream_open(&s, &files_real, "a b", &e) == ERR_USAGE && strstr(e.text, "no name"));
	CHECK(stream_open(&s, &files_real, "..", &e) == ERR_USAGE);
	CHECK(stream_open(&s, &files_real, "/tmp", &e) == ERR_USAGE && strstr(e.text, "no stream"));
	CHECK(stream_open(&s, &files_real, "/etc/passwd", &e) == ERR_USAGE && strstr(e.text, "no stream"));
	CHECK(stream_open(&s, &files_real, "/tmp/none/such", &e) == ERR_USAGE && strstr(e.text, "no stream"));
	struct name_list names;
	CHECK(!home_list(&files_real, &names, &e) && names.count == 1 && !strcmp(names.items[0], "weblog"));
	name_list_release(&names);
}

/* Many make the same stream at once: one does, and all of them use it. */
static void test_creation(void)
{
	enum { MAKERS = 8 };
	struct error e = {0};
	struct tally l;
	char *path = file_path("%s/deep/er/race", test_directory), *above = path_parent(path);
	for (int i = 0; i < MAKERS; i++)
		if (!fork()) {
			struct store_writer *w = test_writer(&files_real, path, 3, SYNC_ALWAYS, &e);
			_exit(!w || test_append(w, i * 10, 10, 5, &e) || store_writer_sync(w, &e));
		}
	for (int i = 0, status; i < MAKERS; i++)
		CHECK(wait(&status) > 0 && !status);
	tally_init(&l, MAKERS * 10);
	CHECK(!tally_read(&l, &files_real, path, BOUND_ALL, BOUND_ALL, &e));
	CHECK(!tally_wrong(&l, 0, MAKERS * 10, 1));
	tally_release(&l);
	/* Nothing of those who came too late is left. */
	DIR *d = opendir(above);
	int entries = 0;
	while (d && readdir(d))
		entries++;
	closedir(d);
	CHECK(entries == 3);
	struct stat st;
	CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0700);
	free(above);
	free(path);
}

static void test_from_and_to(void)
{
	struct error e = {0};
	struct tally l;
	struct store_writer *w = test_writer(&files_real, "span", 1, SYNC_DEFAULT, &e);
	CHECK(w && !test_append(w, 0, 5000, 700, &e) && !store_writer_sync(w, &e));
	int64_t middle = timestamp_now();
	usleep(2000);
	for (int i = 0; i < 100; i++)
		CHECK(!test_append(w, 5000 + 50 * i, 50, 50, &e) && !store_writer_sync(w, &e));
	store_writer_close(w);

	tally_init(&l, 10000);
	CHECK(!tally_read(&l, &files_real, "span", BOUND_ALL, BOUND_ALL, &e));
	CHECK(l.records == 10000 && !tally_wrong(&l, 0, 10000, 1) && !l.disorder && !l.foreign && !l.damages);
	tally_release(&l);

	static const uint64_t places[] = {0, 1, 699, 700, 701, 4999, 5000, 5025, 9950, 9999, 10000};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		for (size_t k = i; k < sizeof places / sizeof *places; k++) {
			tally_init(&l, 10000);
			CHECK(!tally_read(&l, &files_real, "span", at_seq(places[i]), at_seq(places[k]), &e));
			CHECK(l.records == places[k] - places[i]);
			CHECK(!tally_wrong(&l, (int64_t)places[i], (int64_t)places[k], 1));
			tally_release(&l);
		}
	tally_init(&l, 10000);
	CHECK(tally_read(&l, &files_real, "span", at_seq(10001), BOUND_ALL, &e) == ERR_USAGE);
	CHECK(!tally_read(&l, &files_real, "span", (struct bound){.kind = BOUND_END}, BOUND_ALL, &e) && !l.records);
	CHECK(!tally_read(&l, &files_real, "span", at_time(middle), BOUND_ALL, &e));
	CHECK(l.records == 5000 && !tally_wrong(&l, 5000, 10000, 1));
	CHECK(!tally_read(&l, &files_real, "span", BOUND_ALL, at_time(middle), &e));
	CHECK(l.records == 10000 && !tally_wrong(&l, 0, 10000, 1));
	CHECK(!tally_read(&l, &files_real, "span", at_time(timestamp_now()), BOUND_ALL, &e) && l.records == 10000);
	tally_release(&l);
}

/* Every frame's time leads to that frame, whatever lies around it. */
static void test_every_time(void)
{
	struct error e = {0};
	struct tally l;
	int64_t times[200];
	struct store_writer *w = test_writer(&files_real, "times", 1, SYNC_NEVER, &e);
	for (int i = 0; i < 200; i++) {
		times[i] = timestamp_now();
		CHECK(!test_append(w, 3 * i, 3, 3, &e) && !store_writer_sync(w, &e));
	}
	store_writer_close(w);
	for (int i = 0; i < 200; i++) {
		tally_init(&l, 600);
		CHECK(!tally_read(&l, &files_real, "times", at_time(times[i]), BOUND_ALL, &e));
		CHECK(l.records == (uint64_t)(600 - 3 * i) && !tally_wrong(&l, 3 * i, 600, 1));
		tally_release(&l);
	}
}

static void test_shards(void)
{
	struct error e = {0};
	struct tally l;
	struct store_writer *w = test_writer(&files_real, "four", 4, SYNC_DEFAULT, &e);
	CHECK(w && !test_append(w, 0, 20000, 333, &e));
	struct batch b;
	batch_init(&b);
	test_rows(&b, 20000, 20000);
	CHECK(!store_writer_append(w, &b, NULL, &e) && !store_writer_sync(w, &e));
	batch_release(&b);
	tally_init(&l, 40000);
	CHECK(!tally_read(&l, &files_real, "four", BOUND_ALL, BOUND_ALL, &e));
	CHECK(l.records == 40000 && !tally_wrong(&l, 0, 40000, 1) && !l.disorder);
	tally_release(&l);
	/* A key stays in one shard; records without one are everywhere alike. */
	int shard_of[7] = {-1, -1, -1, -1, -1, -1, -1};
	uint32_t keyless[4] = {0};
	const char *name = "four";
	struct store_reader_options o = {0};
	struct store_reader *reader;
	struct store_item item;
	CHECK(!store_reader_open(&reader, &files_real, &name, 1, &o, &e));
	while (store_reader_next(reader, &item, &e) > 0)
		for (uint32_t i = 0; i < batch_count(item.batch); i++) {
			uint32_t row = batch_row(item.batch, i);
			struct value n = column_get(batch_field(item.batch, "n", 1), row);
			struct value key = column_get(&item.batch->meta[META_KEY], row);
			struct value hash = column_get(&item.batch->meta[META_HASH], row);
			struct value stream = column_get(&item.batch->meta[META_STREAM], row);
			CHECK(hash.type == TYPE_BYTES && hash.len == 16);
			CHECK(stream.len == 4 && !memcmp(stream.s, "four", 4));
			if (n.i >= 20000) {
				CHECK(key.type == TYPE_ABSENT);
				keyless[item.shard]++;
				continue;
			}
			CHECK(key.type == TYPE_STRING && key.len == 2 && key.s[1] == '0' + n.i % 7);
			if (shard_of[n.i % 7] < 0)
				shard_of[n.i % 7] = (int)item.shard;
			CHECK(shard_of[n.i % 7] == (int)item.shard);
		}
	store_reader_close(reader);
	for (int i = 0; i < 4; i++)
		CHECK(keyless[i] > 4900 && keyless[i] < 5100);
	store_writer_close(w);
}

/* Missing keys are one key, whatever form their column has; a key that comes along as @key is kept. */
static void test_missing_keys(void)
{
	struct error e = {0};
	struct store_writer *w = test_writer(&files_real, "missing", 16, SYNC_DEFAULT, &e);
	struct batch b;
	struct column absent = column_const(value_absent()), null = column_const(value_null());
	batch_init(&b);
	test_rows(&b, 0, 50);
	CHECK(!store_writer_append(w, &b, &absent, &e) && !store_writer_append(w, &b, &null, &e));
	struct value *mixed = arena_array(&b.arena, 50, sizeof *mixed);
	for (int i = 0; i < 50; i++)
		mixed[i] = i % 2 ? value_null() : value_string("", 0);
	struct column values = {.form = COLUMN_VALUES, .values = mixed};
	CHECK(!store_writer_append(w, &b, &values, &e));
	CHECK(!store_writer_sync(w, &e));
	store_writer_close(w);

	const char *name = "missing";
	struct store_reader_options o = {0};
	struct store_reader *reader;
	struct store_item item;
	uint32_t shard = UINT32_MAX, rows = 0;
	CHECK(!store_reader_open(&reader, &files_real, &name, 1, &o, &e));
	while (store_reader_next(reader, &item, &e) > 0) {
		CHECK(shard == UINT32_MAX || shard == item.shard);
		shard = item.shard;
		rows += batch_count(item.batch);
	}
	store_reader_close(reader);
	CHECK(rows == 150);

	w = test_writer(&files_real, "along", 16, SYNC_DEFAULT, &e);
	uint32_t first = UINT32_MAX;
	for (int i = 0; i < 20; i++) {
		b.meta[META_KEY] = column_const(value_string("same", 4));
		CHECK(!store_writer_append(w, &b, NULL, &e));
	}
	CHECK(!store_writer_sync(w, &e));
	store_writer_close(w);
	name = "along";
	CHECK(!store_reader_open(&reader, &files_real, &name, 1, &o, &e));
	while (store_reader_next(reader, &item, &e) > 0) {
		CHECK(first == UINT32_MAX || first == item.shard);
		first = item.shard;
	}
	store_reader_close(reader);
	batch_release(&b);
}

static void test_bounds(void)
{
	struct bound b;
	struct error e;
	CHECK(!bound_parse("start", &b, &e) && b.kind == BOUND_NONE);
	CHECK(!bound_parse("end", &b, &e) && b.kind == BOUND_END);
	CHECK(!bound_parse("123456789", &b, &e) && b.kind == BOUND_SEQ && b.seq == 123456789);
	CHECK(!bound_parse("seq:12345678901", &b, &e) && b.kind == BOUND_SEQ && b.seq == 12345678901);
	CHECK(!bound_parse("1234567890", &b, &e) && b.kind == BOUND_TIME && b.time == 1234567890 * SECOND);
	CHECK(!bound_parse("2026-11-22T00:00:00Z", &b, &e) && b.kind == BOUND_TIME);
	CHECK(bound_parse("seq:x", &b, &e) == ERR_USAGE && bound_parse("soon", &b, &e) == ERR_USAGE &&
	      bound_parse("", &b, &e) == ERR_USAGE);
}

/* A follower in a process of its own sees every record of three writers, as they come. */
static void test_following(void)
{
	enum { WRITERS = 3, EACH = 3000 };
	struct error e = {0};
	struct store_writer *w = test_writer(&files_real, "live", 2, SYNC_DEFAULT, &e);
	store_writer_close(w);
	for (int i = 0; i < WRITERS; i++)
		if (!fork()) {
			w = test_writer(&files_real, "live", 2, SYNC_DEFAULT, &e);
			int bad = !w;
			for (int k = 0; !bad && k < EACH; k += 30) {
				bad = test_append(w, i * EACH + k, 30, 7, &e);
				if (!bad && k % 300 == 0)
					bad = store_writer_sync(w, &e);
			}
			bad = bad || store_writer_sync(w, &e);
			_exit(bad != 0);
		}
	struct tally l;
	tally_init(&l, WRITERS * EACH);
	struct store_reader_options o = {.follow = true, .damaged = tally_damage, .damaged_arg = &l};
	struct store_reader *reader;
	struct store_item item;
	const char *name = "live";
	CHECK(!store_reader_open(&reader, &files_real, &name, 1, &o, &e));
	CHECK(store_reader_fd(reader) >= 0 && !store_reader_notice(reader));
	int r = 0;
	int64_t patience = monotonic_now() + 20 * SECOND;
	while (l.records < WRITERS * EACH && r >= 0 && monotonic_now() < patience) {
		r = store_reader_next(reader, &item, &e);
		if (r > 0)
			tally_add(&l, item.batch, item.shard);
		struct pollfd p = {.fd = store_reader_fd(reader), .events = POLLIN};
		/* A lost wake-up would show as a poll that runs out. */
		if (!r && !store_reader_done(reader))
			CHECK(poll(&p, 1, 5000) == 1);
	}
	CHECK(r >= 0 && l.records == WRITERS * EACH && !tally_wrong(&l, 0, WRITERS * EACH, 1) && !l.disorder &&
	      !l.damages);
	for (int i = 0, status; i < WRITERS; i++)
		CHECK(wait(&status) > 0 && !status);
	store_reader_close(reader);
	tally_release(&l);
}

static int no_notify(const struct files *io)
{
	(void)io;
	errno = EMFILE;
	return -1;
}

static void test_refused_notice(void)
{
	struct files io = files_real;
	struct error e = {0};
	io.notify = no_notify;
	struct store_reader_options o = {.follow = true};
	struct store_reader *reader;
	struct store_item item;
	const char *name = "live";
	CHECK(!store_reader_open(&reader, &io, &name, 1, &o, &e));
	CHECK(store_reader_fd(reader) < 0 && store_reader_notice(reader) && !store_reader_notice(reader));
	while (store_reader_next(reader, &item, &e) > 0)
		;
	struct store_writer *w = test_writer(&files_real, "live", 2, SYNC_DEFAULT, &e);
	CHECK(!test_append(w, 1, 1, 1, &e) && !store_writer_sync(w, &e));
	CHECK(store_reader_next(reader, &item, &e) == 1 && batch_count(item.batch) == 1);
	store_writer_close(w);
	store_reader_close(reader);
}

int main(void)
{
	test_start();
	test_routes();
	test_md5_lengths();
	test_points();
	test_catalog();
	test_names();
	test_creation();
	test_from_and_to();
	test_every_time();
	test_shards();
	test_missing_keys();
	test_bounds();
	test_following();
	test_refused_notice();
	test_cleanup();
	return test_done();
}
