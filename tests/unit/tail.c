/* lib/tail: names that rotation makes, places that are kept, what a chain makes of what it finds, lines of any kind. */
#include "tail/tailer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/file.h"
#include "store/disk/sealed.h"
#include "tail/siblings.h"
#include "test.h"

/* -- files of the test -- */

static void write_to(const char *name, const char *text, int flags)
{
	int fd = open(name, O_WRONLY | O_CREAT | flags, 0600);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void put(const char *name, const char *text)
{
	write_to(name, text, O_APPEND);
}

/* As copytruncate does. */
static void copy(const char *from, const char *to)
{
	char bytes[4096];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = read(in, bytes, sizeof bytes);
	CHECK(n >= 0 && write(out, bytes, (size_t)n) == n);
	close(in);
	close(out);
}

/* A file of the same bytes in its place, packed by gzip(1). */
static void pack(const char *name)
{
	char command[256];
	snprintf(command, sizeof command, "gzip -f %s", name);
	CHECK(!system(command));
}

static void clear(void)
{
	CHECK(!system("rm -rf -- *"));
}

/* -- names -- */

static void test_names(void)
{
	static const char *const rotated[] = {
		"access.log.1",        "access.log.10.gz",         "access.log-20261122",   "access.log-20261122.zst",
		"access-20261122.log", "access.log.2026-11-22_10", "access.1.log.xz",       "access.log.old",
		"access.log_3",        "access.log-20261122T1000", "access-2026.11.22.log",
	};
	static const char *const others[] = {
		"access.log",  "access.log.", "access.log.bak", "access.log.gz", "error.log.1",    "access.logs",
		"access.log1", "access-.log", "access.log.1a",  "access",        "access-new.log", "xaccess.log.1",
	};
	for (size_t i = 0; i < sizeof rotated / sizeof *rotated; i++)
		CHECK(sibling_is("access.log", rotated[i]));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		CHECK(!sibling_is("access.log", others[i]));
	CHECK(sibling_is("log", "log.1") && sibling_is("log", "log-2026") && !sibling_is("log", "logs"));
	CHECK(sibling_is_packed("x.1.gz") && !sibling_is_packed("x.1") && !sibling_is_packed(".gz"));
}

/* -- places -- */

static void test_places(void)
{
	struct places p = {.flow = "0123456789abcdef0123456789abcdef"}, q = {0};
	struct error e = {0};
	struct buf text = BUF_INIT;
	char names[][16] = {"a \\ b\nc", "x.gz", "x"};
	struct place one = {
		.mark = {1, UINT64_MAX, INT64_MAX, 256, 7}, .offset = INT64_MAX, .before = 9, .name = names[0]};
	struct place two = {.mark = {2, 3, 0, 0, 0}, .packed = true, .done = true, .name = names[1]};
	struct place three = {.mark = {2, 4, 0, 1, 1}, .skips = true, .offset = 5, .name = names[2]};
	struct path_places *at = places_renew(&p, "/a/b \n c");
	path_places_add(at, &one);
	path_places_add(at, &two);
	places_renew(&p, "/empty");
	path_places_add(places_renew(&p, "/third"), &three);
	places_text(&p, &text);
	CHECK(!sealed_save(&text, &files_real, ".", "places", &e));
	CHECK(places_load(&q, &files_real, "places", &e) == 1 && q.count == 3 && !strcmp(q.flow, p.flow));
	at = places_find(&q, "/a/b \n c");
	CHECK(at && at->count == 2 && !memcmp(&at->items[0].mark, &one.mark, sizeof one.mark));
	CHECK(at && at->items[0].offset == INT64_MAX && at->items[0].before == 9 && !at->items[0].packed);
	CHECK(at && !strcmp(at->items[0].name, one.name) && at->items[1].packed && at->items[1].done);
	at = places_find(&q, "/third");
	CHECK(at && at->count == 1 && at->items[0].skips && !at->items[0].packed);
	CHECK(places_find(&q, "/empty") && !places_find(&q, "/empty")->count && !places_find(&q, "/none"));
	CHECK(places_load(&q, &files_real, "none", &e) == 0);
	/* As it was before it was kept when files were made. */
	sealed_begin(&text, "tail");
	buf_printf(&text, "flow %s\npath /x\nfile 1 2 3 4 5 6 plain x\nfile 1 3 3 4 5 6 plain y\nborn 7\n", p.flow);
	CHECK(!sealed_save(&text, &files_real, ".", "old", &e));
	CHECK(places_load(&q, &files_real, "old", &e) == 1 && (at = places_find(&q, "/x")) && at->count == 2);
	CHECK(at && at->items[0].mark.inode == 2 && !at->items[0].mark.born && at->items[1].mark.born == 7);
	for (int strange = 0; strange < 6; strange++) {
		static const char *const lines[] = {"file 1 2 3 4 5 6 plain x\n",
						    "path /x\nfile 1 2 3 4 5 6 other x\n",
						    "path /x\nfile 1 2 900 4 5 6 plain x\n",
						    "born 5\n",
						    "path /x\nborn 5\n",
						    "path /x\nfile 1 2 3 4 5 6 plain x\nborn 5x\n"};
		sealed_begin(&text, "tail");
		buf_printf(&text, "flow %s\n%s", p.flow, lines[strange]);
		CHECK(!sealed_save(&text, &files_real, ".", "strange", &e));
		CHECK(places_load(&q, &files_real, "strange", &e) == ERR_FAILED);
	}
	write_to("places", "x", 0);
	CHECK(places_load(&q, &files_real, "places", &e) == ERR_FAILED);
	places_release(&p);
	places_release(&q);
	buf_release(&text);
}

/* -- runs: what one of them, once, gives as lines joined by `|` -- */

static char warned[1024];

static void warn(void *arg, const char *text)
{
	(void)arg;
	snprintf(warned, sizeof warned, "%s", text);
}

static struct tailer_options options_of(struct places *p)
{
	return (struct tailer_options){
		.chain = {.first = FIRST_START, .predecessors = true, .warn = warn},
		.once = true,
		.keeps = p != NULL,
		.resume = p,
		.rows = 3,
	};
}

static void gather(struct tailer *t, struct buf *out)
{
	struct batch *b;
	struct error e = {0};
	int r;
	while ((r = tailer_next(t, &b, &e)) > 0) {
		const struct column *line = batch_field(b, "line", 4);
		for (uint32_t i = 0; i < batch_count(b); i++) {
			struct value v = column_get(line, batch_row(b, i));
			buf_append(out, v.s, v.len);
			buf_byte(out, '|');
		}
		for (uint32_t i = 0; i < b->reject_count; i++)
			buf_string_append(out, "!|");
	}
	CHECK(r == 0);
}

static struct buf said;

static const char *run_with(const struct tailer_options *o, struct places *p, const char *name)
{
	struct tailer *t;
	struct error e = {0};
	buf_clear(&said);
	*warned = 0;
	CHECK(!tailer_open(&t, &name, 1, o, &e));
	gather(t, &said);
	CHECK(tailer_done(t));
	if (p)
		tailer_keep(t, p);
	tailer_close(t);
	return buf_string(&said);
}

static const char *run(struct places *p)
{
	struct tailer_options o = options_of(p);
	return run_with(&o, p, "log");
}

#define GIVES(run, want)                                                                                               \
	do {                                                                                                           \
		const char *got = run;                                                                                 \
		CHECK_TEXT(got, strlen(got), want);                                                                    \
	} while (0)

/* -- what rotation does while nobody looks -- */

static void test_renames(void)
{
	struct places p = {0};
	put("log.2", "very old\n");
	put("log.1", "old\n");
	put("log", "1\n2\n3\n4\npart");
	GIVES(run(&p), "very old|old|1|2|3|4|");
	GIVES(run(&p), "");
	put("log", "ial\n5\n");
	rename("log.2", "log.3");
	rename("log.1", "log.2");
	rename("log", "log.1");
	put("log", "6\n");
	GIVES(run(&p), "partial|5|6|");
	/* Twice, and a name of another kind. */
	put("log", "7\n");
	rename("log", "saved");
	usleep(20000);
	put("log", "8\n");
	rename("log", "log.7");
	usleep(20000);
	put("log", "9\n");
	GIVES(run(&p), "7|8|9|");
	/* Late lines in a file that others have followed. */
	put("log.7", "8b\n");
	rename("log", "log.8");
	put("log", "10\n");
	GIVES(run(&p), "8b|10|");
	/* Nothing is there, and later something. */
	unlink("log");
	GIVES(run(&p), "");
	CHECK(strstr(warned, "is lost"));
	put("log", "11\n");
	GIVES(run(&p), "11|");
	places_release(&p);
	clear();
}

static void test_copies(void)
{
	struct places p = {0};
	put("log", "1\n2\n");
	GIVES(run(&p), "1|2|");
	put("log", "3\n");
	copy("log", "log.1");
	write_to("log", "4\n", O_TRUNC);
	GIVES(run(&p), "3|4|");
	CHECK(!*warned);
	/* The copy is there, and the file not truncated yet. */
	put("log", "5\n");
	copy("log", "log.2");
	GIVES(run(&p), "5|");
	write_to("log", "6\nlonger than before\n", O_TRUNC);
	GIVES(run(&p), "6|longer than before|");
	/* Truncated, grown beyond, and nobody has a copy. */
	write_to("log", "7\nmuch longer than it was before that\n", O_TRUNC);
	GIVES(run(&p), "7|much longer than it was before that|");
	CHECK(strstr(warned, "is lost"));
	places_release(&p);
	clear();
}

static void test_packed(void)
{
	struct places p = {0};
	put("log.2", "1\n2\n3\n4\n5\n");
	pack("log.2");
	usleep(20000);
	put("log.1", "6\n");
	put("log", "7\n");
	GIVES(run(&p), "1|2|3|4|5|6|7|");
	put("log", "8\n");
	rename("log", "log.3");
	pack("log.3");
	put("log", "9\n");
	GIVES(run(&p), "8|9|");
	pack("log.1");
	rename("log.3.gz", "log.4.gz");
	rename("log", "log.1");
	put("log", "10\n");
	GIVES(run(&p), "10|");
	CHECK(!*warned);
	/* Cut in its middle: what can be read is, and the rest is said to be lost. */
	struct buf text = BUF_INIT;
	for (uint32_t i = 0, n = 1; i < 40000; i++, n = n * 1664525 + 1013904223)
		buf_printf(&text, "%u\n", n);
	put("log.9", buf_string(&text));
	buf_release(&text);
	pack("log.9");
	CHECK(!truncate("log.9.gz", 150000));
	rename("log", "log.0");
	put("log", "11\n");
	const char *all = run(&p);
	CHECK(strlen(all) > 1000 && strstr(all, "|!|") && strstr(all, "11|"));
	GIVES(run(&p), "");
	places_release(&p);
	clear();
}

/* The inode of a file that is gone is used again: told by what the file begins with. */
static void test_inodes(void)
{
	struct places p = {0};
	put("log", "1\n2\n");
	GIVES(run(&p), "1|2|");
	struct path_places *at = &p.items[0];
	unlink("log");
	put("log", "3\n4\n5\n");
	struct stat st;
	CHECK(!stat("log", &st));
	at->items[0].mark.inode = st.st_ino;
	GIVES(run(&p), "3|4|5|");
	/* The same first bytes, but not those before the place. */
	char same[400];
	memset(same, 'x', sizeof same - 1);
	same[sizeof same - 1] = 0;
	same[280] = '\n';
	write_to("log", same, O_TRUNC);
	put("log", "\n");
	CHECK(strlen(run(&p)) > 300);
	same[300] = 'y';
	write_to("log", same, O_TRUNC);
	put("log", "\nmore\n");
	CHECK(strlen(run(&p)) > 400 && strstr(said.data, "|more|"));
	places_release(&p);
	clear();
}

/* -- where one begins -- */

static void test_first(void)
{
	struct tailer_options o = options_of(NULL);
	put("log.1", "0\n");
	put("log", "1\n2\n3\n4\n5\npart");
	o.chain = (struct chain_options){.first = FIRST_LINES, .lines = 3, .warn = warn};
	GIVES(run_with(&o, NULL, "log"), "4|5|part|");
	o.chain.lines = 0;
	GIVES(run_with(&o, NULL, "log"), "part|");
	o.chain.lines = 100;
	GIVES(run_with(&o, NULL, "log"), "1|2|3|4|5|part|");
	o.chain.first = FIRST_END;
	GIVES(run_with(&o, NULL, "log"), "part|");
	o.chain.first = FIRST_START;
	GIVES(run_with(&o, NULL, "log"), "1|2|3|4|5|part|");
	o.chain = (struct chain_options){.first = FIRST_TIME, .predecessors = true, .warn = warn};
	GIVES(run_with(&o, NULL, "log"), "0|1|2|3|4|5|part|");
	o.chain.time = INT64_MAX;
	GIVES(run_with(&o, NULL, "log"), "part|");
	clear();
}

/* -- lines -- */

static void test_lines(void)
{
	struct tailer_options o = options_of(NULL);
	struct error e = {0};
	const char text[] = "a\r\n\r\n\nb\rc\nz\0z\n\xff\xfe\n";
	int fd = open("log", O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, text, sizeof text - 1) == sizeof text - 1);
	close(fd);
	static const char want[] = "a|||b\rc|z\0z|\xff\xfe|";
	for (o.read_max = 0; o.read_max < 4; o.read_max++) {
		run_with(&o, NULL, "log");
		CHECK(said.len == sizeof want - 1 && !memcmp(said.data, want, said.len));
	}
	unlink("log");
	put("log", "first\n at x\r\n at y\nsecond\nthird\n at z\n at");
	CHECK(!regex_new("^[a-z]", 6, "", &o.lines.first, &e));
	for (o.read_max = 0; o.read_max < 4; o.read_max++)
		GIVES(run_with(&o, NULL, "log"), "first\n at x\r\n at y|second|third\n at z\n at|");
	regex_free(o.lines.first);
	clear();
}

/* A record that is too long is a reject, and what follows is read. */
static void test_long(void)
{
	struct tailer_options o = options_of(NULL);
	static char text[1 << 20];
	memset(text, 'x', sizeof text);
	int fd = open("log", O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 66; i++)
		CHECK(write(fd, text, sizeof text) == sizeof text);
	close(fd);
	put("log", "\nafter\n");
	GIVES(run_with(&o, NULL, "log"), "!|after|");
	clear();
}

int main(void)
{
	char directory[] = "/tmp/tail-test-XXXXXX";
	CHECK(mkdtemp(directory) && !chdir(directory));
	test_names();
	test_places();
	clear();
	test_renames();
	test_copies();
	test_packed();
	test_inodes();
	test_first();
	test_lines();
	test_long();
	buf_release(&said);
	CHECK(!chdir("/") && !rmdir(directory));
	return test_done();
}
